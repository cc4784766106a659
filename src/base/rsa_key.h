/*
 * RSA private keys behind OpenSSL: reading what people paste, and signing. Nothing here
 * asks for a password, writes a key down, or keeps one longer than its owner does.
 */
#ifndef VODKEEP_BASE_RSA_KEY_H
#define VODKEEP_BASE_RSA_KEY_H

#include "base/buf.h"
#include "base/err.h"

/* Less is not allowed for RS256 (RFC 7518 §3.3); more would hold up the loop. */
#define RSA_KEY_BITS_MIN 2048
#define RSA_KEY_BITS_MAX 8192

struct rsa_key;

/* @text is a PEM private key (PKCS #1 or #8), or base64 of one. 0 with *out to be
 * freed, or ERR_INPUT with what it is instead; the key itself is in no message. */
int rsa_key_read(const char *text, struct rsa_key **out, struct err *err);
void rsa_key_free(struct rsa_key *key); /* NULL allowed */
int rsa_key_bits(const struct rsa_key *key);
/* RSASSA-PKCS1-v1_5 with SHA-256 over @data, appended to @out. ERR_INPUT when the key's
 * numbers do not belong together. */
int rsa_key_sign(const struct rsa_key *key, const void *data, size_t len,
	struct buf *out, struct err *err);

#endif
