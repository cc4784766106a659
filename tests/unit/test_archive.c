/*
 * The archive on a real temporary directory: placing, replacing, trash, pruning, the
 * marker, and everything a hostile or careless neighbour may have put in the way.
 */
#include <config.h>

#include "archive/archive_priv.h"
#include "archive_world.h"
#include "base/digest.h"
#include "tree.h"
#include "unit.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The last two results stay valid. */
static char *at(const struct world *w, const char *rel)
{
	static char paths[2][512];
	static int turn;
	turn = !turn;
	snprintf(paths[turn], sizeof(paths[turn]), "%s/%s", w->dir, rel);
	return paths[turn];
}

static bool there(const struct world *w, const char *rel)
{
	struct stat st;
	return lstat(at(w, rel), &st) == 0;
}

static void put_file(const struct world *w, const char *rel, const char *text)
{
	FILE *file = fopen(at(w, rel), "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void expect_text(struct world *w, const char *rel, const char *text)
{
	char hex[65], wanted[65];
	int64_t size;
	sha256_hex_of(text, strlen(text), wanted);
	assert_int_equal(archive_stat(w->archive, rel, &size, hex, &w->err), 0);
	assert_int_equal(size, strlen(text));
	assert_string_equal(hex, wanted);
}

static void stage(struct world *w, const char *name, const char *text)
{
	int64_t size;
	int fd;
	assert_int_equal(archive_part_open(w->archive, name, &fd, &size, &w->err), 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, text, strlen(text), 0), (ssize_t)strlen(text));
	close(fd);
}

#define assert_class(call, class) assert_int_equal((call), -(int)(class))

static void test_marker(void **state)
{
	struct world *w = *state;
	char id[33];

	assert_int_equal(strlen(w->id), 32);
	assert_int_equal(archive_marker_read(w->archive, id, &w->err), 0);
	assert_string_equal(id, w->id);
	assert_class(archive_marker_create(w->archive, id, &w->err), ERR_EXISTS);
	assert_int_equal(archive_check(w->archive, w->id, &w->err), 0);
	assert_class(
		archive_check(w->archive, "0123456789abcdef0123456789abcdef", &w->err),
		ERR_LOCAL);
	assert_non_null(strstr(w->err.text, "another archive"));

	put_file(w, ".vodkeep/archive-id", "nonsense\n");
	assert_class(archive_marker_read(w->archive, id, &w->err), ERR_LOCAL);
	assert_class(archive_check(w->archive, w->id, &w->err), ERR_LOCAL);
	unlink(at(w, ".vodkeep/archive-id"));
	assert_class(archive_marker_read(w->archive, id, &w->err), ERR_NOT_FOUND);
	assert_class(archive_check(w->archive, w->id, &w->err), ERR_LOCAL);
	assert_non_null(strstr(w->err.text, "not mounted"));
}

static void test_open_refuses(void **state)
{
	struct world *w = *state;
	struct archive *archive = NULL;

	assert_class(archive_open(&archive, at(w, "absent"), &w->err), ERR_LOCAL);
	put_file(w, "file", "");
	assert_class(archive_open(&archive, at(w, "file"), &w->err), ERR_LOCAL);
	assert_null(archive);
	assert_false(there(w, "absent"));
}

/* Another directory moved to the archive's name: as a mount that came late. */
static void test_check_follows_the_name(void **state)
{
	struct world *w = *state;
	struct archive *empty;

	assert_int_equal(mkdir(at(w, "inner"), 0755), 0);
	assert_int_equal(archive_open(&empty, at(w, "inner"), &w->err), 0);
	assert_class(archive_check(empty, w->id, &w->err), ERR_LOCAL);

	assert_int_equal(rename(at(w, "inner"), at(w, "aside")), 0);
	assert_int_equal(mkdir(at(w, "inner"), 0755), 0);
	assert_int_equal(mkdir(at(w, "inner/.vodkeep"), 0755), 0);
	put_file(w, "inner/.vodkeep/archive-id", w->id);
	assert_int_equal(archive_check(empty, w->id, &w->err), 0);
	assert_int_equal(archive_put(empty, "x", "1", 1, 0, false, &w->err), 0);
	assert_true(there(w, "inner/x"));
	assert_false(there(w, "aside/x"));
	archive_close(empty);
}

static void test_part_owner(void **state)
{
	static const struct {
		const char *name, *owner;
	} rows[] = {
		{ "7.video.hls.part", "7.video.hls.part" },
		{ "7.video.hls.v.ts", "7.video.hls.part" },
		{ "7.video.hls.slot12.part", "7.video.hls.part" },
		{ "7.audio.hls.whole.mp4", "7.audio.hls.part" },
		{ "7.video.part", NULL },
		{ "7.video.hls", NULL },
		{ "", NULL },
	};
	char owner[256];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(
			archive_part_owner(rows[i].name, owner), rows[i].owner != NULL);
		if (rows[i].owner)
			assert_string_equal(owner, rows[i].owner);
	}
}

