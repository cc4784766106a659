/*
 * Retention and pressure: every combination of what the decision looks at, against what
 * must never happen; the witness of the time; and what the store finds to look at.
 */
#include <config.h>

#include "store_fixture.h"

#include "base/clock.h"
#include "base/mem.h"
#include "core/retire.h"
#include "core/rule.h"
#include <stdlib.h>
#include <string.h>

static char name_r[] = "r", name_a[] = "a", name_b[] = "b";

#define HOUR (INT64_C(3600) * S)
#define DAY  (24 * HOUR)

/* ---- the decision ---- */

struct combination {
	struct asset asset;
	struct file file;
	struct rule rule;
	bool chosen;
	int64_t now_ns;
	enum witness_word time;
	int64_t retired;
};

static bool combine(unsigned code, struct combination *c)
{
	static const int64_t ages[] = { 0, HOUR, DAY, 29 * DAY, 30 * DAY, 31 * DAY };

	memset(c, 0, sizeof(*c));
	c->rule.name = name_r;
	c->asset.files = &c->file;
	c->asset.n_files = (size_t)digit(&code, 2);
	c->asset.held = digit(&code, 2);
	c->asset.state = (enum asset_state)digit(&code, ASSET_STATE_COUNT);
	c->asset.wish = digit(&code, 2) ? WISH_FETCH : WISH_NONE;
	c->asset.times.deleted = digit(&code, 2);
	c->asset.archived_ns = digit(&code, 2) ? T0 : 0;
	c->now_ns = T0 + ages[digit(&code, ARRAY_LEN(ages))];
	c->rule.keep_ms = digit(&code, 2) ? 30 * DAY / NS_PER_MS : 0;
	c->rule.when_full = (enum when_full)digit(&code, 2);
	c->rule.on_delete = (enum on_delete)digit(&code, DELETE_KEEP + 1);
	c->chosen = digit(&code, 2);
	c->time = (enum witness_word)digit(&code, 3);
	c->retired = digit(&code, 4);
	return code == 0;
}

static enum removal_verdict decide(
	const struct combination *c, enum retire_cause cause, char *why, size_t size)
{
	const struct retire_input in = {
		.asset = &c->asset,
		.rule = &c->rule,
		.cause = cause,
		.now_ns = c->now_ns,
		.time = c->time,
		.retired_lately = c->retired,
		.archived = 20,
		.max_count = 2,
		.max_percent = 10,
	};

	return retire_decide(&in, why, size);
}

static void judge(const struct combination *c, unsigned seen[3])
{
	enum retire_cause cause =
		retire_cause(&c->asset, &c->rule, c->chosen, c->now_ns);
	int64_t age = c->now_ns - c->asset.archived_ns;
	bool at_rest = (c->asset.state == ASSET_ARCHIVED ||
			       c->asset.state == ASSET_EXPIRED_KEPT) &&
		       !c->asset.wish && !c->asset.times.deleted;
	bool over = c->rule.keep_ms && age >= 30 * DAY;
	bool pressed = c->chosen && c->rule.when_full && age >= DAY;
	bool has = c->asset.n_files && c->asset.archived_ns;
	char why[512] = "";

	seen[cause]++;
	assert_int_equal(cause == RETIRE_AGE, at_rest && has && over);
	assert_int_equal(cause == RETIRE_PRESSURE, at_rest && has && !over && pressed);
	if (cause == RETIRE_NOT)
		return;
	enum removal_verdict verdict = decide(c, cause, why, sizeof(why));
	bool goes = verdict == REMOVAL_REMOVE || verdict == REMOVAL_TRASH;
	assert_int_equal(
		goes, !c->asset.held && c->time == WITNESS_AGREES && c->retired < 2);
	assert_int_equal(verdict == REMOVAL_TRASH,
		goes && cause == RETIRE_AGE && c->rule.on_delete == DELETE_TRASH);
	assert_true(why[0]);
}

static void only_what_may_go_goes(void **state)
{
	struct combination c;
	unsigned seen[3] = { 0 };

	(void)state;
	for (unsigned code = 0; combine(code, &c); code++)
		judge(&c, seen);
	assert_true(seen[RETIRE_NOT] && seen[RETIRE_AGE] && seen[RETIRE_PRESSURE]);
}

static void max_delete_is_the_larger_of_two(void **state)
{
	(void)state;
	assert_int_equal(retire_allowed(0, 0, 20, 1), 20);
	assert_int_equal(retire_allowed(0, 10000, 20, 1), 100);
	assert_int_equal(retire_allowed(99, 10000, 20, 1), 1);
	assert_int_equal(retire_allowed(100, 10000, 20, 1), 0);
	assert_int_equal(retire_allowed(5000, 10000, 20, 1), 0);
	assert_int_equal(retire_allowed(0, 10000, 0, 0), 0);
}

