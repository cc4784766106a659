/*
 * Transfers end to end: real threads, a real archive, and a server that sins as told.
 * Every test ends with a loop that closes with 0.
 */
#include <config.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "transfer_world.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- plain ---- */

static void test_plain(void **state)
{
	struct world *w = *state;
	struct stat st;
	char hex[65], path[384];

	metrics_reset();
	fetch(w);
	expect_video(w);
	sha256_hex_of(w->video, w->video_len, hex);
	assert_string_equal(w->sha256, hex);
	assert_string_equal(w->path, "w/2026/a.mp4");
	assert_string_equal(w->content_type, "video/mp4");
	assert_string_equal(w->host, "127.0.0.1");
	assert_int_equal(w->duration_ms, 2500);
	assert_int_equal(w->received, w->video_len);
	assert_int_equal(w->resumed_from, 0);
	assert_int_equal(w->wholes, 1);
	assert_int_equal(w->seals, 1);
	assert_int_equal(w->server.requests, 1);
	snprintf(path, sizeof(path), "%s/%s", w->dir, w->path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mtim.tv_sec, MTIME_NS / 1000000000);
	assert_int_equal(st.st_mtim.tv_nsec, MTIME_NS % 1000000000);
	assert_true(metric_get(METRIC_TRANSFERS, "done") == 1);
	assert_true(metric_get(METRIC_TRANSFERS_ACTIVE, NULL) == 0);
	assert_true(metric_get(METRIC_TRANSFER_BYTES, NULL) == (double)w->video_len);
}

static void test_without_length(void **state)
{
	struct world *w = *state;
	w->server.script.no_length = true;
	fetch(w);
	expect_video(w);
}

static void test_subtitle(void **state)
{
	struct world *w = *state;
	static const char vtt[] =
		"WEBVTT\n\n00:01.000 --> 00:02.000\nGr\xC3\xBC\xC3\x9F"
		"e\n";
	w->spec.role = ROLE_SUBTITLE;
	w->spec.key = "subtitle.x";
	w->spec.path_stem = "w/2026/a.de";
	serve_text(w, vtt);
	fetch(w);
	assert_true(w->success);
	assert_string_equal(w->path, "w/2026/a.de.vtt");
	expect_file(w, w->path, vtt, sizeof(vtt) - 1);
}

static void test_replaces(void **state)
{
	struct world *w = *state;
	fetch(w);
	expect_video(w);
	serve_video(w, 1 * MIB, 2);
	w->spec.replaces = "w/2026/a.mp4";
	fetch(w);
	expect_video(w);
	assert_string_equal(w->path, "w/2026/a.mp4");
}

static void test_many(void **state)
{
	struct world *w = *state;
	enum { N = 12 };
	static struct world owners[N];
	static char stems[N][32], keys[N][32];

	for (int i = 0; i < N; i++) {
		struct world *o = &owners[i];
		memset(o, 0, sizeof(*o));
		o->transfers = w->transfers;
		o->spec = w->spec;
		snprintf(stems[i], sizeof(stems[i]), "many/%d", i);
		snprintf(keys[i], sizeof(keys[i]), "video.%d", i);
		o->spec.path_stem = stems[i];
		o->spec.key = keys[i];
		start(o);
	}
	for (int i = 0; i < N; i++) {
		run_until(w, &owners[i].dones);
		assert_true(owners[i].success);
		expect_file(w, owners[i].path, w->video, w->video_len);
	}
	assert_int_equal(staged(w), 0);
}

/* ---- resuming ---- */

static void test_resume(void **state)
{
	struct world *w = *state;
	char range[64];

	fetch_half(w);
	fetch(w);
	expect_video(w);
	snprintf(range, sizeof(range), "bytes=%zu-", w->video_len / 2);
	assert_string_equal(w->server.range, range);
	assert_string_equal(w->server.if_range, "\"one\"");
	assert_int_equal(w->resumed_from, w->video_len / 2);
	assert_int_equal(w->received, w->video_len - w->video_len / 2);
	assert_string_equal(w->note, "resumed at 1.5 MiB");
}

