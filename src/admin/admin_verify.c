/*
 * Verifying: begin a run, see how far it is, end it. A run takes as long as reading the
 * archive does, so nobody waits for it in a request.
 */
#include <config.h>

#include "admin/call.h"

#include "admin/verify_json.h"
#include "base/json.h"
#include "base/mem.h"
#include <stdlib.h>

#define ASSETS_MAX 1000 /* of one run */

void admin_verify_show(struct admin_call *call)
{
	call_reply_json(
		call, 200, verify_json(verifier_report(call->admin->on.verifier)));
}

static int check(const struct admin_call *call, double sample, struct err *err)
{
	const cJSON *assets = json_at(call->body, "assets");
	const cJSON *asset;

	if (!(sample > 0 && sample <= 100))
		return err_set(
			err, ERR_INPUT, "sample is a percentage above 0 and up to 100");
	if (assets && !cJSON_IsArray(assets))
		return err_set(err, ERR_INPUT, "assets is a list of names");
	if (cJSON_GetArraySize(assets) > ASSETS_MAX)
		return err_set(err, ERR_INPUT, "at most %d assets at once", ASSETS_MAX);
	cJSON_ArrayForEach (asset, assets) {
		if (!cJSON_IsString(asset))
			return err_set(err, ERR_INPUT, "assets is a list of names");
	}
	return 0;
}

void admin_verify(struct admin_call *call)
{
	const cJSON *assets = json_at(call->body, "assets");
	const cJSON *asset;
	struct verifier_request request = {
		.sample = json_number(call->body, "sample", 100),
		.repair = json_bool(call->body, "repair", false),
	};
	struct err err = { 0 };
	char **names;
	int rc = check(call, request.sample, &err);

	if (rc < 0) {
		call_fail_err(call, &err);
		return;
	}
	names = mem_array((size_t)cJSON_GetArraySize(assets) + 1, sizeof(*names));
	cJSON_ArrayForEach (asset, assets) {
		names[request.n_assets++] = asset->valuestring;
	}
	request.assets = names;
	rc = verifier_begin(call->admin->on.verifier, &request, &err);
	free(names);
	if (rc == -ERR_EXISTS)
		call_fail(call, 409, "%s", err.text);
	else if (rc < 0)
		call_fail_err(call, &err);
	else
		admin_verify_show(call);
}

void admin_verify_cancel(struct admin_call *call)
{
	verifier_cancel(call->admin->on.verifier);
	admin_verify_show(call);
}
