/*
 * What concerns many assets at once: wishes for a state, lists, forgetting. The
 * numbers of assets are larger than one step takes.
 */
#include <config.h>

#include "store_fixture.h"

#include "base/mem.h"
#include "base/metrics.h"
#include <stdlib.h>
#include <string.h>

#define DAY (24 * 3600 * S)

static void put_many(struct fixture *f, const char *workspace, int n)
{
	struct answer answer = { .calls = 0 };
	char id[24];

	for (int i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "%s-%d", workspace, i);
		store_put_delivery(f->store,
			make_delivery(workspace, id, id, EVENT_READY, T0), on_put,
			&answer);
	}
	fixture_wait(f, &answer, n);
}

/* All assets of a workspace end their look in @state. */
static void save_all(
	struct fixture *f, const char *workspace, int n, enum asset_state state)
{
	struct answer answer = { .calls = 0 };
	struct asset **assets = mem_array((size_t)n, sizeof(struct asset *));

	for (int i = 0; i < n; i++) {
		char *name = mem_printf("%s/%s-%d", workspace, workspace, i);
		assets[i] = loaded(f, row_of(f, name));
		assets[i]->state = state;
		assets[i]->looked_ns = T0;
		store_save(f->store, assets[i], 0, NULL, on_stored, &answer);
		free(name);
	}
	fixture_wait(f, &answer, n);
	for (int i = 0; i < n; i++)
		asset_free(assets[i]);
	free(assets);
}

static size_t wish_all(struct fixture *f, const char *workspace, enum asset_state state,
	enum asset_wish wish)
{
	struct answer answer = { .calls = 0 };

	store_wish_all(f->store, workspace, state, wish, on_count, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.err.class, ERR_NONE);
	return answer.count;
}

static void failed_assets_are_retried_together(void **state)
{
	struct fixture *f = *state;

	put_many(f, "w", 450);
	put_many(f, "v", 3);
	save_all(f, "w", 450, ASSET_FAILED);
	save_all(f, "v", 2, ASSET_FAILED);
	fixture_at(f, T0 + S);
	double before = metric_get(METRIC_COMMITS, NULL);
	assert_int_equal(wish_all(f, NULL, ASSET_FAILED, WISH_RETRY), 452);
	assert_true(metric_get(METRIC_COMMITS, NULL) - before >= 3);
	assert_int_equal(ask(f, "SELECT count(*) FROM assets WHERE wish='retry'"
				" AND due_ns > 1700000000000000000"),
		452);
	assert_int_equal(wish_all(f, "v", ASSET_FAILED, WISH_RETRY), 2);
	assert_int_equal(wish_all(f, "v", ASSET_DELETION_HELD, WISH_CONFIRM), 0);
	assert_int_equal(wish_all(f, "nobody", ASSET_FAILED, WISH_RETRY), 0);
}

static void a_walk_ends_early_when_closing(void **state)
{
	struct fixture *f = *state;
	struct answer answer = { .calls = 0 };

	put_many(f, "w", 1000);
	save_all(f, "w", 1000, ASSET_FAILED);
	store_wish_all(f->store, NULL, ASSET_FAILED, WISH_RETRY, on_count, &answer);
	fixture_close(f);
	assert_int_equal(answer.calls, 1);
	if (answer.err.class)
		assert_int_equal(answer.err.class, ERR_CANCELLED);
	fixture_open(f);
	/* Whole steps only. */
	assert_int_equal(
		ask(f, "SELECT count(*) % 200 FROM assets WHERE wish='retry'"), 0);
}

/* ---- the clock ---- */

static size_t clock_back(struct fixture *f)
{
	struct answer answer = { .calls = 0 };

	store_clock_back(f->store, on_count, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.err.class, ERR_NONE);
	return answer.count;
}

