/*
 * plan(): what is fetched and how the look ends, row by row: a rule, a record written
 * as a few words, what the archive has, and what comes of it.
 *
 * A record is a list of sources, "KEY[:OPTION...]" separated by blanks. The role is
 * what the key begins with; options: hls, no (not available yet), coming (being made),
 * ask (made on demand), NUMBERp (height), vTEXT (version), NUMBERb (bytes), @LANGUAGE.
 * Files are written the same way; eTEXT is an etag.
 */
#include <config.h>

#include "base/mem.h"
#include "core/plan.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL_BUT_AUDIO (FETCH_VIDEO | FETCH_THUMBNAIL | FETCH_SUBTITLES | FETCH_METADATA)

static char rule_name[] = "clips", no_name[] = "";

static const struct rule defaults = {
	.name = rule_name,
	.fetch = ALL_BUT_AUDIO,
	.video = { VIDEO_MP4, VIDEO_HLS },
	.n_video = 2,
	.max_height = 1080,
};

struct world {
	struct rule rule;
	struct record record;
	struct asset *asset;
	bool request_mp4, no_mp4;
	int64_t now_ns;
	struct plan plan;
};

/* ---- from words to values ---- */

static enum role role_of(const char *key)
{
	char name[32];
	enum role role = ROLES;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(key, ".-"), key);
	assert_int_equal(role_parse(name, &role), 0);
	return role;
}

static void source_option(struct source *source, const char *option)
{
	char *end;
	long number = strtol(option, &end, 10);

	if (strcmp(option, "hls") == 0) {
		source->form = FORM_HLS;
	} else if (strcmp(option, "no") == 0) {
		source->available = false;
		source->why = mem_strdup("it is being made");
	} else if (strcmp(option, "coming") == 0) {
		source->coming = true;
	} else if (strcmp(option, "ask") == 0) {
		source->ask = mem_strdup("capped_4k");
	} else if (*option == 'v') {
		source->version = mem_strdup(option + 1);
	} else if (*option == '@') {
		source->language = mem_strdup(option + 1);
	} else if (*end == 'p') {
		source->height = (int)number;
	} else {
		assert_int_equal(*end, 'b');
		source->bytes = number;
	}
}

static void file_option(struct file *file, const char *option)
{
	if (strcmp(option, "made") == 0)
		file->made = mem_strdup("HLS");
	else if (strcmp(option, "repair") == 0)
		file->repair = true;
	else if (*option == 'v')
		file->version = mem_strdup(option + 1);
	else if (*option == 'e')
		file->etag = mem_strdup(option + 1);
	else
		file->bytes = strtol(option, NULL, 10);
}

static void add_sources(struct record *record, const char *words)
{
	char *text = mem_strdup(words), *rest = text, *word;

	while ((word = strsep(&rest, " ")) && *word) {
		char *key = strsep(&word, ":"), *option;
		struct source *source = record_add_source(record, role_of(key), key);

		while ((option = strsep(&word, ":")))
			source_option(source, option);
	}
	free(text);
}

static void add_files(struct asset *asset, const char *words)
{
	char *text = mem_strdup(words), *rest = text, *word;

	while ((word = strsep(&rest, " ")) && *word) {
		char *key = strsep(&word, ":"), *option;
		struct file *file = asset_add_file(asset, key);

		file->role = role_of(key);
		file->path = mem_printf("w/a.%s", key);
		while ((option = strsep(&word, ":")))
			file_option(file, option);
	}
	free(text);
}

static void begin(struct world *world, const char *sources, const char *files)
{
	memset(world, 0, sizeof(*world));
	world->rule = defaults;
	record_init(&world->record);
	world->record.status = RECORD_READY;
	add_sources(&world->record, sources);
	world->asset = asset_new("w", "a");
	add_files(world->asset, files);
	world->asset->archived_ns = *files ? 1 : 0;
}

static void make(struct world *world)
{
	struct plan_input in = {
		.asset = world->asset,
		.record = &world->record,
		.rule = &world->rule,
		.now_ns = world->now_ns ? world->now_ns : 1000,
		.request_mp4 = world->request_mp4,
		.request_mp4_wait_ms = INT64_C(30) * 60 * 1000,
		.no_mp4 = world->no_mp4,
	};

	plan_make(&in, &world->plan);
}

static void end(struct world *world)
{
	plan_release(&world->plan);
	record_release(&world->record);
	asset_free(world->asset);
}