static void test_resume_by_date(void **state)
{
	struct world *w = *state;
	w->server.script.etag = "W/\"weak\"";
	w->server.script.last_modified = "Sun, 22 Nov 2026 10:00:00 GMT";
	fetch_half(w);
	assert_null(w->part.etag);
	fetch(w);
	expect_video(w);
	assert_string_equal(w->server.if_range, "Sun, 22 Nov 2026 10:00:00 GMT");
	assert_true(w->resumed_from > 0);
}

static void expect_started_over(struct world *w, const char *why, int requests)
{
	expect_video(w);
	assert_int_equal(w->resumed_from, 0);
	assert_int_equal(w->received, w->video_len);
	assert_non_null(strstr(w->note, why));
	assert_non_null(strstr(w->note, "started over"));
	assert_int_equal(w->server.requests, requests);
}

static void test_changed_etag(void **state)
{
	struct world *w = *state;
	fetch_half(w);
	serve_video(w, 2 * MIB, 9);
	w->server.script.etag = "\"two\"";
	fetch(w);
	expect_started_over(w, "changed at the source", 2);
}

/* The claim of the old bytes stands in the store until the new ones are told of: the
 * new ones must not be under its name. */
static void test_claim_is_not_overwritten(void **state)
{
	struct world *w = *state;
	fetch_half(w);
	char *old = mem_strdup(w->part.name);
	serve_video(w, w->video_len, 9);
	w->server.script.etag = "\"two\"";
	w->server.script.cut_after = w->video_len / 4;
	fetch(w);
	expect_failure(w, ERR_TRANSIENT, "");
	assert_string_not_equal(w->part.name, old);
	assert_string_equal(w->part.etag, "\"two\"");
	assert_int_equal(w->part.held, w->video_len / 4);
	assert_int_equal(staged(w), 1);
	free(old);
	w->server.script.cut_after = 0;
	fetch(w);
	expect_video(w);
	assert_true(w->resumed_from > 0);
}

static void test_if_range_ignored(void **state)
{
	struct world *w = *state;
	fetch_half(w);
	serve_video(w, w->video_len, 9);
	w->server.script.etag = "\"two\"";
	w->server.script.ignore_if_range = true;
	fetch(w);
	expect_started_over(w, "changed at the source", 3);
}

static void test_range_ignored(void **state)
{
	struct world *w = *state;
	fetch_half(w);
	w->server.script.ignore_range = true;
	fetch(w);
	expect_started_over(w, "does not resume", 2);
}

static void test_wrong_range(void **state)
{
	struct world *w = *state;
	fetch_half(w);
	w->server.script.range_shift = -1;
	fetch(w);
	expect_started_over(w, "another range", 3);
}

static void test_wrong_total(void **state)
{
	struct world *w = *state;
	fetch_half(w);
	w->server.script.total_shift = 5;
	fetch(w);
	expect_started_over(w, "changed at the source", 3);
}

static void test_no_validator(void **state)
{
	struct world *w = *state;
	w->server.script.etag = NULL;
	fetch_half(w);
	fetch(w);
	expect_started_over(w, "no validator", 2);
	assert_string_equal(w->server.range, "");
}

static void test_staging_lost(void **state)
{
	struct world *w = *state;
	fetch_half(w);
	archive_part_remove(w->archive, w->part.name, &w->err);
	fetch(w);
	expect_started_over(w, "not what was recorded", 2);
}

/* All bytes are here, but nobody knew that they are all. */
static void hold_everything(struct world *w, int64_t total)
{
	int64_t size;
	int fd;
	archive_part_name(w->spec.row, w->spec.key, w->path);
	assert_int_equal(
		archive_part_open(w->archive, w->path, &fd, &size, &w->err), 0);
	assert_int_equal(pwrite(fd, w->video, w->video_len, 0), w->video_len);
	close(fd);
	w->part.key = mem_strdup(w->spec.key);
	w->part.name = mem_strdup(w->path);
	w->part.etag = mem_strdup(w->server.script.etag);
	w->part.held = (int64_t)w->video_len;
	w->part.total = total;
}

static void test_416_at_the_end(void **state)
{
	struct world *w = *state;
	hold_everything(w, -1);
	fetch(w);
	expect_video(w);
	assert_int_equal(w->server.requests, 1);
	assert_int_equal(w->received, 0);
}

