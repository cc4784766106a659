/*
 * Which bytes of a file are held besides those from its beginning, as text for the
 * store: "4194304-8388607,12582912-16777215", the last byte included as in HTTP. Pure.
 */
#ifndef VODKEEP_CORE_RANGES_H
#define VODKEEP_CORE_RANGES_H

#include <stddef.h>
#include <stdint.h>

struct byte_range {
	int64_t first, end; /* end: one past the last byte */
};

#define RANGES_MAX 64

/* Into @out, at most RANGES_MAX of them, in order. Returns their number, 0 for NULL or
 * "", -1 when @text is malformed, out of order, overlapping, or too much. */
int ranges_parse(const char *text, struct byte_range out[RANGES_MAX]);
/* Caller frees; NULL when @n is 0. */
char *ranges_format(const struct byte_range *ranges, size_t n);

#endif
