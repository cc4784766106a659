/*
 * What a list's entry means beside what is known: every kind, and what is no reason to
 * look.
 */
#include <config.h>

#include "core/listing.h"

#include "base/mem.h"
#include "unit.h"
#include <string.h>

#define BEGAN INT64_C(1000)

struct given {
	enum record_status listed;
	int64_t mark, updated_ns;
	/* of the asset */
	enum asset_state state;
	const char *platform_status; /* NULL: never looked at */
	int64_t asset_mark, listed_mark, looked_ns, due_ns;
	bool tombstone, by_person;
	enum listing_kind expected;
};

static const struct given known[] = {
	/* as it was */
	{ RECORD_READY, 1, 0, ASSET_ARCHIVED, "ready", 1, 0, 5, 0, false, false,
		LISTING_SAME },
	{ RECORD_READY, 2, 0, ASSET_ARCHIVED, "ready", 1, 2, 5, 0, false, false,
		LISTING_SAME },
	/* another record than the one of the last look, and than in the last list */
	{ RECORD_READY, 3, 0, ASSET_ARCHIVED, "ready", 1, 2, 5, 0, false, false,
		LISTING_CHANGED },
	{ RECORD_READY, 3, 0, ASSET_IGNORED, "ready", 1, 0, 5, 0, false, false,
		LISTING_CHANGED },
	{ RECORD_FAILED, 3, 0, ASSET_ARCHIVED, "ready", 1, 0, 5, 0, false, false,
		LISTING_CHANGED },
	{ RECORD_READY, 3, 0, ASSET_FAILED, "failed", 1, 1, 5, 0, false, false,
		LISTING_CHANGED },
	/* looked at before marks were kept */
	{ RECORD_READY, 3, 4, ASSET_ARCHIVED, "ready", 0, 0, 5, 0, false, false,
		LISTING_SAME },
	{ RECORD_READY, 3, 6, ASSET_ARCHIVED, "ready", 0, 0, 5, 0, false, false,
		LISTING_CHANGED },
	{ RECORD_READY, 3, 0, ASSET_FAILED, "failed", 0, 0, 5, 0, false, false,
		LISTING_CHANGED },
	/* on its way already */
	{ RECORD_READY, 3, 0, ASSET_WAITING, "ready", 1, 2, 5, 9, false, false,
		LISTING_SAME },
	/* announced, and no more came */
	{ RECORD_PENDING, 1, 0, ASSET_ANNOUNCED, NULL, 0, 0, 0, 0, false, false,
		LISTING_SAME },
	{ RECORD_READY, 2, 0, ASSET_ANNOUNCED, NULL, 0, 1, 0, 0, false, false,
		LISTING_MISSING },
	{ RECORD_FAILED, 2, 0, ASSET_ANNOUNCED, NULL, 0, 1, 0, 0, false, false,
		LISTING_MISSING },
	/* gone once, there again */
	{ RECORD_READY, 1, 0, ASSET_DELETED, "unknown", 1, 1, 5, 0, true, false,
		LISTING_BACK },
	{ RECORD_READY, 1, 0, ASSET_EXPIRED_KEPT, "deleted", 1, 1, 5, 0, false, false,
		LISTING_BACK },
	{ RECORD_READY, 1, 0, ASSET_DELETION_HELD, "unknown", 1, 1, 5, 0, false, false,
		LISTING_BACK },
	{ RECORD_PENDING, 1, 0, ASSET_DELETED, "unknown", 1, 1, 5, 0, true, false,
		LISTING_SAME },
	/* removed by a person */
	{ RECORD_READY, 3, 0, ASSET_DELETED, "ready", 1, 2, 5, 0, true, true,
		LISTING_SAME },
	{ RECORD_READY, 3, 0, ASSET_DELETED, "unknown", 1, 2, 5, 0, true, true,
		LISTING_SAME },
	/* listed as deleted */
	{ RECORD_DELETED, 3, 0, ASSET_ARCHIVED, "ready", 1, 1, 5, 0, false, false,
		LISTING_GONE },
	{ RECORD_DELETED, 3, 0, ASSET_EXPIRED_KEPT, "deleted", 1, 1, 5, 0, false, false,
		LISTING_SAME },
	{ RECORD_DELETED, 3, 0, ASSET_DELETED, "unknown", 1, 1, 5, 0, true, false,
		LISTING_SAME },
};

