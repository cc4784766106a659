/*
 * The text of ranges, there and back, and what is refused.
 */
#include <config.h>

#include "base/mem.h"
#include "core/ranges.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

static void test_there_and_back(void **state)
{
	const struct byte_range ranges[] = { { 0, 1 }, { 5, 10 }, { 10, 11 },
		{ INT64_C(4294967296), INT64_C(9000000000000000000) } };
	struct byte_range back[RANGES_MAX];
	(void)state;
	char *text = ranges_format(ranges, 4);
	assert_string_equal(text, "0-0,5-9,10-10,4294967296-8999999999999999999");
	assert_int_equal(ranges_parse(text, back), 4);
	assert_memory_equal(back, ranges, sizeof(ranges));
	free(text);
	assert_null(ranges_format(ranges, 0));
}

static void test_nothing(void **state)
{
	struct byte_range back[RANGES_MAX];
	(void)state;
	assert_int_equal(ranges_parse(NULL, back), 0);
	assert_int_equal(ranges_parse("", back), 0);
}

static void test_refused(void **state)
{
	static const char *const bad[] = { "1", "1-", "-1", "2-1", "1-2,", ",1-2",
		"1-2 ", " 1-2", "1-2;3-4", "3-4,1-2", "1-5,5-6",
		"1-9223372036854775807", "99999999999999999999-99999999999999999999",
		"0x1-2", "+1-2", "1-+2" };
	struct byte_range back[RANGES_MAX];
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (ranges_parse(bad[i], back) != -1)
			fail_msg("\"%s\" was taken", bad[i]);
}

static void test_too_many(void **state)
{
	struct byte_range ranges[RANGES_MAX + 1], back[RANGES_MAX];
	(void)state;
	for (int i = 0; i <= RANGES_MAX; i++)
		ranges[i] = (struct byte_range){ 10 * i, 10 * i + 5 };
	char *text = ranges_format(ranges, RANGES_MAX);
	assert_int_equal(ranges_parse(text, back), RANGES_MAX);
	char *more = mem_printf("%s,100000-100001", text);
	assert_int_equal(ranges_parse(more, back), -1);
	free(more);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
