/*
 * Text for terminals: nothing steers them, tables fit, spans and bars read well.
 */
#include <config.h>

#include "base/json.h"
#include "cli/status_text.h"
#include "cli/text.h"
#include "unit.h"

#include <string.h>

#define BAD "\xEF\xBF\xBD"

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
		{ "\xFF\xC3", BAD BAD },
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

static void status(void **state)
{
	static const char text[] =
		"{\"version\":\"1\",\"pid\":7,\"uptime_seconds\":3661,\"paused\":false,"
		"\"assets\":{\"archived\":3,\"waiting\":0,\"failed\":1},"
		"\"transfers\":[{\"workspace\":\"w\",\"id\":\"x\",\"role\":\"video\","
		"\"key\":\"video\",\"bytes\":1048576,\"total\":4194304,\"rate\":1048576,"
		"\"eta_seconds\":3}],"
		"\"bandwidth\":[{\"of\":\"total\",\"name\":null,\"rate\":2097152,"
		"\"until\":\"2026-11-22T10:00:00.000Z\"},"
		"{\"of\":\"rule\",\"name\":\"r\",\"rate\":null,\"until\":null}],"
		"\"workspaces\":[{\"name\":\"w\",\"platform\":\"fastpix\",\"paused\":true,"
		"\"assets\":{\"archived\":3},\"bytes\":2048,\"last_delivery\":null,"
		"\"last_reconcile\":null}],"
		"\"archive\":{\"dir\":\"/a\",\"bytes\":2048,\"free\":1024,\"total\":null},"
		"\"warnings\":[{\"key\":\"disk\",\"text\":\"the disk\\u001b is full\","
		"\"since\":\"2026-11-22T10:00:00.000Z\"}],"
		"\"attention\":[{\"workspace\":\"w\",\"id\":\"y\",\"state\":\"failed\","
		"\"reason\":\"no\",\"due\":null}]}";
	cJSON *json = NULL;
	struct buf out;

	(void)state;
	assert_int_equal(json_parse(text, strlen(text), &json, NULL), 0);
	buf_init(&out, 65536);
	status_text(json, 80, &out);
	assert_non_null(strstr(out.data, "vodkeep 1, up 1h 01m, pid 7\n"));
	assert_non_null(strstr(out.data, "Assets   3 archived, 1 failed\n"));
	assert_non_null(strstr(out.data, "Limits   2.0 MiB/s until 2026-11-22 "));
	assert_non_null(strstr(out.data, "\n         rule r no limit\n"));
	assert_non_null(strstr(out.data, "[#####...............]  25 %"));
	assert_non_null(strstr(out.data, "3s left\n"));
	assert_non_null(strstr(out.data, "! the disk" BAD " is full (since "));
	assert_non_null(strstr(out.data, "  w/y  failed\n    no\n"));
	assert_null(strchr(out.data, '\x1B'));
	for (char *line = strtok(out.data, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(text_width(line) <= 80);
	buf_release(&out);
	cJSON_Delete(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cleans),
		cmocka_unit_test(fits),
		cmocka_unit_test(bars_and_spans),
		cmocka_unit_test(tables),
		cmocka_unit_test(status),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