/* Keys, "*" behind the main file and "!" behind what replaces another. */
static const char *words_of(const struct plan_fetch *list, size_t count, char out[256])
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		const struct plan_fetch *fetch = &list[i];

		n += (size_t)snprintf(out + n, 256 - n, "%s%s%s%s", i ? " " : "",
			fetch->source->key, fetch->main ? "*" : "",
			fetch->replaces ? "!" : "");
	}
	return out;
}

static const char *fetched(const struct plan *plan, char out[256])
{
	return words_of(plan->fetches, plan->n_fetches, out);
}

static void assert_says(const struct plan *plan, const char *words)
{
	if (!*words)
		assert_string_equal(plan->reason, "");
	else if (!strstr(plan->reason, words))
		fail_msg("\"%s\" does not say \"%s\"", plan->reason, words);
}

/* ---- what is fetched ---- */

#define FULL                                                                      \
	"video:720p audio thumbnail.1 thumbnail.2 subtitle.a:@en subtitle.b:@de " \
	"subtitle.c:no"

static void the_rule_says_what_is_fetched(void **state)
{
	static const struct {
		unsigned fetch;
		const char *fetched;
	} rows[] = {
		{ ALL_BUT_AUDIO, "video* thumbnail.1 subtitle.a subtitle.b" },
		{ FETCH_VIDEO, "video*" },
		{ FETCH_THUMBNAIL, "thumbnail.1" },
		{ FETCH_ALL_THUMBNAILS, "thumbnail.1 thumbnail.2" },
		{ FETCH_THUMBNAIL | FETCH_ALL_THUMBNAILS, "thumbnail.1 thumbnail.2" },
		{ FETCH_SUBTITLES, "subtitle.a subtitle.b" },
		{ FETCH_AUDIO, "audio" },
		{ FETCH_VIDEO | FETCH_AUDIO, "video* audio" },
		{ FETCH_METADATA, "" },
		{ 0, "" },
	};
	char text[256];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world world;

		begin(&world, FULL, "");
		world.rule.fetch = rows[i].fetch;
		make(&world);
		assert_string_equal(fetched(&world.plan, text), rows[i].fetched);
		assert_int_equal(world.plan.state, ASSET_ARCHIVED);
		assert_int_equal(world.plan.due, PLAN_DUE_NEVER);
		assert_int_equal(
			world.plan.sidecar, (rows[i].fetch & FETCH_METADATA) != 0);
		assert_false(world.plan.ignore);
		assert_int_equal(world.plan.n_rechecks, 0);
		end(&world);
	}
}

static void the_main_file(void **state)
{
	static const struct {
		const char *sources, *fetched;
		enum asset_state end;
		enum plan_due due;
		const char *says;
	} rows[] = {
		{ "video:720p", "video*", ASSET_ARCHIVED, PLAN_DUE_NEVER, "" },
		{ "video", "video*", ASSET_ARCHIVED, PLAN_DUE_NEVER, "" },
		{ "video:1080p video-hls:hls", "video*", ASSET_ARCHIVED, PLAN_DUE_NEVER,
			"" },
		/* the largest that max_resolution allows */
		{ "video-s:480p video-m:1080p video-l:2160p", "video-m*",
			ASSET_ARCHIVED, PLAN_DUE_NEVER, "" },
		/* nothing smaller is on offer: better whole than nothing */
		{ "video:2160p", "video*", ASSET_ARCHIVED, PLAN_DUE_NEVER, "" },
		{ "video:2160p video-hls:hls", "video-hls*", ASSET_ARCHIVED,
			PLAN_DUE_NEVER, "" },
		{ "video-hls:hls", "video-hls*", ASSET_ARCHIVED, PLAN_DUE_NEVER, "" },
		{ "video:no", "", ASSET_WAITING, PLAN_DUE_SCHEDULE,
			"it is being made" },
		{ "video:no video-hls:hls", "video-hls*", ASSET_ARCHIVED,
			PLAN_DUE_NEVER, "" },
		/* audio-only media: the audio is what there is */
		{ "audio", "audio*", ASSET_ARCHIVED, PLAN_DUE_NEVER, "" },
		{ "audio:no audio-hls:hls", "audio-hls*", ASSET_ARCHIVED,
			PLAN_DUE_NEVER, "" },
		{ "audio:no", "", ASSET_WAITING, PLAN_DUE_SCHEDULE,
			"it is being made" },
		{ "", "", ASSET_WAITING, PLAN_DUE_SCHEDULE, "no file to download" },
		{ "video:no thumbnail.1", "thumbnail.1", ASSET_WAITING,
			PLAN_DUE_SCHEDULE, "it is being made" },
	};
	char text[256];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world world;

		begin(&world, rows[i].sources, "");
		make(&world);
		assert_string_equal(fetched(&world.plan, text), rows[i].fetched);
		assert_int_equal(world.plan.state, rows[i].end);
		assert_int_equal(world.plan.due, rows[i].due);
		assert_says(&world.plan, rows[i].says);
		end(&world);
	}
}

