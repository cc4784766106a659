/*
 * Certificates for tests, made with OpenSSL. Not an example of how to make real ones.
 */
#include <config.h>

#include "io_tls.h"

#include <assert.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

static void extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert(ext);
	X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
}

static char *text_of(BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	char *text = strndup(data, (size_t)len);
	BIO_free(bio);
	return text;
}

void test_tls_make(struct test_tls *tls)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	BIO *cert_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());
	assert(key && cert && cert_bio && key_bio);

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_NAME *name = X509_get_subject_name(cert);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		(const unsigned char *)"vodkeep test", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	extension(cert, NID_basic_constraints, "critical,CA:TRUE");
	extension(cert, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
	int len = X509_sign(cert, key, EVP_sha256());
	assert(len > 0);
	(void)len;

	PEM_write_bio_X509(cert_bio, cert);
	PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL);
	tls->cert = text_of(cert_bio);
	tls->key = text_of(key_bio);
	X509_free(cert);
	EVP_PKEY_free(key);
}

void test_tls_release(struct test_tls *tls)
{
	free(tls->cert);
	free(tls->key);
	memset(tls, 0, sizeof(*tls));
}
