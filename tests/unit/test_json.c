/*
 * JSON: limits on what is let in, tolerance in what is read, and valid UTF-8 out.
 */
#include <config.h>

#include "base/json.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

static cJSON *parse(const char *text)
{
	cJSON *node = NULL;
	struct err err = { 0 };
	int rc = json_parse(text, strlen(text), &node, &err);
	if (rc)
		fail_msg("%s: %s", text, err.text);
	return node;
}

static void refuses_what_is_not_json(void **state)
{
	static const char *const rows[] = { "", " ", "{", "}", "{]", "[1,]", "{\"a\":}",
		"{\"a\" 1}", "{a:1}", "tru", "\"x", "\"\\", "\"\\u", "\"\\u12\"",
		"\"\\q\"", "{} x", "{}{}", "nul", "'a'", "[1 2]", "\xFF",
		"\"\\uD83D\\u\"" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t len = strlen(rows[i]);
		char *copy = malloc(len + 1); /* exact, for the sanitizer */
		cJSON *node = (cJSON *)0x1;
		struct err err = { 0 };
		assert_non_null(copy);
		memcpy(copy, rows[i], len);
		assert_int_equal(json_parse(copy, len, &node, &err), -(int)ERR_INPUT);
		assert_ptr_equal(node, (cJSON *)0x1);
		assert_int_equal(err.class, ERR_INPUT);
		assert_int_equal(json_parse(copy, len, &node, NULL), -(int)ERR_INPUT);
		free(copy);
	}
}

static void every_cut_is_refused(void **state)
{
	static const char text[] =
		"{\"a\":[1,\"\\uD83D\\uDE00\\n\",null],\"b\":{\"c\":1.5e3}}";
	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		char *copy = malloc(len + 1);
		cJSON *node = NULL;
		assert_non_null(copy);
		memcpy(copy, text, len);
		int rc = json_parse(copy, len, &node, NULL);
		assert_int_equal(rc == 0, len == sizeof(text) - 1);
		cJSON_Delete(node);
		free(copy);
	}
}

static void takes_exactly_the_length(void **state)
{
	cJSON *node = NULL;
	(void)state;
	assert_int_equal(json_parse("{} \r\n\tgarbage", 6, &node, NULL), 0);
	cJSON_Delete(node);
	assert_int_equal(json_parse("{\"a\0\":1}", 8, &node, NULL), -(int)ERR_INPUT);
	assert_int_equal(json_parse("\"\\\0\"", 4, &node, NULL), -(int)ERR_INPUT);
	assert_int_equal(json_parse("{}\0", 3, &node, NULL), -(int)ERR_INPUT);
}

static void depth_is_limited(void **state)
{
	char text[200];
	cJSON *node = NULL;
	(void)state;
	for (size_t depth = 1; depth < 100; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		int rc = json_parse(text, depth * 2, &node, NULL);
		assert_int_equal(rc, depth <= 64 ? 0 : -(int)ERR_INPUT);
		if (rc == 0)
			cJSON_Delete(node);
	}
	memset(text, '[', sizeof(text));
	text[0] = text[sizeof(text) - 1] = '"'; /* brackets in a string nest nothing */
	assert_int_equal(json_parse(text, sizeof(text), &node, NULL), 0);
	cJSON_Delete(node);
}

