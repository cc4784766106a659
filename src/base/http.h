/*
 * HTTP requests and responses as values, so that platform/ can describe a call and
 * io/http_client can make it without knowing each other.
 */
#ifndef VODKEEP_BASE_HTTP_H
#define VODKEEP_BASE_HTTP_H

#include "base/buf.h"
#include <stdint.h>

#define HTTP_HEADERS_MAX 12

struct http_header {
	char *name;
	char *value;
};

struct http_request {
	char method[8];
	char *url;    /* whole URL; its query may be secret and is never logged */
	char *basic;  /* "user:password" for HTTP Basic, sent to this URL's host only */
	char *bearer; /* likewise */
	char *body;   /* NULL: none; else JSON text */
	struct http_header headers[HTTP_HEADERS_MAX];
	int n_headers;
};

struct http_response {
	int status;
	char content_type[128]; /* lower case, without parameters; "" unknown */
	int64_t retry_after_ms; /* 0: not asked */
	int64_t date_ns;        /* the server's clock; 0: it did not say */
	const char *body;       /* borrowed, NUL-terminated */
	size_t body_len;
};

void http_request_init(struct http_request *req, const char *method, char *url_owned);
void http_request_header(struct http_request *req, const char *name, const char *value);
/* Wipes credentials. Also on a zeroed struct. */
void http_request_release(struct http_request *req);
/* @url without query and fragment, for logs and story; caller frees. */
char *http_url_redacted(const char *url);
/* Percent-encode everything but unreserved characters into @out. */
void http_escape(const char *text, struct buf *out);
/* Host name of an absolute http(s) URL, lower case, without port and brackets, into
 * out. 0, or -1 when it is not such a URL. *https (may be NULL) tells the scheme. */
int http_url_host(const char *url, char *out, size_t size, bool *https);

#endif
