/*
 * One file in several ranges at once: when further connections are made, what happens
 * when the server does not want them, and that nothing is lost, mixed up or fetched
 * twice. The rates are those of the server, so nothing here depends on the machine's.
 */
#include <config.h>

#include "transfer_world.h"

#include "base/mem.h"
#include "core/ranges.h"
#include <string.h>

#define LEN ((size_t)16 * MIB + 12345)

static int set_up_ranges(void **state)
{
	set_up(state);
	struct world *w = *state;
	w->options.segments = 4;
	transfers_configure(w->transfers, &w->options);
	serve_video(w, LEN, 1);
	w->server.script.rate = 12 * MIB;
	w->server.script.refusal = 503;
	return 0;
}

/* Every byte came once. */
static void expect_no_waste(struct world *w)
{
	expect_video(w);
	if (w->received != (int64_t)LEN)
		fail_msg("received %lld bytes in %d requests, last note \"%s\"",
			(long long)w->received, w->server.requests, w->note);
}

/* Behind a long round trip all connections are opened at once; elsewhere it depends on
 * whether this end has time to spare. */
static void be_far(struct world *w)
{
	w->server.script.latency_ms = 60;
}

/* A near server. A machine that is busy with other things finds no reason for more
 * connections; in one of many tries it is not. */
static void test_slow_connections_are_added_to(void **state)
{
	struct world *w = *state;
	for (int tries = 0; w->server.peak < 2; tries++) {
		assert_true(tries < 20);
		fetch(w);
		expect_no_waste(w);
		w->spec.replaces = w->path;
	}
	assert_in_range(w->server.peak, 2, 4);
}

static void test_a_far_server(void **state)
{
	struct world *w = *state;
	be_far(w);
	fetch(w);
	expect_no_waste(w);
	assert_int_equal(w->server.peak, 4);
}

static void test_never_more_than_segments(void **state)
{
	struct world *w = *state;
	be_far(w);
	w->options.segments = 2;
	transfers_configure(w->transfers, &w->options);
	fetch(w);
	expect_no_waste(w);
	assert_int_equal(w->server.peak, 2);
}

static void test_never_smaller_than_segment_min(void **state)
{
	struct world *w = *state;
	w->options.segment_min = 9 * MIB;
	transfers_configure(w->transfers, &w->options);
	fetch(w);
	expect_no_waste(w);
	assert_int_equal(w->server.requests, 1);
}

static void test_no_more_than_the_host_may_have(void **state)
{
	struct world *w = *state;
	be_far(w);
	w->options.per_host = 6; /* three for each of the two workers */
	transfers_configure(w->transfers, &w->options);
	fetch(w);
	expect_no_waste(w);
	assert_int_equal(w->server.peak, 3);
}

static void test_no_ranges_served(void **state)
{
	struct world *w = *state;
	w->server.script.ignore_range = true;
	fetch(w);
	expect_no_waste(w);
	assert_int_equal(w->server.requests, 1);
}

/* It said that it does, but then sends the whole file. */
static void test_ranges_promised_but_not_served(void **state)
{
	struct world *w = *state;
	be_far(w);
	w->server.script.headers = "Accept-Ranges: bytes\r\n";
	w->server.script.ignore_range = true;
	fetch(w);
	expect_no_waste(w);
	assert_true(w->server.requests > 1);
}

static void test_no_validator(void **state)
{
	struct world *w = *state;
	w->server.script.etag = NULL;
	fetch(w);
	expect_no_waste(w);
	assert_int_equal(w->server.requests, 1);
}

static void test_server_counts_connections(void **state)
{
	struct world *w = *state;
	be_far(w);
	w->server.script.most = 2;
	fetch(w);
	expect_no_waste(w);
	assert_true(w->server.requests > 2);
}

static void test_one_time_link(void **state)
{
	struct world *w = *state;
	be_far(w);
	w->server.script.answers = 1;
	w->server.script.refusal = 403;
	fetch(w);
	expect_no_waste(w);
	assert_true(w->server.requests > 1);
}

static void test_slowest_gives_its_tail_away(void **state)
{
	struct world *w = *state;
	be_far(w);
	w->server.script.first_rate = MIB / 2;
	w->server.script.rate = 32 * MIB;
	fetch(w);
	expect_no_waste(w);
	assert_true(w->server.requests > 4);
}

