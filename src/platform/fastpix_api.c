/*
 * FastPix API calls and their answers: {"success":true,"data":…} or
 * {"success":false,"error":{code,message,description,fields}} (fastpix.md §3).
 *
 * An answer of 404 can end in a deletion, so it counts only in FastPix' own envelope: a
 * proxy's 404, or that of a wrong api_url, says nothing about a media.
 */
#include <config.h>

#include "platform/fastpix.h"

#include "base/json.h"
#include "base/mem.h"
#include "core/asset.h"
#include "platform/answer.h"
#include "platform/redact.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TITLE "FastPix"

static void request(const struct workspace_config *ws, const char *method, char *url,
	struct http_request *out)
{
	http_request_init(out, method, url);
	if (ws->api_id && ws->api_secret)
		out->basic = mem_printf("%s:%s", ws->api_id, ws->api_secret);
	http_request_header(out, "Accept", "application/json");
}

static const char *api_url(const struct workspace_config *ws)
{
	return ws->api_url ? ws->api_url : FASTPIX_API_URL;
}

/* @part of the media, "" for itself. */
static void media_request(const struct workspace_config *ws, const char *method,
	const char *id, const char *part, struct http_request *out)
{
	struct buf escaped;

	buf_init(&escaped, 3 * strlen(id) + 1);
	http_escape(id, &escaped);
	request(ws, method,
		mem_printf("%s/on-demand/%s%s", api_url(ws), buf_text(&escaped), part),
		out);
	buf_release(&escaped);
}

void fastpix_details_request(
	const struct workspace_config *ws, const char *id, struct http_request *out)
{
	media_request(ws, "GET", id, "", out);
}

void fastpix_delete_request(
	const struct workspace_config *ws, const char *id, struct http_request *out)
{
	media_request(ws, "DELETE", id, "", out);
}

void fastpix_ask_request(const struct workspace_config *ws, const char *id,
	const char *what, struct http_request *out)
{
	cJSON *body = cJSON_CreateObject();

	media_request(ws, "PATCH", id, "/update-mp4Support", out);
	json_add_text(body, "mp4Support", what);
	out->body = json_print(body, false);
	cJSON_Delete(body);
}

/* `offset` is the number of a page, from 1; ascending, so that what is added while
 * walking comes last (§9.15). */
void fastpix_list_request(const struct workspace_config *ws, int page, int limit,
	struct http_request *out)
{
	if (limit < 1 || limit > FASTPIX_LIST_LIMIT)
		limit = FASTPIX_LIST_LIMIT;
	request(ws, "GET",
		mem_printf("%s/on-demand?limit=%d&offset=%d&orderBy=asc", api_url(ws),
			limit, page < 1 ? 1 : page),
		out);
}

/* The API's words: message or description, and the fields it complains about. */
static void message_of(const cJSON *root, struct buf *out)
{
	const char *text = json_text(root, "error.message");
	const cJSON *field = NULL;

	if (!text)
		text = json_text(root, "error.description");
	if (!text)
		text = json_text(root, "message");
	buf_str(out, text ? text : "");
	while ((field = fastpix_next(json_at(root, "error.fields"), field))) {
		const char *name = json_text(field, "field");
		const char *wrong = json_text(field, "message");
		if (name && wrong)
			buf_printf(out, "; %s %s", name, wrong);
	}
}

static enum err_class envelope_class(
	const struct http_response *answer, const cJSON *root)
{
	const cJSON *success = json_at(root, "success");
	bool refused = cJSON_IsFalse(success) || cJSON_IsObject(json_at(root, "error"));
	enum err_class class = answer_class(answer->status);

	if (class == ERR_NONE && refused) {
		int64_t code = json_int(root, "error.code", 0);
		return code >= 400 && code < 600 ? answer_class((int)code)
						 : ERR_TRANSIENT;
	}
	return class == ERR_NOT_FOUND && !refused ? ERR_TRANSIENT : class;
}

/* The answer's JSON when the call succeeded; caller owns *out. Otherwise its class, and
 * NOT_FOUND for a 404 of FastPix itself. */
static int open_envelope(
	const struct http_response *answer, cJSON **out, struct err *err)
{
	struct buf message;
	cJSON *root;

	int rc = answer_json(TITLE, answer, &root, err);
	if (rc)
		return rc;
	enum err_class class = envelope_class(answer, root);
	if (class == ERR_NONE) {
		*out = root;
		return 0;
	}
	buf_init(&message, 2 * answer->body_len + 1);
	message_of(root, &message);
	rc = answer_refused(TITLE, answer, class, buf_text(&message), err);
	buf_release(&message);
	cJSON_Delete(root);
	return rc;
}

