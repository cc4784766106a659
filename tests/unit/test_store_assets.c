/*
 * Assets in the store: saving and loading, who wins when news and keeper meet, paths,
 * stories, finding, lists and counts.
 */
#include <config.h>

#include "store_fixture.h"

#include "base/json.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

static void add_file(struct asset *asset, const char *key, enum role role,
	const char *path, int64_t bytes)
{
	struct file *file = asset_add_file(asset, key);

	file->role = role;
	mem_replace(&file->path, path);
	file->bytes = bytes;
	memset(file->sha256, 'a', 64);
	file->content_type = mem_strdup("video/mp4");
	file->downloaded_ns = T0;
}

static void add_part(struct asset *asset, const char *key)
{
	struct part *part = asset_add_part(asset, key);

	part->name = mem_strdup("x.part");
	part->total = 1000;
	part->held = 500;
	part->etag = mem_strdup("\"e\"");
	part->placing = mem_strdup("w/a.mp4");
	memset(part->sha256, 'b', 64);
}

static void fill(struct asset *asset)
{
	asset->state = ASSET_ARCHIVED;
	mem_replace(&asset->facts.type, "clip");
	mem_replace(&asset->facts.title, "Tor des Monats: 1:0 \xc3\xbc");
	asset->facts.duration_ms = 90000;
	asset->facts.width = 1920;
	asset->facts.metadata = cJSON_Parse("{\"team\":\"sports\"}");
	mem_replace(&asset->reason, "all files are here");
	mem_replace(&asset->platform_status, "ready");
	mem_replace(&asset->platform_data, "{\"id\":\"a\"}");
	mem_replace(&asset->rule, "clips");
	asset->answered_changed_ns = T0 + 1;
	asset->answered_deleted_ns = T0 + 2;
	asset->contradicted = true;
	asset->attempts = 3;
	asset->trouble_ns = T0 + 3;
	asset->mp4_asked_ns = T0 + 6;
	mem_replace(&asset->mp4_refused, "forbidden");
	mem_replace(&asset->missing, "[{\"key\":\"audio\"}]");
	asset->looked_ns = T0 + 4;
	asset->archived_ns = T0 + 5;
	asset->priority = -7;
	add_file(asset, "thumbnail", ROLE_THUMBNAIL, "w/a.jpg", 10);
	add_file(asset, "video", ROLE_VIDEO, "w/a.mp4", 90);
	add_part(asset, "audio");
}

static void what_is_saved_is_loaded(void **state)
{
	struct fixture *f = *state;
	struct asset *asset =
		loaded(f, put_event(f, "a", "1", EVENT_READY, T0).asset_row);
	fill(asset);
	assert_int_equal(save(f, asset, 0, NULL), ERR_NONE);

	struct asset *copy = loaded(f, asset->row);
	assert_int_equal(copy->state, ASSET_ARCHIVED);
	assert_string_equal(copy->facts.title, asset->facts.title);
	assert_int_equal(copy->facts.duration_ms, 90000);
	assert_string_equal(json_text(copy->facts.metadata, "team"), "sports");
	assert_string_equal(copy->reason, "all files are here");
	assert_string_equal(copy->platform_status, "ready");
	assert_string_equal(copy->platform_data, "{\"id\":\"a\"}");
	assert_string_equal(copy->rule, "clips");
	assert_int_equal(copy->answered_changed_ns, T0 + 1);
	assert_int_equal(copy->answered_deleted_ns, T0 + 2);
	assert_true(copy->contradicted);
	assert_int_equal(copy->attempts, 3);
	assert_int_equal(copy->trouble_ns, T0 + 3);
	assert_int_equal(copy->mp4_asked_ns, T0 + 6);
	assert_string_equal(copy->mp4_refused, "forbidden");
	assert_string_equal(copy->missing, "[{\"key\":\"audio\"}]");
	assert_int_equal(copy->looked_ns, T0 + 4);
	assert_int_equal(copy->archived_ns, T0 + 5);
	assert_int_equal(copy->priority, -7);
	assert_int_equal(copy->due_ns, 0);
	assert_int_equal(copy->n_files, 2);
	const struct file *file = asset_file(copy, "video");
	assert_int_equal(file->role, ROLE_VIDEO);
	assert_string_equal(file->path, "w/a.mp4");
	assert_int_equal(strlen(file->sha256), 64);
	assert_null(file->etag);
	assert_null(file->last_modified);
	assert_int_equal(file->replaced_ns, 0);
	const struct part *part = asset_part(copy, "audio");
	assert_int_equal(part->held, 500);
	assert_string_equal(part->placing, "w/a.mp4");
	assert_null(part->last_modified);
	asset_free(copy);
	asset_free(asset);
}

