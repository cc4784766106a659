/*
 * How deliveries are signed, as data: an HMAC over the raw body, written in hex or
 * base64 behind a prefix. Knows no header names and no platforms.
 */
#ifndef VODKEEP_PLATFORM_SIGNATURE_H
#define VODKEEP_PLATFORM_SIGNATURE_H

#include "base/digest.h"
#include "platform/platform.h"

enum signature_encoding {
	SIGNATURE_HEX, /* made in lower case, accepted in either */
	SIGNATURE_BASE64,
};

struct signature_scheme {
	enum digest_kind digest;
	enum signature_encoding encoding;
	const char *prefix; /* required, compared exactly; "" none */
};

/* The header value for @body under @secret; caller frees. */
char *signature_make(const struct signature_scheme *scheme,
	const struct hook_secret *secret, const void *body, size_t len);
/* Whether @header (NULL: absent; blanks around it do not count) signs @body under any
 * of the @n secrets. All of them are tried whatever the first ones say. */
bool signature_verify(const struct signature_scheme *scheme,
	const struct hook_secret *secrets, size_t n, const char *header,
	const void *body, size_t len);

#endif
