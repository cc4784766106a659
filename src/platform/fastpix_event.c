/*
 * FastPix deliveries. A type is compared whole: "video.media.source.deleted" and
 * "video.media.track.deleted" end like the deletion of a media and are none
 * (fastpix.md §9.1). `status` beside it is coarse and unreliable, and not read.
 *
 * Which member names the media differs by family (§2.2): object.id nearly always,
 * data.id only where data is the media itself, never for tracks and AI results.
 */
#include <config.h>

#include "platform/fastpix.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/asset.h"
#include "platform/answer.h"
#include "platform/redact.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TYPE_MAX 128 /* bytes of an unknown type that are kept */
#define KEY_MAX  255

enum type_flag {
	DATA_IS_MEDIA = 1, /* data is the media: data.id and its facts count */
	UPLOAD_ID = 2,     /* data.uploadId is the media's id (§2.2, direct uploads) */
	MAY_LACK_ID = 4,   /* FastPix documents a shape of it that names no media */
};

struct event_type {
	const char *name;
	enum event_kind kind;
	unsigned flags;
	const char *media_type; /* facts.type it implies, or NULL */
};

/* clang-format off */
static const struct event_type event_types[] = {
	{ "video.media.upload",                   EVENT_ANNOUNCED, DATA_IS_MEDIA | UPLOAD_ID | MAY_LACK_ID, NULL },
	{ "video.media.created",                  EVENT_ANNOUNCED, DATA_IS_MEDIA,               NULL },
	{ "video.upload.media_created",           EVENT_ANNOUNCED, DATA_IS_MEDIA,               NULL },
	{ "video.media.live_stream.created",      EVENT_ANNOUNCED, DATA_IS_MEDIA,               "live" },
	{ "video.media.live_clip.created",        EVENT_ANNOUNCED, DATA_IS_MEDIA,               "clip" },
	{ "video.media.ready",                    EVENT_READY,     DATA_IS_MEDIA,               NULL },
	{ "video.media.mp4Support.ready",         EVENT_CHANGED,   DATA_IS_MEDIA,               NULL },
	{ "video.media.track.ready",              EVENT_CHANGED,   0,                           NULL },
	{ "video.media.subtitle.generated.ready", EVENT_CHANGED,   0,                           NULL },
	{ "video.media.subtitle.generated",       EVENT_CHANGED,   0,                           NULL }, /* its older name */
	{ "video.media.updated",                  EVENT_CHANGED,   DATA_IS_MEDIA,               NULL },
	{ "video.media.failed",                   EVENT_FAILED,    DATA_IS_MEDIA,               NULL },
	{ "video.media.upload.cancelled",         EVENT_FAILED,    DATA_IS_MEDIA | UPLOAD_ID,   NULL },
	{ "video.media.deleted",                  EVENT_DELETED,   DATA_IS_MEDIA | MAY_LACK_ID, NULL },
};
/* clang-format on */
#define EVENT_TYPES (sizeof(event_types) / sizeof(event_types[0]))

static const struct event_type *find_type(const char *name)
{
	for (size_t i = 0; i < EVENT_TYPES; i++)
		if (strcasecmp(name, event_types[i].name) == 0)
			return &event_types[i];
	return NULL;
}

/* Whether object.id is a media: its type has been seen as "media", "video.media",
 * "video" and absent (§2.1). */
static bool object_is_media(const cJSON *root, const char *type)
{
	const char *object = json_text(root, "object.type");
	if (object)
		return answer_is(object, "media") || answer_is(object, "video.media") ||
		       answer_is(object, "video");
	return strncasecmp(type, "video.media.", strlen("video.media.")) == 0 ||
	       strncasecmp(type, "video.upload.", strlen("video.upload.")) == 0;
}

/* The first member that names the media decides; when what it holds cannot be an id,
 * no other member is believed instead. NULL when there is none. */
static const char *media_id(const cJSON *root, const char *type, unsigned flags)
{
	const char *id = NULL;

	if (object_is_media(root, type))
		id = json_text(root, "object.id");
	if (!id && (flags & DATA_IS_MEDIA))
		id = json_text(root, "data.id");
	if (!id)
		id = json_text(root, "data.mediaId");
	if (!id)
		id = json_text(root, "data.media_id");
	if (!id && (flags & UPLOAD_ID))
		id = json_text(root, "data.uploadId");
	return id && asset_id_ok(id) ? id : NULL;
}

/* What stays the same when a delivery is repeated. attempts[] grows with each one
 * (§9.10), so that a body without event id is hashed without it. */
