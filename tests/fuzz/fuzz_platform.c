/*
 * A platform's readers, from the outside: verdicts come with what they promise, nothing
 * that is kept holds a secret or a usable URL, and a record's sources can be acted on.
 */
#include <config.h>

#include "fuzz_platform.h"

#include "base/json.h"
#include "base/mem.h"
#include "core/asset.h"
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A few names as the platforms write them, each a secret wherever it is. */
static bool is_secret(const char *name)
{
	static const char *const names[] = { "token", "secret", "password", "jwt",
		"streamKey", "srtSecret", "webhook_secret", "accessKey",
		"Authorization" };
	for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

static void kept_json_holds(const cJSON *node)
{
	if (is_secret(node->string) && !cJSON_IsNull(node) && !cJSON_IsBool(node)) {
		HOLDS(cJSON_IsString(node));
		HOLDS(strcmp(node->valuestring, "***") == 0);
	}
	if (cJSON_IsString(node))
		HOLDS(fuzz_urls_are_harmless(node->valuestring));
	for (const cJSON *child = node->child; child; child = child->next)
		kept_json_holds(child);
}

/* What goes into the store, and what explain shows of it. */
static void redacted_holds(const char *redacted)
{
	struct err err;
	cJSON *root;

	HOLDS(redacted != NULL);
	HOLDS(fuzz_is_utf8(redacted));
	HOLDS(json_parse(redacted, strlen(redacted), &root, &err) == 0);
	HOLDS(cJSON_IsObject(root));
	kept_json_holds(root);
	cJSON_Delete(root);
}

static void facts_hold(const struct facts *facts)
{
	HOLDS(facts->duration_ms >= -1);
	HOLDS(facts->width >= 0 && facts->height >= 0);
	HOLDS(!facts->metadata || cJSON_IsObject(facts->metadata));
}

/* Sentences about a platform may quote it. */
static void answer_holds(int rc, const struct err *err)
{
	fuzz_result_holds(rc, err);
	HOLDS(rc == 0 || fuzz_urls_are_harmless(err->text));
}

static void delivery_holds(const struct platform *platform,
	const struct workspace_config *ws, const struct delivery_input *in)
{
	struct err err = { 0 };
	char *redacted = NULL;
	struct event event;

	event_init(&event);
	enum delivery_verdict verdict =
		platform->parse(ws, in, &event, &redacted, &err);
	if (verdict == DELIVERY_EVENT || verdict == DELIVERY_FOREIGN) {
		HOLDS(event.type && *event.type);
		HOLDS(event.key && *event.key);
		HOLDS(!event.asset_id || asset_id_ok(event.asset_id));
		HOLDS(event_kind_name(event.kind) != NULL);
		HOLDS(fuzz_urls_are_harmless(event.reason));
		facts_hold(&event.facts);
		redacted_holds(redacted);
	} else {
		HOLDS(redacted == NULL);
	}
	if (verdict == DELIVERY_REJECT)
		answer_holds(-ERR_INPUT, &err);
	event_release(&event);
	free(redacted);
}

static void source_holds(const struct source *source)
{
	char host[256];

	HOLDS(source->key && *source->key);
	HOLDS(source->role < ROLES);
	HOLDS(source->bytes >= -1 && source->height >= 0);
	HOLDS(!source->language || *source->language);
	HOLDS(fuzz_urls_are_harmless(source->why));
	if (source->available)
		HOLDS(source->url && *source->url);
	else
		HOLDS(source->why && *source->why);
	/* A stranger's URL may be any text; asking it for its host is always safe. */
	http_url_host(source->url, host, sizeof(host), NULL);
}

/* Files are told apart by key and form. */
static bool is_named_twice(const struct record *record, size_t index)
{
	const struct source *source = &record->sources[index];
	for (size_t i = 0; i < index; i++)
		if (strcmp(record->sources[i].key, source->key) == 0 &&
			record->sources[i].form == source->form)
			return true;
	return false;
}

static void record_holds(const struct record *record)
{
	HOLDS(record_status_name(record->status) != NULL);
	HOLDS(fuzz_urls_are_harmless(record->reason));
	facts_hold(&record->facts);
	for (size_t i = 0; i < record->n_sources; i++) {
		source_holds(&record->sources[i]);
		HOLDS(!is_named_twice(record, i));
	}
	if (record->platform_data)
		kept_json_holds(record->platform_data);
}

static void details_hold(const struct platform *platform,
	const struct workspace_config *ws, const char *id,
	const struct http_response *answer)
{
	struct err err = { 0 };
	struct http_request request;
	struct record record;

	platform->details_request(ws, id, &request);
	HOLDS(strncmp(request.url, ws->api_url, strlen(ws->api_url)) == 0);
	http_request_release(&request);

	int rc = platform->details_response(ws, id, answer, &record, &err);
	answer_holds(rc, &err);
	if (rc == 0)
		record_holds(&record);
	record_release(&record);
}

static void list_holds(const struct platform *platform,
	const struct workspace_config *ws, const struct http_response *answer)
{
	struct err err = { 0 };
	struct list_page page;

	int rc = platform->list_response(ws, answer, platform->list_limit, &page, &err);
	answer_holds(rc, &err);
	HOLDS(rc == 0 || page.count == 0);
	HOLDS(rc != 0 || page.total >= -1);
	for (size_t i = 0; i < page.count; i++) {
		HOLDS(asset_id_ok(page.entries[i].id));
		record_holds(&page.entries[i].record);
	}
	list_page_release(&page);
}

/* The id the body speaks of, so that more than "another media" is read; caller frees.
 */
static char *id_within(const char *text, size_t size)
{
	static const char *const paths[] = { "data.id", "data.mediaId" };
	const char *id = "1";
	cJSON *root = NULL;

	if (json_parse(text, size, &root, NULL) != 0)
		return mem_strdup(id);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const char *found = json_text(root, paths[i]);
		if (found && asset_id_ok(found))
			id = found;
	}
	char *copy = mem_strdup(id);
	cJSON_Delete(root);
	return copy;
}

void fuzz_platform(const struct platform *platform, const struct workspace_config *ws,
	const uint8_t *data, size_t size)
{
	static const int statuses[] = { 200, 400, 403, 404, 429, 503 };
	char *text = mem_alloc(size + 1);
	struct http_response answer = {
		.content_type = "application/json", .body = text, .body_len = size
	};
	struct delivery_input in = { .body = data, .len = size };

	if (size)
		memcpy(text, data, size);
	platform->is_validation(data, size);
	delivery_holds(platform, ws, &in);
	in.content_type = "image/jpeg";
	delivery_holds(platform, ws, &in);

	char *id = id_within(text, size);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		answer.status = statuses[i];
		details_hold(platform, ws, id, &answer);
		list_holds(platform, ws, &answer);
	}
	free(id);
	free(text);
}
