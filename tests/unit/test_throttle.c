/*
 * Turns under bandwidths: jobs that take whenever they may, on a loop whose clock goes
 * a millisecond a turn, however busy the machine is. Who gets how much is judged by
 * bytes, and the sum by the time that has passed.
 */
#include <config.h>

#include "base/mem.h"
#include "flow/transfer_priv.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MIB   (INT64_C(1) << 20)
#define JOBS  4
#define CHUNK 16384
#define ODD   10 /* per cent: a turn that not all could have at a look */

struct world {
	uv_loop_t loop;
	struct station station;
	struct job *jobs[JOBS];
	size_t chunk[JOBS];
	int64_t taken[JOBS];
};

static unsigned called;

/* In place of the C library's, which libuv would ask: the clock of every loop here. */
static int64_t clock_ms = 1000;

int clock_gettime(clockid_t id, struct timespec *now)
{
	(void)id;
	now->tv_sec = (time_t)(clock_ms / 1000);
	now->tv_nsec = (long)(clock_ms % 1000 * 1000000);
	return 0;
}

static void tick(struct world *w)
{
	clock_ms++;
	uv_run(&w->loop, UV_RUN_NOWAIT);
}

static void go_on(struct job *job)
{
	(void)job;
	called++;
}

static const struct job_hooks hooks = { .go_on = go_on };

static void add_job(struct world *w, int i, const char *workspace, const char *rule)
{
	struct job *job = mem_alloc(sizeof(*job));

	job->hooks = &hooks;
	job->station = &w->station;
	job->allowance.name[LIMIT_TOTAL] = mem_strdup("");
	job->allowance.name[LIMIT_WORKSPACE] = mem_strdup(workspace);
	job->allowance.name[LIMIT_RULE] = mem_strdup(rule);
	TAILQ_INSERT_TAIL(&w->station.jobs, job, link);
	w->jobs[i] = job;
	w->chunk[i] = CHUNK;
	throttle_join(job);
}

static int set_up(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));

	assert_int_equal(uv_loop_init(&w->loop), 0);
	w->station.loop = &w->loop;
	TAILQ_INIT(&w->station.jobs);
	throttle_open(&w->station.throttle, &w->loop);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < JOBS; i++) {
		if (!w->jobs[i])
			continue;
		throttle_leave(w->jobs[i]);
		for (int kind = 0; kind < LIMIT_KINDS; kind++)
			free(w->jobs[i]->allowance.name[kind]);
		free(w->jobs[i]);
	}
	throttle_close(&w->station.throttle);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w->loop), 0);
	free(w);
	return 0;
}

static void limit(struct world *w, int64_t total, const char *rule, int64_t rate)
{
	char all[] = "", name[32];
	struct share shares[2] = { { LIMIT_TOTAL, all, total } };
	size_t n = total > 0;

	if (rule) {
		snprintf(name, sizeof(name), "%s", rule);
		shares[n++] = (struct share){ LIMIT_RULE, name, rate };
	}
	throttle_set(&w->station, shares, n);
}

static int64_t sum(const struct world *w)
{
	int64_t all = 0;
	for (int i = 0; i < JOBS; i++)
		all += w->taken[i];
	return all;
}

/* Everybody takes all he may, one after the other; until @bytes have passed, and, where
 * something limits them, until nobody has anything left. */
static void run(struct world *w, int64_t bytes)
{
	while (sum(w) < bytes) {
		for (int i = 0; i < JOBS; i++) {
			struct job *job = w->jobs[i];
			while (job && w->chunk[i] > 0 && !throttle_stops(job) &&
				(job->allowance.limited || sum(w) < bytes)) {
				throttle_take(job, w->chunk[i]);
				w->taken[i] += (int64_t)w->chunk[i];
			}
		}
		tick(w);
	}
}

static void assert_near(int64_t value, int64_t expected, int64_t percent)
{
	assert_in_range(value, expected - expected * percent / 100,
		expected + expected * percent / 100);
}

static void the_sum_keeps_to_the_limit(void **state)
{
	struct world *w = *state;

	limit(w, 16 * MIB, NULL, 0);
	for (int i = 0; i < JOBS; i++)
		add_job(w, i, "w", "r");
	uint64_t began = uv_now(&w->loop);
	run(w, 8 * MIB);
	int64_t took = (int64_t)(uv_now(&w->loop) - began);
	assert_near(took, 500, 3);
}

