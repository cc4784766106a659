/*
 * FastPix API: requests as FastPix wants them, answers of every generation, and what is
 * not an answer at all.
 */
#include <config.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "platform_fixture.h"
#include <stdlib.h>
#include <string.h>

#define MEDIA "3b9d2f60-5c41-47aa-8e13-90f2b7c6d854"
#define CDN   "https://stream.fastpix.com/e1d7a0c4-2b38-4f95-a6c9-58b3f0712d6e"

static struct workspace_config ws;

static int set_up(void **state)
{
	(void)state;
	ws = fixture_workspace(PLATFORM_FASTPIX);
	return 0;
}

static int read_answer(
	int status, const char *body, struct record *record, struct err *err)
{
	struct http_response answer = fixture_answer(status, body);
	return platform_fastpix.details_response(&ws, "m", &answer, record, err);
}

/* A ready media "m" with one public playback id "p" and @rest. */
static void read_media(const char *rest, struct record *record)
{
	char *body = mem_printf("{\"success\":true,\"data\":{\"id\":\"m\",\"status\":"
				"\"Ready\",\"playbackIds\":[{\"id\":\"p\","
				"\"accessPolicy\":\"public\"}]%s%s}}",
		rest[0] ? "," : "", rest);
	struct err err = { 0 };
	if (read_answer(200, body, record, &err) != 0)
		fail_msg("%s: %s", rest, err.text);
	free(body);
}

static void read_file(const char *name, struct record *record)
{
	char *body = fixture_text(name);
	struct http_response answer = fixture_answer(200, body);
	struct err err = { 0 };
	if (platform_fastpix.details_response(&ws, MEDIA, &answer, record, &err) != 0)
		fail_msg("%s: %s", name, err.text);
	free(body);
}

static void asks_with_basic_credentials(void **state)
{
	struct http_request req;
	(void)state;
	platform_fastpix.details_request(&ws, MEDIA, &req);
	assert_string_equal(req.method, "GET");
	assert_string_equal(req.url, "https://api.fastpix.com/v1/on-demand/" MEDIA);
	assert_string_equal(req.basic, "token-id:token:secret");
	assert_null(req.bearer);
	assert_null(req.body);
	assert_int_equal(req.n_headers, 1);
	assert_string_equal(req.headers[0].name, "Accept");
	assert_string_equal(req.headers[0].value, "application/json");
	http_request_release(&req);

	platform_fastpix.delete_request(
		&ws, "a/../b?c", &req); /* cannot come, but if */
	assert_string_equal(req.method, "DELETE");
	assert_string_equal(
		req.url, "https://api.fastpix.com/v1/on-demand/a%2F..%2Fb%3Fc");
	http_request_release(&req);
}

static void asks_for_the_mp4(void **state)
{
	struct http_request req;
	(void)state;
	platform_fastpix.ask_request(&ws, MEDIA, "audioOnly,capped_4k", &req);
	assert_string_equal(req.method, "PATCH");
	assert_string_equal(req.url,
		"https://api.fastpix.com/v1/on-demand/" MEDIA "/update-mp4Support");
	assert_string_equal(req.basic, "token-id:token:secret");
	assert_string_equal(req.body, "{\"mp4Support\":\"audioOnly,capped_4k\"}");
	http_request_release(&req);
}

static void reads_what_came_of_asking(void **state)
{
#define REFUSAL(code, text) \
	"{\"success\":false,\"error\":{\"code\":" code ",\"message\":\"" text "\"}}"
	/* clang-format off */
	static const struct { int status; const char *body; int class; bool had; const char *says; } rows[] = {
		{ 200, "{\"success\":true,\"data\":{\"id\":\"m\",\"mp4Support\":\"capped_4k\"}}", ERR_NONE, false, "" },
		{ 200, "{\"success\":true}", ERR_NONE, false, "" },
		{ 400, REFUSAL("400", "mp4Support value already exists"), ERR_NONE, true, "" },
		{ 200, REFUSAL("400", "mp4Support value Already Exists"), ERR_NONE, true, "" },
		{ 400, REFUSAL("400", "trial plan limits reached"), ERR_PERMANENT, false, "trial plan limits reached" },
		{ 422, REFUSAL("422", "payload validation failed"), ERR_PERMANENT, false, "validation" },
		{ 403, REFUSAL("403", "forbidden"), ERR_PERMANENT, false, "may not change media" },
		{ 401, REFUSAL("401", "unauthorized"), ERR_AUTH, false, "unauthorized" },
		{ 404, REFUSAL("404", "media workspace relation not found"), ERR_NOT_YET, false, "not found" },
		{ 500, REFUSAL("500", "it already exists"), ERR_TRANSIENT, false, "" },
		{ 429, REFUSAL("429", "slow down"), ERR_TRANSIENT, false, "slow down" },
		{ 524, "<html>", ERR_TRANSIENT, false, "" },
		{ 200, "already exists", ERR_TRANSIENT, false, "" },
		{ 200, "", ERR_TRANSIENT, false, "" },
	};
	/* clang-format on */
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_response answer =
			fixture_answer(rows[i].status, rows[i].body);
		struct err err = { 0 };
		bool had = !rows[i].had;
		assert_int_equal(platform_fastpix.ask_response(&answer, &had, &err),
			-rows[i].class);
		assert_int_equal(err.class, rows[i].class);
		assert_int_equal(had, rows[i].had);
		if (!strstr(err.text, rows[i].says))
			fail_msg("\"%s\" does not say \"%s\"", err.text, rows[i].says);
	}
}