static void times_that_have_not_come_are_taken_for_now(void **state)
{
	struct fixture *f = *state;
	struct asset *asset;

	put_event(f, "patient", "1", EVENT_READY, T0);
	asset = loaded(f, row_of(f, "w/patient"));
	save(f, asset, T0 + DAY, NULL);
	asset_free(asset);
	fixture_at(f, T0 + 40 * DAY);
	put_event(f, "early", "2", EVENT_READY, T0);
	asset = loaded(
		f, put_event(f, "gone", "3", EVENT_DELETED, T0 + 40 * DAY).asset_row);
	asset->answered_deleted_ns = asset->times.deleted;
	save(f, asset, 0, NULL);
	asset_free(asset);
	free(ask_text(f, "UPDATE assets SET seen_sweep_ns=updated_ns WHERE id='gone'"));
	free(ask_text(f,
		"INSERT INTO removals(workspace, at_ns)"
		" SELECT id, last_delivery_ns FROM workspaces WHERE name='w'"));
	assert_int_equal(clock_back(f), 0);

	fixture_at(f, T0 + S);
	assert_int_equal(clock_back(f), 2);
	char *due = due_ids(f, "w", T0 + S, 10, NULL);
	assert_string_equal(due, "early");
	free(due);
	asset = loaded(f, row_of(f, "w/patient"));
	assert_int_equal(asset->due_ns, T0 + DAY); /* it waits as before */
	asset_free(asset);
	asset = loaded(f, row_of(f, "w/gone"));
	assert_int_equal(asset->times.deleted, T0 + S);
	assert_int_equal(asset->answered_deleted_ns, T0 + S);
	asset_free(asset);
	assert_int_equal(
		ask(f, "SELECT max(max(updated_ns, seen_sweep_ns)) FROM assets"),
		T0 + S);
	assert_int_equal(ask(f, "SELECT at_ns FROM removals"), T0 + S);
	assert_int_equal(
		ask(f, "SELECT max(last_delivery_ns) FROM workspaces"), T0 + S);
	assert_int_equal(clock_back(f), 0);
}

static void a_large_archive_is_put_right_in_steps(void **state)
{
	struct fixture *f = *state;

	fixture_at(f, T0 + 40 * DAY);
	put_many(f, "w", 4500);
	fixture_at(f, T0);
	double before = metric_get(METRIC_COMMITS, NULL);
	assert_int_equal(clock_back(f), 4500);
	assert_true(metric_get(METRIC_COMMITS, NULL) - before >= 3);
}

/* ---- lists ---- */

struct list_answer {
	struct answer answer;
	struct differences found;
};

static void on_list(void *arg, const struct err *err, struct differences *found)
{
	struct list_answer *answer = arg;

	on_stored(&answer->answer, err);
	differences_release(&answer->found);
	if (found)
		differences_move(&answer->found, found);
}

static struct list_order order_of(enum list_mode mode, int64_t walk_ns)
{
	return (struct list_order){
		.workspace = "w", .mode = mode, .walk_ns = walk_ns, .page = 1
	};
}

/* A page that names w-@from to w-@to, ready, with @mark. */
static void list_page(struct fixture *f, const struct list_order *order, int from,
	int to, int64_t mark, struct list_answer *answer)
{
	size_t n = (size_t)(to - from);
	struct listed *listed = mem_array(n + 1, sizeof(*listed));
	int calls = answer->answer.calls;

	for (size_t i = 0; i < n; i++) {
		struct record record;
		char name[24];

		record_init(&record);
		record.status = RECORD_READY;
		record.facts.created_ns = T0;
		snprintf(name, sizeof(name), "w-%d", from + (int)i);
		listed_fill(&listed[i], name, &record);
		listed[i].mark = mark;
		record_release(&record);
	}
	store_list_page(f->store, order, listed, n, on_list, answer);
	fixture_wait(f, &answer->answer, calls + 1);
	assert_int_equal(answer->answer.err.class, ERR_NONE);
}

static int64_t list_end(
	struct fixture *f, const struct list_order *order, struct list_answer *answer)
{
	int calls = answer->answer.calls;