static void test_416_of_another_file(void **state)
{
	struct world *w = *state;
	hold_everything(w, -1);
	serve_video(w, 1 * MIB, 9);
	w->server.script.ignore_if_range = true;
	fetch(w);
	expect_started_over(w, "does not know the rest", 2);
}

/* ---- what is not the file ---- */

static void test_cut_without_length(void **state)
{
	struct world *w = *state;
	w->server.script.no_length = true;
	w->server.script.cut_after = w->video_len - 1000;
	fetch(w);
	expect_failure(w, ERR_TRANSIENT, "cut");
	assert_int_equal(staged(w), 0);
}

static void test_html(void **state)
{
	struct world *w = *state;
	serve_text(w, "<!DOCTYPE html><html><body>Please log in</body></html>");
	fetch(w);
	expect_failure(w, ERR_TRANSIENT, "answered an HTML page instead of a video");
	assert_int_equal(staged(w), 0);
	assert_int_equal(w->part.held, 0);
}

static void test_html_instead_of_the_rest(void **state)
{
	struct world *w = *state;
	fetch_half(w);
	w->server.script.etag = NULL;
	serve_text(w, "<!DOCTYPE html><html><body>Please log in</body></html>");
	fetch(w);
	expect_failure(w, ERR_TRANSIENT, "an HTML page");
	assert_int_equal(w->parts, 1);
	assert_int_equal(w->part.held, 0);
	assert_null(w->part.etag);
	assert_int_equal(staged(w), 0);
}

static void test_wrong_kind(void **state)
{
	struct world *w = *state;
	w->spec.role = ROLE_THUMBNAIL;
	fetch(w);
	expect_failure(w, ERR_TRANSIENT, "an MP4 file instead of an image");
}

static void test_binary_subtitle(void **state)
{
	struct world *w = *state;
	static const char text[] = "WEBVTT\n\n00:01.000 --> 00:02.000\n\0\0\0binary";
	w->spec.role = ROLE_SUBTITLE;
	w->server.script.body = text;
	w->server.script.len = sizeof(text) - 1;
	fetch(w);
	expect_failure(w, ERR_TRANSIENT, "not text");
}

static void test_too_large(void **state)
{
	struct world *w = *state;
	serve_video(w, 17 * MIB, 1);
	memcpy(w->video, "WEBVTT\n\n", 8);
	w->spec.role = ROLE_SUBTITLE;
	fetch(w);
	expect_failure(w, ERR_PERMANENT, "more than");
	w->server.script.no_length = true;
	fetch(w);
	expect_failure(w, ERR_PERMANENT, "more than");
	assert_int_equal(staged(w), 0);
}

static void test_expected_bytes(void **state)
{
	struct world *w = *state;
	w->spec.expected_bytes = 5678901;
	fetch(w);
	expect_failure(w, ERR_TRANSIENT,
		"is 3,145,745 bytes, but the platform says 5,678,901");
	w->server.script.no_length = true;
	fetch(w);
	expect_failure(w, ERR_TRANSIENT,
		"is 3,145,745 bytes, but the platform says 5,678,901");
	assert_int_equal(staged(w), 0);
}

static void test_empty(void **state)
{
	struct world *w = *state;
	serve_text(w, "");
	fetch(w);
	expect_failure(w, ERR_TRANSIENT, "empty");
	w->server.script.no_length = true;
	fetch(w);
	expect_failure(w, ERR_TRANSIENT, "empty");
}

static void test_encoded(void **state)
{
	struct world *w = *state;
	w->server.script.headers = "Content-Encoding: gzip\r\n";
	fetch(w);
	expect_failure(w, ERR_TRANSIENT, "gzip");
}

