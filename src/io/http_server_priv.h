/*
 * What the files of the HTTP server share: the server, its connections, and the small
 * parts it is made of. Nobody else includes this.
 */
#ifndef VODKEEP_IO_HTTP_SERVER_PRIV_H
#define VODKEEP_IO_HTTP_SERVER_PRIV_H

#include "io/http_server.h"
#include <microhttpd.h>
#include <stdbool.h>
#include <sys/types.h>

/* A listening socket, and the file to remove with it. */
struct http_listener {
	int fd;
	char address[160];
	char path[108]; /* of a unix socket; "" */
	dev_t dev;
	ino_t ino;
};

/* http_server_listen.c: blocking, but only on local names. */
int http_listener_open(struct http_listener *listener, const char *listen,
	unsigned unix_mode, struct err *err);
int http_listener_adopt(struct http_listener *listener, int fd, struct err *err);
/* Removes the socket file if it is still this socket's. Does not close the fd. */
void http_listener_unlink(const struct http_listener *listener);

/*
 * http_server_linger.c: closing a socket whose input was not read sends a reset, which
 * can overtake the answer. These sockets get a while to be read empty.
 */
struct lingerer;
struct http_lingerers {
	struct lingerer *head;
	unsigned count;
};
/* Keep a duplicate of @fd until the client closes, or @deadline_ms passes. */
void http_linger(
	struct http_lingerers *set, uv_loop_t *loop, int fd, int64_t deadline_ms);
void http_lingerers_sweep(struct http_lingerers *set, int64_t now_ms);
void http_lingerers_close(struct http_lingerers *set);

/* Where a connection is within its request. */
enum in_phase {
	IN_CONNECTED, /* nothing received yet */
	IN_HEADER,    /* request line received */
	IN_BODY,      /* begin() was called */
	IN_ASKED,     /* request() was called; no deadline: the delay is ours */
	IN_ANSWERED,  /* http_reply() was called */
	IN_IDLE       /* keep-alive */
};

/* A connection and, since HTTP/1 has one request at a time on it, the request. */
struct http_in {
	struct http_server *server;
	struct http_in *prev, *next;
	struct MHD_Connection *connection;
	int fd;
	enum in_phase phase;
	int64_t deadline_ms; /* loop time; 0: none */
	bool suspended;
	bool linger;    /* answered before its body was read */
	bool bad_path;  /* the request line holds an encoded NUL */
	bool owed;      /* begin() accepted it: gone() is due if it ends unanswered */
	bool too_large; /* the body outgrew @body.max: dropped and counted only */
	uint64_t dropped;
	struct buf body;
	const char *method, *path; /* MHD's, until the request ends */
	struct MHD_Response *response;
	struct http_stream *stream; /* the answer comes in pieces; or NULL */
	void (*stream_over)(struct http_in *in); /* tells its writer that it is over */
	unsigned status;
	void *user;
	char address[64]; /* of the peer */
};

struct http_server {
	struct MHD_Daemon *daemon;
	struct http_listener listener;
	struct http_server_limits limits;
	struct http_server_handler handler;
	uv_loop_t *loop;
	/* Run MHD on the next tick; many calls make one run. */
	void (*run_soon)(struct http_server *server);
	uv_poll_t poll;       /* MHD's epoll descriptor */
	uv_idle_t soon;       /* the next tick: MHD is run, or torn down */
	uv_timer_t handshake; /* a later run, see http_server.c */
	uv_timer_t sweep;     /* deadlines */
	unsigned open_handles;
	struct http_in *connections;
	bool tls;
	unsigned handshakes; /* TLS connections without a request so far */
	unsigned spins;      /* runs since the last event */
	struct http_lingerers lingerers;
	bool closing; /* no request is begun or asked any more */
	bool quiesced;
	bool polling;      /* poll is open */
	bool muted;        /* MHD's messages are dropped */
	char trouble[256]; /* what MHD said while it started */
	void (*closed)(void *arg);
	void *closed_arg;
};

/* http_server_request.c: MHD's access handler and its notice of a request's end. */
enum MHD_Result http_in_access(void *arg, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version, const char *upload,
	size_t *upload_size, void **context);
void http_in_completed(void *arg, struct MHD_Connection *connection, void **context,
	enum MHD_RequestTerminationCode code);
/* Deadline of a phase that may last @ms, 0 for none. */
int64_t http_in_deadline(const struct http_in *in, int64_t ms);
void http_in_add_headers(struct MHD_Response *response, const struct http_reply *reply);
/* @response is the answer, now the request's. */
void http_in_answer(struct http_in *in, unsigned status, struct MHD_Response *response);
/* The request line of a new request has arrived. */
void http_in_start(struct http_in *in, const char *uri);
/* Tell the handler, if it still owes an answer, that none is wanted. */
void http_in_renounce(struct http_in *in);
/* The same, and forget the request. */
void http_in_reset(struct http_in *in);

#endif
