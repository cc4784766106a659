/*
 * HTTP out: curl multi with socket and timer callbacks on a uv loop (DESIGN §4.2).
 * Guards every address it connects to, follows redirects itself so that each hop passes
 * the host policy, and times stalls with its own clock. Knows nothing of platforms.
 * One client for each loop; all calls on the loop's thread.
 */
#ifndef VODKEEP_IO_HTTP_CLIENT_H
#define VODKEEP_IO_HTTP_CLIENT_H

#include "base/err.h"
#include "base/http.h"
#include "io/address.h"
#include <stdbool.h>
#include <uv.h>

struct http_client;

struct http_client_options {
	const char *user_agent;
	int max_connections; /* in total, 0 no limit */
	int per_host;        /* connections to one host, 0 no limit */
};
int http_client_open(struct http_client **out, uv_loop_t *loop,
	const struct http_client_options *options, struct err *err);
/* Cancels everything (each call's done runs with ERR_CANCELLED), then closed(arg). */
void http_client_close(
	struct http_client *client, void (*closed)(void *arg), void *arg);

/* Where a call may go. Borrowed strings must live as long as the call. */
struct http_policy {
	/* Whether @host may be asked (also at each redirect); NULL: any. */
	bool (*host_allowed)(void *arg, const char *host);
	void *arg;
	bool allow_private; /* private, loopback, link-local … addresses and http:// */
	const char *ca_file; /* extra CA, or NULL */
	const char *proxy;   /* or NULL */
	int64_t connect_timeout_ms;
	int64_t low_speed_bytes; /* slower than this over low_speed_ms: cut */
	int64_t low_speed_ms;    /* 0: no watch. No byte for so long is a stall too */
	int64_t total_ms;        /* 0: no limit (downloads) */
	int redirects; /* most hops; credentials never follow to another host */
	bool http2;    /* try HTTP/2 (APIs); else HTTP/1.1 */
};

struct http_call;

/* The head of the final (non-redirect) answer. */
struct http_head {
	int status;
	int64_t content_length;                       /* -1 unknown */
	int64_t range_first, range_last, range_total; /* Content-Range; -1 unknown */
	int64_t retry_after_ms;
	char content_type[128]; /* lower case, no parameters */
	char etag[256];         /* as sent, "" none */
	char last_modified[64];
	char content_encoding[32];
	char host[256];     /* of the final URL, for people */
	bool accept_ranges; /* said "bytes" */
};

struct http_call_events {
	/* Once, before any data. Return false to stop: done() then has ERR_CANCELLED
	 * unless http_call_abort() set another error. May be NULL. */
	bool (*head)(void *arg, const struct http_head *head);
	/* Body bytes. Return false to stop. May pause with http_call_pause(). */
	bool (*data)(void *arg, const void *data, size_t len);
	/* Exactly once, never inside http_call_start(), last; the call is freed after.
	 * err->class is NONE for any complete answer, whatever its status; TRANSIENT
	 * for network trouble, cut bodies, stalls; PERMANENT for certificate errors,
	 * refused hosts or addresses, too many redirects; head may be NULL if none
	 * came. */
	void (*done)(void *arg, const struct err *err, const struct http_head *head);
	void *arg;
};

/* @request is copied. Returns the call, never NULL. */
struct http_call *http_call_start(struct http_client *client,
	const struct http_request *request, const struct http_policy *policy,
	const struct http_call_events *events);
/* done() follows on a later tick with ERR_CANCELLED. Idempotent. */
void http_call_cancel(struct http_call *call);
/* From head() or data(), before returning false: what done() shall say. */
void http_call_abort(struct http_call *call, const struct err *err);
void http_call_pause(struct http_call *call);
void http_call_resume(struct http_call *call);

/* Convenience for API calls: collects at most @max_body bytes (gzip decoded). answer is
 * valid during the callback only, NULL on error. */
typedef void (*http_fetch_cb)(
	void *arg, const struct err *err, const struct http_response *answer);
struct http_call *http_fetch(struct http_client *client,
	const struct http_request *request, const struct http_policy *policy,
	size_t max_body, http_fetch_cb cb, void *arg);

#endif
