/*
 * Times, durations and sizes: what is read, what is refused, and that printing and
 * reading agree.
 */
#include <config.h>

#include "base/clock.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define S(n) ((n)*NS_PER_S)

static void reads_times(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} rows[] = {
		{ "1970-01-01", 0 },
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01T00:00:01Z", S(1) },
		{ "1969-12-31T23:59:59Z", S(-1) },
		{ "1969-12-31T23:59:59.5Z", -NS_PER_S / 2 },
		{ "2000-02-29T12:00:00Z", S(951825600) },
		{ "2024-02-29", S(1709164800) },
		{ "2026-11-22", S(1795305600) },
		{ "2026-11-22T10:00:00Z", S(1795341600) },
		{ "2026-11-22 10:00:00Z", S(1795341600) },
		{ "2026-11-22t10:00:00z", S(1795341600) },
		{ "2026-11-22T11:00:00+01:00", S(1795341600) },
		{ "2026-11-22T04:30:00-05:30", S(1795341600) },
		{ "2026-11-22T10:00:00-00:00", S(1795341600) },
		{ "2026-11-22T10:00:00.123456789+00:00", S(1795341600) + 123456789 },
		{ "2026-11-22T10:00:00.1Z", S(1795341600) + 100000000 },
		{ "2026-11-22T10:00:00.0000000019999Z", S(1795341600) + 1 },
		{ "2016-12-31T23:59:60Z", S(1483228799) },
		{ "1678-01-01", S(-9214560000) },
		{ "2262-04-11T23:47:16.854775807Z", INT64_MAX },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t ns = 42;
		assert_int_equal(
			time_parse(rows[i].text, strlen(rows[i].text), &ns, NULL), 0);
		assert_int_equal(ns, rows[i].ns);
	}
}

static void refuses_times(void **state)
{
	static const char *const rows[] = { "", "x", "2026", "2026-11", "2026-11-2",
		"2026-1-22", "2026-00-22", "2026-13-01", "2026-11-00", "2026-11-31",
		"2026-02-29", "1900-02-29", "2026-11-22T", "2026-11-22T10:00Z",
		"2026-11-22T10:00:00", "2026-11-22T24:00:00Z", "2026-11-22T10:60:00Z",
		"2026-11-22T10:00:61Z", "2026-11-22T10:00:00.Z",
		"2026-11-22T10:00:00.12", "2026-11-22T10:00:00ZZ",
		"2026-11-22T10:00:00Z ", " 2026-11-22", "2026-11-22T10:00:00+1:00",
		"2026-11-22T10:00:00+24:00", "2026-11-22T10:00:00+01:60",
		"2026-11-22T10:00:00+0100", "2026-11-22T10:00:00,5Z", "2026/11/22",
		"+026-11-22", "2026-11-22X10:00:00Z", "0001-01-01", "1677-01-01",
		"2262-04-11T23:47:16.854775808Z", "2300-01-01",
		"9999-12-31T23:59:59Z" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t ns = 42;
		struct err err;
		assert_int_equal(time_parse(rows[i], strlen(rows[i]), &ns, &err),
			-(int)ERR_INPUT);
		assert_int_equal(ns, 42);
		assert_int_equal(err.class, ERR_INPUT);
	}
	int64_t ns = 42;
	assert_int_equal(time_parse("2026-11-22\0", 11, &ns, NULL), -(int)ERR_INPUT);
	assert_int_equal(time_parse("2026-11-22T10:00:00Z", 10, &ns, NULL), 0);
}

static void every_cut_of_a_time_is_judged_by_its_length(void **state)
{
	static const char text[] = "2026-11-22T10:00:00.123456+01:00";
	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		char *copy = malloc(len + 1); /* so that a sanitizer sees overruns */
		assert_non_null(copy);
		memcpy(copy, text, len);
		int64_t ns;
		int rc = time_parse(copy, len, &ns, NULL);
		assert_int_equal(rc == 0, len == 10 || len == sizeof(text) - 1);
		free(copy);
	}
}

static void prints_times(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1, "1970-01-01T00:00:00.000Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ S(1795341600) + 123999999, "2026-11-22T10:00:00.123Z" },
		{ S(951782400), "2000-02-29T00:00:00.000Z" },
		{ INT64_MAX, "2262-04-11T23:47:16.854Z" },
		{ INT64_MIN, "1677-09-21T00:12:43.145Z" },
	};
	char text[40];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		time_format_utc(rows[i].ns, text);
		assert_string_equal(text, rows[i].text);
	}
	setenv("TZ", "VKT-5:30", 1);
	tzset();
	time_format_local(S(1795341600) + 5, text);
	assert_string_equal(text, "2026-11-22 15:30:00 +05:30");
	setenv("TZ", "VKT+3:30", 1);
	tzset();
	time_format_local(S(1795341600), text);
	assert_string_equal(text, "2026-11-22 06:30:00 -03:30");
	time_format_local(INT64_MIN, text);
	time_format_local(INT64_MAX, text);
}

/* Against the C library, over every day that fits, and whatever TZ says. */
static void calendar_agrees_with_libc(void **state)
{
	(void)state;
	for (int64_t day = -106751; day <= 106750; day++) {
		time_t seconds = (time_t)(day * 86400 + 3661);
		struct tm tm;
		char expect[40];
		char text[32];
		int64_t ns;
		assert_non_null(gmtime_r(&seconds, &tm));
		strftime(expect, sizeof(expect), "%Y-%m-%dT%H:%M:%S.000Z", &tm);
		time_format_utc(S((int64_t)seconds), text);
		assert_string_equal(text, expect);
		assert_int_equal(time_parse(text, strlen(text), &ns, NULL), 0);
		assert_int_equal(ns, S((int64_t)seconds));
	}
}

