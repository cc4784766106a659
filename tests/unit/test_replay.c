/*
 * What today's rules make of events that have come: one row for each way it can go.
 */
#include <config.h>

#include "core/replay.h"

#include "base/mem.h"
#include "unit.h"
#include <string.h>

struct row {
	const char *what;
	enum asset_state state;
	int64_t ready, deleted, answered, due;
	const char *status; /* of the platform, or NULL */
	bool files, tombstone, by_person, held, contradicted, fetches, no_record;
	enum asset_wish wish;
	enum rule_action action;
	enum on_delete on_delete;
	const char *was_rule;
	enum replay expected;
	const char *why;
};

/* clang-format off */
static const struct row rows[] = {
	{ .what = "ignored before", .state = ASSET_IGNORED, .ready = 5,
	  .expected = REPLAY_ARCHIVE, .why = "archived by rule clips" },
	{ .what = "still ignored", .state = ASSET_IGNORED, .ready = 5, .action = ACTION_IGNORE,
	  .expected = REPLAY_NOTHING, .why = "already ignored by rule clips" },
	{ .what = "ignored from now on", .state = ASSET_WAITING, .ready = 5, .due = 9,
	  .action = ACTION_IGNORE, .expected = REPLAY_IGNORE, .why = "ignored by rule clips" },
	{ .what = "archived stays", .state = ASSET_ARCHIVED, .ready = 5, .files = true,
	  .action = ACTION_IGNORE, .was_rule = "clips", .expected = REPLAY_NOTHING,
	  .why = "already archived" },
	{ .what = "lacks a file", .state = ASSET_ARCHIVED, .ready = 5, .files = true,
	  .fetches = true, .expected = REPLAY_AGAIN, .why = "subtitle.x is fetched by rule clips" },
	{ .what = "another rule, no record", .state = ASSET_ARCHIVED, .ready = 5, .files = true,
	  .was_rule = "old", .no_record = true, .expected = REPLAY_AGAIN,
	  .why = "looked at again by rule clips" },
	{ .what = "another rule, same files", .state = ASSET_ARCHIVED, .ready = 5, .files = true,
	  .was_rule = "old", .expected = REPLAY_NOTHING, .why = "already archived" },
	{ .what = "failed here", .state = ASSET_FAILED, .ready = 5, .status = "ready",
	  .expected = REPLAY_ARCHIVE, .why = "archived by rule clips" },
	{ .what = "failed there", .state = ASSET_FAILED, .ready = 5, .status = "failed",
	  .expected = REPLAY_NOTHING, .why = "failed at the platform" },
	{ .what = "on its way", .state = ASSET_WAITING, .ready = 5, .due = 9,
	  .expected = REPLAY_NOTHING, .why = "on its way" },
	{ .what = "announced", .state = ASSET_ANNOUNCED, .expected = REPLAY_NOTHING,
	  .why = "has not said" },
	{ .what = "removed by a person", .state = ASSET_DELETED, .ready = 5, .tombstone = true,
	  .by_person = true, .expected = REPLAY_NOTHING, .why = "a person removed it" },
	{ .what = "deleted later", .state = ASSET_DELETED, .ready = 5, .deleted = 7,
	  .answered = 7, .tombstone = true, .expected = REPLAY_NOTHING, .why = "after its deletion" },
	{ .what = "a wish goes first", .state = ASSET_IGNORED, .ready = 5, .wish = WISH_REMOVE,
	  .expected = REPLAY_NOTHING, .why = "asked for something else" },
	{ .what = "waits for a person", .state = ASSET_DELETION_HELD, .ready = 5, .deleted = 7,
	  .files = true, .expected = REPLAY_NOTHING, .why = "waits for a person" },
	{ .what = "kept, removed now", .state = ASSET_ARCHIVED, .ready = 5, .deleted = 7,
	  .answered = 7, .files = true, .on_delete = DELETE_REMOVE, .expected = REPLAY_DELETE,
	  .why = "removed by rule clips, once" },
	{ .what = "kept, to the trash now", .state = ASSET_ARCHIVED, .ready = 5, .deleted = 7,
	  .answered = 7, .files = true, .on_delete = DELETE_TRASH, .expected = REPLAY_DELETE,
	  .why = "moved to the trash by rule clips, once" },
	{ .what = "kept as ever", .state = ASSET_ARCHIVED, .ready = 5, .deleted = 7,
	  .answered = 7, .files = true, .on_delete = DELETE_KEEP, .expected = REPLAY_NOTHING,
	  .why = "keeps the local copy" },
	{ .what = "kept by a hold", .state = ASSET_ARCHIVED, .ready = 5, .deleted = 7,
	  .answered = 7, .files = true, .held = true, .expected = REPLAY_NOTHING, .why = "held" },
	{ .what = "there after all", .state = ASSET_ARCHIVED, .ready = 5, .deleted = 7,
	  .answered = 7, .files = true, .contradicted = true, .expected = REPLAY_NOTHING,
	  .why = "still had it" },
	{ .what = "being deleted", .state = ASSET_ARCHIVED, .ready = 5, .deleted = 7,
	  .files = true, .expected = REPLAY_NOTHING, .why = "being dealt with" },
	{ .what = "nothing to delete", .state = ASSET_FAILED, .ready = 5, .deleted = 7,
	  .answered = 7, .expected = REPLAY_NOTHING, .why = "there is no copy" },
	{ .what = "back after its deletion", .state = ASSET_FAILED, .ready = 8, .deleted = 7,
	  .answered = 7, .expected = REPLAY_ARCHIVE, .why = "archived by rule clips" },
};
/* clang-format on */

static void check(const struct row *row)
{
	struct asset *asset = asset_new("w", "a");
	char name[] = "clips", key[] = "subtitle.x";
	struct rule rule = {
		.name = name, .action = row->action, .on_delete = row->on_delete
	};
	const struct source source = { .role = ROLE_SUBTITLE, .key = key };
	struct plan_fetch fetch = { .source = &source };
	struct plan plan = { .fetches = &fetch, .n_fetches = row->fetches };
	char why[512] = "";
	enum replay replay;

	asset->state = row->state;
	asset->times.ready = row->ready;
	asset->times.deleted = row->deleted;
	asset->answered_deleted_ns = row->answered;
	asset->due_ns = row->due;
	asset->wish = row->wish;
	asset->tombstone = row->tombstone;
	asset->by_person = row->by_person;
	asset->held = row->held;
	asset->contradicted = row->contradicted;
	asset->platform_status = mem_strdup(row->status);
	asset->rule = mem_strdup(row->was_rule);
	if (row->files) {
		asset_add_file(asset, "video")->path = mem_strdup("w/a.mp4");
		asset->archived_ns = 6;
	}
	replay = replay_decide(
		asset, &rule, row->no_record ? NULL : &plan, why, sizeof(why));
	if (replay != row->expected || !strstr(why, row->why))
		fail_msg("%s: %d, %s", row->what, (int)replay, why);
	assert_int_equal(asset->answered_deleted_ns, row->answered);
	asset_free(asset);
}

static void test_every_way(void **state)
{
	bool seen[REPLAYS] = { false };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check(&rows[i]);
		seen[rows[i].expected] = true;
	}
	for (int i = 0; i < REPLAYS; i++)
		assert_true(seen[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
