/*
 * Did the main file change at its source? An update event says that something did, not
 * what: one byte is asked for, and nothing is fetched here.
 */
#include <config.h>

#include "flow/look_steps.h"

#include "base/mem.h"
#include "core/rule.h"
#include "platform/playback_token.h"
#include <stdlib.h>
#include <string.h>

struct recheck {
	struct look *look;
	void (*then)(struct look *look, bool changed);
	struct http_policy policy;
	int64_t bytes;
	char *etag;
	bool changed, asked;
};

static bool recheck_host(void *arg, const char *host)
{
	const struct recheck *recheck = arg;
	const struct text_list *hosts = &recheck->look->ws->media_hosts;

	return hosts->count == 0 || glob_list_match(hosts, host);
}

static bool recheck_head(void *arg, const struct http_head *head)
{
	struct recheck *recheck = arg;
	int64_t total = head->status == 206 ? head->range_total : head->content_length;

	recheck->asked = true;
	if (head->status == 200 || head->status == 206)
		recheck->changed = (recheck->etag && head->etag[0] &&
					   strcmp(head->etag, recheck->etag) != 0) ||
				   (total >= 0 && total != recheck->bytes);
	return false;
}

static void recheck_done(void *arg, const struct err *err, const struct http_head *head)
{
	struct recheck *recheck = arg;
	struct look *look = recheck->look;
	void (*then)(struct look * look, bool changed) = recheck->then;
	bool changed = recheck->changed;

	(void)head;
	if (!recheck->asked && err->class != ERR_CANCELLED)
		look_keep_worse(&look->minor, err);
	free(recheck->etag);
	free(recheck);
	then(look, changed);
}

/* One byte, conditional: an unchanged file answers 304, or 206 with the same validator;
 * where there is no validator the size tells.
 * HEAD is not used: links may be signed for GET only (optiview.md §4). */
void look_recheck(struct look *look, void (*then)(struct look *look, bool changed))
{
	const struct source *source = look->plan.recheck;
	const struct file *file = asset_file(look->asset, source->key);
	const struct config *config = look->settings->config;
	struct recheck *recheck = mem_alloc(sizeof(*recheck));
	struct http_request request;
	struct err err;
	char *url = NULL;
	struct http_call_events events = {
		.head = recheck_head, .done = recheck_done, .arg = recheck
	};

	recheck->look = look;
	recheck->then = then;
	recheck->bytes = file->bytes;
	recheck->etag = mem_strdup(file->etag);
	recheck->policy = (struct http_policy){
		.host_allowed = recheck_host,
		.arg = recheck,
		.allow_private = look->ws->allow_private,
		.ca_file = look->ws->ca_file,
		.proxy = look->ws->proxy,
		.connect_timeout_ms = config->transfer.connect_timeout_ms,
		.low_speed_bytes = 1,
		.low_speed_ms = config->transfer.low_speed_ms,
		.total_ms = 60000,
		.redirects = 5,
	};
	if (playback_url(look->ws, source, look_now_ns(), &url, &err) < 0) {
		recheck->asked = false;
		recheck_done(recheck, &err, NULL);
		return;
	}
	http_request_init(&request, "GET", url);
	http_request_header(&request, "Range", "bytes=0-0");
	if (file->etag)
		http_request_header(&request, "If-None-Match", file->etag);
	http_call_start(look->env->client, &request, &recheck->policy, &events);
	http_request_release(&request);
}