static void reads_what_came_of_deleting(void **state)
{
	/* clang-format off */
	static const struct { int status; const char *body; int class; const char *says; } rows[] = {
		{ 200, "{\"success\":true}", ERR_NONE, "" },
		{ 404, REFUSAL("404", "media workspace relation not found"), ERR_NOT_FOUND, "not found" },
		{ 403, REFUSAL("403", "forbidden"), ERR_PERMANENT, "may not delete media" },
		{ 401, REFUSAL("401", "unauthorized"), ERR_AUTH, "unauthorized" },
		{ 422, REFUSAL("422", "in use"), ERR_PERMANENT, "in use" },
		{ 500, REFUSAL("500", "oh"), ERR_TRANSIENT, "" },
		{ 200, REFUSAL("409", "busy"), ERR_PERMANENT, "busy" },
		{ 200, "", ERR_TRANSIENT, "" },
	};
	/* clang-format on */
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_response answer =
			fixture_answer(rows[i].status, rows[i].body);
		struct err err = { 0 };
		assert_int_equal(platform_fastpix.delete_response(&answer, &err),
			-rows[i].class);
		assert_int_equal(err.class, rows[i].class);
		if (!strstr(err.text, rows[i].says))
			fail_msg("\"%s\" does not say \"%s\"", err.text, rows[i].says);
	}
}

/* What is there is named again: the setting is replaced as a whole. */
static void knows_what_can_be_asked_for(void **state)
{
	/* clang-format off */
	static const struct { const char *json, *ask; bool coming; } rows[] = {
		{ "", "capped_4k", false },
		{ "\"mp4Support\":\"none\"", "capped_4k", false },
		{ "\"mp4Support\":\"audioOnly\"", "audioOnly,capped_4k", false },
		{ "\"mp4Support\":[{\"type\":\"audioOnly\",\"status\":\"ready\"}]", "audioOnly,capped_4k", false },
		{ "\"mp4Support\":\"capped_4k\"", NULL, false },
		{ "\"mp4Support\":[{\"type\":\"capped_4k\",\"status\":\"preparing\"}]", NULL, true },
		{ "\"mp4Support\":[{\"type\":\"capped_4k\",\"status\":\"failed\"}]", NULL, false },
		{ "\"playbackIds\":[]", NULL, false }, /* not to be had even if it were made */
		{ "\"playbackIds\":[{\"id\":\"d\",\"accessPolicy\":\"drm\"}],\"mp4Support\":[{\"type\":\"capped_4k\",\"status\":\"preparing\"}]", NULL, false },
	};
	/* clang-format on */
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct record record;
		char *body = mem_printf("{\"success\":true,\"data\":{\"id\":\"m\","
					"\"status\":\"Ready\"%s%s%s}}",
			rows[i].json[0] ? "," : "", rows[i].json,
			strstr(rows[i].json, "playbackIds")
				? ""
				: ",\"playbackIds\":[{\"id\":\"p\"}]");
		assert_int_equal(read_answer(200, body, &record, NULL), 0);
		const struct source *video =
			fixture_source(&record, "video", FORM_FILE);
		assert_same_text(video->ask, rows[i].ask);
		assert_int_equal(video->coming, rows[i].coming);
		record_release(&record);
		free(body);
	}
}

/* Of audio-only media it is the audio file that is made on demand. */
static void says_what_to_ask_for_audio(void **state)
{
	static const struct {
		const char *json, *ask;
	} rows[] = {
		{ "\"isAudioOnly\":true", "audioOnly" },
		{ "\"isAudioOnly\":true,\"mp4Support\":\"none\"", "audioOnly" },
		{ "\"isAudioOnly\":true,\"mp4Support\":\"capped_4k\"",
			"audioOnly,capped_4k" },
		{ "\"isAudioOnly\":true,\"mp4Support\":\"audioOnly\"", NULL },
		{ "\"isAudioOnly\":false", NULL },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct record record;
		read_media(rows[i].json, &record);
		assert_same_text(
			fixture_source(&record, "audio", FORM_FILE)->ask, rows[i].ask);
		record_release(&record);
	}
}

/* fastpix.md §9.15: offset is a page from 1, at most 50 each, oldest first. */
static void lists_by_page(void **state)
{
	struct http_request req;
	(void)state;
	platform_fastpix.list_request(&ws, 3, 20, &req);
	assert_string_equal(req.url, "https://api.fastpix.com/v1/on-demand"
				     "?limit=20&offset=3&orderBy=asc");
	http_request_release(&req);
	platform_fastpix.list_request(&ws, 0, 1000, &req);
	assert_string_equal(req.url, "https://api.fastpix.com/v1/on-demand"
				     "?limit=50&offset=1&orderBy=asc");
	http_request_release(&req);
	assert_int_equal(platform_fastpix.list_limit, 50);
}

