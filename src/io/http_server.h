/*
 * HTTP in: libmicrohttpd driven by a uv loop (its epoll descriptor under uv_poll, its
 * timeout under uv_timer). Bounds everything a client controls: header block, body,
 * connections, per-address connections, and the time a request may take to arrive or an
 * answer to be taken. Answers may come later: a request stays suspended until
 * http_reply(); or in pieces, as fast as the client takes them. It knows nothing of
 * webhooks. One thread: the loop's.
 */
#ifndef VODKEEP_IO_HTTP_SERVER_H
#define VODKEEP_IO_HTTP_SERVER_H

#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <uv.h>

struct http_server;
struct http_in; /* one request; valid until its answer has been sent, or gone() */

/* 0: no limit (except header_bytes, which then is the default). */
struct http_server_limits {
	int64_t header_ms; /* from connecting, or the request line, to the header's end
			    */
	int64_t body_ms; /* to the end of the body; again for the answer to be taken */
	int64_t idle_ms; /* keep-alive: to the next request line */
	int64_t stream_ms; /* an answer in pieces: for the next of them to be taken */
	unsigned connections, per_address;
	size_t header_bytes; /* request line and header; more is answered with 431 */
};
/* 10 s, 30 s, 75 s, 5 min, 512 connections, 128 for one address, 16 KiB. */
extern const struct http_server_limits http_server_default_limits;

struct http_server_handler {
	/* The header is complete. Return the largest body to accept, or call
	 * http_reply() at once and return -1. A body announced larger is answered
	 * with 413 here and not read; a chunked one is counted, dropped once it is
	 * too large, and answered with 413 at its end. An answer given before the body
	 * was read, of either kind, ends the connection. */
	int64_t (*begin)(void *arg, struct http_in *in);
	/* The body is complete and within bounds: answer now, or later. */
	void (*request)(void *arg, struct http_in *in);
	/* The request ends without your answer; forget @in: the client went away or was
	 * too slow with its body, the body was too large (413), or the server closes.
	 * Only after begin() returned >= 0, never after http_reply(). A client that
	 * goes away while its request waits for an answer is not noticed: the answer is
	 * then simply lost. */
	void (*gone)(void *arg, struct http_in *in);
	void *arg;
};

struct http_server_options {
	/* "127.0.0.1:8787", "[::1]:8787", "unix:/path"; port 0: any. */
	const char *listen;
	int listen_fd;      /* >= 0: an inherited listening socket, now the server's */
	unsigned unix_mode; /* permissions of a unix socket, such as 0660 */
	/* PEM text (not paths), both or neither. Needed during the call only. */
	const char *tls_cert, *tls_key;
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
/* Ends all connections on a later tick: answers already given are sent if the socket
 * takes them, gone() is called for each request without one. Removes a unix socket
 * file, closes the handles; closed(arg) is called when all is freed. */
void http_server_close(
	struct http_server *server, void (*closed)(void *arg), void *arg);

/* Of a request. Borrowed until the request ends. */
const char *http_in_method(const struct http_in *in);
/* Percent-decoded; a path with an encoded NUL is answered with 400 and never seen. */
const char *http_in_path(const struct http_in *in);
const char *http_in_query(const struct http_in *in, const char *name);  /* or NULL */
const char *http_in_header(const struct http_in *in, const char *name); /* or NULL */
/* How many header lines of that name there are (0, 1, 2 …). */
int http_in_header_count(const struct http_in *in, const char *name);
const char *http_in_address(const struct http_in *in); /* peer IP, "unix" */
/* NUL-terminated (the NUL is not counted), never NULL. */
const void *http_in_body(const struct http_in *in, size_t *len);
void http_in_set_user(struct http_in *in, void *user);
void *http_in_user(const struct http_in *in);

#define HTTP_REPLY_HEADERS 16

struct http_reply_header {
	const char *name, *value;
};

struct http_reply {
	int status;
	const char *content_type; /* NULL: none */
	const void *body;         /* copied */
	size_t len;
	struct http_reply_header
		headers[HTTP_REPLY_HEADERS]; /* to a NULL name; copied */
};
/* Exactly once for each request. From begin(), request(), or later on the loop. Answers
 * queued within one loop iteration are sent together. */
void http_reply(struct http_in *in, const struct http_reply *reply);
/*
 * An answer in pieces. What has been written and not taken is bounded: write when asked
 * for more, or when something has happened and nothing is pending.
 */
struct http_stream_handler {
	/* All that was written has been handed to the connection: write more, in here
	 * or later. Never called for a HEAD request. NULL: you write when you have
	 * news. */
	void (*wants)(void *arg);
	/* The answer is over: complete, or the client went away or took too long, or
	 * the server closes. Exactly once, from the loop, never inside a call of yours.
	 * Forget @in. */
	void (*ended)(void *arg);
	void *arg;
};
/* The most that may be pending. */
#define HTTP_STREAM_MAX ((size_t)1 << 20)
/* In place of http_reply(), with its status, type and headers; @len bytes are to be
 * written, -1: until http_stream_end(). From request() or later. */
void http_reply_stream(struct http_in *in, const struct http_reply *reply, int64_t len,
	const struct http_stream_handler *handler);
/* @data is copied. False, and nothing is written: more than HTTP_STREAM_MAX would be
 * pending. */
bool http_stream_write(struct http_in *in, const void *data, size_t len);
/* Bytes written that the connection has not taken yet. */
size_t http_stream_pending(const struct http_in *in);
/* No more will be written. An answer that is shorter than its @len, or @broken, ends
 * with the connection, so that nobody takes it for whole. */
void http_stream_end(struct http_in *in, bool broken);

/* A short text answer: "<text>\n" as text/plain, or an empty one when text is NULL. */
void http_reply_text(struct http_in *in, int status, const char *text);

#endif