static void test_file_changes_between_ranges(void **state)
{
	struct world *w = *state;
	be_far(w);
	w->server.script.changes_after = 1;
	w->server.script.ignore_if_range = true;
	fetch(w);
	expect_video(w);
	assert_string_equal(w->note, "the file changed at the source: started over");
}

/* A server that keeps to If-Range sends the new file whole: the first call, which has
 * the old one, goes on to its end. */
static void test_file_changes_and_if_range(void **state)
{
	struct world *w = *state;
	be_far(w);
	w->server.script.changes_after = 1;
	fetch(w);
	expect_no_waste(w);
}

/* Until the journal holds more than one range. */
static void start_in_ranges(struct world *w)
{
	be_far(w);
	w->server.script.rate = 2 * MIB; /* so that a sync falls in between */
	start(w);
	while (!w->part.ranges) {
		w->parts = 0;
		run_until(w, &w->parts);
	}
}

static void test_cancel_and_resume(void **state)
{
	struct world *w = *state;
	struct byte_range more[RANGES_MAX];

	start_in_ranges(w);
	transfer_cancel(w->transfer, false);
	finish(w);
	expect_failure(w, ERR_CANCELLED, "");
	assert_int_equal(ranges_parse(w->part.ranges, more), 3);
	int64_t held = part_bytes(&w->part);
	fetch(w);
	expect_video(w);
	assert_int_equal(w->resumed_from, held);
	assert_int_equal(w->received, (int64_t)LEN - held);
}

/* The journal is older than the file: after a crash it claims less than is there. */
static void test_resume_of_an_older_claim(void **state)
{
	struct world *w = *state;
	start_in_ranges(w);
	char *ranges = mem_strdup(w->part.ranges);
	int64_t held = w->part.held;
	run_until(w, &w->parts);
	transfer_cancel(w->transfer, false);
	finish(w);
	mem_replace(&w->part.ranges, ranges);
	w->part.held = held;
	mem_replace(&ranges, NULL);
	held = part_bytes(&w->part);
	fetch(w);
	expect_video(w);
	assert_int_equal(w->received, (int64_t)LEN - held);
}

static void test_damaged_journal(void **state)
{
	struct world *w = *state;
	static const char *const damaged[] = { "1-", "5-3", "0-10", "9-20,15-30",
		"16777216-99999999", "a-b" };

	for (size_t i = 0; i < sizeof(damaged) / sizeof(*damaged); i++) {
		w->server.script.cut_after = 2 * MIB;
		fetch(w);
		expect_failure(w, ERR_TRANSIENT, "");
		w->server.script.cut_after = 0;
		w->server.script.rate = 0;
		mem_replace(&w->part.ranges, damaged[i]);
		fetch(w);
		expect_no_waste(w);
		w->spec.replaces = w->path;
	}
}

/* A call that has reached its end goes on while the next one has not been answered. */
static void test_late_answers(void **state)
{
	struct world *w = *state;
	be_far(w);
	w->server.script.later_ms = 4000;
	fetch(w);
	expect_no_waste(w);
	assert_true(w->server.requests > 1);
}

/* The bookkeeping of that, with calls that end late and in another order. */
static void test_swallowed_ranges_leave_no_trace(void **state)
{
	struct world *w = *state;
	struct job *job = job_new(1, &w->spec, &w->options);
	struct http_call *call = (struct http_call *)(void *)w, *ended = NULL;
	struct range *front = job_front(job);

	assert_true(ranges_set_total(job, 100));
	front->call = call;
	front->answer_end = 100;
	struct range *second = range_split(front, 30);
	struct range *third = range_split(second, 60);
	range_split(third, 90); /* has no call: goes at once */
	second->call = third->call = call;
	for (int64_t end = 60; end <= 100; end += end == 60 ? 30 : 10) {
		front->arrived = front->written = front->end;
		ended = NULL;
		assert_true(range_swallow(front, &ended));
		assert_ptr_equal(ended, end < 100 ? call : NULL);
		assert_int_equal(front->end, end);
	}
	assert_false(range_swallow(front, &ended));
	front->arrived = front->written = 100;
	front->call = third->call = NULL;
	range_free(third);
	ranges_merge(job);
	second->call = NULL;
	range_free(second);
	ranges_merge(job);
	assert_true(ranges_complete(job));
	assert_int_equal(job_arrived(job), 100);
	assert_int_equal(job_written(job), 100);
	assert_null(TAILQ_NEXT(job_front(job), link));
	job_free(job);
}

