/*
 * The rate: even where the source is even, without jumps where it is not, nothing for
 * what was there before, and zero soon after the last byte.
 */
#include <config.h>

#include "core/rate.h"
#include "unit.h"

#include <math.h>

#define MIB INT64_C(1048576)

static void assert_near(double is, double should, double within)
{
	if (fabs(is - should) > within)
		fail_msg("%f is not within %f of %f", is, within, should);
}

/* Tell it twice a second, from *now_ms on, for @ms; returns the last count. */
static int64_t flow(struct rate *rate, int64_t *now_ms, int64_t ms, int64_t from,
	int64_t per_second)
{
	for (int64_t at = 500; at <= ms; at += 500)
		rate_take(rate, *now_ms + at, from + per_second * at / 1000);
	*now_ms += ms;
	return from + per_second * ms / 1000;
}

static void nothing_yet(void **state)
{
	struct rate rate = { 0 };

	(void)state;
	assert_true(rate_get(&rate, 1000) == 0);
	rate_take(&rate, 1000, 0);
	assert_true(rate_get(&rate, 1000) == 0);
	assert_true(rate_get(&rate, 9000) == 0);
	rate_take(&rate, 1000, 256 * 1024); /* at the same moment: finite */
	assert_true(rate_get(&rate, 1000) == 0);
}

static void even_speed_is_exact(void **state)
{
	struct rate rate = { 0 };
	int64_t now = 7000, bytes = 0;

	(void)state;
	rate_take(&rate, now, 0);
	for (int step = 0; step < 200; step++) {
		bytes = flow(&rate, &now, 500, bytes, 3 * MIB);
		for (int64_t later = 0; later < 1000; later += 100)
			assert_near(rate_get(&rate, now + later), 3 * MIB, 1);
	}
}

static void what_was_held_is_no_rate(void **state)
{
	struct rate rate = { 0 };
	int64_t now = 0;

	(void)state;
	rate_take(&rate, now, 900 * MIB);
	assert_true(rate_get(&rate, now) == 0);
	/* A slow connection: the wait for the first byte does not count either. */
	now += 4000;
	rate_take(&rate, now, 900 * MIB);
	flow(&rate, &now, 1000, 900 * MIB, MIB);
	assert_near(rate_get(&rate, now), MIB, 1);
}

static void stall_goes_to_zero(void **state)
{
	struct rate rate = { 0 };
	int64_t now = 0, bytes;
	double before;

	(void)state;
	rate_take(&rate, now, 0);
	bytes = flow(&rate, &now, 20000, 0, MIB);
	before = rate_get(&rate, now);
	/* Silent, or telling the same again and again: the same, and never a jump. */
	for (int64_t ms = 100; ms <= 6000; ms += 100) {
		double is = rate_get(&rate, now + ms);
		assert_true(is <= before && before - is <= 0.05 * MIB);
		before = is;
	}
	assert_true(before == 0);
	flow(&rate, &now, 5500, bytes, 0);
	assert_true(rate_get(&rate, now) == 0);
	/* And then at once what it really is, not the mean with the stall. */
	flow(&rate, &now, 1000, bytes, 2 * MIB);
	assert_near(rate_get(&rate, now), 2 * MIB, 1);
}

static void bursts_are_smooth(void **state)
{
	struct rate rate = { 0 };
	int64_t now = 0, bytes = 0;

	(void)state;
	rate_take(&rate, now, 0);
	for (int step = 0; step < 100; step++) {
		/* 2 MiB at once each second, told every 100 ms. */
		now += 100;
		bytes += step % 10 ? 0 : 2 * MIB;
		rate_take(&rate, now, bytes);
		if (step > 60)
			assert_near(rate_get(&rate, now), 2 * MIB, 0.45 * MIB);
	}
}

static void going_back_takes_nothing_away(void **state)
{
	struct rate rate = { 0 };
	int64_t now = 0;

	(void)state;
	rate_take(&rate, now, 0);
	flow(&rate, &now, 10000, 0, MIB);
	rate_take(&rate, now, 0); /* started over */
	assert_near(rate_get(&rate, now), MIB, 1);
	flow(&rate, &now, 10000, 0, MIB);
	assert_near(rate_get(&rate, now), MIB, 1);
}

static void told_all_too_often(void **state)
{
	struct rate rate = { 0 };

	(void)state;
	for (int64_t ms = 0; ms <= 60000; ms++) {
		rate_take(&rate, ms, ms * 1024);
		if (ms > 1000)
			assert_near(rate_get(&rate, ms), 1024000, 1);
	}
	assert_true(rate.n <= RATE_SAMPLES_MAX);
}

static void seconds_left(void **state)
{
	static const struct {
		int64_t left;
		double rate;
		int64_t seconds;
	} rows[] = {
		{ 0, 0, 0 },
		{ 0, 5, 0 },
		{ 10, 10, 1 },
		{ 11, 10, 2 },
		{ 1, 0, -1 },
		{ 1, 0.5, -1 },
		{ -1, 10, -1 },
		{ INT64_MAX, 2, INT64_MAX / 2 + 1 },
		{ INT64_MAX, 1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
			rate_seconds_left(rows[i].left, rows[i].rate), rows[i].seconds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_yet),
		cmocka_unit_test(even_speed_is_exact),
		cmocka_unit_test(what_was_held_is_no_rate),
		cmocka_unit_test(stall_goes_to_zero),
		cmocka_unit_test(bursts_are_smooth),
		cmocka_unit_test(going_back_takes_nothing_away),
		cmocka_unit_test(told_all_too_often),
		cmocka_unit_test(seconds_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
