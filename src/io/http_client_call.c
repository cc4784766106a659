/*
 * A call: one hop after another until an answer is final, and what the owner hears of
 * it.
 *
 *   start ─► hop ─► head ─► data … ─► report (done, free)
 *             ▲       │ 3xx with Location
 *             └───────┘ resolve, check, credentials stay at home
 *
 * It ends early when cancelled, when head() or data() say stop, and when it is too
 * slow; each only notes why (cancelled, stop) and makes the call due. advance() does
 * the rest, outside of libcurl.
 */
#include <config.h>

#include "io/http_client_priv.h"

#include "base/mem.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

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

/* libcurl cannot pause before it is connected, and what comes of a head while it is
 * paused it hands over later as one lump, not line by line: so before the head is
 * complete, nothing is paused; the first data is refused. Going on hands over what it
 * holds at once, which may ask for a pause again. */
static void apply_pause(struct http_call *call)
{
	if (!call->easy || call->pause_wanted == call->paused)
		return;
	if (call->pause_wanted && !call->head_complete)
		return;
	if (call->pause_wanted) {
		call->paused = curl_easy_pause(call->easy, CURLPAUSE_RECV) == CURLE_OK;
		return;
	}
	call->paused = false;
	curl_easy_pause(call->easy, CURLPAUSE_CONT);
}

/* One step of whatever has happened to @call: begin, follow, pause, report. May free
 * it, and calls the owner. Never from within libcurl. */
static void advance(struct http_call *call)
{
	struct err err = { .class = ERR_NONE };
	if (step(call, &err)) {
		err.no_answer = err.class == ERR_TRANSIENT && !call->head_complete;
		report(call, &err);
	} else
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

static const struct http_call_hooks call_hooks = {
	.advance = advance,
	.watch = call_watch,
};

struct http_call *http_call_start(struct http_client *client,
	const struct http_request *request, const struct http_policy *policy,
	const struct http_call_events *events)
{
	struct http_call *call = mem_alloc(sizeof(*call));
	call->client = client;
	call->hooks = &call_hooks;
	copy_request(&call->request, request);
	call->policy = *policy;
	call->events = *events;
	http_client_link(client, call);
	return call;
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