static void test_statuses(void **state)
{
	static const struct {
		int status;
		enum err_class class;
		const char *body;
	} rows[] = {
		{ 401, ERR_STALE, "" },
		{ 403, ERR_STALE, "<Error>AccessDenied</Error>" },
		{ 410, ERR_STALE, "" },
		{ 404, ERR_NOT_YET, "" },
		{ 408, ERR_TRANSIENT, "" },
		{ 425, ERR_TRANSIENT, "" },
		{ 429, ERR_TRANSIENT, "" },
		{ 500, ERR_TRANSIENT, "" },
		{ 503, ERR_TRANSIENT, "" },
		{ 524, ERR_TRANSIENT, "" },
		{ 418, ERR_PERMANENT, "" },
		{ 416, ERR_PERMANENT, "" },
		{ 400, ERR_PERMANENT, "{\"message\":\"bad\"}" },
		{ 400, ERR_STALE, "<Error><Message>Request has EXPIRED</Message>" },
		{ 204, ERR_TRANSIENT, "" },
	};
	struct world *w = *state;

	w->server.script.headers = "Retry-After: 7\r\n";
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		serve_text(w, rows[i].body);
		w->server.script.status = rows[i].status;
		fetch(w);
		expect_failure(w, rows[i].class, "127.0.0.1 answered");
		if (rows[i].status == 429)
			assert_int_equal(w->err.retry_after_ms, 7000);
		assert_int_equal(w->parts, 0);
	}
}

/* A refused link costs nothing of what is held. */
static void test_stale_keeps_the_part(void **state)
{
	struct world *w = *state;
	fetch_half(w);
	w->server.script.status = 403;
	fetch(w);
	expect_failure(w, ERR_STALE, "");
	assert_int_equal(w->part.held, w->video_len / 2);
	w->server.script.status = 0;
	fetch(w);
	expect_video(w);
	assert_true(w->resumed_from > 0);
}

/* ---- policy ---- */

static void test_host_policy(void **state)
{
	struct world *w = *state;
	struct text_list hosts = { 0 };

	text_list_add(&hosts, "*.fastpix.com");
	w->spec.media_hosts = &hosts;
	fetch(w);
	expect_failure(w, ERR_PERMANENT, "");
	text_list_add(&hosts, "127.*");
	fetch(w);
	expect_video(w);
	w->spec.allow_private = false;
	fetch(w);
	expect_failure(w, ERR_PERMANENT, "");
	assert_int_equal(w->server.requests, 1);
	text_list_release(&hosts);
}

static void test_disk_refusal(void **state)
{
	struct world *w = *state;
	w->spec.keep_free_bytes = INT64_MAX / 2;
	fetch(w);
	expect_failure(w, ERR_LOCAL, "disk is too full");
	w->spec.keep_free_bytes = 0;
	fetch(w);
	expect_video(w);
}

static void test_no_archive(void **state)
{
	struct world *w = *state;
	char path[128], aside[128];
	snprintf(path, sizeof(path), "%s/.vodkeep", w->dir);
	snprintf(aside, sizeof(aside), "%s/aside", w->dir);
	assert_int_equal(rename(path, aside), 0);
	fetch(w);
	expect_failure(w, ERR_LOCAL, "mounted");
	assert_int_equal(rename(aside, path), 0);
}

/* ---- stopping ---- */

/* Begins, and gets stuck with some MiB received. */
static void start_stalled(struct world *w)
{
	serve_video(w, 20 * MIB, 1);
	w->server.script.stall_after = 10 * MIB;
	start(w);
	run_until(w, &w->parts);
	assert_true(w->part.held > 0);
}

static void test_parts_while_data_flows(void **state)
{
	struct world *w = *state;
	start_stalled(w);
	/* What came before the stall is claimed, to the last byte. */
	run_until_held(w, 10 * MIB);
	assert_int_equal(w->part.total, 20 * MIB);
	assert_string_equal(w->part.etag, "\"one\"");
	transfer_cancel(w->transfer, false);
	finish(w);
}

static void test_cancel_keeps(void **state)
{
	struct world *w = *state;
	start_stalled(w);
	transfer_cancel(w->transfer, false);
	assert_int_equal(w->dones, 0);
	finish(w);
	expect_failure(w, ERR_CANCELLED, "");
	assert_true(w->part.held >= (int64_t)(8 * MIB));
	assert_int_equal(staged(w), 1);
	w->server.script.stall_after = 0;
	fetch(w);
	expect_video(w);
	assert_true(w->resumed_from >= (int64_t)(8 * MIB));
}

