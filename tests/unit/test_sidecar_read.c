/*
 * Reading sidecars back: what vodkeep wrote comes back whole, what older versions wrote
 * is understood, and what somebody else made up is refused with a reason.
 */
#include <config.h>

#include "archive/sidecar.h"
#include "base/buf.h"
#include "base/mem.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

#define SHA "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define REL "w/2026/goal-a1.json"

static int read_text(const char *text, const char *rel, struct asset **out,
	char **platform, struct err *err)
{
	*out = NULL;
	*platform = NULL;
	return sidecar_read(text, strlen(text), rel, out, platform, err);
}

static struct asset *readable(const char *text, const char *rel)
{
	struct asset *asset;
	struct err err = { 0 };
	char *platform;

	if (read_text(text, rel, &asset, &platform, &err))
		fail_msg("%s", err.text);
	free(platform);
	return asset;
}

static struct file *add(
	struct asset *asset, const char *key, enum role role, const char *path)
{
	struct file *file = asset_add_file(asset, key);

	file->role = role;
	file->path = mem_strdup(path);
	file->bytes = 12;
	memcpy(file->sha256, SHA, sizeof(file->sha256));
	file->content_type = mem_strdup("video/mp4");
	file->version = mem_strdup("v7");
	file->etag = mem_strdup("\"e\"");
	file->downloaded_ns = INT64_C(1795341600123000000);
	return file;
}

static struct asset *whole(void)
{
	struct asset *asset = asset_new("w", "a1");
	struct facts *facts = &asset->facts;

	facts->title = mem_strdup("Goal");
	facts->type = mem_strdup("clip");
	facts->created_ns = INT64_C(1795341600123000000);
	facts->expires_ns = INT64_C(1795341700123000000);
	facts->duration_ms = 12345;
	facts->width = 1080;
	facts->height = 1920;
	facts->channel = mem_strdup("final");
	facts->metadata = cJSON_CreateObject();
	cJSON_AddStringToObject(facts->metadata, "team", "sports");
	asset->trial = true;
	asset->missing = mem_strdup("[{\"key\":\"audio\"}]");
	asset->rule = mem_strdup("");
	asset->archived_ns = INT64_C(1795341601000000000);
	asset->delete_asked_ns = INT64_C(1795341602000000000);
	asset->platform_data = mem_strdup("{\"id\":\"a1\"}");
	add(asset, "video", ROLE_VIDEO, "w/2026/goal-a1.mp4");
	add(asset, "subtitle.t9", ROLE_SUBTITLE, "w/2026/goal-a1.en.vtt")->language =
		mem_strdup("en");
	struct file *thumbnail =
		add(asset, "thumbnail.2", ROLE_THUMBNAIL, "w/2026/goal-a1.2.jpg");
	thumbnail->last_modified = mem_strdup("Sun, 22 Nov 2026 10:00:00 GMT");
	struct file *old =
		add(asset, "video~v0001", ROLE_VIDEO, "w/2026/goal-a1.v1.mp4");
	old->replaced_ns = INT64_C(1795341600000000000);
	old->made = mem_strdup("HLS, remuxed by ffmpeg");
	return asset;
}

/* Nothing that a sidecar tells is lost by reading it: writing gives the same bytes. */
static void test_round_trip(void **state)
{
	struct asset *before = whole();
	char *text = sidecar_text(before, "fastpix");
	struct asset *after = readable(text, REL);
	struct file first = after->files[0];
	char *again;
	(void)state;

	/* Files come in any order; a sidecar tells them in one. */
	after->files[0] = after->files[2];
	after->files[2] = first;
	again = sidecar_text(after, "fastpix");
	assert_string_equal(again, text);
	assert_string_equal(after->base_path, "w/2026/goal-a1");
	assert_string_equal(after->platform_status, "ready");
	assert_true(after->looked_ns == before->archived_ns && after->trial);
	assert_true(after->delete_asked_ns == before->delete_asked_ns);
	free(text);
	free(again);
	asset_free(before);
	asset_free(after);
}

static void test_moved(void **state)
{
	struct asset *before = whole();
	char *text = sidecar_text(before, "fastpix");
	struct asset *after = readable(text, "old/disk/goal-a1.json");
	(void)state;

	assert_string_equal(asset_file(after, "video")->path, "old/disk/goal-a1.mp4");
	assert_string_equal(
		asset_file(after, "subtitle.t9")->path, "old/disk/goal-a1.en.vtt");
	free(text);
	asset_free(before);
	asset_free(after);
}

#define OLD_FILE(role, path)                                                         \
	"{\"role\":\"" role "\",\"path\":\"" path "\",\"bytes\":3,\"sha256\":\"" SHA \
	"\"}"
#define OLD(files)                                                           \
	"{\"schema\":\"vodkeep.asset/1\",\"workspace\":\"w\",\"id\":\"a1\"," \
	"\"resolution\":\"720p\",\"files\":[" files "]}"

