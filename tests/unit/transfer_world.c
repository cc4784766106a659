/*
 * The owner's side of a transfer, as tests want it.
 */
#include <config.h>

#include "transfer_world.h"

#include "base/digest.h"
#include "base/mem.h"
#include "tree.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the owner ---- */

static void no_secrets(const char *text)
{
	assert_null(strstr(text, "s3cr3t"));
	assert_null(strstr(text, "token"));
}

static void store_part(struct world *w, const struct part *part)
{
	struct part copy;
	part_copy(&copy, part);
	part_release(&w->part);
	w->part = copy;
}

static void on_part(void *arg, const struct part *part)
{
	struct world *w = arg;
	assert_int_equal(w->dones, 0);
	w->parts++;
	store_part(w, part);
}

static void on_note(void *arg, const char *text)
{
	struct world *w = arg;
	no_secrets(text);
	w->notes++;
	snprintf(w->note, sizeof(w->note), "%s", text);
}

static void on_received(void *arg)
{
	struct world *w = arg;
	assert_int_equal(w->seals, 0);
	w->wholes++;
}

static void on_sealed(void *arg, const struct part *part)
{
	struct world *w = arg;
	w->seals++;
	store_part(w, part);
	assert_non_null(part->placing);
	assert_int_equal(strlen(part->sha256), 64);
	if (!w->hold_seal)
		transfer_place(w->transfer);
}

static void on_done(
	void *arg, const struct err *err, const struct transfer_result *result)
{
	struct world *w = arg;
	no_secrets(err->text);
	w->dones++;
	w->err = *err;
	w->transfer = NULL;
	w->success = result != NULL;
	if (!result)
		return;
	assert_int_equal(err->class, ERR_NONE);
	part_release(&w->part);
	snprintf(w->path, sizeof(w->path), "%s", result->file.path);
	snprintf(w->content_type, sizeof(w->content_type), "%s",
		result->file.content_type);
	snprintf(w->host, sizeof(w->host), "%s", result->file.source_host);
	memcpy(w->sha256, result->file.sha256, sizeof(w->sha256));
	w->bytes = result->file.bytes;
	w->received = result->received;
	w->resumed_from = result->resumed_from;
	w->duration_ms = result->duration_ms;
	w->found_placed = result->found_placed;
	w->unsynced = result->unsynced;
}

void start(struct world *w)
{
	struct transfer_events events = { .part = on_part,
		.note = on_note,
		.received = on_received,
		.sealed = on_sealed,
		.done = on_done,
		.arg = w };
	struct part part = w->part;

	w->parts = w->notes = w->wholes = w->seals = w->dones = 0;
	w->note[0] = '\0';
	w->success = w->found_placed = w->unsynced = false;
	w->spec.part = w->part.name ? &part : NULL;
	w->transfer = transfer_start(w->transfers, &w->spec, &events);
	assert_int_equal(w->dones + w->parts + w->notes, 0);
}

/* ---- the loop ---- */

static void on_alarm(uv_timer_t *timer)
{
	struct world *w = container_of(timer, struct world, alarm);
	w->timed_out = true;
}

void run_until(struct world *w, const int *count)
{
	w->timed_out = false;
	uv_timer_start(&w->alarm, on_alarm, PATIENCE_MS, 0);
	while (*count == 0 && !w->timed_out)
		uv_run(&w->loop, UV_RUN_ONCE);
	uv_timer_stop(&w->alarm);
	assert_false(w->timed_out);
}

void run_ms(struct world *w, int64_t ms)
{
	w->timed_out = false;
	uv_timer_start(&w->alarm, on_alarm, (uint64_t)ms, 0);
	while (!w->timed_out)
		uv_run(&w->loop, UV_RUN_ONCE);
}

/* Until the owner has been told of so many bytes. */
void run_until_held(struct world *w, int64_t held)
{
	for (int i = 0; w->part.held != held; i++) {
		assert_true(i < PATIENCE_MS / 50);
		run_ms(w, 50);
	}
}

void finish(struct world *w)
{
	run_until(w, &w->dones);
	assert_int_equal(w->dones, 1);
}

void fetch(struct world *w)
{
	start(w);
	finish(w);
}

void expect_failure(struct world *w, enum err_class class, const char *text)
{
	assert_false(w->success);
	assert_string_equal(err_class_name(w->err.class), err_class_name(class));
	if (!strstr(w->err.text, text))
		fail_msg("\"%s\" does not say \"%s\"", w->err.text, text);
}

/* ---- the world ---- */

static void put32(unsigned char *at, size_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> (8 * (3 - i)));
}

