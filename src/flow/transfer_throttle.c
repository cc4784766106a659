/*
 * The throttle of a station: its jobs take turns under the limits that hold for them
 * (all downloads, a workspace's, a rule's).
 *
 * A turn is an allowance of 16 KiB, as much as curl hands over at once. It is paid from
 * the bucket of every limit the job is under, or, where one of them lacks the bytes,
 * the job waits, and its call is paused. Jobs get their turns in the order in which
 * they used up the last one, so under one limit each gets as much as the others,
 * whatever the number and speed of its connections; a limit that cannot serve the first
 * in the queue serves nobody behind him. What came beyond an allowance is paid when it
 * came and deducted from the next turn.
 *
 * A paused call leaves its bytes in the kernel, which closes the window: the sender
 * slows down. Not CURLOPT_MAX_RECV_SPEED_LARGE, which does just that too, but for one
 * call at a time: a limit for many would have to be divided among them in advance, and
 * what one does not use would be lost to the others.
 *
 * Uses buckets alone; whom a turn concerns is told by the hook go_on().
 */
#include <config.h>

#include "flow/transfer_priv.h"

#include "base/mem.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 10 /* the least pause between two looks at the queue */

struct scope {
	struct scope *next;
	enum limit_kind kind;
	char *name;
	struct bucket bucket;
	unsigned short_in; /* the walk in which it could not serve somebody */
};

static int64_t now_ms(const struct station *station)
{
	return (int64_t)uv_now(station->loop);
}

/* ---- turns ---- */

static void charge(struct job *job, int64_t bytes)
{
	for (int i = 0; i < LIMIT_KINDS; i++)
		if (job->allowance.scope[i])
			bucket_take(&job->allowance.scope[i]->bucket, bytes);
}

/* How long until every limit of the job can pay @bytes; 0: now. */
static int64_t wait_ms(struct job *job, int64_t bytes)
{
	const struct station *station = job->station;
	int64_t longest = 0;

	for (int i = 0; i < LIMIT_KINDS; i++) {
		struct scope *scope = job->allowance.scope[i];
		if (!scope)
			continue;
		int64_t wait = bucket_wait_ms(&scope->bucket, bytes, now_ms(station));
		if (wait == 0 && scope->short_in == station->throttle.walk)
			wait = LOOK_MS;
		if (wait > 0)
			scope->short_in = station->throttle.walk;
		if (wait > longest)
			longest = wait;
	}
	return longest;
}

static void stop_waiting(struct job *job)
{
	if (!job->allowance.waiting)
		return;
	TAILQ_REMOVE(&job->station->throttle.waiting, job, allowance.link);
	job->allowance.waiting = false;
}

static void wait_for_turn(struct job *job)
{
	if (job->allowance.waiting)
		return;
	TAILQ_INSERT_TAIL(&job->station->throttle.waiting, job, allowance.link);
	job->allowance.waiting = true;
}

/* A job that owes more than a turn brings pays a turn's worth and queues again: that
 * was charged when it came. */
static void give_turn(struct job *job)
{
	struct allowance *allowance = &job->allowance;

	stop_waiting(job);
	allowance->bytes += BUCKET_QUANTUM;
	if (allowance->bytes <= 0) {
		wait_for_turn(job);
		return;
	}
	charge(job, allowance->bytes);
	job->hooks->go_on(job);
}

static int64_t turn_bytes(const struct job *job)
{
	int64_t bytes = BUCKET_QUANTUM + job->allowance.bytes;
	return bytes > 0 ? bytes : 0;
}

static void on_timer(uv_timer_t *timer);

/* Each who waits once, in their order; how long until the next can have a turn. */
static int64_t walk(struct throttle *throttle)
{
	struct job *last = TAILQ_LAST(&throttle->waiting, job_queue), *next;
	int64_t soonest = INT64_MAX;

	throttle->walk++;
	for (struct job *job = TAILQ_FIRST(&throttle->waiting); job; job = next) {
		next = job == last ? NULL : TAILQ_NEXT(job, allowance.link);
		int64_t wait = wait_ms(job, turn_bytes(job));
		if (wait == 0)
			give_turn(job);
		else if (wait < soonest)
			soonest = wait;
	}
	return soonest;
}

