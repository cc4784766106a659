/*
 * Small answers in one piece: a call whose data is collected, with a ceiling that holds
 * for the decoded bytes too.
 */
#include <config.h>

#include "io/http_client_priv.h"

#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>

struct fetch {
	struct http_call *call;
	struct buf body;
	http_fetch_cb cb;
	void *arg;
};

static bool too_large(struct fetch *fetch)
{
	struct err err;
	err_set(&err, ERR_PERMANENT, "%s: the answer is larger than %zu bytes",
		fetch->call->origin.host, fetch->body.max);
	http_call_abort(fetch->call, &err);
	return false;
}

static bool on_head(void *arg, const struct http_head *head)
{
	struct fetch *fetch = arg;
	/* Of a HEAD request it does not come, of gzip it says little. */
	const bool tells = fetch->call->request.method[0] != 'H' &&
			   head->content_encoding[0] == '\0';
	if (tells && head->content_length > (int64_t)fetch->body.max)
		return too_large(fetch);
	return true;
}

static bool on_data(void *arg, const void *data, size_t len)
{
	struct fetch *fetch = arg;
	return buf_append(&fetch->body, data, len) == 0 || too_large(fetch);
}

static void on_done(void *arg, const struct err *err, const struct http_head *head)
{
	struct fetch *fetch = arg;
	if (err->class == ERR_NONE) {
		struct http_response answer = { .status = head->status,
			.retry_after_ms = head->retry_after_ms,
			.date_ns = head->date_ns,
			.body = buf_text(&fetch->body),
			.body_len = fetch->body.len };
		snprintf(answer.content_type, sizeof(answer.content_type), "%s",
			head->content_type);
		fetch->cb(fetch->arg, err, &answer);
	} else {
		fetch->cb(fetch->arg, err, NULL);
	}
	buf_release(&fetch->body);
	free(fetch);
}

struct http_call *http_fetch(struct http_client *client,
	const struct http_request *request, const struct http_policy *policy,
	size_t max_body, http_fetch_cb cb, void *arg)
{
	struct fetch *fetch = mem_alloc(sizeof(*fetch));
	const struct http_call_events events = {
		.head = on_head, .data = on_data, .done = on_done, .arg = fetch
	};
	buf_init(&fetch->body, max_body);
	fetch->cb = cb;
	fetch->arg = arg;
	fetch->call = http_call_start(client, request, policy, &events);
	fetch->call->fetch = true; /* nothing has begun yet */
	return fetch->call;
}
