/*
 * What of a FastPix media can be fetched, and why not what cannot. All URLs are built
 * from configured bases and the playback id; those in the answer (data.thumbnail) mix
 * old and new hosts (fastpix.md §9.23), and data.inputs[].url is wherever somebody
 * uploaded from (§9.18).
 */
#include <config.h>

#include "platform/fastpix.h"

#include "base/json.h"
#include "base/mem.h"
#include "core/asset.h"
#include "platform/answer.h"
#include "platform/playback_token.h"
#include <stdlib.h>
#include <string.h>

/* The playback id that media is fetched with. */
struct playback {
	const char *id;
	const char *why; /* why nothing can be, or NULL */
	bool never;      /* and will not be */
	bool token;      /* with a token for it */
	const char *stream_url, *image_url;
};

enum rendition_state {
	RENDITION_NONE,
	RENDITION_NAMED, /* old string form: asked for, readiness unknown */
	RENDITION_PREPARING,
	RENDITION_READY,
	RENDITION_FAILED,
};

struct rendition {
	enum rendition_state state;
	bool others; /* mp4Support names other renditions */
	int lines;
};

/* How a playback id may be used, best first (§9.16). */
enum policy {
	POLICY_PUBLIC,
	POLICY_SIGNED,     /* private, and there is a key to sign tokens with */
	POLICY_RESTRICTED, /* public, for some sites or players only (§9.20) */
	POLICY_PRIVATE,
	POLICY_DRM,
	POLICY_OTHER,
	POLICY_NONE,
};

static const char *const policy_why[] = {
	[POLICY_PRIVATE] =
		"this media is private: it plays only with signed tokens, for "
		"which there is no key (signing_key_id, signing_key)",
	[POLICY_DRM] = "this media is protected by DRM and cannot be archived",
	[POLICY_OTHER] = "FastPix protects this media in a way vodkeep does not know",
	[POLICY_NONE] = "FastPix gives this media no playback id",
};

static bool denies(const cJSON *playback_id, const char *path)
{
	return answer_is(json_text(playback_id, path), "deny");
}

static enum policy policy_of(
	const struct workspace_config *ws, const cJSON *playback_id)
{
	const char *policy = json_text(playback_id, "accessPolicy");

	if (answer_is(policy, "private"))
		return playback_key_given(ws) ? POLICY_SIGNED : POLICY_PRIVATE;
	if (answer_is(policy, "drm"))
		return POLICY_DRM;
	if (policy && !answer_is(policy, "public"))
		return POLICY_OTHER;
	return denies(playback_id, "accessRestrictions.domains.defaultPolicy") ||
			       denies(playback_id,
				       "accessRestrictions.userAgents.defaultPolicy")
		       ? POLICY_RESTRICTED
		       : POLICY_PUBLIC;
}

static struct playback choose_playback(
	const struct workspace_config *ws, const cJSON *media)
{
	struct playback best = {
		.stream_url = ws->stream_url ? ws->stream_url : FASTPIX_STREAM_URL,
		.image_url = ws->image_url ? ws->image_url : FASTPIX_IMAGE_URL,
	};
	const cJSON *ids = json_at(media, "playbackIds");
	const cJSON *item = NULL;
	enum policy best_policy = POLICY_NONE;

	if (!ids)
		ids = json_at(media, "playback_ids");
	while ((item = fastpix_next(ids, item))) {
		const char *id = json_text(item, "id");
		enum policy policy = policy_of(ws, item);
		if (!id || !asset_id_ok(id) || policy >= best_policy)
			continue;
		best_policy = policy;
		best.id = id;
	}
	best.why = policy_why[best_policy];
	best.never = best_policy == POLICY_DRM;
	best.token = best_policy == POLICY_SIGNED;
	return best;
}

/* "capped_4k" in the API is "capped-4k" in URLs; case has varied as well. */
static bool same_name(const char *text, size_t len, const char *name)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (c == '_' || c == '-' || c == ' ')
			continue;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (*name == '\0' || c != *name)
			return false;
		name++;
	}
	return *name == '\0';
}

/* Whether the old string form, "audioOnly,capped_4k", names @name. */
static bool list_names(const char *list, const char *name)
{
	while (list) {
		size_t len = strcspn(list, ",");
		if (same_name(list, len, name))
			return true;
		list = list[len] ? list + len + 1 : NULL;
	}
	return false;
}

