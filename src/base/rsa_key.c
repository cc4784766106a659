/*
 * See rsa_key.h. OpenSSL's own messages are dropped: they name functions, and what was
 * wrong with the text can be told from the text.
 */
#include <config.h>

#include "base/rsa_key.h"

#include "base/digest.h"
#include "base/mem.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#define PEM_MAX       (32 * 1024) /* 8192 bits are 6.5 KiB of PEM */
#define SIGNATURE_MAX (RSA_KEY_BITS_MAX / 8)

struct rsa_key {
	EVP_PKEY *pkey;
};

/* Else OpenSSL would ask on the terminal. */
static int no_password(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static void wipe(struct buf *buf)
{
	if (buf->data)
		OPENSSL_cleanse(buf->data, buf->size);
	buf_release(buf);
}

/* What text that is no usable key is instead. */
static const char *what_is(const char *pem)
{
	if (strstr(pem, "ENCRYPTED"))
		return "is protected by a password, which vodkeep cannot ask for";
	if (strstr(pem, "-----BEGIN PUBLIC KEY") ||
		strstr(pem, "-----BEGIN RSA PUBLIC KEY"))
		return "is a public key: the private one signs";
	if (strstr(pem, "-----BEGIN CERTIFICATE"))
		return "is a certificate: the private key signs";
	return "is a PEM private key that is cut or damaged";
}

static EVP_PKEY *parse(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)strlen(pem));
	EVP_PKEY *pkey = NULL;

	if (bio)
		pkey = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	BIO_free(bio);
	ERR_clear_error();
	return pkey;
}

static int accept(EVP_PKEY *pkey, struct err *err)
{
	int bits = EVP_PKEY_get_bits(pkey);

	if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA)
		return err_set(
			err, ERR_INPUT, "is a private key of another kind than RSA");
	if (bits < RSA_KEY_BITS_MIN || bits > RSA_KEY_BITS_MAX)
		return err_set(err, ERR_INPUT,
			"is an RSA key of %d bits; it may have %d to %d", bits,
			RSA_KEY_BITS_MIN, RSA_KEY_BITS_MAX);
	return 0;
}

static int read_pem(const char *pem, struct rsa_key **out, struct err *err)
{
	EVP_PKEY *pkey = parse(pem);

	if (!pkey)
		return err_set(err, ERR_INPUT, "%s", what_is(pem));
	if (accept(pkey, err)) {
		EVP_PKEY_free(pkey);
		return -ERR_INPUT;
	}
	*out = mem_alloc(sizeof(**out));
	(*out)->pkey = pkey;
	return 0;
}

int rsa_key_read(const char *text, struct rsa_key **out, struct err *err)
{
	size_t len = strnlen(text, PEM_MAX + 1);
	struct buf pem;
	int rc;

	if (len > PEM_MAX)
		return err_set(err, ERR_INPUT, "is too long for a private key");
	if (strstr(text, "-----BEGIN "))
		return read_pem(text, out, err);
	buf_init(&pem, PEM_MAX);
	rc = base64_decode(text, len, &pem, NULL);
	if (rc || !strstr(buf_text(&pem), "-----BEGIN "))
		rc = err_set(err, ERR_INPUT,
			"is neither a PEM private key nor base64 of one");
	else
		rc = read_pem(buf_text(&pem), out, err);
	wipe(&pem);
	return rc;
}

void rsa_key_free(struct rsa_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

int rsa_key_bits(const struct rsa_key *key)
{
	return EVP_PKEY_get_bits(key->pkey);
}

int rsa_key_sign(const struct rsa_key *key, const void *data, size_t len,
	struct buf *out, struct err *err)
{
	unsigned char signature[SIGNATURE_MAX];
	size_t signed_len = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx &&
		  EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) == 1 &&
		  EVP_DigestSign(ctx, signature, &signed_len, data, len) == 1;

	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	if (!ok)
		return err_set(err, ERR_INPUT,
			"is an RSA key that cannot sign: its numbers do not belong together");
	buf_append(out, signature, signed_len);
	return 0;
}
