/*
 * The ledger: the chain by itself, against a value computed elsewhere; and what the
 * store keeps of decisions, whoever would rather have it otherwise.
 */
#include <config.h>

#include "store_fixture.h"

#include "base/mem.h"
#include "core/ledger.h"
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

/* ---- the chain ---- */

/* Of the entry below, by hashlib and the description in vodkeep-api(7). */
#define KNOWN "b3d998c61d36ae8c30d1b7bba110fad2d0bc63d38edf56e39433155953ea86b7"

static struct ledger_entry entry_of(int64_t row)
{
	return (struct ledger_entry){
		.row = row,
		.at_ns = T0 + 1,
		.asset = 7,
		.workspace = mem_strdup("w"),
		.id = mem_strdup("abc"),
		.kind = mem_strdup("state"),
		.decision = mem_strdup("archived"),
		.cause = mem_strdup("a → b"),
		.evidence = mem_strdup("{\"x\":1}"),
	};
}

static void a_hash_is_what_the_manual_says(void **state)
{
	struct ledger_chain chain;
	struct ledger_entry entry = entry_of(1);
	char hash[DIGEST_SHA256_HEX];

	(void)state;
	ledger_chain_begin(&chain);
	ledger_hash(chain.hash, &entry, hash);
	assert_string_equal(hash, KNOWN);
	ledger_entry_release(&entry);
}

/* Any field, and the hash itself. */
static void change(struct ledger_entry *entry, int what)
{
	char **texts[] = { &entry->workspace, &entry->id, &entry->kind,
		&entry->decision, &entry->cause, &entry->evidence };

	if (what < 6)
		mem_replace(texts[what], "other");
	else if (what == 6)
		entry->at_ns++;
	else if (what == 7)
		entry->asset++;
	else
		entry->hash[3] ^= 1;
}

static void any_change_breaks_the_chain(void **state)
{
	char why[256];

	(void)state;
	for (int what = 0; what < 9; what++) {
		struct ledger_chain chain;
		struct ledger_entry entry = entry_of(1);

		ledger_chain_begin(&chain);
		ledger_hash(chain.hash, &entry, entry.hash);
		change(&entry, what);
		assert_int_equal(ledger_follow(&chain, &entry, why, sizeof(why)), -1);
		assert_non_null(strstr(why, "row 1 "));
		assert_int_equal(chain.row, 0);
		ledger_entry_release(&entry);
	}
}

static void a_gap_is_told(void **state)
{
	struct ledger_chain chain;
	struct ledger_entry first = entry_of(1), third = entry_of(3);
	char why[256];

	(void)state;
	ledger_chain_begin(&chain);
	ledger_hash(chain.hash, &first, first.hash);
	assert_int_equal(ledger_follow(&chain, &first, why, sizeof(why)), 0);
	assert_int_equal(chain.row, 1);
	ledger_hash(chain.hash, &third, third.hash);
	assert_int_equal(ledger_follow(&chain, &third, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "row 3 follows row 1"));
	ledger_entry_release(&first);
	ledger_entry_release(&third);
}

/* ---- the store ---- */

struct reading {
	struct answer answer;
	struct ledger_chain chain, head;
	size_t n;
	char decisions[256];
	char why[256];
	bool sound;
};

static void on_page(void *arg, const struct err *err,
	const struct ledger_entry *entries, size_t n, const struct ledger_chain *head)
{
	struct reading *reading = arg;

	on_stored(&reading->answer, err);
	reading->n = n;
	reading->head = *head;
	for (size_t i = 0; i < n && reading->sound; i++) {
		reading->sound = ledger_follow(&reading->chain, &entries[i],
					 reading->why, sizeof(reading->why)) == 0;
		strncat(reading->decisions, entries[i].decision, 32);
		strncat(reading->decisions, " ", 2);
	}
}

/* The whole ledger, @limit rows at a time. */
static struct reading read_all(struct fixture *f, size_t limit)
{
	struct reading reading = { .sound = true, .n = 1 };

	ledger_chain_begin(&reading.chain);
	while (reading.n && reading.sound) {
		int calls = reading.answer.calls + 1;
		store_ledger(f->store, reading.chain.row, limit, on_page, &reading);
		fixture_wait(f, &reading.answer, calls);
		assert_int_equal(reading.answer.err.class, ERR_NONE);
	}
	return reading;
}

static void decide_some(struct fixture *f)
{
	struct answer answer = { .calls = 0 };

	store_wish(f->store, "w", "a", WISH_FETCH, true, on_stored, &answer);
	store_hold(f->store, "w", "a", true, on_stored, &answer);
	store_hold(f->store, "w", "a", false, on_stored, &answer);
	store_wish(f->store, "w", "a", WISH_RETRY, true, on_stored, &answer);
	store_wish(f->store, "w", "a", WISH_REMOVE, true, on_stored, &answer);
	fixture_wait(f, &answer, 5);
	assert_int_equal(answer.err.class, ERR_NONE);
}

