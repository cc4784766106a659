/*
 * What arrives, on its way to the staging file and the hasher. curl brings at most
 * 16 KiB at a time; they are collected to blocks, each written with one pwrite and,
 * when the hash is just there, passed on to the hasher. Too many blocks on their way
 * pause the calls, and so does the throttle: that is all the flow control there is.
 *
 * Written bytes are handed to the disk soon, a little at a time: left to the kernel
 * they would gather, and every fsync of the house, a delivery's too, would wait behind
 * them.
 */
#include <config.h>

#include "flow/transfer_priv.h"

#include "base/metrics.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BLOCKS_MAX  6 /* of one transfer, besides those its calls fill */
#define PUSH_BYTES  (INT64_C(1) << 20)
#define SYNC_BYTES  (INT64_C(8) << 20)
#define SYNC_MIN_MS 250
#define SYNC_MS     1000

/* ---- out ---- */

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

/* Begin to write back what has been written; nobody waits for it. A segment is copied
 * at once: it need never reach the disk. */
static void push(struct job *job, int64_t bytes)
{
	job->pushed += bytes;
	if (job->pushed < PUSH_BYTES || job->mode == TRANSFER_SEGMENT)
		return;
	job->pushed = 0;
	sync_file_range(job->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

static void write_block(struct job *job, struct block *block)
{
	struct range *range = block->range;
	int64_t at = range->written;

	block->range = NULL;
	if (write_all(job->fd, block->data, block->len, at)) {
		write_failed(job, errno);
		block_give_back(block);
		return;
	}
	range->written += (int64_t)block->len;
	push(job, (int64_t)block->len);
	metric_add(METRIC_TRANSFER_BYTES, NULL, (double)block->len);
	if (job->mode == TRANSFER_SEGMENT || at != job->hashed || job->hash_busy ||
		job->ending) {
		block_give_back(block);
		return;
	}
	job->hashed = range->written;
	if (at == 0 && (int64_t)block->len == job->part.total) {
		job->whole = block;
		return;
	}
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

static void write_filled(struct job *job)
{
	struct block *block;

	while (!job->step_busy && job->fd >= 0 && !job->write_failed &&
		(block = STAILQ_FIRST(&job->filled))) {
		STAILQ_REMOVE_HEAD(&job->filled, queue);
		write_block(job, block);
	}
	job_sync_if_due(job);
}

static void queue_current(struct range *range)
{
	struct block *block = range->current;

	if (!block || block->len == 0)
		return;
	STAILQ_INSERT_TAIL(&range->job->filled, block, queue);
	range->current = NULL;
}

void range_flush(struct range *range)
{
	queue_current(range);
	write_filled(range->job);
}

void job_flush(struct job *job, bool partial)
{
	struct range *range;

	if (partial)
		for (range = TAILQ_FIRST(&job->ranges); range;
			range = TAILQ_NEXT(range, link))
			queue_current(range);
	write_filled(job);
}

void job_drop_blocks(struct job *job)
{
	struct block *block;
	struct range *range;

	for (range = TAILQ_FIRST(&job->ranges); range;
		range = TAILQ_NEXT(range, link)) {
		if (range->current)
			block_give_back(range->current);
		range->current = NULL;
	}
	while ((block = STAILQ_FIRST(&job->filled))) {
		STAILQ_REMOVE_HEAD(&job->filled, queue);
		block_give_back(block);
	}
	job_drop_whole(job);
}

void job_drop_whole(struct job *job)
{
	if (job->whole)
		block_give_back(job->whole);
	job->whole = NULL;
}

void job_sync_if_due(struct job *job)
{
	int64_t waiting = job_unheld(job);
	uint64_t now = uv_now(job->station->loop);

	if (job->state != JOB_RECEIVE || job->ending || job->body_done ||
		job->again_why || job->sync_busy || job->step_busy || waiting <= 0)
		return;
	if (now - job->synced_at < (waiting < SYNC_BYTES ? SYNC_MS : SYNC_MIN_MS))
		return;
	job->synced_at = now;
	job_queue_sync(job);
}

/* ---- in ---- */

void job_update_pause(struct job *job)
{
	unsigned calls = job_calls(job);
	bool pause = job->station->paused || job->step_busy || job->again_why ||
		     job->blocks >= BLOCKS_MAX + calls ||
		     (job->blocks > calls && blocks_scarce(job)) || throttle_stops(job);
	struct range *range;

	for (range = TAILQ_FIRST(&job->ranges); range;
		range = TAILQ_NEXT(range, link)) {
		if (!range->call || pause == range->call_paused)
			continue;
		range->call_paused = pause;
		if (pause)
			http_call_pause(range->call);
		else
			http_call_resume(range->call);
	}
}

/* Before the first byte is written: is it what it should be? */
static bool check_first_bytes(struct range *range)
{
	struct job *job = range->job;
	const struct block *block = range->current;
	size_t len = block ? block->len : 0;
	struct err err;

	if (job->sniffed || (len < SNIFF_BYTES && !range_complete(range)))
		return true;
	if (len > 0 && check_beginning(job->content, block->data,
			       len < SNIFF_BYTES ? len : SNIFF_BYTES, &err)) {
		err_wrap(&err, "%s", job->host);
		job->reject = true;
		job_fail(job, &err);
		return false;
	}
	job->sniffed = true;
	return true;
}

bool range_take(struct range *range, const char *data, size_t len)
{
	struct job *job = range->job;

	job->received += (int64_t)len;
	range->arrived += (int64_t)len;
	while (len > 0 && !job->ending) {
		struct block *block = range->current;
		if (!block)
			block = range->current = block_take(range);
		size_t n =
			BLOCK_BYTES - block->len < len ? BLOCK_BYTES - block->len : len;
		memcpy(block->data + block->len, data, n);
		block->len += n;
		data += n;
		len -= n;
		if (!check_first_bytes(range))
			return false;
		if (block->len == BLOCK_BYTES)
			range_flush(range);
	}
	if (range_complete(range) && !job->ending)
		range_flush(range);
	job_update_pause(job);
	return !job->ending;
}