static int read_media(const struct workspace_config *ws, const char *id, cJSON *root,
	struct record *record, struct err *err)
{
	cJSON *media = cJSON_GetObjectItemCaseSensitive(root, "data");
	const char *told = json_text(media, "id");

	if (!cJSON_IsObject(media))
		return err_set(err, ERR_TRANSIENT, TITLE " answered without the media");
	if (told && strcasecmp(told, id) != 0)
		return err_set(err, ERR_TRANSIENT,
			TITLE " answered about another media than the one asked for");
	fastpix_media_record(media, record);
	if (record->status == RECORD_READY)
		fastpix_media_sources(ws, media, record);
	record->platform_data = cJSON_DetachItemViaPointer(root, media);
	redact_json(record->platform_data);
	return 0;
}

int fastpix_details_response(const struct workspace_config *ws, const char *id,
	const struct http_response *answer, struct record *record, struct err *err)
{
	struct err refused;
	cJSON *root;

	record_init(record);
	int rc = open_envelope(answer, &root, &refused);
	if (rc == -ERR_NOT_FOUND) {
		record->status = RECORD_UNKNOWN;
		record->reason = mem_strdup(refused.text);
		return 0;
	}
	if (rc) {
		if (err)
			*err = refused;
		return rc;
	}
	rc = read_media(ws, id, root, record, err);
	cJSON_Delete(root);
	return rc;
}

/* A setting that is there already is what was wanted (§9.13). A 403 speaks of this
 * request: reading goes on with a token that may not write, so it is no trouble of the
 * credentials. */
int fastpix_ask_response(const struct http_response *answer, bool *had, struct err *err)
{
	struct err refused = { 0 };
	cJSON *root = NULL;
	int rc = open_envelope(answer, &root, &refused);

	cJSON_Delete(root);
	*had = rc == -ERR_PERMANENT && strcasestr(refused.text, "already exist");
	if (!rc || *had)
		return 0;
	if (rc == -ERR_NOT_FOUND)
		refused.class = ERR_NOT_YET;
	if (rc == -ERR_AUTH && answer->status == 403) {
		refused.class = ERR_PERMANENT;
		err_wrap(&refused, "the access token may not change media");
	}
	rc = -(int)refused.class;
	if (err)
		*err = refused;
	return rc;
}

/* Reading goes on with a token that may not write. */
int fastpix_delete_response(const struct http_response *answer, struct err *err)
{
	cJSON *root = NULL;
	int rc = open_envelope(answer, &root, err);

	cJSON_Delete(root);
	if (rc != -ERR_AUTH || answer->status != 403)
		return rc;
	if (err) {
		err->class = ERR_PERMANENT;
		err_wrap(err, "the access token may not delete media");
	}
	return -ERR_PERMANENT;
}

/* Two counts must agree that nothing follows: offsetCount has been seen as the number
 * of pages, but is documented nowhere. Taking a page for the last one too early would
 * make the rest look gone. */
static bool is_last_page(const cJSON *root, int count, int limit)
{
	int64_t total = json_int(root, "pagination.totalRecords", -1);
	int64_t current = json_int(root, "pagination.currentOffset", -1);
	int64_t pages = json_int(root, "pagination.offsetCount", -1);

	if (count == 0)
		return true;
	if (total < 0 || current < 1)
		return count < limit;
	return current >= total / limit + (total % limit != 0) &&
	       (pages < 0 || current >= pages);
}

int fastpix_list_response(const struct workspace_config *ws,
	const struct http_response *answer, int limit, struct list_page *page,
	struct err *err)
{
	const cJSON *media;
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
	cJSON_ArrayForEach (media, list) {
		const char *id = json_text(media, "id");
		count++;
		if (id && asset_id_ok(id))
			fastpix_media_record(media, &list_page_add(page, id)->record);
	}
	if (limit < 1 || limit > FASTPIX_LIST_LIMIT)
		limit = FASTPIX_LIST_LIMIT;
	page->total = json_int(root, "pagination.totalRecords", -1);
	page->last = is_last_page(root, count, limit);
	cJSON_Delete(root);
	return 0;
}
