/*
 * The small parts of the dashboard's way in: ranges of a file, sessions, and who has to
 * wait after wrong passwords.
 */
#include <config.h>

#include "admin/byte_range.h"
#include "admin/session.h"
#include "admin/throttle.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static void ranges(void **state)
{
	static const struct {
		const char *header;
		enum range_kind kind;
		int64_t begin, len;
	} rows[] = {
		{ NULL, RANGE_WHOLE, 0, 100 },
		{ "bytes=0-", RANGE_PART, 0, 100 },
		{ "bytes=0-0", RANGE_PART, 0, 1 },
		{ "Bytes=10-19", RANGE_PART, 10, 10 },
		{ "bytes=90-200", RANGE_PART, 90, 10 },
		{ "bytes=99-", RANGE_PART, 99, 1 },
		{ "bytes=100-", RANGE_NONE, 0, 100 },
		{ "bytes=-1", RANGE_PART, 99, 1 },
		{ "bytes=-500", RANGE_PART, 0, 100 },
		{ "bytes=-0", RANGE_NONE, 0, 100 },
		{ "bytes=5-99999999999999999999999", RANGE_PART, 5, 95 },
		{ "bytes=99999999999999999999999-", RANGE_NONE, 0, 100 },
		/* What is not understood is not obeyed. */
		{ "bytes=5-4", RANGE_WHOLE, 0, 100 },
		{ "bytes=-", RANGE_WHOLE, 0, 100 },
		{ "bytes=", RANGE_WHOLE, 0, 100 },
		{ "bytes=1-2,4-5", RANGE_WHOLE, 0, 100 },
		{ "bytes=a-b", RANGE_WHOLE, 0, 100 },
		{ "bytes= 1-2", RANGE_WHOLE, 0, 100 },
		{ "lines=1-2", RANGE_WHOLE, 0, 100 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct byte_range range;

		assert_int_equal(
			byte_range_parse(rows[i].header, 100, &range), rows[i].kind);
		assert_int_equal(range.begin, rows[i].begin);
		assert_int_equal(range.len, rows[i].len);
	}
	struct byte_range none;
	assert_int_equal(byte_range_parse("bytes=0-", 0, &none), RANGE_NONE);
	assert_int_equal(byte_range_parse(NULL, 0, &none), RANGE_WHOLE);
}

static void sessions_end(void **state)
{
	static struct sessions sessions;
	char header[200], first[200];
	int64_t now = 1000;

	(void)state;
	assert_null(session_find(&sessions, NULL, "c", now));
	assert_null(session_find(&sessions, "c=", "c", now));
	snprintf(first, sizeof(first), "a=b; c=%s; d",
		session_begin(&sessions, now)->key);
	assert_non_null(session_find(&sessions, first, "c", now));
	assert_null(session_find(&sessions, first, "a", now));
	assert_null(session_find(&sessions, first, "d", now));
	/* An empty place is nobody's. */
	snprintf(header, sizeof(header), "c=%064d", 0);
	assert_null(session_find(&sessions, header, "c", now));
	/* The idle end, and being used puts it off; but not for ever. */
	snprintf(header, sizeof(header), "c=%s", session_begin(&sessions, now)->key);
	now += SESSION_IDLE_MS;
	assert_non_null(session_find(&sessions, header, "c", now));
	now += SESSION_IDLE_MS;
	assert_non_null(session_find(&sessions, header, "c", now));
	assert_null(session_find(&sessions, first, "c", now));
	while (now - 1000 <= SESSION_LIFE_MS) {
		assert_non_null(session_find(&sessions, header, "c", now));
		now += SESSION_IDLE_MS;
	}
	assert_null(session_find(&sessions, header, "c", now));
	/* Too many: who was away longest makes room. */
	snprintf(first, sizeof(first), "c=%s", session_begin(&sessions, now)->key);
	for (int i = 0; i < SESSIONS_MAX - 1; i++)
		session_begin(&sessions, now + 1);
	assert_non_null(session_find(&sessions, first, "c", now));
	session_begin(&sessions, now + 2);
	assert_null(session_find(&sessions, first, "c", now + 2));
}

static void waits_grow(void **state)
{
	static struct throttle throttle;
	int64_t now = 1, wait = THROTTLE_MIN_MS;

	(void)state;
	for (int i = 0; i < THROTTLE_FREE; i++) {
		assert_int_equal(throttle_wait_ms(&throttle, "a", now), 0);
		throttle_failed(&throttle, "a", now);
	}
	for (; wait < THROTTLE_MAX_MS; wait *= 2) {
		assert_int_equal(throttle_wait_ms(&throttle, "a", now), wait);
		now += wait;
		assert_int_equal(throttle_wait_ms(&throttle, "a", now), 0);
		throttle_failed(&throttle, "a", now);
	}
	assert_int_equal(throttle_wait_ms(&throttle, "a", now), THROTTLE_MAX_MS);
	assert_int_equal(throttle_wait_ms(&throttle, "b", now), 0);
	throttle_succeeded(&throttle, "a");
	assert_int_equal(throttle_wait_ms(&throttle, "a", now), 0);
}

static void waits_are_bounded(void **state)
{
	static struct throttle throttle;
	char address[32];

	(void)state;
	for (int i = 0; i <= THROTTLE_FREE; i++)
		throttle_failed(&throttle, "first", 1);
	for (int i = 0; i < THROTTLE_ADDRESSES; i++) {
		assert_int_not_equal(throttle_wait_ms(&throttle, "first", 2), 0);
		snprintf(address, sizeof(address), "192.0.2.%d", i);
		throttle_failed(&throttle, address, 2);
	}
	assert_int_equal(throttle_wait_ms(&throttle, "first", 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
		cmocka_unit_test(sessions_end),
		cmocka_unit_test(waits_grow),
		cmocka_unit_test(waits_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
