/*
 * Adopting into the store: what is new becomes archived with its files and its place,
 * what the store knows better stays, and nobody's files become another's.
 */
#include <config.h>

#include "store_fixture.h"

#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

static void add_file(struct asset *asset, const char *key, enum role role)
{
	struct file *file = asset_add_file(asset, key);

	file->role = role;
	file->path = mem_printf(
		"%s.%s", asset->base_path, role == ROLE_VIDEO ? "mp4" : "jpg");
	file->bytes = 10;
	memset(file->sha256, 'a', 64);
	file->downloaded_ns = T0;
}

static struct asset *found_at(const char *id, const char *base)
{
	struct asset *asset = asset_new("w", id);

	asset->base_path = mem_strdup(base);
	asset->facts.title = mem_strdup("Goal");
	asset->archived_ns = T0;
	asset->looked_ns = T0;
	asset->platform_status = mem_strdup("ready");
	asset->platform_data = mem_strdup("{\"x\":1}");
	asset->rule = mem_strdup("clips");
	add_file(asset, "video", ROLE_VIDEO);
	add_file(asset, "thumbnail.1", ROLE_THUMBNAIL);
	return asset;
}

struct adopted {
	struct answer answer;
	enum adoption outcome;
};

static void on_adopted(void *arg, const struct err *err, enum adoption outcome)
{
	struct adopted *adopted = arg;

	adopted->answer.err = *err;
	adopted->answer.calls++;
	adopted->outcome = outcome;
}

static enum adoption adopt_order(struct fixture *f, struct adoption_order *order)
{
	struct adopted adopted = { 0 };

	store_adopt(f->store, order, on_adopted, &adopted);
	fixture_wait(f, &adopted.answer, 1);
	assert_int_equal(adopted.answer.err.class, ERR_NONE);
	asset_free(order->found);
	return adopted.outcome;
}

static enum adoption adopt(struct fixture *f, struct asset *found, bool quiet)
{
	struct adoption_order order = { .found = found, .whole = true, .quiet = quiet };

	return adopt_order(f, &order);
}

static void test_new(void **state)
{
	struct fixture *f = *state;
	struct workspace_stats stats;

	assert_int_equal(adopt(f, found_at("a", "w/a"), false), ADOPTION_NEW);
	struct asset *asset = loaded(f, row_of(f, "w/a"));
	assert_int_equal(asset->state, ASSET_ARCHIVED);
	assert_int_equal(asset->n_files, 2);
	assert_string_equal(asset->base_path, "w/a");
	assert_string_equal(asset->facts.title, "Goal");
	assert_string_equal(asset->platform_status, "ready");
	assert_string_equal(asset->platform_data, "{\"x\":1}");
	assert_string_equal(asset->rule, "clips");
	assert_true(asset->archived_ns == T0 && asset->first_seen_ns == T0);
	assert_true(asset->due_ns == 0 && asset->looked_ns == T0);
	asset_free(asset);
	stats = stats_of(f, "w", 0);
	assert_int_equal(stats.assets[ASSET_ARCHIVED], 1);
	assert_int_equal(stats.assets[ASSET_ANNOUNCED], 0);
	assert_true(stats.bytes == 20);
	assert_int_equal(adopt(f, found_at("a", "w/a"), false), ADOPTION_KNOWN);
	assert_int_equal(adopt(f, found_at("a", "w/else"), false), ADOPTION_COPY);
	assert_int_equal(
		ask(f, "SELECT count(*) FROM ledger WHERE decision = 'adopted'"), 1);
}

static void test_dry_run_writes_nothing(void **state)
{
	struct fixture *f = *state;
	struct adoption_order order = { .whole = true, .dry_run = true };

	order.found = found_at("a", "w/a");
	assert_int_equal(adopt_order(f, &order), ADOPTION_NEW);
	assert_int_equal(ask(f, "SELECT count(*) FROM assets"), 0);
	assert_int_equal(ask(f, "SELECT count(*) FROM workspaces"), 0);
}

