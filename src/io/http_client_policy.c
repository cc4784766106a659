/*
 * Judgements: may this URL be asked, where does a redirect lead, and what does a
 * failure mean. URLs are taken apart by libcurl's own parser, so that what is checked
 * is what is asked. No sentence made here holds more of a URL than its host and path.
 */
#include <config.h>

#include "io/http_client_priv.h"

#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A part of @url in lower case into @out; false if it is absent or too long. */
static bool part(CURLU *url, CURLUPart what, unsigned flags, char *out, size_t size)
{
	char *text;
	if (curl_url_get(url, what, &text, flags) != CURLUE_OK)
		return false;
	size_t len = strlen(text);
	bool fits = len < size;
	for (size_t i = 0; fits && i <= len; i++)
		out[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32
								 : text[i]);
	curl_free(text);
	return fits;
}

static bool has_user(CURLU *url)
{
	char *text = NULL;
	bool has = curl_url_get(url, CURLUPART_USER, &text, 0) == CURLUE_OK;
	curl_free(text);
	return has;
}

/* "[::1]" → "::1", "example.com." → "example.com" */
static void bare_host(char *host)
{
	size_t len = strlen(host);
	if (len > 2 && host[0] == '[') {
		memmove(host, host + 1, len - 2);
		host[len - 2] = '\0';
	} else if (len > 1 && host[len - 1] == '.') {
		host[len - 1] = '\0';
	}
}

static bool split(CURLU *url, struct origin *origin)
{
	if (!part(url, CURLUPART_SCHEME, 0, origin->scheme, sizeof(origin->scheme)) ||
		!part(url, CURLUPART_HOST, 0, origin->host, sizeof(origin->host)) ||
		!part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT, origin->port,
			sizeof(origin->port)))
		return false;
	bare_host(origin->host);
	return origin->host[0] != '\0';
}

static int malformed(const char *text, const char *why, struct err *err)
{
	char *shown = http_url_redacted(text);
	int rc = err_set(err, ERR_PERMANENT, "cannot ask %.200s: %s", shown, why);
	free(shown);
	return rc;
}

static int judge(const struct http_policy *policy, const char *text, CURLU *url,
	struct origin *origin, struct err *err)
{
	CURLUcode code = curl_url_set(url, CURLUPART_URL, text, CURLU_PATH_AS_IS);
	if (code != CURLUE_OK)
		return malformed(text, curl_url_strerror(code), err);
	if (!split(url, origin))
		return malformed(text, "not an http or https URL", err);
	if (strcmp(origin->scheme, "https") != 0 &&
		!(policy->allow_private && strcmp(origin->scheme, "http") == 0))
		return err_set(err, ERR_PERMANENT,
			"%s: refused to use %s://, only https:// is safe", origin->host,
			origin->scheme);
	if (has_user(url))
		return err_set(err, ERR_PERMANENT,
			"%s: refused a URL that holds a user name", origin->host);
	if (policy->host_allowed && !policy->host_allowed(policy->arg, origin->host))
		return err_set(err, ERR_PERMANENT, "%s: this host is not allowed",
			origin->host);
	return 0;
}

int policy_check_url(const struct http_policy *policy, const char *url,
	struct origin *origin, struct err *err)
{
	CURLU *parsed = curl_url();
	if (!parsed)
		abort(); /* out of memory: decided once, as in base/mem */
	struct origin found = { 0 };
	int rc = judge(policy, url, parsed, &found, err);
	if (rc == 0)
		*origin = found;
	curl_url_cleanup(parsed);
	return rc;
}

bool origin_equal(const struct origin *a, const struct origin *b)
{
	return strcmp(a->scheme, b->scheme) == 0 && strcmp(a->host, b->host) == 0 &&
	       strcmp(a->port, b->port) == 0;
}

char *policy_resolve(const char *url, const char *location)
{
	CURLU *parsed = curl_url();
	char *text = NULL, *resolved = NULL;
	/* Only what is not allowed in a URL at all is encoded: signatures survive. */
	if (curl_url_set(parsed, CURLUPART_URL, url, CURLU_PATH_AS_IS) == CURLUE_OK &&
		curl_url_set(parsed, CURLUPART_URL, location,
			CURLU_PATH_AS_IS | CURLU_URLENCODE) == CURLUE_OK &&
		curl_url_set(parsed, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK &&
		curl_url_get(parsed, CURLUPART_URL, &text, 0) == CURLUE_OK)
		resolved = mem_strdup(text);
	curl_free(text);
	curl_url_cleanup(parsed);
	return resolved;
}

/* Failures that asking again does not mend. The rest is the network's. */
static const struct {
	CURLcode code;
	enum err_class class;
} classes[] = {
	{ CURLE_URL_MALFORMAT, ERR_PERMANENT },
	{ CURLE_PEER_FAILED_VERIFICATION, ERR_PERMANENT },
	{ CURLE_SSL_CERTPROBLEM, ERR_PERMANENT },
	{ CURLE_SSL_CIPHER, ERR_PERMANENT },
	{ CURLE_SSL_CACERT_BADFILE, ERR_PERMANENT },
	{ CURLE_SSL_ISSUER_ERROR, ERR_PERMANENT },
	{ CURLE_SSL_INVALIDCERTSTATUS, ERR_PERMANENT },
	{ CURLE_FAILED_INIT, ERR_LOCAL },
	{ CURLE_OUT_OF_MEMORY, ERR_LOCAL },
};

static enum err_class class_of(CURLcode code)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].code == code)
			return classes[i].class;
	return ERR_TRANSIENT;
}

int policy_explain(const struct http_call *call, struct err *err)
{
	const char *host = call->origin.host;
	if (call->result == CURLE_OK && call->head_complete)
		return 0;
	if (call->result == CURLE_OK)
		return err_set(err, ERR_TRANSIENT, "%s: no answer", host);
	/* Where another address was tried, that one's failure counts. */
	if (call->blocked.class != ERR_NONE &&
		((call->result == CURLE_COULDNT_CONNECT && !call->tried) ||
			call->result == CURLE_ABORTED_BY_CALLBACK)) {
		*err = call->blocked;
		return -(int)err->class;
	}
	int rc = proxy_explain(call, err);
	if (rc)
		return rc;
	const char *why =
		call->trouble[0] ? call->trouble : curl_easy_strerror(call->result);
	return err_set(err, class_of(call->result), "%s: %.*s", host,
		(int)strcspn(why, "\r\n"), why);
}
