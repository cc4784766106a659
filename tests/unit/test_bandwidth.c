/*
 * Timetables of local time, above all on the days the clock is put forward and back,
 * and the token bucket that holds their rates.
 */
#include <config.h>

#include "base/clock.h"
#include "core/bandwidth.h"
#include "core/bucket.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BERLIN   "CET-1CEST,M3.5.0,M10.5.0/3"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define HAVANA   "CST5CDT,M3.2.0/0,M11.1.0/1" /* changes at midnight */
#define KIB      INT64_C(1024)
#define MIB      (KIB * KIB)

static int64_t s_of(const char *text)
{
	int64_t ns;
	assert_int_equal(time_parse(text, strlen(text), &ns, NULL), 0);
	return ns / NS_PER_S;
}

static struct bandwidth *parsed(const char *text)
{
	struct bandwidth *bandwidth = NULL;
	struct err err;
	assert_int_equal(bandwidth_parse(text, &bandwidth, &err), 0);
	return bandwidth;
}

static void zone(const char *name)
{
	setenv("TZ", name, 1);
}

/* ---- text ---- */

static void reads_and_prints(void **state)
{
	static const char *const rows[][2] = {
		{ "off", "off" },
		{ "10M", "10M" },
		{ "1", "1" },
		{ "1T", "1T" },
		{ "1024", "1K" },
		{ "08:00,2M", "08:00,2M" },
		{ "00:00,off 23:59,1", "00:00,off 23:59,1" },
		{ "  08:00,2M \t 18:00,20M  23:00,off ",
			"08:00,2M 18:00,20M 23:00,off" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bandwidth *bandwidth = parsed(rows[i][0]);
		struct bandwidth *copy = bandwidth_copy(bandwidth);
		struct buf text;
		buf_init(&text, 256);
		bandwidth_format(copy, &text);
		assert_string_equal(buf_text(&text), rows[i][1]);
		buf_release(&text);
		free(copy);
		free(bandwidth);
	}
}

static void refuses_what_is_none(void **state)
{
	static const char *const rows[] = { "", " ", "0", "fast", "-1", "1025G", "2T",
		"24:00,1M", "08:60,1M", "8:00,1M", "08:00,", "08:00,0", "08:00 1M",
		"08:00,1M, 09:00,2M", "08:00,1M 08:00,2M", "09:00,1M 08:00,2M",
		"10M 20M", "08:00,1M off" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bandwidth *bandwidth = (void *)&bandwidth;
		struct err err = { 0 };
		assert_int_equal(
			bandwidth_parse(rows[i], &bandwidth, &err), -(int)ERR_INPUT);
		assert_ptr_equal(bandwidth, &bandwidth);
		assert_true(err.text[0] == '"');
	}
}

/* ---- time ---- */

struct moment {
	const char *now;
	int64_t rate;
	const char *until; /* NULL: never */
};

static void check(const char *text, const struct moment *rows, size_t n)
{
	struct bandwidth *bandwidth = parsed(text);

	for (size_t i = 0; i < n; i++) {
		int64_t until;
		int64_t rate = bandwidth_at(
			bandwidth, s_of(rows[i].now), clock_utc_offset, &until);
		int64_t expected = rows[i].until ? s_of(rows[i].until) : 0;
		if (rate != rows[i].rate || until != expected)
			fail_msg("%s at %s: %lld until %lld, expected %lld until %lld",
				text, rows[i].now, (long long)rate, (long long)until,
				(long long)rows[i].rate, (long long)expected);
	}
	free(bandwidth);
}

static void an_ordinary_day(void **state)
{
	static const struct moment rows[] = {
		{ "2026-06-10T07:59:59+02:00", 0, "2026-06-10T08:00:00+02:00" },
		{ "2026-06-10T08:00:00+02:00", 2 * MIB, "2026-06-10T18:00:00+02:00" },
		{ "2026-06-10T17:59:59+02:00", 2 * MIB, "2026-06-10T18:00:00+02:00" },
		{ "2026-06-10T18:00:00+02:00", 20 * MIB, "2026-06-10T23:00:00+02:00" },
		{ "2026-06-10T23:00:00+02:00", 0, "2026-06-11T08:00:00+02:00" },
		{ "2026-06-11T00:00:00+02:00", 0, "2026-06-11T08:00:00+02:00" },
		{ "2026-12-31T23:30:00+01:00", 0, "2027-01-01T08:00:00+01:00" },
	};
	(void)state;
	zone(BERLIN);
	check("08:00,2M 18:00,20M 23:00,off", rows, ARRAY_LEN(rows));
}

static void what_never_changes_has_no_end(void **state)
{
	static const struct moment one = { "2026-06-10T07:00:00Z", MIB, NULL };
	static const struct moment same = { "2026-06-10T12:00:00Z", MIB, NULL };
	int64_t until = 42;
	(void)state;
	zone(BERLIN);
	check("1M", &one, 1);
	check("08:00,1M", &one, 1);
	check("08:00,1M 09:00,1024K", &same, 1);
	assert_int_equal(bandwidth_at(NULL, 0, clock_utc_offset, &until), 0);
	assert_int_equal(until, 0);
}

static void equal_neighbours_are_one(void **state)
{
	static const struct moment rows[] = {
		{ "2026-06-10T08:30:00+02:00", MIB, "2026-06-10T10:00:00+02:00" },
		{ "2026-06-10T09:30:00+02:00", MIB, "2026-06-10T10:00:00+02:00" },
		{ "2026-06-10T10:30:00+02:00", 0, "2026-06-11T08:00:00+02:00" },
	};
	(void)state;
	zone(BERLIN);
	check("08:00,1M 09:00,1M 10:00,off", rows, ARRAY_LEN(rows));
}

/* 2026-03-29: 02:00 is 03:00. */
static void berlin_forward(void **state)
{
	static const struct moment rows[] = {
		{ "2026-03-28T23:30:00+01:00", 0, "2026-03-29T01:30:00+01:00" },
		{ "2026-03-29T01:59:59+01:00", MIB, "2026-03-29T03:00:00+02:00" },
		{ "2026-03-29T03:00:00+02:00", 2 * MIB, "2026-03-29T03:30:00+02:00" },
		{ "2026-03-29T03:30:00+02:00", 3 * MIB, "2026-03-29T20:00:00+02:00" },
		{ "2026-03-29T20:00:00+02:00", 0, "2026-03-30T01:30:00+02:00" },
		{ "2026-03-30T02:15:00+02:00", MIB, "2026-03-30T02:30:00+02:00" },
	};
	(void)state;
	zone(BERLIN);
	check("01:30,1M 02:30,2M 03:30,3M 20:00,off", rows, ARRAY_LEN(rows));
}

/* 2026-10-25: 03:00 is 02:00 again; what came at 02:30 does not come twice. */
static void berlin_back(void **state)
{
	static const struct moment rows[] = {
		{ "2026-10-25T01:59:59+02:00", 0, "2026-10-25T02:30:00+02:00" },
		{ "2026-10-25T02:30:00+02:00", MIB, "2026-10-25T02:45:00+02:00" },
		{ "2026-10-25T02:45:00+02:00", 2 * MIB, "2026-10-25T03:30:00+01:00" },
		{ "2026-10-25T02:10:00+01:00", 2 * MIB, "2026-10-25T03:30:00+01:00" },
		{ "2026-10-25T02:35:00+01:00", 2 * MIB, "2026-10-25T03:30:00+01:00" },
		{ "2026-10-25T03:30:00+01:00", 0, "2026-10-26T02:30:00+01:00" },
	};
	(void)state;
	zone(BERLIN);
	check("02:30,1M 02:45,2M 03:30,off", rows, ARRAY_LEN(rows));
}

/* 2026-03-08: 02:00 is 03:00. 2026-11-01: 02:00 is 01:00 again. */
static void new_york(void **state)
{
	static const struct moment rows[] = {
		{ "2026-03-08T01:59:59-05:00", MIB, "2026-03-08T03:00:00-04:00" },
		{ "2026-03-08T03:00:00-04:00", 0, "2026-03-09T01:15:00-04:00" },
		{ "2026-11-01T01:14:59-04:00", 0, "2026-11-01T01:15:00-04:00" },
		{ "2026-11-01T01:15:00-04:00", MIB, "2026-11-01T02:30:00-05:00" },
		{ "2026-11-01T01:00:00-05:00", MIB, "2026-11-01T02:30:00-05:00" },
		{ "2026-11-01T02:29:59-05:00", MIB, "2026-11-01T02:30:00-05:00" },
		{ "2026-11-01T02:30:00-05:00", 0, "2026-11-02T01:15:00-05:00" },
	};
	(void)state;
	zone(NEW_YORK);
	check("01:15,1M 02:30,off", rows, ARRAY_LEN(rows));
}

/* Midnight itself is skipped on one day, and comes twice on another. */
static void changes_at_midnight(void **state)
{
	static const struct moment rows[] = {
		{ "2026-03-07T23:59:59-05:00", 0, "2026-03-08T01:00:00-04:00" },
		{ "2026-03-08T01:00:00-04:00", MIB, "2026-03-08T12:00:00-04:00" },
		{ "2026-11-01T00:30:00-04:00", MIB, "2026-11-01T12:00:00-05:00" },
		{ "2026-11-01T00:00:00-05:00", MIB, "2026-11-01T12:00:00-05:00" },
	};
	(void)state;
	zone(HAVANA);
	check("00:00,1M 12:00,off", rows, ARRAY_LEN(rows));
}

/* Every minute of both days on which Berlin changes its clock: what is said to come
 * does come, then, and nothing comes unannounced. */
static void what_is_announced_happens(void **state)
{
	static const char *const days[] = { "2026-03-29T00:00:00Z",
		"2026-10-25T00:00:00Z" };
	struct bandwidth *bandwidth = parsed(
		"00:00,1 00:30,2 01:59,3 02:00,4 02:01,5 02:59,6 03:00,7 23:59,8");
	(void)state;
	zone(BERLIN);
	for (size_t d = 0; d < ARRAY_LEN(days); d++) {
		int64_t begin = s_of(days[d]) - 7200, until;
		int64_t rate = bandwidth_at(bandwidth, begin, clock_utc_offset, &until);
		for (int64_t now = begin; now < begin + INT64_C(100000); now += 60) {
			int64_t next, then;
			next = bandwidth_at(bandwidth, now, clock_utc_offset, &then);
			assert_int_equal(next != rate, now >= until);
			rate = next;
			until = then;
			assert_true(until > now);
		}
	}
	free(bandwidth);
}

/* ---- the bucket ---- */

/* Everybody takes as soon as he may, but looks only every @every_ms. */
static int64_t passed_in(
	int64_t rate, int64_t from_ms, int64_t span_ms, int64_t every_ms)
{
	struct bucket bucket = { 0 };
	int64_t passed = 0;

	bucket_set(&bucket, rate, 0);
	for (int64_t now = 0; now < from_ms + span_ms; now += every_ms) {
		while (bucket_wait_ms(&bucket, BUCKET_QUANTUM, now) == 0) {
			bucket_take(&bucket, BUCKET_QUANTUM);
			passed += now >= from_ms ? BUCKET_QUANTUM : 0;
		}
	}
	return passed;
}

static void is_exact_over_ten_seconds(void **state)
{
	static const int64_t rates[] = { 64 * KIB, 100 * KIB, MIB, 100 * MIB,
		2048 * MIB };
	static const int64_t looks[] = { 1, 7, 10, 37, 50 };
	static const int64_t froms[] = { 0, 3, 12345 };
	(void)state;
	for (size_t r = 0; r < ARRAY_LEN(rates); r++)
		for (size_t l = 0; l < ARRAY_LEN(looks); l++)
			for (size_t f = 0; f < ARRAY_LEN(froms); f++) {
				int64_t passed =
					passed_in(rates[r], froms[f], 10000, looks[l]);
				assert_in_range(passed, rates[r] * 10 * 96 / 100,
					rates[r] * 10 * 104 / 100);
			}
}

static void an_idle_time_brings_no_burst(void **state)
{
	struct bucket bucket = { 0 };
	int64_t burst = 0;
	(void)state;
	bucket_set(&bucket, 64 * KIB, 1000);
	assert_true(bucket_wait_ms(&bucket, 1, 1000) > 0); /* empty to begin with */
	while (bucket_wait_ms(&bucket, KIB, 1000 * 1000 * 1000) == 0) {
		bucket_take(&bucket, KIB);
		burst += KIB;
	}
	assert_in_range(burst, BUCKET_QUANTUM, 64 * KIB * 10 * 4 / 100);
}

static void a_debt_is_paid(void **state)
{
	struct bucket bucket = { 0 };
	(void)state;
	bucket_set(&bucket, 1000, 0);
	bucket_take(&bucket, 5000);
	assert_int_equal(bucket_wait_ms(&bucket, 100, 0), 5100);
	assert_int_equal(bucket_wait_ms(&bucket, 100, 5099), 1);
	assert_int_equal(bucket_wait_ms(&bucket, 100, 5100), 0);
	bucket_take(&bucket, -900);
	assert_int_equal(bucket_wait_ms(&bucket, 1000, 5100), 0);
}

static void a_new_rate_counts_from_now(void **state)
{
	struct bucket bucket = { 0 };
	(void)state;
	assert_int_equal(bucket_wait_ms(&bucket, BUCKET_QUANTUM, 5), 0); /* no limit */
	bucket_take(&bucket, 1 << 30);
	bucket_set(&bucket, 1000, 100000);
	assert_int_equal(bucket_wait_ms(&bucket, 1000, 100000), 1000);
	bucket_set(&bucket, 2000, 100500); /* 500 bytes have gathered */
	assert_int_equal(bucket_wait_ms(&bucket, 1000, 100500), 250);
	bucket_set(&bucket, BANDWIDTH_MAX, 100500);
	assert_int_equal(bucket_wait_ms(&bucket, 1000, 100501), 0);
	assert_int_equal(bucket_wait_ms(&bucket, 1000, INT64_MAX / 2), 0);
	bucket_set(&bucket, 1, INT64_MAX / 2); /* what a larger one held is lost */
	bucket_take(&bucket, BUCKET_QUANTUM);
	assert_true(bucket_wait_ms(&bucket, 1000, INT64_MAX / 2) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_prints),
		cmocka_unit_test(refuses_what_is_none),
		cmocka_unit_test(an_ordinary_day),
		cmocka_unit_test(what_never_changes_has_no_end),
		cmocka_unit_test(equal_neighbours_are_one),
		cmocka_unit_test(berlin_forward),
		cmocka_unit_test(berlin_back),
		cmocka_unit_test(new_york),
		cmocka_unit_test(changes_at_midnight),
		cmocka_unit_test(what_is_announced_happens),
		cmocka_unit_test(is_exact_over_ten_seconds),
		cmocka_unit_test(an_idle_time_brings_no_burst),
		cmocka_unit_test(a_debt_is_paid),
		cmocka_unit_test(a_new_rate_counts_from_now),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