static void test_part_names(void **state)
{
	char name[256], other[256];
	(void)state;

	archive_part_name(7, "video", name);
	assert_string_equal(name, "7.video.part");
	archive_part_name(7, "../../etc/passwd", name);
	assert_null(strchr(name, '/'));
	archive_part_name(7, "subtitle.a/b", name);
	archive_part_name(7, "subtitle.a_b", other);
	assert_string_not_equal(name, other);
}

static void test_place(void **state)
{
	struct world *w = *state;
	struct stat st;

	stage(w, "1.video.part", "one");
	assert_int_equal(archive_place(w->archive, "1.video.part", "p/2026/a.mp4",
				 INT64_C(1234567890123456789), false, &w->err),
		0);
	expect_text(w, "p/2026/a.mp4", "one");
	assert_false(there(w, ".vodkeep/staging/1.video.part"));
	assert_int_equal(stat(at(w, "p/2026/a.mp4"), &st), 0);
	assert_int_equal(st.st_mtim.tv_sec, 1234567890);
	assert_int_equal(st.st_mtim.tv_nsec, 123456789);

	stage(w, "2.video.part", "two");
	assert_class(archive_place(w->archive, "2.video.part", "p/2026/a.mp4", 0, false,
			     &w->err),
		ERR_EXISTS);
	expect_text(w, "p/2026/a.mp4", "one");
	assert_true(there(w, ".vodkeep/staging/2.video.part"));
	assert_int_equal(archive_place(w->archive, "2.video.part", "p/2026/a.mp4", 0,
				 true, &w->err),
		0);
	expect_text(w, "p/2026/a.mp4", "two");
	assert_class(
		archive_place(w->archive, "3.video.part", "p/b.mp4", 0, false, &w->err),
		ERR_NOT_FOUND);
}

/* Instead of libc's: counts what is asked of directories. */
static atomic_int n_folder_syncs;

int fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		n_folder_syncs++;
	return (int)syscall(SYS_fsync, fd);
}

static void test_place_is_synced(void **state)
{
	struct world *w = *state;

	archive_put(w->archive, "p/a.json", "{}", 2, 0, false, &w->err); /* makes p */
	stage(w, "1.video.part", "one");
	stage(w, "2.video.part", "two");
	n_folder_syncs = 0;
	assert_int_equal(
		archive_place(w->archive, "1.video.part", "p/a", 0, false, &w->err), 0);
	assert_int_equal(n_folder_syncs, 1);
	assert_int_equal(archive_place_unsynced(
				 w->archive, "2.video.part", "p/b", 0, false, &w->err),
		0);
	assert_int_equal(n_folder_syncs, 1);
	expect_text(w, "p/b", "two");
	assert_int_equal(archive_sync_folder(w->archive, "p/b", &w->err), 0);
	assert_int_equal(n_folder_syncs, 2);
	archive_put(w->archive, "p/b.json", "{}", 2, 0, false, &w->err);
	assert_int_equal(n_folder_syncs, 3);
}

static void test_sync_folder_of_nothing(void **state)
{
	struct world *w = *state;

	assert_class(archive_sync_folder(w->archive, "gone/a", &w->err), ERR_NOT_FOUND);
	assert_class(archive_sync_folder(w->archive, "../a", &w->err), ERR_INPUT);
	assert_int_equal(symlink("/", at(w, "out")), 0);
	assert_true(archive_sync_folder(w->archive, "out/a", &w->err) < 0);
	n_folder_syncs = 0;
	assert_int_equal(archive_sync_folder(w->archive, "a", &w->err), 0);
	assert_int_equal(n_folder_syncs, 1);
}

