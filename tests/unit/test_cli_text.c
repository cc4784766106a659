/*
 * Text for terminals: nothing steers them, tables fit, spans and bars read well.
 */
#include <config.h>

#include "cli/text.h"
#include "unit.h"

#include <string.h>

#define BAD   "\xEF\xBF\xBD"
#define MARK2 "\xCC\x81\xCC\x82"
#define MARKS MARK2 MARK2 MARK2 MARK2

static void cleans(void **state)
{
	static const struct {
		const char *text, *clean;
	} rows[] = {
		{ "plain", "plain" },
		{ NULL, "-" },
		{ "", "" },
		{ "\x1B[2Jx", BAD "[2Jx" },
		{ "a\nb\tc\r", "a" BAD "b" BAD "c" BAD },
		{ "\x7F", BAD },
		{ "\xC2\x9B"
		  "31m",
			BAD "31m" }, /* C1 CSI */
		{ "\xE2\x80\xAE"
		  "gpj.exe",
			BAD "gpj.exe" }, /* right-to-left override */
		{ "\xD8\x9C", BAD },     /* Arabic letter mark */
		{ "\xFF\xC3", BAD BAD },
		/* Piles of marks are no higher than eight. */
		{ "e" MARKS "!", "e" MARKS "!" },
		{ "e" MARKS MARKS MARKS "!e" MARKS, "e" MARKS "!e" MARKS },
		{ "Gr\xC3\xBC\xC3\x9F"
		  "e",
			"Gr\xC3\xBC\xC3\x9F"
			"e" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		buf_init(&out, 256);
		text_clean(&out, rows[i].text);
		assert_string_equal(buf_text(&out), rows[i].clean);
		buf_release(&out);
	}
}

static void appends_what_is_there(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 64);
	text_if(&out, ": ", NULL);
	assert_string_equal(buf_text(&out), "");
	text_if(&out, ": ", "a\x1B");
	assert_string_equal(buf_text(&out), ": a" BAD);
	buf_release(&out);
}

static void fits(void **state)
{
	static const struct {
		const char *text;
		size_t width;
		const char *fitted;
	} rows[] = {
		{ "abc", 3, "abc" }, { "abcd", 3, "ab\xE2\x80\xA6" }, { "abcd", 0, "" },
		{ "\xE6\x97\xA5\xE6\x9C\xAC", 4,
			"\xE6\x97\xA5\xE6\x9C\xAC" }, /* 2 wide */
		{ "\xE6\x97\xA5\xE6\x9C\xAC", 3, "\xE6\x97\xA5\xE2\x80\xA6" },
		{ "e\xCC\x81x", 2, "e\xCC\x81x" }, /* combining */
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		buf_init(&out, 256);
		text_fit(&out, rows[i].text, rows[i].width);
		assert_string_equal(buf_text(&out), rows[i].fitted);
		assert_true(text_width(buf_text(&out)) <= rows[i].width);
		buf_release(&out);
	}
}