static char *event_key(const cJSON *root)
{
	char hex[DIGEST_SHA256_HEX];
	const char *id = json_text(root, "id");

	if (id && strlen(id) <= KEY_MAX)
		return mem_strdup(id);
	if (id) {
		sha256_hex_of(id, strlen(id), hex);
		return mem_printf("sha256:%s", hex);
	}
	cJSON *copy = cJSON_Duplicate(root, true);
	cJSON_DeleteItemFromObjectCaseSensitive(copy, "attempts");
	char *text = json_print(copy, false);
	sha256_hex_of(text, strlen(text), hex);
	free(text);
	cJSON_Delete(copy);
	return mem_printf("sha256:%s", hex);
}

/* The `environment` of older bodies is not compared: its one documented sample,
 * "9oa85f64-…", is not an id of a workspace, and the field texts of name and id are
 * swapped (§2.5). */
static bool is_foreign(const struct workspace_config *ws, const cJSON *root)
{
	const char *theirs = json_text(root, "workspace.id");
	if (!theirs)
		theirs = json_text(root, "data.workspaceId");
	return ws->workspace_id && theirs && strcasecmp(ws->workspace_id, theirs) != 0;
}

static void fill(struct event *event, const cJSON *root, const struct event_type *known,
	const char *type, const char *id)
{
	const cJSON *data = json_at(root, "data");

	event->kind = known ? known->kind : EVENT_RECORDED;
	event->type =
		known ? mem_strdup(known->name)
		      : mem_strndup(type, utf8_trim(type, strnlen(type, TYPE_MAX)));
	event->key = event_key(root);
	event->asset_id = mem_strdup(id);
	event->at_ns = json_time_ns(root, "createdAt");
	if (event->at_ns == 0)
		event->at_ns = json_time_ns(root, "created_at");
	event->trial = fastpix_media_trial(data);
	if (event->kind == EVENT_FAILED)
		event->reason = fastpix_media_reason(data);
	if (known && (known->flags & DATA_IS_MEDIA))
		fastpix_media_facts(data, &event->facts);
	if (known && known->media_type)
		mem_replace(&event->facts.type, known->media_type);
}

static enum delivery_verdict read_event(const struct workspace_config *ws,
	const cJSON *root, struct event *event, struct err *err)
{
	const cJSON *type_node = json_at(root, "type");
	const char *type = json_text(root, "type");

	if (type_node && !cJSON_IsNull(type_node) && !cJSON_IsString(type_node)) {
		err_set(err, ERR_INPUT, "`type` is not text");
		return DELIVERY_REJECT;
	}
	if (!type)
		return DELIVERY_PROBE;
	const struct event_type *known = find_type(type);
	const char *id = media_id(root, type, known ? known->flags : 0);
	if (!known && !id && !json_text(root, "id"))
		return DELIVERY_PROBE;
	fill(event, root, known, type, id);
	if (is_foreign(ws, root))
		return DELIVERY_FOREIGN;
	if (known && !id && !(known->flags & MAY_LACK_ID)) {
		err_set(err, ERR_INPUT,
			"%s names no media: no usable id in object.id, data.id or "
			"data.mediaId",
			known->name);
		return DELIVERY_REJECT;
	}
	return DELIVERY_EVENT;
}

static char *redacted_text(cJSON *root, const struct event *event)
{
	/* The upload link is signed in its path and lives for hours (§2.4). */
	if (strncmp(event->type, "video.media.upload", strlen("video.media.upload")) ==
		0)
		redact_url_path(cJSON_GetObjectItemCaseSensitive(
			cJSON_GetObjectItemCaseSensitive(root, "data"), "url"));
	redact_json(root);
	return json_print(root, false);
}

enum delivery_verdict fastpix_parse(const struct workspace_config *ws,
	const struct delivery_input *in, struct event *event, char **redacted,
	struct err *err)
{
	enum delivery_verdict verdict = DELIVERY_REJECT;
	cJSON *root = NULL;

	if (json_parse(in->body, in->len, &root, err) != 0)
		return DELIVERY_REJECT;
	if (cJSON_IsObject(root))
		verdict = read_event(ws, root, event, err);
	else
		err_set(err, ERR_INPUT, "the body is JSON, but not an object");
	if (verdict == DELIVERY_EVENT || verdict == DELIVERY_FOREIGN)
		*redacted = redacted_text(root, event);
	cJSON_Delete(root);
	return verdict;
}