static void reads_a_whole_media(void **state)
{
	struct record record;
	(void)state;
	read_file("fastpix/api_media.json", &record);
	assert_int_equal(record.status, RECORD_READY);
	assert_same_text(record.reason, NULL);
	assert_string_equal(
		record.workspace_id, "7f3a1c52-88d4-4c0e-9b1f-2a6d5e4f3b21");
	assert_string_equal(record.facts.type, "video");
	assert_string_equal(record.facts.title, "Derby, second half");
	assert_string_equal(record.facts.creator, "crew-7");
	assert_true(record.facts.duration_ms == 95250);
	assert_true(record.facts.created_ns == INT64_C(1773735331728664000));
	assert_int_equal(record.facts.height, 1080);
	assert_string_equal(json_text(record.facts.metadata, "team"), "sports");
	assert_false(record.trial);
	assert_false(record.links_expire);
	record_release(&record);
}

static void offers_sources_of_a_media(void **state)
{
	/* clang-format off */
	static const struct {
		const char *key; enum form form; enum role role;
		const char *url, *language, *version, *why;
		bool optional;
	} rows[] = {
		{ "video", FORM_FILE, ROLE_VIDEO, CDN "/capped-4k.mp4", NULL, NULL, NULL, false },
		{ "video", FORM_HLS, ROLE_VIDEO, CDN ".m3u8", NULL, NULL, NULL, false },
		{ "audio", FORM_FILE, ROLE_AUDIO, NULL, NULL, NULL, "FastPix is still making the audio rendition", true },
		{ "thumbnail.1", FORM_FILE, ROLE_THUMBNAIL, "https://images.fastpix.com/e1d7a0c4-2b38-4f95-a6c9-58b3f0712d6e/thumbnail.jpg", NULL, NULL, NULL, true },
		{ "thumbnail.animated", FORM_FILE, ROLE_THUMBNAIL, "https://images.fastpix.com/e1d7a0c4-2b38-4f95-a6c9-58b3f0712d6e/clip.webp", NULL, NULL, NULL, true },
		{ "thumbnail.spritesheet", FORM_FILE, ROLE_THUMBNAIL, "https://images.fastpix.com/e1d7a0c4-2b38-4f95-a6c9-58b3f0712d6e/spritesheet.jpg", NULL, NULL, NULL, true },
		{ "subtitle.4f5e6d7c-8b9a-4c0d-8e1f-2a3b4c5d6e7f", FORM_FILE, ROLE_SUBTITLE,
			CDN "/text/4f5e6d7c-8b9a-4c0d-8e1f-2a3b4c5d6e7f.vtt", "de-AT",
			"4f5e6d7c-8b9a-4c0d-8e1f-2a3b4c5d6e7f@2026-03-17T08:19:59Z", NULL, true },
		{ "subtitle.5a6b7c8d-9e0f-4a1b-8c2d-3e4f5a6b7c8d", FORM_FILE, ROLE_SUBTITLE, NULL, "en",
			"5a6b7c8d-9e0f-4a1b-8c2d-3e4f5a6b7c8d", "FastPix is still making this subtitle track", true },
		{ "subtitle.generated.fr", FORM_FILE, ROLE_SUBTITLE, CDN "/text/auto-fr.vtt?token=eyJhbGciOi", "fr", NULL, NULL, true },
		{ "subtitle.generated.2", FORM_FILE, ROLE_SUBTITLE, NULL, NULL, NULL, "FastPix is still making these subtitles", true },
	};
	/* clang-format on */
	struct record record;
	(void)state;
	read_file("fastpix/api_media.json", &record);
	assert_int_equal(record.n_sources, ARRAY_LEN(rows));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct source *source = &record.sources[i];
		assert_string_equal(source->key, rows[i].key);
		assert_int_equal(source->form, rows[i].form);
		assert_int_equal(source->role, rows[i].role);
		assert_same_text(source->url, rows[i].url);
		assert_same_text(source->language, rows[i].language);
		assert_same_text(source->version, rows[i].version);
		assert_same_text(source->why, rows[i].why);
		assert_int_equal(source->available, rows[i].why == NULL);
		assert_int_equal(source->optional, rows[i].optional);
		assert_int_equal(source->coming,
			rows[i].why && strstr(rows[i].why, "still making"));
	}
	assert_int_equal(record.sources[0].height, 1080);
	record_release(&record);
}