static void test_damaged_is_fetched_again(void **state)
{
	struct fixture *f = *state;
	char key[] = "video", text[] = "it rots";
	struct verify_mark mark = { .key = key, .downloaded_ns = T0, .text = text };
	struct adoption_order order = { .marks = &mark, .n_marks = 1 };

	order.found = found_at("a", "w/a");
	assert_int_equal(adopt_order(f, &order), ADOPTION_NEW);
	struct asset *asset = loaded(f, row_of(f, "w/a"));
	assert_int_equal(asset->state, ASSET_ARCHIVED);
	assert_true(asset_file(asset, "video")->repair && asset->due_ns > 0);
	assert_false(asset_file(asset, "thumbnail.1")->damaged);
	asset_free(asset);
}

static void test_without_its_video_it_is_queued(void **state)
{
	struct fixture *f = *state;
	struct adoption_order order = { .found = found_at("a", "w/a") };

	asset_drop_file(order.found, "video");
	assert_int_equal(adopt_order(f, &order), ADOPTION_NEW);
	struct asset *asset = loaded(f, row_of(f, "w/a"));
	assert_int_equal(asset->state, ASSET_QUEUED);
	assert_int_equal(asset->n_files, 1);
	assert_true(asset->archived_ns == 0 && asset->due_ns > 0);
	asset_free(asset);
}

/* A rule may fetch no video at all: whole is archived all the same. */
static void test_whole_without_a_video_is_archived(void **state)
{
	struct fixture *f = *state;
	struct asset *found = found_at("a", "w/a");

	asset_drop_file(found, "video");
	assert_int_equal(adopt(f, found, false), ADOPTION_NEW);
	struct asset *asset = loaded(f, row_of(f, "w/a"));
	assert_int_equal(asset->state, ASSET_ARCHIVED);
	assert_true(asset->due_ns == 0);
	asset_free(asset);
}

static void test_what_is_worked_on_is_left_alone(void **state)
{
	struct fixture *f = *state;

	put_event(f, "a", "k1", EVENT_READY, T0 + 7 * S);
	assert_int_equal(adopt(f, found_at("a", "w/a"), false), ADOPTION_BUSY);
	struct asset *asset = loaded(f, row_of(f, "w/a"));
	assert_int_equal(asset->n_files, 0);
	asset_free(asset);
	/* With nobody at work it may be, and the news stays. */
	assert_int_equal(adopt(f, found_at("a", "w/a"), true), ADOPTION_NEW);
	asset = loaded(f, row_of(f, "w/a"));
	assert_int_equal(asset->state, ASSET_ARCHIVED);
	assert_true(asset->due_ns > 0 && asset->times.ready == T0 + 7 * S);
	asset_free(asset);
}

static void test_a_wish_outlives_it(void **state)
{
	struct fixture *f = *state;
	struct answer answer = { 0 };

	store_wish(f->store, "w", "a", WISH_REMOVE, true, on_stored, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(adopt(f, found_at("a", "w/a"), true), ADOPTION_NEW);
	struct asset *asset = loaded(f, row_of(f, "w/a"));
	assert_int_equal(asset->wish, WISH_REMOVE);
	assert_true(asset->due_ns > 0 && asset->n_files == 2);
	asset_free(asset);
}

static void test_what_was_removed_stays_away(void **state)
{
	struct fixture *f = *state;

	put_event(f, "a", "k1", EVENT_READY, T0);
	struct asset *asset = loaded(f, row_of(f, "w/a"));
	asset->tombstone = true;
	asset->state = ASSET_DELETED;
	assert_int_equal(save(f, asset, 0, NULL), ERR_NONE);
	asset_free(asset);
	assert_int_equal(adopt(f, found_at("a", "w/a"), true), ADOPTION_REMOVED);
}

static void test_another_ones_place_or_file(void **state)
{
	struct fixture *f = *state;
	struct asset *thief;

	assert_int_equal(adopt(f, found_at("a", "w/a"), false), ADOPTION_NEW);
	assert_int_equal(adopt(f, found_at("b", "w/a"), false), ADOPTION_TAKEN);
	thief = found_at("c", "w/c");
	mem_replace(&thief->files[0].path, "w/a.mp4");
	assert_int_equal(adopt(f, thief, false), ADOPTION_TAKEN);
	assert_int_equal(ask(f, "SELECT count(*) FROM assets"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_new, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_dry_run_writes_nothing, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_damaged_is_fetched_again, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_without_its_video_it_is_queued,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_whole_without_a_video_is_archived,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_what_is_worked_on_is_left_alone,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_a_wish_outlives_it, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_what_was_removed_stays_away,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_another_ones_place_or_file,
			fixture_setup, fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
