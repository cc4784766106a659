/*
 * A job: what may happen next. Every event (an answer's end, a step's end, an order,
 * the tick) changes what is known and calls job_advance(), which starts whatever is
 * possible now. A job that ends (its error is set, or it has succeeded) waits until its
 * call, blocks and pool work have come back, keeps or removes its file, reports, and is
 * freed: one way out for every ending.
 *
 *   open ──► receive ──► check ──► sealed ──► place ──► end
 *     ▲         ▲──────────┤                             ▲
 *     └────────────────────┴── not what was recorded     └── from everywhere
 */
#include <config.h>

#include "flow/transfer_priv.h"

#include "base/clock.h"
#include "base/http.h"
#include "base/mem.h"
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define B(state) (1u << (unsigned)(state))
static const unsigned job_moves[JOB_STATE_COUNT] = {
#define JOB_STATE_NEXT(id, name, next) [id] = next,
	JOB_STATES(JOB_STATE_NEXT)
#undef JOB_STATE_NEXT
};

static void job_move(struct job *job, enum job_state state)
{
	assert(job_moves[job->state] & B(state));
	job->state = state;
}

/* ---- made and freed ---- */

static void step_done(struct job *job);
static void sync_done(struct job *job);
static void hash_done(struct job *job);

static const struct job_hooks job_hooks = {
	.advance = job_advance,
	.more = job_more_calls,
	.step_done = step_done,
	.sync_done = sync_done,
	.hash_done = hash_done,
	.go_on = job_update_pause,
};

static void copy_part(struct job *job, const struct transfer_spec *spec)
{
	char name[256];

	if (spec->part)
		part_copy(&job->part, spec->part);
	else
		job->part.total = -1;
	if (!job->part.key)
		job->part.key = mem_strdup(spec->key);
	if (!job->part.name) {
		archive_part_name(spec->row, spec->key, name);
		job->part.name = mem_strdup(name);
	}
	if (job->part.etag && !etag_is_strong(job->part.etag))
		mem_replace(&job->part.etag, NULL);
	job->told = job->claimed = part_bytes(&job->part) > 0 || job->part.placing;
}

struct job *job_new(uint64_t id, const struct transfer_spec *spec,
	const struct transfers_options *options)
{
	struct job *job = mem_alloc(sizeof(*job));

	job->hooks = &job_hooks;
	job->id = id;
	job->row = spec->row;
	job->role = spec->role;
	job->mode = spec->mode;
	job->content = spec->content == CONTENT_BY_ROLE ? content_of(spec->role)
							: spec->content;
	job->slice_first = spec->slice_first;
	job->slice_bytes = spec->slice_bytes;
	job->key = mem_strdup(spec->key);
	job->url = mem_strdup(spec->url);
	job->path_stem = mem_strdup(spec->path_stem);
	job->replaces = mem_strdup(spec->replaces);
	job->sync_later = spec->sync_later;
	job->ca_file = mem_strdup(spec->ca_file);
	job->proxy = mem_strdup(spec->proxy);
	for (size_t i = 0; spec->media_hosts && i < spec->media_hosts->count; i++)
		text_list_add(&job->media_hosts, spec->media_hosts->items[i]);
	job->allow_private = spec->allow_private;
	job->expected_bytes = spec->expected_bytes;
	job->mtime_ns = spec->mtime_ns;
	job->keep_free_bytes = spec->keep_free_bytes;
	job->connect_timeout_ms = options->connect_timeout_ms;
	job->low_speed_bytes = options->low_speed_bytes;
	job->low_speed_ms = options->low_speed_ms;
	job->allowance.name[LIMIT_TOTAL] = mem_strdup("");
	job->allowance.name[LIMIT_WORKSPACE] = mem_strdup(spec->workspace);
	if (spec->rule && spec->rule[0])
		job->allowance.name[LIMIT_RULE] = mem_strdup(spec->rule);
	job->segments = spec->mode == TRANSFER_SEGMENT ? 1 : options->segments;
	job->segment_min = options->segment_min;
	copy_part(job, spec);
	if (http_url_host(job->url, job->host, sizeof(job->host), NULL))
		job->host[0] = '\0';
	job->fd = -1;
	job->hash = sha256_new();
	job->checked.duration_ms = -1;
	STAILQ_INIT(&job->filled);
	TAILQ_INIT(&job->ranges);
	TAILQ_INIT(&job->dropped);
	ranges_reset(job);
	return job;
}

