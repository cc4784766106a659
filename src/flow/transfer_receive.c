/*
 * Receiving: one HTTP call (a second one only when the first answer was of no use for a
 * part) and the blocks of its body. curl brings at most 16 KiB at a time; they are
 * collected to blocks, each written with one pwrite and passed on to the hasher. Too
 * many blocks on their way pause the call, and so does the throttle: that is all the
 * flow control there is.
 *
 * Nothing here ends a job: callbacks of the call mark it with job_fail() and stop the
 * call; job_advance() goes on when the call has ended.
 */
#include <config.h>

#include "flow/transfer_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "core/rule.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REDIRECTS      5
#define BLOCKS_MAX     6 /* of one transfer, before its call pauses */
#define SYNC_BYTES     (INT64_C(8) << 20)
#define SYNC_MS        1000
#define ERROR_BODY_MAX 4096

/* ---- blocks ---- */

static int write_all(int fd, const unsigned char *data, size_t len, int64_t at)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, data, len, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
		at += n;
	}
	return 0;
}

static void write_failed(struct job *job, int errnum)
{
	struct err err;
	err_sys(&err, err_class_of_errno(errnum), errnum,
		"cannot write the staging file");
	job->write_failed = true; /* a later block must not take this one's place */
	job_fail(job, &err);
}

static void write_block(struct job *job, struct block *block)
{
	if (write_all(job->fd, block->data, block->len, job->written)) {
		write_failed(job, errno);
		block_give_back(block);
		return;
	}
	job->written += (int64_t)block->len;
	metric_add(METRIC_TRANSFER_BYTES, NULL, (double)block->len);
	if (!job->live || job->ending) {
		block_give_back(block);
		return;
	}
	job->hashed = job->written;
	job->at_hasher++;
	block->hash = job->hash;
	block->reply = job->station->inbox;
	block->hashed = job_block_hashed;
	hasher_post(job->station->hasher, block);
}

void job_block_hashed(struct block *block)
{
	struct job *job = block->job;
	job->at_hasher--;
	block_give_back(block);
	if (!job->ending)
		job_update_pause(job);
	job->hooks->advance(job);
}

void job_flush(struct job *job, bool partial)
{
	struct block *block = job->current;
	if (block && block->len > 0 && (partial || block->len == BLOCK_BYTES)) {
		STAILQ_INSERT_TAIL(&job->filled, block, queue);
		job->current = NULL;
	}
	while (!job->step_busy && job->fd >= 0 && !job->write_failed &&
		(block = STAILQ_FIRST(&job->filled))) {
		STAILQ_REMOVE_HEAD(&job->filled, queue);
		write_block(job, block);
	}
	job_sync_if_due(job);
}

void job_drop_blocks(struct job *job)
{
	struct block *block;
	if (job->current)
		block_give_back(job->current);
	job->current = NULL;
	while ((block = STAILQ_FIRST(&job->filled))) {
		STAILQ_REMOVE_HEAD(&job->filled, queue);
		block_give_back(block);
	}
}

void job_sync_if_due(struct job *job)
{
	int64_t waiting = job->written - job->part.held;
	uint64_t now = uv_now(job->station->loop);

	if (job->state != JOB_RECEIVE || job->ending || job->body_done ||
		job->sync_busy || job->step_busy || waiting <= 0)
		return;
	if (waiting < SYNC_BYTES && now - job->synced_at < SYNC_MS)
		return;
	job->synced_at = now;
	job_queue_sync(job);
}

void job_update_pause(struct job *job)
{
	bool pause = job->station->paused || job->step_busy ||
		     job->blocks >= BLOCKS_MAX || blocks_scarce(job) ||
		     throttle_stops(job);
	if (!job->call || pause == job->call_paused)
		return;
	job->call_paused = pause;
	if (pause)
		http_call_pause(job->call);
	else
		http_call_resume(job->call);
}

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
	int64_t need = job->part.total >= 0 ? job->part.total - job->written : 0;
	char need_text[32], free_text[32], keep_text[32];

	int rc = archive_space(job->station->archive, &free_bytes, &total, err);
	if (rc || need <= free_bytes - job->keep_free_bytes)
		return rc;
	size_format_human(need, need_text);
	size_format_human(free_bytes, free_text);
	size_format_human(job->keep_free_bytes, keep_text);
	return err_set(err, ERR_LOCAL,
		"the archive's disk is too full: %s are needed, %s are free, and %s of "
		"them are to stay free",
		need_text, free_text, keep_text);
}

/* Take over what the head says about the file. False: the job fails. */
static bool adopt(struct job *job, const struct http_head *head, int64_t total)
{
	struct err err;

	if (total >= 0)
		job->part.total = total;
	if (etag_is_strong(head->etag))
		mem_replace(&job->part.etag, head->etag);
	if (head->last_modified[0])
		mem_replace(&job->part.last_modified, head->last_modified);
	if (job->part.total >= 0 &&
		check_size(job->role, job->part.total, job->expected_bytes, &err)) {
		fail_answer(job, &err, true);
		return false;
	}
	if (check_space(job, &err)) {
		job_fail(job, &err);
		return false;
	}
	job->answered = true;
	job->arrived = job->written;
	return true;
}

static bool take_whole(struct job *job, const struct http_head *head)
{
	if (job->written > 0)
		job_start_over(
			job, job->part.etag && strcmp(job->part.etag, head->etag) != 0
				     ? "the file changed at the source: started over"
				     : "the server does not resume: started over");
	return adopt(job, head,
		head->status == 206 ? head->range_total : head->content_length);
}

static bool take_rest(struct job *job, const struct http_head *head)
{
	char held[32];

	if (!adopt(job, head, head->range_total))
		return false;
	job->sniffed = true;
	job->resumed_from = job->written;
	size_format_human(job->written, held);
	job_report_note(job, "resumed at %s", held);
	job_catch_up(job);
	return true;
}