static void lossy_escapes_become_replacements(void **state)
{
	static const struct {
		const char *text;
		const char *value;
	} rows[] = {
		{ "\"a\\u0000b\"", "a\xEF\xBF\xBD"
				   "b" },
		{ "\"a\\ud83d\"", "a\xEF\xBF\xBD" },
		{ "\"\\uDE00z\"", "\xEF\xBF\xBDz" },
		{ "\"\\ud83d\\ud83d\\ude00\"", "\xEF\xBF\xBD\xF0\x9F\x98\x80" },
		{ "\"\\ud83dx\"", "\xEF\xBF\xBDx" },
		{ "\"\\ud83d\\n\"", "\xEF\xBF\xBD\n" },
		{ "\"\\\\u0000\"", "\\u0000" },
		{ "\"\\uD83D\\uDE00\"", "\xF0\x9F\x98\x80" },
		{ "\"\\u00e9\"", "\xC3\xA9" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cJSON *node = parse(rows[i].text);
		assert_string_equal(cJSON_GetStringValue(node), rows[i].value);
		cJSON_Delete(node);
	}
}

static void finds_paths(void **state)
{
	cJSON *node =
		parse("{\"data\":{\"id\":\"v1\",\"Id\":\"other\",\"list\":[{\"n\":1},"
		      "{\"n\":2}],\"none\":null,\"7\":\"seven\",\"e\":\"\"}}");
	(void)state;
	assert_string_equal(json_text(node, "data.id"), "v1");
	assert_string_equal(json_text(node, "data.Id"), "other");
	assert_string_equal(json_text(node, "data.7"), "seven");
	assert_null(json_text(node, "data.ID"));
	assert_null(json_text(node, "data.i"));
	assert_null(json_text(node, "data.idx"));
	assert_null(json_text(node, "data.e"));
	assert_null(json_text(node, "data.none"));
	assert_null(json_text(node, "data.none.deeper"));
	assert_null(json_text(node, "data.id.deeper"));
	assert_null(json_text(node, "data.list"));
	assert_true(cJSON_IsNull(json_at(node, "data.none")));
	assert_ptr_equal(json_at(node, ""), node);
	assert_null(json_at(NULL, "a"));
	assert_null(json_at(NULL, ""));
	assert_int_equal(json_int(node, "data.list.1.n", -1), 2);
	assert_int_equal(json_int(node, "data.list.01.n", -1), 2);
	assert_int_equal(json_int(node, "data.list.2.n", -1), -1);
	assert_int_equal(json_int(node, "data.list..n", -1), -1);
	assert_int_equal(json_int(node, "data.list.x.n", -1), -1);
	assert_int_equal(
		json_int(node, "data.list.99999999999999999999999999.n", -1), -1);
	cJSON_Delete(node);
}

static void reads_numbers(void **state)
{
	static const struct {
		const char *text;
		int64_t integer;
		double number;
	} rows[] = {
		{ "5", 5, 5 },
		{ "-5", -5, -5 },
		{ "5.9", 5, 5.9 },
		{ "-5.9", -5, -5.9 },
		{ "1e3", 1000, 1000 },
		{ "\"5\"", 5, 5 },
		{ "\"-5.9\"", -5, -5.9 },
		{ "\"1e3\"", 1000, 1000 },
		{ "\"9223372036854775807\"", INT64_MAX, 9223372036854775807.0 },
		{ "9007199254740992", INT64_C(9007199254740992), 9007199254740992.0 },
		{ "1e300", 99, 1e300 },
		{ "-1e300", 99, -1e300 },
		{ "9223372036854775808", 99, 9223372036854775808.0 },
		{ "-9223372036854775808", INT64_MIN, -9223372036854775808.0 },
		{ "\"99999999999999999999\"", 99, 99999999999999999999.0 },
		{ "\"\"", 99, 99 },
		{ "\"x\"", 99, 99 },
		{ "\"5x\"", 99, 99 },
		{ "\" 5\"", 99, 99 },
		{ "\"0x10\"", 99, 99 },
		{ "\"inf\"", 99, 99 },
		{ "\"nan\"", 99, 99 },
		{ "\"1e\"", 99, 99 },
		{ "\"1-2\"", 99, 99 },
		{ "true", 99, 99 },
		{ "null", 99, 99 },
		{ "[]", 99, 99 },
		{ "{}", 99, 99 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cJSON *node = parse(rows[i].text);
		assert_int_equal(json_int(node, "", 99), rows[i].integer);
		assert_true(json_number(node, "", 99) == rows[i].number);
		cJSON_Delete(node);
	}
}

static void reads_bools(void **state)
{
	cJSON *node =
		parse("{\"t\":true,\"f\":false,\"n\":null,\"one\":1,\"s\":\"true\"}");
	(void)state;
	assert_true(json_bool(node, "t", false));
	assert_false(json_bool(node, "f", true));
	assert_true(json_bool(node, "n", true));
	assert_false(json_bool(node, "one", false));
	assert_true(json_bool(node, "s", true));
	assert_false(json_bool(node, "absent", false));
	cJSON_Delete(node);
}

static void reads_times(void **state)
{
	const int64_t s = INT64_C(1795341600);
	static const struct {
		const char *text;
		int64_t extra;
	} rows[] = {
		{ "\"2026-11-22T10:00:00Z\"", 0 },
		{ "\"2026-11-22T10:00:00.000005Z\"", 5000 },
		{ "1795341600", 0 },
		{ "\"1795341600\"", 0 },
		{ "1795341600123", 123000000 },
		{ "1795341600123456", 123456000 },
		{ "\"1795341600123456789\"", 123456789 },
	};
	static const char *const none[] = { "null", "\"\"", "\"soon\"", "0", "-5",
		"true", "{}", "[1795341600]", "99999999999", "1e300" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cJSON *node = parse(rows[i].text);
		assert_int_equal(
			json_time_ns(node, ""), s * 1000000000 + rows[i].extra);
		cJSON_Delete(node);
	}
	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		cJSON *node = parse(none[i]);
		assert_int_equal(json_time_ns(node, ""), 0);
		cJSON_Delete(node);
	}
	assert_int_equal(json_time_ns(NULL, "a"), 0);
}

static void writes(void **state)
{
	cJSON *node = cJSON_CreateObject();
	(void)state;
	json_add_text(node, "text", "a\"b");
	json_add_text(node, "none", NULL);
	json_add_int(node, "small", -7);
	json_add_int(node, "size", INT64_C(999999999999999));
	json_add_int(node, "exact", INT64_C(9007199254740993));
	json_add_int(node, "min", INT64_MIN);
	json_add_bool(node, "yes", true);
	json_add_time(node, "at", INT64_C(1795341600) * 1000000000);
	json_add_time(node, "never", 0);
	char *text = json_print(node, false);
	assert_string_equal(text,
		"{\"text\":\"a\\\"b\",\"none\":null,\"small\":-7,"
		"\"size\":999999999999999,\"exact\":9007199254740993,"
		"\"min\":-9223372036854775808,\"yes\":true,"
		"\"at\":\"2026-11-22T10:00:00.000Z\",\"never\":null}");
	free(text);
	assert_int_equal(json_int(node, "exact", 0), INT64_C(9007199254740993));
	assert_int_equal(json_int(node, "min", 0), INT64_MIN);
	text = json_print(node, true);
	assert_non_null(strchr(text, '\n'));
	free(text);
	cJSON_Delete(node);
}

static void never_prints_invalid_utf8(void **state)
{
	static const struct {
		const char *in;
		const char *out;
	} rows[] = {
		{ "\"\xC3\xA9\"", "\"\xC3\xA9\"" },
		{ "\"\xFF\"", "\"\xEF\xBF\xBD\"" },
		{ "\"a\xC3\"", "\"a\xEF\xBF\xBD\"" },
		{ "\"\xED\xA0\x80\"", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" },
		{ "{\"\xFE\":1}", "{\"\xEF\xBF\xBD\":1}" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cJSON *node = parse(rows[i].in);
		char *text = json_print(node, false);
		assert_string_equal(text, rows[i].out);
		free(text);
		cJSON_Delete(node);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_not_json),
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(takes_exactly_the_length),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(lossy_escapes_become_replacements),
		cmocka_unit_test(finds_paths),
		cmocka_unit_test(reads_numbers),
		cmocka_unit_test(reads_bools),
		cmocka_unit_test(reads_times),
		cmocka_unit_test(writes),
		cmocka_unit_test(never_prints_invalid_utf8),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
