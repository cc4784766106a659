/*
 * Bad signatures by address: the burst, the refill, and what a flood of addresses
 * costs.
 */
#include <config.h>

#include "flow/limiter.h"
#include "unit.h"
#include <stdio.h>

static int allowed(
	struct limiter *limiter, const char *address, int64_t now_ms, int tries)
{
	int count = 0;

	for (int i = 0; i < tries; i++)
		count += limiter_allow(limiter, address, now_ms);
	return count;
}

static void a_burst_then_one_by_one(void **state)
{
	struct limiter *limiter = limiter_new();
	(void)state;
	assert_int_equal(allowed(limiter, "192.0.2.1", 5000, 100), LIMITER_BURST);
	assert_int_equal(
		allowed(limiter, "192.0.2.1", 5000 + LIMITER_REFILL_MS - 1, 10), 0);
	assert_int_equal(
		allowed(limiter, "192.0.2.1", 5000 + LIMITER_REFILL_MS, 10), 1);
	assert_int_equal(
		allowed(limiter, "192.0.2.1", 5000 + 4 * LIMITER_REFILL_MS, 10), 3);
	limiter_free(limiter);
}

static void being_refused_costs_nothing(void **state)
{
	struct limiter *limiter = limiter_new();
	int count = 0;
	(void)state;
	allowed(limiter, "192.0.2.1", 0, LIMITER_BURST);
	for (int64_t now_ms = 1; now_ms <= 10 * LIMITER_REFILL_MS; now_ms++)
		count += limiter_allow(limiter, "192.0.2.1", now_ms);
	assert_in_range(count, 9, 10); /* a sum of doubles may fall short by one */
	limiter_free(limiter);
}

static void the_bucket_does_not_overflow(void **state)
{
	struct limiter *limiter = limiter_new();
	(void)state;
	allowed(limiter, "192.0.2.1", 0, 5);
	assert_int_equal(
		allowed(limiter, "192.0.2.1", INT64_C(1) << 40, 1000), LIMITER_BURST);
	limiter_free(limiter);
}

static void addresses_do_not_share(void **state)
{
	struct limiter *limiter = limiter_new();
	(void)state;
	assert_int_equal(allowed(limiter, "192.0.2.1", 0, 100), LIMITER_BURST);
	assert_int_equal(allowed(limiter, "192.0.2.2", 0, 100), LIMITER_BURST);
	assert_int_equal(allowed(limiter, "2001:db8::1", 0, 100), LIMITER_BURST);
	assert_int_equal(allowed(limiter, "192.0.2.1", 0, 100), 0);
	limiter_free(limiter);
}

/* The same address is known again however long its text is. */
static void long_addresses_are_limited_too(void **state)
{
	char address[100];
	struct limiter *limiter = limiter_new();
	(void)state;
	snprintf(address, sizeof(address), "%099d", 7);
	assert_int_equal(allowed(limiter, address, 0, 100), LIMITER_BURST);
	limiter_free(limiter);
}

static void a_flood_of_addresses_takes_the_oldest_places(void **state)
{
	struct limiter *limiter = limiter_new();
	char address[32];
	(void)state;
	for (int i = 0; i < 100000; i++) {
		snprintf(address, sizeof(address), "10.%d.%d.%d", i >> 16, i >> 8 & 255,
			i & 255);
		assert_true(limiter_allow(limiter, address, i));
	}
	assert_int_equal(allowed(limiter, address, 100000, 100), LIMITER_BURST - 1);
	limiter_free(limiter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_then_one_by_one),
		cmocka_unit_test(being_refused_costs_nothing),
		cmocka_unit_test(the_bucket_does_not_overflow),
		cmocka_unit_test(addresses_do_not_share),
		cmocka_unit_test(long_addresses_are_limited_too),
		cmocka_unit_test(a_flood_of_addresses_takes_the_oldest_places),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
