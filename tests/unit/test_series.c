/*
 * Thumbnail series on a real temporary archive and a real loop: what is wanted, where
 * it goes, what hostile headers cannot do, and that nothing is said to be kept that is
 * not.
 */
#include <config.h>

#include "archive/archive.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "flow/series.h"
#include "tree.h"
#include "unit.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STREAM_DIR "stage/thumbnails/show"
#define MOMENT     "1732269600123"
#define NAME       "2024-11-22T10-00-00.123Z.jpg"

struct world {
	char dir[64], id[33];
	struct archive *archive;
	uv_loop_t loop;
	struct warnings *warnings;
	struct config config;
	struct rule rule;
	struct series *series;
	int told[3]; /* by outcome */
	struct err err;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	strcpy(w->dir, "/tmp/vodkeep-series-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(archive_open(&w->archive, w->dir, &w->err), 0);
	assert_int_equal(archive_marker_create(w->archive, w->id, &w->err), 0);
	assert_int_equal(uv_loop_init(&w->loop), 0);
	w->warnings = warnings_new();
	w->rule = (struct rule){
		.action = ACTION_ARCHIVE,
		.fetch = FETCH_VIDEO | FETCH_ALL_THUMBNAILS,
		.min_duration_ms = -1,
		.max_duration_ms = -1,
	};
	w->config.rules = &w->rule;
	w->config.n_rules = 1;
	w->config.builtin.fetch = FETCH_VIDEO | FETCH_THUMBNAIL;
	w->series = series_new(&(struct series_options){
		.loop = &w->loop,
		.archive = w->archive,
		.archive_id = w->id,
		.warnings = w->warnings,
	});
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	series_free(w->series);
	assert_int_equal(uv_loop_close(&w->loop), 0);
	warnings_free(w->warnings);
	archive_close(w->archive);
	remove_tree(AT_FDCWD, w->dir);
	free(w);
	return 0;
}

/* ---- steps ---- */

static void on_told(void *arg, enum series_outcome outcome)
{
	struct world *w = arg;

	w->told[outcome]++;
}

static bool post(
	struct world *w, const char *stream_id, const char *timestamp, const char *data)
{
	struct picture picture = { stream_id, timestamp, data, strlen(data) };

