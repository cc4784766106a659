/*
 * Receiving: the HTTP calls of a job's ranges, what their answers mean for the job, and
 * how they end. The first call decides whether a part goes on or begins anew; a further
 * one that is refused only shows that there shall be no more.
 *
 * Nothing here ends a job: callbacks of a call mark it with job_fail() and stop the
 * call; job_advance() goes on when all calls have ended.
 */
#include <config.h>

#include "flow/transfer_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "core/rule.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REDIRECTS      5
#define ERROR_BODY_MAX 4096
#define RESERVE_FROM   (INT64_C(16) << 20)

/* ---- the answer ---- */

/* The sentence begins with who said it. */
static void fail_answer(struct job *job, const struct err *err, bool reject)
{
	struct err told = *err;
	err_wrap(&told, "%s", job->host);
	job->reject = job->reject || reject;
	job_fail(job, &told);
}

/* Room for the rest of the file, and for what must stay free. */
static int check_space(const struct job *job, struct err *err)
{
	int64_t free_bytes, total;
	int64_t need = job->part.total >= 0 ? job->part.total - job_written(job) : 0;
	char need_text[32], free_text[32], keep_text[32];

	int rc = archive_space(job->station->archive, &free_bytes, &total, err);
	if (rc || need <= free_bytes - job->keep_free_bytes)
		return rc;
	size_format_human(need, need_text);
	size_format_human(free_bytes, free_text);
	size_format_human(job->keep_free_bytes, keep_text);
	if (free_bytes < job->keep_free_bytes)
		return err_set(err, ERR_LOCAL,
			"the archive's disk is too full: %s are free, and %s are to stay "
			"free",
			free_text, keep_text);
	return err_set(err, ERR_NO_ROOM,
		"there is no room for it on the archive's disk: %s are needed, %s are "
		"free, and %s of them are to stay free",
		need_text, free_text, keep_text);
}

/* Everything is fetched anew, once all calls have ended. */
static void want_anew(struct job *job, const char *why)
{
	struct range *range;

	job->again_why = why;
	for (range = TAILQ_FIRST(&job->ranges); range; range = TAILQ_NEXT(range, link))
		if (range->call)
			http_call_cancel(range->call);
}

/* Take over what the head says about the file. False: the job fails, or begins anew. */
static bool adopt(struct range *range, const struct http_head *head, int64_t total)
{
	struct job *job = range->job;
	bool first = !job->answered;
	struct err err;

	if (total >= 0 && !ranges_set_total(job, total)) {
		want_anew(job, "the file changed at the source: started over");
		return false;
	}
	/* Not written again as it is: a step on the pool may be reading it. */
	if ((total >= 0 || head->status == 200) && job->part.total != total)
		job->part.total = total;
	if (etag_is_strong(head->etag))
		mem_replace(&job->part.etag, head->etag);
	if (head->last_modified[0])
		mem_replace(&job->part.last_modified, head->last_modified);
	if (total >= 0 && check_size(job->content, total, job->expected_bytes, &err)) {
		fail_answer(job, &err, true);
		return false;
	}
	if (first && check_space(job, &err)) {
		job_fail(job, &err);
		return false;
	}
	job->reserve = job->reserve || (first && total >= RESERVE_FROM);
	job->answered = range->answered = true;
	job_ramp_answered(job, range, head->accept_ranges || head->status == 206);
	return true;
}

static const char *why_whole(const struct job *job, const struct http_head *head)
{
	return job->part.etag && strcmp(job->part.etag, head->etag) != 0
		       ? "the file changed at the source: started over"
		       : "the server does not resume: started over";
}

/* The whole file comes, wanted or not. */
static bool take_whole(struct range *range, const struct http_head *head)
{
	struct job *job = range->job;
	int64_t total = head->status == 206 ? head->range_total : head->content_length;

	if (job_calls(job) > 1) {
		err_set(&range->err, ERR_TRANSIENT,
			"%s answered with the whole file instead of a range of it",
			head->host);
		return false;
	}
	if (job_arrived(job) > 0) {
		if (range != job_front(job) || !job_quiet(job)) {
			want_anew(job, why_whole(job, head));
			return false;
		}
		job_drop_blocks(job);
		job_start_over(job, why_whole(job, head));
	}
	range->answer_end = total;
	return adopt(range, head, total);
}

static bool take_rest(struct range *range, const struct http_head *head)
{
	struct job *job = range->job;
	bool first = !job->answered;
	char held[32];

	range->answer_end = head->range_last + 1;
	if (!adopt(range, head, head->range_total))
		return false;
	if (!first || job_arrived(job) == 0)
		return true;
	job->sniffed = job->sniffed || job_front(job)->arrived > 0;
	job->resumed_from = job_arrived(job);
	size_format_human(job->resumed_from, held);
	job_report_note(job, "resumed at %s", held);
	job_catch_up(job);
	return true;
}