static void test_place_by_link(void **state)
{
	struct world *w = *state;
	int staging;

	stage(w, "1.video.part", "one");
	stage(w, "2.video.part", "two");
	assert_int_equal(archive_staging_open(w->archive, &staging, &w->err), 0);
	assert_int_equal(archive_rename_by_link(
				 staging, "1.video.part", w->archive->root, "a.mp4"),
		0);
	assert_int_equal(archive_rename_by_link(
				 staging, "2.video.part", w->archive->root, "a.mp4"),
		-1);
	assert_int_equal(errno, EEXIST);
	close(staging);
	expect_text(w, "a.mp4", "one");
	assert_false(there(w, ".vodkeep/staging/1.video.part"));
	assert_true(there(w, ".vodkeep/staging/2.video.part"));
}

/* Never over what is not a file, even when told to replace. */
static void test_replace_only_files(void **state)
{
	struct world *w = *state;

	stage(w, "1.video.part", "one");
	assert_int_equal(mkdir(at(w, "dir"), 0755), 0);
	put_file(w, "target", "keep me");
	assert_int_equal(symlink("target", at(w, "link")), 0);
	assert_class(archive_place(w->archive, "1.video.part", "dir", 0, true, &w->err),
		ERR_EXISTS);
	assert_class(
		archive_place(w->archive, "1.video.part", "link", 0, true, &w->err),
		ERR_EXISTS);
	expect_text(w, "target", "keep me");
}

static void test_placed_open(void **state)
{
	struct world *w = *state;
	int64_t size;
	int fd;

	stage(w, "1.video.part", "same");
	put_file(w, "a.mp4", "same");
	assert_class(archive_placed_open(
			     w->archive, "1.video.part", "a.mp4", &fd, &size, &w->err),
		ERR_NOT_FOUND);
	assert_int_equal(
		link(at(w, ".vodkeep/staging/1.video.part"), at(w, "b.mp4")), 0);
	assert_int_equal(archive_placed_open(w->archive, "1.video.part", "b.mp4", &fd,
				 &size, &w->err),
		0);
	assert_int_equal(size, 4);
	close(fd);
	assert_false(there(w, ".vodkeep/staging/1.video.part"));
	assert_int_equal(archive_placed_open(w->archive, "1.video.part", "b.mp4", &fd,
				 &size, &w->err),
		0);
	close(fd);
	assert_class(archive_placed_open(
			     w->archive, "1.video.part", "c.mp4", &fd, &size, &w->err),
		ERR_NOT_FOUND);
}

/* A part that is also an archived file must not be written to. */
static void test_part_is_not_shared(void **state)
{
	struct world *w = *state;

	put_file(w, "a.mp4", "archived");
	assert_int_equal(
		link(at(w, "a.mp4"), at(w, ".vodkeep/staging/1.video.part")), 0);
	stage(w, "1.video.part", "scribble");
	expect_text(w, "a.mp4", "archived");
}

static void test_put_and_move(void **state)
{
	struct world *w = *state;

	assert_int_equal(
		archive_put(w->archive, "p/a.json", "{}", 2, 0, false, &w->err), 0);
	assert_class(archive_put(w->archive, "p/a.json", "[]", 2, 0, false, &w->err),
		ERR_EXISTS);
	expect_text(w, "p/a.json", "{}");
	assert_int_equal(
		archive_put(w->archive, "p/a.json", "[]", 2, 0, true, &w->err), 0);
	expect_text(w, "p/a.json", "[]");

	put_file(w, "p/b.json", "b");
	assert_class(
		archive_move(w->archive, "p/a.json", "p/b.json", &w->err), ERR_EXISTS);
	assert_int_equal(
		archive_move(w->archive, "p/a.json", "q/r/a.json", &w->err), 0);
	assert_true(there(w, "p"));
	assert_int_equal(archive_move(w->archive, "p/b.json", "q/b.json", &w->err), 0);
	assert_false(there(w, "p"));
	assert_class(archive_move(w->archive, "p/b.json", "q/c.json", &w->err),
		ERR_NOT_FOUND);
	assert_false(there(w, "p"));
}

