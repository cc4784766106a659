/*
 * File-system steps in a directory of their own, which each test leaves empty or not:
 * the teardown removes it.
 */
#include <config.h>

#include "base/fs.h"
#include "unit.h"
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[64];
static int root = -1;

static int make_top(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "test_fs.XXXXXX");
	if (!mkdtemp(top))
		return -1;
	root = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root < 0;
}

static int remove_one(
	const char *path, const struct stat *st, int flag, struct FTW *position)
{
	(void)st;
	(void)flag;
	(void)position;
	return remove(path);
}

static int remove_top(void **state)
{
	(void)state;
	close(root);
	return nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void judges_paths(void **state)
{
	static const struct {
		const char *rel;
		bool ok;
	} rows[] = { { "a", true }, { "a/b/c", true }, { "a.b/..c", true },
		{ "...", true }, { ".a", true }, { "", false }, { "/", false },
		{ "/a", false }, { "a/", false }, { "a//b", false }, { ".", false },
		{ "..", false }, { "a/.", false }, { "a/../b", false },
		{ "./a", false }, { "../a", false } };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int fd = -7;
		struct err err;
		assert_int_equal(fs_rel_ok(rows[i].rel), rows[i].ok);
		if (rows[i].ok || !*rows[i].rel)
			continue;
		assert_int_equal(fs_open_dir(root, rows[i].rel, true, &fd, &err),
			-(int)ERR_INPUT);
		assert_int_equal(fd, -7);
	}
}

