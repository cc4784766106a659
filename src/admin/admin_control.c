/*
 * Changing things: every command becomes durable news in the store, then the keeper is
 * told, so that it acts at once. Pauses are the keeper's own: it has them stored, and
 * nobody waits for that. Nothing here touches a file or a platform.
 */
#include <config.h>

#include "admin/call.h"

#include "base/json.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define FETCH_MAX 1000 /* ids of one request */

static void reply_done(struct admin_call *call, const char *command)
{
	cJSON *json = cJSON_CreateObject();
	char *name = mem_printf("%s/%s", call->args.workspace, call->args.id);

	json_add_text(json, "command", command);
	json_add_text(json, "asset", name);
	free(name);
	call_reply_json(call, 200, json);
}

/* ---- commands for one asset ---- */

static void after_write(struct admin_call *call, const struct err *err,
	const char *command, bool stops_work)
{
	if (call_failed(call, err))
		return;
	keeper_asked(call->admin->on.keeper, call->args.workspace);
	keeper_news(
		call->admin->on.keeper, call->args.workspace, call->row, stops_work);
	reply_done(call, command);
}

static void on_retry(void *arg, const struct err *err)
{
	after_write(arg, err, "retry", false);
}

static void on_remove(void *arg, const struct err *err)
{
	after_write(arg, err, "remove", true);
}

static void on_hold(void *arg, const struct err *err)
{
	after_write(arg, err, "hold", false);
}

static void on_unhold(void *arg, const struct err *err)
{
	after_write(arg, err, "unhold", false);
}

static void wish(struct admin_call *call, enum asset_wish what, store_done_cb cb)
{
	store_wish(call->admin->on.store, call->args.workspace, call->args.id, what,
		false, cb, call);
}

static void retry_loaded(struct admin_call *call, struct asset *asset)
{
	bool gone = asset->tombstone && asset->by_person;

	asset_free(asset);
	if (gone)
		call_fail(call, 409,
			"%s/%s was removed by hand: `vodkeep fetch %s %s' brings it back",
			call->args.workspace, call->args.id, call->args.workspace,
			call->args.id);
	else
		wish(call, WISH_RETRY, on_retry);
}

void admin_retry(struct admin_call *call)
{
	call_load(call, retry_loaded);
}

static void remove_loaded(struct admin_call *call, struct asset *asset)
{
	bool held = asset->held;

	asset_free(asset);
	if (held)
		call_fail(call, 409,
			"%s/%s is held: `vodkeep unhold %s/%s' allows its removal",
			call->args.workspace, call->args.id, call->args.workspace,
			call->args.id);
	else
		wish(call, WISH_REMOVE, on_remove);
}

void admin_remove(struct admin_call *call)
{
	call_load(call, remove_loaded);
}

static void hold_loaded(struct admin_call *call, struct asset *asset)
{
	asset_free(asset);
	store_hold(call->admin->on.store, call->args.workspace, call->args.id, true,
		on_hold, call);
}

void admin_hold(struct admin_call *call)
{
	call_load(call, hold_loaded);
}

static void unhold_loaded(struct admin_call *call, struct asset *asset)
{
	asset_free(asset);
	store_hold(call->admin->on.store, call->args.workspace, call->args.id, false,
		on_unhold, call);
}

void admin_unhold(struct admin_call *call)
{
	call_load(call, unhold_loaded);
}

/* ---- fetch: several ids, known or not ---- */

struct fetching {
	struct admin_call *call;
	char *workspace;
	size_t pending; /* ids whose wish is on its way */
	struct err err; /* the first failure */
};

struct fetching_id {
	struct fetching *all;
	char *id;
};

static void fetching_done(struct fetching_id *one, const struct err *err)
{
	struct fetching *all = one->all;
	cJSON *json;

	free(one->id);
	free(one);
	if (err->class != ERR_NONE && all->err.class == ERR_NONE)
		all->err = *err;
	if (--all->pending > 0)
		return;
	if (all->err.class != ERR_NONE) {
		call_fail_err(all->call, &all->err);
	} else {
		json = cJSON_CreateObject();
		json_add_text(json, "command", "fetch");
		json_add_text(json, "workspace", all->workspace);
		cJSON_AddItemToObject(json, "ids",
			cJSON_DetachItemFromObject(all->call->body, "ids"));
		call_reply_json(all->call, 200, json);
	}
	free(all->workspace);
	free(all);
}

/* The wish is durable; the keeper wants the row, which an unknown asset has only now.
 */
static void on_fetch_found(
	void *arg, const struct err *err, const struct asset_ref *refs, size_t n)
{
	struct fetching_id *one = arg;
	struct fetching *all = one->all;

	for (size_t i = 0; i < n && all->call->admin->on.keeper; i++)
		if (strcmp(refs[i].workspace, all->workspace) == 0 &&
			strcmp(refs[i].id, one->id) == 0) {
			keeper_asked(all->call->admin->on.keeper, all->workspace);
			keeper_news(all->call->admin->on.keeper, all->workspace,
				refs[i].row, false);
		}
	fetching_done(one, err);
}

