/*
 * May we delete? Every combination of what the decision looks at, against the sentences
 * of INTERFACE §6 as invariants; then the arithmetic of max_delete, what is pending,
 * and what counts as the platform's own expiry.
 */
#include <config.h>

#include "core/removal.h"
#include "unit.h"
#include <string.h>

static struct file a_file;

struct combination {
	struct asset asset;
	struct removal_input in;
};

static bool combine(unsigned code, struct combination *c)
{
	/* removed lately, archived: far below, at and beyond the larger of 2 and 10 %
	 */
	static const int64_t counts[][2] = { { 0, 0 }, { 1, 5 }, { 2, 5 }, { 2, 30 },
		{ 3, 30 } };
	int row;

	memset(c, 0, sizeof(*c));
	c->asset.facts.duration_ms = -1;
	c->asset.files = &a_file;
	c->asset.n_files = (size_t)digit(&code, 2);
	c->asset.held = digit(&code, 2);
	c->asset.tombstone = digit(&code, 2);
	c->asset.times.deleted = 5 * digit(&code, 2);
	c->asset.answered_deleted_ns = 5 * digit(&code, 2);
	c->in.asset = &c->asset;
	c->in.by_person = digit(&code, 2);
	c->in.confirmed = digit(&code, 2);
	c->in.waits_for_person = digit(&code, 2);
	c->in.answered = digit(&code, 2);
	c->in.answer = (enum record_status)digit(&code, RECORD_UNKNOWN + 1);
	c->in.credentials_proven = digit(&code, 2);
	c->in.expired = digit(&code, 2);
	c->in.delete_remote_echo = digit(&code, 2);
	c->in.on_delete = (enum on_delete)digit(&code, DELETE_KEEP + 1);
	c->in.on_expire = (enum on_delete)digit(&code, DELETE_KEEP + 1);
	row = digit(&code, ARRAY_LEN(counts));
	c->in.removed_lately = counts[row][0];
	c->in.archived = counts[row][1];
	c->in.max_count = 2;
	c->in.max_percent = 10;
	return code == 0;
}

static bool has_proof(const struct removal_input *in)
{
	return in->answered &&
	       (in->answer == RECORD_DELETED ||
		       (in->answer == RECORD_UNKNOWN && in->credentials_proven));
}

static bool still_there(const struct removal_input *in)
{
	return in->answered && in->answer != RECORD_DELETED &&
	       in->answer != RECORD_UNKNOWN;
}

static bool over_the_limit(const struct removal_input *in)
{
	return in->removed_lately >= (in->archived == 30 ? 3 : 2);
}

static void check_removal(const struct removal_input *in, enum removal_verdict verdict)
{
	enum on_delete rule = in->expired ? in->on_expire : in->on_delete;

	assert_false(in->asset->held);
	if (in->by_person) {
		assert_int_equal(verdict, REMOVAL_REMOVE);
		return;
	}
	assert_false(in->asset->tombstone);
	assert_true(has_proof(in));
	assert_false(still_there(in));
	assert_false(in->delete_remote_echo);
	if (in->asset->n_files == 0) {
		assert_int_equal(verdict, REMOVAL_REMOVE);
		return;
	}
	assert_int_equal(
		verdict, rule == DELETE_TRASH ? REMOVAL_TRASH : REMOVAL_REMOVE);
	assert_int_not_equal(rule, DELETE_KEEP);
	assert_true(in->confirmed || (!over_the_limit(in) && !in->waits_for_person));
}

/* Nothing is kept without a reason either. */
static void check_kept(const struct removal_input *in, enum removal_verdict verdict)
{
	const struct asset *asset = in->asset;
	bool pending = removal_pending(asset, in->answered, in->answer);
	enum on_delete rule = in->expired ? in->on_expire : in->on_delete;

	if (verdict == REMOVAL_NONE) {
		assert_false(in->by_person || pending);
		return;
	}
	if (verdict == REMOVAL_HELD) {
		assert_true(asset->held && (in->by_person || has_proof(in)));
		return;
	}
	assert_true(pending && !in->by_person);
	if (verdict == REMOVAL_CONTRADICTED) {
		assert_true(still_there(in));
	} else if (verdict == REMOVAL_ASK_AGAIN) {
		assert_false(has_proof(in) || still_there(in));
	} else {
		assert_true(has_proof(in) && !asset->held);
		if (verdict == REMOVAL_FOR_PERSON)
			assert_true(!in->confirmed && asset->n_files &&
				    (over_the_limit(in) || in->waits_for_person));
		else if (!in->delete_remote_echo)
			assert_true(rule == DELETE_KEEP && asset->n_files &&
				    (verdict == REMOVAL_KEEP_EXPIRED) == in->expired);
		else
			assert_int_equal(verdict, REMOVAL_KEEP);
	}
}

