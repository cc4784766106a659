/*
 * The asset value: which moves the state table allows, ids, files and parts by key, and
 * what each piece of news makes of an asset. That the order of news does not matter is
 * test_order.c's.
 */
#include <config.h>

#include "base/mem.h"
#include "core/asset.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

#define HOUR_NS (INT64_C(3600) * 1000000000)

static bool in_work(enum asset_state state)
{
	return state == ASSET_FETCHING || state == ASSET_DOWNLOADING;
}

static void states_have_names(void **state)
{
	static const char *const names[] = { "announced", "queued", "fetching",
		"downloading", "waiting", "archived", "ignored", "failed", "deleted",
		"trashed", "expired-kept", "deletion-held" };
	(void)state;
	assert_int_equal(ARRAY_LEN(names), ASSET_STATE_COUNT);
	for (int i = 0; i < ASSET_STATE_COUNT; i++) {
		enum asset_state parsed = ASSET_STATE_COUNT;

		assert_string_equal(asset_state_name((enum asset_state)i), names[i]);
		assert_int_equal(asset_state_parse(names[i], &parsed), 0);
		assert_int_equal(parsed, i);
	}
}

static void wishes_have_names(void **state)
{
	(void)state;
	for (int i = 0; i < WISH_COUNT; i++) {
		enum asset_wish parsed = WISH_COUNT;

		assert_int_equal(
			asset_wish_parse(asset_wish_name((enum asset_wish)i), &parsed),
			0);
		assert_int_equal(parsed, i);
	}
}

static void unknown_names_are_refused(void **state)
{
	enum asset_state parsed = ASSET_FAILED;
	enum asset_wish wish = WISH_RETRY;
	(void)state;
	assert_int_equal(asset_state_parse("Archived", &parsed), -1);
	assert_int_equal(asset_state_parse("", &parsed), -1);
	assert_int_equal(parsed, ASSET_FAILED);
	assert_int_equal(asset_wish_parse("held", &wish), -1);
	assert_int_equal(wish, WISH_RETRY);
}

/* Work begins from everywhere, ends in every settled state, and nothing skips it. */
static void state_table(void **state)
{
	(void)state;
	for (int from = 0; from < ASSET_STATE_COUNT; from++) {
		for (int to = 0; to < ASSET_STATE_COUNT; to++) {
			enum asset_state a = (enum asset_state)from,
					 b = (enum asset_state)to;
			bool may = a != b &&
				   (in_work(a) || b == ASSET_FETCHING ||
					   (a == ASSET_ANNOUNCED && b == ASSET_QUEUED));

			assert_int_equal(asset_may_move(a, b), may);
		}
	}
}

static void moves_tell_whether_they_changed_anything(void **state)
{
	struct asset *asset = asset_new("w", "a");
	(void)state;
	assert_int_equal(asset->state, ASSET_ANNOUNCED);
	assert_false(asset_move(asset, ASSET_ANNOUNCED));
	assert_true(asset_move(asset, ASSET_FETCHING));
	assert_true(asset_move(asset, ASSET_ARCHIVED));
	assert_int_equal(asset->state, ASSET_ARCHIVED);
	asset_free(asset);
	asset_free(NULL);
}

static void ids(void **state)
{
	static const char *const good[] = { "a", "0", "_", "-",
		"d49e44c7-1e0f-4d5b-8f5e", "ABCxyz_09-" };
	static const char *const bad[] = { "", ".", "..", "a/b", "a b", "a.b", "a%2e",
		"a\n", "\xc3\xa9", "a\\b", "a:b" };
	char text[257];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(asset_id_ok(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(asset_id_ok(bad[i]));
	memset(text, 'x', sizeof(text));
	text[256] = '\0';
	assert_false(asset_id_ok(text));
	text[255] = '\0';
	assert_true(asset_id_ok(text));
}

static void files_are_found_by_key(void **state)
{
	static const char *const keys[] = { "video", "thumbnail.1", "subtitle.en" };
	struct asset *asset = asset_new("w", "a");
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct file *file = asset_add_file(asset, keys[i]);

		file->bytes = 100 + (int64_t)i;
		mem_replace(&file->path, keys[i]);
		mem_replace(&file->etag, "\"1\"");
	}
	assert_int_equal(asset_add_file(asset, "video")->bytes, 100);
	assert_int_equal(asset->n_files, 3);
	assert_int_equal(asset_bytes(asset), 303);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) /* whatever the order of adding */
		assert_string_equal(asset->files[i].key, keys[ARRAY_LEN(keys) - 1 - i]);
	assert_null(asset_file(asset, "audio"));
	asset_drop_file(asset, "audio");
	asset_drop_file(asset, "video");
	assert_int_equal(asset->n_files, 2);
	assert_null(asset_file(asset, "video"));
	assert_string_equal(asset_file(asset, "thumbnail.1")->path, "thumbnail.1");
	assert_string_equal(asset_file(asset, "subtitle.en")->path, "subtitle.en");
	asset_drop_file(asset, "subtitle.en");
	asset_drop_file(asset, "thumbnail.1");
	assert_int_equal(asset_bytes(asset), 0);
	asset_free(asset);
}