static void on_fetch(void *arg, const struct err *err)
{
	struct fetching_id *one = arg;
	char *text;

	if (err->class != ERR_NONE) {
		fetching_done(one, err);
		return;
	}
	text = mem_printf("%s/%s", one->all->workspace, one->id);
	store_find(one->all->call->admin->on.store, text, on_fetch_found, one);
	free(text);
}

static int check_fetch(const struct admin_call *call, struct err *err)
{
	const char *workspace = json_text(call->body, "workspace");
	const cJSON *ids = json_at(call->body, "ids");
	const cJSON *id;

	if (!workspace || !cJSON_IsArray(ids) || cJSON_GetArraySize(ids) == 0)
		return err_set(err, ERR_INPUT,
			"the body is {\"workspace\": NAME, \"ids\": [ID, ...]}");
	if (!config_workspace(call_config(call), workspace))
		return err_set(
			err, ERR_NOT_FOUND, "there is no workspace %s", workspace);
	if (cJSON_GetArraySize(ids) > FETCH_MAX)
		return err_set(err, ERR_INPUT, "at most %d ids at once", FETCH_MAX);
	cJSON_ArrayForEach (id, ids) {
		if (!cJSON_IsString(id) || !asset_id_ok(id->valuestring))
			return err_set(err, ERR_INPUT,
				"an id is 1 to 255 letters, digits, '-' and '_'");
	}
	return 0;
}

void admin_fetch(struct admin_call *call)
{
	struct fetching *all;
	const cJSON *ids, *id;
	struct err err = { 0 };

	if (check_fetch(call, &err) < 0) {
		call_fail_err(call, &err);
		return;
	}
	ids = json_at(call->body, "ids");
	all = mem_alloc(sizeof(*all));
	all->call = call;
	all->workspace = mem_strdup(json_text(call->body, "workspace"));
	all->pending = (size_t)cJSON_GetArraySize(ids);
	cJSON_ArrayForEach (id, ids) {
		struct fetching_id *one = mem_alloc(sizeof(*one));

		one->all = all;
		one->id = mem_strdup(id->valuestring);
		store_wish(call->admin->on.store, all->workspace, one->id, WISH_FETCH,
			true, on_fetch, one);
	}
}

/* ---- commands for many ---- */

/* The workspace a body names; NULL for all. False: answered, it is not there. */
static bool body_workspace(struct admin_call *call, const char **out)
{
	const char *name = json_text(call->body, "workspace");

	if (name && !config_workspace(call_config(call), name)) {
		call_fail(call, 404, "there is no workspace %s", name);
		return false;
	}
	*out = name;
	return true;
}

/* Row 0: whatever has become due. */
static void news_for_many(struct admin_call *call, const char *workspace)
{
	const struct config *config = call_config(call);

	for (size_t i = 0; i < config->n_workspaces; i++)
		if (!workspace || strcmp(workspace, config->workspaces[i].name) == 0) {
			keeper_asked(
				call->admin->on.keeper, config->workspaces[i].name);
			keeper_news(call->admin->on.keeper, config->workspaces[i].name,
				0, false);
		}
}

static void on_retry_failed(void *arg, const struct err *err, size_t count)
{
	struct admin_call *call = arg;
	cJSON *json;

	if (call_failed(call, err))
		return;
	news_for_many(call, json_text(call->body, "workspace"));
	json = cJSON_CreateObject();
	json_add_text(json, "command", "retry");
	json_add_int(json, "count", (int64_t)count);
	call_reply_json(call, 200, json);
}

void admin_retry_failed(struct admin_call *call)
{
	const char *workspace;

	if (body_workspace(call, &workspace))
		store_wish_all(call->admin->on.store, workspace, ASSET_FAILED,
			WISH_RETRY, on_retry_failed, call);
}

static cJSON *paused_json(const char *command, const char *workspace, bool paused)
{
	cJSON *json = cJSON_CreateObject();

	json_add_text(json, "command", command);
	json_add_text(json, "workspace", workspace);
	json_add_bool(json, "paused", paused);
	return json;
}

void admin_pause(struct admin_call *call)
{
	const char *workspace;

	if (!body_workspace(call, &workspace))
		return;
	keeper_set_paused(call->admin->on.keeper, workspace ? workspace : "", true);
	call_reply_json(call, 200, paused_json("pause", workspace, true));
}

static void on_confirmed(void *arg, const struct err *err, size_t count)
{
	struct admin_call *call = arg;
	const char *workspace = json_text(call->body, "workspace");
	cJSON *json;

	if (call_failed(call, err))
		return;
	news_for_many(call, workspace);
	json = paused_json("resume", workspace, false);
	json_add_int(json, "confirmed", (int64_t)count);
	call_reply_json(call, 200, json);
}

void admin_resume(struct admin_call *call)
{
	const char *workspace;

	if (!body_workspace(call, &workspace))
		return;
	keeper_set_paused(call->admin->on.keeper, workspace ? workspace : "", false);
	store_wish_all(call->admin->on.store, workspace, ASSET_DELETION_HELD,
		WISH_CONFIRM, on_confirmed, call);
}
