/*
 * MP4 files built box by box: whole ones, every cut of them, and hostile sizes. The
 * reader counts what is asked for, so that media data is known to stay unread.
 */
#include <config.h>

#include "base/buf.h"
#include "media/mp4.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

struct file {
	struct buf data;
	size_t starts[8]; /* of the boxes that are open */
	int depth;
	int64_t mdat_start; /* its body; reading there is an error */
	int64_t mdat_end;
	int reads;
	int64_t fail_at; /* the read that fails, counted from 1; 0 none */
};

static void start(struct file *file)
{
	memset(file, 0, sizeof(*file));
	buf_init(&file->data, 1 << 20);
}

static void put(struct file *file, uint64_t value, int bytes)
{
	while (bytes-- > 0)
		buf_char(&file->data,
			(char)(bytes < 8 ? value >> (8 * bytes) & 0xFF : 0));
}

static void open_box(struct file *file, const char *type)
{
	file->starts[file->depth++] = file->data.len;
	put(file, 0, 4);
	buf_append(&file->data, type, 4);
}

static void close_box(struct file *file)
{
	size_t from = file->starts[--file->depth];
	size_t size = file->data.len - from;
	for (size_t i = 0; i < 4; i++)
		file->data.data[from + i] = (char)(size >> (8 * (3 - i)) & 0xFF);
}

static void put_ftyp(struct file *file)
{
	open_box(file, "ftyp");
	buf_str(&file->data, "isom");
	put(file, 0, 4);
	close_box(file);
}

static void put_mvhd(
	struct file *file, unsigned version, uint32_t timescale, uint64_t duration)
{
	int width = version ? 8 : 4;
	open_box(file, "mvhd");
	put(file, (uint64_t)version << 24, 4);
	put(file, 0, width);
	put(file, 0, width);
	put(file, timescale, 4);
	put(file, duration, width);
	put(file, 0, 40);
	close_box(file);
}

static void put_mdat(struct file *file, size_t len)
{
	open_box(file, "mdat");
	file->mdat_start = (int64_t)file->data.len;
	put(file, 0, (int)len);
	file->mdat_end = (int64_t)file->data.len;
	close_box(file);
}

static void put_moov(struct file *file, unsigned version, uint64_t duration, int tracks)
{
	open_box(file, "moov");
	put_mvhd(file, version, 1000, duration);
	while (tracks-- > 0) {
		open_box(file, "trak");
		close_box(file);
	}
	close_box(file);
}

static int64_t read_file(void *arg, int64_t offset, void *data, size_t len)
{
	struct file *file = arg;
	if (++file->reads == file->fail_at)
		return -1;
	assert_true(offset >= 0);
	if (offset >= (int64_t)file->data.len)
		return 0;
	/* A header is read with the 8 bytes after it; nothing deeper may be asked for.
	 */
	if (offset >= file->mdat_start && offset < file->mdat_end)
		fail_msg("media data was read");
	size_t there = file->data.len - (size_t)offset;
	if (len > there)
		len = there;
	memcpy(data, file->data.data + offset, len);
	return (int64_t)len;
}

/* Checks and releases; returns mp4_check()'s result. */
static int finish(struct file *file, struct mp4_info *info, struct err *err)
{
	int rc = mp4_check(read_file, file, (int64_t)file->data.len, info, err);
	buf_release(&file->data);
	return rc;
}

