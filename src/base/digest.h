/*
 * OpenSSL behind the few digests vodkeep needs. None allocates beyond a context.
 */
#ifndef VODKEEP_BASE_DIGEST_H
#define VODKEEP_BASE_DIGEST_H

#include "base/buf.h"
#include <stdint.h>

enum digest_kind { DIGEST_SHA1, DIGEST_SHA256 };
#define DIGEST_MAX        32
#define DIGEST_SHA256_HEX 65 /* with NUL */

struct sha256; /* a running hash; one thread at a time */
struct sha256 *sha256_new(void);
void sha256_update(struct sha256 *hash, const void *data, size_t len);
/* Writes 64 lower-case hex digits and NUL, then resets for another run. */
void sha256_hex(struct sha256 *hash, char out[DIGEST_SHA256_HEX]);
void sha256_free(struct sha256 *hash);
void sha256_hex_of(const void *data, size_t len, char out[DIGEST_SHA256_HEX]);

/* HMAC over @data. Returns the length written to @out (20 or 32). */
size_t hmac(enum digest_kind kind, const void *key, size_t key_len, const void *data,
	size_t len, unsigned char out[DIGEST_MAX]);

/* scrypt (N 16384, r 8, p 1): some 50 ms and 16 MiB, so that guessing a password is
 * slow. Blocks. */
void slow_digest(const char *password, const void *salt, size_t salt_len,
	unsigned char out[DIGEST_MAX]);

/* Standard alphabet with padding. */
void base64_encode(const void *data, size_t len, struct buf *out);
/* As lenient as Node's decoder: both alphabets, missing padding, white space. 0, or -1
 * on another character. *strict (may be NULL): the text was canonical and standard. */
int base64_decode(const char *text, size_t len, struct buf *out, bool *strict);
/* Lower case; @out holds 2 * @len + 1 bytes. */
void hex_encode(const void *data, size_t len, char *out);
/* 0–15, or -1 for what is no hex digit, of either case. */
int hex_value(char c);
/* Equal length and bytes, in time that does not depend on where they differ. */
bool equal_constant_time(const void *a, size_t a_len, const void *b, size_t b_len);
void random_bytes(void *out, size_t len);
/* 64 bits from the system's random source, for jitter and ids. */
uint64_t random_u64(void);

#endif