/* ---- the time ---- */

static void a_witness_is_believed_for_a_day(void **state)
{
	struct witness witness = { 0 };
	int64_t ahead;
	const int64_t day_ms = DAY / NS_PER_MS;

	(void)state;
	assert_int_equal(witness_ask(&witness, T0, 5, &ahead), WITNESS_SILENT);
	witness_tell(&witness, T0, 1000);
	assert_int_equal(witness_ask(&witness, T0 + S, 2000, &ahead), WITNESS_AGREES);
	assert_int_equal(ahead, 0);
	/* Its time goes on with the monotonic clock. */
	assert_int_equal(
		witness_ask(&witness, T0 + DAY, 1000 + day_ms, &ahead), WITNESS_AGREES);
	assert_int_equal(
		witness_ask(&witness, T0 + DAY, 1001 + day_ms, &ahead), WITNESS_SILENT);
	assert_int_equal(
		witness_ask(&witness, T0 + HOUR, 1000, &ahead), WITNESS_AGREES);
	assert_int_equal(
		witness_ask(&witness, T0 + HOUR + 1, 1000, &ahead), WITNESS_DENIES);
	assert_int_equal(
		witness_ask(&witness, T0 + 3650 * DAY, 1000, &ahead), WITNESS_DENIES);
	assert_int_equal(ahead, 3650 * DAY);
	/* A clock that is behind makes things late, not lost. */
	assert_int_equal(
		witness_ask(&witness, T0 - 3650 * DAY, 1000, &ahead), WITNESS_AGREES);
}

/* ---- the store ---- */

struct found {
	struct answer answer;
	struct retire_found found;
};

static void on_found(void *arg, const struct err *err, const struct retire_found *found)
{
	struct found *to = arg;

	on_stored(&to->answer, err);
	to->found = *found;
}

static struct retire_found retire(struct fixture *f, const char *rule,
	int64_t before_ns, int64_t after_ns, size_t limit)
{
	struct found to = { .answer = { .calls = 0 } };
	const struct retire_order order = { "w", rule, before_ns, after_ns, limit };

	store_retire(f->store, &order, on_found, &to);
	fixture_wait(f, &to.answer, 1);
	assert_int_equal(to.answer.err.class, ERR_NONE);
	return to.found;
}

static int64_t archive(
	struct fixture *f, const char *id, const char *rule, int64_t archived_ns)
{
	char *name = mem_printf("w/%s", id);

	put_event(f, id, id, EVENT_READY, T0);
	struct asset *asset = loaded(f, row_of(f, name));
	int64_t row = asset->row;
	struct file *file = asset_add_file(asset, "video");
	mem_replace(&file->path, name);
	mem_replace(&asset->rule, rule);
	asset->state = ASSET_ARCHIVED;
	asset->archived_ns = archived_ns;
	assert_int_equal(save(f, asset, 0, NULL), ERR_NONE);
	asset_free(asset);
	free(name);
	return row;
}

static char *due(struct fixture *f)
{
	int64_t next_ns;

	return due_ids(f, "w", f->now_ns, 100, &next_ns);
}

static void the_oldest_of_a_rule_are_due(void **state)
{
	struct fixture *f = *state;
	int64_t first = archive(f, "a", "r", T0 + 1 * S);
	int64_t second = archive(f, "b", "r", T0 + 2 * S);

	archive(f, "c", "r", T0 + 3 * S);
	archive(f, "d", "other", T0);
	struct retire_found found = retire(f, "r", T0 + 2 * S, 0, 1);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.rows[0], first);
	assert_true(found.more);
	assert_int_equal(found.next_ns, T0 + 3 * S);
	char *ids = due(f);
	assert_string_equal(ids, "a");
	free(ids);
	/* What is due already counts: no more than the limit is on its way. */
	found = retire(f, "r", T0 + 2 * S, 0, 1);
	assert_int_equal(found.rows[0], first);
	found = retire(f, "r", T0 + 2 * S, 0, 2);
	assert_int_equal(found.n, 2);
	assert_int_equal(found.rows[1], second);
	assert_false(found.more);
	/* With no room for any it only tells. */
	found = retire(f, "other", T0, 0, 0);
	assert_int_equal(found.n, 0);
	assert_true(found.more);
	assert_int_equal(found.next_ns, 0);
	found = retire(f, "none", T0 + 9 * S, 0, 5);
	assert_int_equal(found.n, 0);
	assert_false(found.more);
	ids = due(f);
	assert_string_equal(ids, "a b");
	free(ids);
}

