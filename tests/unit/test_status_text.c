/*
 * The status as text: what it says, that it keeps to the page, whatever the titles are,
 * and what is told of changes.
 */
#include <config.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/status_changes.h"
#include "cli/status_text.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define BAD      "\xEF\xBF\xBD"
#define ELLIPSIS "\xE2\x80\xA6"
#define ID       "d49e44c7-1111-4222-8333-444444444444"
#define NIHON    "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E"
#define FAMILY   "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7"

static cJSON *parse(const char *text)
{
	cJSON *json = NULL;
	struct err err = { 0 };

	if (json_parse(text, strlen(text), &json, &err) < 0)
		fail_msg("%s", err.text);
	return json;
}

static char *transfer(const char *id, const char *title, const char *figures)
{
	return mem_printf("{\"workspace\":\"production\",\"id\":\"%s\",\"title\":%s,"
			  "\"role\":\"video\",\"key\":\"video\",%s}",
		id, title, figures);
}

#define HALF "\"bytes\":1048576,\"total\":4194304,\"rate\":1048576,\"eta_seconds\":3"
#define OPEN "\"bytes\":1048576,\"total\":null,\"rate\":0,\"eta_seconds\":null"
#define DONE "\"bytes\":4194304,\"total\":4194304,\"rate\":9,\"eta_seconds\":0"

/* A status with @transfers, an array without its brackets; and a sum that fits HALF. */
static cJSON *with_transfers(const char *transfers)
{
	char *text = mem_printf(
		"{\"version\":\"1\",\"pid\":7,\"uptime_seconds\":3661,\"paused\":false,"
		"\"assets\":{\"archived\":3,\"queued\":12,\"waiting\":2,\"failed\":1},"
		"\"in_flight\":{\"files\":1,\"waiting\":5,\"stalled\":0," HALF "},"
		"\"transfers\":[%s],"
		"\"workspaces\":[{\"name\":\"w\",\"platform\":\"fastpix\",\"paused\":true,"
		"\"assets\":{\"archived\":3},\"bytes\":2048,\"last_delivery\":null,"
		"\"last_reconcile\":null,\"rejected\":2}],"
		"\"bandwidth\":[{\"of\":\"total\",\"name\":null,\"rate\":2097152,"
		"\"until\":\"2026-11-22T10:00:00.000Z\"},"
		"{\"of\":\"rule\",\"name\":\"r\",\"rate\":null,\"until\":null}],"
		"\"archive\":{\"dir\":\"/a\",\"bytes\":2048,\"free\":1024,\"total\":null},"
		"\"warnings\":[{\"key\":\"disk\",\"text\":\"the disk\\u001b is full, and "
		"downloads wait until there is room; remove something, or lower min_free\","
		"\"since\":\"2026-11-22T10:00:00.000Z\"}],"
		"\"outbox\":[{\"kind\":\"notify\",\"rule\":\"r\",\"waiting\":2,"
		"\"oldest\":\"2026-11-22T10:00:00.000Z\"}],"
		"\"attention\":[{\"workspace\":\"w\",\"id\":\"y\",\"state\":\"failed\","
		"\"reason\":\"no\",\"due\":null}]}",
		transfers);
	cJSON *json = parse(text);

	free(text);
	return json;
}

static cJSON *with_transfer(const char *title, const char *figures)
{
	char *one = transfer(ID, title, figures);
	cJSON *json = with_transfers(one);

	free(one);
	return json;
}

/* Steal the text of @json on a page; the caller frees it. */
static char *text_of(cJSON *json, size_t width, size_t height, bool color)
{
	const struct text_page page = { width, height, color };
	struct buf out;

	buf_init(&out, 65536);
	status_text(json, &page, &out);
	assert_false(out.overflow);
	return buf_steal(&out);
}

static void has(const char *text, const char *part)
{
	const char *in = text ? text : "no text at all";

	if (!strstr(in, part))
		fail_msg("no %s in\n%s", part, in);
}

static void says(void **state)
{
	cJSON *json = with_transfer("\"Goal\"", HALF);
	char *text = text_of(json, 90, 0, false);

	(void)state;
	has(text, "vodkeep 1, up 1h 01m, pid 7\n");
	has(text, "Assets   3 archived, 12 queued, 2 waiting, 1 failed\n");
	has(text, "Limits   2.0 MiB/s until 2026-11-22 ");
	has(text, "\n         rule r no limit\n");
	has(text, "\nDownloading 1 file: 1.0 MiB of 4.0 MiB, 1.0 MiB/s, 3s left; "
		  "to come: 5 files, 12 queued, 2 waiting\n");
	has(text, "\n  production/" ID " video  Goal\n    [####...............]  25 %  "
		  "1.0 MiB of 4.0 MiB  1.0 MiB/s  3s left\n");
	has(text, "! the disk" BAD " is full, and downloads wait until there is room; "
		  "remove something, or lower min_free (since ");
	has(text, "  2 deliveries rejected: vodkeep explain w\n");
	has(text,
		"\nTo be told\n  notify of rule r: 2 wait, the oldest since 2026-11-22 ");
	has(text, "  w/y  failed\n    no\n");
	assert_null(strchr(text, '\x1B'));
	free(text);
	cJSON_Delete(json);
}

