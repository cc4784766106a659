/*
 * UTF-8, one sequence at a time. Libc alone: err and log stand on this.
 */
#ifndef VODKEEP_BASE_UTF8_H
#define VODKEEP_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* Length (1–4) of the valid sequence @text begins with, or 0 when there is none: cut,
 * overlong, a surrogate, beyond U+10FFFF. *code (may be NULL) gets the code point. */
size_t utf8_sequence(const char *text, size_t len, uint32_t *code);
/* The longest prefix of @text, at most @len bytes, that does not end inside a sequence.
 * For text that was cut to fit; bytes that are invalid for other reasons stay. */
size_t utf8_trim(const char *text, size_t len);

#endif
