/*
 * The way through a proxy: never around it, and whose fault it is when it fails.
 * Trouble with a proxy is never permanent: somebody sets the proxy right, and all that
 * waited for it goes on.
 */
#include <config.h>

#include "io/http_client_priv.h"

#include "base/mem.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* socks5:// and socks4:// would have names looked up here, past the address guard,
 * which sees only the proxy's address then. */
static char *with_remote_names(const char *proxy)
{
	if (strncasecmp(proxy, "socks5://", 9) == 0)
		return mem_printf("socks5h://%s", proxy + 9);
	if (strncasecmp(proxy, "socks4://", 9) == 0)
		return mem_printf("socks4a://%s", proxy + 9);
	return mem_strdup(proxy);
}

void proxy_set(CURL *easy, const char *proxy)
{
	char *url = with_remote_names(proxy ? proxy : "");
	curl_easy_setopt(easy, CURLOPT_PROXY, url);
	mem_free_secret(url);
	/* Set, or libcurl takes hosts to be asked directly from the environment. */
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

/* Host and port, without scheme, user and password. */
static void name_of(const char *proxy, char out[128])
{
	const char *begin = strstr(proxy, "://");
	begin = begin ? begin + 3 : proxy;
	size_t len = strcspn(begin, "/?#");
	for (size_t i = len; i > 0; i--)
		if (begin[i - 1] == '@') {
			begin += i;
			len -= i;
			break;
		}
	snprintf(out, 128, "%.*s", (int)(len < 127 ? len : 127), begin);
}

static int fail(const struct http_call *call, const char *why, struct err *err)
{
	char proxy[128];
	name_of(call->policy.proxy, proxy);
	return err_set(err, ERR_TRANSIENT, "%s: the proxy %s %s", call->origin.host,
		proxy, why);
}

void proxy_refused(const struct http_call *call, struct err *err)
{
	fail(call,
		"answered 407: it does not accept the user name and password given for "
		"it",
		err);
}

int proxy_explain(const struct http_call *call, struct err *err)
{
	char why[CURL_ERROR_SIZE + 64];
	const char *said =
		call->trouble[0] ? call->trouble : curl_easy_strerror(call->result);
	const int said_len = (int)strcspn(said, "\r\n");
	long answer = 0;

	if (!call->policy.proxy)
		return 0;
	curl_easy_getinfo(call->easy, CURLINFO_HTTP_CONNECTCODE, &answer);
	if (answer == 407) {
		proxy_refused(call, err);
		return -(int)err->class;
	}
	if (answer >= 300) {
		snprintf(
			why, sizeof(why), "answered %ld instead of connecting", answer);
		return fail(call, why, err);
	}
	if (call->paced || answer != 0) /* the request has left, or TLS has begun */
		return 0;
	switch (call->result) {
	case CURLE_COULDNT_RESOLVE_PROXY:
		return fail(call, "cannot be found: its name does not resolve", err);
	case CURLE_COULDNT_CONNECT:
	case CURLE_PROXY:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
		snprintf(why, sizeof(why), "cannot be used: %.*s", said_len, said);
		return fail(call, why, err);
	default:
		return 0;
	}
}
