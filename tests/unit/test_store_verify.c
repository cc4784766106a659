/*
 * What verifying leaves in the store, and what it asks: damage outlives a look that is
 * under way, ends with the file it is about, and claimed paths are told from strays.
 */
#include <config.h>

#include "store_fixture.h"

#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

static void add_file(
	struct asset *asset, const char *key, const char *path, int64_t downloaded_ns)
{
	struct file *file = asset_add_file(asset, key);

	file->role = ROLE_VIDEO;
	mem_replace(&file->path, path);
	file->bytes = 10;
	memset(file->sha256, 'a', 64);
	file->downloaded_ns = downloaded_ns;
}

/* An archived asset with two files and nothing due. */
static int64_t archived(struct fixture *f, const char *id)
{
	char *name = mem_printf("w/%s", id);
	char *path = mem_printf("w/%s.mp4", id);

	put_event(f, id, id, EVENT_READY, T0);
	int64_t row = row_of(f, name);
	struct asset *asset = loaded(f, row);
	asset->state = ASSET_ARCHIVED;
	add_file(asset, "video", path, T0);
	add_file(asset, "thumbnail.1", "elsewhere/x.jpg", T0);
	assert_int_equal(save(f, asset, 0, NULL), ERR_NONE);
	asset_free(asset);
	free(name);
	free(path);
	return row;
}

static void verified(struct fixture *f, int64_t row, const char *key,
	int64_t downloaded_ns, bool repair)
{
	struct verify_mark mark = { .downloaded_ns = downloaded_ns };
	struct answer answer = { 0 };

	mark.key = mem_strdup(key);
	mark.text = mem_strdup("it rots");
	fixture_at(f, f->now_ns + S);
	store_verified(f->store, row, &mark, key != NULL, repair, on_stored, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.err.class, ERR_NONE);
	free(mark.key);
	free(mark.text);
}

/* Asserts what loading says of the file: neither, damaged, or to be repaired as well.
 */
static void assert_damage(
	struct fixture *f, int64_t row, const char *key, bool damaged, bool repair)
{
	struct asset *asset = loaded(f, row);
	const struct file *file = asset_file(asset, key);

	assert_int_equal(file->damaged, damaged);
	assert_int_equal(file->repair, repair);
	asset_free(asset);
}

static void damage_is_remembered(void **state)
{
	struct fixture *f = *state;
	int64_t row = archived(f, "a");
	int64_t next_ns;

	verified(f, row, "video", T0, false);
	assert_damage(f, row, "video", true, false);
	assert_damage(f, row, "thumbnail.1", false, false);
	assert_int_equal(stats_of(f, "w", 0).damaged, 1);
	char *due = due_ids(f, "w", f->now_ns, 10, &next_ns);
	assert_string_equal(due, "");
	free(due);

	verified(f, row, "video", T0, true);
	assert_damage(f, row, "video", true, true);
	due = due_ids(f, "w", f->now_ns, 10, &next_ns);
	assert_string_equal(due, "a");
	free(due);
	/* Found once more before it was repaired: that is still wanted. */
	verified(f, row, "video", T0, false);
	assert_damage(f, row, "video", true, true);

	verified(f, row, NULL, 0, false);
	assert_damage(f, row, "video", false, false);
	assert_int_equal(stats_of(f, "w", 0).damaged, 0);
	assert_int_equal(ask(f, "SELECT count(*) FROM story WHERE text LIKE"
				" 'verified:%sound again%'"),
		1);
}

static void a_look_does_not_wipe_it_out(void **state)
{
	struct fixture *f = *state;
	int64_t row = archived(f, "a");
	struct asset *looked_at = loaded(f, row);

	verified(f, row, "video", T0, true);
	assert_int_equal(save(f, looked_at, 0, NULL), ERR_NONE);
	assert_damage(f, row, "video", true, true);
	asset_free(looked_at);
	/* It is still due, though the look knew nothing of it. */
	int64_t next_ns;
	char *due = due_ids(f, "w", f->now_ns, 10, &next_ns);
	assert_string_equal(due, "a");
	free(due);
}

