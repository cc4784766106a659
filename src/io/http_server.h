/*
 * HTTP in: libmicrohttpd driven by a uv loop (its epoll descriptor under uv_poll, its
 * timeout under uv_timer). Bounds everything a client controls: header block, body,
 * connections, per-address connections, and the time a request may take to arrive.
 * Answers may come later: a request stays suspended until http_reply(). It knows
 * nothing of webhooks. One thread: the loop's.
 */
#ifndef VODKEEP_IO_HTTP_SERVER_H
#define VODKEEP_IO_HTTP_SERVER_H

#include "base/buf.h"
#include "base/err.h"
#include <uv.h>

struct http_server;
struct http_in; /* one request; valid until its answer has been sent or on_gone() */

struct http_server_limits {
	int64_t header_ms; /* from connection or first byte to the end of the header */
	int64_t body_ms;   /* from the header to the end of the body */
	int64_t idle_ms;   /* keep-alive */
	unsigned connections, per_address;
	size_t header_bytes;
};
extern const struct http_server_limits
	http_server_default_limits; /* 10 s 30 s 75 s … */

struct http_server_handler {
	/* The header is complete. Return the largest body to accept (0: none is read;
	 * the answer 413 is given here without reading when Content-Length says more),
	 * or call http_reply() at once and return -1: the body is not read. */
	int64_t (*begin)(void *arg, struct http_in *in);
	/* The body is complete and within bounds: answer now, or later with
	 * http_reply(). */
	void (*request)(void *arg, struct http_in *in);
	/* The client went away before an answer: forget @in. Not called after a reply.
	 */
	void (*gone)(void *arg, struct http_in *in);
	void *arg;
};

struct http_server_options {
	const char
		*listen; /* "127.0.0.1:8787", "[::1]:8787", "unix:/path"; port 0: any */
	int listen_fd;   /* >= 0: an inherited listening socket instead of listen */
	unsigned unix_mode;             /* permissions of a unix socket, 0660 */
	const char *tls_cert, *tls_key; /* PEM text (not paths), or NULL */
	struct http_server_limits limits;
};

/* Listens at once. A stale unix socket file (nobody accepts on it) is replaced. */
int http_server_open(struct http_server **out, uv_loop_t *loop,
	const struct http_server_options *options,
	const struct http_server_handler *handler, struct err *err);
/* "127.0.0.1:41234", as bound. Borrowed. */
const char *http_server_address(const struct http_server *server);
/* Stop accepting new connections; present ones go on. */
void http_server_quiesce(struct http_server *server);
/* Ends all connections (unanswered requests are dropped, gone() is called for each),
 * removes a unix socket file, closes handles; closed(arg) is called when all is freed.
 */
void http_server_close(
	struct http_server *server, void (*closed)(void *arg), void *arg);

/* Of a request. Borrowed until the request ends. */
const char *http_in_method(const struct http_in *in);
const char *http_in_path(const struct http_in *in); /* percent-decoded */
const char *http_in_query(const struct http_in *in, const char *name);  /* or NULL */
const char *http_in_header(const struct http_in *in, const char *name); /* or NULL */
/* How many header lines of that name there are (0, 1, 2 …). */
int http_in_header_count(const struct http_in *in, const char *name);
const char *http_in_address(const struct http_in *in); /* peer IP, "unix" */
const void *http_in_body(const struct http_in *in, size_t *len);
void http_in_set_user(struct http_in *in, void *user);
void *http_in_user(const struct http_in *in);

struct http_reply {
	int status;
	const char *content_type; /* NULL: none */
	const void *body;         /* copied */
	size_t len;
	struct {
		const char *name, *value;
	} headers[6]; /* until a NULL name; copied */
};
/* Exactly once for each request. From begin(), request(), or later on the loop. Answers
 * queued within one loop iteration are sent together. */
void http_reply(struct http_in *in, const struct http_reply *reply);
/* A short text answer: "<text>\n" as text/plain, or an empty one when text is NULL. */
void http_reply_text(struct http_in *in, int status, const char *text);

#endif