static void the_rule_says_which_form(void **state)
{
	static const struct {
		enum video_form video[2];
		size_t n_video;
		const char *sources, *fetched, *says;
	} rows[] = {
		{ { VIDEO_MP4 }, 1, "video video-hls:hls", "video*", "" },
		{ { VIDEO_MP4 }, 1, "video-hls:hls", "", "as HLS only" },
		{ { VIDEO_MP4 }, 1, "video:2160p video-hls:hls", "",
			"more than max_resolution allows (1080); the media is there as "
			"HLS too, which the rule does not take" },
		{ { VIDEO_HLS, VIDEO_MP4 }, 2, "video video-hls:hls", "video-hls*",
			"" },
		{ { VIDEO_HLS, VIDEO_MP4 }, 2, "video video-hls:hls:no", "video*", "" },
		{ { VIDEO_HLS }, 1, "video-hls:hls", "video-hls*", "" },
		{ { VIDEO_MP4, VIDEO_HLS }, 2, "video-hls:hls", "video-hls*", "" },
	};
	char text[256];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world world;

		begin(&world, rows[i].sources, "");
		memcpy(world.rule.video, rows[i].video, sizeof(world.rule.video));
		world.rule.n_video = rows[i].n_video;
		make(&world);
		assert_string_equal(fetched(&world.plan, text), rows[i].fetched);
		assert_says(&world.plan, rows[i].says);
		end(&world);
	}
}

/* ---- asking for the MP4 ---- */

#define MINUTE_NS     (INT64_C(60) * 1000 * 1000 * 1000)
#define HLS_AND(more) "video:no:" more " video-hls:hls"