static void whole_files_pass(void **state)
{
	static const struct {
		unsigned version;
		uint64_t duration;
		int64_t ms;
	} rows[] = {
		{ 0, 12345, 12345 },
		{ 1, UINT64_C(5000000000), INT64_C(5000000000) },
		{ 0, 0, -1 },
		{ 0, UINT32_MAX, -1 },
		{ 1, UINT64_MAX, -1 },
		{ 1, UINT64_MAX - 1, -1 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct file file;
		struct mp4_info info;
		struct err err;
		start(&file);
		put_ftyp(&file);
		put_mdat(&file, 100);
		put_moov(&file, rows[i].version, rows[i].duration, 2);
		assert_int_equal(finish(&file, &info, &err), 0);
		assert_string_equal(info.brand, "isom");
		assert_int_equal(info.tracks, 2);
		assert_false(info.fragmented);
		assert_int_equal(info.duration_ms, rows[i].ms);
	}
}

static void large_and_open_ended_boxes_pass(void **state)
{
	struct file file;
	struct mp4_info info;
	struct err err;
	(void)state;
	start(&file);
	put_ftyp(&file);
	put_moov(&file, 0, 1000, 1);
	put(&file, 1, 4);
	buf_str(&file.data, "mdat");
	put(&file, 16 + 32, 8);
	put(&file, 0, 32);
	put(&file, 0, 4); /* and one that goes to the end */
	buf_str(&file.data, "mdat");
	put(&file, 0, 50);
	assert_int_equal(finish(&file, &info, &err), 0);
	assert_int_equal(info.duration_ms, 1000);
}

static void fragmented_files_pass(void **state)
{
	struct file file;
	struct mp4_info info;
	struct err err;
	(void)state;
	for (int with_mehd = 0; with_mehd < 2; with_mehd++) {
		start(&file);
		put_ftyp(&file);
		open_box(&file, "moov");
		if (with_mehd) { /* before mvhd, whose scale it uses */
			open_box(&file, "mvex");
			open_box(&file, "mehd");
			put(&file, UINT64_C(1) << 24, 4);
			put(&file, 7000, 8);
			close_box(&file);
			close_box(&file);
		}
		put_mvhd(&file, 0, 1000, 0);
		put(&file, 0, 4); /* padding */
		close_box(&file);
		for (uint32_t track = 1; track <= 2; track++) {
			open_box(&file, "sidx");
			put(&file, 0, 4);
			put(&file, track, 4);
			put(&file, 500, 4);
			put(&file, 0, 4 + 4 + 2);
			put(&file, 601, 2);
			for (int i = 0; i < 600; i++) {
				put(&file, 100, 4);
				put(&file, 1000, 4);
				put(&file, 0, 4);
			}
			put(&file, 0x80000064, 4); /* another index: not counted */
			put(&file, 1000, 4);
			put(&file, 0, 4);
			close_box(&file);
		}
		open_box(&file, "moof");
		close_box(&file);
		put_mdat(&file, 10);
		assert_int_equal(finish(&file, &info, &err), 0);
		assert_true(info.fragmented);
		assert_int_equal(info.duration_ms, with_mehd ? 7000 : 1200000);
	}
}

/* Only the whole file passes; a cut is told, and info stays as it was. */
static void every_cut_is_noticed(void **state)
{
	struct file file;
	struct err err;
	(void)state;
	start(&file);
	put_ftyp(&file);
	put_mdat(&file, 20);
	put_moov(&file, 1, 1000, 1);
	put_mdat(&file, 5);
	for (size_t len = 0; len <= file.data.len; len++) {
		struct file cut = { .data = file.data };
		struct mp4_info info = { .duration_ms = 42 };
		cut.data.len = len;
		int rc = mp4_check(read_file, &cut, (int64_t)len, &info, &err);
		/* without the second mdat it is whole as well */
		bool whole = len == file.data.len || len == file.data.len - 13;
		assert_int_equal(rc, whole ? 0 : -(int)ERR_TRANSIENT);
		assert_int_equal(info.duration_ms, whole ? 1000 : 42);

		/* The size says more than the file has. */
		if (len == file.data.len)
			continue;
		rc = mp4_check(read_file, &cut, (int64_t)file.data.len, &info, &err);
		assert_true(rc == 0 || rc == -(int)ERR_TRANSIENT);
	}
	buf_release(&file.data);
}

static void says_what_is_missing(void **state)
{
	struct file file;
	struct mp4_info info;
	struct err err;
	(void)state;
	start(&file);
	assert_int_equal(finish(&file, &info, &err), -(int)ERR_TRANSIENT);
	assert_string_equal(err.text, "the file is empty");

	start(&file);
	put_moov(&file, 0, 1, 1);
	assert_int_equal(finish(&file, &info, &err), -(int)ERR_TRANSIENT);
	assert_string_equal(
		err.text, "the file begins with \"moov\", not with \"ftyp\"");

	start(&file);
	put_ftyp(&file);
	put_mdat(&file, 10);
	assert_int_equal(finish(&file, &info, &err), -(int)ERR_TRANSIENT);
	assert_string_equal(err.text, "the file has no \"moov\" box");

	start(&file);
	put_ftyp(&file);
	put_moov(&file, 0, 1, 1);
	put_mdat(&file, 0);
	assert_int_equal(finish(&file, &info, &err), -(int)ERR_TRANSIENT);
	assert_string_equal(err.text, "the file has no media data (\"mdat\")");

	start(&file);
	put_ftyp(&file);
	put_moov(&file, 0, 1, 1);
	put_mdat(&file, 4);
	open_box(&file, "moof");
	close_box(&file);
	assert_int_equal(finish(&file, &info, &err), -(int)ERR_TRANSIENT);
	assert_string_equal(
		err.text, "the last \"moof\" box has no media data after it");

	start(&file);
	put_ftyp(&file);
	open_box(&file, "moov");
	close_box(&file);
	assert_int_equal(finish(&file, NULL, NULL), -(int)ERR_TRANSIENT);
}

static void hostile_sizes_are_errors(void **state)
{
	static const struct {
		uint32_t size;
		uint64_t large;
		bool nested;
	} rows[] = {
		{ 2, 0, false },
		{ 7, 0, false },
		{ UINT32_MAX, 0, false },
		{ 1, 0, false },
		{ 1, 15, false },
		{ 1, UINT64_MAX, false },
		{ 1, UINT64_MAX - 7, false },
		{ 1, INT64_MAX, false },
		{ 1, UINT64_C(1) << 63, false },
		{ 2, 0, true },
		{ 1000, 0, true },
		{ 1, UINT64_MAX, true },
		{ 1, INT64_MAX, true },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct file file;
		struct mp4_info info;
		struct err err;
		start(&file);
		put_ftyp(&file);
		put_mdat(&file, 4);
		if (rows[i].nested)
			open_box(&file, "moov");
		put(&file, rows[i].size, 4);
		buf_append(&file.data, "\x01\xFFx\"", 4);
		put(&file, rows[i].large, 8);
		put(&file, 0, 40);
		if (rows[i].nested)
			close_box(&file);
		assert_int_equal(finish(&file, &info, &err), -(int)ERR_TRANSIENT);
	}
}

static void short_inner_boxes_are_errors(void **state)
{
	static const char *const types[] = { "mvhd", "mehd", "sidx", "ftyp" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		for (int len = 0; len < 8; len++) {
			struct file file;
			struct mp4_info info;
			struct err err;
			start(&file);
			if (i < 3)
				put_ftyp(&file);
			if (i == 0 || i == 1)
				open_box(&file, "moov");
			if (i == 1)
				open_box(&file, "mvex");
			open_box(&file, types[i]);
			put(&file, 0, i == 3 ? len / 2 : len);
			while (file.depth)
				close_box(&file);
			put_mdat(&file, 4);
			assert_int_equal(
				finish(&file, &info, &err), -(int)ERR_TRANSIENT);
		}
	}
	struct file file;
	struct mp4_info info;
	struct err err;
	start(&file);
	put_ftyp(&file);
	open_box(&file, "sidx");
	put(&file, 0, 22);
	put(&file, 0xFFFF, 2); /* entries it does not have */
	close_box(&file);
	assert_int_equal(finish(&file, &info, &err), -(int)ERR_TRANSIENT);
	assert_non_null(strstr(err.text, "65535"));
}

static void failing_reads_are_local(void **state)
{
	(void)state;
	for (int n = 1; n < 100; n++) {
		struct file file;
		struct mp4_info info = { .tracks = 42 };
		struct err err;
		start(&file);
		put_ftyp(&file);
		put_mdat(&file, 4);
		put_moov(&file, 0, 1000, 1);
		file.fail_at = n;
		int rc = finish(&file, &info, &err);
		if (rc == 0) {
			assert_true(n > file.reads);
			return;
		}
		assert_int_equal(rc, -(int)ERR_LOCAL);
		assert_int_equal(info.tracks, 42);
	}
	fail();
}

/* An endless file of the smallest boxes: the walk gives up by count. */
static int64_t read_boxes(void *arg, int64_t offset, void *data, size_t len)
{
	static const unsigned char box[16] = { 0, 0, 0, 8, 'f', 'r', 'e', 'e', 0, 0, 0,
		8, 'f', 'r', 'e', 'e' };
	static const unsigned char first[16] = { 0, 0, 0, 16, 'f', 't', 'y', 'p', 'i',
		's', 'o', 'm', 0, 0, 0, 0 };
	int *reads = arg;
	++*reads;
	assert_true(len <= 16);
	memcpy(data, offset == 0 ? first : offset == 8 ? first + 8 : box, len);
	return (int64_t)len;
}

static void boxes_are_bounded(void **state)
{
	struct mp4_info info;
	struct err err;
	int reads = 0;
	(void)state;
	assert_int_equal(mp4_check(read_boxes, &reads, INT64_MAX, &info, &err),
		-(int)ERR_TRANSIENT);
	assert_true(reads <= 1000001);
	assert_non_null(strstr(err.text, "1000000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_files_pass),
		cmocka_unit_test(large_and_open_ended_boxes_pass),
		cmocka_unit_test(fragmented_files_pass),
		cmocka_unit_test(every_cut_is_noticed),
		cmocka_unit_test(says_what_is_missing),
		cmocka_unit_test(hostile_sizes_are_errors),
		cmocka_unit_test(short_inner_boxes_are_errors),
		cmocka_unit_test(failing_reads_are_local),
		cmocka_unit_test(boxes_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