static void parts_are_found_by_key(void **state)
{
	struct asset *asset = asset_new("w", "a");
	(void)state;
	assert_int_equal(asset_add_part(asset, "video")->total, -1);
	asset_add_part(asset, "audio")->held = 7;
	mem_replace(&asset_part(asset, "video")->placing, "p");
	assert_int_equal(asset_add_part(asset, "audio")->held, 7);
	assert_int_equal(asset->n_parts, 2);
	asset_drop_part(asset, "nothing");
	asset_drop_part(asset, "video");
	assert_null(asset_part(asset, "video"));
	assert_int_equal(asset_part(asset, "audio")->held, 7);
	asset_free(asset);
}

static void deadlines(void **state)
{
	struct asset *asset = asset_new("w", "a");
	(void)state;
	assert_true(asset_deadline_ns(asset) == INT64_MAX);
	asset->first_seen_ns = 5;
	asset->trial = true;
	assert_int_equal(asset_deadline_ns(asset), 5 + 24 * HOUR_NS);
	asset->facts.created_ns = 3;
	assert_int_equal(asset_deadline_ns(asset), 3 + 24 * HOUR_NS);
	asset->facts.expires_ns = 2;
	assert_int_equal(asset_deadline_ns(asset), 2);
	asset_free(asset);
}

/* ---- news ---- */

static bool apply(struct asset *asset, enum event_kind kind, int64_t at_ns)
{
	struct event event;
	bool due;

	event_init(&event);
	event.kind = kind;
	event.at_ns = at_ns;
	due = asset_apply_event(asset, &event, 1000);
	event_release(&event);
	return due;
}

static void events_make_due_once(void **state)
{
	static const enum event_kind kinds[] = { EVENT_READY, EVENT_CHANGED,
		EVENT_FAILED, EVENT_DELETED };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct asset *asset = asset_new("w", "a");

		assert_true(apply(asset, kinds[i], 50));
		assert_int_equal(asset->state, ASSET_QUEUED);
		assert_int_equal(asset->due_ns, 1000);
		assert_int_equal(asset->seq, 1);
		assert_int_equal(asset->first_seen_ns, 1000);
		asset->due_ns = 0;
		assert_false(apply(asset, kinds[i], 50));
		assert_false(apply(asset, kinds[i], 49));
		assert_int_equal(asset->due_ns, 0);
		assert_int_equal(asset->seq, 1);
		assert_true(apply(asset, kinds[i], 51));
		assert_int_equal(asset->seq, 2);
		asset_free(asset);
	}
}

static void some_events_only_inform(void **state)
{
	struct asset *asset = asset_new("w", "a");
	(void)state;
	assert_false(apply(asset, EVENT_ANNOUNCED, 50));
	assert_false(apply(asset, EVENT_RECORDED, 60));
	assert_int_equal(asset->times.announced, 50);
	assert_int_equal(asset->state, ASSET_ANNOUNCED);
	assert_int_equal(asset->seq, 0);
	assert_int_equal(asset->first_seen_ns, 1000);
	asset_free(asset);
}

static void an_event_without_time_happened_now(void **state)
{
	struct asset *asset = asset_new("w", "a");
	(void)state;
	assert_true(apply(asset, EVENT_READY, 0));
	assert_int_equal(asset->times.ready, 1000);
	asset_free(asset);
}

static void events_tell_facts_until_the_platform_was_asked(void **state)
{
	struct asset *asset = asset_new("w", "a");
	struct event event;
	(void)state;
	event_init(&event);
	event.kind = EVENT_ANNOUNCED;
	event.at_ns = 10;
	event.trial = true;
	event.facts.title = mem_strdup("first");
	asset_apply_event(asset, &event, 1000);
	assert_string_equal(asset->facts.title, "first");
	assert_true(asset->trial);
	asset->looked_ns = 1000;
	mem_replace(&event.facts.title, "second");
	event.trial = false;
	asset_apply_event(asset, &event, 1000);
	assert_string_equal(asset->facts.title, "first");
	assert_true(asset->trial);
	event_release(&event);
	asset_free(asset);
}

