/*
 * Transfers that are not a whole download: pieces of a larger file, ranges of a URL,
 * and files that lie in staging already.
 */
#include <config.h>

#include "base/mem.h"
#include "transfer_world.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void want_segment(struct world *w)
{
	w->spec.mode = TRANSFER_SEGMENT;
	w->spec.content = CONTENT_SEGMENT;
	w->spec.key = "video.hls.slot0";
}

static void expect_staged(struct world *w, const void *data, size_t len)
{
	char name[256];
	char *is = mem_alloc(len + 1);
	int64_t size;
	int fd;

	assert_true(w->success);
	assert_int_equal(w->seals, 0);
	assert_int_equal(w->bytes, len);
	archive_part_name(w->spec.row, w->spec.key, name);
	assert_int_equal(archive_part_open(w->archive, name, &fd, &size, &w->err), 0);
	assert_int_equal(size, len);
	assert_int_equal(pread(fd, is, len, 0), len);
	assert_memory_equal(is, data, len);
	close(fd);
	free(is);
}

static void a_segment_ends_in_staging(void **state)
{
	struct world *w = *state;

	serve_video(w, MIB, 1);
	want_segment(w);
	fetch(w);
	expect_staged(w, w->video, w->video_len);
	/* Once more into the same file, and shorter. */
	w->server.script.len = 3000;
	fetch(w);
	expect_staged(w, w->video, 3000);
}

static void a_slice_is_taken_for_the_file(void **state)
{
	struct world *w = *state;

	serve_video(w, MIB, 1);
	want_segment(w);
	w->spec.content = CONTENT_CIPHER; /* begins in the middle of something */
	w->spec.slice_first = 70000;
	w->spec.slice_bytes = 5000;
	fetch(w);
	assert_string_equal(w->server.range, "bytes=70000-74999");
	expect_staged(w, w->video + 70000, 5000);
}

static void other_bytes_than_the_slice_are_refused(void **state)
{
	struct world *w = *state;

	serve_video(w, MIB, 1);
	want_segment(w);
	w->spec.slice_first = 1000;
	w->spec.slice_bytes = 5000;
	w->server.script.ignore_range = true;
	fetch(w);
	expect_failure(w, ERR_TRANSIENT, "whole file instead of a range");
	w->server.script.ignore_range = false;
	w->server.script.range_shift = 1;
	fetch(w);
	expect_failure(w, ERR_TRANSIENT, "that was not asked for");
	w->server.script.range_shift = 0;
	w->spec.slice_first = (int64_t)MIB - 10;
	fetch(w);
	expect_failure(w, ERR_TRANSIENT, "other bytes of the file");
}

static void what_no_segment_is(void **state)
{
	static const char page[] = "<!DOCTYPE html><html><body>no</body></html>";
	static const char json[] = "{\"error\":\"no\"}";
	struct world *w = *state;

	want_segment(w);
	serve_text(w, page);
	fetch(w);
	expect_failure(w, ERR_TRANSIENT, "HTML page instead of a segment");
	w->spec.content = CONTENT_CIPHER;
	fetch(w);
	expect_failure(w, ERR_TRANSIENT, "text instead of an encrypted segment");
	serve_text(w, json);
	fetch(w);
	expect_failure(w, ERR_TRANSIENT, "text instead of an encrypted segment");
	serve_text(w, "");
	fetch(w);
	expect_failure(w, ERR_TRANSIENT, "empty");
}

#define WHOLE "7.video.hls.whole.mp4"

static void want_staged(struct world *w)
{
	w->spec.mode = TRANSFER_STAGED;
	w->part.key = mem_strdup("video");
	w->part.name = mem_strdup(WHOLE);
	w->part.total = -1;
}

static void put_staged(struct world *w, const char *name, const void *data, size_t len)
{
	struct err err = { 0 };
	int64_t size;
	int fd;

	assert_int_equal(archive_part_open(w->archive, name, &fd, &size, &err), 0);
	assert_int_equal(pwrite(fd, data, len, 0), len);
	close(fd);
}

static void a_staged_file_is_sealed_and_placed(void **state)
{
	struct world *w = *state;

	serve_video(w, 2 * MIB, 3);
	put_staged(w, WHOLE, w->video, w->video_len);
	want_staged(w);
	fetch(w);
	assert_string_equal(w->err.text, "");
	assert_int_equal(w->server.requests, 0);
	assert_int_equal(w->seals, 1);
	expect_video(w);
}

static void a_staged_file_must_be_there(void **state)
{
	struct world *w = *state;

	want_staged(w);
	fetch(w);
	expect_failure(w, ERR_TRANSIENT, "has gone");
	assert_int_equal(w->server.requests, 0);
}

static void count(void *arg, const struct transfer_progress *progress)
{
	int *n = arg;

	assert_int_equal(progress->bytes, 10);
	assert_int_equal(progress->total, 40);
	++*n;
}

static void a_group_is_one_file(void **state)
{
	struct world *w = *state;
	struct transfers_sum sum;
	struct transfer *group;
	int n = 0;

	serve_video(w, MIB, 1);
	w->server.script.stall_after = 1000;
	group = transfer_group_open(w->transfers, &w->spec);
	want_segment(w);
	start(w);
	transfer_group_tell(group, 10, 40);
	transfers_each(w->transfers, count, &n);
	assert_int_equal(n, 1);
	transfers_sum(w->transfers, &sum);
	assert_int_equal(sum.files, 1);
	assert_int_equal(sum.remaining, 30);
	transfer_cancel(w->transfer, true);
	run_until(w, &w->dones);
	transfer_group_close(group);
	transfer_group_close(NULL);
	assert_int_equal(staged(w), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_segment_ends_in_staging, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_slice_is_taken_for_the_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			other_bytes_than_the_slice_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_no_segment_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_staged_file_is_sealed_and_placed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_staged_file_must_be_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_group_is_one_file, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