	return series_keep(w->series, &w->config, "stage", &picture, on_told, w);
}

static void run(struct world *w)
{
	assert_int_equal(uv_run(&w->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(series_pending(w->series), 0);
}

/* One picture to the end. */
static enum series_outcome give(
	struct world *w, const char *stream_id, const char *timestamp, const char *data)
{
	memset(w->told, 0, sizeof(w->told));
	assert_true(post(w, stream_id, timestamp, data));
	run(w);
	assert_int_equal(w->told[0] + w->told[1] + w->told[2], 1);
	return w->told[SERIES_KEPT]        ? SERIES_KEPT
	       : w->told[SERIES_DUPLICATE] ? SERIES_DUPLICATE
					   : SERIES_LOST;
}

/* The last two results stay valid. */
static char *at(const struct world *w, const char *rel)
{
	static char paths[2][600];
	static int turn;

	turn = !turn;
	snprintf(paths[turn], sizeof(paths[turn]), "%s/%s", w->dir, rel);
	return paths[turn];
}

static void put_file(const struct world *w, const char *rel, const char *text)
{
	FILE *file = fopen(at(w, rel), "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static bool there(const struct world *w, const char *rel)
{
	struct stat st;

	return lstat(at(w, rel), &st) == 0;
}

/* How many entries a directory has; the name of one of them. */
static int entries(const struct world *w, const char *rel, char name[256])
{
	DIR *dir = opendir(at(w, rel));
	struct dirent *entry;
	int count = 0;

	while (dir && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		count++;
		if (name)
			snprintf(name, 256, "%s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	return count;
}

static void expect_text(struct world *w, const char *rel, const char *text)
{
	char hex[65], wanted[65];
	int64_t size;

	sha256_hex_of(text, strlen(text), wanted);
	assert_int_equal(archive_stat(w->archive, rel, &size, hex, &w->err), 0);
	assert_string_equal(hex, wanted);
}

static const char *warning(const struct world *w)
{
	size_t n;
	const struct warning *all = warnings_all(w->warnings, &n);

	if (n == 0)
		return NULL;
	assert_int_equal(n, 1);
	assert_string_equal(all->key, "series");
	assert_string_equal(all->workspace, "stage");
	return all->text;
}

static void make_stream_dir(const struct world *w)
{
	assert_int_equal(mkdir(at(w, "stage"), 0755), 0);
	assert_int_equal(mkdir(at(w, "stage/thumbnails"), 0755), 0);
	assert_int_equal(mkdir(at(w, STREAM_DIR), 0755), 0);
}

/* The picture of the @n-th half minute of a day long ago. */
static void picture_rel(int n, char out[256])
{
	char name[ARCHIVE_SERIES_NAME];

	archive_series_name(
		(INT64_C(1600000000) + n * INT64_C(30)) * NS_PER_S, NULL, name);
	snprintf(out, 256, STREAM_DIR "/%s", name);
}

static void make_pictures(const struct world *w, int n)
{
	char rel[256];

	for (int i = 0; i < n; i++) {
		picture_rel(i, rel);
		put_file(w, rel, "");
	}
}

/* ---- wanted ---- */

static void test_wanted_by_the_first_matching_rule(void **state)
{
	struct world *w = *state;
	char *shows[] = { (char[]){ "show*" } };

	assert_true(series_wants(&w->config, "stage", "acc/show"));
	assert_true(series_wants(&w->config, "stage", NULL));
	w->rule.streams = (struct text_list){ shows, 1 };
	assert_true(series_wants(&w->config, "stage", "acc/show-7"));
	assert_true(series_wants(&w->config, "stage", "show"));
	assert_false(series_wants(&w->config, "stage", "show/other"));
	assert_false(series_wants(&w->config, "stage", NULL));
	w->rule.action = ACTION_IGNORE;
	assert_false(series_wants(&w->config, "stage", "acc/show"));
	w->rule.action = ACTION_ARCHIVE;
	w->rule.fetch = FETCH_VIDEO | FETCH_THUMBNAIL;
	assert_false(series_wants(&w->config, "stage", "acc/show"));
}

/* ---- kept ---- */

static void test_kept_and_told_later(void **state)
{
	struct world *w = *state;
	struct stat st;

	assert_true(post(w, "acc/show", MOMENT, "picture"));
	assert_int_equal(w->told[SERIES_KEPT], 0);
	assert_int_equal(series_pending(w->series), 1);
	run(w);
	assert_int_equal(w->told[SERIES_KEPT], 1);
	expect_text(w, STREAM_DIR "/" NAME, "picture");
	assert_int_equal(stat(at(w, STREAM_DIR "/" NAME), &st), 0);
	assert_int_equal(st.st_mtim.tv_sec, 1732269600);
	assert_int_equal(entries(w, ".vodkeep/staging", NULL), 0);
	assert_null(warning(w));
}

static void test_a_copy_is_kept(void **state)
{
	struct world *w = *state;
	char data[] = "picture", stream[] = "acc/show", moment[] = MOMENT;

	assert_true(post(w, stream, moment, data));
	memset(data, 'x', sizeof(data) - 1);
	memset(stream, 'x', sizeof(stream) - 1);
	memset(moment, 'x', sizeof(moment) - 1);
	run(w);
	expect_text(w, STREAM_DIR "/" NAME, "picture");
}

static void test_twice_is_written_once(void **state)
{
	struct world *w = *state;
	struct stat first, second;

	assert_int_equal(give(w, "acc/show", MOMENT, "picture"), SERIES_KEPT);
	assert_int_equal(stat(at(w, STREAM_DIR "/" NAME), &first), 0);
	assert_int_equal(give(w, "acc/show", MOMENT, "picture"), SERIES_DUPLICATE);
	assert_int_equal(give(w, "other/show", "2024-11-22T10:00:00.123Z", "picture"),
		SERIES_DUPLICATE);
	assert_int_equal(stat(at(w, STREAM_DIR "/" NAME), &second), 0);
	assert_int_equal(first.st_ino, second.st_ino);
	assert_int_equal(entries(w, STREAM_DIR, NULL), 1);
}

static void test_twice_at_once_is_kept_once(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < SERIES_IN_FLIGHT_MAX; i++)
		assert_true(post(w, "acc/show", MOMENT, "picture"));
	run(w);
	assert_int_equal(w->told[SERIES_KEPT], 1);
	assert_int_equal(w->told[SERIES_DUPLICATE], SERIES_IN_FLIGHT_MAX - 1);
	assert_int_equal(entries(w, STREAM_DIR, NULL), 1);
	assert_int_equal(entries(w, ".vodkeep/staging", NULL), 0);
}

static void test_another_picture_of_the_moment_is_kept_too(void **state)
{
	struct world *w = *state;
	char hex[65], rel[256];

	assert_int_equal(give(w, "acc/show", MOMENT, "picture"), SERIES_KEPT);
	assert_int_equal(give(w, "acc/show", MOMENT, "another"), SERIES_KEPT);
	assert_int_equal(give(w, "acc/show", MOMENT, "another"), SERIES_DUPLICATE);
	assert_int_equal(
		give(w, "acc/show", MOMENT, "a third of other size"), SERIES_KEPT);
	sha256_hex_of("another", strlen("another"), hex);
	snprintf(
		rel, sizeof(rel), STREAM_DIR "/2024-11-22T10-00-00.123Z~%.8s.jpg", hex);
	expect_text(w, STREAM_DIR "/" NAME, "picture");
	expect_text(w, rel, "another");
	assert_int_equal(entries(w, STREAM_DIR, NULL), 3);
}

static void test_what_lies_there_is_left_alone(void **state)
{
	struct world *w = *state;

	make_stream_dir(w);
	assert_int_equal(mkdir(at(w, STREAM_DIR "/" NAME), 0755), 0);
	assert_int_equal(give(w, "acc/show", MOMENT, "picture"), SERIES_KEPT);
	assert_int_equal(entries(w, STREAM_DIR "/" NAME, NULL), 0);
	assert_int_equal(entries(w, STREAM_DIR, NULL), 2);
}

/* ---- hostile headers ---- */

static void test_streams_become_one_component(void **state)
{
	static const struct {
		const char *id, *dir; /* dir NULL: any one */
	} cases[] = {
		{ NULL, "_" },
		{ "", "_" },
		{ "acc", "acc" },
		{ "acc/", "_" },
		{ "/", "_" },
		{ "acc/show", "show" },
		{ "acc/..", "_" },
		{ "acc/.", "_" },
		{ "acc/.vodkeep", "vodkeep" },
		{ "acc/../../../etc/passwd", NULL },
		{ "acc//etc/passwd", NULL },
		{ "acc/a\\..\\b", NULL },
		{ "acc/a\nb\tc\x7f", NULL },
		{ "acc/\xff\xfe\xc0\xaf..", NULL },
		{ "acc/\xe2\x80\xae gpj", NULL },
		{ "../../x", NULL },
		{ "..", "_" },
	};
	char name[256];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w;

		set_up((void **)&w);
		assert_int_equal(give(w, cases[i].id, MOMENT, "p"), SERIES_KEPT);
		assert_int_equal(entries(w, "", NULL), 2); /* .vodkeep, stage */
		assert_int_equal(entries(w, "stage", NULL), 1);
		assert_int_equal(entries(w, "stage/thumbnails", name), 1);
		assert_true(name[0] != '.');
		if (cases[i].dir)
			assert_string_equal(name, cases[i].dir);
		tear_down((void **)&w);
	}
	(void)state;
}

static void test_a_long_stream_name_is_cut(void **state)
{
	struct world *w = *state;
	char id[4000], name[256];

	memset(id, 'x', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	memcpy(id, "acc/", 4);
	assert_int_equal(give(w, id, MOMENT, "p"), SERIES_KEPT);
	assert_int_equal(entries(w, "stage/thumbnails", name), 1);
	assert_true(strlen(name) < 200);
}

static void test_times(void **state)
{
	static const struct {
		const char *timestamp, *name; /* name NULL: the time of receiving */
	} cases[] = {
		{ "1732269600123", "2024-11-22T10-00-00.123Z.jpg" },
		{ "2024-11-22T10:00:00.123Z", "2024-11-22T10-00-00.123Z.jpg" },
		{ "2024-11-22T11:00:00+01:00", "2024-11-22T10-00-00.000Z.jpg" },
		{ "1577836800000", "2020-01-01T00-00-00.000Z.jpg" },
		{ "1577836799999", NULL },
		{ "1732269600", NULL },
		{ "99999999999999", NULL },
		{ "999999999999999", NULL },
		{ "9223372036854775807", NULL },
		{ "18446744073709551616000000000000000", NULL },
		{ "-1732269600123", NULL },
		{ "+1732269600123", NULL },
		{ " 1732269600123", NULL },
		{ "1732269600123 ", NULL },
		{ "1732269600123.5", NULL },
		{ "1.7e12", NULL },
		{ "0x193", NULL },
		{ "2024-11-22", NULL },
		{ "2024-11-22T25:00:00Z", NULL },
		{ "2019-12-31T23:59:59Z", NULL },
		{ "2261-01-01T00:00:00Z", NULL },
		{ "../../../etc/passwd", NULL },
		{ "", NULL },
		{ NULL, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char name[256], now[32], before[32];
		struct world *w;

		set_up((void **)&w);
		time_format_utc(clock_system.wall_ns(), before);
		assert_int_equal(
			give(w, "acc/show", cases[i].timestamp, "p"), SERIES_KEPT);
		time_format_utc(clock_system.wall_ns(), now);
		assert_int_equal(entries(w, STREAM_DIR, name), 1);
		if (cases[i].name) {
			assert_string_equal(name, cases[i].name);
		} else {
			/* Colons for the sake of comparing. */
			name[13] = name[16] = ':';
			assert_true(strncmp(name, before, 24) >= 0);
			assert_true(strncmp(name, now, 24) <= 0);
		}
		tear_down((void **)&w);
	}
	(void)state;
}

static void test_a_clock_may_be_ahead_by_a_day(void **state)
{
	struct world *w = *state;
	int64_t now_ms = clock_system.wall_ns() / NS_PER_MS;
	char text[32], name[256], wanted[ARCHIVE_SERIES_NAME], today[32];

	snprintf(text, sizeof(text), "%lld", (long long)now_ms + 23 * 3600 * 1000);
	assert_int_equal(give(w, "acc/show", text, "p"), SERIES_KEPT);
	archive_series_name((now_ms + 23 * 3600 * 1000) * NS_PER_MS, NULL, wanted);
	assert_int_equal(entries(w, STREAM_DIR, name), 1);
	assert_string_equal(name, wanted);
	snprintf(text, sizeof(text), "%lld", (long long)now_ms + 25 * 3600 * 1000);
	assert_int_equal(give(w, "acc/late", text, "p"), SERIES_KEPT);
	time_format_utc(now_ms * NS_PER_MS, today);
	assert_int_equal(entries(w, "stage/thumbnails/late", name), 1);
	assert_memory_equal(name, today, 10);
}

/* ---- lost ---- */

static void test_beyond_the_bound_is_refused(void **state)
{
	struct world *w = *state;
	char moment[32];

	for (int i = 0; i < SERIES_IN_FLIGHT_MAX; i++) {
		snprintf(moment, sizeof(moment), "17322696%05d", i);
		assert_true(post(w, "acc/show", moment, "p"));
	}
	assert_int_equal(series_pending(w->series), SERIES_IN_FLIGHT_MAX);
	assert_false(post(w, "acc/show", MOMENT, "p"));
	assert_non_null(warning(w));
	run(w);
	assert_int_equal(w->told[SERIES_KEPT], SERIES_IN_FLIGHT_MAX);
	assert_int_equal(w->told[SERIES_LOST], 0);
	assert_null(warning(w));
	assert_int_equal(give(w, "acc/show", MOMENT, "p"), SERIES_KEPT);
}

static void test_an_archive_that_is_away(void **state)
{
	struct world *w = *state;
	char away[80];

	snprintf(away, sizeof(away), "%s-away", w->dir);
	assert_int_equal(rename(w->dir, away), 0);
	assert_int_equal(give(w, "acc/show", MOMENT, "p"), SERIES_LOST);
	assert_non_null(warning(w));
	assert_int_equal(mkdir(w->dir, 0755), 0); /* the mount point */
	assert_int_equal(give(w, "acc/show", MOMENT, "p"), SERIES_LOST);
	assert_int_equal(entries(w, "", NULL), 0);
	assert_int_equal(rmdir(w->dir), 0);
	assert_int_equal(rename(away, w->dir), 0);
	assert_int_equal(entries(w, "", NULL), 1);
	assert_int_equal(give(w, "acc/show", MOMENT, "p"), SERIES_KEPT);
	assert_null(warning(w));
}

static void test_another_archive(void **state)
{
	struct world *w = *state;

	put_file(w, ".vodkeep/archive-id", "00112233445566778899aabbccddeeff\n");
	assert_int_equal(give(w, "acc/show", MOMENT, "p"), SERIES_LOST);
	assert_false(there(w, "stage"));
}

static void test_no_room(void **state)
{
	struct world *w = *state;

	w->config.transfer.min_free = (struct amount){ .percent = 100 };
	assert_int_equal(give(w, "acc/show", MOMENT, "p"), SERIES_LOST);
	assert_non_null(strstr(warning(w), "min_free"));
	w->config.transfer.min_free = (struct amount){ .bytes = INT64_MAX / 2 };
	assert_int_equal(give(w, "acc/show", MOMENT, "p"), SERIES_LOST);
	assert_false(there(w, "stage"));
	w->config.transfer.min_free = (struct amount){ .bytes = 1 };
	assert_int_equal(give(w, "acc/show", MOMENT, "p"), SERIES_KEPT);
	assert_null(warning(w));
}

static void test_a_place_that_cannot_be_written(void **state)
{
	struct world *w = *state;

	assert_int_equal(mkdir(at(w, "stage"), 0755), 0);
	put_file(w, "stage/thumbnails", "a file of somebody else's");
	assert_int_equal(give(w, "acc/show", MOMENT, "p"), SERIES_LOST);
	assert_non_null(warning(w));
	expect_text(w, "stage/thumbnails", "a file of somebody else's");
	assert_int_equal(entries(w, ".vodkeep/staging", NULL), 0);
}

static void test_a_symlink_is_not_followed(void **state)
{
	struct world *w = *state;

	make_stream_dir(w);
	assert_int_equal(rmdir(at(w, STREAM_DIR)), 0);
	assert_int_equal(mkdir(at(w, "elsewhere"), 0755), 0);
	assert_int_equal(symlink(at(w, "elsewhere"), at(w, STREAM_DIR)), 0);
	assert_int_equal(give(w, "acc/show", MOMENT, "p"), SERIES_LOST);
	assert_non_null(strstr(warning(w), "symbolic"));
	assert_int_equal(entries(w, "elsewhere", NULL), 0);
}

/* ---- pruning ---- */

static void test_the_oldest_go(void **state)
{
	struct world *w = *state;
	char rel[256], moment[32];

	make_stream_dir(w);
	make_pictures(w, SERIES_KEEP + 200);
	put_file(w, STREAM_DIR "/2001-01-01.jpg", "mine");
	assert_int_equal(give(w, "acc/show", MOMENT, "p"), SERIES_KEPT);
	assert_int_equal(
		entries(w, STREAM_DIR, NULL), SERIES_KEEP + 200 + 2 - SERIES_PRUNE_MAX);
	picture_rel(SERIES_PRUNE_MAX - 1, rel);
	assert_false(there(w, rel));
	picture_rel(SERIES_PRUNE_MAX, rel);
	assert_true(there(w, rel));
	for (int i = 1; i < SERIES_PRUNE_EVERY; i++) {
		snprintf(moment, sizeof(moment), "17400000%05d", i);
		assert_int_equal(give(w, "acc/show", moment, "p"), SERIES_KEPT);
	}
	assert_true(there(w, rel));
	assert_int_equal(give(w, "acc/show", "1740000099999", "p"), SERIES_KEPT);
	assert_false(there(w, rel));
	expect_text(w, STREAM_DIR "/2001-01-01.jpg", "mine");
	expect_text(w, STREAM_DIR "/" NAME, "p");
	/* Now no more than the bound, and the file that is not ours. */
	for (int i = 0; i < SERIES_PRUNE_EVERY; i++) {
		snprintf(moment, sizeof(moment), "17500000%05d", i);
		assert_int_equal(give(w, "acc/show", moment, "p"), SERIES_KEPT);
	}
	assert_int_equal(entries(w, STREAM_DIR, NULL), SERIES_KEEP + 1);
}

static void test_streams_are_pruned_each_in_turn(void **state)
{
	struct world *w = *state;
	char id[32];

	make_stream_dir(w);
	make_pictures(w, SERIES_KEEP + 10);
	for (int i = 0; i < 300; i++) { /* more than are remembered */
		snprintf(id, sizeof(id), "acc/other-%d", i);
		assert_int_equal(give(w, id, MOMENT, "p"), SERIES_KEPT);
	}
	assert_int_equal(entries(w, STREAM_DIR, NULL), SERIES_KEEP + 10);
	assert_int_equal(give(w, "acc/show", MOMENT, "p"), SERIES_KEPT);
	assert_int_equal(entries(w, STREAM_DIR, NULL), SERIES_KEEP);
	assert_int_equal(entries(w, "stage/thumbnails", NULL), 301);
}

static void test_only_what_the_series_named_is_pruned(void **state)
{
	static const char *const others[] = {
		"2001-01-01T00-00-00.000Z.jpeg",
		"2001-01-01T00-00-00.000Z.jpg.part",
		"2001-01-01T00-00-00.000z.jpg",
		"2001-01-01T00:00:00.000Z.jpg",
		"2001-01-01T00-00-00Z.jpg",
		"2001-01-01T00-00-00.000Z~1a2b3c4.jpg",
		"2001-01-01T00-00-00.000Z~1a2b3c4g.jpg",
		"2001-01-01T00-00-00.000Z",
		"x2001-01-01T00-00-00.000Z.jpg",
		"index.html",
		".hidden",
	};
	struct world *w = *state;
	char rel[256];
	int removed;

	make_stream_dir(w);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		snprintf(rel, sizeof(rel), STREAM_DIR "/%s", others[i]);
		put_file(w, rel, "mine");
	}
	assert_int_equal(
		mkdir(at(w, STREAM_DIR "/2001-01-02T00-00-00.000Z.jpg"), 0755), 0);
	assert_int_equal(symlink("index.html",
				 at(w, STREAM_DIR "/2001-01-03T00-00-00.000Z.jpg")),
		0);
	make_pictures(w, 5);
	put_file(w, STREAM_DIR "/2001-01-01T00-00-00.000Z~1a2b3c4d.jpg", "");
	assert_int_equal(
		archive_series_prune(w->archive, STREAM_DIR, 0, 100, &removed, &w->err),
		0);
	assert_int_equal(removed, 6);
	assert_int_equal(entries(w, STREAM_DIR, NULL), (int)ARRAY_LEN(others) + 2);
}

static void test_prune_bounds(void **state)
{
	struct world *w = *state;
	char rel[256];
	int removed = 7;

	assert_int_equal(
		archive_series_prune(w->archive, STREAM_DIR, 3, 2, &removed, &w->err),
		0);
	assert_int_equal(removed, 0);
	assert_int_equal(w->err.class, ERR_NONE);
	make_stream_dir(w);
	make_pictures(w, 10);
	assert_int_equal(
		archive_series_prune(w->archive, STREAM_DIR, 10, 2, &removed, &w->err),
		0);
	assert_int_equal(removed, 0);
	assert_int_equal(
		archive_series_prune(w->archive, STREAM_DIR, 7, 2, &removed, &w->err),
		0);
	assert_int_equal(removed, 2);
	assert_int_equal(
		archive_series_prune(w->archive, STREAM_DIR, 7, 2, &removed, &w->err),
		0);
	assert_int_equal(removed, 1);
	for (int i = 0; i < 10; i++) {
		picture_rel(i, rel);
		assert_int_equal(there(w, rel), i >= 3);
	}
}

static void test_prune_refuses(void **state)
{
	struct world *w = *state;
	int removed;

	assert_int_equal(
		archive_series_prune(w->archive, ".vodkeep", 1, 1, &removed, &w->err),
		-ERR_INPUT);
	assert_int_equal(
		archive_series_prune(w->archive, "../x", 1, 1, &removed, &w->err),
		-ERR_INPUT);
	assert_int_equal(archive_series_prune(w->archive, "x", 1, 0, &removed, &w->err),
		-ERR_INPUT);
	assert_int_equal(
		archive_series_prune(w->archive, "x", -1, 1, &removed, &w->err),
		-ERR_INPUT);
	assert_int_equal(symlink("/tmp", at(w, "link")), 0);
	assert_int_equal(
		archive_series_prune(w->archive, "link", 0, 1, &removed, &w->err),
		-ERR_PERMANENT);
	assert_int_equal(
		archive_series_sync(w->archive, "link", &w->err), -ERR_PERMANENT);
	assert_int_equal(
		archive_series_sync(w->archive, ".vodkeep/trash", &w->err), -ERR_INPUT);
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_world(test_wanted_by_the_first_matching_rule),
		with_world(test_kept_and_told_later),
		with_world(test_a_copy_is_kept),
		with_world(test_twice_is_written_once),
		with_world(test_twice_at_once_is_kept_once),
		with_world(test_another_picture_of_the_moment_is_kept_too),
		with_world(test_what_lies_there_is_left_alone),
		cmocka_unit_test(test_streams_become_one_component),
		with_world(test_a_long_stream_name_is_cut),
		cmocka_unit_test(test_times),
		with_world(test_a_clock_may_be_ahead_by_a_day),
		with_world(test_beyond_the_bound_is_refused),
		with_world(test_an_archive_that_is_away),
		with_world(test_another_archive),
		with_world(test_no_room),
		with_world(test_a_place_that_cannot_be_written),
		with_world(test_a_symlink_is_not_followed),
		with_world(test_the_oldest_go),
		with_world(test_streams_are_pruned_each_in_turn),
		with_world(test_only_what_the_series_named_is_pruned),
		with_world(test_prune_bounds),
		with_world(test_prune_refuses),
	};

	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	uv_library_shutdown(); /* the pool's threads end, and free what OpenSSL gave
				  them */
	return failed;
}
