/*
 * OptiView API calls and their answers, in JSend envelopes:
 * {"status":"success","data"},
 * {"status":"fail","data":{message}}, {"status":"error","message","code"}
 * (optiview.md §3.3).
 *
 * How the API answers for an asset it does not know is documented nowhere: taken as
 * "does not know it" are 404, also with an empty body, and a 400 `fail` to a
 * well-formed id. Whether that proves a deletion is for core/ to weigh; `deleting`
 * does.
 */
#include <config.h>

#include "platform/optiview.h"

#include "base/json.h"
#include "base/mem.h"
#include "core/asset.h"
#include "platform/answer.h"
#include "platform/redact.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TITLE "Dolby OptiView"

/* Asset ids are 32 hex digits, which may all happen to be decimal. */
#define LEGACY_DIGITS_MAX 18

/* Without statuses the API lists only what is processing or complete, without types no
 * uploads (§8.5). */
#define LIST_QUERY                                                          \
	"&sort=created&type=clip&type=recording&type=vod&status=processing" \
	"&status=complete&status=error&status=deleting"

static void request(const struct workspace_config *ws, const char *method, char *url,
	struct http_request *out)
{
	http_request_init(out, method, url);
	out->bearer = mem_strdup(ws->api_secret);
	http_request_header(out, "Accept", "application/json");
}

static const char *api_url(const struct workspace_config *ws)
{
	return ws->api_url ? ws->api_url : OPTIVIEW_API_URL;
}

static bool is_legacy(const char *id)
{
	size_t len = strlen(id);
	return len <= LEGACY_DIGITS_MAX && strspn(id, "0123456789") == len;
}

static void asset_request(const struct workspace_config *ws, const char *method,
	const char *path, const char *id, struct http_request *out)
{
	struct buf escaped;

	buf_init(&escaped, 3 * strlen(id) + 1);
	http_escape(id, &escaped);
	request(ws, method, mem_printf("%s%s%s", api_url(ws), path, buf_text(&escaped)),
		out);
	buf_release(&escaped);
}

void optiview_details_request(
	const struct workspace_config *ws, const char *id, struct http_request *out)
{
	asset_request(ws, "GET",
		is_legacy(id) ? "/api/record_files/" : "/api/v3/media/assets/", id,
		out);
}

void optiview_delete_request(
	const struct workspace_config *ws, const char *id, struct http_request *out)
{
	asset_request(ws, "DELETE",
		is_legacy(id) ? "/api/record_files/" : "/api/v3/media/assets?id=", id,
		out);
}

void optiview_list_request(const struct workspace_config *ws, int page, int limit,
	struct http_request *out)
{
	if (limit < 1 || limit > OPTIVIEW_LIST_LIMIT)
		limit = OPTIVIEW_LIST_LIMIT;
	request(ws, "GET",
		mem_printf("%s/api/v3/media/assets?page=%d&limit=%d" LIST_QUERY,
			api_url(ws), page < 1 ? 1 : page, limit),
		out);
}

static enum err_class envelope_class(
	const struct http_response *answer, const cJSON *root)
{
	const char *status = json_text(root, "status");
	enum err_class class = answer_class(answer->status);

	if (class != ERR_NONE || answer_is(status, "success"))
		return class;
	int64_t code = json_int(root, "code", 0);
	if (code >= 400 && code < 600)
		return answer_class((int)code);
	return answer_is(status, "fail") ? ERR_PERMANENT : ERR_TRANSIENT;
}

/* The answer's JSON when the call succeeded; caller owns *out. Otherwise its class. */
static int open_envelope(
	const struct http_response *answer, cJSON **out, struct err *err)
{
	cJSON *root;

	if (answer->status == 404 && answer->body_len == 0)
		return answer_refused(TITLE, answer, ERR_NOT_FOUND, NULL, err);
	int rc = answer_json(TITLE, answer, &root, err);
	if (rc)
		return rc;
	enum err_class class = envelope_class(answer, root);
	if (class == ERR_NONE) {
		*out = root;
		return 0;
	}
	const char *message = json_text(root, "message");
	if (!message)
		message = json_text(root, "data.message");
	rc = answer_refused(TITLE, answer, class, message, err);
	cJSON_Delete(root);
	return rc;
}

static int read_asset(
	const char *id, cJSON *root, struct record *record, struct err *err)
{
	cJSON *asset = cJSON_GetObjectItemCaseSensitive(root, "data");

	if (!cJSON_IsObject(asset))
		return err_set(err, ERR_TRANSIENT, TITLE " answered without the media");
	char *told = optiview_id(asset, "id");
	bool other = told && strcasecmp(told, id) != 0;
	free(told);
	if (other)
		return err_set(err, ERR_TRANSIENT,
			TITLE " answered about another media than the one asked for");
	optiview_asset_record(asset, record);
	if (record->status == RECORD_READY)
		optiview_asset_sources(asset, record);
	record->platform_data = cJSON_DetachItemViaPointer(root, asset);
	redact_json(record->platform_data);
	return 0;
}

int optiview_details_response(const struct workspace_config *ws, const char *id,
	const struct http_response *answer, struct record *record, struct err *err)
{
	struct err refused;
	cJSON *root;

	(void)ws;
	record_init(record);
	int rc = open_envelope(answer, &root, &refused);
	if (rc == -ERR_NOT_FOUND || (rc == -ERR_PERMANENT && answer->status == 400)) {
		record->status = RECORD_UNKNOWN;
		record->reason = mem_strdup(refused.text);
		return 0;
	}
	if (rc) {
		if (err)
			*err = refused;
		return rc;
	}
	rc = read_asset(id, root, record, err);
	cJSON_Delete(root);
	return rc;
}

/* A success may be none: what could not be deleted is named in it (§3.1). */
int optiview_delete_response(const struct http_response *answer, struct err *err)
{
	cJSON *root = NULL;
	int rc = open_envelope(answer, &root, err);
	const cJSON *failed;

	if (rc == -ERR_AUTH && answer->status == 403) {
		if (err) {
			err->class = ERR_PERMANENT;
			err_wrap(err, "the API secret may not delete media");
		}
		return -ERR_PERMANENT;
	}
	if (rc)
		return rc;
	failed = json_at(root, "data.errors");
	if (cJSON_IsArray(failed) && cJSON_GetArraySize(failed) > 0) {
		const char *why = json_text(failed->child, "error");
		rc = err_set(err, ERR_PERMANENT, TITLE " did not delete it: %s",
			why ? why : "it says no reason");
	}
	cJSON_Delete(root);
	return rc;
}

int optiview_list_response(const struct workspace_config *ws,
	const struct http_response *answer, int limit, struct list_page *page,
	struct err *err)
{
	const cJSON *asset;
	int count = 0;
	cJSON *root;

	(void)ws;
	memset(page, 0, sizeof(*page));
	int rc = open_envelope(answer, &root, err);
	if (rc)
		return rc;
	const cJSON *list = json_at(root, "data");
	if (!cJSON_IsArray(list)) {
		cJSON_Delete(root);
		return err_set(err, ERR_TRANSIENT, TITLE " answered without a list");
	}
	cJSON_ArrayForEach (asset, list) {
		char *id = optiview_id(asset, "id");
		count++;
		if (id)
			optiview_asset_record(asset, &list_page_add(page, id)->record);
		free(id);
	}
	if (limit < 1 || limit > OPTIVIEW_LIST_LIMIT)
		limit = OPTIVIEW_LIST_LIMIT;
	page->total = -1;
	page->last = count < limit; /* neither total nor cursor exist (§3.1) */
	cJSON_Delete(root);
	return 0;
}