static void the_mp4_is_asked_for_once(void **state)
{
	static const struct {
		const char *sources;
		bool request;
		int asked, now; /* minutes; asked 0: never */
		const char *refused;
		bool asks;
		int until;
		const char *says;
	} rows[] = {
		{ HLS_AND("ask"), true, 0, 5, NULL, true, 0,
			"it is being made; the platform is asked to make it" },
		{ HLS_AND("ask"), false, 0, 5, NULL, false, 0, "as HLS" },
		{ HLS_AND("ask:1080p"), true, 0, 5, NULL, true, 0, "is asked" },
		{ HLS_AND("ask:2160p"), true, 0, 5, NULL, false, 0, "as HLS" },
		/* not one that is coming, has failed, or is there */
		{ HLS_AND("coming"), true, 0, 5, NULL, false, 0, "as HLS" },
		{ HLS_AND("720p"), true, 0, 5, NULL, false, 0, "as HLS" },
		{ "video:ask video-hls:hls", true, 0, 5, NULL, false, 0, "" },
		/* asked: waited for, for half an hour */
		{ HLS_AND("ask"), true, 5, 6, NULL, false, 35,
			"waited for until 1970-01-01T00:35" },
		{ HLS_AND("coming"), true, 5, 34, NULL, false, 35, "waited for" },
		{ HLS_AND("coming"), false, 5, 34, NULL, false, 35, "waited for" },
		{ HLS_AND("coming"), true, 5, 35, NULL, false, 0,
			"has not come within 30m (it is being made); the media is there "
			"as HLS" },
		{ HLS_AND("ask"), true, 5, 90, NULL, false, 0, "has not come" },
		{ HLS_AND("720p"), true, 5, 6, NULL, false, 0,
			"it is being made; the media is there as HLS" },
		{ "audio:no:ask", true, 0, 5, NULL, true, 0, "is asked to make it" },
		{ "audio:no:ask", true, 5, 6, NULL, false, 35,
			"asked to make the audio file, which is waited for" },
		{ "audio:no:ask", true, 5, 35, NULL, false, 0, "it is being made" },
		{ "audio:no:ask", false, 0, 5, NULL, false, 0, "it is being made" },
		{ HLS_AND("ask"), true, 5, 6, "no money", false, 0,
			"asking for it was in vain (no money); the media is there as "
			"HLS" },
		/* made by somebody else meanwhile */
		{ HLS_AND("coming"), true, 5, 6, "no money", false, 0, "as HLS" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world world;

		begin(&world, rows[i].sources, "");
		world.request_mp4 = rows[i].request;
		world.now_ns = rows[i].now * MINUTE_NS;
		world.asset->mp4_asked_ns = rows[i].asked * MINUTE_NS;
		world.asset->mp4_refused = mem_strdup(rows[i].refused);
		world.rule.n_video = 1; /* no HLS instead */
		make(&world);
		assert_int_equal(world.plan.ask != NULL, rows[i].asks);
		assert_int_equal(world.plan.until_ns, rows[i].until * MINUTE_NS);
		assert_says(&world.plan, rows[i].says);
		if (*rows[i].says) {
			assert_int_equal(world.plan.state, ASSET_WAITING);
			assert_int_equal(world.plan.due, PLAN_DUE_SCHEDULE);
		}
		end(&world);
	}
}

static void the_mp4_is_asked_for_where_it_is_wanted(void **state)
{
	static const struct {
		unsigned fetch;
		enum video_form video[2];
		size_t n_video;
		const char *files;
		bool asks;
	} rows[] = {
		{ ALL_BUT_AUDIO, { VIDEO_MP4, VIDEO_HLS }, 2, "", true },
		{ ALL_BUT_AUDIO, { VIDEO_MP4 }, 1, "", true },
		{ ALL_BUT_AUDIO, { VIDEO_HLS, VIDEO_MP4 }, 2, "", false },
		{ ALL_BUT_AUDIO, { VIDEO_HLS }, 1, "", false },
		{ FETCH_THUMBNAIL, { VIDEO_MP4, VIDEO_HLS }, 2, "", false },
		{ ALL_BUT_AUDIO, { VIDEO_MP4, VIDEO_HLS }, 2, "video", false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world world;

		begin(&world, HLS_AND("ask"), rows[i].files);
		world.request_mp4 = true;
		world.rule.fetch = rows[i].fetch;
		memcpy(world.rule.video, rows[i].video, sizeof(world.rule.video));
		world.rule.n_video = rows[i].n_video;
		make(&world);
		assert_int_equal(world.plan.ask != NULL, rows[i].asks);
		end(&world);
	}
}

/* ---- MP4 and HLS ---- */

static void an_mp4_that_does_not_come_is_done_without(void **state)
{
	struct world world;
	char text[256];
	(void)state;
	begin(&world, "video:720p video-hls:hls", "");
	world.no_mp4 = true;
	make(&world);
	assert_string_equal(fetched(&world.plan, text), "video-hls*");
	end(&world);
	begin(&world, "video:720p video-hls:hls:no", "");
	world.no_mp4 = true;
	make(&world);
	assert_string_equal(fetched(&world.plan, text), "video*");
	end(&world);
}

static void an_mp4_replaces_what_was_made_of_hls(void **state)
{
	static const struct {
		enum video_form video[2];
		const char *sources, *files, *fetched;
	} rows[] = {
		{ { VIDEO_MP4, VIDEO_HLS }, "video video:hls", "video:made",
			"video*!" },
		{ { VIDEO_MP4, VIDEO_HLS }, "video:no video:hls", "video:made", "" },
		{ { VIDEO_HLS, VIDEO_MP4 }, "video video:hls", "video:made", "" },
		/* never the other way round */
		{ { VIDEO_MP4, VIDEO_HLS }, "video:no video:hls", "video", "" },
		{ { VIDEO_HLS, VIDEO_MP4 }, "video video:hls", "video", "" },
		/* a piece of a package is damaged: all of it anew */
		{ { VIDEO_HLS, VIDEO_MP4 }, "video video:hls",
			"video:made video.a1:repair", "video*!" },
		{ { VIDEO_HLS, VIDEO_MP4 }, "video video:hls",
			"video:made video.a1:made", "" },
	};
	char text[256];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world world;

		begin(&world, rows[i].sources, rows[i].files);
		memcpy(world.rule.video, rows[i].video, sizeof(world.rule.video));
		world.asset->times.changed = 5;
		make(&world);
		assert_string_equal(fetched(&world.plan, text), rows[i].fetched);
		for (size_t j = 0; j < world.plan.n_rechecks; j++)
			assert_int_equal(
				world.plan.rechecks[j].source->form, FORM_FILE);
		end(&world);
	}
}

static void an_mp4_that_is_coming_goes_before_hls(void **state)
{
	static const struct {
		const char *sources, *files;
		int asked, ready, now; /* minutes */
		const char *fetched;
		int until;
	} rows[] = {
		/* of itself, or because it was asked for */
		{ HLS_AND("coming"), "", 0, 5, 6, "", 35 },
		{ HLS_AND("coming"), "", 0, 5, 36, "video-hls*", 0 },
		{ HLS_AND("coming"), "", 6, 5, 7, "", 36 },
		{ HLS_AND("ask"), "", 6, 5, 7, "", 36 },
		{ HLS_AND("ask"), "", 6, 5, 36, "video-hls*", 0 },
		{ HLS_AND("ask"), "", 0, 5, 6, "video-hls*", 0 },
		{ HLS_AND("720p"), "", 0, 5, 6, "video-hls*", 0 },
		/* what is archived does not wait for anything */
		{ HLS_AND("coming"), "video:made", 0, 5, 6, "video-hls*", 0 },
	};
	char text[256];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world world;

		begin(&world, rows[i].sources, rows[i].files);
		world.now_ns = rows[i].now * MINUTE_NS;
		world.asset->mp4_asked_ns = rows[i].asked * MINUTE_NS;
		world.asset->times.ready = rows[i].ready * MINUTE_NS;
		make(&world);
		assert_string_equal(fetched(&world.plan, text), rows[i].fetched);
		assert_int_equal(world.plan.until_ns, rows[i].until * MINUTE_NS);
		assert_int_equal(world.plan.state,
			rows[i].until ? ASSET_WAITING : ASSET_ARCHIVED);
		end(&world);
	}
}