static void apply_expiry(struct asset *asset, int64_t at_ns, int64_t expires_ns)
{
	struct event event;

	event_init(&event);
	event.kind = EVENT_READY;
	event.at_ns = at_ns;
	event.facts.expires_ns = expires_ns;
	asset_apply_event(asset, &event, 1000);
	event_release(&event);
}

static void the_newest_event_tells_the_expiry(void **state)
{
	(void)state;
	for (int looked = 0; looked < 2; looked++) {
		struct asset *asset = asset_new("w", "a");

		asset->looked_ns = looked;
		apply_expiry(asset, 20, 200);
		apply_expiry(asset, 10, 100);
		apply_expiry(asset, 15, 0);
		assert_int_equal(asset->facts.expires_ns, 200);
		apply_expiry(asset, 30, 300);
		assert_int_equal(asset->facts.expires_ns, 300);
		asset_free(asset);
	}
}

static struct asset *tombstone(bool by_person)
{
	struct asset *asset = asset_new("w", "a");

	asset->state = ASSET_DELETED;
	asset->tombstone = true;
	asset->by_person = by_person;
	asset->times.deleted = asset->answered_deleted_ns = 50;
	return asset;
}

static void the_platforms_tombstone_yields_to_newer_news_only(void **state)
{
	static const enum event_kind kinds[] = { EVENT_READY, EVENT_CHANGED,
		EVENT_FAILED, EVENT_DELETED };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct asset *asset = tombstone(false);

		assert_false(apply(asset, kinds[i], 49));
		assert_false(apply(asset, kinds[i], 50));
		assert_int_equal(asset->due_ns, 0);
		assert_true(apply(asset, kinds[i], 51));
		assert_int_equal(asset->state, ASSET_DELETED);
		asset_free(asset);
	}
}

static void a_persons_tombstone_yields_to_fetch_only(void **state)
{
	struct asset *asset = tombstone(true);
	(void)state;
	assert_false(apply(asset, EVENT_READY, 60));
	assert_false(apply(asset, EVENT_DELETED, 70));
	assert_int_equal(asset->times.deleted, 70);
	assert_int_equal(asset->due_ns, 0);
	asset_apply_wish(asset, WISH_FETCH, 1000);
	/* The look that lifts it may have begun: what comes now is for the next one. */
	assert_true(apply(asset, EVENT_DELETED, 80));
	assert_int_equal(asset->seq, 2);
	asset_free(asset);
}

static void the_last_wish_counts_but_weak_ones_yield(void **state)
{
	static const struct {
		enum asset_wish before, wish, after;
	} rows[] = {
		{ WISH_NONE, WISH_FETCH, WISH_FETCH },
		{ WISH_NONE, WISH_CONFIRM, WISH_CONFIRM },
		{ WISH_FETCH, WISH_REMOVE, WISH_REMOVE },
		{ WISH_REMOVE, WISH_FETCH, WISH_FETCH },
		{ WISH_FETCH, WISH_RETRY, WISH_FETCH },
		{ WISH_REMOVE, WISH_RETRY, WISH_REMOVE },
		{ WISH_REMOVE, WISH_CONFIRM, WISH_REMOVE },
		{ WISH_RETRY, WISH_CONFIRM, WISH_CONFIRM },
		{ WISH_CONFIRM, WISH_REMOVE, WISH_REMOVE },
		{ WISH_FETCH, WISH_REPLAY, WISH_FETCH },
		{ WISH_RETRY, WISH_REPLAY, WISH_REPLAY },
		{ WISH_NONE, WISH_REFILE, WISH_REFILE },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct asset *asset = asset_new("w", "a");

		asset->wish = rows[i].before;
		assert_true(asset_apply_wish(asset, rows[i].wish, 1000));
		assert_int_equal(asset->wish, rows[i].after);
		assert_int_equal(asset->due_ns, 1000);
		assert_int_equal(asset->seq, 1);
		assert_int_equal(asset->state, ASSET_QUEUED);
		asset_free(asset);
	}
}