static void test_remove(void **state)
{
	struct world *w = *state;
	bool was = false;

	archive_put(w->archive, "p/2026/11/a.mp4", "a", 1, 0, false, &w->err);
	archive_put(w->archive, "p/2026/12/b.mp4", "b", 1, 0, false, &w->err);
	assert_int_equal(
		archive_remove(w->archive, "p/2026/11/a.mp4", &was, &w->err), 0);
	assert_true(was);
	assert_false(there(w, "p/2026/11"));
	assert_true(there(w, "p/2026/12/b.mp4"));
	assert_int_equal(
		archive_remove(w->archive, "p/2026/11/a.mp4", &was, &w->err), 0);
	assert_false(was);
	assert_int_equal(
		archive_remove(w->archive, "p/2026/12/b.mp4", NULL, &w->err), 0);
	assert_false(there(w, "p"));
	assert_true(there(w, ".vodkeep/archive-id"));
}

static void test_prune_after_a_crash(void **state)
{
	struct world *w = *state;

	assert_int_equal(mkdir(at(w, "p"), 0755), 0);
	assert_int_equal(mkdir(at(w, "p/q"), 0755), 0);
	assert_int_equal(archive_remove(w->archive, "p/q/r/a.mp4", NULL, &w->err), 0);
	assert_false(there(w, "p"));
}

static void test_remove_refuses(void **state)
{
	struct world *w = *state;

	put_file(w, "target", "keep");
	assert_int_equal(symlink("target", at(w, "link")), 0);
	assert_int_equal(mkdir(at(w, "dir"), 0755), 0);
	assert_class(archive_remove(w->archive, "link", NULL, &w->err), ERR_PERMANENT);
	assert_class(archive_remove(w->archive, "dir", NULL, &w->err), ERR_PERMANENT);
	assert_class(archive_trash(w->archive, "link", "2026-11-22", &w->err),
		ERR_PERMANENT);
	assert_true(there(w, "link"));
	assert_true(there(w, "dir"));
	assert_true(there(w, "target"));
}

/* A directory inside the archive that is a symlink out of it: nothing goes through. */
static void test_symlinked_directory(void **state)
{
	struct world *w = *state;
	char outside[] = "/tmp/vodkeep-outside-XXXXXX";
	char victim[80];
	struct stat st;
	int64_t size;
	int fd;

	assert_non_null(mkdtemp(outside));
	snprintf(victim, sizeof(victim), "%s/a.mp4", outside);
	assert_int_equal(symlink(outside, at(w, "out")), 0);
	stage(w, "1.video.part", "one");
	assert_class(archive_place(w->archive, "1.video.part", "out/a.mp4", 0, false,
			     &w->err),
		ERR_PERMANENT);
	assert_class(archive_put(w->archive, "out/a.mp4", "x", 1, 0, true, &w->err),
		ERR_PERMANENT);
	assert_int_equal(stat(victim, &st), -1);

	FILE *file = fopen(victim, "w");
	assert_non_null(file);
	fclose(file);
	assert_class(
		archive_remove(w->archive, "out/a.mp4", NULL, &w->err), ERR_PERMANENT);
	assert_class(archive_trash(w->archive, "out/a.mp4", "2026-11-22", &w->err),
		ERR_PERMANENT);
	assert_class(
		archive_move(w->archive, "out/a.mp4", "b.mp4", &w->err), ERR_PERMANENT);
	assert_class(archive_stat(w->archive, "out/a.mp4", &size, NULL, &w->err),
		ERR_PERMANENT);
	assert_class(archive_read_open(w->archive, "out/a.mp4", &fd, &w->err),
		ERR_PERMANENT);
	assert_int_equal(stat(victim, &st), 0);
	unlink(victim);
	rmdir(outside);
}

