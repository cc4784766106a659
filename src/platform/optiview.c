/*
 * Dolby OptiView, the Millicast side of it (optiview.md): the platform's entry in the
 * table. Media of OptiView Live channels are announced and served through Millicast as
 * well (§2), so there is no second platform for them.
 */
#include <config.h>

#include "platform/optiview.h"

#include "platform/signature.h"

/* optiview.md §1.1, §8.2: "sha1=" and the hex of HMAC-SHA1 over the raw body. */
static const struct signature_scheme scheme = {
	.digest = DIGEST_SHA1,
	.encoding = SIGNATURE_HEX,
	.prefix = "sha1=",
};

static char *sign(const struct hook_secret *secret, const void *body, size_t len)
{
	return signature_make(&scheme, secret, body, len);
}

static bool verify(const struct hook_secret *secrets, size_t n, const char *header,
	const void *body, size_t len)
{
	return signature_verify(&scheme, secrets, n, header, body, len);
}

/* Dolby checks a URL with no delivery of its own; its test events are signed (§1.2). */
static bool is_validation(const void *body, size_t len)
{
	(void)body;
	(void)len;
	return false;
}

const struct platform platform_optiview = {
	.name = "optiview",
	.title = "Dolby OptiView",
	.kind = PLATFORM_OPTIVIEW,
	.signature_header = "X-Millicast-Signature",
	.api_url = OPTIVIEW_API_URL,
	.sign = sign,
	.verify = verify,
	.is_validation = is_validation,
	.parse = optiview_parse,
	.details_request = optiview_details_request,
	.details_response = optiview_details_response,
	.list_request = optiview_list_request,
	.list_response = optiview_list_response,
	.list_limit = OPTIVIEW_LIST_LIMIT,
	.hook_request = optiview_hook_request,
	.hook_response = optiview_hook_response,
	.delete_request = optiview_delete_request,
};
