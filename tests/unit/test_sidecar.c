/*
 * The sidecar's schema is a promise: the whole text is compared, byte for byte.
 */
#include <config.h>

#include "archive/sidecar.h"
#include "base/json.h"
#include "base/mem.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

#define CREATED_NS INT64_C(1795341600123000000) /* 2026-11-22T10:00:00.123Z */

static struct asset *sample(void)
{
	struct asset *asset = asset_new("production", "d49e44c7");
	struct facts *facts = &asset->facts;

	facts->title = mem_strdup("Goal \"1\"\n");
	facts->type = mem_strdup("clip");
	facts->created_ns = CREATED_NS;
	facts->expires_ns = CREATED_NS + 1000000;
	facts->duration_ms = 12345;
	facts->width = 1920;
	facts->height = 1080;
	facts->stream = mem_strdup("final");
	facts->metadata = cJSON_CreateObject();
	cJSON_AddStringToObject(facts->metadata, "team", "sports");
	asset->rule = mem_strdup("clips");
	asset->archived_ns = CREATED_NS + 2000000;
	asset->platform_data = mem_strdup("{\"id\":\"d49e44c7\"}");

	struct file *video = asset_add_file(asset, "video");
	video->role = ROLE_VIDEO;
	video->path = mem_strdup("production/goal.mp4");
	video->bytes = INT64_C(216000000000);
	memset(video->sha256, 'a', 64);
	video->content_type = mem_strdup("video/mp4");
	video->source_host = mem_strdup("cdn.example.org");
	video->etag = mem_strdup("\"e1\"");
	video->downloaded_ns = CREATED_NS;
	struct file *sidecar = asset_add_file(asset, "metadata");
	sidecar->role = ROLE_METADATA;
	sidecar->path = mem_strdup("production/goal.json");
	return asset;
}

static void test_whole(void **state)
{
	static const char expected[] =
		"{\n"
		"\t\"schema\":\t\"vodkeep.asset/1\",\n"
		"\t\"workspace\":\t\"production\",\n"
		"\t\"platform\":\t\"fastpix\",\n"
		"\t\"id\":\t\"d49e44c7\",\n"
		"\t\"title\":\t\"Goal \\\"1\\\"\\n\",\n"
		"\t\"type\":\t\"clip\",\n"
		"\t\"created\":\t\"2026-11-22T10:00:00.123Z\",\n"
		"\t\"expires\":\t\"2026-11-22T10:00:00.124Z\",\n"
		"\t\"duration\":\t12.345,\n"
		"\t\"resolution\":\t\"1080p\",\n"
		"\t\"width\":\t1920,\n"
		"\t\"height\":\t1080,\n"
		"\t\"stream\":\t\"final\",\n"
		"\t\"channel\":\tnull,\n"
		"\t\"creator\":\tnull,\n"
		"\t\"metadata\":\t{\n"
		"\t\t\"team\":\t\"sports\"\n"
		"\t},\n"
		"\t\"rule\":\t\"clips\",\n"
		"\t\"files\":\t[{\n"
		"\t\t\t\"role\":\t\"video\",\n"
		"\t\t\t\"key\":\t\"video\",\n"
		"\t\t\t\"path\":\t\"production/goal.mp4\",\n"
		"\t\t\t\"bytes\":\t216000000000,\n"
		"\t\t\t\"sha256\":\t\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaa\",\n"
		"\t\t\t\"content_type\":\t\"video/mp4\",\n"
		"\t\t\t\"language\":\tnull,\n"
		"\t\t\t\"version\":\tnull,\n"
		"\t\t\t\"etag\":\t\"\\\"e1\\\"\",\n"
		"\t\t\t\"downloaded_at\":\t\"2026-11-22T10:00:00.123Z\",\n"
		"\t\t\t\"source_host\":\t\"cdn.example.org\"\n"
		"\t\t}],\n"
		"\t\"archived_at\":\t\"2026-11-22T10:00:00.125Z\",\n"
		"\t\"platform_data\":\t{\n"
		"\t\t\"id\":\t\"d49e44c7\"\n"
		"\t}\n"
		"}\n";
	struct asset *asset = sample();
	char *text = sidecar_text(asset, "fastpix");
	(void)state;

	assert_string_equal(text, expected);
	free(text);
	asset_free(asset);
}