/* An MP4 of @len bytes that plays 2.5 s; @seed tells files apart. */
unsigned char *make_video(size_t len, unsigned seed)
{
	unsigned char *file = mem_alloc(len);
	const size_t moov = 16, mdat = 16 + 8 + 68;

	assert_true(len > mdat + 8);
	put32(file, 16);
	memcpy(file + 4, "ftypisom", 8);
	put32(file + moov, 8 + 68);
	memcpy(file + moov + 4, "moov", 4);
	put32(file + moov + 8, 68);
	memcpy(file + moov + 12, "mvhd", 4);
	put32(file + moov + 16 + 12, 1000);
	put32(file + moov + 16 + 16, 2500);
	put32(file + mdat, len - mdat);
	memcpy(file + mdat + 4, "mdat", 4);
	for (size_t i = mdat + 8; i < len; i++) {
		seed = seed * 1103515245u + 12345u;
		file[i] = (unsigned char)(seed >> 16);
	}
	return file;
}

void serve_video(struct world *w, size_t len, unsigned seed)
{
	free(w->video);
	w->video = make_video(len, seed);
	w->video_len = len;
	w->server.script.body = w->video;
	w->server.script.len = len;
}

void serve_text(struct world *w, const char *text)
{
	w->server.script.body = text;
	w->server.script.len = strlen(text);
}

static const struct text_list any_host = { 0 };

int set_up(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	char id[33];

	assert_int_equal(uv_loop_init(&w->loop), 0);
	uv_timer_init(&w->loop, &w->alarm);
	strcpy(w->dir, "test_transfer.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(archive_open(&w->archive, w->dir, &w->err), 0);
	assert_int_equal(archive_marker_create(w->archive, id, &w->err), 0);
	w->options = (struct transfers_options){ .archive = w->archive,
		.threads = 2,
		.per_host = 16,
		.user_agent = "vodkeep/test",
		.segments = 1,
		.segment_min = (int64_t)MIB,
		.connect_timeout_ms = 5000,
		.low_speed_bytes = 1,
		.low_speed_ms = 30000 };
	assert_int_equal(
		transfers_open(&w->transfers, &w->loop, &w->options, &w->err), 0);
	fault_server_open(&w->server, &w->loop);
	w->server.script.etag = "\"one\"";
	serve_video(w, 3 * MIB + 17, 1);
	w->spec = (struct transfer_spec){ .workspace = "w",
		.asset_id = "a",
		.row = 7,
		.role = ROLE_VIDEO,
		.key = "video",
		.url = w->server.url,
		.expected_bytes = -1,
		.path_stem = "w/2026/a",
		.mtime_ns = MTIME_NS,
		.media_hosts = &any_host,
		.allow_private = true };
	*state = w;
	return 0;
}

static void on_closed(void *arg)
{
	struct world *w = arg;
	w->closed = true;
}

int tear_down(void **state)
{
	struct world *w = *state;

	if (w->transfer) { /* the test has failed */
		transfer_cancel(w->transfer, true);
		while (w->dones == 0)
			uv_run(&w->loop, UV_RUN_ONCE);
	}
	transfers_close(w->transfers, on_closed, w);
	assert_false(w->closed);
	fault_server_close(&w->server);
	uv_close((uv_handle_t *)&w->alarm, NULL);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_true(w->closed);
	assert_int_equal(uv_loop_close(&w->loop), 0);
	archive_close(w->archive);
	remove_tree(AT_FDCWD, w->dir);
	part_release(&w->part);
	free(w->video);
	free(w);
	return 0;
}

void expect_file(struct world *w, const char *rel, const void *data, size_t len)
{
	char hex[65], wanted[65];
	int64_t size;
	sha256_hex_of(data, len, wanted);
	assert_int_equal(archive_stat(w->archive, rel, &size, hex, &w->err), 0);
	assert_int_equal(size, len);
	assert_string_equal(hex, wanted);
}

int staged(const struct world *w)
{
	char path[128];
	struct dirent *entry;
	int count = 0;
	snprintf(path, sizeof(path), "%s/.vodkeep/staging", w->dir);
	DIR *dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

void expect_video(struct world *w)
{
	if (!w->success)
		fail_msg("failed: %s", w->err.text);
	expect_file(w, w->path, w->video, w->video_len);
	assert_int_equal(w->bytes, w->video_len);
	assert_int_equal(staged(w), 0);
}

/* Leaves a part of half the file. */
void fetch_half(struct world *w)
{
	w->server.script.cut_after = w->video_len / 2;
	fetch(w);
	expect_failure(w, ERR_TRANSIENT, "");
	assert_int_equal(w->part.held, w->video_len / 2);
	assert_int_equal(w->part.total, w->video_len);
	assert_int_equal(w->seals, 0);
	w->server.script.cut_after = 0;
}
