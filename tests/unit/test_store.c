/*
 * The store's way of answering, group commit, deliveries and what they leave behind.
 */
#include <config.h>

#include "store_fixture.h"

#include "base/mem.h"
#include "base/metrics.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void a_delivery_makes_an_asset_due(void **state)
{
	struct fixture *f = *state;
	struct delivery *delivery =
		make_delivery("w", "a1", "k1", EVENT_READY, T0 - 5 * S);
	delivery->event.facts.title = mem_strdup("Goal");
	delivery->event.facts.created_ns = T0 - 60 * S;
	delivery->event.trial = true;
	struct delivery_result result = put(f, delivery);

	assert_false(result.duplicate);
	assert_true(result.due);
	struct asset *asset = loaded(f, result.asset_row);
	assert_string_equal(asset->workspace, "w");
	assert_string_equal(asset->id, "a1");
	assert_int_equal(asset->state, ASSET_QUEUED);
	assert_int_equal(asset->times.ready, T0 - 5 * S);
	assert_int_equal(asset->due_ns, T0);
	assert_int_equal(asset->seq, 1);
	assert_int_equal(asset->first_seen_ns, T0);
	assert_string_equal(asset->facts.title, "Goal");
	assert_int_equal(asset->facts.duration_ms, -1);
	assert_true(asset->trial);
	asset_free(asset);
}

static void a_repetition_is_only_counted(void **state)
{
	struct fixture *f = *state;
	struct delivery_result first = put_event(f, "a1", "k1", EVENT_READY, T0);
	fixture_at(f, T0 + 10 * S);
	struct delivery_result second = put_event(f, "a1", "k1", EVENT_READY, T0);

	assert_true(second.duplicate);
	assert_false(second.due);
	assert_int_equal(second.asset_row, first.asset_row);
	struct asset *asset = loaded(f, first.asset_row);
	assert_int_equal(asset->seq, 1);
	assert_int_equal(asset->due_ns, T0);
	asset_free(asset);
	struct workspace_stats stats = stats_of(f, "w", 0);
	assert_int_equal(stats.duplicates, 1);
	assert_int_equal(stats.last_delivery_ns, T0 + 10 * S);
	assert_int_equal(ask(f, "SELECT duplicates FROM deliveries"), 1);
	assert_int_equal(ask(f, "SELECT count(*) FROM bodies"), 1);
	/* The same key in another workspace is another event. */
	assert_false(put(f, make_delivery("v", "a1", "k1", EVENT_READY, T0)).duplicate);
}

static void repetitions_without_an_asset_are_told(void **state)
{
	struct fixture *f = *state;
	assert_false(put_event(f, NULL, "gone", EVENT_DELETED, T0).duplicate);
	assert_true(put_event(f, NULL, "gone", EVENT_DELETED, T0).duplicate);
	assert_false(
		put(f, make_delivery("v", NULL, "gone", EVENT_DELETED, T0)).duplicate);
}

static void events_of_an_asset_commute(void **state)
{
	struct fixture *f = *state;
	int64_t a = put_event(f, "a", "1", EVENT_READY, T0 + 2 * S).asset_row;
	put_event(f, "a", "2", EVENT_ANNOUNCED, T0 + 1 * S);
	put_event(f, "a", "3", EVENT_DELETED, T0 + 3 * S);
	int64_t b = put_event(f, "b", "4", EVENT_DELETED, T0 + 3 * S).asset_row;
	put_event(f, "b", "5", EVENT_ANNOUNCED, T0 + 1 * S);
	put_event(f, "b", "6", EVENT_READY, T0 + 2 * S);

	struct asset *left = loaded(f, a), *right = loaded(f, b);
	assert_memory_equal(&left->times, &right->times, sizeof(left->times));
	assert_int_equal(left->state, right->state);
	asset_free(left);
	asset_free(right);
}

static void an_announced_asset_is_queued_by_news(void **state)
{
	struct fixture *f = *state;
	int64_t row = put_event(f, "a", "1", EVENT_ANNOUNCED, T0).asset_row;
	assert_int_equal(stats_of(f, "w", 0).assets[ASSET_ANNOUNCED], 1);
	struct delivery *ready = make_delivery("w", "a", "2", EVENT_READY, T0 + S);
	ready->event.facts.title = mem_strdup("Later known");
	ready->event.facts.expires_ns = T0 + 100 * S;
	assert_true(put(f, ready).due);

	struct asset *asset = loaded(f, row);
	assert_int_equal(asset->state, ASSET_QUEUED);
	assert_string_equal(asset->facts.title, "Later known");
	asset_free(asset);
	struct workspace_stats stats = stats_of(f, "w", 0);
	assert_int_equal(stats.assets[ASSET_ANNOUNCED], 0);
	assert_int_equal(stats.assets[ASSET_QUEUED], 1);
	assert_int_equal(ask(f, "SELECT deadline_ns FROM assets"), T0 + 100 * S);
}

