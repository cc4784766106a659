/*
 * UTF-8 sequences, valid and not.
 */
#include <config.h>

#include "base/utf8.h"
#include "unit.h"

static void sequences(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		size_t expect;
		uint32_t code;
	} rows[] = {
		{ "", 0, 0, 0 },
		{ "a", 1, 1, 'a' },
		{ "\x7F", 1, 1, 0x7F },
		{ "\xC3\xA9", 2, 2, 0xE9 },
		{ "\xE2\x82\xAC!", 4, 3, 0x20AC },
		{ "\xF0\x9F\x98\x80", 4, 4, 0x1F600 },
		{ "\xF4\x8F\xBF\xBF", 4, 4, 0x10FFFF },
		{ "\x80", 1, 0, 0 },
		{ "\xC3", 1, 0, 0 },
		{ "\xC3(", 2, 0, 0 },
		{ "\xC0\x80", 2, 0, 0 },
		{ "\xE0\x80\x80", 3, 0, 0 },
		{ "\xF0\x80\x80\x80", 4, 0, 0 },
		{ "\xED\xA0\x80", 3, 0, 0 },
		{ "\xF4\x90\x80\x80", 4, 0, 0 },
		{ "\xF0\x9F\x98", 3, 0, 0 },
		{ "\xFF\xFF\xFF\xFF", 4, 0, 0 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint32_t code = 0;
		size_t n = utf8_sequence(rows[i].text, rows[i].len, &code);
		assert_int_equal(n, rows[i].expect);
		assert_int_equal(code, rows[i].code);
		assert_int_equal(utf8_sequence(rows[i].text, rows[i].len, NULL), n);
	}
}

static void trims(void **state)
{
	(void)state;
	assert_int_equal(utf8_trim("abc", 3), 3);
	assert_int_equal(utf8_trim("", 0), 0);
	assert_int_equal(utf8_trim("a\xC3\xA9", 3), 3);
	assert_int_equal(utf8_trim("a\xC3\xA9", 2), 1);
	assert_int_equal(utf8_trim("a\xF0\x9F\x98\x80", 5), 5);
	for (size_t cut = 2; cut < 5; cut++)
		assert_int_equal(utf8_trim("a\xF0\x9F\x98\x80", cut), 1);
	assert_int_equal(utf8_trim("\x80\x80\x80\x80", 4), 4);
	assert_int_equal(utf8_trim("\xC3", 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequences),
		cmocka_unit_test(trims),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
