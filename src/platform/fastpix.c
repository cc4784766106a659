/*
 * FastPix (fastpix.md): the platform's entry in the table.
 */
#include <config.h>

#include "platform/fastpix.h"

#include "platform/signature.h"
#include <string.h>

/* fastpix.md §1: base64 of HMAC-SHA256 over the raw body, one value, nothing else. */
static const struct signature_scheme scheme = {
	.digest = DIGEST_SHA256,
	.encoding = SIGNATURE_BASE64,
	.prefix = "",
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

/* Saving a URL in the dashboard posts an empty or "{}" body without a signature, before
 * there is a secret to sign with (fastpix.md §9.5). */
static bool is_validation(const void *body, size_t len)
{
	static const char expected[] = "{}";
	const char *text = body;
	size_t seen = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == ' ' || text[i] == '\t' || text[i] == '\r' ||
			text[i] == '\n')
			continue;
		if (seen == sizeof(expected) - 1 || text[i] != expected[seen])
			return false;
		seen++;
	}
	return seen == 0 || seen == sizeof(expected) - 1;
}

const struct platform platform_fastpix = {
	.name = "fastpix",
	.title = "FastPix",
	.kind = PLATFORM_FASTPIX,
	.signature_header = "FastPix-Signature",
	.api_url = FASTPIX_API_URL,
	.stream_url = FASTPIX_STREAM_URL,
	.image_url = FASTPIX_IMAGE_URL,
	.media_hosts = "*.fastpix.com, *.fastpix.io",
	.sign = sign,
	.verify = verify,
	.is_validation = is_validation,
	.parse = fastpix_parse,
	.details_request = fastpix_details_request,
	.ask_request = fastpix_ask_request,
	.ask_response = fastpix_ask_response,
	.details_response = fastpix_details_response,
	.list_request = fastpix_list_request,
	.list_response = fastpix_list_response,
	.list_limit = FASTPIX_LIST_LIMIT,
	.data_sources = fastpix_media_sources,
	.delete_request = fastpix_delete_request,
	.delete_response = fastpix_delete_response,
};
