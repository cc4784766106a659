/*
 * HTTP out: curl multi with socket and timer callbacks on a uv loop (DESIGN §4.2).
 * Guards every address it connects to, follows redirects itself so that each hop passes
 * the host policy, and times stalls with its own clock. Knows nothing of platforms.
 * One client for each loop; all calls on the loop's thread. Any of them may be made
 * from within a callback.
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
/* Once, before the first thread is started: libcurl's own global state. */
int http_client_global_init(struct err *err);
int http_client_open(struct http_client **out, uv_loop_t *loop,
	const struct http_client_options *options, struct err *err);
/* Cancels everything (each call's done runs with ERR_CANCELLED), then closed(arg), all
 * on later ticks. A call started meanwhile is cancelled too. */
void http_client_close(
	struct http_client *client, void (*closed)(void *arg), void *arg);

/* Where a call may go. Borrowed strings must live as long as the call. */
struct http_policy {
	/* Whether @host may be asked (also at each redirect); NULL: any. The name is
	 * in lower case, without brackets or a final dot. */
	bool (*host_allowed)(void *arg, const char *host);
	void *arg;
	bool allow_private; /* private, loopback, link-local … addresses and http:// */
	const char *ca_file; /* CAs besides the system's, or NULL; read when changed */
	/* URL or NULL: none, whatever the environment says. The proxy resolves names,
	 * so there the address guard is its business; the host policy still holds. */
	const char *proxy;
	int64_t connect_timeout_ms; /* name, TCP and TLS; 0: libcurl's five minutes */
	int64_t low_speed_bytes;    /* a second; slower over low_speed_ms: cut */
	int64_t low_speed_ms; /* 0: no watch. No byte for so long is a stall too */
	int64_t total_ms; /* 0: no limit. Counts from leaving the connection queue */
	int redirects;    /* most hops, 0: a redirect is an answer like any other */
	bool http2;       /* try HTTP/2 (APIs); else HTTP/1.1 */
	/* Read 16 KiB at once, not 256: for calls that are paused much. The kernel
	 * opens the window by how much is taken at a time, so little is sent ahead. */
	bool small_reads;
};

struct http_call;

/* The head of the final (non-redirect) answer. */
struct http_head {
	int status;
	int64_t content_length;                       /* -1 unknown */
	int64_t range_first, range_last, range_total; /* Content-Range; -1 unknown */
	int64_t retry_after_ms;
	int64_t date_ns;        /* the server's clock; 0 unknown */
	char content_type[128]; /* lower case, no parameters */
	char etag[256];         /* as sent, "" none (or longer than this) */
	char last_modified[64];
	char content_encoding[32];
	char host[256];     /* of the final URL, for people */
	bool accept_ranges; /* said "bytes" */
};

struct http_call_events {
	/* Once, before any data. Return false to stop: done() then has ERR_CANCELLED
	 * unless http_call_abort() set another error. May be NULL. */
	bool (*head)(void *arg, const struct http_head *head);
	/* Body bytes, at most 16 KiB. Return false to stop, as above. May pause with
	 * http_call_pause(): the bytes at hand count as taken. May be NULL. */
	bool (*data)(void *arg, const void *data, size_t len);
	/* Exactly once, never inside another function of the client, last; the call is
	 * freed after. err->class is NONE for any complete answer, whatever its status;
	 * TRANSIENT for network trouble, cut bodies, stalls, the proxy's refusals, an
	 * unusable CA file; PERMANENT for certificate errors, refused hosts or
	 * addresses, too many redirects; head is NULL if none came.
	 * err->no_answer tells of a TRANSIENT that nobody answered at all. */
	void (*done)(void *arg, const struct err *err, const struct http_head *head);
	void *arg;
};

/* @request is copied. Returns the call, never NULL. Basic and bearer go to the scheme,
 * host and port of @request->url only; of its headers, a redirect to another such place
 * takes along only Accept…, Range and If-…. */
struct http_call *http_call_start(struct http_client *client,
	const struct http_request *request, const struct http_policy *policy,
	const struct http_call_events *events);
/* done() follows on a later tick with ERR_CANCELLED; no head() or data() before it.
 * Idempotent; until done(). */
void http_call_cancel(struct http_call *call);
/* From head() or data(), before returning false: what done() shall say. */
void http_call_abort(struct http_call *call, const struct err *err);
/* No data() between the two, however often either is called; a paused call is not
 * timed. Data goes on on a later tick. */
void http_call_pause(struct http_call *call);
void http_call_resume(struct http_call *call);

/* Convenience for API calls: collects at most @max_body bytes (gzip decoded); a longer
 * answer is ERR_PERMANENT. answer is valid during the callback only, NULL on error. */
typedef void (*http_fetch_cb)(
	void *arg, const struct err *err, const struct http_response *answer);
struct http_call *http_fetch(struct http_client *client,
	const struct http_request *request, const struct http_policy *policy,
	size_t max_body, http_fetch_cb cb, void *arg);

#endif