static enum rendition_state state_of(const char *status)
{
	if (answer_is(status, "ready") || answer_is(status, "available"))
		return RENDITION_READY;
	return answer_is(status, "failed") || answer_is(status, "errored")
		       ? RENDITION_FAILED
		       : RENDITION_PREPARING;
}

/* mp4Support: absent, null, "none", "capped_4k", a comma list, or since 2026-07 an
 * array with a status each (§3 "Schema drift"). @name without '_' and in lower case. */
static struct rendition find_rendition(const cJSON *media, const char *name)
{
	struct rendition found = { .state = RENDITION_NONE };
	const cJSON *support = json_at(media, "mp4Support");
	const char *list = cJSON_GetStringValue(support);
	const cJSON *item = NULL;

	if (list_names(list, name))
		found.state = RENDITION_NAMED;
	found.others = list && *list && !answer_is(list, "none");
	while ((item = fastpix_next(support, item))) {
		const char *type = json_text(item, "type");
		found.others = true;
		if (!type || !same_name(type, strlen(type), name))
			continue;
		found.state = state_of(json_text(item, "status"));
		found.lines = answer_lines(
			answer_pixels(item, "width"), answer_pixels(item, "height"));
		break;
	}
	return found;
}

/* Add a source at @base/PLAYBACK_ID@path, or say why the media has none. */
static struct source *offer(struct record *record, const struct playback *playback,
	enum role role, const char *key, const char *base, const char *path)
{
	struct source *source = record_add_source(record, role, key);

	if (playback->why) {
		source->available = false;
		source->never = playback->never;
		source->why = mem_strdup(playback->why);
	} else {
		source->url = mem_printf("%s/%s%s", base, playback->id, path);
		if (playback->token)
			source->token_for = mem_strdup(playback->id);
	}
	return source;
}

static void withhold(struct source *source, const char *why)
{
	if (!source->available)
		return;
	source->available = false;
	mem_replace(&source->url, NULL);
	mem_replace(&source->why, why);
}

/* It comes by itself. */
static void await(struct source *source, const char *why)
{
	source->coming = source->available;
	withhold(source, why);
}

static void apply_rendition(
	struct source *source, const struct rendition *rendition, const char *what)
{
	char *why = NULL;

	switch (rendition->state) {
	case RENDITION_READY:
	case RENDITION_NAMED: /* a 404 then means not yet */
		break;
	case RENDITION_PREPARING:
		source->coming = source->available;
		why = mem_printf("FastPix is still making the %s rendition", what);
		break;
	case RENDITION_FAILED:
		why = mem_printf("FastPix could not make the %s rendition", what);
		break;
	case RENDITION_NONE:
		why = mem_printf(
			"FastPix has no %s rendition of this media (mp4Support "
			"%s)",
			what, rendition->others ? "does not name it" : "is none");
		break;
	}
	if (why)
		withhold(source, why);
	free(why);
}

/* The setting is replaced as a whole: what it names already is asked for again. */
static void add_video(
	const cJSON *media, const struct playback *playback, struct record *record)
{
	struct rendition mp4 = find_rendition(media, "capped4k");
	int lines = answer_lines(record->facts.width, record->facts.height);
	struct source *source;

	source = offer(record, playback, ROLE_VIDEO, "video", playback->stream_url,
		"/capped-4k.mp4");
	source->height = mp4.lines > 0 ? mp4.lines : lines;
	if (source->available && mp4.state == RENDITION_NONE)
		source->ask = mem_strdup(
			find_rendition(media, "audioonly").state != RENDITION_NONE
				? "audioOnly,capped_4k"
				: "capped_4k");
	apply_rendition(source, &mp4, "MP4");

	source = offer(
		record, playback, ROLE_VIDEO, "video", playback->stream_url, ".m3u8");
	source->form = FORM_HLS;
	source->height = lines;
}

/* The m4a is a by-product of a video, and the thing itself of audio-only media, which
 * has no video rendition and may have no thumbnail (§9.13). */
