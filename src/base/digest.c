/*
 * Digests, codings and randomness. What OpenSSL does here fails only without memory or
 * with a broken installation; both end in abort, because a wrong digest must never be
 * mistaken for a right one. Knows no keys and no schemes: those live in platform/.
 */
#include <config.h>

#include "base/digest.h"

#include "base/mem.h"
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define SHA256_BYTES 32

struct sha256 {
	EVP_MD_CTX *ctx;
};

static void require(bool ok)
{
	if (!ok)
		abort();
}

struct sha256 *sha256_new(void)
{
	struct sha256 *hash = mem_alloc(sizeof(*hash));
	hash->ctx = EVP_MD_CTX_new();
	require(hash->ctx && EVP_DigestInit_ex(hash->ctx, EVP_sha256(), NULL) == 1);
	return hash;
}

void sha256_update(struct sha256 *hash, const void *data, size_t len)
{
	require(EVP_DigestUpdate(hash->ctx, data, len) == 1);
}

void sha256_hex(struct sha256 *hash, char out[DIGEST_SHA256_HEX])
{
	unsigned char bytes[SHA256_BYTES];
	require(EVP_DigestFinal_ex(hash->ctx, bytes, NULL) == 1);
	require(EVP_DigestInit_ex(hash->ctx, NULL, NULL) == 1);
	hex_encode(bytes, sizeof(bytes), out);
}

void sha256_free(struct sha256 *hash)
{
	if (!hash)
		return;
	EVP_MD_CTX_free(hash->ctx);
	free(hash);
}

void sha256_hex_of(const void *data, size_t len, char out[DIGEST_SHA256_HEX])
{
	unsigned char bytes[SHA256_BYTES];
	require(EVP_Digest(data, len, bytes, NULL, EVP_sha256(), NULL) == 1);
	hex_encode(bytes, sizeof(bytes), out);
}

size_t hmac(enum digest_kind kind, const void *key, size_t key_len, const void *data,
	size_t len, unsigned char out[DIGEST_MAX])
{
	const EVP_MD *md = kind == DIGEST_SHA1 ? EVP_sha1() : EVP_sha256();
	unsigned int out_len = 0;

	require(key_len <= INT_MAX);
	require(HMAC(md, key_len ? key : "", (int)key_len,
			len ? data : (const void *)"", len, out, &out_len) != NULL);
	return out_len;
}

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void slow_digest(const char *password, const void *salt, size_t salt_len,
	unsigned char out[DIGEST_MAX])
{
	require(EVP_PBE_scrypt(password, strlen(password), salt, salt_len, 1 << 14, 8,
			1, (uint64_t)64 << 20, out, DIGEST_MAX) == 1);
}

void base64_encode(const void *data, size_t len, struct buf *out)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		unsigned group = (unsigned)bytes[i] << 16;
		if (n > 1)
			group |= (unsigned)bytes[i + 1] << 8;
		if (n > 2)
			group |= bytes[i + 2];
		char quad[4] = {
			base64_digits[group >> 18],
			base64_digits[group >> 12 & 63],
			n > 1 ? base64_digits[group >> 6 & 63] : '=',
			n > 2 ? base64_digits[group & 63] : '=',
		};
		buf_append(out, quad, sizeof(quad));
	}
}

/* The six bits of @c in either alphabet, or -1. */
static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' ||
	       c == '\v';
}

/* Whether every character may be there, and where the digits end: padding stands only
 * after the last of them. */
static bool base64_scan(
	const char *text, size_t len, size_t *digits, size_t *padding, bool *plain)
{
	*digits = 0;
	*padding = 0;
	*plain = true;
	for (size_t i = 0; i < len; i++) {
		if (is_blank(text[i])) {
			*plain = false;
		} else if (text[i] == '=') {
			++*padding;
		} else if (base64_value(text[i]) < 0 || *padding > 0) {
			return false;
		} else {
			++*digits;
			if (text[i] == '-' || text[i] == '_')
				*plain = false;
		}
	}
	return true;
}

int base64_decode(const char *text, size_t len, struct buf *out, bool *strict)
{
	size_t digits;
	size_t padding;
	bool plain;
	unsigned bits = 0;
	int held = 0;

	if (!base64_scan(text, len, &digits, &padding, &plain))
		return -1;
	size_t bytes = digits / 4 * 3 + (digits % 4 > 1 ? digits % 4 - 1 : 0);
	if (out->overflow || bytes > out->max - out->len)
		return -1;
	for (size_t i = 0; i < len; i++) {
		int value = base64_value(text[i]);
		if (value < 0)
			continue;
		bits = bits << 6 | (unsigned)value;
		held += 6;
		if (held >= 8) {
			held -= 8;
			buf_char(out, (char)(bits >> held & 0xFF));
		}
	}
	if (strict)
		*strict = plain && (digits + padding) % 4 == 0 && padding < 3 &&
			  digits % 4 != 1 && (bits & ((1u << held) - 1)) == 0;
	return 0;
}

void hex_encode(const void *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = data;
	for (size_t i = 0; i < len; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool equal_constant_time(const void *a, size_t a_len, const void *b, size_t b_len)
{
	return a_len == b_len && CRYPTO_memcmp(a, b, a_len) == 0;
}

void random_bytes(void *out, size_t len)
{
	unsigned char *at = out;
	while (len > 0) {
		int n = len > INT_MAX ? INT_MAX : (int)len;
		require(RAND_bytes(at, n) == 1);
		at += n;
		len -= (size_t)n;
	}
}

uint64_t random_u64(void)
{
	uint64_t value;
	random_bytes(&value, sizeof(value));
	return value;
}