static void other_outcomes_change_no_asset(void **state)
{
	struct fixture *f = *state;
	struct delivery *recorded = make_delivery("w", "x", "1", EVENT_RECORDED, T0);
	recorded->outcome = DELIVERED_RECORDED;
	struct delivery *foreign = make_delivery("w", "y", "2", EVENT_READY, T0);
	foreign->outcome = DELIVERED_FOREIGN;
	struct delivery *rejected = make_delivery("w", NULL, "sha256:1", 0, 0);
	rejected->outcome = DELIVERED_REJECTED;
	rejected->note = mem_strdup("not JSON");

	assert_int_equal(put(f, recorded).asset_row, 0);
	assert_int_equal(put(f, foreign).asset_row, 0);
	assert_int_equal(put(f, rejected).asset_row, 0);
	struct workspace_stats stats = stats_of(f, "w", 0);
	assert_int_equal(stats.rejected, 1);
	assert_int_equal(stats.foreign, 1);
	assert_int_equal(ask(f, "SELECT count(*) FROM assets"), 0);
	/* One that names a known asset is part of its story. */
	int64_t row = put_event(f, "x", "3", EVENT_READY, T0).asset_row;
	recorded = make_delivery("w", "x", "4", EVENT_RECORDED, T0);
	recorded->outcome = DELIVERED_RECORDED;
	struct delivery_result result = put(f, recorded);
	assert_int_equal(result.asset_row, row);
	assert_false(result.due);
}

static void on_workspaces(void *arg, const struct err *err,
	const struct workspace_state *states, size_t n)
{
	struct answer *answer = arg;

	on_stored(answer, err);
	answer->count = n;
	for (size_t i = 0; i < n; i++) {
		answer->a += states[i].sweep_wanted_ns;
		answer->b += states[i].paused;
	}
}

static struct answer workspaces(struct fixture *f)
{
	struct answer answer = { .calls = 0 };

	store_workspaces(f->store, on_workspaces, &answer);
	fixture_wait(f, &answer, 1);
	return answer;
}

static void a_deletion_without_a_name_wants_a_sweep(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(workspaces(f).count, 0);
	put_event(f, NULL, "1", EVENT_DELETED, T0 - 3 * S);
	assert_int_equal(workspaces(f).a, T0 - 3 * S);
	put_event(f, NULL, "2", EVENT_DELETED, T0 - 9 * S);
	assert_int_equal(workspaces(f).a, T0 - 3 * S);
	put_event(f, NULL, "3", EVENT_DELETED, 0);
	assert_int_equal(workspaces(f).a, T0);
}

static void one_burst_is_one_commit(void **state)
{
	struct fixture *f = *state;
	struct answer answer = { .calls = 0 };
	double before = metric_get(METRIC_COMMITS, NULL);
	char id[24];

	for (int i = 0; i < 100; i++) {
		snprintf(id, sizeof(id), "a%d", i);
		store_put_delivery(f->store,
			make_delivery("w", id, id, EVENT_READY, T0), on_put, &answer);
	}
	assert_int_equal(store_pending(f->store), 100);
	fixture_wait(f, &answer, 100);
	assert_int_equal(store_pending(f->store), 0);
	assert_int_equal(answer.count, 100);
	double commits = metric_get(METRIC_COMMITS, NULL) - before;
	assert_true(commits >= 1 && commits < 50);
	assert_int_equal(stats_of(f, "w", 0).assets[ASSET_QUEUED], 100);
	assert_int_equal(ask(f, "SELECT sum(assets) FROM workspace_assets"), 100);
}

struct ordered {
	int expected, *next;
};

static void on_ordered(
	void *arg, const struct err *err, const struct delivery_result *result)
{
	struct ordered *ordered = arg;

	(void)err;
	(void)result;
	assert_int_equal(ordered->expected, (*ordered->next)++);
}

static void writes_are_answered_in_order_also_on_closing(void **state)
{
	struct fixture *f = *state;
	struct ordered ordered[600];
	int next = 0;
	char id[24];

	for (int i = 0; i < 600; i++) {
		ordered[i] = (struct ordered){ .expected = i, .next = &next };
		snprintf(id, sizeof(id), "a%d", i);
		store_put_delivery(f->store,
			make_delivery("w", id, id, EVENT_READY, T0), on_ordered,
			&ordered[i]);
	}
	fixture_close(f);
	assert_int_equal(next, 600);
	fixture_open(f);
	assert_int_equal(stats_of(f, "w", 0).assets[ASSET_QUEUED], 600);
}

struct late {
	struct fixture *f;
	struct answer answer;
};

static void on_put_ask_again(
	void *arg, const struct err *err, const struct delivery_result *result)
{
	struct late *late = arg;

	assert_int_equal(err->class, ERR_NONE);
	assert_non_null(result);
	store_put_delivery(late->f->store,
		make_delivery("w", "b", "2", EVENT_READY, T0), on_put, &late->answer);
}

static void what_is_asked_after_closing_is_cancelled(void **state)
{
	struct fixture *f = *state;
	struct late late = { .f = f };

	store_put_delivery(f->store, make_delivery("w", "a", "1", EVENT_READY, T0),
		on_put_ask_again, &late);
	fixture_close(f);
	assert_int_equal(late.answer.calls, 1);
	assert_int_equal(late.answer.err.class, ERR_CANCELLED);
	fixture_open(f);
	assert_int_equal(ask(f, "SELECT count(*) FROM assets"), 1);
}

