/*
 * Delays between attempts: bounds of the jitter, what the other side asks for, the
 * schedule of what is not ready yet, giving up; and a behaviour for every outcome
 * class.
 */
#include <config.h>

#include "core/retry.h"
#include "unit.h"

#define MINUTE_MS (INT64_C(60) * 1000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)
#define NS_IN_MS  INT64_C(1000000)

static const struct retry_limits defaults = { 1000, HOUR_MS, 7 * DAY_MS };

static void every_class_has_a_kind(void **state)
{
	static const enum retry_kind kinds[ERR_CLASSES] = {
		[ERR_NONE] = RETRY_NEVER,
		[ERR_TRANSIENT] = RETRY_BACKOFF,
		[ERR_STALE] = RETRY_NOW,
		[ERR_NOT_YET] = RETRY_SCHEDULE,
		[ERR_PERMANENT] = RETRY_NEVER,
		[ERR_LOCAL] = RETRY_WHEN_WELL,
		[ERR_NO_ROOM] = RETRY_WHEN_WELL,
		[ERR_CANCELLED] = RETRY_NEVER,
		[ERR_AUTH] = RETRY_WHEN_WELL,
		[ERR_INPUT] = RETRY_NEVER,
		[ERR_NOT_FOUND] = RETRY_NEVER,
		[ERR_EXISTS] = RETRY_NOW,
	};
	(void)state;
	for (int i = 0; i < ERR_CLASSES; i++)
		assert_int_equal(retry_kind_of((enum err_class)i), kinds[i]);
}

/* Both ends of the interval are reached and nothing lies outside. */
static void jitter_is_full(void **state)
{
	static const struct {
		struct retry_limits limits;
		int attempt;
		int64_t low, high;
	} rows[] = {
		{ { 1000, HOUR_MS, 0 }, 1, 500, 2000 },
		{ { 1000, HOUR_MS, 0 }, 2, 500, 4000 },
		{ { 1000, HOUR_MS, 0 }, 3, 500, 8000 },
		{ { 1000, HOUR_MS, 0 }, 11, 500, 2048000 },
		{ { 1000, HOUR_MS, 0 }, 12, 500, HOUR_MS },
		{ { 1000, HOUR_MS, 0 }, 1000000, 500, HOUR_MS },
		{ { 1000, 1000, 0 }, 5, 500, 1000 },
		{ { 1000, 400, 0 }, 1, 400, 400 },
		{ { 1, 8, 0 }, 9, 0, 8 },
		{ { 0, 10, 0 }, 3, 0, 1 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t low = rows[i].low, high = rows[i].high;
		uint64_t width = (uint64_t)(high - low + 1);
		uint64_t random = 0;

		assert_int_equal(
			retry_backoff_ms(&rows[i].limits, rows[i].attempt, 0, 0), low);
		assert_int_equal(retry_backoff_ms(&rows[i].limits, rows[i].attempt, 0,
					 width - 1),
			high);
		for (int n = 0; n < 1000; n++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			assert_in_range(retry_backoff_ms(&rows[i].limits,
						rows[i].attempt, 0, random),
				low, high);
		}
	}
}

static void what_is_asked_for_is_a_lower_bound(void **state)
{
	static const struct {
		int64_t asked;
		uint64_t random;
		int64_t delay;
	} rows[] = {
		{ 0, 0, 500 },
		{ -5, 0, 500 },
		{ 100, 0, 500 },
		{ 1200, 0, 1200 },
		{ 1200, 1500, 2000 },
		{ 2 * HOUR_MS, 0, 2 * HOUR_MS },
		{ 365 * DAY_MS, 0, DAY_MS },
		{ INT64_MAX, UINT64_MAX, DAY_MS },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
			retry_backoff_ms(&defaults, 1, rows[i].asked, rows[i].random),
			rows[i].delay);
}

static void what_is_not_ready_is_asked_later_and_later(void **state)
{
	static const struct {
		int64_t waited, delay;
	} rows[] = {
		{ -1000, 1000 },
		{ 0, 1000 },
		{ 4000, 1000 },
		{ 8000, 2000 },
		{ 4 * MINUTE_MS, MINUTE_MS },
		{ 20 * MINUTE_MS, 5 * MINUTE_MS },
		{ 21 * MINUTE_MS, 5 * MINUTE_MS },
		{ INT64_MAX, 5 * MINUTE_MS },
	};
	static const struct retry_limits brisk = { 10, 50, 0 };
	static const struct retry_limits slow = { 10 * MINUTE_MS, HOUR_MS, 0 };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
			retry_schedule_ms(&defaults, rows[i].waited), rows[i].delay);
	assert_int_equal(retry_schedule_ms(&brisk, HOUR_MS), 50);
	assert_int_equal(retry_schedule_ms(&slow, 0), 5 * MINUTE_MS);
}

static void gives_up_when_trouble_lasts(void **state)
{
	const int64_t since_ns = 1000 * NS_IN_MS;
	const int64_t end_ns = since_ns + defaults.for_ms * NS_IN_MS;
	(void)state;
	assert_false(retry_given_up(&defaults, 0, INT64_MAX));
	assert_false(retry_given_up(&defaults, since_ns, since_ns));
	assert_false(retry_given_up(&defaults, since_ns, since_ns - 1));
	assert_false(retry_given_up(&defaults, since_ns, end_ns));
	assert_true(retry_given_up(&defaults, since_ns, end_ns + NS_IN_MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_class_has_a_kind),
		cmocka_unit_test(jitter_is_full),
		cmocka_unit_test(what_is_asked_for_is_a_lower_bound),
		cmocka_unit_test(what_is_not_ready_is_asked_later_and_later),
		cmocka_unit_test(gives_up_when_trouble_lasts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
