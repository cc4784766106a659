/*
 * What comes in for a call: the head, the data, and whether they come fast enough.
 * Nothing here ends a call: it is noted why it is to end, and the call made due.
 */
#include <config.h>

#include "io/http_client_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "io/http_head.h"
#include <stdio.h>
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

static int64_t date_ns(CURL *easy)
{
	struct curl_header *date;
	if (curl_easy_header(easy, "Date", 0, CURLH_HEADER, -1, &date) != CURLHE_OK)
		return 0;
	time_t at = curl_getdate(date->value, NULL);
	return at > 0 ? (int64_t)at * NS_PER_S : 0;
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
	if (call->head.status == 407 && call->policy.proxy) {
		proxy_refused(call, &call->stop);
		http_client_due(call->client, call);
		return false;
	}
	call->head.retry_after_ms = retry_after_ms(call->easy);
	call->head.date_ns = date_ns(call->easy);
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