static void reads_since(void **state)
{
	int64_t ns = 0;
	struct err err;
	(void)state;
	assert_int_equal(time_parse_since("2h", S(10000), &ns, &err), 0);
	assert_int_equal(ns, S(2800));
	assert_int_equal(time_parse_since("2026-11-22", 0, &ns, &err), 0);
	assert_int_equal(ns, S(1795305600));
	ns = 42;
	assert_int_equal(time_parse_since("yesterday", 0, &ns, &err), -(int)ERR_INPUT);
	assert_int_equal(time_parse_since("7", 0, &ns, &err), -(int)ERR_INPUT);
	assert_int_equal(time_parse_since("-2h", 0, &ns, &err), -(int)ERR_INPUT);
	assert_int_equal(time_parse_since("1w", INT64_MIN, &ns, &err), -(int)ERR_INPUT);
	assert_int_equal(ns, 42);
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
		const char *printed;
	} rows[] = {
		{ "500ms", 500, "500ms" },
		{ "15s", 15000, "15s" },
		{ "90s", 90000, "90s" },
		{ "60s", 60000, "1m" },
		{ "10m", 600000, "10m" },
		{ "2h", 7200000, "2h" },
		{ "24h", 86400000, "1d" },
		{ "8d", 691200000, "8d" },
		{ "7d", 604800000, "7d" },
		{ "1w", 604800000, "7d" },
		{ "0s", 0, "0s" },
		{ "0ms", 0, "0s" },
		{ "1500ms", 1500, "1500ms" },
		{ "36525d", 3155760000000, "36525d" },
	};
	static const char *const bad[] = { "", "5", "s", "-1s", "+1s", "1 s", " 1s",
		"1s ", "1.5h", "1y", "1h30m", "1msx", "0", "36526d",
		"99999999999999999999s", "9223372036854775807w", "1\n" };
	char text[32];
	struct err err;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t ms = -1;
		assert_int_equal(duration_parse(rows[i].text, &ms, &err), 0);
		assert_int_equal(ms, rows[i].ms);
		duration_format(ms, text);
		assert_string_equal(text, rows[i].printed);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int64_t ms = 42;
		assert_int_equal(duration_parse(bad[i], &ms, &err), -(int)ERR_INPUT);
		assert_int_equal(ms, 42);
	}
	duration_format(-90000, text);
	assert_string_equal(text, "-90s");
	duration_format(INT64_MIN, text);
	assert_string_equal(text, "-9223372036854775808ms");
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
		const char *printed;
	} rows[] = {
		{ "0", 0, "0" },
		{ "512", 512, "512" },
		{ "1024", 1024, "1K" },
		{ "10K", 10240, "10K" },
		{ "16M", 16777216, "16M" },
		{ "16m", 16777216, "16M" },
		{ "2G", INT64_C(2) << 30, "2G" },
		{ "1T", INT64_C(1) << 40, "1T" },
		{ "1025", 1025, "1025" },
		{ "9223372036854775807", INT64_MAX, "9223372036854775807" },
	};
	static const char *const bad[] = { "", "K", "-1", "1KB", "1.5G", "1 K", "0x10",
		"9223372036854775808", "8388608T", "1P" };
	static const struct {
		int64_t bytes;
		const char *text;
	} human[] = {
		{ 0, "0 B" },
		{ 1023, "1023 B" },
		{ 1024, "1.0 KiB" },
		{ 1536, "1.5 KiB" },
		{ 1048575, "1.0 MiB" },
		{ 1503238554, "1.4 GiB" },
		{ -2048, "-2.0 KiB" },
		{ INT64_MAX, "8.0 EiB" },
		{ INT64_MIN, "-8.0 EiB" },
	};
	char text[32];
	struct err err;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t bytes = -1;
		assert_int_equal(size_parse(rows[i].text, &bytes, &err), 0);
		assert_int_equal(bytes, rows[i].bytes);
		size_format(bytes, text);
		assert_string_equal(text, rows[i].printed);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int64_t bytes = 42;
		assert_int_equal(size_parse(bad[i], &bytes, &err), -(int)ERR_INPUT);
		assert_int_equal(bytes, 42);
	}
	for (size_t i = 0; i < ARRAY_LEN(human); i++) {
		size_format_human(human[i].bytes, text);
		assert_string_equal(text, human[i].text);
	}
}

static void system_clock_moves_forward(void **state)
{
	int64_t lower;
	(void)state;
	assert_int_equal(time_parse("2024-01-01", 10, &lower, NULL), 0);
	assert_true(clock_system.wall_ns() > lower);
	int64_t first = clock_system.mono_ms();
	assert_true(clock_system.mono_ms() >= first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_times),
		cmocka_unit_test(refuses_times),
		cmocka_unit_test(every_cut_of_a_time_is_judged_by_its_length),
		cmocka_unit_test(prints_times),
		cmocka_unit_test(calendar_agrees_with_libc),
		cmocka_unit_test(reads_since),
		cmocka_unit_test(durations),
		cmocka_unit_test(sizes),
		cmocka_unit_test(system_clock_moves_forward),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
