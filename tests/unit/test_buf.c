/*
 * Capped buffers: growth, the ceiling, and what an overflow leaves behind.
 */
#include <config.h>

#include "base/buf.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

static void grows(void **state)
{
	struct buf buf;
	char piece[1000];
	(void)state;
	memset(piece, 'x', sizeof(piece));
	buf_init(&buf, 1 << 20);
	assert_string_equal(buf_text(&buf), "");
	assert_int_equal(buf_append(&buf, "", 0), 0);
	assert_non_null(buf.data);
	for (size_t i = 1; i <= 200; i++) {
		assert_int_equal(buf_append(&buf, piece, sizeof(piece)), 0);
		assert_int_equal(buf.len, i * sizeof(piece));
		assert_int_equal(buf.data[buf.len], '\0');
	}
	buf_reset(&buf);
	assert_int_equal(buf.len, 0);
	assert_string_equal(buf_text(&buf), "");
	buf_str(&buf, "ab");
	buf_char(&buf, 'c');
	buf_printf(&buf, "%04d", 7);
	assert_string_equal(buf_text(&buf), "abc0007");
	buf_release(&buf);
	buf_release(&buf);
	assert_int_equal(buf_str(&buf, "again"), 0);
	buf_release(&buf);
}

static void holds_exactly_its_maximum(void **state)
{
	struct buf buf;
	(void)state;
	for (size_t max = 0; max < 300; max++) {
		buf_init(&buf, max);
		for (size_t i = 0; i < max; i++)
			assert_int_equal(buf_char(&buf, 'x'), 0);
		assert_false(buf.overflow);
		assert_int_equal(buf_char(&buf, 'x'), -1);
		assert_true(buf.overflow);
		assert_int_equal(buf.len, max);
		assert_int_equal(strlen(buf_text(&buf)), max);
		assert_true(buf.size <= max + 1);
		buf_release(&buf);
	}
}

static void overflow_is_sticky_and_changes_nothing(void **state)
{
	struct buf buf;
	(void)state;
	buf_init(&buf, 8);
	buf_str(&buf, "12345");
	assert_int_equal(buf_str(&buf, "6789"), -1);
	assert_int_equal(buf_char(&buf, '6'), -1);
	assert_int_equal(buf_printf(&buf, "%s", "6"), -1);
	assert_string_equal(buf_text(&buf), "12345");
	buf_reset(&buf);
	assert_int_equal(buf_printf(&buf, "%s", "12345678"), 0);
	assert_int_equal(buf_append(&buf, "x", SIZE_MAX), -1);
	assert_string_equal(buf_text(&buf), "12345678");
	buf_release(&buf);

	struct buf zeroed = { 0 };
	assert_int_equal(buf_char(&zeroed, 'x'), -1);
	buf_reset(&zeroed);
	buf_release(&zeroed);
}

static void gives_its_memory_away(void **state)
{
	struct buf buf;
	(void)state;
	buf_init(&buf, 100);
	char *text = buf_steal(&buf);
	assert_string_equal(text, "");
	free(text);
	buf_append(&buf, "a\0b", 3);
	text = buf_steal(&buf);
	assert_memory_equal(text, "a\0b", 4);
	free(text);
	assert_int_equal(buf.len, 0);
	assert_int_equal(buf_str(&buf, "next"), 0);
	buf_release(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows),
		cmocka_unit_test(holds_exactly_its_maximum),
		cmocka_unit_test(overflow_is_sticky_and_changes_nothing),
		cmocka_unit_test(gives_its_memory_away),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