/* A call that has been told to end takes nothing back. */
static void test_unsplit_only_into_a_call_that_goes_on(void **state)
{
	struct world *w = *state;
	struct job *job = job_new(1, &w->spec, &w->options);
	struct range *front = job_front(job);

	assert_true(ranges_set_total(job, 100));
	front->call = (struct http_call *)(void *)w;
	front->answer_end = 100;
	struct range *rest = range_split(front, 40);
	front->arrived = front->written = 40;
	assert_false(range_unsplit(rest));
	front->arrived = front->written = 39;
	assert_true(range_unsplit(rest));
	assert_int_equal(front->end, 100);
	front->call = NULL;
	job_free(job);
}

/* One call runs through several ranges that nobody has answered, faster than their
 * calls can be ended. */
static void test_one_call_takes_it_all(void **state)
{
	struct world *w = *state;

	be_far(w);
	w->server.script.later_ms = 5000;
	w->server.script.rate = 0;
	for (int i = 0; i < 20; i++) {
		w->server.requests = 0;
		fetch(w);
		expect_no_waste(w);
		assert_true(w->server.requests >= 4);
		w->spec.replaces = w->path;
	}
}

/* However often connections break, no byte that came is fetched again. */
static void test_cut_again_and_again(void **state)
{
	struct world *w = *state;
	w->server.script.latency_ms = 30;
	w->server.script.cut_after = MIB;
	do {
		fetch(w);
		if (!w->success)
			expect_failure(w, ERR_TRANSIENT, "");
		assert_true(w->server.requests < 100);
	} while (!w->success);
	expect_video(w);
}

static void test_stalled_range_is_cut(void **state)
{
	struct world *w = *state;
	be_far(w);
	w->server.script.stall_after = 6 * MIB;
	w->options.low_speed_bytes = 1000;
	w->options.low_speed_ms = 400;
	transfers_configure(w->transfers, &w->options);
	while (fetch(w), !w->success) {
		expect_failure(w, ERR_TRANSIENT, "stalled");
		assert_true(w->server.requests < 50);
	}
	expect_video(w);
}

/* When the others are done, one of their connections takes over what it has left. */
static void test_a_silent_range_is_relieved(void **state)
{
	struct world *w = *state;
	be_far(w);
	w->server.script.stall_after = MIB;
	w->server.script.stalls_first = true;
	w->server.script.rate = 32 * MIB;
	fetch(w); /* else for half a minute, and then in vain */
	expect_no_waste(w);
}

static void test_paused_ranges(void **state)
{
	struct world *w = *state;
	start_in_ranges(w);
	transfers_pause(w->transfers, true);
	run_ms(w, 1500);
	int64_t held = part_bytes(&w->part);
	run_ms(w, 600);
	assert_int_equal(part_bytes(&w->part), held);
	transfers_pause(w->transfers, false);
	finish(w);
	expect_no_waste(w);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up_ranges, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_slow_connections_are_added_to),
		T(test_a_far_server),
		T(test_never_more_than_segments),
		T(test_never_smaller_than_segment_min),
		T(test_no_more_than_the_host_may_have),
		T(test_no_ranges_served),
		T(test_ranges_promised_but_not_served),
		T(test_no_validator),
		T(test_server_counts_connections),
		T(test_one_time_link),
		T(test_slowest_gives_its_tail_away),
		T(test_file_changes_between_ranges),
		T(test_file_changes_and_if_range),
		T(test_cancel_and_resume),
		T(test_resume_of_an_older_claim),
		T(test_damaged_journal),
		T(test_late_answers),
		T(test_one_call_takes_it_all),
		T(test_swallowed_ranges_leave_no_trace),
		T(test_unsplit_only_into_a_call_that_goes_on),
		T(test_cut_again_and_again),
		T(test_stalled_range_is_cut),
		T(test_a_silent_range_is_relieved),
		T(test_paused_ranges),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