	store_list_end(f->store, order, on_list, answer);
	fixture_wait(f, &answer->answer, calls + 1);
	assert_int_equal(answer->answer.err.class, ERR_NONE);
	int64_t gone = answer->found.counts[LISTING_GONE];
	differences_release(&answer->found);
	return gone;
}

static void a_list_finds_what_is_gone(void **state)
{
	struct fixture *f = *state;
	struct list_answer answer = { .found = { .n = 0 } };
	struct list_order order = order_of(LIST_GONE, T0 + 5 * S);

	put_many(f, "w", 700);
	put_many(f, "v", 1);
	save_all(f, "w", 700, ASSET_ARCHIVED);
	struct asset *tombstone = loaded(f, row_of(f, "w/w-699"));
	tombstone->tombstone = true;
	save(f, tombstone, 0, NULL);
	asset_free(tombstone);
	put_event(f, NULL, "gone", EVENT_DELETED, T0 + S);
	fixture_at(f, T0 + 5 * S);
	put_event(f, "born-later", "k", EVENT_READY, T0 + 5 * S);
	order.deleted_ns = T0 + S;
	list_page(f, &order, 0, 300, 1, &answer);
	assert_int_equal(list_end(f, &order, &answer), 399);
	assert_int_equal(
		ask(f, "SELECT count(*) FROM assets WHERE deleted_ns > 0"), 399);
	assert_int_equal(ask(f, "SELECT count(*) FROM assets WHERE due_ns > 0"
				" AND deleted_ns > 0 AND seen_sweep_ns = 0"),
		399);
	assert_int_equal(
		ask(f, "SELECT sweep_wanted_ns FROM workspaces WHERE name='w'"), 0);
}

static void a_newer_wish_for_a_list_stays(void **state)
{
	struct fixture *f = *state;
	struct list_answer answer = { .found = { .n = 0 } };
	struct list_order order = order_of(LIST_GONE, T0 + 5 * S);

	put_event(f, NULL, "1", EVENT_DELETED, T0 + S);
	put_event(f, NULL, "2", EVENT_DELETED, T0 + 2 * S);
	order.deleted_ns = T0 + S;
	assert_int_equal(list_end(f, &order, &answer), 0);
	assert_int_equal(ask(f, "SELECT sweep_wanted_ns FROM workspaces"), T0 + 2 * S);
}

static void what_was_gone_when_asked_is_not_asked_again(void **state)
{
	struct fixture *f = *state;
	struct list_answer answer = { .found = { .n = 0 } };
	struct list_order order = order_of(LIST_FULL, T0 + 5 * S);
	int64_t day_later = T0 + DAY + 6 * S;

	put_many(f, "w", 3);
	save_all(f, "w", 3, ASSET_ARCHIVED);
	struct asset *kept = loaded(f, row_of(f, "w/w-0"));
	kept->platform_status = mem_strdup("unknown");
	save(f, kept, 0, NULL);
	asset_free(kept);
	assert_int_equal(list_end(f, &order, &answer), 2);
	/* The platform said that it has them: asked again after a day, not before. */
	save_all(f, "w", 3, ASSET_ARCHIVED);
	order = order_of(LIST_FULL, T0 + 6 * S);
	assert_int_equal(list_end(f, &order, &answer), 0);
	order = order_of(LIST_FULL, day_later);
	fixture_at(f, day_later);
	assert_int_equal(list_end(f, &order, &answer), 2);
}