void job_free(struct job *job)
{
	assert(job->fd < 0 && job->blocks == 0 && TAILQ_EMPTY(&job->dropped));
	free(job->key);
	mem_free_secret(job->url);
	free(job->path_stem);
	free(job->replaces);
	free(job->ca_file);
	mem_free_secret(job->proxy);
	free(job->path);
	for (int i = 0; i < LIMIT_KINDS; i++)
		free(job->allowance.name[i]);
	text_list_release(&job->media_hosts);
	part_release(&job->part);
	ranges_free(job);
	sha256_free(job->hash);
	free(job);
}

/* ---- ending ---- */

static void succeed(struct job *job)
{
	job->ending = true;
	job->succeeded = true;
	err_clear(&job->err);
}

void job_cancel(struct job *job, bool discard, const char *why)
{
	struct err err;

	if (job->state != JOB_END && discard)
		job->discard = true;
	err_set(&err, ERR_CANCELLED, "%s", why);
	job_fail(job, &err);
	job_advance(job);
}

static void cancel_calls(struct job *job)
{
	struct range *range;

	for (range = TAILQ_FIRST(&job->ranges); range; range = TAILQ_NEXT(range, link))
		if (range->call)
			http_call_cancel(range->call);
}

static void advance_end(struct job *job)
{
	if (job->state == JOB_END)
		return;
	cancel_calls(job);
	if (job_calls(job) > 0 || !TAILQ_EMPTY(&job->dropped) || !job_quiet(job))
		return;
	if (!job->succeeded && !job->discard && !job->reject && job->sniffed)
		job_flush(job, true);
	job_drop_blocks(job);
	job_move(job, JOB_END);
	if (job->succeeded)
		job_close_now(job);
	else
		job_queue_step(job, STEP_END);
}

static void ended(struct job *job)
{
	if (!job->succeeded && !job->discard) {
		if (job->reject)
			part_forget(&job->part);
		else if (job->step_err.class == ERR_NONE && !job->sync_failed &&
			 job_unheld(job) > 0)
			ranges_held(job, true);
		if (part_bytes(&job->part) > 0 || job->told)
			job_report_part(job);
	}
	job_report_done(job);
	throttle_leave(job);
	TAILQ_REMOVE(&job->station->jobs, job, link);
	job_free(job);
}

/* ---- going on ---- */

void job_begin(struct job *job)
{
	job->state = JOB_OPEN;
	if (!job_open_now(job))
		job_queue_step(job, STEP_OPEN);
}

static void advance_again(struct job *job)
{
	if (job_calls(job) > 0 || !job_quiet(job))
		return;
	job_go_again(job);
	job_advance(job);
}

/* Once its size is known, and only for what would not be written in one go anyway. */
static bool advance_reserve(struct job *job)
{
	if (!job->reserve)
		return false;
	if (job_quiet(job)) {
		job->reserve = false;
		job_queue_step(job, STEP_RESERVE);
		job_update_pause(job);
	}
	return job->step_busy;
}

static void advance_receive(struct job *job)
{
	if (job->step_busy || advance_reserve(job))
		return;
	if (job->again_why) {
		advance_again(job);
		return;
	}
	if (!job->body_done && job_calls(job) == 0) {
		if (!job->station->paused)
			range_call(ranges_idle(job));
		return;
	}
	if (job->answered || job->body_done)
		job_catch_up(job);
	if (job->body_done && job_calls(job) == 0 && STAILQ_EMPTY(&job->filled) &&
		job_quiet(job)) {
		job_move(job, JOB_CHECK);
		if (!job->verify) /* or it may yet be fetched anew */
			job_report_received(job);
		job_queue_step(job, STEP_SEAL);
	}
}

void job_advance(struct job *job)
{
	if (job->ending)
		advance_end(job);
	else if (job->state == JOB_RECEIVE)
		advance_receive(job);
	/* In every other state a step or the owner is awaited. */
}

void job_tick(struct job *job)
{
	if (job->state == JOB_RECEIVE && !job->ending) {
		if (job->sniffed && !job->body_done)
			job_flush(job, true);
		job_update_pause(job);
		job_rates(job, uv_now(job->station->loop));
		job_more_calls(job);
	}
	job_report_progress(job);
	job_advance(job);
}

void job_place(struct job *job)
{
	if (job->state != JOB_SEALED || job->ending)
		return;
	job_move(job, JOB_PLACE);
	job_queue_step(job, STEP_PLACE);
}

/* ---- what came back from the pool ---- */

static const char *why_not_resume(struct job *job)
{
	const struct part *part = &job->part;
	if (part_bytes(part) == 0)
		return NULL;
	if (ranges_restore(job))
		return "the staging file is not what was recorded: started over";
	if (!part->etag && !part->last_modified)
		return "the source gave no validator to resume with: started over";
	return NULL;
}

