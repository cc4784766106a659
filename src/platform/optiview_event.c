/*
 * Dolby OptiView deliveries: {type,event,timestamp,data}, or the bytes of a JPEG. Types
 * and events have changed case in the documentation, and hooks and API use different
 * words for one state (optiview.md §1.4, §8.8), so words are compared without case and
 * what is not in the table is recorded, not refused.
 *
 * data.startTime is not taken for the creation time: with `processing` it is when the
 * clip was asked for (§1.5). The API's record tells.
 */
#include <config.h>

#include "platform/optiview.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "platform/answer.h"
#include "platform/redact.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX    64 /* bytes of an unknown type or event that are kept */
#define HASH_DIGITS 32 /* of a SHA-256 in a dedupe key */

struct event_type {
	const char *type, *event;
	const char *name; /* as shown */
	enum event_kind kind;
	const char *id_path;
	const char *media_type; /* when data.type does not tell */
};

/* clang-format off */
static const struct event_type event_types[] = {
	{ "media",      "processing", "media.processing",     EVENT_ANNOUNCED, "data.mediaAssetId", NULL },
	{ "media",      "completed",  "media.completed",      EVENT_READY,     "data.mediaAssetId", NULL },
	{ "media",      "errored",    "media.errored",        EVENT_FAILED,    "data.mediaAssetId", NULL },
	{ "media",      "deleted",    "media.deleted",        EVENT_DELETED,   "data.mediaAssetId", NULL },
	/* the hook before 2024-10, under both its names */
	{ "recordings", "started",    "recordings.started",   EVENT_ANNOUNCED, "data.recordFileId", "recording" },
	{ "recordings", "completed",  "recordings.completed", EVENT_READY,     "data.recordFileId", "recording" },
	{ "recordings", "error",      "recordings.error",     EVENT_FAILED,    "data.recordFileId", "recording" },
	{ "recordings", "deleted",    "recordings.deleted",   EVENT_DELETED,   "data.recordFileId", "recording" },
};
/* clang-format on */
#define EVENT_TYPES (sizeof(event_types) / sizeof(event_types[0]))

static const struct event_type *find_type(const char *type, const char *event)
{
	if (answer_is(type, "recording"))
		type = "recordings";
	for (size_t i = 0; i < EVENT_TYPES; i++)
		if (answer_is(type, event_types[i].type) &&
			answer_is(event, event_types[i].event))
			return &event_types[i];
	return NULL;
}

static int word_len(const char *word)
{
	return (int)utf8_trim(word, strnlen(word, WORD_MAX));
}

static char *type_name(const char *type, const char *event)
{
	if (!event)
		return mem_strndup(type, (size_t)word_len(type));
	return mem_printf("%.*s.%.*s", word_len(type), type, word_len(event), event);
}

/* There is no delivery id. An acted-on event is its asset, kind and time; of the others
 * only the bytes tell whether it is the same. */
static char *event_key(const struct event *event, const cJSON *root, bool known,
	const struct delivery_input *in)
{
	char hex[DIGEST_SHA256_HEX];
	int64_t timestamp = json_int(root, "timestamp", 0);

	if (known && event->asset_id && timestamp > 0)
		return mem_printf(
			"%s:%s:%" PRId64, event->type, event->asset_id, timestamp);
	sha256_hex_of(in->body, in->len, hex);
	return mem_printf(
		"%s:%" PRId64 ":%.*s", event->type, timestamp, HASH_DIGITS, hex);
}

static void fill_facts(
	const cJSON *data, const struct event_type *known, struct facts *facts)
{
	const char *type = json_text(data, "type");
	facts->type = optiview_word(type ? type : known->media_type);
	facts->stream = mem_strdup(json_text(data, "streamName"));
	facts->channel = mem_strdup(json_text(data, "channelId"));
	facts->expires_ns = json_time_ns(data, "expiration");
}

static enum delivery_verdict read_event(const cJSON *root,
	const struct delivery_input *in, struct event *event, struct err *err)
{
	const cJSON *type_node = json_at(root, "type");
	const char *type = json_text(root, "type");
	const char *word = json_text(root, "event");

	if (type_node && !cJSON_IsNull(type_node) && !cJSON_IsString(type_node)) {
		err_set(err, ERR_INPUT, "`type` is not text");
		return DELIVERY_REJECT;
	}
	if (!type)
		return DELIVERY_PROBE;
	const struct event_type *known = find_type(type, word);
	event->kind = known ? known->kind : EVENT_RECORDED;
	event->type = known ? mem_strdup(known->name) : type_name(type, word);
	event->at_ns = json_time_ns(root, "timestamp");
	event->asset_id =
		optiview_id(root, known ? known->id_path : "data.mediaAssetId");
	event->key = event_key(event, root, known != NULL, in);
	if (!known)
		return DELIVERY_EVENT;
	if (!event->asset_id) {
		err_set(err, ERR_INPUT, "%s names no media: no usable id in %s",
			known->name, known->id_path);
		return DELIVERY_REJECT;
	}
	fill_facts(json_at(root, "data"), known, &event->facts);
	if (event->kind == EVENT_FAILED)
		event->reason = redact_text(json_text(root, "data.error"));
	return DELIVERY_EVENT;
}

static bool is_jpeg(const unsigned char *body, size_t len)
{
	return len > 3 && body[0] == 0xFF && body[1] == 0xD8 && body[2] == 0xFF;
}

enum delivery_verdict optiview_parse(const struct workspace_config *ws,
	const struct delivery_input *in, struct event *event, char **redacted,
	struct err *err)
{
	enum delivery_verdict verdict = DELIVERY_REJECT;
	cJSON *root = NULL;

	(void)ws;
	if (in->content_type && strncmp(in->content_type, "image/", 6) == 0) {
		if (is_jpeg(in->body, in->len))
			return DELIVERY_IMAGE;
		err_set(err, ERR_INPUT, "the body is said to be %s, but is not a JPEG",
			in->content_type);
		return DELIVERY_REJECT;
	}
	if (json_parse(in->body, in->len, &root, err) != 0)
		return DELIVERY_REJECT;
	if (cJSON_IsObject(root))
		verdict = read_event(root, in, event, err);
	else
		err_set(err, ERR_INPUT, "the body is JSON, but not an object");
	if (verdict == DELIVERY_EVENT) {
		redact_json(root);
		*redacted = json_print(root, false);
	}
	cJSON_Delete(root);
	return verdict;
}