static bool on_head(void *arg, const struct http_head *head)
{
	struct job *job = arg;
	const char *why = NULL;
	struct err err;

	if (job->ending)
		return false;
	snprintf(job->host, sizeof(job->host), "%s", head->host);
	switch (answer_judge(head, &job->part, job->written, &why, &err)) {
	case ANSWER_BODY:
		return take_whole(job, head);
	case ANSWER_REST:
		return take_rest(job, head);
	case ANSWER_HAVE:
		if (adopt(job, head, job->written))
			job->body_done = true;
		return false;
	case ANSWER_ANEW:
		job->again_why = why;
		return false;
	case ANSWER_READ:
		job->reads_error = true;
		return true;
	case ANSWER_REFUSED:
		job_fail(job, &err);
		return false;
	}
	return false;
}

/* ---- the body ---- */

static bool check_room(struct job *job, size_t len)
{
	struct err err;
	int64_t total = job->part.total;

	job->received += (int64_t)len;
	job->arrived += (int64_t)len;
	if (total >= 0 && job->arrived > total) {
		err_set(&err, ERR_TRANSIENT, "sent more bytes than it announced");
		fail_answer(job, &err, true);
		return false;
	}
	if (job->arrived > role_max_bytes(job->role)) {
		check_size(job->role, job->arrived, -1, &err);
		fail_answer(job, &err, true);
		return false;
	}
	return true;
}

/* Before the first byte is written: is it what it should be? */
static bool check_first_bytes(struct job *job, bool all)
{
	const struct block *block = job->current;
	struct err err;
	size_t len = block ? block->len : 0;

	if (job->sniffed || (len < SNIFF_BYTES && !all))
		return true;
	if (len > 0 && check_beginning(job->role, block->data,
			       len < SNIFF_BYTES ? len : SNIFF_BYTES, &err)) {
		fail_answer(job, &err, true);
		return false;
	}
	job->sniffed = true;
	return true;
}

static bool on_data(void *arg, const void *data, size_t len)
{
	struct job *job = arg;
	const char *from = data;

	if (job->ending)
		return false;
	if (job->reads_error)
		return buf_append(&job->error_body, data, len) == 0;
	if (!check_room(job, len))
		return false;
	throttle_take(job, len);
	while (len > 0 && !job->ending) {
		struct block *block = job->current;
		if (!block)
			block = job->current = block_take(job);
		size_t n =
			BLOCK_BYTES - block->len < len ? BLOCK_BYTES - block->len : len;
		memcpy(block->data + block->len, from, n);
		block->len += n;
		from += n;
		len -= n;
		if (!check_first_bytes(job, false))
			return false;
		if (block->len == BLOCK_BYTES)
			job_flush(job, false);
	}
	job_update_pause(job);
	return !job->ending;
}

static void body_complete(struct job *job)
{
	char got[32], total[32];
	struct err err;

	if (!job->answered) {
		err_set(&err, ERR_TRANSIENT, "no answer came");
		job_fail(job, &err);
		return;
	}
	if (!check_first_bytes(job, true))
		return;
	if (job->part.total >= 0 && job->arrived < job->part.total) {
		bytes_format(job->arrived, got);
		bytes_format(job->part.total, total);
		err_set(&err, ERR_TRANSIENT, "the answer ended at %s of %s bytes", got,
			total);
		fail_answer(job, &err, false);
		return;
	}
	if (check_size(job->role, job->arrived, job->expected_bytes, &err)) {
		fail_answer(job, &err, true);
		return;
	}
	job->part.total = job->arrived;
	job->body_done = true;
	throttle_leave(job);
	job_flush(job, true);
}

/* Once: a server whose answers never fit the part is not asked for ever. */
static void go_again(struct job *job)
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
	job_start_over(job, why);
}

static void on_done(void *arg, const struct err *err, const struct http_head *head)
{
	struct job *job = arg;
	struct err told;

	job->call = NULL;
	job->call_paused = false;
	outlet_give_back(job->outlet);
	if (job->ending || job->body_done)
		;
	else if (job->again_why)
		go_again(job);
	else if (job->reads_error && head) {
		answer_explained(head, buf_text(&job->error_body), &told);
		job_fail(job, &told);
	} else if (err->class != ERR_NONE)
		job_fail(job, err);
	else
		body_complete(job);
	job->hooks->advance(job);
}

/* ---- the request ---- */

static bool host_allowed(void *arg, const char *host)
{
	const struct job *job = arg;
	return glob_list_match(&job->media_hosts, host);
}

static void fill_request(const struct job *job, struct http_request *request)
{
	const char *validator =
		job->part.etag ? job->part.etag : job->part.last_modified;
	char range[48];

	http_request_init(request, "GET", mem_strdup(job->url));
	http_request_header(request, "Accept-Encoding", "identity");
	if (job->written == 0)
		return;
	assert(validator);
	snprintf(range, sizeof(range), "bytes=%lld-", (long long)job->written);
	http_request_header(request, "Range", range);
	http_request_header(request, "If-Range", validator);
}

void job_call(struct job *job)
{
	struct http_call_events events = {
		.head = on_head,
		.data = on_data,
		.done = on_done,
		.arg = job,
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
	buf_release(&job->error_body);
	buf_init(&job->error_body, ERROR_BODY_MAX);
	job->answered = false;
	job->reads_error = false;
	job->synced_at = uv_now(job->station->loop);
	fill_request(job, &request);
	struct http_client *client = outlet_take(job->station, &job->outlet);
	job->call = http_call_start(client, &request, &job->policy, &events);
	http_request_release(&request);
	job_update_pause(job);
}
