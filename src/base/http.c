/*
 * HTTP calls as values, and the little URL knowledge that logging and the credential
 * rules need. Opens no connection; the client's own URL parser stays the judge of what
 * a URL means, so everything doubtful is refused here.
 */
#include <config.h>

#include "base/http.h"

#include "base/mem.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void http_request_init(struct http_request *req, const char *method, char *url_owned)
{
	size_t len = strlen(method);
	assert(len < sizeof(req->method));
	memset(req, 0, sizeof(*req));
	memcpy(req->method, method, len + 1);
	req->url = url_owned;
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7F;
}

void http_request_header(struct http_request *req, const char *name, const char *value)
{
	assert(req->n_headers < HTTP_HEADERS_MAX);
	struct http_header *header = &req->headers[req->n_headers++];
	header->name = mem_strdup(name);
	header->value = mem_strdup(value);
	char *to = header->value;
	for (const char *from = header->value; *from; from++)
		if (!is_control(*from)) /* a line break would begin another header */
			*to++ = *from;
	*to = '\0';
}

void http_request_release(struct http_request *req)
{
	mem_free_secret(req->url);
	mem_free_secret(req->basic);
	mem_free_secret(req->bearer);
	mem_free_secret(req->body);
	for (int i = 0; i < req->n_headers; i++) {
		free(req->headers[i].name);
		mem_free_secret(req->headers[i].value);
	}
	memset(req, 0, sizeof(*req));
}

/* Where the authority of @url begins, or NULL without "scheme://". */
static const char *authority_of(const char *url)
{
	const char *colon = strstr(url, "://");
	return colon && strcspn(url, "/?#") == (size_t)(colon - url) + 1 ? colon + 3
									 : NULL;
}

/* The last "@" of the @len bytes at @authority, or NULL. */
static const char *userinfo_end(const char *authority, size_t len)
{
	return memrchr(authority, '@', len);
}

char *http_url_redacted(const char *url)
{
	if (!url)
		return mem_strdup("");
	size_t len = strcspn(url, "?#");
	const char *authority = authority_of(url);
	if (authority && (size_t)(authority - url) <= len) {
		const char *at = userinfo_end(authority, strcspn(authority, "/?#\\"));
		if (at)
			return mem_printf("%.*s%.*s", (int)(authority - url), url,
				(int)(url + len - (at + 1)), at + 1);
	}
	return mem_strndup(url, len);
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

void http_escape_byte(unsigned char byte, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF";
	char escaped[3] = { '%', digits[byte >> 4], digits[byte & 15] };

	buf_append(out, escaped, sizeof(escaped));
}

void http_escape(const char *text, struct buf *out)
{
	for (; *text; text++) {
		if (is_alnum(*text) || strchr("-._~", *text))
			buf_char(out, *text);
		else
			http_escape_byte((unsigned char)*text, out);
	}
}

/* Nothing, or ":" and a port number; ":" alone is what RFC 3986 allows too. */
static bool port_ok(const char *text, size_t len)
{
	long port = 0;
	if (len == 0)
		return true;
	if (text[0] != ':' || len > 6)
		return false;
	for (size_t i = 1; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		port = port * 10 + (text[i] - '0');
	}
	return len == 1 || (port > 0 && port <= 65535);
}

/* Cut the host out of "host", "host:port", "[v6]" or "[v6]:port". */
static bool split_host(const char **text, size_t *len)
{
	const char *end;
	size_t host_len;

	if (*len > 0 && (*text)[0] == '[') {
		end = memchr(*text, ']', *len);
		if (!end || !port_ok(end + 1, *len - (size_t)(end + 1 - *text)))
			return false;
		*text += 1;
		*len = (size_t)(end - *text);
		return *len > 0 && strspn(*text, "0123456789abcdefABCDEF:.") >= *len;
	}
	end = memchr(*text, ':', *len);
	host_len = end ? (size_t)(end - *text) : *len;
	if (end && !port_ok(end, *len - host_len))
		return false;
	for (size_t i = 0; i < host_len; i++)
		if (!is_alnum((*text)[i]) && !strchr("-._", (*text)[i]))
			return false;
	if (host_len > 1 && (*text)[host_len - 1] == '.')
		host_len--; /* "example.com." is the same host */
	*len = host_len;
	return host_len > 0;
}

int http_url_host(const char *url, char *out, size_t size, bool *https)
{
	bool secure;

	if (!url)
		return -1;
	if (strncasecmp(url, "https://", 8) == 0) {
		secure = true;
		url += 8;
	} else if (strncasecmp(url, "http://", 7) == 0) {
		secure = false;
		url += 7;
	} else {
		return -1;
	}
	size_t len = strcspn(url, "/?#");
	for (size_t i = 0; i < len; i++) /* parsers disagree about these */
		if (is_control(url[i]) || url[i] == ' ' || url[i] == '\\')
			return -1;
	const char *at = userinfo_end(url, len);
	if (at) {
		len -= (size_t)(at + 1 - url);
		url = at + 1;
	}
	if (!split_host(&url, &len) || len >= size)
		return -1;
	for (size_t i = 0; i < len; i++)
		out[i] = (char)(url[i] >= 'A' && url[i] <= 'Z' ? url[i] + 32 : url[i]);
	out[len] = '\0';
	if (https)
		*https = secure;
	return 0;
}
