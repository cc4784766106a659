/*
 * Warnings: one for each key, its beginning kept while its sentence changes, counted.
 */
#include <config.h>

#include "base/metrics.h"
#include "flow/warnings.h"
#include "unit.h"
#include <string.h>

static const struct warning *find(const struct warnings *warnings, const char *key)
{
	size_t n;
	const struct warning *all = warnings_all(warnings, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].key, key) == 0)
			return &all[i];
	return NULL;
}

static size_t count(const struct warnings *warnings)
{
	size_t n;

	warnings_all(warnings, &n);
	assert_true(metric_get(METRIC_WARNINGS, NULL) == (double)n);
	return n;
}

static void begin_and_end(void **state)
{
	struct warnings *warnings = warnings_new();
	(void)state;
	metrics_reset();
	assert_int_equal(count(warnings), 0);
	warnings_set(warnings, "disk", NULL, true, "%d %% free", 3);
	warnings_set(warnings, "api/w", "w", false, "refused");
	assert_int_equal(count(warnings), 2);
	assert_string_equal(find(warnings, "disk")->text, "3 % free");
	assert_null(find(warnings, "disk")->workspace);
	assert_true(find(warnings, "disk")->not_ready);
	assert_string_equal(find(warnings, "api/w")->workspace, "w");
	assert_false(find(warnings, "api/w")->not_ready);
	warnings_clear(warnings, "disk");
	warnings_clear(warnings, "disk");
	warnings_clear(warnings, "never begun");
	assert_null(find(warnings, "disk"));
	assert_string_equal(find(warnings, "api/w")->text, "refused");
	assert_int_equal(count(warnings), 1);
	warnings_clear(warnings, "api/w");
	assert_int_equal(count(warnings), 0);
	warnings_free(warnings);
}

static void the_sentence_may_change(void **state)
{
	struct warnings *warnings = warnings_new();
	int64_t since_ns;
	(void)state;
	warnings_set(warnings, "store", NULL, true, "first");
	since_ns = find(warnings, "store")->since_ns;
	assert_true(since_ns > 0);
	/* The new sentence may be made of the old one. */
	warnings_set(warnings, "store", NULL, false, "%s, then second",
		find(warnings, "store")->text);
	assert_int_equal(count(warnings), 1);
	assert_string_equal(find(warnings, "store")->text, "first, then second");
	assert_int_equal(find(warnings, "store")->since_ns, since_ns);
	assert_false(find(warnings, "store")->not_ready);
	warnings_free(warnings);
}

static void long_sentences_are_cut(void **state)
{
	struct warnings *warnings = warnings_new();
	(void)state;
	warnings_set(warnings, "disk", NULL, true, "%2000d", 1);
	assert_int_equal(strlen(find(warnings, "disk")->text), 767);
	warnings_free(warnings);
	warnings_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begin_and_end),
		cmocka_unit_test(the_sentence_may_change),
		cmocka_unit_test(long_sentences_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