/* By their status where they have one, else by their URL. */
static void reads_generated_subtitles(void **state)
{
	static const struct {
		const char *json, *why;
	} rows[] = {
		{ "{\"languageCode\":\"fr\",\"url\":\"https://s/fr.vtt\"}", NULL },
		{ "{\"languageCode\":\"fr\",\"url\":\"https://s/fr.vtt\","
		  "\"status\":\"ready\"}",
			NULL },
		{ "{\"languageCode\":\"fr\",\"url\":null}",
			"FastPix is still making these subtitles" },
		{ "{\"languageCode\":\"fr\",\"status\":\"preparing\"}",
			"FastPix is still making these subtitles" },
		{ "{\"languageCode\":\"fr\",\"url\":null,\"status\":\"failed\"}",
			"FastPix could not make these subtitles" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *json = mem_printf("\"generatedSubtitles\":[%s]", rows[i].json);
		struct record record;
		read_media(json, &record);
		const struct source *source =
			fixture_source(&record, "subtitle.generated.fr", FORM_FILE);
		assert_same_text(source->why, rows[i].why);
		assert_int_equal(source->available, rows[i].why == NULL);
		assert_int_equal(source->coming,
			rows[i].why && strstr(rows[i].why, "still making"));
		record_release(&record);
		free(json);
	}
}

static void keeps_no_signed_link(void **state)
{
	struct record record;
	(void)state;
	read_file("fastpix/api_media.json", &record);
	char *text = json_print(record.platform_data, false);
	assert_null(strstr(text, "eyJ"));
	assert_non_null(strstr(text, "auto-fr.vtt?***"));
	assert_string_equal(json_text(record.platform_data, "id"), MEDIA);
	free(text);
	record_release(&record);
}

static void reads_an_old_media(void **state)
{
	struct record record;
	(void)state;
	read_file("fastpix/api_media_old.json", &record);
	assert_int_equal(record.status, RECORD_READY);
	assert_true(record.facts.duration_ms == 95250);
	assert_int_equal(record.facts.height, 1080); /* of sourceResolution */
	const struct source *video = fixture_source(&record, "video", FORM_FILE);
	assert_true(video->available && !video->optional);
	assert_true(fixture_source(&record, "audio", FORM_FILE)->available);
	record_release(&record);
}

/* fastpix.md §9.12, §9.13: every form mp4Support has had. */
static void reads_every_mp4_support(void **state)
{
#define NONE "FastPix has no MP4 rendition of this media (mp4Support is none)"
#define UNNAMED \
	"FastPix has no MP4 rendition of this media (mp4Support does not name it)"
#define PREPARING "FastPix is still making the MP4 rendition"
	/* clang-format off */
	static const struct { const char *json, *why; int height; bool audio; } rows[] = {
		{ "", NONE, 0, false },
		{ "\"mp4Support\":null", NONE, 0, false },
		{ "\"mp4Support\":\"none\"", NONE, 0, false },
		{ "\"mp4Support\":\"\"", NONE, 0, false },
		{ "\"mp4Support\":[]", NONE, 0, false },
		{ "\"mp4Support\":7", NONE, 0, false },
		{ "\"mp4Support\":[null,7,\"capped_4k\",{}]", UNNAMED, 0, false },
		{ "\"mp4Support\":\"capped_4k\"", NULL, 0, false },
		{ "\"mp4Support\":\"audioOnly\"", UNNAMED, 0, true },
		{ "\"mp4Support\":\"audioOnly,capped_4k\"", NULL, 0, true },
		{ "\"mp4Support\":\"capped_4k, audioOnly\"", NULL, 0, true },
		{ "\"mp4Support\":\"capped_4kx\"", UNNAMED, 0, false },
		{ "\"mp4Support\":[{\"type\":\"capped_4k\",\"status\":\"preparing\"}]", PREPARING, 0, false },
		{ "\"mp4Support\":[{\"type\":\"capped_4k\",\"status\":\"queued?\"}]", PREPARING, 0, false },
		{ "\"mp4Support\":[{\"type\":\"capped_4k\"}]", PREPARING, 0, false },
		{ "\"mp4Support\":[{\"type\":\"capped_4k\",\"status\":\"failed\"}]", "FastPix could not make the MP4 rendition", 0, false },
		{ "\"mp4Support\":[{\"type\":\"Capped-4K\",\"status\":\"Ready\",\"width\":3840,\"height\":2160}]", NULL, 2160, false },
		{ "\"mp4Support\":[{\"type\":\"capped_4k\",\"status\":\"ready\",\"width\":1080,\"height\":1920}]", NULL, 1080, false },
		{ "\"mp4Support\":{\"type\":\"capped_4k\",\"status\":\"ready\",\"height\":720},\"x\":{\"type\":\"audioOnly\",\"status\":\"ready\"}", NULL, 720, false },
		{ "\"mp4Support\":[{\"type\":\"audioOnly\",\"status\":\"ready\"}]", UNNAMED, 0, true },
	};
	/* clang-format on */
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct record record;
		read_media(rows[i].json, &record);
		const struct source *video =
			fixture_source(&record, "video", FORM_FILE);
		assert_same_text(video->why, rows[i].why);
		assert_same_text(video->url, rows[i].why
						     ? NULL
						     : "https://stream.fastpix.com/p/"
						       "capped-4k.mp4");
		assert_int_equal(video->height, rows[i].height);
		assert_int_equal(fixture_source(&record, "audio", FORM_FILE)->available,
			rows[i].audio);
		assert_true(fixture_source(&record, "video", FORM_HLS)->available);
		record_release(&record);
	}
#undef NONE
#undef UNNAMED
#undef PREPARING
}

/* fastpix.md §9.16: public before private, DRM never; a playback id is not the media's.
 */