static void decisions_are_chained_in_order(void **state)
{
	struct fixture *f = *state;
	struct reading reading;

	put_event(f, "a", "k1", EVENT_READY, T0); /* decides nothing */
	decide_some(f);
	for (size_t limit = 1; limit <= 10; limit += 3) {
		reading = read_all(f, limit);
		assert_true(reading.sound);
		assert_string_equal(
			reading.decisions, "began fetch hold unhold remove ");
		assert_int_equal(reading.chain.row, 5);
		assert_int_equal(reading.head.row, 5);
		assert_string_equal(reading.head.hash, reading.chain.hash);
	}
	/* It goes on where it was. */
	fixture_close(f);
	fixture_open(f);
	decide_some(f);
	reading = read_all(f, 1000);
	assert_true(reading.sound);
	assert_int_equal(reading.chain.row, 9);
	assert_int_equal(ask(f, "SELECT count(*) FROM ledger WHERE asset=0"), 1);
}

static void on_story(void *arg, const struct err *err, const struct story *story)
{
	struct answer *answer = arg;

	on_stored(answer, err);
	for (size_t i = 0; i < story->count; i++) {
		char *more = mem_printf("%s%s%s|", answer->text ? answer->text : "",
			story->lines[i].decision ? "*" : "", story->lines[i].text);
		free(answer->text);
		answer->text = more;
	}
}

static void a_story_has_both_in_time_order(void **state)
{
	struct fixture *f = *state;
	struct answer answer = { .calls = 0 };
	struct story story = { 0 };
	char broken[] = "cut \xC3";

	put_event(f, "a", "k1", EVENT_READY, T0);
	struct asset *asset = loaded(f, row_of(f, "w/a"));
	story_add(&story, T0 + 1, "rule", "one");
	story_decide(&story, T0 + 2, "state", "archived", NULL, "%s", broken);
	story_add(&story, T0 + 3, "note", "three");
	assert_int_equal(save(f, asset, 0, &story), ERR_NONE);
	assert_int_equal(story.count, 0);
	store_story(f->store, asset->row, on_story, &answer);
	fixture_wait(f, &answer, 1);
	assert_non_null(strstr(answer.text, "|one|*cut ?|three|"));
	assert_true(read_all(f, 10).sound);
	free(answer.text);
	asset_free(asset);
}

static void refused(struct fixture *f, const char *sql)
{
	sqlite3 *db = NULL;
	char *message = NULL;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_not_equal(sqlite3_exec(db, sql, NULL, NULL, &message), SQLITE_OK);
	assert_non_null(strstr(message, "only added to"));
	sqlite3_free(message);
	sqlite3_close(db);
}

#define ROW \
	" SELECT row, at_ns, asset, workspace, id, kind, decision, 'other', evidence, hash"

static void nothing_is_changed_or_taken_out(void **state)
{
	struct fixture *f = *state;

	decide_some(f);
	refused(f, "UPDATE ledger SET cause='other' WHERE row=2");
	refused(f, "DELETE FROM ledger WHERE row=5");
	refused(f, "INSERT OR REPLACE INTO ledger" ROW " FROM ledger WHERE row=2");
	assert_true(read_all(f, 10).sound);
}

static void execute(struct fixture *f, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* Whoever drops the triggers is still found out. */
static void what_was_forged_is_found(void **state)
{
	struct fixture *f = *state;
	struct reading reading;

	decide_some(f);
	execute(f, "DROP TRIGGER ledger_changes;"
		   "UPDATE ledger SET cause='other' WHERE row=3");
	reading = read_all(f, 2);
	assert_false(reading.sound);
	assert_int_equal(reading.chain.row, 2);
	assert_non_null(strstr(reading.why, "row 3 "));
}

/* A transaction that fails takes its rows along, and the next one leaves no gap. */
static void what_was_rolled_back_is_not_missed(void **state)
{
	struct fixture *f = *state;
	struct answer answer = { .calls = 0 };
	struct story story = { 0 };

	put_event(f, "a", "k1", EVENT_READY, T0);
	struct asset *asset = loaded(f, row_of(f, "w/a"));
	execute(f, "CREATE TRIGGER trouble BEFORE INSERT ON removals BEGIN"
		   " SELECT RAISE(ABORT, 'trouble'); END");
	asset->removed_ns = T0;
	story_decide(&story, T0, "removed", "removed", NULL, "gone");
	/* Both in one burst, so most likely in one transaction. */
	store_hold(f->store, "w", "a", true, on_stored, &answer);
	assert_int_equal(save(f, asset, 0, &story), ERR_LOCAL);
	fixture_wait(f, &answer, 1);
	/* The story is not lost with it. */
	assert_int_equal(story.count, 1);
	execute(f, "DROP TRIGGER trouble");
	assert_int_equal(save(f, asset, 0, &story), ERR_NONE);
	struct reading reading = read_all(f, 10);
	assert_true(reading.sound);
	assert_non_null(strstr(reading.decisions, "removed "));
	asset_free(asset);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hash_is_what_the_manual_says),
		cmocka_unit_test(any_change_breaks_the_chain),
		cmocka_unit_test(a_gap_is_told),
		TEST(decisions_are_chained_in_order),
		TEST(a_story_has_both_in_time_order),
		TEST(nothing_is_changed_or_taken_out),
		TEST(what_was_forged_is_found),
		TEST(what_was_rolled_back_is_not_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