static void knows_what_it_does_not_know(void **state)
{
	static const struct {
		const char *figures, *wide, *line;
	} rows[] = {
		{ HALF,
			"    [#####.................]  25 %  1.0 MiB of 4.0 MiB  "
			"1.0 MiB/s  3s left\n",
			"  d49e44c7 Goal                    [##........]  25 %     "
			"1.0 MiB/s        3s\n" },
		{ OPEN, "    1.0 MiB so far  0 B/s  time left unknown\n",
			"  d49e44c7 Goal                    1.0 MiB so far        "
			"     0 B/s   unknown\n" },
		{ DONE, "  9 B/s  checking\n", "[##########] 100 %         9 B/s  " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cJSON *json = with_transfer("\"Goal\"", rows[i].figures);
		char *text = text_of(json, 100, 0, false);

		has(text, rows[i].wide);
		free(text);
		text = text_of(json, 77, 24, false);
		has(text, rows[i].line);
		free(text);
		cJSON_Delete(json);
	}
}

static size_t lines_of(const char *text)
{
	size_t lines = 0;

	for (; (text = strchr(text, '\n')); text++)
		lines++;
	return lines;
}

/* No line of a page is wider than it, and nothing in it steers a terminal. */
static void check_page(const char *text, size_t width, size_t height)
{
	assert_true(lines_of(text) <= height);
	for (const char *at = text; *at;) {
		size_t len = strcspn(at, "\n");
		char *line = mem_strndup(at, len);

		if (text_width(line) > width)
			fail_msg("%zu columns: %s", width, line);
		for (const char *c = line; *c; c++)
			assert_true((unsigned char)*c >= 0x20 && *c != 0x7F);
		free(line);
		at += len + (at[len] == '\n');
	}
}

/* The strangest titles on pages of all sizes. */
static void keeps_to_the_page(void **state)
{
	static const char *const titles[] = {
		"null",
		"\"" NIHON NIHON NIHON NIHON NIHON NIHON NIHON NIHON NIHON NIHON NIHON
		"\"",
		"\"\\u001b[2J\\u001b]0;mine\\u0007\\u009b31m\\r\\n\\u202egpj\"",
		"\"" FAMILY FAMILY FAMILY FAMILY FAMILY FAMILY FAMILY FAMILY FAMILY
		"\"",
		"\"e\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81\"",
		"\"a word that is longer than any line and another and another and a long "
		"one that goes on and on until it does not fit anywhere at all any more\"",
	};
	static const char *const figures[] = { HALF, OPEN, DONE,
		"\"bytes\":1098438868992,\"total\":1098974756864,\"rate\":1073689395,"
		"\"eta_seconds\":3599" };

	(void)state;
	for (size_t t = 0; t < ARRAY_LEN(titles); t++) {
		for (size_t f = 0; f < ARRAY_LEN(figures); f++) {
			cJSON *json = with_transfer(titles[t], figures[f]);

			for (size_t width = 40; width <= 240; width++) {
				char *text =
					text_of(json, width, 1 + width % 40, false);
				check_page(text, width, 1 + width % 40);
				free(text);
			}
			cJSON_Delete(json);
		}
	}
}

static void columns_stay(void **state)
{
	static const char *const titles[] = { "null",
		"\"" NIHON NIHON NIHON NIHON NIHON NIHON NIHON "\"", "\"Goal\"",
		"\"\\u001b\\u001b\"" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(titles); i++) {
		cJSON *json = with_transfer(titles[i], HALF);
		char *text = text_of(json, 80, 24, false), *row, *bar;

		row = strstr(text, "  d49e44c7");
		assert_non_null(row);
		bar = strstr(row, "  [##");
		assert_non_null(bar);
		row = mem_strndup(row, (size_t)(bar - row));
		/* Cut before a wide character that fits by half, and filled up. */
		assert_int_equal(text_width(row), 2 + 33);
		free(row);
		free(text);
		cJSON_Delete(json);
	}
}

static cJSON *many(size_t n)
{
	struct buf list;
	cJSON *json;

	buf_init(&list, 65536);
	for (size_t i = 0; i < n; i++) {
		char *id = mem_printf("asset-%zu", i);
		char *one = transfer(id, "null", HALF);

		buf_printf(&list, "%s%s", i ? "," : "", one);
		free(id);
		free(one);
	}
	json = with_transfers(buf_text(&list));
	buf_release(&list);
	return json;
}

static void many_files(void **state)
{
	cJSON *json = many(30);
	char *text = text_of(json, 100, 43, false);

	(void)state;
	/* 43 lines: 23 are something else, one is the rest. */
	assert_int_equal(lines_of(text), 43);
	has(text, "\n  production/asset-0 ");
	has(text, "\n  production/asset-18 ");
	assert_null(strstr(text, "asset-19"));
	has(text, "\n  " ELLIPSIS " and 11 more\n\nWorkspaces\n");
	free(text);
	/* Too few lines for all: the end is missing, and is said to be. */
	text = text_of(json, 100, 14, false);
	assert_int_equal(lines_of(text), 14);
	has(text, "\n  production/asset-0 ");
	has(text, ELLIPSIS " 14 more lines: vodkeep status\n");
	free(text);
	/* Where lines are not counted, all are there, with their whole names. */
	text = text_of(json, 100, 0, false);
	has(text, "\n  production/asset-29 video\n");
	assert_null(strstr(text, " more"));
	free(text);
	cJSON_Delete(json);
}

static void colors(void **state)
{
	cJSON *json = with_transfer("\"Goal\"", HALF);
	char *text = text_of(json, 80, 24, true);

	(void)state;
	has(text, "\033[32m[##.........]\033[0m  25 %");
	has(text, "\033[1mDownloading \033[0m1 file");
	has(text, "\033[33m  ! the disk" BAD " is full");
	free(text);
	cJSON_Delete(json);
}

/* Of an agent that is older than this program. */
static void nothing_at_all(void **state)
{
	cJSON *json = parse("{}"), *bare = parse("{\"transfers\":[{}]}");
	char *text = text_of(json, 80, 24, true);

	(void)state;
	has(text, "none yet");
	free(text);
	text = text_of(bare, 80, 24, false);
	has(text, "0 B so far");
	free(text);
	text = text_of(bare, 80, 0, false);
	has(text, "0 B so far  0 B/s  time left unknown\n");
	free(text);
	cJSON_Delete(json);
	cJSON_Delete(bare);
}

static void expect_changes(cJSON *before, cJSON *now, const char *expected)
{
	struct buf out;

	buf_init(&out, 65536);
	status_changes(before, now, "12:00:00", &out);
	assert_string_equal(buf_text(&out), expected);
	buf_release(&out);
	cJSON_Delete(before);
	cJSON_Delete(now);
}

#define NAME "12:00:00 production/" ID " video: "

static void changes(void **state)
{
	(void)state;
	expect_changes(with_transfer("null", HALF), with_transfer("null", HALF), "");
	expect_changes(with_transfers(""), with_transfer("null", HALF),
		NAME "25 %, 1.0 MiB of 4.0 MiB, 1.0 MiB/s, 3s left\n");
	expect_changes(with_transfer("null", HALF), with_transfer("null", DONE),
		NAME "100 %, 4.0 MiB of 4.0 MiB, 9 B/s, checking\n");
	expect_changes(with_transfer("null", HALF), with_transfers(""),
		NAME "no longer in flight\n");
	/* Less than a tenth, or than 64 MiB where nobody knows the size: no line. */
	expect_changes(with_transfer("null", HALF),
		with_transfer("null",
			"\"bytes\":1248576,\"total\":4194304,\"rate\":1,\"eta_seconds\":3"),
		"");
	expect_changes(with_transfer("null", OPEN),
		with_transfer("null",
			"\"bytes\":1248576,\"total\":null,\"rate\":1,\"eta_seconds\":null"),
		"");
	expect_changes(with_transfer("null", OPEN),
		with_transfer("null",
			"\"bytes\":67108864,\"total\":null,\"rate\":1,\"eta_seconds\":null"),
		NAME "64.0 MiB so far, 1 B/s, time left unknown\n");
	expect_changes(
		parse("{\"assets\":{\"archived\":1},\"warnings\":[{\"key\":\"a\","
		      "\"text\":\"old\\u001b\"}]}"),
		parse("{\"assets\":{\"archived\":2},\"warnings\":[{\"key\":\"a\","
		      "\"text\":\"new\"}]}"),
		"12:00:00 assets: 2 archived\n"
		"12:00:00 over: old" BAD "\n"
		"12:00:00 warning: new\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says),
		cmocka_unit_test(knows_what_it_does_not_know),
		cmocka_unit_test(keeps_to_the_page),
		cmocka_unit_test(columns_stay),
		cmocka_unit_test(many_files),
		cmocka_unit_test(colors),
		cmocka_unit_test(nothing_at_all),
		cmocka_unit_test(changes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