static void test_old_versions(void **state)
{
	struct asset *asset = sample();
	struct file *old = asset_add_file(asset, "video~v0002");
	(void)state;

	old->role = ROLE_VIDEO;
	old->path = mem_strdup("production/goal.v2.mp4");
	old->bytes = 7;
	memset(old->sha256, 'b', 64);
	old->downloaded_ns = CREATED_NS;
	old->replaced_ns = CREATED_NS + 1000000;
	char *text = sidecar_text(asset, "fastpix");
	cJSON *json = NULL;
	assert_int_equal(json_parse(text, strlen(text), &json, NULL), 0);
	assert_int_equal(cJSON_GetArraySize(json_at(json, "files")), 1);
	assert_int_equal(cJSON_GetArraySize(json_at(json, "versions")), 1);
	assert_int_equal(json_int(json, "versions.0.number", 0), 2);
	assert_string_equal(
		json_text(json, "versions.0.path"), "production/goal.v2.mp4");
	assert_string_equal(
		json_text(json, "versions.0.replaced_at"), "2026-11-22T10:00:00.124Z");
	assert_memory_equal(json_text(json, "versions.0.sha256"), old->sha256, 64);
	assert_true(sidecar_lists(text, strlen(text), "goal.v2.mp4"));
	assert_true(sidecar_lists(text, strlen(text), "goal.mp4"));
	assert_false(sidecar_lists(text, strlen(text), "goal.v1.mp4"));
	cJSON_Delete(json);
	free(text);
	asset_free(asset);
}

static void test_nothing_known(void **state)
{
	struct asset *asset = asset_new("w", "id");
	char *text;
	cJSON *json;
	(void)state;

	asset->platform_data = mem_strdup("{cut");
	text = sidecar_text(asset, "optiview");
	assert_int_equal(json_parse(text, strlen(text), &json, NULL), 0);
	assert_true(cJSON_IsNull(json_at(json, "title")));
	assert_true(cJSON_IsNull(json_at(json, "duration")));
	assert_true(cJSON_IsNull(json_at(json, "platform_data")));
	assert_true(cJSON_IsObject(json_at(json, "metadata")));
	assert_int_equal(cJSON_GetArraySize(json_at(json, "files")), 0);
	assert_null(json_at(json, "expires"));
	cJSON_Delete(json);
	free(text);
	asset_free(asset);
}

static void test_whose_it_is(void **state)
{
	static const struct {
		const char *text;
		bool own;
	} rows[] = {
		{ "{\"schema\":\"vodkeep.asset/1\",\"workspace\":\"w\",\"id\":\"a\"}",
			true },
		{ "{\"schema\":\"vodkeep.asset/2\",\"workspace\":\"w\",\"id\":\"a\"}",
			true },
		{ "{\"schema\":\"vodkeep.asset/1\",\"workspace\":\"v\",\"id\":\"a\"}",
			false },
		{ "{\"schema\":\"vodkeep.asset/1\",\"workspace\":\"w\",\"id\":\"b\"}",
			false },
		{ "{\"schema\":\"other/1\",\"workspace\":\"w\",\"id\":\"a\"}", false },
		{ "{\"workspace\":\"w\",\"id\":\"a\"}", false },
		{ "{\"schema\":\"vodkeep.asset/1\",\"workspace\":\"w\",\"id\":7}",
			false },
		{ "{\"schema\":\"vodkeep.asset/1\",\"workspace\":", false },
		{ "", false },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
			sidecar_is_of(rows[i].text, strlen(rows[i].text), "w", "a"),
			rows[i].own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_old_versions),
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_whose_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
