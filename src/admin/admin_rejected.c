/*
 * What a workspace delivered and vodkeep could not use: signed, but not JSON, or
 * without what the event needs. These belong to no asset, so no asset's story tells of
 * them.
 */
#include <config.h>

#include "admin/call.h"

#include "base/json.h"

#define REJECTED_MAX 1000

static cJSON *delivery_json(const struct stored_delivery *delivery)
{
	cJSON *json = cJSON_CreateObject();

	json_add_time(json, "at", delivery->received_ns);
	json_add_text(json, "type", delivery->type);
	json_add_text(json, "key", delivery->key);
	json_add_int(json, "times", delivery->duplicates + 1);
	json_add_text(json, "text", delivery->note);
	return json;
}

static void on_deliveries(
	void *arg, const struct err *err, const struct stored_delivery *list, size_t n)
{
	struct admin_call *call = arg;
	cJSON *json, *rejected;

	if (call_failed(call, err))
		return;
	json = cJSON_CreateObject();
	json_add_text(json, "workspace", call->args.workspace);
	rejected = cJSON_AddArrayToObject(json, "rejected");
	for (size_t i = n; i > 0; i--) /* in time order */
		cJSON_AddItemToArray(rejected, delivery_json(&list[i - 1]));
	call_reply_json(call, 200, json);
}

void admin_rejected(struct admin_call *call)
{
	struct delivery_filter filter = {
		.workspace = call->args.workspace,
		.outcome = DELIVERED_REJECTED,
		.limit = REJECTED_MAX,
	};

	if (config_workspace(call_config(call), filter.workspace))
		store_deliveries(call->admin->on.store, &filter, on_deliveries, call);
	else
		call_fail(call, 404, "there is no workspace %s", filter.workspace);
}