static void hold(struct fixture *f, const char *id, bool held)
{
	struct answer answer = { .calls = 0 };

	store_hold(f->store, "w", id, held, on_stored, &answer);
	fixture_wait(f, &answer, 1);
}

static void what_is_held_is_passed_over(void **state)
{
	struct fixture *f = *state;

	archive(f, "a", "r", T0 + 1 * S);
	archive(f, "b", "r", T0 + 2 * S);
	int64_t third = archive(f, "c", "r", T0 + 3 * S);
	hold(f, "a", true);
	hold(f, "b", true);
	struct retire_found found = retire(f, "r", T0 + 9 * S, 0, 5);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.rows[0], third);
	assert_int_equal(found.after_ns, T0 + 2 * S);
	/* From there on it need not be read again … */
	hold(f, "a", false);
	assert_int_equal(retire(f, "r", T0 + 9 * S, found.after_ns, 5).n, 1);
	/* … but from the beginning it is found. */
	assert_int_equal(retire(f, "r", T0 + 9 * S, 0, 5).n, 2);
	/* A deletion has its own way. */
	put_event(f, "c", "gone", EVENT_DELETED, T0 + 50 * S);
	assert_int_equal(retire(f, "r", T0 + 9 * S, T0 + 3 * S, 5).n, 0);
}

/* ---- assigning ---- */

struct stepped {
	struct answer answer;
	struct assign_step step;
};

static void on_step(void *arg, const struct err *err, const struct assign_step *step)
{
	struct stepped *to = arg;

	on_stored(&to->answer, err);
	to->step = *step;
}

static const char *by_name(void *arg, const char *workspace, const struct facts *facts)
{
	(void)workspace, (void)facts;
	return arg;
}

static void rules_are_written_anew(void **state)
{
	struct fixture *f = *state;
	struct stepped to = { .answer = { .calls = 0 } };
	char name[] = "new";

	for (int i = 0; i < 250; i++) {
		char id[16];
		snprintf(id, sizeof(id), "a%d", i);
		archive(f, id, i % 2 ? "old" : "new", T0);
	}
	put_event(f, "not-archived", "k", EVENT_READY, T0);
	store_assign(f->store, 0, by_name, name, on_step, &to);
	fixture_wait(f, &to.answer, 1);
	assert_int_equal(to.step.changed, 100);
	assert_int_equal(to.step.row, 200);
	assert_true(to.step.more);
	store_assign(f->store, to.step.row, by_name, name, on_step, &to);
	fixture_wait(f, &to.answer, 2);
	assert_int_equal(to.step.changed, 25);
	assert_false(to.step.more);
	assert_int_equal(ask(f, "SELECT count(*) FROM assets WHERE rule='new'"), 250);
	assert_int_equal(ask(f, "SELECT count(*) FROM assets WHERE rule IS NULL"), 1);
}

static void a_fingerprint_is_of_what_matches(void **state)
{
	struct rule rules[2] = { { .name = name_a, .max_duration_ms = -1 },
		{ .name = name_b, .max_duration_ms = -1 } };
	struct config config = { .rules = rules, .n_rules = 2 };
	char first[DIGEST_SHA256_HEX], now[DIGEST_SHA256_HEX];
	struct rule kept = rules[0];

	(void)state;
	rule_fingerprint(&config, first);
	rules[0].keep_ms = 5;
	rules[0].priority = 3;
	rule_fingerprint(&config, now);
	assert_string_equal(first, now);
	rules[0].max_duration_ms = 7;
	rule_fingerprint(&config, now);
	assert_string_not_equal(first, now);
	rules[0] = rules[1];
	rules[1] = kept;
	rule_fingerprint(&config, now);
	assert_string_not_equal(first, now);
	rules[0] = kept;
	rules[1].name = name_b;
	text_list_add(&rules[0].titles, "x");
	rule_fingerprint(&config, now);
	assert_string_not_equal(first, now);
	text_list_release(&rules[0].titles);
	config.n_rules = 1;
	rule_fingerprint(&config, now);
	assert_string_not_equal(first, now);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_may_go_goes),
		cmocka_unit_test(max_delete_is_the_larger_of_two),
		cmocka_unit_test(a_witness_is_believed_for_a_day),
		cmocka_unit_test(a_fingerprint_is_of_what_matches),
		TEST(the_oldest_of_a_rule_are_due),
		TEST(what_is_held_is_passed_over),
		TEST(rules_are_written_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