static void chooses_a_playback_id(void **state)
{
	/* clang-format off */
	static const struct { const char *ids, *url, *why; } rows[] = {
		{ "[]", NULL, "no playback id" },
		{ "null", NULL, "no playback id" },
		{ "\"p\"", NULL, "no playback id" },
		{ "[null,{\"accessPolicy\":\"public\"},{\"id\":7}]", NULL, "no playback id" },
		{ "[{\"id\":\"../x\",\"accessPolicy\":\"public\"}]", NULL, "no playback id" },
		{ "[{\"id\":\"d\",\"accessPolicy\":\"drm\"}]", NULL, "DRM" },
		{ "[{\"id\":\"n\",\"accessPolicy\":\"somethingNew\"}]", NULL, "does not know" },
		{ "[{\"id\":\"s\",\"accessPolicy\":\"private\"}]", NULL, "private" },
		{ "[{\"id\":\"d\",\"accessPolicy\":\"drm\"},{\"id\":\"s\",\"accessPolicy\":\"private\"}]", NULL, "private" },
		{ "[{\"id\":\"s\",\"accessPolicy\":\"private\"},{\"id\":\"p\",\"accessPolicy\":\"Public\"}]", "https://stream.fastpix.com/p.m3u8", NULL },
		{ "{\"id\":\"o\",\"accessPolicy\":\"public\"}", "https://stream.fastpix.com/o.m3u8", NULL },
		{ "[{\"id\":\"o\"}]", "https://stream.fastpix.com/o.m3u8", NULL },
		{ "[{\"id\":\"r\",\"accessPolicy\":\"public\",\"accessRestrictions\":{\"domains\":{\"defaultPolicy\":\"deny\"}}},{\"id\":\"p\",\"accessPolicy\":\"public\"}]", "https://stream.fastpix.com/p.m3u8", NULL },
		{ "[{\"id\":\"r\",\"accessPolicy\":\"public\",\"accessRestrictions\":{\"userAgents\":{\"defaultPolicy\":\"deny\"}}},{\"id\":\"s\",\"accessPolicy\":\"private\"}]", "https://stream.fastpix.com/r.m3u8", NULL },
		{ "[{\"id\":\"a\",\"accessPolicy\":\"public\"},{\"id\":\"b\",\"accessPolicy\":\"public\"}]", "https://stream.fastpix.com/a.m3u8", NULL },
	};
	/* clang-format on */
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct record record;
		char *body = mem_printf("{\"success\":true,\"data\":{\"id\":\"m\","
					"\"status\":\"Ready\",\"mp4Support\":"
					"\"capped_4k\",\"playbackIds\":%s}}",
			rows[i].ids);
		assert_int_equal(read_answer(200, body, &record, NULL), 0);
		const struct source *hls = fixture_source(&record, "video", FORM_HLS);
		assert_same_text(hls->url, rows[i].url);
		assert_int_equal(hls->available, rows[i].url != NULL);
		if (rows[i].why)
			assert_non_null(strstr(hls->why, rows[i].why));
		assert_int_equal(fixture_source(&record, "video", FORM_FILE)->available,
			rows[i].url != NULL);
		record_release(&record);
		free(body);
	}
}

/* Public first, then private with a key, never DRM; one token serves all of it. */
static void chooses_a_private_playback_id_with_a_key(void **state)
{
	/* clang-format off */
	static const struct { const char *ids, *url, *token_for; bool never; } rows[] = {
		{ "[{\"id\":\"s\",\"accessPolicy\":\"Private\"}]", "https://stream.fastpix.com/s/capped-4k.mp4", "s", false },
		{ "[{\"id\":\"s\",\"accessPolicy\":\"private\"},{\"id\":\"p\",\"accessPolicy\":\"public\"}]", "https://stream.fastpix.com/p/capped-4k.mp4", NULL, false },
		{ "[{\"id\":\"d\",\"accessPolicy\":\"drm\"},{\"id\":\"s\",\"accessPolicy\":\"private\"}]", "https://stream.fastpix.com/s/capped-4k.mp4", "s", false },
		{ "[{\"id\":\"r\",\"accessPolicy\":\"public\",\"accessRestrictions\":{\"userAgents\":{\"defaultPolicy\":\"deny\"}}},{\"id\":\"s\",\"accessPolicy\":\"private\"}]", "https://stream.fastpix.com/s/capped-4k.mp4", "s", false },
		{ "[{\"id\":\"d\",\"accessPolicy\":\"drm\"}]", NULL, NULL, true },
		{ "[{\"id\":\"../s\",\"accessPolicy\":\"private\"}]", NULL, NULL, false },
	};
	/* clang-format on */
	char key_id[] = "k", key[] = "never looked at here";
	(void)state;
	ws.signing_key_id = key_id;
	ws.signing_key = key;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct record record;
		char *body = mem_printf(
			"{\"success\":true,\"data\":{\"id\":\"m\","
			"\"status\":\"Ready\",\"mp4Support\":"
			"\"capped_4k\",\"playbackIds\":%s,\"tracks\":[{\"id\":"
			"\"t\",\"type\":\"subtitle\"}],\"generatedSubtitles\":"
			"[{\"id\":\"g\",\"url\":\"https://x/g.vtt\"}]}}",
			rows[i].ids);
		assert_int_equal(read_answer(200, body, &record, NULL), 0);
		const struct source *video =
			fixture_source(&record, "video", FORM_FILE);
		assert_same_text(video->url, rows[i].url);
		assert_same_text(video->token_for, rows[i].token_for);
		assert_int_equal(video->never, rows[i].never);
		assert_same_text(
			fixture_source(&record, "thumbnail.1", FORM_FILE)->token_for,
			rows[i].token_for);
		assert_same_text(
			fixture_source(&record, "subtitle.t", FORM_FILE)->token_for,
			rows[i].token_for);
		/* has a link of its own */
		assert_same_text(
			fixture_source(&record, "subtitle.generated.1", FORM_FILE)
				->token_for,
			NULL);
		record_release(&record);
		free(body);
	}
	ws.signing_key_id = ws.signing_key = NULL;
}