static void audio_only_media_by_rule(void **state)
{
	static const struct {
		unsigned fetch;
		const char *fetched;
	} rows[] = {
		{ FETCH_VIDEO, "audio*" },
		{ FETCH_AUDIO, "audio*" },
		{ FETCH_VIDEO | FETCH_AUDIO, "audio*" },
		{ FETCH_METADATA, "" },
	};
	char text[256];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world world;

		begin(&world, "audio", "");
		world.rule.fetch = rows[i].fetch;
		make(&world);
		assert_string_equal(fetched(&world.plan, text), rows[i].fetched);
		assert_int_equal(world.plan.state, ASSET_ARCHIVED);
		end(&world);
	}
}

/* ---- what is there already ---- */

#define CURRENT "video:v1:e1:10 thumbnail.1 subtitle.a"

static void only_what_differs_is_fetched_again(void **state)
{
	static const struct {
		const char *sources;
		bool changed;
		enum on_update on_update;
		const char *fetched, *rechecked;
	} rows[] = {
		{ "video:v1 thumbnail.1 subtitle.a", false, UPDATE_REFRESH, "", "" },
		{ "video:v2 thumbnail.1 subtitle.a", false, UPDATE_REFRESH, "video*!",
			"" },
		{ "video:v2 thumbnail.1 subtitle.a", false, UPDATE_VERSION, "video*!",
			"" },
		{ "video:v2 thumbnail.1 subtitle.a", true, UPDATE_IGNORE, "", "" },
		{ "video:v1:10b thumbnail.1", false, UPDATE_REFRESH, "", "" },
		{ "video:v1:11b thumbnail.1", false, UPDATE_REFRESH, "video*!", "" },
		{ "video:11b", false, UPDATE_IGNORE, "", "" },
		{ "video thumbnail.1", false, UPDATE_REFRESH, "", "" },
		/* an event says that something changed: the main file is asked first */
		{ "thumbnail.1 subtitle.a video:v1", true, UPDATE_REFRESH, "",
			"video*! thumbnail.1! subtitle.a!" },
		{ "video:v1 thumbnail.1 subtitle.a", true, UPDATE_VERSION, "",
			"video*! thumbnail.1! subtitle.a!" },
		{ "video:v2 thumbnail.1", true, UPDATE_REFRESH, "video*!",
			"thumbnail.1!" },
		{ "video:v1 thumbnail.1 subtitle.a", true, UPDATE_IGNORE, "", "" },
		/* what is new is fetched whatever on_update says */
		{ "video:v1 thumbnail.1 subtitle.a subtitle.b", true, UPDATE_IGNORE,
			"subtitle.b", "" },
		{ "video:v1 subtitle.b:v7", false, UPDATE_REFRESH, "subtitle.b", "" },
		/* a version the file does not know */
		{ "video:v1 subtitle.a:v1", false, UPDATE_REFRESH, "subtitle.a!", "" },
		/* what vanished at the platform is left alone */
		{ "video:v1", true, UPDATE_REFRESH, "", "video*!" },
	};
	char text[256];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world world;

		begin(&world, rows[i].sources, CURRENT);
		world.rule.on_update = rows[i].on_update;
		world.asset->times.changed = rows[i].changed ? 6 : 5;
		world.asset->answered_changed_ns = 5;
		make(&world);
		assert_string_equal(fetched(&world.plan, text), rows[i].fetched);
		assert_string_equal(
			words_of(world.plan.rechecks, world.plan.n_rechecks, text),
			rows[i].rechecked);
		assert_int_equal(world.plan.state, ASSET_ARCHIVED);
		assert_int_equal(world.plan.n_missing, 0);
		end(&world);
	}
}

