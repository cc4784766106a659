/*
 * A call: one hop after another until an answer is final, and what the owner hears of
 * it.
 *
 *   start ─► hop ─► head ─► data … ─► report (done, free)
 *             ▲       │ 3xx with Location
 *             └───────┘ resolve, check, credentials stay at home
 *
 * It ends early when cancelled, when head() or data() say stop, and when it is too
 * slow; each only notes why (cancelled, stop) and makes the call due. call_advance()
 * does the rest, outside of libcurl.
 */
#include <config.h>

#include "io/http_client_priv.h"

#include "base/mem.h"
#include "io/http_head.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_MAX          (64 * 1024)
#define REDIRECT_BODY_MAX (64 * 1024)
#define RETRY_AFTER_MAX_S (7 * 24 * 3600)

static void note(struct http_call *call, enum err_class class, const char *why)
{
	if (call->stop.class == ERR_NONE)
		err_set(&call->stop, class, "%s: %s", call->origin.host, why);
	http_client_due(call->client, call);
}

static bool is_over(const struct http_call *call)
{
	return call->cancelled || call->stop.class != ERR_NONE;
}

/* What comes in */

static bool is_redirect(const struct http_call *call)
{
	switch (call->head.status) {
	case 301:
	case 302:
	case 303:
	case 307:
	case 308:
		return call->policy.redirects > 0 && call->location &&
		       call->location[0];
	default:
		return false;
	}
}

static int64_t retry_after_ms(CURL *easy)
{
	curl_off_t seconds = 0;
	curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
	if (seconds < 0)
		seconds = 0;
	if (seconds > RETRY_AFTER_MAX_S)
		seconds = RETRY_AFTER_MAX_S;
	return (int64_t)seconds * 1000;
}

/* The blank line after a head. Returns false to stop. */
static bool head_ended(struct http_call *call)
{
	if (call->head.status < 200)
		return true;
	if (is_redirect(call)) {
		call->redirecting = true;
		return true;
	}
	call->head.retry_after_ms = retry_after_ms(call->easy);
	memcpy(call->head.host, call->origin.host, sizeof(call->head.host));
	call->head_complete = true;
	if (!call->events.head || call->events.head(call->events.arg, &call->head))
		return true;
	note(call, ERR_CANCELLED, "stopped");
	return false;
}

size_t call_on_header(char *line, size_t size, size_t count, void *arg)
{
	struct http_call *call = arg;
	const size_t len = size * count;

	if (is_over(call))
		return 0;
	pace_add(&call->pace, (int64_t)len);
	call->head_bytes += len;
	if (call->head_bytes > HEAD_MAX) {
		note(call, ERR_TRANSIENT, "the header of the answer is too large");
		return 0;
	}
	if (call->head_complete || call->redirecting)
		return len; /* trailers */
	if (http_head_begin(&call->head, line, len)) {
		mem_replace(&call->location, NULL);
		return len;
	}
	if (len <= 2 && (line[0] == '\r' || line[0] == '\n'))
		return head_ended(call) ? len : 0;
	http_head_field(&call->head, line, len);
	char *location = http_head_value(line, len, "Location");
	if (location) {
		free(call->location);
		call->location = location;
	}
	return len;
}

