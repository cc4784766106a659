/*
 * Reading assets: the list, one of them, its story, and which asset a person means.
 *
 * The store knows where an asset rests, the keeper which ones are being worked on: the
 * state shown is the live one. A list filtered by state therefore walks the store's
 * pages until enough assets pass the filter, the list ends, or PAGES_MAX is reached. So
 * does a search, whose pages are what the store looks at in one go.
 */
#include <config.h>

#include "admin/call.h"

#include "admin/asset_json.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/rule.h"

#include <stdlib.h>
#include <string.h>

#define LIST_DEFAULT 50
#define LIST_MAX     1000
#define PAGE_SIZE    500
#define PAGES_MAX    400
#define STORY_MAX    1024 /* of the sentence about what comes next */
#define TEXT_MAX     200  /* to search for */

struct listing {
	struct admin_call *call;
	struct asset_filter filter;
	char *workspace, *text, *type;
	int state;   /* live state asked for; -1 any */
	bool browse; /* by what only a search answers */
	size_t wanted;
	size_t found;
	int pages;
	cJSON *list;
};

static void listing_free(struct listing *listing)
{
	cJSON_Delete(listing->list);
	free(listing->workspace);
	free(listing->text);
	free(listing->type);
	free(listing);
}

static void listing_reply(struct listing *listing, bool more)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddItemToObject(json, "assets", listing->list);
	listing->list = NULL;
	if (more)
		json_add_int(json, "next", listing->filter.before_row);
	else
		cJSON_AddNullToObject(json, "next");
	call_reply_json(listing->call, 200, json);
	listing_free(listing);
}

static void listing_next(struct listing *listing);

/* Take what passes the filter; the place mark follows. Returns whether some were left.
 */
static bool take_page(
	struct listing *listing, const struct asset_summary *list, size_t n)
{
	size_t i;

	for (i = 0; i < n && listing->found < listing->wanted; i++) {
		enum asset_state state =
			live_state(listing->call->admin, list[i].row, list[i].state);

		listing->filter.before_row = list[i].row;
		if (listing->state >= 0 && (int)state != listing->state)
			continue;
		cJSON_AddItemToArray(
			listing->list, asset_summary_json(&list[i], state));
		listing->found++;
	}
	return i < n;
}

/* @more: the store has rows below the place mark. */
static void page_done(struct listing *listing, bool more)
{
	if (listing->found >= listing->wanted || !more || listing->pages >= PAGES_MAX ||
		!listing->call->in)
		listing_reply(listing, more);
	else
		listing_next(listing);
}

static void on_list_page(
	void *arg, const struct err *err, const struct asset_summary *list, size_t n)
{
	struct listing *listing = arg;

	if (call_failed(listing->call, err)) {
		listing_free(listing);
		return;
	}
	bool left = take_page(listing, list, n);

	page_done(listing, left || n == listing->filter.limit);
}

static void on_browse_page(void *arg, const struct err *err,
	const struct asset_summary *list, size_t n, int64_t next_row)
{
	struct listing *listing = arg;

	if (call_failed(listing->call, err)) {
		listing_free(listing);
		return;
	}
	bool left = take_page(listing, list, n);

	if (listing->found < listing->wanted)
		listing->filter.before_row = next_row;
	page_done(listing, left || next_row > 0);
}

static void listing_next(struct listing *listing)
{
	struct store *store = listing->call->admin->on.store;

	listing->filter.limit = listing->wanted - listing->found;
	if (listing->state >= 0)
		listing->filter.limit = PAGE_SIZE;
	listing->pages++;
	if (listing->browse)
		store_browse(store, &listing->filter, on_browse_page, listing);
	else
		store_list(store, &listing->filter, on_list_page, listing);
}

/* Of a search. */
static int read_search(struct listing *listing, struct err *err)
{
	struct admin_call *call = listing->call;
	struct asset_filter *filter = &listing->filter;
	const char *from = call_query(call, "from"), *to = call_query(call, "to");

	listing->text = mem_strdup(call_query(call, "q"));
	listing->type = mem_strdup(call_query(call, "type"));
	filter->text = listing->text;
	filter->type = listing->type;
	listing->browse = filter->text || filter->type || from || to;
	if (filter->text && strlen(filter->text) > TEXT_MAX)
		return err_set(err, ERR_INPUT, "q is longer than %d bytes", TEXT_MAX);
	if (from &&
		time_parse_since(from, call_now_ns(call), &filter->from_ns, err) < 0)
		return err_wrap(err, "from");
	if (to && time_parse_since(to, call_now_ns(call), &filter->to_ns, err) < 0)
		return err_wrap(err, "to");
	return 0;
}