static void test_cancel_discards(void **state)
{
	struct world *w = *state;
	start_stalled(w);
	transfer_cancel(w->transfer, true);
	finish(w);
	expect_failure(w, ERR_CANCELLED, "");
	assert_int_equal(staged(w), 0);
}

static void test_cancel_at_once(void **state)
{
	struct world *w = *state;
	start(w);
	transfer_cancel(w->transfer, true);
	transfer_cancel(w->transfer, false);
	finish(w);
	expect_failure(w, ERR_CANCELLED, "");
	assert_int_equal(staged(w), 0);
	run_ms(w, 50);
	assert_int_equal(w->dones, 1);
}

static void test_cancel_sealed(void **state)
{
	struct world *w = *state;
	w->hold_seal = true;
	start(w);
	run_until(w, &w->seals);
	transfer_cancel(w->transfer, false);
	finish(w);
	expect_failure(w, ERR_CANCELLED, "");
	assert_string_equal(w->part.placing, "w/2026/a.mp4");
	assert_int_equal(staged(w), 1);
}

/* Told to stop right after it was told to place: whatever happened is reported. */
static void test_cancel_while_placing(void **state)
{
	struct world *w = *state;
	w->hold_seal = true;
	start(w);
	run_until(w, &w->seals);
	transfer_place(w->transfer);
	transfer_cancel(w->transfer, true);
	finish(w);
	expect_video(w);
}

static void test_park(void **state)
{
	struct world *w = *state;
	start_stalled(w);
	uint64_t before = uv_hrtime();
	transfers_park(w->transfers);
	assert_int_equal(w->dones, 0);
	finish(w);
	assert_true(uv_hrtime() - before < UINT64_C(5000000000));
	expect_failure(w, ERR_CANCELLED, "stopping");
	assert_true(w->part.held >= (int64_t)(8 * MIB));
	start(w);
	finish(w);
	expect_failure(w, ERR_CANCELLED, "stopping");
}

static void test_pause(void **state)
{
	struct world *w = *state;
	transfers_pause(w->transfers, true);
	start(w);
	run_ms(w, 100);
	assert_int_equal(w->server.requests, 0);
	assert_int_equal(w->dones, 0);
	transfers_pause(w->transfers, false);
	finish(w);
	expect_video(w);
}

static void test_pause_midway(void **state)
{
	struct world *w = *state;
	serve_video(w, 32 * MIB, 1);
	start(w);
	run_until(w, &w->server.requests);
	transfers_pause(w->transfers, true);
	run_ms(w, 2000); /* what was on its way is synced and told */
	int64_t held = w->part.held;
	run_ms(w, 600);
	assert_int_equal(w->part.held, held);
	transfers_pause(w->transfers, false);
	finish(w);
	expect_video(w);
}

static void count_one(void *arg, const struct transfer_progress *progress)
{
	int *count = arg;
	++*count;
	assert_string_equal(progress->workspace, "w");
	assert_string_equal(progress->key, "video");
	assert_string_equal(progress->title, "Goal");
	assert_int_equal(progress->deadline_ns, 77);
	assert_int_equal(progress->total, 20 * MIB);
	assert_int_equal(progress->bytes, 10 * MIB);
	assert_true(progress->rate > 0);
}

static void test_progress(void **state)
{
	struct world *w = *state;
	struct transfers_sum sum;
	int count = 0;
	w->spec.title = "Goal";
	w->spec.deadline_ns = 77;
	start_stalled(w);
	run_until_held(w, 10 * MIB);
	run_ms(w, 1200);
	transfers_each(w->transfers, count_one, &count);
	assert_int_equal(count, 1);
	transfers_sum(w->transfers, &sum);
	assert_int_equal(sum.files, 1);
	assert_int_equal(sum.stalled, 0);
	assert_int_equal(sum.bytes, 10 * MIB);
	assert_int_equal(sum.remaining, 10 * MIB);
	assert_int_equal(sum.unknown, 0);
	assert_true(sum.rate > 0);
	transfer_cancel(w->transfer, true);
	finish(w);
	transfers_each(w->transfers, count_one, &count);
	assert_int_equal(count, 1);
	transfers_sum(w->transfers, &sum);
	assert_int_equal(sum.files, 0);
	assert_int_equal(sum.bytes, 0);
}

