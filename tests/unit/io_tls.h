/*
 * A fresh self-signed certificate for "127.0.0.1" and "localhost", so that TLS can be
 * tested without files that expire.
 */
#ifndef VODKEEP_TESTS_IO_TLS_H
#define VODKEEP_TESTS_IO_TLS_H

struct test_tls {
	char *cert, *key; /* PEM text */
};

void test_tls_make(struct test_tls *tls);
void test_tls_release(struct test_tls *tls);

#endif