/* All of it is here already, or nothing to go on with. */
static void opened_staged(struct job *job)
{
	struct err err;

	if (job->file_size == 0) {
		err_set(&err, ERR_TRANSIENT, "the staging file %s has gone",
			job->part.name);
		job->reject = true;
		job_fail(job, &err);
		return;
	}
	/* Its way to the disk begins while it is hashed. */
	sync_file_range(job->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	ranges_fill(job, job->file_size);
	job->part.total = job->file_size;
	job->body_done = job->sniffed = true;
}

static void opened(struct job *job)
{
	const struct part *part = &job->part;
	const char *why = why_not_resume(job);

	job_move(job, JOB_RECEIVE);
	if (job->found_placed ||
		(part->placing && part->sha256[0] && part->held > 0 &&
			part->held == part->total && part->held <= job->file_size)) {
		ranges_fill(job, part->held);
		job->verify = job->body_done = job->sniffed = true;
	} else if (job->mode == TRANSFER_STAGED) {
		opened_staged(job);
	} else if (part_bytes(part) > 0 && !why) {
		job->body_done = job->sniffed = ranges_complete(job);
		mem_replace(&job->part.placing, NULL);
	} else {
		job_start_over(job, why);
	}
}

static void fail_differs(struct job *job)
{
	struct err err;

	err_set(&err, ERR_TRANSIENT, "the staging file %s is not what was recorded",
		job->part.name);
	job->reject = !job->found_placed;
	job_fail(job, &err);
}

/* Not the file that was recorded. In the archive: somebody else's, look for the part
 * itself. In staging: worthless. */
static void differs(struct job *job)
{
	if (job->mode == TRANSFER_STAGED) {
		fail_differs(job);
		return;
	}
	if (!job->found_placed) {
		job_move(job, JOB_RECEIVE);
		job_start_over(
			job, "the staging file is not what was recorded: started over");
		return;
	}
	mem_replace(&job->part.placing, NULL);
	job->part.sha256[0] = '\0';
	job->found_placed = job->verify = job->body_done = job->sniffed = false;
	ranges_reset(job);
	job->hashed = 0;
	job_move(job, JOB_OPEN);
	job_queue_step(job, STEP_OPEN);
}

static void sealed(struct job *job)
{
	if (job->differs) {
		differs(job);
		return;
	}
	if (job->found_placed || job->mode == TRANSFER_SEGMENT) {
		succeed(job);
		return;
	}
	job->part.held = job->part.total = job_written(job);
	mem_replace(&job->part.ranges, NULL);
	mem_replace(&job->part.placing, job->path);
	memcpy(job->part.sha256, job->sha256, sizeof(job->part.sha256));
	job_move(job, JOB_SEALED);
	job_report_sealed(job);
}

/* A file that fails its checks is of no use; a disk that fails is not the file's fault.
 */
static void step_failed(struct job *job)
{
	if (job->step == STEP_SEAL && job->step_err.class != ERR_LOCAL) {
		job->reject = !job->found_placed;
		err_wrap(&job->step_err, "%s", job->host);
	}
	if (job->step == STEP_PLACE && job->step_err.class == ERR_EXISTS) {
		mem_replace(&job->part.placing, NULL);
		job->part.sha256[0] = '\0';
	}
	job_fail(job, &job->step_err);
}

static void step_done(struct job *job)
{
	if (job->step == STEP_END) {
		ended(job);
		return;
	}
	job_drop_whole(job);
	if (job->step_err.class != ERR_NONE)
		step_failed(job);
	else if (job->step == STEP_PLACE)
		succeed(job); /* also when told to stop meanwhile: it is there */
	else if (job->step == STEP_RENEW)
		job->claimed = false;
	else if (job->step == STEP_RESERVE)
		;
	else if (job->ending)
		;
	else if (job->step == STEP_OPEN)
		opened(job);
	else
		sealed(job);
	if ((job->step == STEP_RENEW || job->step == STEP_RESERVE) && !job->ending) {
		job_flush(job, false);
		job_update_pause(job);
	}
	job_advance(job);
}

static void sync_done(struct job *job)
{
	char free_text[32];
	struct err err;

	if (job->sync_err.class != ERR_NONE) {
		job->sync_failed = true;
		job_fail(job, &job->sync_err);
	} else {
		job->name_synced = true;
		ranges_held(job, false);
		job_report_part(job);
	}
	if (!job->ending && job->sync_free < job->keep_free_bytes) {
		size_format_human(job->sync_free, free_text);
		err_set(&err, ERR_LOCAL,
			"the archive's disk is too full: only %s are free", free_text);
		job_fail(job, &err);
	}
	job_sync_if_due(job);
	job_advance(job);
}

static void hash_done(struct job *job)
{
	if (job->hash_err.class != ERR_NONE) {
		job_fail(job, &job->hash_err);
	} else {
		job->hashed = job->hash_to;
	}
	job_advance(job);
}
