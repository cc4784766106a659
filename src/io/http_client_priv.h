/*
 * What the files of the HTTP client share. Nobody else includes this. Each uses only
 * those below it:
 *
 *   http_client_fetch.c    a small answer at once
 *   http_client_call.c     one hop after another
 *   http_client_hop.c      an easy handle
 *   http_client_receive.c  what comes in
 *   http_client.c          the loop side; http_client_policy.c  what is allowed
 *   http_client_proxy.c    the way through a proxy
 *   http_client_ca.c       CAs
 */
#ifndef VODKEEP_IO_HTTP_CLIENT_PRIV_H
#define VODKEEP_IO_HTTP_CLIENT_PRIV_H

#include "io/http_client.h"
#include "io/pace.h"
#include <curl/curl.h>

struct http_client {
	uv_loop_t *loop;
	CURLM *multi;     /* has the connections and the names found */
	CURLSH *share;    /* has the TLS sessions: a hop's handle is gone too soon */
	uv_timer_t timer; /* libcurl's */
	uv_timer_t watch; /* stalls and total times; runs while there are calls */
	uv_idle_t later;  /* settles what is due, outside of every callback */
	int64_t watched_ms;
	bool timed_out; /* libcurl wants its timeout now */
	unsigned open_handles;
	struct http_call *calls;
	struct http_call *due, **due_tail;
	char *user_agent;
	struct ca_bundle *bundles;
	bool closing;
	void (*closed)(void *arg);
	void *closed_arg;
};

/* Where credentials may go: scheme, host and port together. */
struct origin {
	char scheme[8];
	char host[256]; /* lower case, no brackets, no final dot */
	char port[8];
};

/* What the client's loop asks of a call. */
struct http_call_hooks {
	/* Something is due. May free @call, and calls the owner. */
	void (*advance)(struct http_call *call);
	/* Is it too slow? Then it becomes due with the error set. When the loop itself
	 * was @late, its pace is not judged but measured anew. */
	void (*watch)(struct http_call *call, int64_t now_ms, bool late);
};

struct http_call {
	struct http_client *client;
	const struct http_call_hooks *hooks;
	struct http_call *prev, *next;
	struct http_call *due_next;
	bool due;

	struct http_request request;
	struct http_policy policy;
	struct http_call_events events;
	bool fetch; /* small receive buffer, gzip */

	/* The hop at hand */
	CURL *easy; /* NULL: not begun, or over */
	struct curl_slist *headers;
	char *url; /* NULL: the request's */
	struct origin origin, first_origin;
	int hops;
	bool turned_to_get; /* by a redirect */
	char *location;
	bool redirecting; /* its head is complete and names another place */
	size_t head_bytes;
	char trouble[CURL_ERROR_SIZE];

	struct http_head head;
	bool head_complete; /* of the final answer */

	bool cancelled;
	bool finished; /* libcurl is through with the hop: result */
	CURLcode result;
	struct err stop;    /* why we end it, if class is not NONE */
	struct err blocked; /* why an address was not tried */
	bool tried;         /* another one was */

	bool pause_wanted, paused; /* as asked for; as libcurl was told */
	bool paced;                /* the request has left: bytes are expected */
	struct pace pace;
	int64_t began_ms; /* left the queue; 0: not yet */
};

/* http_client.c */

/* Add a new call, which then is due; take one out for good. */
void http_client_link(struct http_client *client, struct http_call *call);
void http_client_unlink(struct http_client *client, struct http_call *call);
/* Have the call's advance() run soon. */
void http_client_due(struct http_client *client, struct http_call *call);

/* http_client_receive.c */

/* The hook of that name. */
void call_watch(struct http_call *call, int64_t now_ms, bool late);
/* libcurl's callbacks for what comes in. */
size_t call_on_header(char *line, size_t size, size_t count, void *arg);
size_t call_on_data(char *data, size_t size, size_t count, void *arg);
/* Bytes are expected from now on. */
void call_expect(struct http_call *call);

/* http_client_hop.c */

/* Check the hop's URL and hand a transfer for it to libcurl; or its error. */
int hop_begin(struct http_call *call, struct err *err);
void hop_end(struct http_call *call);

/* http_client_policy.c */

/* Split @url and check it: form, scheme, host. */
int policy_check_url(const struct http_policy *policy, const char *url,
	struct origin *origin, struct err *err);
bool origin_equal(const struct origin *a, const struct origin *b);
/* Where @location leads from @url; caller frees. NULL: nowhere. */
char *policy_resolve(const char *url, const char *location);
/* 0 when the finished hop brought a complete answer, or why not. */
int policy_explain(const struct http_call *call, struct err *err);

/* http_client_proxy.c */

/* Have the hop go through @proxy, or straight when it is NULL, whatever the environment
 * says. */
void proxy_set(CURL *easy, const char *proxy);
/* 0 when the hop did not fail on the proxy, or how it did. */
int proxy_explain(const struct http_call *call, struct err *err);
/* For an answer with 407: what the proxy wants. */
void proxy_refused(const struct http_call *call, struct err *err);

/* http_client_ca.c */

/* The name of a file with the system's CAs and those of @path, for as long as the
 * client lives; another name once that file has changed. @err is not NULL. */
int ca_bundle_get(struct http_client *client, const char *path, const char **name,
	struct err *err);
void ca_bundles_free(struct http_client *client);

#endif