static void refiling_is_for_what_rests_until_any_news(void **state)
{
	struct asset *asset = asset_new("w", "a");
	struct event event = { .kind = EVENT_CHANGED, .at_ns = 500 };
	(void)state;

	asset->state = ASSET_ARCHIVED;
	asset->due_ns = 2000;
	assert_false(asset_apply_wish(asset, WISH_REFILE, 1000));
	assert_true(
		asset->wish == WISH_NONE && asset->seq == 0 && asset->due_ns == 2000);
	asset->due_ns = 0;
	assert_true(asset_apply_wish(asset, WISH_REFILE, 1000));
	assert_true(asset->wish == WISH_REFILE && asset->due_ns == 1000);
	assert_true(asset_apply_event(asset, &event, 1500));
	assert_true(asset->wish == WISH_NONE && asset->due_ns == 1500);
	asset_free(asset);
}

static void ending_a_hold_looks_again_at_a_deletion(void **state)
{
	struct asset *asset = asset_new("w", "a");
	(void)state;
	asset->state = ASSET_ARCHIVED;
	assert_false(asset_apply_hold(asset, false, 1000));
	assert_true(asset_apply_hold(asset, true, 1000));
	assert_false(asset_apply_hold(asset, true, 1000));
	assert_true(asset_apply_hold(asset, false, 1000));
	assert_int_equal(asset->due_ns, 0);
	asset->held = true;
	asset->times.deleted = 50;
	assert_true(asset_apply_hold(asset, false, 1000));
	assert_int_equal(asset->due_ns, 1000);
	assert_int_equal(asset->seq, 1);
	asset_free(asset);
}

static void a_file_with_another_key_takes_its_place(void **state)
{
	struct asset *asset = asset_new("w", "1");
	static const char *const keys[] = { "audio", "thumbnail.1", "video" };
	(void)state;

	asset_add_file(asset, "audio");
	asset_add_file(asset, "video")->bytes = 7;
	asset_add_file(asset, "aa")->bytes = 5;
	asset_rekey_file(asset, asset_file(asset, "aa"), "thumbnail.1");
	assert_int_equal(asset->n_files, 3);
	for (size_t i = 0; i < asset->n_files; i++)
		assert_string_equal(asset->files[i].key, keys[i]);
	assert_int_equal(asset_file(asset, "thumbnail.1")->bytes, 5);
	assert_int_equal(asset_file(asset, "video")->bytes, 7);
	asset_free(asset);
}

static void a_copy_owns_all_it_has(void **state)
{
	struct asset *asset = asset_new("ws", "id");
	struct asset *copy;
	struct file *file = asset_add_file(asset, "video");
	struct part *part = asset_add_part(asset, "audio");

	(void)state;
	mem_replace(&asset->reason, "waits");
	mem_replace(&asset->base_path, "ws/a");
	mem_replace(&asset->facts.title, "Title");
	mem_replace(&file->path, "ws/a.mp4");
	file->bytes = 5;
	mem_replace(&part->etag, "\"1\"");
	part->held = 7;
	copy = asset_copy(asset);
	asset_free(asset);
	assert_string_equal(copy->reason, "waits");
	assert_string_equal(copy->base_path, "ws/a");
	assert_string_equal(copy->facts.title, "Title");
	assert_null(copy->rule);
	assert_string_equal(asset_file(copy, "video")->path, "ws/a.mp4");
	assert_int_equal(asset_file(copy, "video")->bytes, 5);
	assert_string_equal(asset_part(copy, "audio")->etag, "\"1\"");
	assert_int_equal(asset_part(copy, "audio")->held, 7);
	asset_free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_have_names),
		cmocka_unit_test(wishes_have_names),
		cmocka_unit_test(unknown_names_are_refused),
		cmocka_unit_test(state_table),
		cmocka_unit_test(moves_tell_whether_they_changed_anything),
		cmocka_unit_test(ids),
		cmocka_unit_test(files_are_found_by_key),
		cmocka_unit_test(parts_are_found_by_key),
		cmocka_unit_test(deadlines),
		cmocka_unit_test(events_make_due_once),
		cmocka_unit_test(some_events_only_inform),
		cmocka_unit_test(an_event_without_time_happened_now),
		cmocka_unit_test(events_tell_facts_until_the_platform_was_asked),
		cmocka_unit_test(the_newest_event_tells_the_expiry),
		cmocka_unit_test(the_platforms_tombstone_yields_to_newer_news_only),
		cmocka_unit_test(a_persons_tombstone_yields_to_fetch_only),
		cmocka_unit_test(the_last_wish_counts_but_weak_ones_yield),
		cmocka_unit_test(refiling_is_for_what_rests_until_any_news),
		cmocka_unit_test(ending_a_hold_looks_again_at_a_deletion),
		cmocka_unit_test(a_copy_owns_all_it_has),
		cmocka_unit_test(a_file_with_another_key_takes_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