static void a_full_walk_makes_due_what_differs(void **state)
{
	struct fixture *f = *state;
	struct list_answer answer = { .found = { .n = 0 } };
	struct list_order order = order_of(LIST_FULL, T0 + 5 * S);

	put_many(f, "w", 2);
	save_all(f, "w", 2, ASSET_IGNORED);
	list_page(f, &order, 0, 2, 7, &answer);
	assert_int_equal(answer.found.counts[LISTING_CHANGED], 2); /* never listed */
	save_all(f, "w", 2, ASSET_IGNORED);
	list_page(f, &order, 0, 4, 7, &answer);
	assert_int_equal(answer.found.counts[LISTING_CHANGED], 0);
	assert_int_equal(answer.found.counts[LISTING_MISSING], 2);
	assert_int_equal(ask(f, "SELECT count(*) FROM assets WHERE due_ns > 0"), 2);
	assert_int_equal(ask(f, "SELECT walk_ns FROM workspaces"), T0 + 5 * S);
	assert_int_equal(ask(f, "SELECT walk_page FROM workspaces"), 1);
	assert_int_equal(ask(f, "SELECT lost FROM workspaces"), 4);
	assert_int_equal(list_end(f, &order, &answer), 0);
	assert_int_equal(ask(f, "SELECT walk_ns FROM workspaces"), 0);
	assert_true(ask(f, "SELECT reconciled_ns FROM workspaces") > 0);
}

static void a_dry_walk_only_tells(void **state)
{
	struct fixture *f = *state;
	struct list_answer answer = { .found = { .n = 0 } };
	struct list_order order = order_of(LIST_DRY, T0 + 5 * S);

	put_many(f, "w", 2);
	save_all(f, "w", 2, ASSET_IGNORED);
	list_page(f, &order, 1, 3, 7, &answer);
	assert_int_equal(answer.found.counts[LISTING_CHANGED], 1);
	assert_int_equal(answer.found.counts[LISTING_MISSING], 1);
	assert_int_equal(list_end(f, &order, &answer), 1);
	assert_int_equal(ask(f, "SELECT count(*) FROM assets"), 2);
	assert_int_equal(ask(f, "SELECT count(*) FROM assets WHERE due_ns > 0"
				" OR deleted_ns > 0 OR listed_mark > 0"),
		0);
	assert_int_equal(ask(f, "SELECT max(reconciled_ns + lost) FROM workspaces"), 0);
}

static void prune(struct fixture *f, int64_t before_ns)
{
	struct answer answer = { .calls = 0 };

	store_prune(f->store, before_ns, on_stored, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.err.class, ERR_NONE);
}

static void bodies_are_forgotten_before_keys(void **state)
{
	struct fixture *f = *state;

	put_many(f, "w", 1200);
	fixture_at(f, T0 + 31 * DAY);
	put_many(f, "v", 2);
	prune(f, T0 + DAY);
	assert_int_equal(ask(f, "SELECT count(*) FROM bodies"), 2);
	assert_int_equal(ask(f, "SELECT count(*) FROM deliveries"), 1202);
	assert_true(put_event(f, "w-0", "w-0", EVENT_READY, T0).duplicate);
	fixture_at(f, T0 + 200 * DAY);
	prune(f, T0 + 92 * DAY);
	assert_int_equal(ask(f, "SELECT count(*) FROM deliveries"), 2);
	assert_int_equal(ask(f, "SELECT count(*) FROM bodies"), 0);
	assert_int_equal(ask(f, "SELECT count(*) FROM assets"), 1202);
}

static void a_wrong_clock_does_not_stop_forgetting(void **state)
{
	struct fixture *f = *state;

	fixture_at(f, T0 + 9000 * DAY);
	put_many(f, "w", 10);
	fixture_at(f, T0);
	put_many(f, "v", 10);
	fixture_at(f, T0 + 40 * DAY);
	prune(f, T0 + 10 * DAY);
	assert_int_equal(ask(f, "SELECT count(*) FROM bodies"), 0);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(failed_assets_are_retried_together),
		TEST(a_walk_ends_early_when_closing),
		TEST(times_that_have_not_come_are_taken_for_now),
		TEST(a_large_archive_is_put_right_in_steps),
		TEST(a_list_finds_what_is_gone),
		TEST(a_newer_wish_for_a_list_stays),
		TEST(what_was_gone_when_asked_is_not_asked_again),
		TEST(a_full_walk_makes_due_what_differs),
		TEST(a_dry_walk_only_tells),
		TEST(bodies_are_forgotten_before_keys),
		TEST(a_wrong_clock_does_not_stop_forgetting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
