/*
 * One POST of a notice, signed as Standard Webhooks has it. The URL's path and query
 * may be secret: only its host is ever named.
 */
#include <config.h>

#include "flow/courier_parts.h"

#include "base/clock.h"
#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>

#define POST_TOTAL_MS   30000
#define POST_STALL_MS   15000
#define POST_ANSWER_MAX (64u * 1024)

static void on_answer(
	void *arg, const struct err *err, const struct http_response *answer)
{
	struct job *job = arg;
	const char *event = job->notice.event;
	char host[256] = "its target";
	job->call = NULL;
	http_url_host(job->rule->notify, host, sizeof(host), NULL);
	if (job->stopping && !answer)
		job_stopped(job);
	else if (!answer)
		job_end(job, JOB_AGAIN, 0, "%s could not be told that it is %s: %s",
			host, event, err->text);
	else if (answer->status >= 200 && answer->status < 300)
		job_end(job, JOB_DONE, 0, "%s was told that it is %s", host, event);
	else if (answer->status == 410)
		job_end(job, JOB_OVER, 0,
			"%s answered 410 when told that it is %s: it wants to hear no "
			"more; "
			"take notify out of [rule %s], or give it another target",
			host, event, job->rule->name);
	else
		job_end(job, JOB_AGAIN, answer->retry_after_ms,
			"%s answered %d when told that it is %s", host, answer->status,
			event);
}

static int make_request(struct job *job, struct http_request *request, struct err *err)
{
	const struct notice *notice = &job->notice;
	int64_t at_s = clock_system.wall_ns() / NS_PER_S;
	struct buf secret, signature;
	char at[32];
	const char *text = job->rule->notify_secret ? job->rule->notify_secret : "";
	if (notice_secret(text, &secret, err) != 0)
		return err_wrap(err, "notify_secret of [rule %s]", job->rule->name);
	snprintf(at, sizeof(at), "%lld", (long long)at_s);
	buf_init(&signature, 128);
	notice_sign(&secret, notice->key, at_s, notice->body, &signature);
	http_request_init(request, "POST", mem_strdup(job->rule->notify));
	request->body = mem_strdup(notice->body);
	http_request_header(request, "Content-Type", "application/json");
	http_request_header(request, "webhook-id", notice->key);
	http_request_header(request, "webhook-timestamp", at);
	http_request_header(request, "webhook-signature", buf_text(&signature));
	buf_release(&signature);
	mem_free_secret(buf_steal(&secret));
	return 0;
}

void job_post(struct job *job, struct http_client *client)
{
	const struct workspace_config *ws = job->ws;
	const struct http_policy policy = {
		.allow_private = ws->allow_private,
		.ca_file = ws->ca_file,
		.proxy = ws->proxy,
		.connect_timeout_ms =
			job->settings->config->transfer.connect_timeout_ms,
		.low_speed_ms = POST_STALL_MS,
		.low_speed_bytes = 1,
		.total_ms = POST_TOTAL_MS,
	};
	struct http_request request;
	struct err err = { 0 };
	if (make_request(job, &request, &err) != 0) {
		job_end(job, JOB_AGAIN, 0, "%s", err.text);
		return;
	}
	job->call =
		http_fetch(client, &request, &policy, POST_ANSWER_MAX, on_answer, job);
	http_request_release(&request);
}