static void look_at(void *arg, const struct transfer_progress *progress)
{
	struct transfer_progress *copy = arg;
	*copy = *progress;
}

/* Bytes that were there already are no rate. */
static void test_progress_resumed(void **state)
{
	struct world *w = *state;
	struct transfer_progress progress = { 0 };
	struct transfers_sum sum;
	start_stalled(w);
	run_until_held(w, 10 * MIB);
	transfer_cancel(w->transfer, false);
	finish(w);
	do { /* forgets the first run */
		run_ms(w, 50);
		transfers_sum(w->transfers, &sum);
	} while (sum.rate > 0);
	w->server.script.stall_after = 1000;
	start(w);
	do {
		transfers_each(w->transfers, look_at, &progress);
		assert_true(progress.bytes >= (int64_t)(10 * MIB));
		assert_true(progress.rate <= 4000);
		transfers_sum(w->transfers, &sum);
		assert_true(sum.rate <= 4000);
		run_ms(w, 50);
	} while (progress.bytes < (int64_t)(10 * MIB) + 1000);
	transfer_cancel(w->transfer, true);
	finish(w);
}

static void test_configure(void **state)
{
	struct world *w = *state;
	struct transfers_options options = { .archive = w->archive,
		.threads = 2,
		.per_host = 2,
		.user_agent = "vodkeep/other",
		.connect_timeout_ms = 5000 };

	start_stalled(w);
	transfers_configure(w->transfers, &options);
	run_ms(w, 700);
	assert_int_equal(w->dones, 0);
	transfer_cancel(w->transfer, true);
	finish(w);
	part_release(&w->part);
	w->server.script.stall_after = 0;
	fetch(w);
	expect_video(w);
}

static void test_stall_is_cut(void **state)
{
	struct world *w = *state;
	struct transfers_options options = { .archive = w->archive,
		.threads = 2,
		.per_host = 8,
		.user_agent = "vodkeep/test",
		.connect_timeout_ms = 5000,
		.low_speed_bytes = 1024,
		.low_speed_ms = 300 };
	transfers_configure(w->transfers, &options);
	start_stalled(w);
	finish(w);
	expect_failure(w, ERR_TRANSIENT, "");
	assert_int_equal(w->part.held, 10 * MIB);
}

/* ---- placing ---- */

/* Up to sealed, then a crash: what the store has is w->part. */
static void seal_and_crash(struct world *w)
{
	w->hold_seal = true;
	start(w);
	run_until(w, &w->seals);
	transfer_cancel(w->transfer, false);
	finish(w);
	w->hold_seal = false;
	assert_non_null(w->part.placing);
}

static void test_exists(void **state)
{
	struct world *w = *state;
	assert_int_equal(archive_put(w->archive, "w/2026/a.mp4", w->video, w->video_len,
				 0, false, &w->err),
		0);
	fetch(w);
	/* Also when the foreign file has the same bytes. */
	expect_failure(w, ERR_EXISTS, "taken");
	assert_null(w->part.placing);
	assert_int_equal(w->part.held, w->video_len);
	w->spec.path_stem = "w/2026/a~1";
	fetch(w);
	expect_video(w);
	assert_string_equal(w->path, "w/2026/a~1.mp4");
	assert_int_equal(w->received, 0);
}

static void test_crash_before_placing(void **state)
{
	struct world *w = *state;
	seal_and_crash(w);
	fetch(w);
	expect_video(w);
	assert_false(w->found_placed);
	assert_false(w->unsynced);
	assert_int_equal(w->server.requests, 1);
	assert_int_equal(w->seals, 1);
}

static void test_place_without_sync(void **state)
{
	struct world *w = *state;
	w->spec.sync_later = true;
	fetch(w);
	expect_video(w);
	assert_true(w->unsynced);
}