static void test_symlinked_names(void **state)
{
	struct world *w = *state;
	int64_t size;
	int fd;

	put_file(w, "target", "keep");
	assert_int_equal(
		symlink("../../target", at(w, ".vodkeep/staging/1.v.part")), 0);
	assert_class(archive_part_open(w->archive, "1.v.part", &fd, &size, &w->err),
		ERR_PERMANENT);
	assert_int_equal(symlink("target", at(w, "link")), 0);
	assert_class(
		archive_read_open(w->archive, "link", &fd, &w->err), ERR_PERMANENT);
	assert_int_equal(mkfifo(at(w, "fifo"), 0644), 0);
	assert_class(
		archive_read_open(w->archive, "fifo", &fd, &w->err), ERR_PERMANENT);
}

static void test_hostile_paths(void **state)
{
	static const char *const paths[] = { "", "/etc/passwd", "../x", "a/../b",
		"a//b", "a/", ".", "..", ".vodkeep", ".vodkeep/archive-id",
		".vodkeep/trash/2026-11-22/x" };
	struct world *w = *state;
	int64_t size;

	stage(w, "1.video.part", "one");
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		const char *path = paths[i];
		assert_class(archive_place(w->archive, "1.video.part", path, 0, true,
				     &w->err),
			ERR_INPUT);
		assert_class(archive_put(w->archive, path, "", 0, 0, true, &w->err),
			ERR_INPUT);
		assert_class(
			archive_remove(w->archive, path, NULL, &w->err), ERR_INPUT);
		assert_class(archive_trash(w->archive, path, "2026-11-22", &w->err),
			ERR_INPUT);
		assert_class(archive_move(w->archive, path, "x", &w->err), ERR_INPUT);
		assert_class(archive_stat(w->archive, path, &size, NULL, &w->err),
			ERR_INPUT);
	}
	assert_class(
		archive_trash(w->archive, "a", "../../../tmp", &w->err), ERR_INPUT);
	assert_true(there(w, ".vodkeep/archive-id"));
	/* A name that only begins like the folder's is an ordinary one. */
	assert_int_equal(
		archive_put(w->archive, ".vodkeeper", "", 0, 0, false, &w->err), 0);
}

static void test_trash(void **state)
{
	struct world *w = *state;
	int removed = -1;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(
			archive_put(w->archive, "p/a.mp4", "a", 1, 0, false, &w->err),
			0);
		assert_int_equal(
			archive_trash(w->archive, "p/a.mp4", "2026-11-22", &w->err), 0);
		assert_false(there(w, "p"));
	}
	assert_true(there(w, ".vodkeep/trash/2026-11-22/p/a.mp4"));
	assert_true(there(w, ".vodkeep/trash/2026-11-22/p/a.mp4~2"));
	assert_true(there(w, ".vodkeep/trash/2026-11-22/p/a.mp4~3"));
	assert_int_equal(
		archive_trash(w->archive, "p/a.mp4", "2026-11-22", &w->err), 0);

	archive_put(w->archive, "b.mp4", "b", 1, 0, false, &w->err);
	archive_trash(w->archive, "b.mp4", "2026-11-23", &w->err);
	assert_int_equal(
		archive_trash_purge(w->archive, "2026-11-23", 2, &removed, &w->err), 0);
	assert_int_equal(removed, 2);
	assert_true(there(w, ".vodkeep/trash/2026-11-22"));
	assert_int_equal(
		archive_trash_purge(w->archive, "2026-11-23", 9, &removed, &w->err), 0);
	assert_int_equal(removed, 1);
	assert_int_equal(
		archive_trash_purge(w->archive, "2026-11-23", 9, &removed, &w->err), 0);
	assert_int_equal(removed, 0);
	assert_false(there(w, ".vodkeep/trash/2026-11-22"));
	assert_true(there(w, ".vodkeep/trash/2026-11-23/b.mp4"));
}

static void trash(struct world *w, const char *name, const char *date, size_t bytes)
{
	static const char data[4096];

	assert_int_equal(
		archive_put(w->archive, name, data, bytes, 0, false, &w->err), 0);
	assert_int_equal(archive_trash(w->archive, name, date, &w->err), 0);
}