static void audio_only_media_is_audio(void **state)
{
	struct record record;
	(void)state;
	read_media("\"isAudioOnly\":true,\"thumbnail\":null,\"mp4Support\":[{\"type\":"
		   "\"audioOnly\",\"status\":\"ready\",\"ext\":\"m4a\"}]",
		&record);
	assert_string_equal(record.facts.type, "audio");
	assert_int_equal(record.n_sources, 2);
	assert_int_equal(record.sources[0].role, ROLE_AUDIO);
	assert_string_equal(
		record.sources[0].url, "https://stream.fastpix.com/p/audio.m4a");
	assert_false(record.sources[0].optional);
	assert_int_equal(record.sources[1].role, ROLE_AUDIO);
	assert_int_equal(record.sources[1].form, FORM_HLS);
	record_release(&record);
}

static void tells_types(void **state)
{
	static const struct {
		const char *json, *type;
	} rows[] = {
		{ "", "video" },
		{ "\"isAudioOnly\":null", "video" },
		{ "\"isAudioOnly\":false,\"streamId\":\"s\"", "live" },
		{ "\"sourceMediaId\":\"x\"", "clip" },
		{ "\"sourceMediaId\":\"x\",\"streamId\":\"s\"", "clip" },
		{ "\"sourceMediaId\":\"x\",\"isAudioOnly\":true", "audio" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct record record;
		read_media(rows[i].json, &record);
		assert_string_equal(record.facts.type, rows[i].type);
		record_release(&record);
	}
}

static void reads_durations(void **state)
{
	static const struct {
		const char *json;
		int64_t ms;
	} rows[] = {
		{ "\"00:03:03\"", 183000 },
		{ "\"01:00:00.5\"", 3600500 },
		{ "\"00:00:22.123456\"", 22123 },
		{ "\"12:00:00\"", 43200000 },
		{ "\"95.25\"", 95250 },
		{ "95.25", 95250 },
		{ "22", 22000 },
		{ "0", -1 },
		{ "\"00:00:00\"", -1 },
		{ "-1", -1 },
		{ "\"-1\"", -1 },
		{ "\"1:2:3x\"", -1 },
		{ "\"PT22S\"", -1 },
		{ "\"99999999999999999999\"", -1 },
		{ "1e300", -1 },
		{ "null", -1 },
		{ "true", -1 },
		{ "[]", -1 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct record record;
		char *json = mem_printf("\"duration\":%s", rows[i].json);
		read_media(json, &record);
		assert_true(record.facts.duration_ms == rows[i].ms);
		record_release(&record);
		free(json);
	}
}

static void reads_resolutions(void **state)
{
	static const struct {
		const char *json;
		int height;
	} rows[] = {
		{ "\"sourceResolution\":\"720\"", 720 },
		{ "\"sourceResolution\":\"2160p\"", 2160 },
		{ "\"sourceResolution\":\"4k\"", 0 },
		{ "\"sourceResolution\":1080", 0 },
		{ "\"tracks\":[{\"type\":\"Video\",\"width\":640,\"height\":360},"
		  "{\"type\":\"video\",\"width\":1280,\"height\":720},"
		  "{\"type\":\"audio\",\"height\":9999}]",
			720 },
		{ "\"tracks\":{\"type\":\"video\",\"height\":\"480\"}", 480 },
		{ "\"tracks\":[{\"type\":\"video\",\"height\":-5}]", 0 },
		{ "\"tracks\":[{\"type\":\"video\",\"height\":1e12,"
		  "\"frameRate\":\"30/1\"}]",
			0 },
		{ "\"tracks\":[null,1,\"x\",{\"type\":7}]", 0 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct record record;
		read_media(rows[i].json, &record);
		assert_int_equal(record.facts.height, rows[i].height);
		record_release(&record);
	}
}

static void reads_statuses(void **state)
{
	static const struct {
		const char *json;
		enum record_status status;
		const char *reason;
	} rows[] = {
		{ "\"Ready\"", RECORD_READY, NULL },
		{ "\"READY\"", RECORD_READY, NULL },
		{ "\"ready\"", RECORD_READY, NULL },
		{ "\"Failed\"", RECORD_FAILED, "no video in https://x.example/?***" },
		{ "\"Created\"", RECORD_PENDING, "Created" },
		{ "\"Downloading\"", RECORD_PENDING, "Downloading" },
		{ "\"In Queue\"", RECORD_PENDING, "In Queue" },
		{ "\"Processing\"", RECORD_PENDING, "Processing" },
		{ "\"Teleporting\"", RECORD_PENDING, "Teleporting" },
		{ "null", RECORD_PENDING, NULL },
		{ "5", RECORD_PENDING, NULL },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct record record;
		char *body = mem_printf(
			"{\"success\":true,\"data\":{\"id\":\"m\",\"status\":%s,"
			"\"failedReason\":\"no video in https://x.example/?t=1\"}}",
			rows[i].json);
		assert_int_equal(read_answer(200, body, &record, NULL), 0);
		assert_int_equal(record.status, rows[i].status);
		assert_same_text(record.reason, rows[i].reason);
		assert_int_equal(record.n_sources > 0, rows[i].status == RECORD_READY);
		record_release(&record);
		free(body);
	}
}

static void tolerates_hostile_subtitles(void **state)
{
	struct record record;
	(void)state;
	read_media(
		"\"tracks\":[{\"type\":\"subtitle\"},{\"type\":\"subtitle\",\"id\":"
		"\"../../x\"},{\"type\":\"TEXT\",\"id\":\"t\",\"languageCode\":"
		"\"../en\"},{\"type\":\"text\",\"id\":\"t\"}],\"generatedSubtitles\":[{\"id\":\"t\",\"url\":"
		"\"https://stream.fastpix.com/dup.vtt\"},{\"url\":\"https://"
		"stream.fastpix.com/a.vtt\",\"languageCode\":\"en\"},{\"url\":"
		"\"https://stream.fastpix.com/b.vtt\",\"languageCode\":\"en\"}]",
		&record);
	assert_int_equal(record.n_sources, 6 + 3);
	assert_string_equal(record.sources[6].key, "subtitle.t");
	assert_same_text(record.sources[6].language, NULL);
	assert_string_equal(record.sources[7].key, "subtitle.generated.en");
	assert_string_equal(record.sources[8].key, "subtitle.generated.3");
	assert_string_equal(record.sources[8].language, "en");
	record_release(&record);
}

static void trial_media_has_a_deadline(void **state)
{
	struct record record;
	(void)state;
	read_media("\"trial\":true,\"createdAt\":\"2026-03-17T08:15:31Z\"", &record);
	assert_true(record.trial);
	assert_true(
		record.facts.expires_ns - record.facts.created_ns == 86400 * NS_PER_S);
	record_release(&record);
}

static void classifies_answers(void **state)
{
#define ERROR(code) \
	"{\"success\":false,\"error\":{\"code\":" #code ",\"message\":\"why\"}}"
#define HTML "<html><title>524: A timeout occurred</title></html>"
	/* clang-format off */
	static const struct { int status; const char *body; enum err_class class; const char *text; } rows[] = {
		{ 401, ERROR(401), ERR_AUTH, "refuses the API credentials (HTTP 401: why)" },
		{ 403, ERROR(403), ERR_AUTH, "why" },
		{ 401, "", ERR_AUTH, "HTTP 401" },
		{ 401, HTML, ERR_AUTH, "HTTP 401" },
		{ 403, HTML, ERR_TRANSIENT, "HTML page" },
		{ 429, ERROR(429), ERR_TRANSIENT, "less often" },
		{ 408, ERROR(408), ERR_TRANSIENT, "why" },
		{ 500, ERROR(500), ERR_TRANSIENT, "why" },
		{ 503, "", ERR_TRANSIENT, "answered nothing" },
		{ 524, HTML, ERR_TRANSIENT, "an HTML page instead of JSON (HTTP 524)" },
		{ 302, "", ERR_TRANSIENT, "HTTP 302" },
		{ 400, ERROR(400), ERR_PERMANENT, "refuses the request (HTTP 400: why)" },
		{ 422, "{\"success\":false,\"error\":{\"code\":422,\"message\":\"payload validation failed\",\"fields\":[{\"field\":\"limit\",\"message\":\"is invalid\"},null]}}", ERR_PERMANENT, "payload validation failed; limit is invalid" },
		{ 200, HTML, ERR_TRANSIENT, "FastPix answered an HTML page instead of JSON (HTTP 200)" },
		{ 200, "", ERR_TRANSIENT, "answered nothing" },
		{ 200, "{\"success\":true,\"data\":{\"id\":", ERR_TRANSIENT, "not JSON" },
		{ 200, "[]", ERR_TRANSIENT, "not an object" },
		{ 200, "{}", ERR_TRANSIENT, "without the media" },
		{ 200, "{\"success\":true,\"data\":[]}", ERR_TRANSIENT, "without the media" },
		{ 200, "{\"success\":true,\"data\":null}", ERR_TRANSIENT, "without the media" },
		{ 200, "{\"success\":true,\"data\":{\"id\":\"other\"}}", ERR_TRANSIENT, "another media" },
		{ 200, ERROR(401), ERR_AUTH, "why" },
		{ 200, ERROR(403), ERR_AUTH, "why" },
		{ 200, ERROR(500), ERR_TRANSIENT, "why" },
		{ 200, ERROR(422), ERR_PERMANENT, "why" },
		{ 200, "{\"success\":false}", ERR_TRANSIENT, "HTTP 200" },
		{ 404, HTML, ERR_TRANSIENT, "HTML page" },
		{ 404, "", ERR_TRANSIENT, "answered nothing" },
		{ 404, "{\"message\":\"no Route matched\"}", ERR_TRANSIENT, "no Route matched" },
	};
	/* clang-format on */
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		struct record record;
		struct http_response answer =
			fixture_answer(rows[i].status, rows[i].body);
		answer.retry_after_ms = 30000;
		assert_int_equal(platform_fastpix.details_response(
					 &ws, "m", &answer, &record, &err),
			-(int)rows[i].class);
		assert_int_equal(err.class, rows[i].class);
		if (!strstr(err.text, rows[i].text))
			fail_msg("\"%s\" lacks \"%s\"", err.text, rows[i].text);
		if (rows[i].status == 429 || rows[i].status >= 500)
			assert_true(err.retry_after_ms == 30000);
		record_release(&record);
	}
#undef HTML
}

/* fastpix.md §9.3: a deletion may rest on this, so only FastPix' own 404 counts. */
static void knows_what_is_gone(void **state)
{
	static const struct {
		int status;
		const char *body;
	} rows[] = { { 404, ERROR(404) }, { 200, ERROR(404) },
		{ 404, "{\"success\":false}" } };
	struct record record;
	(void)state;
	char *body = fixture_text("fastpix/api_not_found.json");
	assert_int_equal(read_answer(404, body, &record, NULL), 0);
	assert_int_equal(record.status, RECORD_UNKNOWN);
	assert_non_null(strstr(record.reason, "media workspace relation not found"));
	record_release(&record);
	free(body);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(
			read_answer(rows[i].status, rows[i].body, &record, NULL), 0);
		assert_int_equal(record.status, RECORD_UNKNOWN);
		record_release(&record);
	}
#undef ERROR
}

static void reads_a_page(void **state)
{
	char *body = fixture_text("fastpix/api_list.json");
	struct http_response answer = fixture_answer(200, body);
	struct list_page page;
	struct err err;
	(void)state;
	assert_int_equal(
		platform_fastpix.list_response(&ws, &answer, 50, &page, &err), 0);
	assert_int_equal(page.count, 3);
	assert_true(page.total == 53);
	assert_true(page.last);
	assert_string_equal(page.entries[1].id, "6c0ffee1-1111-4222-8333-444455556666");
	assert_int_equal(page.entries[0].record.status, RECORD_READY);
	assert_true(page.entries[0].record.facts.duration_ms == 10000);
	assert_int_equal(page.entries[2].record.status, RECORD_PENDING);
	list_page_release(&page);
	list_page_release(&page);
	free(body);
}

static void tells_the_last_page(void **state)
{
	static const struct {
		const char *pagination;
		int entries, limit;
		bool last;
	} rows[] = {
		{ "{\"totalRecords\":2,\"currentOffset\":1,\"offsetCount\":1}", 2, 2,
			true },
		{ "{\"totalRecords\":3,\"currentOffset\":1,\"offsetCount\":2}", 2, 2,
			false },
		{ "{\"totalRecords\":3,\"currentOffset\":2,\"offsetCount\":2}", 1, 2,
			true },
		/* were offsetCount the number of entries on the page */
		{ "{\"totalRecords\":9,\"currentOffset\":2,\"offsetCount\":2}", 2, 2,
			false },
		{ "{\"totalRecords\":9}", 2, 2, false },
		{ "null", 2, 2, false },
		{ "null", 1, 2, true },
		{ "null", 0, 2, true },
		{ "{\"totalRecords\":9,\"currentOffset\":7,\"offsetCount\":9}", 0, 2,
			true },
		{ "{\"totalRecords\":0,\"currentOffset\":1,\"offsetCount\":0}", 0, 50,
			true },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct list_page page;
		char *body = mem_printf(
			"{\"success\":true,\"data\":[%s],\"pagination\":%s}",
			rows[i].entries == 0   ? ""
			: rows[i].entries == 1 ? "{\"id\":\"a\"}"
					       : "{\"id\":\"a\"},{\"id\":\"../b\"}",
			rows[i].pagination);
		struct http_response answer = fixture_answer(200, body);
		assert_int_equal(platform_fastpix.list_response(
					 &ws, &answer, rows[i].limit, &page, NULL),
			0);
		assert_int_equal(page.last, rows[i].last);
		assert_int_equal(page.count, rows[i].entries > 0);
		list_page_release(&page);
		free(body);
	}
}

static void a_page_that_is_none_is_refused(void **state)
{
	static const char *const rows[] = { "", "{}", "{\"success\":true,\"data\":{}}",
		"{\"success\":true,\"data\":[{\"id\":" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_response answer = fixture_answer(200, rows[i]);
		struct list_page page;
		struct err err = { 0 };
		assert_int_equal(
			platform_fastpix.list_response(&ws, &answer, 50, &page, &err),
			-(int)ERR_TRANSIENT);
		assert_int_equal(page.count, 0);
		list_page_release(&page);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_with_basic_credentials),
		cmocka_unit_test(asks_for_the_mp4),
		cmocka_unit_test(reads_what_came_of_asking),
		cmocka_unit_test(reads_what_came_of_deleting),
		cmocka_unit_test(knows_what_can_be_asked_for),
		cmocka_unit_test(says_what_to_ask_for_audio),
		cmocka_unit_test(lists_by_page),
		cmocka_unit_test(reads_a_whole_media),
		cmocka_unit_test(offers_sources_of_a_media),
		cmocka_unit_test(reads_generated_subtitles),
		cmocka_unit_test(keeps_no_signed_link),
		cmocka_unit_test(reads_an_old_media),
		cmocka_unit_test(reads_every_mp4_support),
		cmocka_unit_test(chooses_a_playback_id),
		cmocka_unit_test(chooses_a_private_playback_id_with_a_key),
		cmocka_unit_test(audio_only_media_is_audio),
		cmocka_unit_test(tells_types),
		cmocka_unit_test(reads_durations),
		cmocka_unit_test(reads_resolutions),
		cmocka_unit_test(reads_statuses),
		cmocka_unit_test(tolerates_hostile_subtitles),
		cmocka_unit_test(trial_media_has_a_deadline),
		cmocka_unit_test(classifies_answers),
		cmocka_unit_test(knows_what_is_gone),
		cmocka_unit_test(reads_a_page),
		cmocka_unit_test(tells_the_last_page),
		cmocka_unit_test(a_page_that_is_none_is_refused),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