/* Ahead of the next save, which must then know it. */
static void a_file_is_added_alone(void **state)
{
	struct fixture *f = *state;
	struct answer answer = { .calls = 0 };
	struct asset *asset =
		loaded(f, put_event(f, "a", "1", EVENT_READY, T0).asset_row);
	struct file old;

	fill(asset);
	save(f, asset, 0, NULL);
	file_copy(&old, asset_file(asset, "video"));
	mem_replace(&old.key, "video~v0001");
	mem_replace(&old.path, "w/a.v1.mp4");
	mem_replace(&old.last_modified, "Sat, 14 Mar 2026 09:26:53 GMT");
	old.replaced_ns = T0 + 9;
	store_put_file(f->store, asset->row, &old, on_stored, &answer);
	store_put_file(f->store, asset->row, &old, on_stored, &answer);
	fixture_wait(f, &answer, 2);
	file_release(&old);
	asset_free(asset);

	asset = loaded(f, ask(f, "SELECT row FROM assets"));
	assert_int_equal(asset->n_files, 3);
	const struct file *file = asset_file(asset, "video~v0001");
	assert_string_equal(file->path, "w/a.v1.mp4");
	assert_string_equal(file->last_modified, "Sat, 14 Mar 2026 09:26:53 GMT");
	assert_int_equal(file->replaced_ns, T0 + 9);
	save(f, asset, 0, NULL);
	assert_int_equal(ask(f, "SELECT count(*) FROM files"), 3);
	assert_int_equal(ask(f, "SELECT count(*) FROM assets WHERE path='w/a.mp4'"), 1);
	asset_free(asset);
}

static void files_and_parts_are_saved_as_they_stand(void **state)
{
	struct fixture *f = *state;
	struct answer answer = { .calls = 0 };
	struct asset *asset =
		loaded(f, put_event(f, "a", "1", EVENT_READY, T0).asset_row);
	fill(asset);
	save(f, asset, 0, NULL);
	assert_int_equal(stats_of(f, "w", 0).bytes, 100);
	struct part later = *asset_part(asset, "audio");
	later.held = 700;
	store_put_part(f->store, asset->row, &later, on_stored, &answer);
	fixture_wait(f, &answer, 1);
	struct asset *copy = loaded(f, asset->row);
	assert_int_equal(asset_part(copy, "audio")->held, 700);
	asset_free(copy);

	asset_drop_file(asset, "thumbnail");
	asset_drop_part(asset, "audio");
	mem_replace(&asset->platform_data, NULL);
	save(f, asset, 0, NULL);
	assert_int_equal(stats_of(f, "w", 0).bytes, 90);
	assert_int_equal(ask(f, "SELECT count(*) FROM files"), 1);
	assert_int_equal(ask(f, "SELECT count(*) FROM parts"), 0);
	assert_int_equal(ask(f, "SELECT count(*) FROM platform_data"), 0);
	asset_free(asset);
}

static void news_during_a_look_keeps_the_asset_due(void **state)
{
	struct fixture *f = *state;
	int64_t row = put_event(f, "a", "1", EVENT_READY, T0).asset_row;
	struct asset *asset = loaded(f, row);
	fixture_at(f, T0 + S);
	put_event(f, "a", "2", EVENT_CHANGED, T0 + S);
	asset->state = ASSET_ARCHIVED;
	mem_replace(&asset->reason, "archived");
	save(f, asset, 0, NULL);

	struct asset *now = loaded(f, row);
	assert_int_equal(now->state, ASSET_ARCHIVED);
	assert_string_equal(now->reason, "archived");
	assert_int_equal(now->times.changed, T0 + S);
	assert_int_equal(now->due_ns, T0 + S);
	/* The next look has seen it all. */
	save(f, now, T0 + 60 * S, NULL);
	asset_free(asset);
	asset = loaded(f, row);
	assert_int_equal(asset->due_ns, T0 + 60 * S);
	asset_free(asset);
	asset_free(now);
}