static void shares_are_equal_whatever_the_chunks(void **state)
{
	static const size_t chunks[JOBS] = { 16384, 1448, 10000, 4096 };
	struct world *w = *state;

	limit(w, 64 * MIB, NULL, 0);
	for (int i = 0; i < JOBS; i++) {
		add_job(w, i, "w", "r");
		w->chunk[i] = chunks[i];
	}
	run(w, 32 * MIB);
	for (int i = 0; i < JOBS; i++)
		assert_near(w->taken[i], sum(w) / JOBS, ODD);
}

static void what_one_does_not_take_goes_to_the_others(void **state)
{
	struct world *w = *state;

	limit(w, 64 * MIB, NULL, 0);
	for (int i = 0; i < 3; i++)
		add_job(w, i, "w", "r");
	w->chunk[1] = 0; /* a server that sends nothing */
	run(w, 16 * MIB);
	assert_int_equal(w->taken[1], 0);
	assert_near(w->taken[0], w->taken[2], ODD);
}

static void a_rule_holds_within_the_total(void **state)
{
	struct world *w = *state;

	limit(w, 64 * MIB, "slow", 8 * MIB);
	add_job(w, 0, "w", "slow");
	add_job(w, 1, "w", "slow");
	add_job(w, 2, "w", "other");
	run(w, 16 * MIB);
	assert_near(w->taken[0] + w->taken[1], sum(w) / 8, 20);
	assert_near(w->taken[0], w->taken[1], ODD);
}

static void a_limit_for_others_is_none(void **state)
{
	struct world *w = *state;

	limit(w, 0, "slow", 1);
	add_job(w, 0, "slow", "r"); /* the name of a workspace */
	add_job(w, 1, "w", "slow");
	assert_false(throttle_stops(w->jobs[0]));
	assert_true(throttle_stops(w->jobs[1]));
}

static void changes_hold_for_those_under_way(void **state)
{
	struct world *w = *state;

	add_job(w, 0, "w", "r");
	run(w, MIB); /* nothing limits it */
	limit(w, 1, NULL, 0);
	assert_true(throttle_stops(w->jobs[0]));
	called = 0;
	limit(w, 1000 * MIB, NULL, 0); /* what has waited is served soon */
	assert_true(called > 0);
	run(w, 2 * MIB);
	limit(w, 1, NULL, 0);
	limit(w, 0, NULL, 0);
	assert_false(throttle_stops(w->jobs[0]));
	assert_false(uv_is_active((uv_handle_t *)&w->station.throttle.timer));
	run(w, 3 * MIB);
}

static void wait_for_turns(struct world *w, int jobs)
{
	for (int i = 0; i < jobs; i++)
		while (throttle_stops(w->jobs[i]))
			tick(w);
}

/* What three of four have been given is all there is for hours. One takes more than
 * that; what the two others did not take when they leave is enough for the fourth. */
static void leaving_gives_back(void **state)
{
	struct world *w = *state;

	limit(w, MIB, NULL, 0);
	for (int i = 0; i < 3; i++)
		add_job(w, i, "w", "r");
	wait_for_turns(w, 3);
	limit(w, 1, NULL, 0);
	throttle_take(w->jobs[0], 2 * (size_t)BUCKET_QUANTUM);
	throttle_leave(w->jobs[0]);
	add_job(w, 3, "w", "r");
	assert_true(throttle_stops(w->jobs[3]));
	throttle_leave(w->jobs[1]);
	throttle_leave(w->jobs[2]);
	throttle_leave(w->jobs[2]);
	assert_false(throttle_stops(w->jobs[2]));
	while (throttle_stops(w->jobs[3]))
		tick(w);
}

/* More at once than a turn brings, as from several connections: it is paid, and the
 * others have their turns before. */
static void what_came_too_much_is_deducted(void **state)
{
	struct world *w = *state;

	limit(w, 16 * MIB, NULL, 0);
	add_job(w, 0, "w", "r");
	add_job(w, 1, "w", "r");
	wait_for_turns(w, 2);
	throttle_take(w->jobs[0], (size_t)MIB);
	w->taken[0] = MIB;
	run(w, 4 * MIB);
	assert_near(w->taken[0], w->taken[1], ODD);
}

/* A turn that not all can have is not always the same one's. */
static void odd_turns_go_round(void **state)
{
	struct world *w = *state;

	limit(w, 8 * MIB, NULL, 0); /* five turns a look */
	add_job(w, 0, "w", "r");
	add_job(w, 1, "w", "r");
	run(w, 4 * MIB);
	assert_near(w->taken[0], w->taken[1], ODD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_sum_keeps_to_the_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			shares_are_equal_whatever_the_chunks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_one_does_not_take_goes_to_the_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_rule_holds_within_the_total, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_limit_for_others_is_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			changes_hold_for_those_under_way, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leaving_gives_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_came_too_much_is_deducted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(odd_turns_go_round, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