/* The oldest day first, and no more than is needed. */
static void test_trash_cap(void **state)
{
	struct world *w = *state;
	int removed = -1;

	assert_int_equal(archive_trash_cap(w->archive, 1, 9, &removed, &w->err), 0);
	assert_int_equal(removed, 0);
	trash(w, "p/q/a", "2026-11-20", 1000);
	trash(w, "p/b", "2026-11-21", 2000);
	trash(w, "c", "2026-11-22", 4000);
	assert_int_equal(mkdir(at(w, ".vodkeep/trash/2026-11-01"), 0755), 0);
	assert_int_equal(mkdir(at(w, ".vodkeep/trash/notes"), 0755), 0);
	assert_int_equal(archive_trash_cap(w->archive, 7000, 9, &removed, &w->err), 0);
	assert_int_equal(removed, 0);
	assert_int_equal(archive_trash_cap(w->archive, 6999, 9, &removed, &w->err), 0);
	assert_int_equal(removed, 1);
	assert_false(there(w, ".vodkeep/trash/2026-11-20/p/q/a"));
	assert_true(there(w, ".vodkeep/trash/2026-11-21/p/b"));
	assert_int_equal(archive_trash_cap(w->archive, 100, 1, &removed, &w->err), 0);
	assert_int_equal(removed, 1);
	assert_true(there(w, ".vodkeep/trash/2026-11-22/c"));
	assert_int_equal(archive_trash_cap(w->archive, 100, 9, &removed, &w->err), 0);
	assert_int_equal(removed, 1);
	assert_false(there(w, ".vodkeep/trash/2026-11-22/c"));
	assert_true(there(w, ".vodkeep/trash/notes"));
}

/* A symlink in the trash goes as a name; what it points to stays. */
static void test_purge_follows_nothing(void **state)
{
	struct world *w = *state;
	int removed;

	put_file(w, "keep", "keep");
	assert_int_equal(mkdir(at(w, ".vodkeep/trash/2020-01-01"), 0755), 0);
	assert_int_equal(symlink("../../..", at(w, ".vodkeep/trash/2020-01-01/up")), 0);
	assert_int_equal(mkdir(at(w, ".vodkeep/trash/notes"), 0755), 0);
	assert_int_equal(
		archive_trash_purge(w->archive, "2026-01-01", 99, &removed, &w->err),
		0);
	assert_int_equal(removed, 1);
	assert_true(there(w, "keep"));
	assert_true(there(w, ".vodkeep/trash/notes"));
}

static void test_long_names(void **state)
{
	struct world *w = *state;
	char name[256];

	memset(name, 'a', 255);
	name[255] = '\0';
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			archive_put(w->archive, name, "a", 1, 0, false, &w->err), 0);
		assert_int_equal(
			archive_trash(w->archive, name, "2026-11-22", &w->err), 0);
	}
	assert_false(there(w, name));
}

static bool knows_one(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "1.video.part") == 0;
}

static void test_sweep(void **state)
{
	struct world *w = *state;
	int removed = 0;

	stage(w, "1.video.part", "one");
	stage(w, "2.video.part", "two");
	stage(w, "put-1.tmp", "");
	assert_int_equal(
		archive_part_sweep(w->archive, knows_one, NULL, &removed, &w->err), 0);
	assert_int_equal(removed, 2);
	assert_true(there(w, ".vodkeep/staging/1.video.part"));
	assert_int_equal(archive_part_remove(w->archive, "1.video.part", &w->err), 0);
	assert_int_equal(archive_part_remove(w->archive, "1.video.part", &w->err), 0);
	assert_int_equal(archive_part_sync(w->archive, &w->err), 0);
}

/* Without the archive's own folder (the mount is gone) nothing is made. */
static void test_no_mount_no_files(void **state)
{
	struct world *w = *state;
	int64_t size;
	int fd;

	remove_tree(AT_FDCWD, at(w, ".vodkeep"));
	assert_class(archive_part_open(w->archive, "1.video.part", &fd, &size, &w->err),
		ERR_LOCAL);
	assert_class(archive_put(w->archive, "p/a.json", "", 0, 0, false, &w->err),
		ERR_LOCAL);
	assert_false(there(w, ".vodkeep"));
	assert_false(there(w, "p"));
}