size_t call_on_data(char *data, size_t size, size_t count, void *arg)
{
	struct http_call *call = arg;
	const size_t len = size * count;

	if (is_over(call))
		return CURL_WRITEFUNC_ERROR;
	if (call->pause_wanted) {
		call->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	pace_add(&call->pace, (int64_t)len);
	if (call->redirecting) {
		/* Worth reading when it is small: the connection can be kept. */
		call->head_bytes += len;
		return call->head_bytes > HEAD_MAX + REDIRECT_BODY_MAX
			       ? CURL_WRITEFUNC_ERROR
			       : len;
	}
	if (!call->events.data || call->events.data(call->events.arg, data, len))
		return len;
	note(call, ERR_CANCELLED, "stopped");
	return CURL_WRITEFUNC_ERROR;
}

/* Time */

void call_expect(struct http_call *call)
{
	call->paced = true;
	pace_start(&call->pace, call->policy.low_speed_ms,
		(int64_t)uv_now(call->client->loop));
}

void call_watch(struct http_call *call, int64_t now_ms, bool late)
{
	const struct http_policy *policy = &call->policy;
	char why[128];
	int64_t bytes;

	if (!call->easy || call->finished || is_over(call))
		return;
	if (late && call->paced)
		call_expect(call);
	if (policy->total_ms > 0 && call->began_ms &&
		now_ms - call->began_ms >= policy->total_ms) {
		snprintf(why, sizeof(why), "no complete answer in %.3g s",
			(double)policy->total_ms / 1000);
		note(call, ERR_TRANSIENT, why);
	} else if (policy->low_speed_ms > 0 && call->paced && !call->pause_wanted &&
		   pace_slow(&call->pace, policy->low_speed_bytes, now_ms, &bytes)) {
		snprintf(why, sizeof(why), "stalled: %lld bytes in %.3g s",
			(long long)bytes, (double)policy->low_speed_ms / 1000);
		note(call, ERR_TRANSIENT, why);
	}
}

/* Steps */

static void call_free(struct http_call *call)
{
	http_request_release(&call->request);
	mem_free_secret(call->url);
	mem_free_secret(call->location);
	free(call);
}

static void report(struct http_call *call, const struct err *err)
{
	hop_end(call);
	http_client_unlink(call->client, call);
	call->events.done(
		call->events.arg, err, call->head_complete ? &call->head : NULL);
	call_free(call);
}

/* A 303, or a POST answered with 301 or 302, is followed by a GET. */
static bool turns_to_get(const struct http_call *call)
{
	const char *method = call->request.method;
	if (call->head.status == 303)
		return strcmp(method, "HEAD") != 0;
	return call->head.status <= 302 && strcmp(method, "POST") == 0;
}

static int follow(struct http_call *call, struct err *err)
{
	const char *from = call->url ? call->url : call->request.url;
	char *to = policy_resolve(from, call->location);

	if (!to)
		return err_set(err, ERR_PERMANENT, "%s: redirected to a malformed URL",
			call->origin.host);
	if (++call->hops > call->policy.redirects) {
		mem_free_secret(to);
		return err_set(err, ERR_PERMANENT, "%s: more than %d redirects",
			call->origin.host, call->policy.redirects);
	}
	call->turned_to_get |= turns_to_get(call);
	mem_free_secret(call->url);
	call->url = to;
	mem_free_secret(call->location);
	call->location = NULL;
	return hop_begin(call, err);
}

/* 0: the call goes on. Otherwise it is to be reported, with or without an error. */
static bool step(struct http_call *call, struct err *err)
{
	if (call->cancelled)
		return err_set(err, ERR_CANCELLED, "cancelled");
	if (call->stop.class != ERR_NONE) {
		*err = call->stop;
		return true;
	}
	if (!call->easy)
		return hop_begin(call, err) != 0;
	if (!call->finished)
		return false;
	if (call->redirecting) {
		hop_end(call);
		return follow(call, err) != 0;
	}
	policy_explain(call, err);
	return true;
}

/* libcurl cannot pause before it is connected; then the first data is refused. Going on
 * hands over what it holds at once, which may ask for a pause again. */
static void apply_pause(struct http_call *call)
{
	if (!call->easy || call->pause_wanted == call->paused)
		return;
	if (call->pause_wanted) {
		call->paused = curl_easy_pause(call->easy, CURLPAUSE_RECV) == CURLE_OK;
		return;
	}
	call->paused = false;
	curl_easy_pause(call->easy, CURLPAUSE_CONT);
}

void call_advance(struct http_call *call)
{
	struct err err = { .class = ERR_NONE };
	if (step(call, &err))
		report(call, &err);
	else
		apply_pause(call);
}

/* The owner's side */

static void copy_request(struct http_request *to, const struct http_request *from)
{
	http_request_init(to, from->method, mem_strdup(from->url));
	to->basic = mem_strdup(from->basic);
	to->bearer = mem_strdup(from->bearer);
	to->body = mem_strdup(from->body);
	for (int i = 0; i < from->n_headers; i++)
		http_request_header(to, from->headers[i].name, from->headers[i].value);
}

struct http_call *http_call_start(struct http_client *client,
	const struct http_request *request, const struct http_policy *policy,
	const struct http_call_events *events)
{
	struct http_call *call = mem_alloc(sizeof(*call));
	call->client = client;
	copy_request(&call->request, request);
	call->policy = *policy;
	call->events = *events;
	http_client_link(client, call);
	return call;
}

void http_call_cancel(struct http_call *call)
{
	call->cancelled = true;
	http_client_due(call->client, call);
}

void http_call_abort(struct http_call *call, const struct err *err)
{
	assert(err->class != ERR_NONE);
	call->stop = *err;
	http_client_due(call->client, call);
}

void http_call_pause(struct http_call *call)
{
	call->pause_wanted = true;
	http_client_due(call->client, call);
}

void http_call_resume(struct http_call *call)
{
	if (call->pause_wanted && call->paced)
		call_expect(call);
	call->pause_wanted = false;
	http_client_due(call->client, call);
}