static void opens_and_makes_directories(void **state)
{
	struct err err;
	struct stat st;
	int fd = -7;
	(void)state;
	assert_int_equal(
		fs_open_dir(root, "a/b", false, &fd, &err), -(int)ERR_NOT_FOUND);
	assert_int_equal(fd, -7);
	assert_int_equal(fs_open_dir(root, "a/b/c", true, &fd, &err), 0);
	assert_int_equal(fs_sync_dir(fd, &err), 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_int_equal(fstatat(root, "a/b/c", &st, 0), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(fs_open_dir(root, "a/b/c", true, &fd, &err), 0);
	close(fd);
	assert_int_equal(fs_open_dir(root, "", false, &fd, &err), 0);
	close(fd);
	fd = -7;
	assert_int_equal(fs_open_dir(-1, "", false, &fd, &err), -(int)ERR_LOCAL);
	assert_int_equal(fd, -7);
}

static void long_names_are_refused(void **state)
{
	char name[NAME_MAX + 2];
	struct err err;
	int fd = -7;
	(void)state;
	memset(name, 'x', sizeof(name));
	name[NAME_MAX + 1] = '\0';
	assert_int_equal(fs_open_dir(root, name, true, &fd, &err), -(int)ERR_PERMANENT);
	assert_int_equal(
		fs_write_atomic(root, name, "x", 1, 0644, &err), -(int)ERR_PERMANENT);
	name[NAME_MAX] = '\0';
	assert_int_equal(fs_open_dir(root, name, true, &fd, &err), 0);
	close(fd);
	name[0] = 'y';
	assert_int_equal(fs_write_atomic(root, name, "x", 1, 0644, &err), 0);
}

static void symlinks_and_files_are_not_entered(void **state)
{
	const char *base;
	struct err err;
	int fd = -7;
	(void)state;
	assert_int_equal(mkdirat(root, "real", 0755), 0);
	assert_int_equal(symlinkat("real", root, "link"), 0);
	assert_int_equal(symlinkat("/", root, "away"), 0);
	assert_int_equal(symlinkat("nowhere", root, "dangling"), 0);
	assert_int_equal(fs_write_atomic(root, "file", "x", 1, 0644, &err), 0);
	static const char *const rows[] = { "link", "away", "dangling", "file",
		"link/x", "away/tmp", "file/x" };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int create = i % 2;
		assert_int_equal(fs_open_dir(root, rows[i], create, &fd, &err),
			-(int)ERR_PERMANENT);
		assert_non_null(strstr(err.text, "not a directory"));
	}
	assert_int_equal(fs_write_atomic(root, "link/new", "x", 1, 0644, &err),
		-(int)ERR_PERMANENT);
	assert_int_equal(fs_open_parent(root, "away/new", true, &fd, &base, &err),
		-(int)ERR_PERMANENT);
	assert_int_equal(fd, -7);
}

static void opens_parents(void **state)
{
	const char *base = NULL;
	const char *rel = "a/b/file";
	struct err err;
	int fd = -7;
	(void)state;
	assert_int_equal(fs_open_parent(root, rel, true, &fd, &base, &err), 0);
	assert_ptr_equal(base, rel + 4);
	close(fd);
	assert_int_equal(fs_open_parent(root, "file", false, &fd, &base, &err), 0);
	assert_string_equal(base, "file");
	close(fd);
	assert_int_equal(
		fs_open_parent(root, "", false, &fd, &base, &err), -(int)ERR_INPUT);
	assert_int_equal(
		fs_open_parent(root, "a/..", false, &fd, &base, &err), -(int)ERR_INPUT);
}

/* The content of @rel below the top directory, in a static buffer. */
static const char *content(const char *rel)
{
	static char text[256];
	char path[160];
	struct buf buf;
	struct err err;
	buf_init(&buf, sizeof(text) - 1);
	snprintf(path, sizeof(path), "%s/%s", top, rel);
	assert_int_equal(fs_read(path, sizeof(text) - 1, &buf, &err), 0);
	snprintf(text, sizeof(text), "%s", buf_text(&buf));
	buf_release(&buf);
	return text;
}

static int entries(const char *path)
{
	int n = 0;
	DIR *dir = opendir(path);
	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		n += strcmp(entry->d_name, ".") != 0 &&
		     strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return n;
}

static void writes_atomically(void **state)
{
	struct err err;
	struct stat st;
	(void)state;
	umask(022);
	assert_int_equal(fs_write_atomic(root, "f", "one", 3, 0640, &err), 0);
	assert_string_equal(content("f"), "one");
	assert_int_equal(fstatat(root, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(fs_write_atomic(root, "f", "second", 6, 0600, &err), 0);
	assert_string_equal(content("f"), "second");
	assert_int_equal(fs_write_atomic(root, "d/e/f", "", 0, 0644, &err), 0);
	assert_string_equal(content("d/e/f"), "");

	/* A symlink under the name is replaced, not followed. */
	assert_int_equal(symlinkat("f", root, "s"), 0);
	assert_int_equal(fs_write_atomic(root, "s", "third", 5, 0644, &err), 0);
	assert_string_equal(content("f"), "second");
	assert_string_equal(content("s"), "third");
	assert_int_equal(entries(top), 3);

	/* What fails leaves nothing behind and names the file. */
	assert_int_equal(
		fs_write_atomic(root, "d", "x", 1, 0644, &err), -(int)ERR_PERMANENT);
	assert_memory_equal(err.text, "cannot write d: ", 16);
	assert_int_equal(
		fs_write_atomic(root, "d", "x", 1, 0644, NULL), -(int)ERR_PERMANENT);
	assert_int_equal(entries(top), 3);
}

static void reads_with_a_limit(void **state)
{
	char path[160];
	struct buf buf;
	struct err err;
	(void)state;
	snprintf(path, sizeof(path), "%s/f", top);
	buf_init(&buf, 100);
	buf_str(&buf, "before ");
	assert_int_equal(fs_read(path, 100, &buf, &err), -(int)ERR_NOT_FOUND);
	assert_int_equal(fs_write_atomic(root, "f", "12345", 5, 0644, &err), 0);
	assert_int_equal(fs_read(path, 4, &buf, &err), -(int)ERR_INPUT);
	assert_string_equal(buf_text(&buf), "before ");
	assert_int_equal(fs_read(path, 5, &buf, &err), 0);
	assert_string_equal(buf_text(&buf), "before 12345");
	assert_int_equal(fs_read(top, 100, &buf, &err), -(int)ERR_PERMANENT);
	assert_string_equal(buf_text(&buf), "before 12345");
	buf_release(&buf);
	buf_init(&buf, 3);
	assert_int_equal(fs_read(path, 100, &buf, &err), -(int)ERR_INPUT);
	assert_string_equal(buf_text(&buf), "");
	assert_false(buf.overflow);
	buf_release(&buf);

	char big[50000];
	memset(big, 'x', sizeof(big));
	assert_int_equal(fs_write_atomic(root, "f", big, sizeof(big), 0644, &err), 0);
	buf_init(&buf, sizeof(big));
	assert_int_equal(fs_read(path, sizeof(big), &buf, &err), 0);
	assert_int_equal(buf.len, sizeof(big));
	buf_release(&buf);
}

static void reads_at_a_place(void **state)
{
	char text[8] = "";
	struct err err;
	const char *base;
	int dir, fd;

	(void)state;
	assert_int_equal(fs_write_atomic(root, "f", "12345", 5, 0644, &err), 0);
	assert_int_equal(fs_open_parent(root, "f", false, &dir, &base, &err), 0);
	fd = openat(dir, base, O_RDONLY | O_CLOEXEC);
	close(dir);
	assert_int_equal(fs_read_at(fd, text, 3, 1), 3);
	assert_string_equal(text, "234");
	assert_int_equal(fs_read_at(fd, text, sizeof(text), 3), 2);
	assert_memory_equal(text, "45", 2);
	assert_int_equal(fs_read_at(fd, text, sizeof(text), 5), 0);
	close(fd);
	assert_int_equal(fs_read_at(-1, text, 1, 0), -1);
}

static void tells_space(void **state)
{
	int64_t free_bytes = -1;
	int64_t total = -1;
	struct err err;
	(void)state;
	assert_int_equal(fs_space(root, &free_bytes, &total, &err), 0);
	assert_true(free_bytes >= 0);
	assert_true(total >= free_bytes);
	assert_int_equal(fs_space(-1, &free_bytes, &total, &err), -(int)ERR_LOCAL);
	assert_int_equal(fs_sync_dir(-1, &err), -(int)ERR_LOCAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(judges_paths, make_top, remove_top),
		cmocka_unit_test_setup_teardown(
			opens_and_makes_directories, make_top, remove_top),
		cmocka_unit_test_setup_teardown(
			long_names_are_refused, make_top, remove_top),
		cmocka_unit_test_setup_teardown(
			symlinks_and_files_are_not_entered, make_top, remove_top),
		cmocka_unit_test_setup_teardown(opens_parents, make_top, remove_top),
		cmocka_unit_test_setup_teardown(
			writes_atomically, make_top, remove_top),
		cmocka_unit_test_setup_teardown(
			reads_with_a_limit, make_top, remove_top),
		cmocka_unit_test_setup_teardown(reads_at_a_place, make_top, remove_top),
		cmocka_unit_test_setup_teardown(tells_space, make_top, remove_top),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
