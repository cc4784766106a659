/*
 * Reconciling on demand: a person asks for a walk through the platforms' lists, and
 * comes back for what it found. A list of 100,000 takes minutes, so nobody waits in the
 * request. Nothing here talks to a platform.
 */
#include <config.h>

#include "admin/call.h"

#include "base/json.h"

#include <string.h>

/* True when @name is meant: the one named @wanted, or any. */
static bool is_meant(const char *wanted, const char *name)
{
	return !wanted || strcmp(wanted, name) == 0;
}

void admin_reconcile(struct admin_call *call)
{
	const char *wanted = json_text(call->body, "workspace");
	bool dry = json_bool(call->body, "dry_run", false);
	const struct config *config = call_config(call);
	cJSON *json, *list;

	if (wanted && !config_workspace(config, wanted)) {
		call_fail(call, 404, "there is no workspace %s", wanted);
		return;
	}
	json = cJSON_CreateObject();
	json_add_text(json, "command", "reconcile");
	json_add_bool(json, "dry_run", dry);
	list = cJSON_AddArrayToObject(json, "workspaces");
	for (size_t i = 0; i < config->n_workspaces; i++) {
		const char *name = config->workspaces[i].name;
		struct err err = { 0 };
		int64_t number;
		cJSON *one;

		if (!is_meant(wanted, name))
			continue;
		keeper_asked(call->admin->on.keeper, name);
		number = keeper_reconcile(call->admin->on.keeper, name, dry, &err);
		if (number < 0) {
			cJSON_Delete(json);
			call_fail(call, 409, "%s", err.text);
			return;
		}
		one = cJSON_CreateObject();
		json_add_text(one, "name", name);
		json_add_int(one, "number", number);
		cJSON_AddItemToArray(list, one);
	}
	call_reply_json(call, 200, json);
}

static cJSON *report_json(const char *name, const struct reconcile_report *report)
{
	const struct differences *found = &report->found;
	cJSON *json = cJSON_CreateObject();
	cJSON *list;

	json_add_text(json, "name", name);
	json_add_int(json, "asked", report->asked);
	json_add_int(json, "done", report->done);
	json_add_int(json, "page", report->page);
	json_add_int(json, "listed", report->listed);
	json_add_text(
		json, "error", report->err.class == ERR_NONE ? NULL : report->err.text);
	for (int kind = 0; kind < LISTING_KINDS; kind++)
		if (listing_differs((enum listing_kind)kind))
			json_add_int(json, listing_kind_name((enum listing_kind)kind),
				found->counts[kind]);
	list = cJSON_AddArrayToObject(json, "differences");
	for (size_t i = 0; i < found->n; i++) {
		cJSON *one = cJSON_CreateObject();

		json_add_text(one, "id", found->items[i].id);
		json_add_text(one, "title", found->items[i].title);
		json_add_text(one, "kind", listing_kind_name(found->items[i].kind));
		cJSON_AddItemToArray(list, one);
	}
	return json;
}

void admin_reconciled(struct admin_call *call)
{
	const char *wanted = call_query(call, "workspace");
	const char *dry = call_query(call, "dry_run");
	const struct config *config = call_config(call);
	cJSON *json = cJSON_CreateObject();
	cJSON *list = cJSON_AddArrayToObject(json, "workspaces");

	for (size_t i = 0; i < config->n_workspaces; i++) {
		const char *name = config->workspaces[i].name;
		const struct reconcile_report *report = keeper_reconciled(
			call->admin->on.keeper, name, dry && strcmp(dry, "yes") == 0);

		if (report && is_meant(wanted, name))
			cJSON_AddItemToArray(list, report_json(name, report));
	}
	call_reply_json(call, 200, json);
}
