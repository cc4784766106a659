/*
 * OpenSSL's AES-128-CBC. What fails here but for the padding is a broken installation,
 * and ends in abort: media must never be mistaken for decrypted.
 */
#include <config.h>

#include "base/cipher.h"

#include "base/mem.h"
#include <assert.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct cipher {
	EVP_CIPHER_CTX *ctx;
};

struct cipher *cipher_new(
	const unsigned char key[CIPHER_BLOCK], const unsigned char iv[CIPHER_BLOCK])
{
	struct cipher *cipher = mem_alloc(sizeof(*cipher));

	cipher->ctx = EVP_CIPHER_CTX_new();
	if (!cipher->ctx ||
		EVP_DecryptInit_ex(cipher->ctx, EVP_aes_128_cbc(), NULL, key, iv) != 1)
		abort();
	return cipher;
}

size_t cipher_update(
	struct cipher *cipher, const void *data, size_t len, unsigned char *out)
{
	int n = 0;

	assert(len <= INT_MAX - CIPHER_BLOCK);
	if (EVP_DecryptUpdate(cipher->ctx, out, &n, data, (int)len) != 1)
		abort();
	return (size_t)n;
}

int cipher_finish(
	struct cipher *cipher, unsigned char *out, size_t *len, struct err *err)
{
	int n = 0;

	if (EVP_DecryptFinal_ex(cipher->ctx, out, &n) != 1)
		return err_set(err, ERR_TRANSIENT,
			"it does not decrypt: its padding is wrong (another key, or its "
			"bytes are not those that were encrypted)");
	*len = (size_t)n;
	return 0;
}

void cipher_free(struct cipher *cipher)
{
	if (!cipher)
		return;
	EVP_CIPHER_CTX_free(cipher->ctx); /* wipes the key */
	free(cipher);
}