static void meta_and_pauses_survive(void **state)
{
	struct fixture *f = *state;
	struct answer answer = { .calls = 0 };

	assert_null(store_meta(f->store, "archive_id"));
	store_put_meta(f->store, "archive_id", "one", on_stored, &answer);
	fixture_wait(f, &answer, 1);
	store_put_meta(f->store, "archive_id", "two", on_stored, &answer);
	store_set_paused(f->store, "w", true, on_stored, &answer);
	store_set_paused(f->store, NULL, true, on_stored, &answer);
	fixture_wait(f, &answer, 4);
	assert_string_equal(store_meta(f->store, "archive_id"), "two");
	fixture_close(f);
	fixture_open(f);
	assert_string_equal(store_meta(f->store, "archive_id"), "two");
	struct answer found = workspaces(f);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.b, 2);
	store_set_paused(f->store, "w", false, on_stored, &answer);
	fixture_wait(f, &answer, 5);
	assert_int_equal(workspaces(f).b, 1);
}

struct listed_assets {
	struct answer answer;
	char *bodies;
};

static void on_deliveries(
	void *arg, const struct err *err, const struct stored_delivery *list, size_t n)
{
	struct listed_assets *listed = arg;

	on_stored(&listed->answer, err);
	listed->answer.count = n;
	for (size_t i = 0; i < n; i++) {
		char *longer = mem_printf("%s%s:%s:%s ", listed->bodies, list[i].key,
			list[i].asset_id ? list[i].asset_id : "-",
			list[i].body ? "body" : "none");
		free(listed->bodies);
		listed->bodies = longer;
		listed->answer.a = list[i].row;
	}
}

static char *deliveries(struct fixture *f, struct delivery_filter filter, int64_t *row)
{
	struct listed_assets listed = { .bodies = mem_strdup("") };

	store_deliveries(f->store, &filter, on_deliveries, &listed);
	fixture_wait(f, &listed.answer, 1);
	assert_int_equal(listed.answer.err.class, ERR_NONE);
	if (row)
		*row = listed.answer.a;
	return listed.bodies;
}

static void expect_deliveries(
	struct fixture *f, struct delivery_filter filter, const char *expected)
{
	char *text = deliveries(f, filter, NULL);

	assert_string_equal(text, expected);
	free(text);
}

static void deliveries_are_listed_for_replay(void **state)
{
	struct fixture *f = *state;
	int64_t row = 0;
	put_event(f, "a", "1", EVENT_READY, T0);
	fixture_at(f, T0 + S);
	put(f, make_delivery("v", "b", "2", EVENT_READY, T0));
	struct delivery *rejected = make_delivery("w", NULL, "3", 0, 0);
	rejected->outcome = DELIVERED_REJECTED;
	free(rejected->body);
	rejected->body = NULL;
	put(f, rejected);

	struct delivery_filter all = { .outcome = -1, .limit = 10 };
	expect_deliveries(f, all, "3:-:none 2:b:body 1:a:body ");
	struct delivery_filter since = all, refused = all, workspace = all, page = all;
	since.since_ns = T0 + S;
	expect_deliveries(f, since, "3:-:none 2:b:body ");
	refused.outcome = DELIVERED_REJECTED;
	expect_deliveries(f, refused, "3:-:none ");
	workspace.workspace = "v";
	expect_deliveries(f, workspace, "2:b:body ");
	page.limit = 2;
	free(deliveries(f, page, &row));
	page.before_row = row;
	expect_deliveries(f, page, "1:a:body ");
}

static void a_backup_is_a_whole_database(void **state)
{
	struct fixture *f = *state;
	struct answer answer = { .calls = 0 };
	struct stat status;
	char *copy = mem_printf("%s/copy.db", f->dir);

	put_event(f, "a", "1", EVENT_READY, T0);
	store_backup(f->store, copy, on_stored, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.err.class, ERR_NONE);
	assert_int_equal(stat(copy, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	struct fixture other = *f;
	other.path = copy;
	assert_int_equal(ask(&other, "SELECT count(*) FROM deliveries"), 1);
	store_backup(f->store, copy, on_stored, &answer);
	fixture_wait(f, &answer, 2);
	assert_int_equal(answer.err.class, ERR_EXISTS);
	free(copy);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_delivery_makes_an_asset_due),
		TEST(a_repetition_is_only_counted),
		TEST(repetitions_without_an_asset_are_told),
		TEST(events_of_an_asset_commute),
		TEST(an_announced_asset_is_queued_by_news),
		TEST(other_outcomes_change_no_asset),
		TEST(a_deletion_without_a_name_wants_a_sweep),
		TEST(one_burst_is_one_commit),
		TEST(writes_are_answered_in_order_also_on_closing),
		TEST(what_is_asked_after_closing_is_cancelled),
		TEST(meta_and_pauses_survive),
		TEST(deliveries_are_listed_for_replay),
		TEST(a_backup_is_a_whole_database),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