static void compares_with_what_is_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct given *given = &known[i];
		struct asset *asset = asset_new("w", "a");
		struct listed listed = { .status = given->listed,
			.mark = given->mark,
			.updated_ns = given->updated_ns };
		struct listing_input in = { .listed = &listed,
			.asset = asset,
			.listed_mark = given->listed_mark };

		asset->state = given->state;
		asset->platform_status = mem_strdup(given->platform_status);
		asset->mark = given->asset_mark;
		asset->looked_ns = given->looked_ns;
		asset->due_ns = given->due_ns;
		asset->tombstone = given->tombstone;
		asset->by_person = given->by_person;
		enum listing_kind kind = listing_decide(&in);
		if (kind != given->expected)
			fail_msg("case %zu: %s, not %s", i,
				listing_kind_name(given->expected),
				listing_kind_name(kind));
		asset_free(asset);
	}
}

static const struct {
	enum record_status status;
	int64_t created_ns;
	enum backfill backfill;
	enum listing_kind expected;
} unknown[] = {
	{ RECORD_READY, BEGAN, BACKFILL_NONE, LISTING_MISSING },
	{ RECORD_PENDING, BEGAN, BACKFILL_NONE, LISTING_ANNOUNCED },
	{ RECORD_FAILED, BEGAN, BACKFILL_ALL, LISTING_SAME },
	{ RECORD_DELETED, BEGAN, BACKFILL_ALL, LISTING_SAME },
	{ RECORD_READY, BEGAN - 1, BACKFILL_NONE, LISTING_SAME },
	{ RECORD_READY, BEGAN - 1, BACKFILL_ALL, LISTING_MISSING },
	{ RECORD_READY, 0, BACKFILL_ALL, LISTING_MISSING },
	{ RECORD_READY, 500, BACKFILL_SINCE, LISTING_MISSING },
	{ RECORD_READY, 499, BACKFILL_SINCE, LISTING_SAME },
	{ RECORD_PENDING, 499, BACKFILL_SINCE, LISTING_SAME },
	{ RECORD_READY, 0, BACKFILL_SINCE, LISTING_SAME },
};

static void backfill_decides_about_the_library_that_existed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		struct listed listed = { .status = unknown[i].status,
			.facts = { .created_ns = unknown[i].created_ns } };
		struct listing_input in = { .listed = &listed,
			.began_ns = BEGAN,
			.backfill = unknown[i].backfill,
			.since_ns = 500 };

		if (listing_decide(&in) != unknown[i].expected)
			fail_msg("case %zu", i);
	}
}

static void marks_follow_what_changes(void **state)
{
	struct record record;
	int64_t mark;

	(void)state;
	record_init(&record);
	mark = record_mark(&record);
	assert_int_not_equal(mark, 0);
	assert_int_equal(record_mark(&record), mark);
	record.facts.title = mem_strdup("New");
	assert_int_not_equal(record_mark(&record), mark);
	mark = record_mark(&record);
	record.status = RECORD_READY;
	assert_int_not_equal(record_mark(&record), mark);
	/* Where the platform tells when, that alone counts. */
	record.updated_ns = 5;
	mark = record_mark(&record);
	mem_replace(&record.facts.title, "Newer");
	assert_int_equal(record_mark(&record), mark);
	record.updated_ns = 6;
	assert_int_not_equal(record_mark(&record), mark);
	record_release(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_with_what_is_known),
		cmocka_unit_test(backfill_decides_about_the_library_that_existed),
		cmocka_unit_test(marks_follow_what_changes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