static void a_wish_during_a_look_is_not_lost(void **state)
{
	struct fixture *f = *state;
	struct answer answer = { .calls = 0 };
	int64_t row = put_event(f, "a", "1", EVENT_READY, T0).asset_row;
	struct asset *asset = loaded(f, row);
	store_wish(f->store, "w", "a", WISH_REMOVE, false, on_stored, &answer);
	fixture_wait(f, &answer, 1);
	save(f, asset, 0, NULL);
	asset_free(asset);
	asset = loaded(f, row);
	assert_int_equal(asset->wish, WISH_REMOVE);
	assert_int_equal(asset->due_ns, T0);
	save(f, asset, 0, NULL);
	asset_free(asset);
	asset = loaded(f, row);
	assert_int_equal(asset->wish, WISH_NONE);
	asset_free(asset);
}

static void what_is_not_there_is_not_found(void **state)
{
	struct fixture *f = *state;
	struct answer answer = { .calls = 0 };
	struct asset *asset = asset_new("w", "a"), *none;

	asset->row = 5;
	assert_int_equal(save(f, asset, 0, NULL), ERR_NOT_FOUND);
	assert_int_equal(load(f, 5, &none), ERR_NOT_FOUND);
	store_wish(f->store, "w", "a", WISH_RETRY, false, on_stored, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.err.class, ERR_NOT_FOUND);
	store_hold(f->store, "w", "a", true, on_stored, &answer);
	fixture_wait(f, &answer, 2);
	assert_int_equal(answer.err.class, ERR_NOT_FOUND);
	asset_free(asset);
}

static void commands_are_told_in_the_story(void **state)
{
	struct fixture *f = *state;
	struct answer answer = { .calls = 0 };

	store_wish(f->store, "w", "a", WISH_FETCH, true, on_stored, &answer);
	store_hold(f->store, "w", "a", true, on_stored, &answer);
	store_hold(f->store, "w", "a", true, on_stored, &answer);
	fixture_wait(f, &answer, 3);
	assert_int_equal(answer.err.class, ERR_NONE);
	struct asset *asset = loaded(f, row_of(f, "w/a"));
	assert_int_equal(asset->wish, WISH_FETCH);
	assert_int_equal(asset->state, ASSET_QUEUED);
	assert_int_equal(asset->due_ns, T0);
	assert_int_equal(asset->first_seen_ns, T0);
	assert_true(asset->held);
	asset_free(asset);
	assert_int_equal(ask(f, "SELECT count(*) FROM ledger WHERE kind='command'"), 2);
	assert_int_equal(ask(f, "SELECT count(*) FROM story"), 0);
	assert_int_equal(stats_of(f, "w", 0).assets[ASSET_QUEUED], 1);
	assert_int_equal(stats_of(f, "w", 0).assets[ASSET_ANNOUNCED], 0);
}

static void on_claimed(void *arg, const struct err *err, const char *claimed)
{
	struct answer *answer = arg;

	on_stored(answer, err);
	free(answer->text);
	answer->text = mem_strdup(claimed);
}

static void expect_claim(
	struct fixture *f, int64_t row, bool force, const char *expected)
{
	struct answer answer = { .calls = 0 };

	store_claim_path(f->store, row, "w/x", "w/x~a", force, on_claimed, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.err.class, ERR_NONE);
	assert_string_equal(answer.text, expected);
	free(answer.text);
}

