/*
 * The FastPix media object. Its spelling has drifted for years and old and new forms
 * are in use side by side (fastpix.md §2.5, §3 "Schema drift"), so every field is
 * optional, every form is read, and a value nobody knows yet is no failure.
 */
#include <config.h>

#include "platform/fastpix.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "platform/answer.h"
#include "platform/redact.h"
#include <stdlib.h>
#include <string.h>

#define TRIAL_LIFE_NS (24 * 3600 * NS_PER_S) /* trial media is removed then (§5) */

const cJSON *fastpix_next(const cJSON *list, const cJSON *previous)
{
	if (cJSON_IsArray(list))
		return previous ? previous->next : list->child;
	return cJSON_IsObject(list) && !previous ? list : NULL;
}

/* "22", "22.5", "00:03:03", "00:03:03.250" as seconds; -1 for anything else. */
static double clock_seconds(const char *text)
{
	double total = 0;
	double part = 0;
	double scale = 1;
	bool fraction = false;

	for (; *text; text++) {
		if (*text >= '0' && *text <= '9') {
			part = part * 10 + (*text - '0');
			scale *= fraction ? 10 : 1;
		} else if (*text == ':' && !fraction) {
			total = (total + part) * 60;
			part = 0;
		} else if (*text == '.' && !fraction) {
			fraction = true;
		} else {
			return -1;
		}
	}
	return total + part / scale;
}

static int64_t duration_ms(const cJSON *media)
{
	const char *text = json_text(media, "duration");
	double seconds =
		text ? clock_seconds(text) : json_number(media, "duration", -1);
	/* "00:00:00" stands for not known yet: no media is that short. */
	return seconds > 0 ? answer_duration_ms(seconds) : -1;
}

static void largest(const cJSON *list, const char *type, struct facts *facts)
{
	const cJSON *item = NULL;

	while ((item = fastpix_next(list, item))) {
		int height = answer_pixels(item, "height");
		if (!answer_is(json_text(item, "type"), type) ||
			height <= facts->height)
			continue;
		facts->height = height;
		facts->width = answer_pixels(item, "width");
	}
}

static void resolution(const cJSON *media, struct facts *facts)
{
	largest(json_at(media, "tracks"), "video", facts);
	if (facts->height == 0)
		largest(json_at(media, "mp4Support"), "capped_4k", facts);
	if (facts->height > 0)
		return;
	/* "1080", "1080p": a class of height rather than a size */
	const char *text = json_text(media, "sourceResolution");
	char *end;
	long height = text ? strtol(text, &end, 10) : 0;
	if (height > 0 && height <= ANSWER_PIXELS_MAX &&
		(*end == '\0' || answer_is(end, "p")))
		facts->height = (int)height;
}

static const char *media_type(const cJSON *media)
{
	const char *ingest = json_text(media, "ingest_type");

	if (json_bool(media, "isAudioOnly", false))
		return "audio";
	if (json_text(media, "sourceMediaId") || answer_is(ingest, "on_demand_clip"))
		return "clip";
	if (json_text(media, "streamId") || answer_is(ingest, "live_rtmp") ||
		answer_is(ingest, "live_srt"))
		return "live";
	return json_at(media, "isAudioOnly") ? "video" : NULL;
}

void fastpix_media_facts(const cJSON *media, struct facts *facts)
{
	const cJSON *metadata = json_at(media, "metadata");

	mem_replace(&facts->type, media_type(media));
	mem_replace(&facts->title, json_text(media, "title"));
	mem_replace(&facts->stream, json_text(media, "streamId"));
	mem_replace(&facts->creator, json_text(media, "creatorId"));
	facts->created_ns = json_time_ns(media, "createdAt");
	if (facts->created_ns == 0)
		facts->created_ns = json_time_ns(media, "created_at");
	if (facts->created_ns && fastpix_media_trial(media))
		facts->expires_ns = facts->created_ns + TRIAL_LIFE_NS;
	facts->duration_ms = duration_ms(media);
	resolution(media, facts);
	cJSON_Delete(facts->metadata);
	facts->metadata =
		cJSON_IsObject(metadata) ? cJSON_Duplicate(metadata, true) : NULL;
}

bool fastpix_media_trial(const cJSON *media)
{
	return json_bool(media, "trial", false) || json_bool(media, "test", false);
}

char *fastpix_media_reason(const cJSON *media)
{
	static const char *const paths[] = {
		"failedReason",
		"failedReason.message",
		"error.message",
		"error",
		"errors.0.message",
		"errors.0",
		"message",
	};
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (json_text(media, paths[i]))
			return redact_text(json_text(media, paths[i]));
	return NULL;
}

void fastpix_media_record(const cJSON *media, struct record *record)
{
	const char *status = json_text(media, "status");

	if (answer_is(status, "ready")) {
		record->status = RECORD_READY;
	} else if (answer_is(status, "failed") || answer_is(status, "errored")) {
		record->status = RECORD_FAILED;
		record->reason = fastpix_media_reason(media);
	} else {
		record->status = RECORD_PENDING;
		record->reason = mem_strdup(status);
	}
	record->workspace_id = mem_strdup(json_text(media, "workspaceId"));
	record->updated_ns = json_time_ns(media, "updatedAt");
	record->trial = fastpix_media_trial(media);
	fastpix_media_facts(media, &record->facts);
	if (!record->facts.type) /* the API's object is whole: what is not said is not
				    so */
		record->facts.type = mem_strdup("video");
}