static void add_audio(const cJSON *media, const struct playback *playback,
	bool audio_only, struct record *record)
{
	struct rendition audio = find_rendition(media, "audioonly");
	struct source *source;

	source = offer(record, playback, ROLE_AUDIO, "audio", playback->stream_url,
		"/audio.m4a");
	source->optional = !audio_only;
	if (audio_only && source->available && audio.state == RENDITION_NONE)
		source->ask =
			mem_strdup(audio.others ? "audioOnly,capped_4k" : "audioOnly");
	apply_rendition(source, &audio, "audio");
	if (!audio_only)
		return;
	source = offer(
		record, playback, ROLE_AUDIO, "audio", playback->stream_url, ".m3u8");
	source->form = FORM_HLS;
}

/* The picture, then what is wanted by who wants all: a moving preview, and many small
 * pictures in one. Where these lie in it tells a JSON file, which names a URL and is
 * not archived. */
static void add_thumbnails(const struct playback *playback, struct record *record)
{
	static const struct {
		const char *key, *path;
	} pictures[] = {
		{ "thumbnail.1", "/thumbnail.jpg" },
		{ "thumbnail.animated", "/clip.webp" },
		{ "thumbnail.spritesheet", "/spritesheet.jpg" },
	};

	for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++)
		offer(record, playback, ROLE_THUMBNAIL, pictures[i].key,
			playback->image_url, pictures[i].path)
			->optional = true;
}

static bool is_subtitle(const cJSON *track)
{
	const char *type = json_text(track, "type");
	return answer_is(type, "subtitle") || answer_is(type, "text");
}

static bool has_key(const struct record *record, const char *key)
{
	for (size_t i = 0; i < record->n_sources; i++)
		if (strcmp(record->sources[i].key, key) == 0)
			return true;
	return false;
}

static void add_subtitle(
	const cJSON *track, const struct playback *playback, struct record *record)
{
	const char *id = json_text(track, "id");
	const char *status = json_text(track, "status");
	const char *updated = json_text(track, "updatedAt");

	if (!id || !asset_id_ok(id))
		return;
	char *key = mem_printf("subtitle.%s", id);
	char *path = mem_printf("/text/%s.vtt", id);
	if (has_key(record, key)) /* listed twice */
		goto out;
	struct source *source =
		offer(record, playback, ROLE_SUBTITLE, key, playback->stream_url, path);
	source->optional = true;
	source->language = answer_language(json_text(track, "languageCode"));
	source->version = updated ? mem_printf("%s@%s", id, updated) : mem_strdup(id);
	if (status && state_of(status) == RENDITION_FAILED)
		withhold(source, "FastPix could not make this subtitle track");
	else if (status && state_of(status) != RENDITION_READY)
		await(source, "FastPix is still making this subtitle track");
out:
	free(key);
	free(path);
}

/* Generated subtitles carry their own URL, null while preparing (§4). Some name a
 * language, none need have an id. */
static void add_generated(const cJSON *item, int index, struct record *record)
{
	const char *url = json_text(item, "url");
	const char *id = json_text(item, "id");
	const char *status = json_text(item, "status");
	char *language = answer_language(json_text(item, "languageCode"));
	char *key = id && asset_id_ok(id) ? mem_printf("subtitle.%s", id) : NULL;

	if (key && has_key(record, key)) /* listed among the tracks already */
		goto out;
	free(key);
	key = language ? mem_printf("subtitle.generated.%s", language) : NULL;
	if (!key || has_key(record, key)) {
		free(key);
		key = mem_printf("subtitle.generated.%d", index);
	}
	struct source *source = record_add_source(record, ROLE_SUBTITLE, key);
	source->url = mem_strdup(url);
	source->language = mem_strdup(language);
	source->optional = true;
	if (status && state_of(status) == RENDITION_FAILED)
		withhold(source, "FastPix could not make these subtitles");
	else if (!url)
		await(source, "FastPix is still making these subtitles");
out:
	free(key);
	free(language);
}

void fastpix_media_sources(
	const struct workspace_config *ws, const cJSON *media, struct record *record)
{
	struct playback playback = choose_playback(ws, media);
	bool audio_only = json_bool(media, "isAudioOnly", false);
	const cJSON *item = NULL;
	int index = 0;

	if (!audio_only)
		add_video(media, &playback, record);
	add_audio(media, &playback, audio_only, record);
	if (!audio_only)
		add_thumbnails(&playback, record);
	while ((item = fastpix_next(json_at(media, "tracks"), item)))
		if (is_subtitle(item))
			add_subtitle(item, &playback, record);
	while ((item = fastpix_next(json_at(media, "generatedSubtitles"), item)))
		add_generated(item, ++index, record);
}
