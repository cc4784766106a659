/*
 * The OptiView asset object: of the media assets API, or of the record_files API before
 * it (optiview.md §3.2). Everything nullable is really null at times, sizes are 64 bit,
 * times are ISO text of any precision (§8.10, §8.11).
 *
 * downloadUrl is signed and short-lived: it is passed on byte for byte, since another
 * encoding of the same URL is another URL to the signature (§8.12).
 */
#include <config.h>

#include "platform/optiview.h"

#include "base/json.h"
#include "base/mem.h"
#include "core/asset.h"
#include "platform/answer.h"
#include "platform/redact.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Words of both APIs. "Expiring" is neither ready nor proof of deletion. */
static const struct {
	const char *word;
	enum record_status status;
} statuses[] = {
	/* clang-format off */
	{ "processing", RECORD_PENDING },
	{ "complete",   RECORD_READY },
	{ "error",      RECORD_FAILED },
	{ "deleting",   RECORD_DELETED },
	{ "deleted",    RECORD_DELETED },
	{ "invalid",    RECORD_FAILED }, /* record_files only */
	/* clang-format on */
};
#define STATUSES (sizeof(statuses) / sizeof(statuses[0]))

char *optiview_id(const cJSON *node, const char *path)
{
	const char *text = json_text(node, path);
	int64_t number = json_int(node, path, 0);

	if (text)
		return asset_id_ok(text) ? mem_strdup(text) : NULL;
	return number > 0 ? mem_printf("%" PRId64, number) : NULL;
}

char *optiview_word(const char *text)
{
	char *copy = mem_strdup(text);
	for (char *c = copy; c && *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return copy;
}

static enum record_status status_of(const char *word)
{
	for (size_t i = 0; i < STATUSES; i++)
		if (answer_is(word, statuses[i].word))
			return statuses[i].status;
	return RECORD_PENDING;
}

static int64_t first_time(
	const cJSON *asset, const char *a, const char *b, const char *c)
{
	int64_t ns = json_time_ns(asset, a);
	if (ns == 0)
		ns = json_time_ns(asset, b);
	return ns ? ns : json_time_ns(asset, c);
}

static const char *either(const cJSON *asset, const char *a, const char *b)
{
	const char *text = json_text(asset, a);
	return text ? text : json_text(asset, b);
}

static void resolution(const cJSON *tracks, struct facts *facts)
{
	const cJSON *track;

	if (!cJSON_IsArray(tracks))
		return;
	cJSON_ArrayForEach (track, tracks) {
		int height = answer_pixels(track, "height");
		if (answer_is(json_text(track, "type"), "video") &&
			height > facts->height) {
			facts->height = height;
			facts->width = answer_pixels(track, "width");
		}
	}
}

/* OptiView has no metadata of the user's own. What tells the assets of one multi-source
 * stream apart is there for rules and paths instead (§4 "Several files"). */
static cJSON *feed_metadata(const cJSON *asset)
{
	static const char *const names[] = { "sourceId", "simulcastId" };
	const cJSON *feed = json_at(asset, "feed");
	cJSON *metadata = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *text = json_text(feed, names[i]);
		if (!text)
			continue;
		if (!metadata)
			metadata = cJSON_CreateObject();
		json_add_text(metadata, names[i], text);
	}
	return metadata;
}

static void fill_facts(const cJSON *asset, struct facts *facts)
{
	const char *type = json_text(asset, "type");
	double seconds = json_number(asset, "metadata.duration", -1);

	/* Only the record_files API says nothing of the type: it knows one. */
	free(facts->type);
	facts->type = optiview_word(type ? type : "recording");
	mem_replace(&facts->title, json_text(asset, "name"));
	mem_replace(&facts->stream, either(asset, "feed.streamName", "streamName"));
	mem_replace(&facts->channel, json_text(asset, "feed.channelId"));
	facts->created_ns = first_time(asset, "created", "startTime", "recordedOn");
	facts->expires_ns = json_time_ns(asset, "expiration");
	facts->duration_ms = seconds > 0 ? answer_duration_ms(seconds) : -1;
	facts->bytes = json_int(asset, "metadata.sizes.concat", 0);
	resolution(json_at(asset, "metadata.tracks"), facts);
	cJSON_Delete(facts->metadata);
	facts->metadata = feed_metadata(asset);
}

