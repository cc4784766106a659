/*
 * How many connections a file gets, against lines made of arithmetic: each test drives
 * the ramp through a download, 10 ms at a time, with a model of the line.
 */
#include <config.h>

#include "flow/transfer_ramp.h"
#include "unit.h"

#define MIB (1 << 20)

/* A line: what @calls connections bring together, bytes/s. */
struct line {
	double each, all;  /* at most; 0: no limit */
	int64_t burst;     /* each connection's first bytes, at once */
	uint64_t first_ms; /* until an answer */
	double idle;       /* of this end's time */
};

static double rate_of(const struct line *line, int calls)
{
	double rate = line->each * calls;
	return line->all > 0 && rate > line->all ? line->all : rate;
}

/* The number of connections it ends with. */
static int drive(const struct line *line, int most, int64_t size)
{
	struct ramp ramp;
	struct ramp_view view = { .now_ms = 1000, .calls = 1, .left = size };
	uint64_t answered_at = view.now_ms;
	double bytes = 0;
	int want = 1;

	ramp_init(&ramp, most);
	ramp_answered(&ramp, view.now_ms, line->first_ms);
	bytes += (double)line->burst;
	while (bytes < (double)size && view.now_ms < 100000) {
		view.now_ms += 10;
		view.idle_s += 0.010 * line->idle;
		bytes += rate_of(line, view.calls) * 0.010;
		view.bytes = (int64_t)bytes;
		view.left = size - view.bytes;
		if (view.calls < want && view.now_ms >= answered_at + line->first_ms) {
			bytes += (double)line->burst * (want - view.calls);
			view.calls = want;
			ramp_answered(&ramp, view.now_ms, line->first_ms);
		}
		int now_wanted = ramp_want(&ramp, &view);
		assert_true(now_wanted >= want && now_wanted <= most);
		if (now_wanted > want)
			answered_at = view.now_ms;
		want = now_wanted;
	}
	return want;
}

static void test_limited_connections(void **state)
{
	const struct line line = { .each = 4.0 * MIB, .idle = 0.9, .first_ms = 1 };
	(void)state;
	assert_int_equal(drive(&line, 16, INT64_C(128) * MIB), 16);
	assert_int_equal(drive(&line, 4, INT64_C(128) * MIB), 4);
	assert_int_equal(drive(&line, 1, INT64_C(128) * MIB), 1);
}

static void test_a_burst_does_not_count(void **state)
{
	const struct line line = {
		.each = 4.0 * MIB, .burst = 4 * MIB, .idle = 0.9, .first_ms = 1
	};
	(void)state;
	assert_int_equal(drive(&line, 16, INT64_C(512) * MIB), 16);
}

/* As nginx does it: what a connection may have of each second comes at its beginning.
 * One measurement tells, and all are opened. */
static void test_a_burst_each_second(void **state)
{
	struct ramp ramp;
	struct ramp_view view = { .now_ms = 1000, .calls = 1, .left = 64 * MIB };
	(void)state;
	ramp_init(&ramp, 16);
	ramp_answered(&ramp, view.now_ms, 1);
	view.bytes = 4 * MIB;
	for (int want = 1; view.now_ms < 1200; view.now_ms += 10) {
		view.idle_s += 0.009;
		view.left = 64 * MIB - view.bytes;
		if (want > view.calls) {
			view.bytes += (int64_t)4 * MIB * (want - view.calls);
			view.calls = want;
			ramp_answered(&ramp, view.now_ms, 1);
		}
		want = ramp_want(&ramp, &view);
	}
	assert_int_equal(view.calls, 16);
}

static void test_a_full_line(void **state)
{
	const struct line one = {
		.each = 50.0 * MIB, .all = 50.0 * MIB, .idle = 0.9, .first_ms = 1
	};
	const struct line four = {
		.each = 10.0 * MIB, .all = 40.0 * MIB, .idle = 0.9, .first_ms = 1
	};
	(void)state;
	assert_int_equal(drive(&one, 16, INT64_C(1024) * MIB), 2);
	assert_int_equal(drive(&four, 16, INT64_C(1024) * MIB), 8);
}

static void test_this_end_is_the_limit(void **state)
{
	const struct line line = { .each = 1000.0 * MIB, .idle = 0.05, .first_ms = 1 };
	(void)state;
	assert_int_equal(drive(&line, 16, INT64_C(4096) * MIB), 1);
}

static void test_soon_done(void **state)
{
	const struct line line = { .each = 100.0 * MIB, .idle = 0.9, .first_ms = 1 };
	(void)state;
	assert_int_equal(drive(&line, 16, INT64_C(30) * MIB), 1);
}

static void test_far_away(void **state)
{
	const struct line line = { .each = 10.0 * MIB, .idle = 0.9, .first_ms = 80 };
	struct ramp ramp;
	(void)state;
	assert_int_equal(drive(&line, 16, INT64_C(128) * MIB), 16);
	ramp_init(&ramp, 16);
	ramp_answered(&ramp, 1000, 80);
	assert_int_equal(ramp.want, 16); /* at once */
}

static void test_refused(void **state)
{
	struct ramp ramp;
	struct ramp_view view = { .now_ms = 5000, .calls = 3, .left = 1 << 30 };
	(void)state;
	ramp_init(&ramp, 16);
	ramp_answered(&ramp, 1000, 80);
	ramp_refused(&ramp, 3);
	assert_int_equal(ramp_want(&ramp, &view), 3);
	ramp_answered(&ramp, 6000, 80);
	view.now_ms = 9000;
	assert_int_equal(ramp_want(&ramp, &view), 3);
	ramp_refused(&ramp, 0);
	assert_int_equal(ramp_want(&ramp, &view), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limited_connections),
		cmocka_unit_test(test_a_burst_does_not_count),
		cmocka_unit_test(test_a_burst_each_second),
		cmocka_unit_test(test_a_full_line),
		cmocka_unit_test(test_this_end_is_the_limit),
		cmocka_unit_test(test_soon_done),
		cmocka_unit_test(test_far_away),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
