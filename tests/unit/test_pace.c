/*
 * The stall window, with made-up time.
 */
#include <config.h>

#include "unit.h"

#include "io/pace.h"

static void test_silence(void **state)
{
	struct pace pace;
	int64_t bytes = -1;
	(void)state;
	pace_start(&pace, 8000, 100);
	assert_false(pace_slow(&pace, 0, 8099, &bytes));
	assert_int_equal(bytes, -1);
	assert_true(pace_slow(&pace, 0, 8100, &bytes));
	assert_int_equal(bytes, 0);
	pace_start(&pace, 8000, 8100);
	assert_false(pace_slow(&pace, 0, 8200, &bytes));
}

static void test_one_byte_late(void **state)
{
	struct pace pace;
	int64_t bytes;
	(void)state;
	pace_start(&pace, 8000, 0);
	assert_false(pace_slow(&pace, 0, 7500, &bytes));
	pace_add(&pace, 1);
	assert_false(pace_slow(&pace, 0, 15000, &bytes));
	assert_true(pace_slow(&pace, 0, 16000, &bytes));
}

static void test_average(void **state)
{
	struct pace pace;
	int64_t bytes = 0;
	(void)state;
	pace_start(&pace, 8000, 0);
	for (int64_t now = 0; now < 60000; now += 100) { /* 1000 a second */
		pace_add(&pace, 100);
		assert_false(pace_slow(&pace, 990, now, &bytes));
	}
	assert_in_range(bytes, 8000, 9000);
	bool slow = false;
	int64_t now = 60000;
	for (; !slow; now += 100) { /* then 100 */
		pace_add(&pace, 10);
		slow = pace_slow(&pace, 500, now, &bytes);
	}
	assert_in_range(now, 63000, 66500);
}

static void test_jump(void **state)
{
	struct pace pace;
	int64_t bytes;
	(void)state;
	pace_start(&pace, 1, 0);
	pace_add(&pace, 1000);
	assert_true(pace_slow(&pace, 0, INT64_C(1) << 40, &bytes));
	assert_int_equal(bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_one_byte_late),
		cmocka_unit_test(test_average),
		cmocka_unit_test(test_jump),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