static void no_two_assets_get_one_path(void **state)
{
	struct fixture *f = *state;
	int64_t a = put_event(f, "a", "1", EVENT_READY, T0).asset_row;
	int64_t b = put_event(f, "b", "2", EVENT_READY, T0).asset_row;
	int64_t c = put_event(f, "c", "3", EVENT_READY, T0).asset_row;

	expect_claim(f, a, false, "w/x");
	expect_claim(f, a, false, "w/x");
	expect_claim(f, b, false, "w/x~a");
	expect_claim(f, c, false, "w/x~a-2");
	expect_claim(f, c, true, "w/x~a-3");
	expect_claim(f, c, true, "w/x~a-4");
	expect_claim(f, a, true, "w/x~a-2");
	struct asset *asset = loaded(f, b);
	assert_string_equal(asset->base_path, "w/x~a");
	/* A save gives a claim up, but cannot take one. */
	mem_replace(&asset->base_path, NULL);
	save(f, asset, 0, NULL);
	mem_replace(&asset->base_path, "w/x~a-4");
	assert_int_equal(save(f, asset, 0, NULL), ERR_NONE);
	asset_free(asset);
	asset = loaded(f, b);
	assert_null(asset->base_path);
	asset_free(asset);
	expect_claim(f, b, false, "w/x");

	struct answer answer = { .calls = 0 };
	store_claim_path(f->store, 99, "w/x", "w/x~a", false, on_claimed, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.err.class, ERR_NOT_FOUND);
	assert_null(answer.text);
}

static void on_story(void *arg, const struct err *err, const struct story *story)
{
	struct answer *answer = arg;
	char *text = mem_strdup("");

	for (size_t i = 0; story && i < story->count; i++) {
		char *longer = mem_printf(
			"%s%s: %s\n", text, story->lines[i].kind, story->lines[i].text);
		free(text);
		text = longer;
	}
	on_stored(answer, err);
	answer->count = story ? story->count : 0;
	answer->text = text;
}

static void a_story_is_told_in_order(void **state)
{
	struct fixture *f = *state;
	struct story story = { 0 };
	struct answer answer = { .calls = 0 };
	int64_t row = put_event(f, "a", "k1", EVENT_READY, T0).asset_row;
	struct asset *asset = loaded(f, row);

	put_event(f, "a", "k1", EVENT_READY, T0);
	story_add(&story, T0, "rule", "rule %s decides", "clips");
	story_add(&story, T0 + 2 * S, "file", "video written");
	save(f, asset, 0, &story);
	assert_null(story.lines);
	fixture_at(f, T0 + S);
	put_event(f, "a", "k2", EVENT_CHANGED, 0);
	story_add(&story, T0 + 3 * S, "note", "done");
	store_put_story(f->store, row, &story);
	store_put_part(f->store, row, &(struct part){ .key = (char[]){ "v" } },
		on_stored, &answer);
	fixture_wait(f, &answer, 1);
	answer.calls = 0;
	store_story(f->store, row, on_story, &answer);
	fixture_wait(f, &answer, 1);
	assert_string_equal(answer.text,
		"delivery: video.media.ready (event time 2023-11-14T22:13:20.000Z, key "
		"k1) accepted; delivered 2 times\n"
		"rule: rule clips decides\n"
		"delivery: video.media.ready (event time unknown, key k2) accepted\n"
		"file: video written\n"
		"note: done\n");
	free(answer.text);
	asset_free(asset);
}

