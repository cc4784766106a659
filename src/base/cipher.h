/*
 * AES-128-CBC with PKCS#7 padding, decrypted piece by piece (HLS segments, RFC 8216
 * §5.2). Keys are wiped when done with.
 */
#ifndef VODKEEP_BASE_CIPHER_H
#define VODKEEP_BASE_CIPHER_H

#include "base/err.h"
#include <stddef.h>

#define CIPHER_BLOCK 16 /* also the length of a key and of an IV */

struct cipher; /* one message; one thread at a time */
struct cipher *cipher_new(
	const unsigned char key[CIPHER_BLOCK], const unsigned char iv[CIPHER_BLOCK]);
/* Decrypt @len bytes to @out, which holds @len + CIPHER_BLOCK. Returns how many came
 * out: the last block is held back until it is known to be the last. */
size_t cipher_update(
	struct cipher *cipher, const void *data, size_t len, unsigned char *out);
/* The rest, to @out of CIPHER_BLOCK bytes, and its length to *len. ERR_TRANSIENT when
 * the padding is wrong: another key, or the message was cut or damaged. */
int cipher_finish(
	struct cipher *cipher, unsigned char *out, size_t *len, struct err *err);
void cipher_free(struct cipher *cipher); /* NULL allowed */

#endif
