/*
 * What of the archived files changed at its source? An update event says that something
 * did, not what: of each file that carries no mark of its own one byte is asked for,
 * one after the other, and only those that changed are fetched.
 */
#include <config.h>

#include "flow/look_steps.h"

#include "base/mem.h"
#include "core/rule.h"
#include "platform/playback_token.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOTAL_MS  60000
#define REDIRECTS 5

enum finding {
	FOUND_NOTHING, /* no answer that tells */
	FOUND_SAME,
	FOUND_CHANGED,
};

struct recheck {
	struct look *look;
	const struct plan_fetch *of; /* the plan's */
	void (*then)(struct look *look);
	struct http_policy policy;
	int64_t bytes;
	char *etag, *last_modified;
	enum finding finding;
	struct err err; /* the answer is none that tells */
};

static bool recheck_host(void *arg, const char *host)
{
	const struct recheck *recheck = arg;
	const struct text_list *hosts = &recheck->look->ws->media_hosts;

	return hosts->count == 0 || glob_list_match(hosts, host);
}

/* The ETag is the file's; where there is none on either side, time and size tell. A
 * small file without both is fetched and compared: its bytes cost less than an error.
 */
static enum finding compare(const struct recheck *recheck, const struct http_head *head)
{
	int64_t total = head->status == 206 ? head->range_total : head->content_length;
	bool dated = recheck->last_modified && head->last_modified[0];

	if (total >= 0 && total != recheck->bytes)
		return FOUND_CHANGED;
	if (recheck->etag && head->etag[0])
		return strcmp(head->etag, recheck->etag) ? FOUND_CHANGED : FOUND_SAME;
	if (dated && strcmp(head->last_modified, recheck->last_modified) != 0)
		return FOUND_CHANGED;
	return dated || recheck->of->main ? FOUND_SAME : FOUND_CHANGED;
}

static bool recheck_head(void *arg, const struct http_head *head)
{
	struct recheck *recheck = arg;

	switch (head->status) {
	case 200:
	case 206:
		recheck->finding = compare(recheck, head);
		break;
	case 304:
		recheck->finding = FOUND_SAME;
		break;
	case 404:
	case 410:
		/* What vanished at the platform stays in the archive. */
		if (!recheck->of->main) {
			recheck->finding = FOUND_SAME;
			break;
		}
		/* fall through */
	default:
		err_set(&recheck->err, ERR_TRANSIENT,
			"%s answered %d when it was asked whether %s has changed",
			head->host, head->status, recheck->of->source->key);
		recheck->err.retry_after_ms =
			head->retry_after_ms > 0 ? head->retry_after_ms : 0;
	}
	return false;
}

static void recheck_next(struct look *look, void (*then)(struct look *look));

static void recheck_done(void *arg, const struct err *err, const struct http_head *head)
{
	struct recheck *recheck = arg;
	struct look *look = recheck->look;
	void (*then)(struct look * look) = recheck->then;
	bool answered = recheck->finding != FOUND_NOTHING;

	(void)head;
	if (recheck->finding == FOUND_CHANGED && !look->stopping) {
		look_note(look, "api", "%s seems to have changed at its source",
			recheck->of->source->key);
		plan_add_changed(&look->plan, recheck->of);
		look_task_add(look, recheck->of->source, recheck->of->main);
	} else if (!answered) {
		look->unanswered = true;
		if (recheck->err.class != ERR_NONE)
			look_keep_worse(&look->minor, &recheck->err);
		else if (err->class != ERR_CANCELLED)
			look_keep_worse(&look->minor, err);
	}
	free(recheck->etag);
	free(recheck->last_modified);
	free(recheck);
	if (!answered) /* the others are asked when that is over */
		look->rechecks_done = look->plan.n_rechecks;
	recheck_next(look, then);
}

static struct recheck *recheck_new(
	struct look *look, const struct plan_fetch *of, void (*then)(struct look *look))
{
	const struct file *file = asset_file(look->asset, of->source->key);
	const struct config *config = look->settings->config;
	struct recheck *recheck = mem_alloc(sizeof(*recheck));

	recheck->look = look;
	recheck->of = of;
	recheck->then = then;
	recheck->bytes = file->bytes;
	recheck->etag = mem_strdup(file->etag);
	recheck->last_modified = mem_strdup(file->last_modified);
	recheck->policy = (struct http_policy){
		.host_allowed = recheck_host,
		.arg = recheck,
		.allow_private = look->ws->allow_private,
		.ca_file = look->ws->ca_file,
		.proxy = look->ws->proxy,
		.connect_timeout_ms = config->transfer.connect_timeout_ms,
		.low_speed_bytes = 1,
		.low_speed_ms = config->transfer.low_speed_ms,
		.total_ms = TOTAL_MS,
		.redirects = REDIRECTS,
	};
	return recheck;
}

/* One byte, conditional: an unchanged file answers 304, or 206 with the same validator.
 * HEAD is not used: links may be signed for GET only (optiview.md §4). */
static void recheck_start(struct recheck *recheck, char *url_owned)
{
	struct http_request request;
	struct http_call_events events = {
		.head = recheck_head, .done = recheck_done, .arg = recheck
	};

	http_request_init(&request, "GET", url_owned);
	http_request_header(&request, "Range", "bytes=0-0");
	if (recheck->etag)
		http_request_header(&request, "If-None-Match", recheck->etag);
	http_call_start(
		recheck->look->env->client, &request, &recheck->policy, &events);
	http_request_release(&request);
}

static void recheck_next(struct look *look, void (*then)(struct look *look))
{
	struct recheck *recheck;
	char *url = NULL;
	struct err err;

	if (look->rechecks_done >= look->plan.n_rechecks || look->stopping) {
		then(look);
		return;
	}
	recheck = recheck_new(look, &look->plan.rechecks[look->rechecks_done++], then);
	if (playback_url(look->ws, recheck->of->source, look_now_ns(), &url, &err) < 0)
		recheck_done(recheck, &err, NULL);
	else
		recheck_start(recheck, url);
}

void look_recheck(struct look *look, void (*then)(struct look *look))
{
	recheck_next(look, then);
}