static void test_older(void **state)
{
	struct asset *asset = readable(
		OLD(OLD_FILE("video", "w/2026/goal-a1.mp4") "," OLD_FILE(
			"thumbnail", "w/2026/goal-a1.jpg") "," OLD_FILE("thumbnail",
			"w/2026/goal-a1.12.jpg") "," OLD_FILE("subtitle",
			"w/2026/goal-a1.en.vtt")),
		REL);
	const struct file *subtitle;
	(void)state;

	assert_string_equal(asset_file(asset, "video")->path, "w/2026/goal-a1.mp4");
	assert_string_equal(
		asset_file(asset, "thumbnail.1")->path, "w/2026/goal-a1.jpg");
	assert_string_equal(
		asset_file(asset, "thumbnail.12")->path, "w/2026/goal-a1.12.jpg");
	subtitle = asset_file(asset, SIDECAR_KEY_UNKNOWN "en.vtt");
	assert_non_null(subtitle);
	assert_int_equal(asset->facts.height, 720);
	asset_free(asset);
}

/* A package is a directory with the base path's name. */
static void test_package(void **state)
{
	struct asset *asset =
		readable(OLD(OLD_FILE("video", "x/goal-a1/index.m3u8")), REL);
	(void)state;

	assert_string_equal(
		asset_file(asset, "video")->path, "w/2026/goal-a1/index.m3u8");
	asset_free(asset);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *rel;
		enum err_class class;
	} rows[] = {
		{ "", REL, ERR_NOT_FOUND },
		{ "{\"schema\":\"vodkeep.as", REL, ERR_NOT_FOUND },
		{ "[1]", REL, ERR_NOT_FOUND },
		{ "{\"schema\":7}", REL, ERR_NOT_FOUND },
		{ "{\"schema\":\"other/1\",\"files\":[]}", REL, ERR_NOT_FOUND },
		{ OLD(""), "w/goal.txt", ERR_NOT_FOUND },
		{ OLD(""), ".json", ERR_NOT_FOUND },
		{ OLD(""), "w/.hidden/goal.json", ERR_INPUT },
		{ "{\"schema\":\"vodkeep.asset/2\"}", REL, ERR_INPUT },
		{ "{\"schema\":\"vodkeep.asset/1\",\"files\":[]}", REL, ERR_INPUT },
		{ "{\"schema\":\"vodkeep.asset/1\",\"workspace\":\"w\","
		  "\"id\":\"../a\",\"files\":[]}",
			REL, ERR_INPUT },
		{ "{\"schema\":\"vodkeep.asset/1\",\"workspace\":\"w\",\"id\":\"a\"}",
			REL, ERR_INPUT },
		{ OLD("7"), REL, ERR_INPUT },
		{ OLD("{\"role\":\"video\"}"), REL, ERR_INPUT },
		{ OLD("{\"role\":\"video\",\"path\":\"goal-a1.mp4\"}"), REL,
			ERR_INPUT },
		{ OLD("{\"role\":\"video\",\"path\":\"goal-a1.mp4\",\"bytes\":-4}"),
			REL, ERR_INPUT },
		{ OLD("{\"role\":\"video\",\"path\":\"goal-a1.mp4\",\"bytes\":4,"
		      "\"sha256\":\"../\"}"),
			REL, ERR_INPUT },
		{ OLD(OLD_FILE("metadata", "goal-a1.json")), REL, ERR_INPUT },
		{ OLD(OLD_FILE("film", "goal-a1.mp4")), REL, ERR_INPUT },
		{ OLD(OLD_FILE("video", "other.mp4")), REL, ERR_INPUT },
		{ OLD(OLD_FILE("video", "../../etc/passwd")), REL, ERR_INPUT },
		{ OLD(OLD_FILE("video", "goal-a1/../../other.mp4")), REL, ERR_INPUT },
		{ OLD(OLD_FILE("video", "goal-a1//other.mp4")), REL, ERR_INPUT },
		{ OLD(OLD_FILE("video", "goal-a1.\\u0007mp4")), REL, ERR_INPUT },
		{ OLD(OLD_FILE("video", "goal-a1.\xff.mp4")), REL, ERR_INPUT },
		{ OLD(OLD_FILE("video", "goal-a1")), REL, ERR_INPUT },
		{ OLD(OLD_FILE("video", "goal-a1.mp4") "," OLD_FILE(
			  "video", "goal-a1.webm")),
			REL, ERR_INPUT },
		{ OLD(OLD_FILE("video", "goal-a1.mp4") "," OLD_FILE(
			  "audio", "goal-a1.mp4")),
			REL, ERR_INPUT },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct asset *asset;
		struct err err = { 0 };
		char *platform;
		int rc = read_text(rows[i].text, rows[i].rel, &asset, &platform, &err);

		if (rc != -(int)rows[i].class || err.class != rows[i].class ||
			!err.text[0] || asset || platform)
			fail_msg("%zu: %s: %d %s", i, rows[i].text, rc, err.text);
	}
}

static void test_too_many_files(void **state)
{
	struct buf text;
	struct asset *asset;
	struct err err = { 0 };
	char *platform;
	(void)state;

	buf_init(&text, SIDECAR_MAX);
	buf_str(&text, "{\"schema\":\"vodkeep.asset/1\",\"workspace\":\"w\","
		       "\"id\":\"a1\",\"files\":[0");
	for (int i = 0; i < 5000; i++)
		buf_str(&text, ",0");
	buf_str(&text, "]}");
	assert_int_equal(
		read_text(buf_text(&text), REL, &asset, &platform, &err), -ERR_INPUT);
	assert_non_null(strstr(err.text, "more than"));
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_older),
		cmocka_unit_test(test_package),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_many_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
