/*
 * Response heads, line by line, and the malformed values that must count as absent.
 */
#include <config.h>

#include "unit.h"

#include "io/http_head.h"
#include <stdlib.h>
#include <string.h>

static struct http_head head_of(const char *line)
{
	struct http_head head;
	assert_true(http_head_begin(&head, "HTTP/1.1 200 OK\r\n", 17));
	http_head_field(&head, line, strlen(line));
	return head;
}

static void test_status(void **state)
{
	static const struct {
		const char *line;
		int status;
	} cases[] = {
		{ "HTTP/1.1 206 Partial Content\r\n", 206 },
		{ "HTTP/2 404 \r\n", 404 },
		{ "HTTP/1.0 200\r\n", 200 },
		{ "HTTP/1.1 99 x\r\n", 0 },
		{ "HTTP/1.1 1000 x\r\n", 0 },
		{ "HTTP/1.1\r\n", 0 },
		{ "ICY 200 OK\r\n", 0 },
		{ "", 0 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_head head = { .status = 7 };
		bool ok = http_head_begin(&head, cases[i].line, strlen(cases[i].line));
		assert_int_equal(ok, cases[i].status != 0);
		assert_int_equal(head.status, ok ? cases[i].status : 7);
		assert_int_equal(head.content_length, ok ? -1 : 0);
	}
}

static void test_range(void **state)
{
	static const struct {
		const char *value;
		int64_t first, last, total;
	} cases[] = {
		{ "bytes 0-99/200", 0, 99, 200 },
		{ "Bytes  5-5/6", 5, 5, 6 },
		{ "bytes 0-99/*", 0, 99, -1 },
		{ "bytes */200", -1, -1, 200 },
		{ "bytes 9223372036854775800-9223372036854775801/9223372036854775802",
			-1, -1, -1 },
		{ "bytes 4000000000-4999999999/5000000000", 4000000000, 4999999999,
			5000000000 },
		{ "bytes 5-4/10", -1, -1, -1 },
		{ "bytes 0-10/10", -1, -1, -1 },
		{ "bytes 0-9/10x", -1, -1, -1 },
		{ "bytes 0-9", -1, -1, -1 },
		{ "bytes -9/10", -1, -1, -1 },
		{ "bytes 0-/10", -1, -1, -1 },
		{ "bytes", -1, -1, -1 },
		{ "lines 0-9/10", -1, -1, -1 },
		{ "", -1, -1, -1 },
	};
	char line[128] = "Content-Range: ";
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		strcpy(line + 15, cases[i].value);
		struct http_head head = head_of(line);
		assert_int_equal(head.range_first, cases[i].first);
		assert_int_equal(head.range_last, cases[i].last);
		assert_int_equal(head.range_total, cases[i].total);
	}
}

static void test_length(void **state)
{
	(void)state;
	assert_int_equal(head_of("content-length:  42 \r\n").content_length, 42);
	assert_int_equal(head_of("Content-Length: 0").content_length, 0);
	assert_int_equal(head_of("Content-Length: -1").content_length, -1);
	assert_int_equal(head_of("Content-Length: 4 2").content_length, -1);
	assert_int_equal(
		head_of("Content-Length: 99999999999999999999").content_length, -1);
	assert_int_equal(head_of("Content-Length:").content_length, -1);
	assert_int_equal(head_of("X-Content-Length: 4").content_length, -1);
}

static void test_texts(void **state)
{
	char line[600] = "ETag: \"";
	(void)state;
	assert_string_equal(
		head_of("Content-Type: Video/MP4 ; a=b\r\n").content_type, "video/mp4");
	assert_string_equal(head_of("ETag: W/\"Ab\" \r\n").etag, "W/\"Ab\"");
	assert_string_equal(head_of("Content-Encoding: GZIP").content_encoding, "gzip");
	assert_string_equal(head_of("Last-Modified: Sun, 22 Nov 2026 10:00:00 GMT\r\n")
				    .last_modified,
		"Sun, 22 Nov 2026 10:00:00 GMT");
	assert_true(head_of("Accept-Ranges: Bytes").accept_ranges);
	assert_false(head_of("Accept-Ranges: none").accept_ranges);
	memset(line + 7, 'x', 500); /* half a tag would be another tag */
	assert_string_equal(head_of(line).etag, "");
	assert_string_equal(head_of("no colon at all").etag, "");
}

static void test_date(void **state)
{
	(void)state;
	assert_int_equal(head_of("Date: Sun, 22 Nov 2026 10:00:00 GMT\r\n").date_ns,
		INT64_C(1795341600000000000));
	assert_int_equal(head_of("date: Thu, 01 Jan 1970 00:00:00 GMT").date_ns, 0);
	assert_int_equal(head_of("Date: tomorrow, I think").date_ns, 0);
	assert_int_equal(head_of("Date:").date_ns, 0);
	assert_int_equal(head_of("Date: Sun, 22 Nov 9999 10:00:00 GMT").date_ns, 0);
	assert_int_equal(head_of("X-Date: Sun, 22 Nov 2026 10:00:00 GMT").date_ns, 0);
}

static void test_value(void **state)
{
	(void)state;
	char *value = http_head_value("LOCATION: /a b \r\n", 17, "Location");
	assert_string_equal(value, "/a b");
	free(value);
	assert_null(http_head_value("Location2: /a", 13, "Location"));
	assert_null(http_head_value("Location", 8, "Location"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_date),
		cmocka_unit_test(test_value),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
