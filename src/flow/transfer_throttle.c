/*
 * The throttle of a station: its jobs take turns under the limits that hold for them
 * (all downloads, a workspace's, a rule's).
 *
 * A turn is an allowance of 16 KiB, as much as curl hands over at once. It is paid from
 * the bucket of every limit the job is under. Who has used up his allowance waits, his
 * call paused, and all who wait are served together some milliseconds later: turn by
 * turn, who had his last turn longest ago first, round after round, until the buckets
 * are empty.
 * So under one limit each job gets as much as the others, whatever the number and speed
 * of its connections; a limit that cannot serve one serves nobody behind him. What came
 * beyond an allowance is paid when it came and deducted from the next turn.
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
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 10 /* the least pause between two looks at the queue */
#define HOLD_MS 25 /* a job may have so much of its lowest rate, or one turn */

struct scope {
	struct scope *next;
	enum limit_kind kind;
	char *name;
	struct bucket bucket;
	uint64_t short_in; /* the look at which it could not serve somebody */
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

static void stop_waiting(struct job *job)
{
	if (!job->allowance.waiting)
		return;
	TAILQ_REMOVE(&job->station->throttle.waiting, job, allowance.link);
	job->allowance.waiting = false;
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
		if (wait == 0 && scope->short_in == station->throttle.look)
			wait = LOOK_MS;
		if (wait > 0)
			scope->short_in = station->throttle.look;
		if (wait > longest)
			longest = wait;
	}
	return longest;
}

/* What a job may have at most: little enough that those whose servers are silent do not
 * hoard what others could use. */
static int64_t most(const struct job *job)
{
	int64_t rate = INT64_MAX;

	for (int i = 0; i < LIMIT_KINDS; i++) {
		const struct scope *scope = job->allowance.scope[i];
		if (scope && scope->bucket.rate < rate)
			rate = scope->bucket.rate;
	}
	return rate / 1000 * HOLD_MS;
}

/* One turn more for the job, if it may have it. What it owes was charged when it came.
 * Returns how long it has to wait for the turn; 0: it has got it. */
static int64_t give_turn(struct job *job)
{
	struct allowance *allowance = &job->allowance;
	int64_t before = allowance->bytes > 0 ? allowance->bytes : 0;
	int64_t after = allowance->bytes + BUCKET_QUANTUM;
	int64_t bytes = after > before ? after - before : 0;

	if (before > 0 && after > most(job))
		return LOOK_MS;
	int64_t wait = wait_ms(job, bytes);
	if (wait > 0)
		return wait;
	allowance->bytes = after;
	charge(job, bytes);
	if (allowance->look != job->station->throttle.look)
		allowance->turns = 0;
	allowance->look = job->station->throttle.look;
	allowance->turns++;
	return 0;
}

/* Turns for all who wait, one after another, until nothing more can be given. How long
 * until the first of those who got none can have one. */
static int64_t give_turns(struct throttle *throttle)
{
	int64_t soonest = INT64_MAX;
	bool paid, owed;
	struct job *job;

	throttle->look++;
	do {
		paid = owed = false;
		for (job = TAILQ_FIRST(&throttle->waiting); job;
			job = TAILQ_NEXT(job, allowance.link)) {
			int64_t wait = give_turn(job);
			if (wait == 0 && job->allowance.bytes > 0)
				paid = true;
			else if (wait == 0)
				owed = true;
			else if (wait < soonest)
				soonest = wait;
		}
		/* What is owed is waived for him only who keeps nobody waiting. */
	} while (paid || (owed && soonest == INT64_MAX));
	return soonest;
}

static void on_timer(uv_timer_t *timer);

static void serve(struct station *station)
{
	struct throttle *throttle = &station->throttle;
	int64_t soonest = give_turns(throttle);
	struct job *next;

	for (struct job *job = TAILQ_FIRST(&throttle->waiting); job; job = next) {
		next = TAILQ_NEXT(job, allowance.link);
		if (job->allowance.bytes <= 0)
			continue;
		stop_waiting(job);
		job->hooks->go_on(job);
	}
	if (TAILQ_EMPTY(&throttle->waiting))
		uv_timer_stop(&throttle->timer);
	else
		uv_timer_start(&throttle->timer, on_timer,
			(uint64_t)(soonest < LOOK_MS ? LOOK_MS : soonest), 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct throttle *throttle = container_of(timer, struct throttle, timer);
	serve(container_of(throttle, struct station, throttle));
}

/* Whether @a was served before @b, or at the same look with fewer turns. */
static bool is_before(const struct allowance *a, const struct allowance *b)
{
	return a->look != b->look ? a->look < b->look : a->turns < b->turns;
}

/* Never served at once: who is faster than others would have his next turn before they
 * have used their last. */
static void wait_for_turn(struct job *job)
{
	struct throttle *throttle = &job->station->throttle;
	struct job *ahead;

	if (job->allowance.waiting)
		return;
	job->allowance.waiting = true;
	ahead = TAILQ_LAST(&throttle->waiting, job_queue);
	while (ahead && is_before(&job->allowance, &ahead->allowance))
		ahead = TAILQ_PREV(ahead, job_queue, allowance.link);
	if (ahead)
		TAILQ_INSERT_AFTER(&throttle->waiting, ahead, job, allowance.link);
	else
		TAILQ_INSERT_HEAD(&throttle->waiting, job, allowance.link);
	if (!uv_is_active((uv_handle_t *)&throttle->timer) ||
		uv_timer_get_due_in(&throttle->timer) > LOOK_MS)
		uv_timer_start(&throttle->timer, on_timer, LOOK_MS, 0);
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
	if (allowance->bytes <= 0)
		wait_for_turn(job);
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
	job->allowance.look = job->station->throttle.look;
	job->allowance.turns = UINT_MAX; /* behind all who wait */
	link_scopes(job);
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

	for (job = TAILQ_FIRST(&station->jobs); job; job = TAILQ_NEXT(job, link))
		if (job->allowance.joined)
			link_scopes(job);
	while (gone) {
		struct scope *scope = gone;
		gone = scope->next;
		scope_free(scope);
	}
	serve(station);
	for (job = TAILQ_FIRST(&station->jobs); job; job = TAILQ_NEXT(job, link))
		job->hooks->go_on(job);
}