static void serve(struct station *station)
{
	struct throttle *throttle = &station->throttle;
	int64_t soonest = INT64_MAX;

	while (soonest == INT64_MAX && !TAILQ_EMPTY(&throttle->waiting))
		soonest = walk(throttle);
	if (soonest == INT64_MAX) {
		uv_timer_stop(&throttle->timer);
		return;
	}
	uv_timer_start(&throttle->timer, on_timer,
		(uint64_t)(soonest < LOOK_MS ? LOOK_MS : soonest), 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct throttle *throttle = container_of(timer, struct throttle, timer);
	serve(container_of(throttle, struct station, throttle));
}

/* ---- jobs ---- */

bool throttle_stops(const struct job *job)
{
	const struct allowance *allowance = &job->allowance;
	return allowance->joined && allowance->limited && allowance->bytes <= 0;
}

void throttle_take(struct job *job, size_t bytes)
{
	struct allowance *allowance = &job->allowance;
	int64_t before = allowance->bytes > 0 ? allowance->bytes : 0;

	if (!allowance->joined || !allowance->limited)
		return;
	allowance->bytes -= (int64_t)bytes;
	if ((int64_t)bytes > before)
		charge(job, (int64_t)bytes - before);
	if (allowance->bytes > 0)
		return;
	wait_for_turn(job);
	serve(job->station);
}

static struct scope *find(
	struct throttle *throttle, enum limit_kind kind, const char *name)
{
	struct scope *scope = throttle->scopes;
	while (scope && (scope->kind != kind || strcmp(scope->name, name) != 0))
		scope = scope->next;
	return scope;
}

/* Which limits hold for the job. */
static void link_scopes(struct job *job)
{
	struct allowance *allowance = &job->allowance;

	allowance->limited = false;
	for (int i = 0; i < LIMIT_KINDS; i++) {
		allowance->scope[i] = allowance->name[i] ? find(&job->station->throttle,
								   (enum limit_kind)i,
								   allowance->name[i])
							 : NULL;
		allowance->limited |= allowance->scope[i] != NULL;
	}
	if (!allowance->limited) {
		stop_waiting(job);
		allowance->bytes = 0;
	} else if (allowance->bytes <= 0) {
		wait_for_turn(job);
	}
}

void throttle_join(struct job *job)
{
	if (job->allowance.joined)
		return;
	job->allowance.joined = true;
	link_scopes(job);
	if (job->allowance.waiting)
		serve(job->station);
}

void throttle_leave(struct job *job)
{
	struct allowance *allowance = &job->allowance;

	if (!allowance->joined)
		return;
	if (allowance->bytes > 0)
		charge(job, -allowance->bytes);
	stop_waiting(job);
	memset(allowance->scope, 0, sizeof(allowance->scope));
	allowance->joined = allowance->limited = false;
	allowance->bytes = 0;
}

/* ---- the station ---- */

void throttle_open(struct throttle *throttle, uv_loop_t *loop)
{
	TAILQ_INIT(&throttle->waiting);
	uv_timer_init(loop, &throttle->timer);
}

static void scope_free(struct scope *scope)
{
	free(scope->name);
	free(scope);
}

void throttle_close(struct throttle *throttle)
{
	assert(TAILQ_EMPTY(&throttle->waiting));
	while (throttle->scopes) {
		struct scope *scope = throttle->scopes;
		throttle->scopes = scope->next;
		scope_free(scope);
	}
	uv_close((uv_handle_t *)&throttle->timer, NULL);
}

static struct scope *add(struct throttle *throttle, const struct share *share)
{
	struct scope *scope = mem_alloc(sizeof(*scope));
	scope->kind = share->kind;
	scope->name = mem_strdup(share->name);
	scope->next = throttle->scopes;
	throttle->scopes = scope;
	return scope;
}

/* What has gathered under a limit that stays is kept. Rates are 0 where a limit is
 * gone; those scopes are freed once no job points to them. */
static struct scope *take_shares(
	struct station *station, const struct share *shares, size_t n)
{
	struct throttle *throttle = &station->throttle;
	struct scope *gone = throttle->scopes;

	throttle->scopes = NULL;
	for (size_t i = 0; i < n; i++) {
		struct scope **at = &gone;
		while (*at && ((*at)->kind != shares[i].kind ||
				      strcmp((*at)->name, shares[i].name) != 0))
			at = &(*at)->next;
		struct scope *scope = *at;
		if (scope) {
			*at = scope->next;
			scope->next = throttle->scopes;
			throttle->scopes = scope;
		} else {
			scope = add(throttle, &shares[i]);
		}
		bucket_set(&scope->bucket, shares[i].rate, now_ms(station));
	}
	return gone;
}

void throttle_set(struct station *station, const struct share *shares, size_t n)
{
	struct scope *gone = take_shares(station, shares, n);
	struct job *job;

	TAILQ_FOREACH(job, &station->jobs, link)
	if (job->allowance.joined)
		link_scopes(job);
	while (gone) {
		struct scope *scope = gone;
		gone = scope->next;
		scope_free(scope);
	}
	serve(station);
	TAILQ_FOREACH(job, &station->jobs, link)
	job->hooks->go_on(job);
}