static void every_combination(void **state)
{
	struct combination c;
	unsigned removed = 0, code;
	(void)state;
	for (code = 0; combine(code, &c); code++) {
		char why[512] = "";
		enum removal_verdict verdict = removal_decide(&c.in, why, sizeof(why));

		if (verdict == REMOVAL_REMOVE || verdict == REMOVAL_TRASH) {
			check_removal(&c.in, verdict);
			removed++;
		} else {
			check_kept(&c.in, verdict);
		}
		assert_true(removal_verdict_name(verdict)[0]);
		assert_true(c.asset.n_files == 0 || why[0]);
	}
	assert_int_equal(code, 32 * 16 * 5 * 8 * 9 * 5);
	assert_in_range(removed, code / 10, code);
}

/* ---- one at a time ---- */

static void the_larger_of_count_and_share(void **state)
{
	static const struct {
		int64_t count;
		double percent;
		int64_t archived, lately;
		bool allowed;
	} rows[] = {
		{ 20, 1, 100, 19, true },
		{ 20, 1, 100, 20, false },
		{ 20, 1, 2000, 19, true },
		{ 20, 1, 2000, 20, false },
		{ 20, 1, 2099, 20, false },
		{ 20, 1, 2100, 20, true },
		{ 20, 1, 10000, 99, true },
		{ 20, 1, 10000, 100, false },
		{ 20, 0, 1000000, 20, false },
		{ 0, 1, 99, 0, false },
		{ 0, 1, 100, 0, true },
		{ 0, 0, 100, 0, false },
		{ 1, 0, 1, 0, true },
		{ 0, 100, 3, 2, true },
		{ 0, 100, 3, 3, false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct asset asset = {
			.files = &a_file, .n_files = 1, .times.deleted = 1
		};
		struct removal_input in = { .asset = &asset,
			.answered = true,
			.answer = RECORD_DELETED,
			.max_count = rows[i].count,
			.max_percent = rows[i].percent,
			.archived = rows[i].archived,
			.removed_lately = rows[i].lately };
		char why[512];

		assert_int_equal(removal_decide(&in, why, sizeof(why)),
			rows[i].allowed ? REMOVAL_REMOVE : REMOVAL_FOR_PERSON);
		in.confirmed = true;
		assert_int_equal(removal_decide(&in, why, sizeof(why)), REMOVAL_REMOVE);
	}
}

static void what_is_pending(void **state)
{
	static const struct {
		int64_t deleted, answered_deleted;
		bool tombstone, answered;
		enum record_status answer;
		bool pending;
	} rows[] = {
		{ 0, 0, false, false, RECORD_READY, false },
		{ 5, 0, false, false, RECORD_READY, true },
		{ 5, 5, false, true, RECORD_UNKNOWN, false },
		{ 6, 5, false, true, RECORD_READY, true },
		{ 6, 5, true, true, RECORD_DELETED, false },
		{ 0, 0, false, true, RECORD_DELETED, true },
		{ 0, 0, false, false, RECORD_DELETED, false },
		{ 0, 1, false, true, RECORD_DELETED, false },
		{ 5, 1, false, true, RECORD_DELETED, true },
		{ 0, 0, false, true, RECORD_UNKNOWN, false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct asset asset = { .times.deleted = rows[i].deleted,
			.answered_deleted_ns = rows[i].answered_deleted,
			.tombstone = rows[i].tombstone };

		assert_int_equal(
			removal_pending(&asset, rows[i].answered, rows[i].answer),
			rows[i].pending);
	}
}

static void what_is_expiry(void **state)
{
	static const struct {
		int64_t deleted, looked, expires;
		bool expiry;
	} rows[] = {
		{ 0, 0, 0, false },
		{ 5, 9, 0, false },
		{ 5, 9, 6, false },
		{ 6, 9, 6, true },
		{ 7, 0, 6, true },
		/* Told by the record alone: at the latest when it was asked. */
		{ 0, 9, 6, true },
		{ 0, 5, 6, false },
		{ 0, 0, 6, false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct asset asset = { .times.deleted = rows[i].deleted,
			.looked_ns = rows[i].looked,
			.facts.expires_ns = rows[i].expires };

		assert_int_equal(removal_is_expiry(&asset), rows[i].expiry);
	}
}

static void trial_media_expires_after_a_day(void **state)
{
	const int64_t day_ns = INT64_C(24) * 3600 * 1000000000;
	struct asset asset = { .trial = true, .facts.created_ns = 7 };
	(void)state;
	asset.times.deleted = 7 + day_ns - 1;
	assert_false(removal_is_expiry(&asset));
	asset.times.deleted = 7 + day_ns;
	assert_true(removal_is_expiry(&asset));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_combination),
		cmocka_unit_test(the_larger_of_count_and_share),
		cmocka_unit_test(what_is_pending),
		cmocka_unit_test(what_is_expiry),
		cmocka_unit_test(trial_media_expires_after_a_day),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
