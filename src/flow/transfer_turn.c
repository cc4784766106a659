/*
 * Turns a job can take while it receives as well as between its states: it fails, it
 * drops what it has and starts over, its hash catches up, an answer is counted.
 */
#include <config.h>

#include "flow/transfer_priv.h"

#include "base/mem.h"
#include <assert.h>

#define RAMP_MS   15
#define HASH_STEP (INT64_C(32) << 20) /* so that a stop is heard soon */

/* Classes of the floors below that mean nothing to the owner. */
static enum err_class owners_class(enum err_class class)
{
	switch ((int)class) {
	case ERR_NOT_FOUND: /* the staging file went away: begin again */
		return ERR_TRANSIENT;
	case ERR_INPUT:
		return ERR_PERMANENT;
	default:
		return class;
	}
}

void job_fail(struct job *job, const struct err *err)
{
	if (job->ending)
		return;
	job->ending = true;
	job->err = *err;
	job->err.class = owners_class(err->class);
}

void part_forget(struct part *part)
{
	part->held = 0;
	mem_replace(&part->ranges, NULL);
	part->total = -1;
	part->sha256[0] = '\0';
	mem_replace(&part->etag, NULL);
	mem_replace(&part->last_modified, NULL);
	mem_replace(&part->placing, NULL);
}

bool job_quiet(const struct job *job)
{
	return !job->step_busy && !job->sync_busy && !job->hash_busy && !job->at_hasher;
}

void job_start_over(struct job *job, const char *why)
{
	assert(!job->sync_busy && !job->hash_busy && !job->at_hasher);
	if (why)
		job_report_note(job, "%s", why);
	part_forget(&job->part);
	sha256_free(job->hash);
	job->hash = sha256_new();
	ranges_reset(job);
	job->hashed = job->resumed_from = 0;
	job->ramp = (struct ramp){ 0 };
	job->verify = job->body_done = job->sniffed = job->answered = job->reserve =
		false;
	if (job->claimed)
		job_queue_step(job, STEP_RENEW);
}

void job_catch_up(struct job *job)
{
	int64_t front = job_front(job)->written;

	if (job->mode == TRANSFER_SEGMENT || job->hash_busy || job->at_hasher ||
		job->again_why || job->hashed >= front)
		return;
	job->hash_to =
		front - job->hashed > HASH_STEP ? job->hashed + HASH_STEP : front;
	job_queue_hash(job);
}

static int most_calls(const struct job *job)
{
	int64_t fits;

	if (job->segments <= 1 || (!job->part.etag && !job->part.last_modified))
		return 1;
	fits = job->part.total / job->segment_min;
	return fits < job->segments ? (int)fits : job->segments;
}

void job_start_ramp(struct job *job)
{
	struct station *station = job->station;

	if (!uv_is_active((uv_handle_t *)&station->ramp))
		uv_timer_start(&station->ramp, station->on_ramp, RAMP_MS, RAMP_MS);
}

void job_ramp_answered(struct job *job, struct range *range, bool ranges_known)
{
	uint64_t now = uv_now(job->station->loop);

	range->answer_ms = now - range->asked_at;
	range->came_at = now;
	if (job->ramp.most == 0)
		ramp_init(&job->ramp,
			ranges_known && job->part.total >= 0 ? most_calls(job) : 1);
	ramp_answered(&job->ramp, now, range->answer_ms);
	if (!job->ramp.settled)
		job_start_ramp(job);
}