static bool on_head(void *arg, const struct http_head *head)
{
	struct range *range = arg;
	struct job *job = range->job;
	struct http_head slice;
	const char *why = NULL;

	if (job->ending || job->again_why)
		return false;
	snprintf(job->host, sizeof(job->host), "%s", head->host);
	if (job->slice_bytes > 0) {
		slice = *head;
		if (answer_slice(
			    &slice, job->slice_first, job->slice_bytes, &range->err))
			return false;
		head = &slice;
	}
	switch (answer_judge(head, &job->part, range->asked_from, &why, &range->err)) {
	case ANSWER_BODY:
		return take_whole(range, head);
	case ANSWER_REST:
		return take_rest(range, head);
	case ANSWER_HAVE:
		if (adopt(range, head, range->arrived))
			range->end = range->arrived;
		return false;
	case ANSWER_ANEW:
		want_anew(job, why);
		return false;
	case ANSWER_READ:
		range->reads_error = true;
		return true;
	case ANSWER_REFUSED:
		return false;
	}
	return false;
}

/* ---- the body ---- */

/* How many of @len bytes this range still takes; -1: the job fails. */
static int64_t check_room(struct range *range, int64_t len)
{
	struct job *job = range->job;
	struct err err;
	int64_t room = range->end < 0 ? len : range->end - range->arrived;
	bool ours = range->answer_end < 0 || range->answer_end == range->end;

	if (len > room && ours) {
		err_set(&err, ERR_TRANSIENT, "sent more bytes than it announced");
		fail_answer(job, &err, true);
		return -1;
	}
	if (range->end < 0 && range->arrived + len > content_max_bytes(job->content)) {
		check_size(job->content, range->arrived + len, -1, &err);
		fail_answer(job, &err, true);
		return -1;
	}
	return len < room ? len : room;
}

/* What lies beyond the range is another call's, so a complete range ends its call; but
 * not when the other one has not even been answered. */
static bool goes_on(struct range *range)
{
	struct http_call *ended;

	if (!range_complete(range) || range->answer_end == range->end)
		return true;
	if (!range_swallow(range, &ended))
		return false;
	if (ended)
		http_call_cancel(ended);
	return true;
}

static bool on_data(void *arg, const void *data, size_t len)
{
	struct range *range = arg;
	struct job *job = range->job;
	const char *from = data;
	int64_t take;

	if (job->ending || job->again_why)
		return false;
	if (range->reads_error)
		return buf_append(&range->error_body, data, len) == 0;
	throttle_take(job, len);
	range->came_at = uv_now(job->station->loop);
	do {
		take = check_room(range, (int64_t)len);
		if (take < 0 || !range_take(range, from, (size_t)take) ||
			!goes_on(range))
			return false;
		from += take;
		len -= (size_t)take;
	} while (len > 0);
	job->hooks->more(job);
	return true;
}

static void fail_short(struct job *job)
{
	char got[32], total[32];
	struct err err;

	bytes_format(job_arrived(job), got);
	bytes_format(job->part.total, total);
	err_set(&err, ERR_TRANSIENT, "the answer ended at %s of %s bytes", got, total);
	fail_answer(job, &err, false);
}

/* ---- the end of a call ---- */

static void end_body(struct job *job)
{
	struct err err;
	int64_t size = job_arrived(job);

	if (!ranges_complete(job) || job->body_done)
		return;
	assert(job->part.total < 0 || job->part.total == size);
	if (check_size(job->content, size, job->expected_bytes, &err)) {
		fail_answer(job, &err, true);
		return;
	}
	job->part.total = size;
	job->body_done = true;
	throttle_leave(job);
}

/* A call that has brought nothing it should: fatal only when it was the last. */
static void lost(struct range *range, const struct err *err)
{
	struct job *job = range->job;
	unsigned calls = job_calls(job);

	if (calls == 0) {
		job_fail(job, err);
		return;
	}
	ramp_refused(&job->ramp, (int)calls);
	range_unsplit(range);
}

static void body_ended(struct range *range)
{
	struct job *job = range->job;
	struct err err;

	if (!range->answered) {
		err_set(&err, ERR_TRANSIENT, "%s: no answer came", job->host);
		lost(range, &err);
		return;
	}
	if (range->end < 0) {
		range->end = range->arrived;
		range_take(range, "", 0);
	} else if (!range_complete(range) && range->arrived < range->answer_end &&
		   job_calls(job) == 0) {
		fail_short(job);
	}
}

