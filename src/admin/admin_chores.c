/*
 * Chores: begin a run, see how far it is, end it. Nobody waits for it in a request.
 */
#include <config.h>

#include "admin/call.h"

#include "base/json.h"
#include "base/mem.h"
#include <stdlib.h>

/* ---- as JSON ---- */

static cJSON *item_json(const struct chore_type *type, const struct chore_item *item)
{
	cJSON *json = cJSON_CreateObject();
	char *name = item->id ? mem_printf("%s/%s", item->workspace, item->id) : NULL;

	json_add_text(json, "kind", type->kinds[item->kind]);
	json_add_text(json, "asset", name);
	json_add_text(json, "path", item->path);
	json_add_text(json, "text", item->text);
	free(name);
	return json;
}

static cJSON *report_json(
	const struct chore_type *type, const struct chore_report *report)
{
	cJSON *json = cJSON_CreateObject();
	const struct err *err = &report->err;
	bool failed = err->class != ERR_NONE;
	cJSON *items;

	json_add_int(json, "run", report->run);
	json_add_bool(json, "running", report->running);
	json_add_bool(json, "dry_run", report->dry_run);
	json_add_time(json, "began", report->began_ns);
	json_add_time(json, "ended", report->ended_ns);
	json_add_int(json, "seen", report->seen);
	json_add_int(json, "bytes", report->bytes);
	for (int i = 0; i < CHORE_KINDS && type->kinds[i]; i++)
		json_add_int(json, type->kinds[i], report->counts[i]);
	json_add_text(json, "error", failed ? err->text : NULL);
	json_add_text(json, "error_class", failed ? err_class_name(err->class) : NULL);
	items = cJSON_AddArrayToObject(json, "items");
	for (size_t i = 0; i < report->n_items; i++)
		cJSON_AddItemToArray(items, item_json(type, &report->items[i]));
	json_add_bool(json, "more", report->n_items >= CHORE_ITEMS_MAX);
	return json;
}

static void show(struct admin_call *call, enum chore chore)
{
	call_reply_json(call, 200,
		report_json(chore_type(chore),
			chores_report(call->admin->on.chores, chore)));
}

static void begin(
	struct admin_call *call, enum chore chore, const struct chore_order *order)
{
	struct err err = { 0 };
	int rc = chores_begin(call->admin->on.chores, chore, order, &err);

	if (rc == -ERR_EXISTS)
		call_fail(call, 409, "%s", err.text);
	else if (rc < 0)
		call_fail_err(call, &err);
	else
		show(call, chore);
}

static void cancel(struct admin_call *call, enum chore chore)
{
	chores_cancel(call->admin->on.chores, chore);
	show(call, chore);
}

/* ---- the handlers ---- */

void admin_import_show(struct admin_call *call)
{
	show(call, CHORE_IMPORT);
}

void admin_import(struct admin_call *call)
{
	const struct chore_order order = {
		.dry_run = json_bool(call->body, "dry_run", false),
		.sizes_only = json_bool(call->body, "sizes", false),
	};

	begin(call, CHORE_IMPORT, &order);
}

void admin_import_cancel(struct admin_call *call)
{
	cancel(call, CHORE_IMPORT);
}

void admin_refile_show(struct admin_call *call)
{
	show(call, CHORE_REFILE);
}

void admin_refile(struct admin_call *call)
{
	const struct chore_order order = {
		.dry_run = json_bool(call->body, "dry_run", false),
	};

	begin(call, CHORE_REFILE, &order);
}

void admin_refile_cancel(struct admin_call *call)
{
	cancel(call, CHORE_REFILE);
}

void admin_replay_show(struct admin_call *call)
{
	show(call, CHORE_REPLAY);
}

void admin_replay(struct admin_call *call)
{
	const char *workspace = json_text(call->body, "workspace");
	const char *since = json_text(call->body, "since");
	struct chore_order order = {
		.dry_run = json_bool(call->body, "dry_run", false),
	};
	char *name;
	struct err err = { 0 };

	if (workspace && !config_workspace(call_config(call), workspace)) {
		call_fail(call, 400, "there is no workspace %s", workspace);
		return;
	}
	if (since &&
		time_parse_since(since, call_now_ns(call), &order.since_ns, &err) < 0) {
		err_wrap(&err, "since");
		call_fail_err(call, &err);
		return;
	}
	name = mem_strdup(workspace);
	order.workspace = name;
	begin(call, CHORE_REPLAY, &order);
	free(name);
}

void admin_replay_cancel(struct admin_call *call)
{
	cancel(call, CHORE_REPLAY);
}
