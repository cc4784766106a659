/*
 * X.509 certificates behind OpenSSL: when one ends.
 */
#ifndef VODKEEP_BASE_CERTIFICATE_H
#define VODKEEP_BASE_CERTIFICATE_H

#include "base/err.h"
#include <stdint.h>

/* When the first certificate of @pem (the server's own) is valid no more. ERR_INPUT
 * when there is none. */
int certificate_end(const char *pem, int64_t *end_ns, struct err *err);

#endif