/* Once: a server whose answers never fit the part is not asked for ever. */
void job_go_again(struct job *job)
{
	struct err err;
	const char *why = job->again_why;

	job->again_why = NULL;
	if (job->went_again) {
		err_set(&err, ERR_TRANSIENT, "its answers do not fit together");
		fail_answer(job, &err, true);
		return;
	}
	job->went_again = true;
	job_drop_blocks(job);
	job_start_over(job, why);
}

static void call_ended(
	struct range *range, const struct err *err, const struct http_head *head)
{
	struct job *job = range->job;
	struct err told;

	if (job->ending || job->again_why || range_complete(range)) {
		;
	} else if (range->reads_error && head) {
		answer_explained(head, buf_text(&range->error_body), &told);
		lost(range, &told);
	} else if (range->err.class != ERR_NONE) {
		told = range->err;
		lost(range, &told);
	} else if (err->class == ERR_CANCELLED && range->relieved) {
		; /* the next call asks for what is missing */
	} else if (err->class != ERR_NONE) {
		lost(range, err);
	} else {
		body_ended(range);
	}
}

static void on_done(void *arg, const struct err *err, const struct http_head *head)
{
	struct range *range = arg;
	struct job *job = range->job;

	range->call = NULL;
	range->call_paused = false;
	outlet_give_back(range->outlet);
	if (range->dropped)
		range_free(range);
	else
		call_ended(range, err, head);
	if (!job->ending && !job->again_why) {
		end_body(job);
		ranges_merge(job);
		job->hooks->more(job);
	}
	job->hooks->advance(job);
}

/* ---- the request ---- */

static bool host_allowed(void *arg, const char *host)
{
	const struct job *job = arg;
	return glob_list_match(&job->media_hosts, host);
}

/* A job with a slice has one range, so it always wants the slice's end. */
static void ask_slice(const struct job *job, int64_t from, struct http_request *request)
{
	char value[64];

	snprintf(value, sizeof(value), "bytes=%lld-%lld",
		(long long)(job->slice_first + from),
		(long long)(job->slice_first + job->slice_bytes - 1));
	http_request_header(request, "Range", value);
}

/* The whole file is asked for without a range: some servers answer that better. */
static void fill_request(const struct range *range, struct http_request *request)
{
	const struct job *job = range->job;
	const char *validator =
		job->part.etag ? job->part.etag : job->part.last_modified;
	bool to_the_end = range->end < 0 || range->end == job->part.total;
	char value[64];

	http_request_init(request, "GET", mem_strdup(job->url));
	http_request_header(request, "Accept-Encoding", "identity");
	if (job->slice_bytes > 0) {
		ask_slice(job, range->arrived, request);
		return;
	}
	if (range->arrived == 0 && to_the_end)
		return;
	assert(validator);
	if (to_the_end)
		snprintf(
			value, sizeof(value), "bytes=%lld-", (long long)range->arrived);
	else
		snprintf(value, sizeof(value), "bytes=%lld-%lld",
			(long long)range->arrived, (long long)range->end - 1);
	http_request_header(request, "Range", value);
	http_request_header(request, "If-Range", validator);
}

void range_call(struct range *range)
{
	struct job *job = range->job;
	struct http_call_events events = {
		.head = on_head,
		.data = on_data,
		.done = on_done,
		.arg = range,
	};
	struct http_request request;

	throttle_join(job);
	job->policy = (struct http_policy){
		.host_allowed = host_allowed,
		.arg = job,
		.allow_private = job->allow_private,
		.ca_file = job->ca_file,
		.proxy = job->proxy,
		.connect_timeout_ms = job->connect_timeout_ms,
		.low_speed_bytes = job->low_speed_bytes,
		.low_speed_ms = job->low_speed_ms,
		.redirects = REDIRECTS,
		.small_reads = job->allowance.limited,
	};
	buf_release(&range->error_body);
	buf_init(&range->error_body, ERROR_BODY_MAX);
	err_clear(&range->err);
	range->answered = range->reads_error = false;
	range->answer_end = -1;
	range->asked_from = range->arrived;
	range->seen = range->arrived;
	range->rate = 0;
	range->asked_at = range->came_at = uv_now(job->station->loop);
	if (job_calls(job) == 0)
		job->synced_at = range->asked_at;
	fill_request(range, &request);
	struct http_client *client = outlet_take(job->station, &range->outlet);
	range->call = http_call_start(client, &request, &job->policy, &events);
	http_request_release(&request);
	job_update_pause(job);
}