/* What a recheck finds changed is fetched like what the plan began with. */
static void a_recheck_may_add(void **state)
{
	struct world world;
	char text[256];
	(void)state;
	begin(&world, "video thumbnail.1:v2", "video:10 thumbnail.1");
	world.asset->times.changed = 6;
	make(&world);
	assert_int_equal(world.plan.n_rechecks, 1);
	plan_add_changed(&world.plan, &world.plan.rechecks[0]);
	assert_string_equal(fetched(&world.plan, text), "thumbnail.1! video*!");
	end(&world);
}

static void what_is_missing_and_why(void **state)
{
	static const struct {
		const char *sources, *files;
		unsigned fetch;
		const char *missing; /* KEY:WHY|… */
		bool coming;
	} rows[] = {
		{ "video subtitle.a:@en thumbnail.1", "", ALL_BUT_AUDIO, "", false },
		{ "video subtitle.a:@en:no", "video", ALL_BUT_AUDIO,
			"subtitle.a:it is being made|", false },
		{ "video subtitle.a:@en:no:coming", "video", ALL_BUT_AUDIO,
			"subtitle.a:it is being made|", true },
		{ "video subtitle.a:@en:no", "video", FETCH_VIDEO, "", false },
		{ "video subtitle.a:no", "video subtitle.a", ALL_BUT_AUDIO, "", false },
		{ "video audio:no", "", ALL_BUT_AUDIO, "", false },
		{ "video audio:no", "", ALL_BUT_AUDIO | FETCH_AUDIO,
			"audio:it is being made|", false },
		{ "video:no thumbnail.1:no", "", ALL_BUT_AUDIO,
			"video:it is being made|thumbnail.1:it is being made|", false },
		{ "audio:no", "", ALL_BUT_AUDIO, "audio:it is being made|", false },
		{ "", "", ALL_BUT_AUDIO,
			"video:the platform offers no file to download of this media|",
			false },
		{ "", CURRENT, ALL_BUT_AUDIO, "", false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world world;
		char text[512] = "";
		size_t n = 0;

		begin(&world, rows[i].sources, rows[i].files);
		world.rule.fetch = rows[i].fetch;
		make(&world);
		for (size_t k = 0; k < world.plan.n_missing; k++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s:%s|",
				world.plan.missing[k].key, world.plan.missing[k].why);
		assert_string_equal(text, rows[i].missing);
		assert_int_equal(plan_is_coming(&world.plan), rows[i].coming);
		end(&world);
	}
}

static void a_replacement_is_told(void **state)
{
	struct world world;
	(void)state;
	begin(&world, "video:v2", CURRENT);
	make(&world);
	assert_int_equal(world.plan.n_fetches, 1);
	assert_true(world.plan.fetches[0].replaces);
	end(&world);
}

/* What is archived stays although its source cannot be had any more. */
static void the_archived_file_is_enough(void **state)
{
	static const struct {
		const char *sources, *files;
	} rows[] = {
		{ "video:no", CURRENT },
		{ "video:hls", CURRENT },
		{ "video:2160p video:hls", CURRENT },
		{ "", CURRENT },
		{ "audio:no", "audio:10" },
		{ "", "audio:10" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world world;

		begin(&world, rows[i].sources, rows[i].files);
		make(&world);
		assert_int_equal(world.plan.state, ASSET_ARCHIVED);
		assert_int_equal(world.plan.due, PLAN_DUE_NEVER);
		assert_int_equal(world.plan.n_fetches, 0);
		assert_says(&world.plan, "");
		end(&world);
	}
}

static void a_rule_may_ignore(void **state)
{
	struct world world;
	(void)state;
	begin(&world, "video", "");
	world.rule.action = ACTION_IGNORE;
	make(&world);
	assert_true(world.plan.ignore);
	assert_int_equal(world.plan.state, ASSET_IGNORED);
	assert_int_equal(world.plan.n_fetches, 0);
	assert_string_equal(world.plan.reason, "rule clips ignores it");
	world.rule.name = no_name;
	make(&world);
	assert_string_equal(world.plan.reason, "rule (built in) ignores it");
	end(&world);
	/* What is archived already is kept up to date. */
	begin(&world, "video:v2", CURRENT);
	world.rule.action = ACTION_IGNORE;
	make(&world);
	assert_false(world.plan.ignore);
	assert_int_equal(world.plan.n_fetches, 1);
	end(&world);
}

/* ---- records that are not ready ---- */

static void what_is_not_ready(void **state)
{
	static const struct {
		enum record_status status;
		int failed, ready, changed;
		const char *files;
		enum asset_state end;
		enum plan_due due;
		const char *says;
	} rows[] = {
		{ RECORD_PENDING, 0, 0, 0, "", ASSET_WAITING, PLAN_DUE_SCHEDULE,
			"still processing the media: encoding" },
		{ RECORD_UNKNOWN, 0, 1, 0, "", ASSET_WAITING, PLAN_DUE_SCHEDULE,
			"does not know this media" },
		{ RECORD_FAILED, 0, 0, 0, "", ASSET_FAILED, PLAN_DUE_NEVER,
			"failed at the platform: encoding" },
		/* the event knows better than a record that lags */
		{ RECORD_PENDING, 2, 1, 0, "", ASSET_FAILED, PLAN_DUE_NEVER,
			"as its event says" },
		{ RECORD_UNKNOWN, 2, 1, 1, "", ASSET_FAILED, PLAN_DUE_NEVER,
			"as its event says" },
		{ RECORD_PENDING, 1, 2, 0, "", ASSET_WAITING, PLAN_DUE_SCHEDULE,
			"still processing" },
		{ RECORD_PENDING, 1, 0, 2, "", ASSET_WAITING, PLAN_DUE_SCHEDULE,
			"still processing" },
		/* an archived copy stays */
		{ RECORD_PENDING, 0, 1, 0, CURRENT, ASSET_ARCHIVED, PLAN_DUE_NEVER,
			"still processing" },
		{ RECORD_UNKNOWN, 0, 1, 0, CURRENT, ASSET_ARCHIVED, PLAN_DUE_NEVER,
			"does not know" },
		{ RECORD_FAILED, 2, 1, 0, CURRENT, ASSET_ARCHIVED, PLAN_DUE_NEVER,
			"failed at the platform" },
		{ RECORD_FAILED, 2, 1, 0, "metadata", ASSET_FAILED, PLAN_DUE_NEVER,
			"failed at the platform" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world world;

		begin(&world, "", rows[i].files);
		world.record.status = rows[i].status;
		world.record.reason = mem_strdup("encoding");
		world.asset->times = (struct event_times){ .failed = rows[i].failed,
			.ready = rows[i].ready,
			.changed = rows[i].changed };
		make(&world);
		assert_int_equal(world.plan.state, rows[i].end);
		assert_int_equal(world.plan.due, rows[i].due);
		assert_int_equal(world.plan.n_fetches, 0);
		assert_false(world.plan.sidecar);
		assert_says(&world.plan, rows[i].says);
		end(&world);
	}
}

/* ---- the small ones ---- */

static void when_the_platform_is_asked(void **state)
{
	static const struct {
		bool tombstone, by_person;
		enum asset_wish wish;
		bool asks;
	} rows[] = {
		{ false, false, WISH_NONE, true },
		{ true, false, WISH_NONE, true },
		{ true, true, WISH_NONE, false },
		{ true, true, WISH_RETRY, false },
		{ true, true, WISH_FETCH, true },
		{ false, false, WISH_REMOVE, false },
		{ true, false, WISH_REMOVE, false },
		{ false, false, WISH_CONFIRM, true },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct asset asset = { .tombstone = rows[i].tombstone,
			.by_person = rows[i].by_person,
			.wish = rows[i].wish };

		assert_int_equal(plan_needs_record(&asset), rows[i].asks);
	}
}

static void where_an_unfinished_look_rests(void **state)
{
	struct world world;
	(void)state;
	for (int archived = 0; archived < 2; archived++) {
		begin(&world, "", archived ? CURRENT : "");
		for (int i = 0; i < ASSET_STATE_COUNT; i++) {
			enum asset_state before = (enum asset_state)i;
			enum asset_state rest = plan_rest_state(world.asset, before);

			assert_true(asset_may_move(ASSET_FETCHING, rest));
			if (rest != before)
				assert_int_equal(rest,
					archived ? ASSET_ARCHIVED : ASSET_WAITING);
		}
		assert_int_equal(plan_rest_state(world.asset, ASSET_DELETION_HELD),
			ASSET_DELETION_HELD);
		assert_int_equal(plan_rest_state(world.asset, ASSET_DOWNLOADING),
			archived ? ASSET_ARCHIVED : ASSET_WAITING);
		end(&world);
	}
}

static void suffixes(void **state)
{
	static const struct {
		enum role role;
		const char *key, *language, *suffix;
	} rows[] = {
		{ ROLE_VIDEO, "video", NULL, "" },
		{ ROLE_AUDIO, "audio", "en", "" },
		{ ROLE_METADATA, "metadata", NULL, "" },
		{ ROLE_VIDEO, "video~v0001", NULL, ".v1" },
		{ ROLE_AUDIO, "audio~v0012", NULL, ".v12" },
		{ ROLE_VIDEO, "video.v1", NULL, "" },
		{ ROLE_THUMBNAIL, "thumbnail.animated", NULL, ".animated" },
		{ ROLE_SUBTITLE, "subtitle.v1", "de", ".de" },
		{ ROLE_THUMBNAIL, "thumbnail.1", NULL, "" },
		{ ROLE_THUMBNAIL, "thumbnail.2", NULL, ".2" },
		{ ROLE_THUMBNAIL, "thumbnail.12", NULL, ".12" },
		{ ROLE_SUBTITLE, "subtitle.x", "de", ".de" },
		{ ROLE_SUBTITLE, "subtitle.x", "pt-BR", ".pt-BR" },
		{ ROLE_SUBTITLE, "subtitle.x", NULL, ".und" },
		{ ROLE_SUBTITLE, "subtitle.x", "", ".und" },
		{ ROLE_SUBTITLE, "subtitle.x", "../..", ".und" },
		{ ROLE_SUBTITLE, "subtitle.x", "f/r", ".fr" },
		{ ROLE_SUBTITLE, "subtitle.x",
			"0123456789012345678901234567890123456789",
			".01234567890123456789012345678901234" },
		/* English is taken, twice */
		{ ROLE_SUBTITLE, "subtitle.x", "en", ".en.3" },
		{ ROLE_SUBTITLE, "subtitle.one", "en", ".en" },
		{ ROLE_SUBTITLE, "subtitle.two", "en", ".en.2" },
		/* their language was corrected */
		{ ROLE_SUBTITLE, "subtitle.two", "e", ".e" },
		{ ROLE_SUBTITLE, "subtitle.one", "es-419", ".es-419" },
	};
	struct asset *asset = asset_new("w", "a");
	char out[64];
	(void)state;
	mem_replace(&asset->base_path, "w/a");
	for (int i = 0; i < 2; i++) {
		struct file *file =
			asset_add_file(asset, i ? "subtitle.two" : "subtitle.one");

		file->role = ROLE_SUBTITLE;
		file->path = mem_strdup(i ? "w/a.en.2.vtt" : "w/a.en.vtt");
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		plan_suffix(asset, rows[i].role, rows[i].key, rows[i].language, out);
		assert_string_equal(out, rows[i].suffix);
	}
	asset_free(asset);
}

/* Whatever the order in which they move, no two ever want one name. */
static void suffixes_stay_when_the_path_changes(void **state)
{
	static const char *const paths[] = { "w/old.en.vtt", "w/old.en.2.vtt",
		"w/a.en.3.srt", "w/old.1.en.12.vtt" };
	static const char *const suffixes[] = { ".en", ".en.2", ".en.3", ".en.12" };
	struct asset *asset = asset_new("w", "a");
	char key[32], out[64];
	(void)state;
	mem_replace(&asset->base_path, "w/a");
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct file *file;

		snprintf(key, sizeof(key), "subtitle.%zu", i);
		file = asset_add_file(asset, key);
		file->role = ROLE_SUBTITLE;
		file->path = mem_strdup(paths[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		snprintf(key, sizeof(key), "subtitle.%zu", i);
		plan_suffix(asset, ROLE_SUBTITLE, key, "en", out);
		assert_string_equal(out, suffixes[i]);
	}
	asset_free(asset);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suffixes_stay_when_the_path_changes),
		cmocka_unit_test(the_rule_says_what_is_fetched),
		cmocka_unit_test(the_main_file),
		cmocka_unit_test(the_rule_says_which_form),
		cmocka_unit_test(the_mp4_is_asked_for_once),
		cmocka_unit_test(the_mp4_is_asked_for_where_it_is_wanted),
		cmocka_unit_test(an_mp4_that_does_not_come_is_done_without),
		cmocka_unit_test(an_mp4_replaces_what_was_made_of_hls),
		cmocka_unit_test(an_mp4_that_is_coming_goes_before_hls),
		cmocka_unit_test(audio_only_media_by_rule),
		cmocka_unit_test(only_what_differs_is_fetched_again),
		cmocka_unit_test(a_recheck_may_add),
		cmocka_unit_test(what_is_missing_and_why),
		cmocka_unit_test(a_replacement_is_told),
		cmocka_unit_test(the_archived_file_is_enough),
		cmocka_unit_test(a_rule_may_ignore),
		cmocka_unit_test(what_is_not_ready),
		cmocka_unit_test(when_the_platform_is_asked),
		cmocka_unit_test(where_an_unfinished_look_rests),
		cmocka_unit_test(suffixes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