static void a_story_keeps_its_newest_lines(void **state)
{
	struct fixture *f = *state;
	struct story story = { 0 };
	struct answer answer = { .calls = 0 };
	int64_t row = put_event(f, "a", "k1", EVENT_READY, T0).asset_row;

	for (int i = 0; i < 5010; i++)
		story_add(&story, T0 + i, "note", "%d", i);
	store_put_story(f->store, row, &story);
	store_put_story(f->store, row, &story);
	store_set_paused(f->store, "w", false, on_stored, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(ask(f, "SELECT count(*) FROM story"), 5000);
	answer.calls = 0;
	store_story(f->store, row, on_story, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.count, 5000);
	assert_memory_equal(answer.text, "note: 10\n", 9);
	free(answer.text);
}

/* ---- people ---- */

static void on_matches(
	void *arg, const struct err *err, const struct asset_ref *refs, size_t n)
{
	struct answer *answer = arg;

	(void)refs;
	on_stored(answer, err);
	answer->count = n;
}

static size_t matches(struct fixture *f, const char *text)
{
	struct answer answer = { .calls = 0 };

	store_find(f->store, text, on_matches, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.err.class, ERR_NONE);
	return answer.count;
}

static void names_are_found_as_people_write_them(void **state)
{
	struct fixture *f = *state;
	int64_t row = put_event(f, "abcd1", "1", EVENT_READY, T0).asset_row;
	put_event(f, "abcd12", "2", EVENT_READY, T0);
	put(f, make_delivery("v", "abcd1", "3", EVENT_READY, T0));

	assert_int_equal(matches(f, "w/abcd1"), 1);
	assert_int_equal(row_of(f, "w/abcd1"), row);
	assert_int_equal(matches(f, "abcd1"), 2);
	assert_int_equal(matches(f, "abcd12"), 1);
	assert_int_equal(matches(f, "abcd"), 3);
	assert_int_equal(matches(f, "w/abcd"), 2);
	assert_int_equal(matches(f, "abc"), 0);
	assert_int_equal(matches(f, "abce"), 0);
	assert_int_equal(matches(f, "nobody/abcd1"), 0);
	assert_int_equal(matches(f, ""), 0);
	assert_int_equal(matches(f, "w/"), 0);
	assert_int_equal(matches(f, "%bcd"), 0);
	for (int i = 0; i < 20; i++) {
		char id[24];
		snprintf(id, sizeof(id), "many-%d", i);
		put_event(f, id, id, EVENT_READY, T0);
	}
	assert_int_equal(matches(f, "many"), 10);
}

static void on_list(
	void *arg, const struct err *err, const struct asset_summary *list, size_t n)
{
	struct answer *answer = arg;
	char *text = mem_strdup("");

	for (size_t i = 0; i < n; i++) {
		char *longer = mem_printf(
			"%s%s%s/%s", text, i ? " " : "", list[i].workspace, list[i].id);
		free(text);
		text = longer;
		answer->a = list[i].row;
		answer->b += list[i].bytes * 10 + list[i].files;
	}
	on_stored(answer, err);
	answer->text = text;
}

static int64_t expect_list(
	struct fixture *f, struct asset_filter filter, const char *expected)
{
	struct answer answer = { .calls = 0 };

	store_list(f->store, &filter, on_list, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.err.class, ERR_NONE);
	assert_string_equal(answer.text, expected);
	free(answer.text);
	return answer.a;
}

static void lists_are_paged_newest_first(void **state)
{
	struct fixture *f = *state;
	struct asset_filter all = { .state = -1, .limit = 10 };
	expect_list(f, all, "");
	put_event(f, "a", "1", EVENT_READY, T0);
	put(f, make_delivery("v", "b", "2", EVENT_ANNOUNCED, T0));
	put_event(f, "c", "3", EVENT_ANNOUNCED, T0);
	fixture_at(f, T0 + S);
	put_event(f, "d", "4", EVENT_READY, T0);
	struct asset *asset = loaded(f, row_of(f, "w/a"));
	fill(asset);
	save(f, asset, 0, NULL);
	asset_free(asset);

	expect_list(f, all, "w/d w/c v/b w/a");
	struct asset_filter page = all;
	page.limit = 2;
	page.before_row = expect_list(f, page, "w/d w/c");
	expect_list(f, page, "v/b w/a");
	struct asset_filter of_w = all, announced = all, since = all, both = all;
	of_w.workspace = "w";
	expect_list(f, of_w, "w/d w/c w/a");
	of_w.limit = 1;
	of_w.before_row = expect_list(f, of_w, "w/d");
	expect_list(f, of_w, "w/c");
	announced.state = ASSET_ANNOUNCED;
	expect_list(f, announced, "w/c v/b");
	since.since_ns = T0 + S;
	expect_list(f, since, "w/d w/a");
	both = since;
	both.workspace = "w";
	both.state = ASSET_ARCHIVED;
	expect_list(f, both, "w/a");
	both.workspace = "nobody";
	expect_list(f, both, "");
}

static void on_browse(void *arg, const struct err *err,
	const struct asset_summary *list, size_t n, int64_t next_row)
{
	struct answer *answer = arg;

	on_list(answer, err, list, n);
	answer->a = next_row;
}

static int64_t expect_browse(
	struct fixture *f, struct asset_filter filter, const char *expected)
{
	struct answer answer = { .calls = 0 };

	store_browse(f->store, &filter, on_browse, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.err.class, ERR_NONE);
	assert_string_equal(answer.text, expected);
	free(answer.text);
	return answer.a;
}

static void give_facts(struct fixture *f, const char *id, const char *title,
	const char *type, int64_t at)
{
	char *name = mem_printf("w/%s", id);

	put_event(f, id, id, EVENT_READY, T0);
	struct asset *asset = loaded(f, row_of(f, name));
	mem_replace(&asset->facts.title, title);
	mem_replace(&asset->facts.type, type);
	asset->facts.created_ns = at;
	save(f, asset, 0, NULL);
	asset_free(asset);
	free(name);
}

static void searching_by_all_criteria(void **state)
{
	struct fixture *f = *state;
	const struct asset_filter all = { .state = -1, .limit = 10 };
	struct asset_filter filter = all;

	assert_int_equal(expect_browse(f, all, ""), 0);
	give_facts(f, "first", "100% goal_keeper", "clip", T0);
	give_facts(f, "second", "Goals", "live", T0 + S);
	give_facts(f, "third", NULL, "clip", 0);
	assert_int_equal(expect_browse(f, all, "w/third w/second w/first"), 0);
	filter.text = "GOAL";
	expect_browse(f, filter, "w/second w/first");
	filter.type = "clip";
	expect_browse(f, filter, "w/first");
	filter = all;
	filter.text = "hir";
	expect_browse(f, filter, "w/third");
	/* What LIKE would take for wildcards. */
	filter.text = "0%";
	expect_browse(f, filter, "w/first");
	filter.text = "l_k";
	expect_browse(f, filter, "w/first");
	filter.text = "s_c";
	expect_browse(f, filter, "");
	filter.text = "\\";
	expect_browse(f, filter, "");
	filter = all;
	filter.from_ns = T0 + S;
	filter.to_ns = T0 + S + 1;
	expect_browse(f, filter, "w/second");
	filter.to_ns = T0 + S;
	expect_browse(f, filter, "");
	filter = all;
	filter.workspace = "v";
	expect_browse(f, filter, "");
	filter.workspace = "w";
	filter.state = ASSET_ANNOUNCED;
	expect_browse(f, filter, "");
	filter = all;
	filter.limit = 2;
	filter.before_row = expect_browse(f, filter, "w/third w/second");
	assert_int_equal(expect_browse(f, filter, "w/first"), 0);
}

/* More than are read and sorted for a page, and more than are walked through. */
static void a_page_of_what_changed_is_right_in_a_large_archive(void **state)
{
	struct fixture *f = *state;
	struct asset_filter since = { .state = -1, .limit = 2, .since_ns = T0 + S };

	put(f, make_delivery("v", "old", "1", EVENT_ANNOUNCED, T0));
	fixture_at(f, T0 + S);
	put(f, make_delivery("v", "first", "2", EVENT_ANNOUNCED, T0));
	put_event(f, "second", "3", EVENT_ANNOUNCED, T0);
	free(ask_text(f,
		"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n"
		" WHERE n < 30000)"
		" INSERT INTO assets(row, workspace, id, state, first_seen_ns, updated_ns,"
		" due_ns, deadline_ns, announced_ns, ready_ns, changed_ns, failed_ns,"
		" deleted_ns, wish, held, seq, trial, created_ns, expires_ns,"
		" duration_ms, width, height)"
		" SELECT row + n, workspace, 'n' || n, state, first_seen_ns, updated_ns,"
		" due_ns, deadline_ns, announced_ns, ready_ns, changed_ns, failed_ns,"
		" deleted_ns, wish, held, seq, trial, created_ns, expires_ns,"
		" duration_ms, width, height FROM assets, n WHERE id = 'second'"));
	since.before_row = expect_list(f, since, "w/n30000 w/n29999");
	expect_list(f, since, "w/n29998 w/n29997");
	since.before_row = 0;
	since.workspace = "v"; /* far behind all that is walked through */
	expect_list(f, since, "v/first");
	since.workspace = NULL;
	since.since_ns = T0 + 2 * S;
	expect_list(f, since, "");
}

static void a_summary_needs_no_files(void **state)
{
	struct fixture *f = *state;
	struct answer answer = { .calls = 0 };
	struct asset *asset =
		loaded(f, put_event(f, "a", "1", EVENT_READY, T0).asset_row);
	struct asset_filter all = { .state = ASSET_ARCHIVED, .limit = 10 };

	fill(asset);
	save(f, asset, 0, NULL);
	store_list(f->store, &all, on_list, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.b, 100 * 10 + 2);
	free(answer.text);
	char *path = ask_text(f, "SELECT path FROM assets");
	assert_string_equal(path, "w/a.mp4");
	free(path);
	asset_free(asset);
}

static void on_removals(
	void *arg, const struct err *err, const struct removal_counts *counts)
{
	struct answer *answer = arg;

	on_stored(answer, err);
	answer->a = counts->removed;
	answer->b = counts->archived;
	answer->count = (size_t)counts->retired;
}

static void removals_are_counted(void **state)
{
	struct fixture *f = *state;
	struct answer answer = { .calls = 0 };
	struct asset *asset =
		loaded(f, put_event(f, "a", "1", EVENT_READY, T0).asset_row);
	asset->state = ASSET_ARCHIVED;
	save(f, asset, 0, NULL);
	put_event(f, "b", "2", EVENT_READY, T0);

	asset->removed_ns = T0 + S;
	save(f, asset, 0, NULL);
	save(f, asset, 0, NULL);
	asset->removed_ns = 0;
	save(f, asset, 0, NULL);
	asset->removed_ns = T0 + 3 * S;
	save(f, asset, 0, NULL);
	store_removals(f->store, "w", T0 + 2 * S, on_removals, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.a, 1);
	assert_int_equal(answer.b, 1);
	assert_int_equal(stats_of(f, "w", T0).removed_since, 2);
	/* What retention removes is counted apart. */
	asset->retired = true;
	asset->removed_ns = T0 + 4 * S;
	save(f, asset, 0, NULL);
	asset->retired = false;
	store_removals(f->store, "w", T0 + 2 * S, on_removals, &answer);
	fixture_wait(f, &answer, 2);
	assert_int_equal(answer.a, 1);
	assert_int_equal(answer.count, 1);
	asset->state = ASSET_DELETED;
	asset->tombstone = true;
	save(f, asset, 0, NULL);
	store_removals(f->store, "w", T0, on_removals, &answer);
	fixture_wait(f, &answer, 3);
	assert_int_equal(answer.b, 0);
	store_removals(f->store, "nobody", T0, on_removals, &answer);
	fixture_wait(f, &answer, 4);
	assert_int_equal(answer.a, 0);
	assert_int_equal(
		ask(f, "SELECT count(*) FROM assets WHERE state='deleted'"), 1);
	asset_free(asset);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_saved_is_loaded),
		TEST(a_file_is_added_alone),
		TEST(files_and_parts_are_saved_as_they_stand),
		TEST(news_during_a_look_keeps_the_asset_due),
		TEST(a_wish_during_a_look_is_not_lost),
		TEST(what_is_not_there_is_not_found),
		TEST(commands_are_told_in_the_story),
		TEST(no_two_assets_get_one_path),
		TEST(a_story_is_told_in_order),
		TEST(a_story_keeps_its_newest_lines),
		TEST(names_are_found_as_people_write_them),
		TEST(lists_are_paged_newest_first),
		TEST(searching_by_all_criteria),
		TEST(a_page_of_what_changed_is_right_in_a_large_archive),
		TEST(a_summary_needs_no_files),
		TEST(removals_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
