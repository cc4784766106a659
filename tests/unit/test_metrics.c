/*
 * The metrics table and its text, with one and with several threads.
 */
#include <config.h>

#include "base/metrics.h"
#include "unit.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static int reset(void **state)
{
	(void)state;
	metrics_reset();
	return 0;
}

/* Whether the exposition text has this line. */
static bool has_line(const char *line)
{
	struct buf text;
	buf_init(&text, 1 << 20);
	metrics_text(&text);
	assert_false(text.overflow);
	const char *at = strstr(buf_text(&text), line);
	bool found =
		at && (at == text.data || at[-1] == '\n') && at[strlen(line)] == '\n';
	buf_release(&text);
	return found;
}

static void adds_and_sets(void **state)
{
	(void)state;
	assert_true(metric_get(METRIC_TRANSFER_BYTES, NULL) == 0);
	assert_true(has_line("vodkeep_transfer_bytes_total 0"));
	metric_add(METRIC_TRANSFER_BYTES, NULL, 1e12);
	metric_add(METRIC_TRANSFER_BYTES, NULL, 1);
	assert_true(has_line("vodkeep_transfer_bytes_total 1000000000001"));
	metric_set(METRIC_LOOP_LAG, NULL, 0.25);
	metric_set(METRIC_LOOP_LAG, NULL, 0.125);
	assert_true(has_line("vodkeep_loop_lag_seconds 0.125"));
	metric_add(METRIC_TRANSFERS, "done", 2);
	metric_add(METRIC_TRANSFERS, "stale", 1);
	metric_add(METRIC_TRANSFERS, "done", 1);
	assert_true(metric_get(METRIC_TRANSFERS, "done") == 3);
	assert_true(metric_get(METRIC_TRANSFERS, "none") == 0);
	assert_true(has_line("vodkeep_transfers_total{outcome=\"done\"} 3"));
	assert_true(has_line("vodkeep_transfers_total{outcome=\"stale\"} 1"));
	assert_true(has_line("# TYPE vodkeep_transfers_total counter"));
	assert_true(has_line("# TYPE vodkeep_warnings gauge"));
}

static void escapes_labels(void **state)
{
	(void)state;
	metric_add(METRIC_ASSETS, "a\"b\\c\nd", 1);
	assert_true(has_line("vodkeep_assets{state=\"a\\\"b\\\\c\\nd\"} 1"));
}

static void bounds_labels(void **state)
{
	char label[16];
	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(label, sizeof(label), "l%d", i);
		metric_add(METRIC_ASSETS, label, 1);
	}
	assert_true(metric_get(METRIC_ASSETS, "l0") == 1);
	assert_true(metric_get(METRIC_ASSETS, "l254") == 1);
	assert_true(metric_get(METRIC_ASSETS, "l255") == 0);
	assert_true(metric_get(METRIC_ASSETS, "other") == 745);
}

static void *add_many(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20000; i++) {
		metric_add(METRIC_COMMITS, NULL, 1);
		metric_add(METRIC_DELIVERIES, i % 2 ? "odd" : "even", 1);
	}
	return NULL;
}

static void threads_lose_nothing(void **state)
{
	pthread_t threads[4];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_many, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	assert_true(metric_get(METRIC_COMMITS, NULL) == 80000);
	assert_true(metric_get(METRIC_DELIVERIES, "odd") == 40000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(adds_and_sets, reset),
		cmocka_unit_test_teardown(escapes_labels, reset),
		cmocka_unit_test_teardown(bounds_labels, reset),
		cmocka_unit_test_teardown(threads_lose_nothing, reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