/* Parameters into @listing. */
static int read_filter(struct listing *listing, struct err *err)
{
	struct admin_call *call = listing->call;
	const char *state = call_query(call, "state");
	const char *since = call_query(call, "since");
	const char *limit = call_query(call, "limit");
	const char *before = call_query(call, "before");
	enum asset_state parsed;

	listing->workspace = mem_strdup(call_query(call, "workspace"));
	listing->filter.workspace = listing->workspace;
	if (listing->workspace &&
		!config_workspace(call_config(call), listing->workspace))
		return err_set(err, ERR_NOT_FOUND, "there is no workspace %s",
			listing->workspace);
	if (state) {
		if (asset_state_parse(state, &parsed) < 0)
			return err_set(err, ERR_INPUT, "there is no state %s", state);
		listing->state = (int)parsed;
	}
	if (since && time_parse_since(since, call_now_ns(call),
			     &listing->filter.since_ns, err) < 0)
		return err_wrap(err, "since");
	if (limit) {
		long value = strtol(limit, NULL, 10);
		if (value < 1 || value > LIST_MAX)
			return err_set(
				err, ERR_INPUT, "limit is from 1 to %d", LIST_MAX);
		listing->wanted = (size_t)value;
	}
	if (before)
		listing->filter.before_row = strtoll(before, NULL, 10);
	return read_search(listing, err);
}

void admin_assets(struct admin_call *call)
{
	struct listing *listing = mem_alloc(sizeof(*listing));
	struct err err = { 0 };

	listing->call = call;
	listing->state = -1;
	listing->wanted = LIST_DEFAULT;
	listing->list = cJSON_CreateArray();
	if (read_filter(listing, &err) < 0) {
		call_fail_err(call, &err);
		listing_free(listing);
		return;
	}
	/* What is being worked on rests in the store under any state. */
	listing->filter.state = listing->state;
	if (listing->state == ASSET_FETCHING || listing->state == ASSET_DOWNLOADING)
		listing->filter.state = -1;
	listing_next(listing);
}

static void on_found(
	void *arg, const struct err *err, const struct asset_ref *refs, size_t n)
{
	struct admin_call *call = arg;
	cJSON *json, *list;

	if (err->class != ERR_NOT_FOUND && call_failed(call, err))
		return;
	json = cJSON_CreateObject();
	list = cJSON_AddArrayToObject(json, "matches");
	for (size_t i = 0; i < n; i++) {
		cJSON *entry = cJSON_CreateObject();

		json_add_text(entry, "workspace", refs[i].workspace);
		json_add_text(entry, "id", refs[i].id);
		cJSON_AddItemToArray(list, entry);
	}
	call_reply_json(call, 200, json);
}

void admin_find(struct admin_call *call)
{
	const char *text = call_query(call, "q");

	if (text)
		store_find(call->admin->on.store, text, on_found, call);
	else
		call_fail(call, 400, "q is missing: the asset to find");
}

static void show_loaded(struct admin_call *call, struct asset *asset)
{
	enum asset_state state = live_state(call->admin, asset->row, asset->state);
	cJSON *json = asset_json(asset, state);

	asset_free(asset);
	call_reply_json(call, 200, json);
}

void admin_show(struct admin_call *call)
{
	call_load(call, show_loaded);
}

struct telling {
	struct admin_call *call;
	struct asset *asset;
};

static void add_next(cJSON *json, const struct telling *telling, enum asset_state state)
{
	struct keeper *keeper = telling->call->admin->on.keeper;
	struct next_input in = {
		.asset = telling->asset,
		.state = state,
		.paused = keeper_paused(keeper, "") ||
			  keeper_paused(keeper, telling->asset->workspace),
		.now_ns = call_now_ns(telling->call),
		.rule = rule_choose(call_config(telling->call),
			telling->asset->workspace, &telling->asset->facts),
	};
	struct buf text;

	buf_init(&text, STORY_MAX);
	asset_next(&in, &text);
	json_add_text(json, "next", buf_text(&text));
	buf_release(&text);
}

static cJSON *story_json(const struct telling *telling, const struct story *story)
{
	const struct asset *asset = telling->asset;
	enum asset_state state =
		live_state(telling->call->admin, asset->row, asset->state);
	cJSON *json = cJSON_CreateObject();
	char *name = mem_printf("%s/%s", asset->workspace, asset->id);
	cJSON *list;

	json_add_text(json, "asset", name);
	free(name);
	json_add_text(json, "title", asset->facts.title);
	json_add_text(json, "state", asset_state_name(state));
	json_add_text(json, "reason", asset->reason);
	asset_missing_json(json, asset);
	list = cJSON_AddArrayToObject(json, "story");
	for (size_t i = 0; i < story->count; i++) {
		cJSON *line = cJSON_CreateObject();

		json_add_time(line, "at", story->lines[i].at_ns);
		json_add_text(line, "kind", story->lines[i].kind);
		json_add_text(line, "text", story->lines[i].text);
		if (story->lines[i].decision)
			json_add_text(line, "decision", story->lines[i].decision);
		cJSON_AddItemToArray(list, line);
	}
	add_next(json, telling, state);
	return json;
}

static void on_story(void *arg, const struct err *err, const struct story *story)
{
	struct telling *telling = arg;

	if (!call_failed(telling->call, err))
		call_reply_json(telling->call, 200, story_json(telling, story));
	asset_free(telling->asset);
	free(telling);
}

static void story_loaded(struct admin_call *call, struct asset *asset)
{
	struct telling *telling = mem_alloc(sizeof(*telling));

	telling->call = call;
	telling->asset = asset;
	store_story(call->admin->on.store, asset->row, on_story, telling);
}

void admin_story(struct admin_call *call)
{
	call_load(call, story_loaded);
}