static void widths(void **state)
{
	static const struct {
		const char *text;
		size_t width;
	} rows[] = {
		{ "", 0 }, { "abc", 3 }, { "\xC3\xBC", 1 }, /* ü */
		{ "u\xCC\x88", 1 },                         /* u, diaeresis */
		{ "\xEF\xBC\xA1", 2 },                      /* fullwidth A */
		{ "\xE1\x84\x92\xE1\x85\xA1", 2 },          /* Hangul from parts */
		{ "\xED\x95\x9C", 2 },                      /* the same, composed */
		{ "\xE0\xB8\x81\xE0\xB8\xB4", 1 }, /* Thai with a vowel above */
		{ "\xE0\xA4\x95\xE0\xA5\x81", 1 }, /* Devanagari, the vowel below */
		{ "\xD7\xA9\xD6\xB8", 1 },         /* Hebrew with a point */
		{ "\xF0\x9F\x98\x80", 2 },         /* emoji */
		{ "\xE2\x9D\xA4", 1 },             /* heart, as text */
		{ "\xE2\x9C\x85", 2 },             /* emoji of the basic plane */
		{ "\xF0\xA0\x80\x80", 2 },         /* beyond it */
		{ "\xF3\xA0\x84\x80", 0 },         /* variation selector */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(text_width(rows[i].text), rows[i].width);
}

static void wraps(void **state)
{
	static const struct {
		const char *text;
		size_t used, indent, width;
		const char *lines;
	} rows[] = {
		{ "", 0, 2, 10, "" },
		{ "one two", 0, 2, 7, "one two" },
		{ "one two", 0, 2, 6, "one\n  two" },
		{ "one two three", 4, 1, 8, "one\n two\n three" },
		{ "onetwothree", 0, 2, 4, "onet\n  wo\n  th\n  re\n  e" },
		{ "  ! one two", 0, 4, 8, "  ! one\n    two" },
		{ "\xE6\x97\xA5\xE6\x9C\xAC", 0, 0, 3, "\xE6\x97\xA5\n\xE6\x9C\xAC" },
		{ "\xE6\x97\xA5", 9, 9, 4, "\xE6\x97\xA5" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		buf_init(&out, 256);
		text_wrap(&out, rows[i].text, rows[i].used, rows[i].indent,
			rows[i].width);
		assert_string_equal(buf_text(&out), rows[i].lines);
		buf_release(&out);
	}
}

/* What a shell would print of it is the path. */
static void quotes(void **state)
{
	static const struct {
		const char *path, *quoted;
	} rows[] = {
		{ "production/2026/11/goal-d49e44c7.mp4",
			"production/2026/11/goal-d49e44c7.mp4" },
		{ "a_b@c%d+e=f:g,h.i~j", "a_b@c%d+e=f:g,h.i~j" },
		{ "~root", "'~root'" },
		{ "two words", "'two words'" },
		{ "it's", "'it'\\''s'" },
		{ "$(id);`id`&*?[x]{y}<>|!#\"\\", "'$(id);`id`&*?[x]{y}<>|!#\"\\'" },
		{ "\xC3\xBC/\xE6\x97\xA5.mp4", "\xC3\xBC/\xE6\x97\xA5.mp4" },
		{ "line\nbreak's", "$'line\\x0Abreak\\'s'" },
		{ "\033[2J\\", "$'\\x1B[2J\\\\'" },
		{ "\xE2\x80\xAE", "$'\\xE2\\x80\\xAE'" },
		{ "bad\xFF", "$'bad\\xFF'" },
		{ "", "''" },
		{ NULL, "-" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		buf_init(&out, 256);
		text_quoted(&out, rows[i].path);
		assert_string_equal(buf_text(&out), rows[i].quoted);
		buf_release(&out);
	}
}

static void bars_and_spans(void **state)
{
	static const struct {
		int64_t done, total;
		const char *bar;
	} bars[] = {
		{ 0, 100, "[..........]" },
		{ 42, 100, "[####......]" },
		{ 99, 100, "[#########.]" },
		{ 100, 100, "[##########]" },
		{ 200, 100, "[##########]" },
		{ 5, 0, "[..........]" },
		{ -1, 100, "[..........]" },
	};
	static const struct {
		int64_t seconds;
		const char *span;
	} spans[] = {
		{ -5, "0s" },
		{ 42, "42s" },
		{ 190, "3m 10s" },
		{ 7500, "2h 05m" },
		{ 277200, "3d 5h" },
	};
	char span[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bars); i++) {
		struct buf out;
		buf_init(&out, 64);
		text_bar(&out, bars[i].done, bars[i].total, 12);
		assert_string_equal(buf_text(&out), bars[i].bar);
		buf_release(&out);
	}
	for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
		text_span(spans[i].seconds, span);
		assert_string_equal(span, spans[i].span);
	}
}

static void table_text(size_t width, const char *title, struct buf *out)
{
	struct table table;

	table_init(&table, 3, 2);
	table_cell(&table, "NAME");
	table_cell(&table, "SIZE");
	table_cell(&table, "TITLE");
	table_cell(&table, "a");
	table_cell(&table, "12 B");
	table_cell(&table, title);
	table_cell(&table, "bcdefg");
	table_cell(&table, "1 B");
	table_cell(&table, NULL);
	buf_init(out, 4096);
	table_print(&table, 0, width, out);
	table_release(&table);
}

static void tables(void **state)
{
	struct buf out;

	(void)state;
	table_text(80, "short", &out);
	assert_string_equal(buf_text(&out), "NAME    SIZE  TITLE\n"
					    "a       12 B  short\n"
					    "bcdefg   1 B  -\n");
	buf_release(&out);
	table_text(24, "longer than it may be", &out);
	assert_string_equal(buf_text(&out), "NAME    SIZE  TITLE\n"
					    "a       12 B  longer th\xE2\x80\xA6\n"
					    "bcdefg   1 B  -\n");
	buf_release(&out);
	table_text(16, "no room at all for it", &out);
	assert_string_equal(buf_text(&out), "NAME    SIZE\n"
					    "a       12 B\n"
					    "bcdefg   1 B\n");
	buf_release(&out);
}

/* Names as long as they may be do not make a row longer than the terminal. */
static void wide_tables(void **state)
{
	struct table table;
	struct buf out;

	(void)state;
	table_init(&table, 3, 0);
	table_cell(&table, "0123456789012345678901234567890123456789");
	table_cell(&table, "abcdefghijkl");
	table_cell(&table, "title");
	buf_init(&out, 4096);
	table_print(&table, 2, 40, &out);
	assert_string_equal(buf_text(&out),
		"  01234567890123456789012\xE2\x80\xA6  abcdefghijkl\n");
	buf_reset(&out);
	table_print(&table, 0, SIZE_MAX, &out);
	assert_string_equal(buf_text(&out),
		"0123456789012345678901234567890123456789  abcdefghijkl  title\n");
	buf_release(&out);
	table_release(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cleans),
		cmocka_unit_test(appends_what_is_there),
		cmocka_unit_test(fits),
		cmocka_unit_test(widths),
		cmocka_unit_test(wraps),
		cmocka_unit_test(quotes),
		cmocka_unit_test(bars_and_spans),
		cmocka_unit_test(tables),
		cmocka_unit_test(wide_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
