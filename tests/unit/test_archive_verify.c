/*
 * Comparing files with what was archived, and walking through an archive that holds
 * what a careless neighbour may have put there.
 */
#include <config.h>

#include "archive/sidecar.h"
#include "archive_world.h"
#include "base/digest.h"
#include "unit.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Paths of these tests are relative. */
static int set_up(void **state)
{
	const struct world *w;

	world_set_up(state);
	w = *state;
	assert_int_equal(chdir(w->dir), 0);
	return 0;
}

static int tear_down(void **state)
{
	assert_int_equal(chdir("/"), 0);
	return world_tear_down(state);
}

static void put(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

static enum archive_verdict verdict_of(
	struct world *w, const char *rel, const char *data, char what[256])
{
	static const atomic_bool go_on;
	enum archive_verdict verdict;
	char sha256[DIGEST_SHA256_HEX];

	sha256_hex_of(data, strlen(data), sha256);
	assert_int_equal(archive_compare(w->archive, rel, (int64_t)strlen(data), sha256,
				 &go_on, &verdict, what, 256, &w->err),
		0);
	return verdict;
}

static void a_file_is_compared(void **state)
{
	struct world *w = *state;
	char what[256];

	assert_int_equal(mkdir("a", 0755), 0);
	put("a/x.mp4", "0123456789", 10);
	assert_int_equal(verdict_of(w, "a/x.mp4", "0123456789", what), ARCHIVE_SOUND);
	assert_string_equal(what, "");
	assert_int_equal(verdict_of(w, "a/x.mp4", "0123456788", what), ARCHIVE_DAMAGED);
	assert_non_null(strstr(what, "content has changed"));
	assert_int_equal(verdict_of(w, "a/x.mp4", "012345678", what), ARCHIVE_DAMAGED);
	assert_string_equal(what, "it has 10 bytes, archived were 9");
	assert_int_equal(verdict_of(w, "a/y.mp4", "x", what), ARCHIVE_MISSING);
	assert_int_equal(verdict_of(w, "b/x.mp4", "x", what), ARCHIVE_MISSING);
	/* What stands in its place is not read. */
	assert_int_equal(verdict_of(w, "a", "x", what), ARCHIVE_MISSING);
	assert_int_equal(symlink("x.mp4", "a/link.mp4"), 0);
	assert_int_equal(
		verdict_of(w, "a/link.mp4", "0123456789", what), ARCHIVE_MISSING);
	assert_non_null(strstr(what, "something else"));
}

static void what_cannot_be_told_is_an_error(void **state)
{
	struct world *w = *state;
	static const atomic_bool stopped = true;
	enum archive_verdict verdict;
	char sha256[DIGEST_SHA256_HEX], what[256];

	sha256_hex_of("x", 1, sha256);
	put("x", "x", 1);
	assert_int_equal(archive_compare(w->archive, "x", 1, sha256, &stopped, &verdict,
				 what, sizeof(what), &w->err),
		-ERR_CANCELLED);
	assert_int_equal(archive_compare(w->archive, "../x", 1, sha256, &stopped,
				 &verdict, what, sizeof(what), &w->err),
		-ERR_INPUT);
}

/* "f:a/x f:y o:link", sorted; f a regular file, o anything else. */
static void assert_walk(struct world *w, const char *expected)
{
	struct archive_walk *walk = archive_walk_new(w->archive);
	char found[16][128], text[2048] = "", *rel;
	size_t n = 0;
	bool regular;
	int rc;

	while ((rc = archive_walk_next(walk, &rel, &regular, &w->err)) == 1) {
		assert_true(n < 16);
		snprintf(found[n++], sizeof(found[0]), "%c:%.100s", regular ? 'f' : 'o',
			rel);
		free(rel);
	}
	assert_int_equal(rc, 0);
	assert_int_equal(archive_walk_next(walk, &rel, &regular, &w->err), 0);
	archive_walk_free(walk);
	qsort(found, n, sizeof(found[0]), (int (*)(const void *, const void *))strcmp);
	for (size_t i = 0; i < n; i++) {
		strcat(text, i ? " " : "");
		strcat(text, found[i]);
	}
	assert_string_equal(text, expected);
}

static void all_is_walked(void **state)
{
	struct world *w = *state;

	assert_walk(w, "");
	put("y", "", 0);
	assert_int_equal(mkdir("a", 0755), 0);
	assert_int_equal(mkdir("a/b", 0755), 0);
	put("a/b/x", "", 0);
	put("a/.hidden", "", 0);
	/* Neither pictures of streams nor vodkeep's own folder. */
	put("a/2026-11-22T10-00-00.123Z.jpg", "", 0);
	put(".vodkeep/staging/1.video.part", "", 0);
	/* Not followed: they may lead anywhere, or round in a circle. */
	assert_int_equal(symlink("..", "a/up"), 0);
	assert_int_equal(mkfifo("a/pipe", 0644), 0);
	assert_walk(w, "f:a/.hidden f:a/b/x f:y o:a/pipe o:a/up");
}

static void depth_is_bounded(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 40; i++) {
		assert_int_equal(mkdir("d", 0755), 0);
		assert_int_equal(chdir("d"), 0);
	}
	put("deep", "", 0);
	assert_walk(
		w, "o:d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d");
}

static void a_walk_may_end_anywhere(void **state)
{
	struct world *w = *state;
	struct archive_walk *walk = archive_walk_new(w->archive);
	char *rel;
	bool regular;

	assert_int_equal(mkdir("a", 0755), 0);
	put("a/x", "", 0);
	assert_int_equal(archive_walk_next(walk, &rel, &regular, &w->err), 1);
	free(rel);
	archive_walk_free(walk);
	archive_walk_free(NULL);
}

static void a_sidecar_lists_its_files(void **state)
{
	static const char text[] = "{\"schema\":\"vodkeep.asset/1\",\"files\":["
				   "{\"path\":\"w/a.mp4\"},{\"path\":\"a.jpg\"},{}]}";
	static const char other[] = "{\"files\":[{\"path\":\"w/a.mp4\"}]}";

	(void)state;
	assert_true(sidecar_lists(text, strlen(text), NULL));
	assert_true(sidecar_lists(text, strlen(text), "a.mp4"));
	assert_true(sidecar_lists(text, strlen(text), "a.jpg"));
	assert_false(sidecar_lists(text, strlen(text), "b.mp4"));
	assert_false(sidecar_lists(text, strlen(text), "w/a.mp4"));
	assert_false(sidecar_lists(other, strlen(other), NULL));
	assert_false(sidecar_lists(text, strlen(text) - 1, NULL));
	assert_false(sidecar_lists("[]", 2, NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_compared),
		TEST(what_cannot_be_told_is_an_error),
		TEST(all_is_walked),
		TEST(depth_is_bounded),
		TEST(a_walk_may_end_anywhere),
		cmocka_unit_test(a_sidecar_lists_its_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
