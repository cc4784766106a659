/*
 * OpenSSL's errors are left out of the sentence: for a file that is no certificate they
 * say nothing that a person could use.
 */
#include <config.h>

#include "base/certificate.h"

#include "base/clock.h"
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <time.h>

int certificate_end(const char *pem, int64_t *end_ns, struct err *err)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *x509 = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	struct tm end;
	int known = x509 && ASN1_TIME_to_tm(X509_get0_notAfter(x509), &end) == 1;
	X509_free(x509);
	BIO_free(bio);
	ERR_clear_error();
	if (!known)
		return err_set(err, ERR_INPUT, "there is no certificate in it");
	*end_ns = (int64_t)timegm(&end) * NS_PER_S;
	return 0;
}
