/*
 * The webhooks of an OptiView account (optiview.md §1.2): which of them is ours, and
 * whether it is on. Every read brings the webhook's secret along; it is not looked at.
 */
#include <config.h>

#include "platform/optiview.h"

#include "base/json.h"
#include "base/mem.h"
#include "platform/answer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TITLE "Dolby OptiView"

void optiview_hook_request(const struct workspace_config *ws, struct http_request *out)
{
	const char *api = ws->api_url ? ws->api_url : OPTIVIEW_API_URL;
	http_request_init(
		out, "GET", mem_printf("%s/api/webhooks/list?itemCount=100", api));
	out->bearer = mem_strdup(ws->api_secret);
	http_request_header(out, "Accept", "application/json");
}

/* Its address ends as the delivery URL does, whatever proxy is in front. */
static bool is_ours(const cJSON *hook, const char *workspace)
{
	const char *url = json_text(hook, "url");
	char *end = mem_printf("/hooks/%s", workspace);
	size_t len = url ? strcspn(url, "?#") : 0, end_len = strlen(end);
	bool ours = len >= end_len && strncmp(url + len - end_len, end, end_len) == 0;
	free(end);
	return ours;
}

static void read_hook(const cJSON *json, struct hook_state *hook)
{
	const char *reason = json_text(json, "disabled.reason");
	*hook = (struct hook_state){
		.found = true,
		.media = json_bool(json, "isMediaHooks", false) ||
			 json_bool(json, "isRecordingHooks", false),
		.disabled = cJSON_IsObject(json_at(json, "disabled")),
		.until_ns = json_time_ns(json, "disabled.until"),
	};
	snprintf(hook->reason, sizeof(hook->reason), "%s", reason ? reason : "");
}

int optiview_hook_response(const struct workspace_config *ws,
	const struct http_response *answer, struct hook_state *hook, struct err *err)
{
	const cJSON *one;
	cJSON *root;
	int rc = answer_json(TITLE, answer, &root, err);
	if (rc)
		return rc;
	enum err_class class = answer_class(answer->status);
	if (class == ERR_NONE && !cJSON_IsArray(json_at(root, "data")))
		class = ERR_TRANSIENT;
	if (class != ERR_NONE) {
		cJSON_Delete(root);
		return answer_refused(TITLE, answer, class, NULL, err);
	}
	*hook = (struct hook_state){ 0 };
	cJSON_ArrayForEach (one, json_at(root, "data"))
		/* Of two, the one that works is the one that counts. */
		if (is_ours(one, ws->name) &&
			(!hook->found || hook->disabled || !hook->media))
			read_hook(one, hook);
	cJSON_Delete(root);
	return 0;
}
