/*
 * URLs and addresses of strangers: what may be shown of a URL, which host it names, and
 * that what vodkeep takes for a host is one host to every parser.
 */
#include <config.h>

#include "base/http.h"
#include "fuzz.h"
#include "io/address.h"
#include "platform/redact.h"
#include <stdlib.h>
#include <string.h>

#define HOST_MAX 256

static void host_holds(const char *url)
{
	char host[HOST_MAX];
	char small[8];
	bool https;

	if (http_url_host(url, host, sizeof(host), &https))
		return;
	HOLDS(*host && strlen(host) < sizeof(host));
	HOLDS(strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-._:") == strlen(host));
	HOLDS((url[4] != ':') == https);
	HOLDS(http_url_host(url, small, sizeof(small), NULL) ==
		(strlen(host) < sizeof(small) ? 0 : -1));
	address_is_private(host);
}

static void redaction_holds(const char *url)
{
	char *shown = http_url_redacted(url);
	char *clean = redact_text(url);
	char *again = redact_text(clean);

	HOLDS(!strpbrk(shown, "?#"));
	HOLDS(strlen(shown) <= strlen(url));
	HOLDS(fuzz_urls_are_harmless(clean));
	HOLDS(strcmp(clean, again) == 0);
	free(again);
	free(clean);
	free(shown);
}

static void escape_holds(const char *text)
{
	struct buf out;

	buf_init(&out, 3 * strlen(text) + 1);
	http_escape(text, &out);
	HOLDS(!out.overflow);
	HOLDS(strcspn(buf_text(&out), " /?#&=+\"<>\\@:") == out.len);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	host_holds(text);
	redaction_holds(text);
	escape_holds(text);
	address_is_private(text);
	free(text);
	return 0;
}