static void test_crash_after_placing(void **state)
{
	struct world *w = *state;
	w->spec.sync_later = true;
	seal_and_crash(w);
	assert_int_equal(archive_place(w->archive, w->part.name, w->part.placing,
				 MTIME_NS, false, &w->err),
		0);
	fetch(w);
	expect_video(w);
	assert_true(w->found_placed);
	assert_false(w->unsynced); /* finding it has synced its folder */
	assert_int_equal(w->duration_ms, 2500);
	assert_int_equal(w->server.requests, 1);
	assert_int_equal(w->wholes + w->seals, 0);
}

/* Another file of the same bytes at the path, and the part still in staging. */
static void test_crash_and_a_twin(void **state)
{
	struct world *w = *state;
	seal_and_crash(w);
	assert_int_equal(archive_put(w->archive, w->part.placing, w->video,
				 w->video_len, 0, false, &w->err),
		0);
	fetch(w);
	expect_failure(w, ERR_EXISTS, "taken");
	assert_false(w->found_placed);
}

static void damage(struct world *w, const char *rel)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", w->dir, rel);
	int fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "x", 1, (off_t)w->video_len / 2), 1);
	close(fd);
}

static void test_crash_and_damaged_staging(void **state)
{
	struct world *w = *state;
	char rel[300];
	seal_and_crash(w);
	snprintf(rel, sizeof(rel), ".vodkeep/staging/%s", w->part.name);
	damage(w, rel);
	fetch(w);
	expect_started_over(w, "not what was recorded", 2);
}

static void test_crash_and_damaged_placing(void **state)
{
	struct world *w = *state;
	seal_and_crash(w);
	assert_int_equal(archive_place(w->archive, w->part.name, w->part.placing, 0,
				 false, &w->err),
		0);
	damage(w, "w/2026/a.mp4");
	fetch(w);
	/* Not what we placed: somebody else's, then. */
	expect_failure(w, ERR_EXISTS, "taken");
	assert_int_equal(w->server.requests, 2);
}

/* ---- small things ---- */

static void test_bytes_format(void **state)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1,000" },
		{ 123456, "123,456" },
		{ 1234567, "1,234,567" },
		{ -1234, "-1,234" },
		{ INT64_MAX, "9,223,372,036,854,775,807" },
	};
	char text[32];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bytes_format(rows[i].bytes, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void test_strong_etags(void **state)
{
	(void)state;
	assert_true(etag_is_strong("\"a\""));
	assert_false(etag_is_strong("W/\"a\""));
	assert_false(etag_is_strong(""));
	assert_false(etag_is_strong("\""));
	assert_false(etag_is_strong(NULL));
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_plain),
		T(test_without_length),
		T(test_subtitle),
		T(test_replaces),
		T(test_many),
		T(test_resume),
		T(test_resume_by_date),
		T(test_changed_etag),
		T(test_claim_is_not_overwritten),
		T(test_if_range_ignored),
		T(test_range_ignored),
		T(test_wrong_range),
		T(test_wrong_total),
		T(test_no_validator),
		T(test_staging_lost),
		T(test_416_at_the_end),
		T(test_416_of_another_file),
		T(test_cut_without_length),
		T(test_html),
		T(test_html_instead_of_the_rest),
		T(test_wrong_kind),
		T(test_binary_subtitle),
		T(test_too_large),
		T(test_expected_bytes),
		T(test_empty),
		T(test_encoded),
		T(test_statuses),
		T(test_stale_keeps_the_part),
		T(test_host_policy),
		T(test_disk_refusal),
		T(test_no_archive),
		T(test_parts_while_data_flows),
		T(test_cancel_keeps),
		T(test_cancel_discards),
		T(test_cancel_at_once),
		T(test_cancel_sealed),
		T(test_cancel_while_placing),
		T(test_park),
		T(test_pause),
		T(test_pause_midway),
		T(test_progress),
		T(test_progress_resumed),
		T(test_configure),
		T(test_stall_is_cut),
		T(test_exists),
		T(test_crash_before_placing),
		T(test_place_without_sync),
		T(test_crash_after_placing),
		T(test_crash_and_a_twin),
		T(test_crash_and_damaged_staging),
		T(test_crash_and_damaged_placing),
		cmocka_unit_test(test_bytes_format),
		cmocka_unit_test(test_strong_etags),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