static void a_new_download_ends_it(void **state)
{
	struct fixture *f = *state;
	int64_t row = archived(f, "a");

	verified(f, row, "video", T0, true);
	struct asset *asset = loaded(f, row);
	add_file(asset, "video", "w/a.mp4", T0 + 5 * S);
	assert_int_equal(save(f, asset, 0, NULL), ERR_NONE);
	asset_free(asset);
	assert_damage(f, row, "video", false, false);
	assert_int_equal(ask(f, "SELECT count(*) FROM damage"), 0);
	/* What was read before that is about another file. */
	verified(f, row, "video", T0, true);
	assert_damage(f, row, "video", false, false);
	/* And an asset that is gone is nobody's trouble. */
	verified(f, 4711, "video", T0, true);
}

struct page {
	struct answer answer;
	char text[256];
};

static void on_page(
	void *arg, const struct err *err, const struct asset_ref *refs, size_t n)
{
	struct page *page = arg;

	assert_int_equal(err->class, ERR_NONE);
	for (size_t i = 0; i < n; i++) {
		strcat(page->text, refs[i].workspace);
		strcat(page->text, "/");
		strcat(page->text, refs[i].id);
		strcat(page->text, " ");
		page->answer.a = refs[i].row;
	}
	page->answer.calls++;
}

static int64_t assert_page(struct fixture *f, const char *workspace, int64_t after,
	size_t limit, const char *expected)
{
	struct page page = { 0 };

	store_verify_page(f->store, workspace, after, limit, on_page, &page);
	fixture_wait(f, &page.answer, 1);
	assert_string_equal(page.text, expected);
	return page.answer.a;
}

static void assets_with_files_come_in_order(void **state)
{
	struct fixture *f = *state;

	archived(f, "b");
	put_event(f, "none", "k", EVENT_READY, T0);
	archived(f, "a");
	archived(f, "c");
	int64_t last = assert_page(f, NULL, 0, 2, "w/b w/a ");
	last = assert_page(f, "w", last, 2, "w/c ");
	assert_page(f, "w", last, 2, "");
	assert_page(f, "other", 0, 2, "");
}

static void on_claimed(void *arg, const struct err *err, const bool *claimed, size_t n)
{
	struct answer *answer = arg;

	assert_int_equal(err->class, ERR_NONE);
	for (size_t i = 0; i < n; i++)
		answer->a |= (int64_t)claimed[i] << i;
	answer->count = n;
	answer->calls++;
}

static void on_path(void *arg, const struct err *err, const char *claimed)
{
	struct answer *answer = arg;

	(void)claimed;
	assert_int_equal(err->class, ERR_NONE);
	answer->calls++;
}

static void claimed_paths_are_told(void **state)
{
	static char names[][24] = { "w/a.mp4", "elsewhere/x.jpg", "w/a.en.vtt",
		"w/b.json", "w/\"b\".json", "x" };
	char *paths[6];
	struct fixture *f = *state;
	struct answer answer = { 0 };

	for (int i = 0; i < 6; i++)
		paths[i] = names[i];
	archived(f, "a");
	int64_t busy = archived(f, "b");
	store_claim_path(f->store, busy, "w/b", "w/b~", false, on_path, &answer);
	fixture_wait(f, &answer, 1);
	answer = (struct answer){ 0 };
	store_claimed(f->store, paths, 6, on_claimed, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.a, 3);
	/* While it is due, what lies at its place may be on its way into the row. */
	put_event(f, "b", "again", EVENT_CHANGED, T0 + S);
	answer = (struct answer){ 0 };
	store_claimed(f->store, paths, 6, on_claimed, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.a, 3 | 8);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(damage_is_remembered),
		TEST(a_look_does_not_wipe_it_out),
		TEST(a_new_download_ends_it),
		TEST(assets_with_files_come_in_order),
		TEST(claimed_paths_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