static void test_space(void **state)
{
	struct world *w = *state;
	int64_t free_bytes, total;
	assert_int_equal(archive_space(w->archive, &free_bytes, &total, &w->err), 0);
	assert_true(total > 0 && free_bytes <= total);
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

/* ---- keeping old versions ---- */

static int keep(struct world *w, const char *from, const char *to, const char *text)
{
	char sha256[DIGEST_SHA256_HEX];

	sha256_hex_of(text, strlen(text), sha256);
	err_clear(&w->err);
	return archive_keep(
		w->archive, from, to, (int64_t)strlen(text), sha256, &w->err);
}

static void test_keep(void **state)
{
	struct world *w = *state;

	stage(w, "old.part", "old");
	assert_int_equal(
		archive_place(w->archive, "old.part", "d/a.mp4", 0, false, &w->err), 0);
	assert_int_equal(keep(w, "d/a.mp4", "d/a.v1.mp4", "old"), 0);
	expect_text(w, "d/a.mp4", "old");
	expect_text(w, "d/a.v1.mp4", "old");
	/* once more, as after a crash */
	assert_int_equal(keep(w, "d/a.mp4", "d/a.v1.mp4", "old"), 0);
	stage(w, "new.part", "new");
	assert_int_equal(
		archive_place(w->archive, "new.part", "d/a.mp4", 0, true, &w->err), 0);
	expect_text(w, "d/a.mp4", "new");
	expect_text(w, "d/a.v1.mp4", "old");
	/* the name is taken by now, whatever has it */
	assert_class(keep(w, "d/a.mp4", "d/a.v1.mp4", "new"), ERR_EXISTS);
	expect_text(w, "d/a.v1.mp4", "old");
}

static void test_keep_what_was_moved(void **state)
{
	struct world *w = *state;

	assert_class(keep(w, "a.mp4", "a.v1.mp4", "old"), ERR_NOT_FOUND);
	assert_class(keep(w, "none/a.mp4", "none/a.v1.mp4", "old"), ERR_NOT_FOUND);
	put_file(w, "a.v1.mp4", "old");
	assert_int_equal(keep(w, "a.mp4", "a.v1.mp4", "old"), 0);
	put_file(w, "a.v1.mp4", "odd");
	assert_class(keep(w, "a.mp4", "a.v1.mp4", "old"), ERR_NOT_FOUND);
	expect_text(w, "a.v1.mp4", "odd");
}

static void test_keep_hostile(void **state)
{
	struct world *w = *state;

	put_file(w, "a.mp4", "old");
	assert_int_equal(mkdir(at(w, "a.v1.mp4"), 0755), 0);
	assert_class(keep(w, "a.mp4", "a.v1.mp4", "old"), ERR_EXISTS);
	assert_int_equal(symlink("a.mp4", at(w, "a.v2.mp4")), 0);
	assert_class(keep(w, "a.mp4", "a.v2.mp4", "old"), ERR_EXISTS);
	assert_true(keep(w, "a.mp4", "../a.v3.mp4", "old") < 0);
	assert_true(keep(w, "a.mp4", ".vodkeep/a.v3.mp4", "old") < 0);
	assert_int_equal(symlink("/tmp", at(w, "out")), 0);
	assert_true(keep(w, "a.mp4", "out/a.v3.mp4", "old") < 0);
	expect_text(w, "a.mp4", "old");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_marker),
		T(test_open_refuses),
		T(test_check_follows_the_name),
		T(test_part_names),
		T(test_part_owner),
		T(test_place),
		T(test_place_is_synced),
		T(test_sync_folder_of_nothing),
		T(test_place_by_link),
		T(test_replace_only_files),
		T(test_placed_open),
		T(test_part_is_not_shared),
		T(test_put_and_move),
		T(test_remove),
		T(test_prune_after_a_crash),
		T(test_remove_refuses),
		T(test_symlinked_directory),
		T(test_symlinked_names),
		T(test_hostile_paths),
		T(test_trash),
		T(test_trash_cap),
		T(test_purge_follows_nothing),
		T(test_long_names),
		T(test_sweep),
		T(test_no_mount_no_files),
		T(test_space),
		T(test_keep),
		T(test_keep_what_was_moved),
		T(test_keep_hostile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