void optiview_asset_record(const cJSON *asset, struct record *record)
{
	const char *word = json_text(asset, "status");

	record->status = status_of(word);
	if (record->status == RECORD_PENDING)
		record->reason = mem_strdup(word);
	else if (record->status == RECORD_FAILED)
		record->reason = redact_text(json_text(asset, "error"));
	fill_facts(asset, &record->facts);
}

/* Tracks are known and none of them is video. */
static bool is_audio_only(const cJSON *asset)
{
	const cJSON *tracks = json_at(asset, "metadata.tracks");
	const cJSON *track;

	if (!cJSON_IsArray(tracks) || !tracks->child)
		return false;
	cJSON_ArrayForEach (track, tracks) {
		const char *type = json_text(track, "type");
		if (!type || strcasecmp(type, "audio") != 0)
			return false;
	}
	return true;
}

/* Whether the path of @url ends with @suffix. */
static bool path_ends(const char *url, const char *suffix)
{
	size_t len = url ? strcspn(url, "?#") : 0;
	size_t end = strlen(suffix);
	return len >= end && strncasecmp(url + len - end, suffix, end) == 0;
}

static bool is_single_file(const char *url)
{
	static const char *const suffixes[] = { ".mp4", ".webm", ".m4a", ".mov",
		".mkv" };
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (path_ends(url, suffixes[i]))
			return true;
	return false;
}

/* What downloadUrl holds for an HLS asset is not documented (§9); `url` holds the
 * playlist (§4). The name in the URL tells most, then format and number of files. */
static enum form choose_link(const cJSON *asset, const char **link)
{
	const char *signed_link = json_text(asset, "download.downloadUrl");
	const char *public_link = json_text(asset, "download.url");
	const char *format = json_text(asset, "metadata.format");

	*link = signed_link ? signed_link : public_link;
	if (!is_single_file(signed_link) && path_ends(public_link, ".m3u8") &&
		!path_ends(signed_link, ".m3u8"))
		*link = public_link;
	if (path_ends(*link, ".m3u8"))
		return FORM_HLS;
	if (is_single_file(*link))
		return FORM_FILE;
	return answer_is(format, "HLS") || json_int(asset, "metadata.fileCount", 1) > 1
		       ? FORM_HLS
		       : FORM_FILE;
}

/* Clips may be made straight into the team's own bucket; nothing of them is at Dolby's
 * to download (§3.5). */
static void say_why(const cJSON *asset, struct source *source)
{
	const char *storage = either(asset, "storage.type", "storage.storageType");

	source->available = false;
	source->never = answer_is(storage, "awsS3") || answer_is(storage, "gcs");
	source->why =
		source->never
			? mem_printf(
				  "this media lies in the team's own bucket (%s), not "
				  "at Dolby's",
				  storage)
			: mem_strdup(
				  "Dolby OptiView has no download link for this media yet");
}

static void add_media(const cJSON *asset, struct record *record)
{
	enum role role = is_audio_only(asset) ? ROLE_AUDIO : ROLE_VIDEO;
	struct source *source = record_add_source(record, role, role_name(role));
	const char *link;

	source->form = choose_link(asset, &link);
	source->height = answer_lines(record->facts.width, record->facts.height);
	if (record->facts.bytes > 0 && source->form == FORM_FILE)
		source->bytes = record->facts.bytes;
	if (link)
		source->url = mem_strdup(link);
	/* downloadUrl is signed by itself, url may want a token. */
	if (link && link == json_text(asset, "download.url"))
		source->token_for = optiview_id(asset, "id");
	if (!link)
		say_why(asset, source);
}

static void add_thumbnails(const cJSON *asset, struct record *record)
{
	const cJSON *list = json_at(asset, "metadata.thumbnails");
	const cJSON *item;
	int number = 0;

	if (!cJSON_IsArray(list))
		return;
	cJSON_ArrayForEach (item, list) {
		const char *url = json_text(item, "");
		if (!url)
			continue;
		char *key = mem_printf("thumbnail.%d", ++number);
		struct source *source = record_add_source(record, ROLE_THUMBNAIL, key);
		source->url = mem_strdup(url);
		source->optional = true;
		free(key);
	}
}

void optiview_asset_sources(const cJSON *asset, struct record *record)
{
	record->links_expire = true;
	record->link_expires_ns = json_time_ns(asset, "download.downloadExpiresOn");
	add_media(asset, record);
	add_thumbnails(asset, record);
}
