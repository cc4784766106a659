/*
 * The state database as a whole: a copy of it.
 */
#include <config.h>

#include "admin/call.h"

#include "base/json.h"
#include "base/log.h"

static void on_backup(void *arg, const struct err *err)
{
	struct admin_call *call = arg;
	const char *file = json_text(call->body, "file");
	cJSON *json;

	if (err->class == ERR_EXISTS) {
		call_fail(call, 409, "%s", err->text);
		return;
	}
	if (call_failed(call, err))
		return;
	log_info(NULL, "a backup of the state was written to %s", file);
	json = cJSON_CreateObject();
	json_add_text(json, "command", "backup");
	json_add_text(json, "file", file);
	call_reply_json(call, 200, json);
}

void admin_backup(struct admin_call *call)
{
	const char *file = json_text(call->body, "file");

	if (file && file[0] == '/')
		store_backup(call->admin->on.store, file, on_backup, call);
	else
		call_fail(call, 400,
			"the body is {\"file\": PATH}, with a path that begins with /");
}
