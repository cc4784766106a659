/*
 * Dolby OptiView API: both generations of assets, links that must pass untouched, and
 * answers that are refusals.
 */
#include <config.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "platform_fixture.h"
#include <stdlib.h>
#include <string.h>

#define ASSET "4be19c07d3a24f5886c1e90a7b3d52f6"

static struct workspace_config ws;

static int set_up(void **state)
{
	(void)state;
	ws = fixture_workspace(PLATFORM_OPTIVIEW);
	return 0;
}

static int64_t at(const char *text)
{
	int64_t ns = 0;
	assert_int_equal(time_parse(text, strlen(text), &ns, NULL), 0);
	return ns;
}

static int read_answer(
	int status, const char *body, struct record *record, struct err *err)
{
	struct http_response answer = fixture_answer(status, body);
	return platform_optiview.details_response(&ws, "a", &answer, record, err);
}

static void read_file(const char *name, const char *id, struct record *record)
{
	char *body = fixture_text(name);
	struct http_response answer = fixture_answer(200, body);
	struct err err = { 0 };
	if (platform_optiview.details_response(&ws, id, &answer, record, &err) != 0)
		fail_msg("%s: %s", name, err.text);
	free(body);
}

/* A complete asset "a" with @rest. */
static void read_asset(const char *rest, struct record *record)
{
	char *body = mem_printf("{\"status\":\"success\",\"data\":{\"id\":\"a\","
				"\"status\":\"complete\"%s%s}}",
		rest[0] ? "," : "", rest);
	struct err err = { 0 };
	if (read_answer(200, body, record, &err) != 0)
		fail_msg("%s: %s", rest, err.text);
	free(body);
}

static void asks_with_the_bearer_secret(void **state)
{
	static const struct {
		const char *id, *get, *delete;
	} rows[] = {
		{ ASSET, "/api/v3/media/assets/" ASSET,
			"/api/v3/media/assets?id=" ASSET },
		{ "618002", "/api/record_files/618002", "/api/record_files/618002" },
		{ "12345678901234567890123456789012",
			"/api/v3/media/assets/12345678901234567890123456789012",
			"/api/v3/media/assets?id=12345678901234567890123456789012" },
		{ "a&id=b/../c", "/api/v3/media/assets/a%26id%3Db%2F..%2Fc",
			"/api/v3/media/assets?id=a%26id%3Db%2F..%2Fc" },
	};
	const char *base = "https://api.millicast.com";
	struct http_request req;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		platform_optiview.details_request(&ws, rows[i].id, &req);
		assert_string_equal(req.method, "GET");
		assert_memory_equal(req.url, base, strlen(base));
		assert_string_equal(req.url + strlen(base), rows[i].get);
		assert_string_equal(req.bearer, "token:secret");
		assert_null(req.basic);
		assert_string_equal(req.headers[0].value, "application/json");
		http_request_release(&req);
		platform_optiview.delete_request(&ws, rows[i].id, &req);
		assert_string_equal(req.method, "DELETE");
		assert_string_equal(req.url + strlen(base), rows[i].delete);
		http_request_release(&req);
	}
}

/* optiview.md §8.5: the defaults would hide failures and deletions. */
static void lists_every_status(void **state)
{
	struct http_request req;
	(void)state;
	platform_optiview.list_request(&ws, 2, 500, &req);
	assert_string_equal(req.url,
		"https://api.millicast.com/api/v3/media/assets?page=2&limit=100"
		"&sort=created&type=clip&type=recording&type=vod"
		"&status=processing&status=complete&status=error&status=deleting");
	http_request_release(&req);
}

static void reads_a_whole_asset(void **state)
{
	struct record record;
	(void)state;
	read_file("optiview/api_asset.json", ASSET, &record);
	assert_int_equal(record.status, RECORD_READY);
	assert_string_equal(record.facts.type, "clip");
	assert_string_equal(record.facts.title, "Derby: corner kick");
	assert_string_equal(record.facts.stream, "pitch-side");
	assert_null(record.facts.channel);
	assert_true(record.facts.created_ns == at("2026-03-17T08:15:30.89025Z"));
	assert_true(record.facts.expires_ns == at("2026-06-15"));
	assert_true(record.facts.duration_ms == 156000);
	assert_int_equal(record.facts.height, 720);
	assert_string_equal(json_text(record.facts.metadata, "sourceId"), "cam-2");
	assert_true(record.links_expire);
	assert_true(record.link_expires_ns == at("2026-03-17T09:33:09.89025Z"));
	assert_int_equal(record.n_sources, 3);

	const struct source *video = fixture_source(&record, "video", FORM_FILE);
	assert_int_equal(video->role, ROLE_VIDEO);
	assert_true(video->bytes == INT64_C(88123456789));
	assert_int_equal(video->height, 720);
	assert_string_equal(video->url, /* byte for byte (§8.12) */
		"https://store-3.example.net/Qx7LmP/4be1/full.mp4?AWSAccessKeyId=AK7"
		"&Expires=1773739990&response-content-disposition=attachment%3B%20"
		"filename%20%3D%20pitch-side_1773735274.mp4&Signature=a%2Fb%2Bc%3D");
	const struct source *second = fixture_source(&record, "thumbnail.2", FORM_FILE);
	assert_string_equal(
		second->url, "https://cdn.example.net/Qx7LmP/thumbs/a-003.jpg");
	assert_true(second->optional);
	record_release(&record);
}

static void keeps_no_signed_link(void **state)
{
	struct record record;
	(void)state;
	read_file("optiview/api_record_file.json", "81975", &record);
	char *text = json_print(record.platform_data, false);
	assert_null(strstr(text, "Signature"));
	assert_null(strstr(text, "AK7"));
	assert_null(strstr(text, "9f8e7d6c"));
	assert_non_null(strstr(text, "\"tokenId\":4664885"));
	assert_null(strstr(text, "full.webm"));
	free(text);
	record_release(&record);
}

static void reads_a_recording_of_the_older_api(void **state)
{
	struct record record;
	(void)state;
	read_file("optiview/api_record_file.json", "81975", &record);
	assert_int_equal(record.status, RECORD_READY);
	assert_string_equal(record.facts.type, "recording");
	assert_string_equal(record.facts.stream, "vestry");
	assert_true(record.facts.created_ns == at("2023-01-30T04:37:51Z"));
	assert_int_equal(record.facts.width, 720);
	assert_int_equal(record.facts.height, 1280);
	const struct source *video = fixture_source(&record, "video", FORM_FILE);
	assert_true(video->bytes == 53205984);
	assert_int_equal(video->height, 720); /* portrait: the shorter side */
	record_release(&record);
}

static void tells_playlists_from_files(void **state)
{
	static const char *const file = "https://s.example/x.mp4?sig";
	static const char *const bare = "https://s.example/x?sig=a.m3u8";
	static const char *const list = "https://c.example/i.m3u8";
	const struct {
		const char *signed_link, *public_link, *metadata;
		enum form form;
		const char *link;
	} rows[] = {
		{ file, NULL, "{}", FORM_FILE, file },
		{ file, list, "{}", FORM_FILE, file },
		{ file, list, "{\"fileCount\":9}", FORM_FILE, file },
		{ bare, NULL, "{}", FORM_FILE, bare },
		{ bare, NULL, "{\"fileCount\":1}", FORM_FILE, bare },
		{ bare, NULL, "{\"fileCount\":9}", FORM_HLS, bare },
		{ bare, NULL, "{\"format\":\"hls\"}", FORM_HLS, bare },
		{ bare, list, "null", FORM_HLS, list },
		{ NULL, list, "null", FORM_HLS, list },
		{ list, NULL, "null", FORM_HLS, list },
		{ "https://c.example/I.M3U8?e=1", list, "null", FORM_HLS,
			"https://c.example/I.M3U8?e=1" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct record record;
		const char *quote[2] = { rows[i].signed_link ? "\"" : "",
			rows[i].public_link ? "\"" : "" };
		char *json = mem_printf(
			"\"download\":{\"downloadUrl\":%s%s%s,\"url\":%s%s%s}"
			",\"metadata\":%s",
			quote[0], rows[i].signed_link ? rows[i].signed_link : "null",
			quote[0], quote[1],
			rows[i].public_link ? rows[i].public_link : "null", quote[1],
			rows[i].metadata);
		read_asset(json, &record);
		assert_int_equal(record.sources[0].form, rows[i].form);
		assert_string_equal(record.sources[0].url, rows[i].link);
		/* downloadUrl is signed by itself, url wants a token */
		assert_int_equal(record.sources[0].token_for != NULL,
			!rows[i].signed_link ||
				strcmp(rows[i].link, rows[i].signed_link) != 0);
		record_release(&record);
		free(json);
	}
}

static void an_hls_asset_has_no_file_size(void **state)
{
	struct record record;
	(void)state;
	read_file("optiview/api_asset_hls.json", ASSET, &record);
	assert_int_equal(record.n_sources, 1);
	assert_int_equal(record.sources[0].form, FORM_HLS);
	assert_true(record.sources[0].bytes == -1);
	assert_string_equal(record.sources[0].url,
		"https://cdn.optiview.dolby.com/vod/Qx7LmP/4be1/index.m3u8");
	record_release(&record);
}

static void says_why_there_is_no_link(void **state)
{
	/* clang-format off */
	static const struct { const char *json, *why; } rows[] = {
		{ "", "no download link for this media yet" },
		{ "\"download\":null", "no download link" },
		{ "\"download\":{\"downloadUrl\":null,\"url\":null}", "no download link" },
		{ "\"download\":{\"downloadUrl\":\"\"}", "no download link" },
		{ "\"storage\":{\"type\":\"dolbyStorage\"}", "no download link" },
		{ "\"storage\":{\"type\":\"awsS3\",\"path\":\"x\"}", "team's own bucket (awsS3)" },
		{ "\"storage\":{\"type\":\"GCS\"},\"download\":null", "team's own bucket" },
		{ "\"storage\":{\"storageType\":\"AwsS3\"}", "team's own bucket" },
	};
	/* clang-format on */
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct record record;
		read_asset(rows[i].json, &record);
		assert_int_equal(record.status, RECORD_READY);
		assert_int_equal(record.n_sources, 1);
		assert_false(record.sources[0].available);
		assert_null(record.sources[0].url);
		assert_non_null(strstr(record.sources[0].why, rows[i].why));
		record_release(&record);
	}
}

static void tells_audio_from_video(void **state)
{
	static const struct {
		const char *tracks;
		enum role role;
	} rows[] = {
		{ "null", ROLE_VIDEO },
		{ "[]", ROLE_VIDEO },
		{ "{}", ROLE_VIDEO },
		{ "[{\"type\":\"audio\"}]", ROLE_AUDIO },
		{ "[{\"type\":\"Audio\"},{\"type\":\"audio\"}]", ROLE_AUDIO },
		{ "[{\"type\":\"audio\"},{\"type\":\"Video\"}]", ROLE_VIDEO },
		{ "[{\"type\":\"audio\"},null]", ROLE_VIDEO },
		{ "[{\"type\":\"haptics\"}]", ROLE_VIDEO },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct record record;
		char *json = mem_printf("\"metadata\":{\"tracks\":%s}", rows[i].tracks);
		read_asset(json, &record);
		assert_int_equal(record.sources[0].role, rows[i].role);
		assert_string_equal(record.sources[0].key,
			rows[i].role == ROLE_AUDIO ? "audio" : "video");
		record_release(&record);
		free(json);
	}
}

/* optiview.md §8.11: 64-bit sizes, fractions where integers are declared, any ISO time.
 */
static void reads_numbers_and_times(void **state)
{
	struct record record;
	(void)state;
	read_asset("\"created\":\"2026-03-17\",\"metadata\":{\"sizes\":{\"concat\":"
		   "216000000000},\"duration\":86400,\"tracks\":[{\"type\":\"video\","
		   "\"height\":1080,\"framerate\":29.97}],\"thumbnails\":[null,7,\"\","
		   "\"https://t.example/1.jpg\"]}",
		&record);
	assert_true(record.sources[0].bytes == INT64_C(216000000000));
	assert_true(record.facts.duration_ms == 86400000);
	assert_true(record.facts.created_ns == at("2026-03-17"));
	assert_int_equal(record.n_sources, 2);
	assert_string_equal(record.sources[1].key, "thumbnail.1");
	record_release(&record);

	read_asset("\"startTime\":\"2026-03-17T08:00:00.1234567Z\",\"metadata\":"
		   "{\"sizes\":{\"concat\":0},\"duration\":0}",
		&record);
	assert_true(record.sources[0].bytes == -1);
	assert_true(record.facts.duration_ms == -1);
	assert_true(record.facts.created_ns == at("2026-03-17T08:00:00.1234567Z"));
	record_release(&record);
}

static void reads_statuses(void **state)
{
	static const struct {
		const char *json;
		enum record_status status;
	} rows[] = {
		{ "\"processing\"", RECORD_PENDING },
		{ "\"complete\"", RECORD_READY },
		{ "\"Complete\"", RECORD_READY },
		{ "\"error\"", RECORD_FAILED },
		{ "\"deleting\"", RECORD_DELETED },
		{ "\"deleted\"", RECORD_DELETED },
		{ "\"Deleting\"", RECORD_DELETED },
		{ "\"Invalid\"", RECORD_FAILED },
		{ "\"Started\"", RECORD_PENDING },
		{ "\"InProgress\"", RECORD_PENDING },
		{ "\"Transcode\"", RECORD_PENDING },
		{ "\"Expiring\"", RECORD_PENDING },
		{ "\"new word\"", RECORD_PENDING },
		{ "null", RECORD_PENDING },
		{ "3", RECORD_PENDING },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct record record;
		char *body =
			mem_printf("{\"status\":\"success\",\"data\":{\"id\":\"a\","
				   "\"status\":%s,\"error\":\"expired timeline\"}}",
				rows[i].json);
		assert_int_equal(read_answer(200, body, &record, NULL), 0);
		assert_int_equal(record.status, rows[i].status);
		if (record.status == RECORD_FAILED)
			assert_string_equal(record.reason, "expired timeline");
		assert_int_equal(record.n_sources > 0, record.status == RECORD_READY);
		record_release(&record);
		free(body);
	}
}

static void classifies_answers(void **state)
{
	/* clang-format off */
	static const struct { int status; const char *body; enum err_class class; const char *text; } rows[] = {
		{ 403, "{\"data\":{\"message\":\"Unauthorized\"},\"status\":\"fail\"}", ERR_AUTH, "refuses the API credentials (HTTP 403: Unauthorized)" },
		{ 401, "", ERR_AUTH, "HTTP 401" },
		{ 403, "", ERR_AUTH, "HTTP 403" },
		{ 429, "{\"status\":\"fail\",\"data\":{\"message\":\"slow\"}}", ERR_TRANSIENT, "less often" },
		{ 500, "{\"status\":\"error\",\"message\":\"simple error reason\",\"code\":500}", ERR_TRANSIENT, "simple error reason" },
		{ 502, "<html>", ERR_TRANSIENT, "HTML page" },
		{ 422, "{\"status\":\"fail\",\"data\":{\"message\":\"no\"}}", ERR_PERMANENT, "no" },
		{ 400, "<html>", ERR_TRANSIENT, "HTML page" },
		{ 404, "<html>", ERR_TRANSIENT, "HTML page" },
		{ 200, "", ERR_TRANSIENT, "answered nothing" },
		{ 200, "{\"status\":\"success\"}", ERR_TRANSIENT, "without the media" },
		{ 200, "{\"status\":\"success\",\"data\":[]}", ERR_TRANSIENT, "without the media" },
		{ 200, "{\"status\":\"success\",\"data\":{\"id\":\"b\"}}", ERR_TRANSIENT, "another media" },
		{ 200, "{\"status\":\"success\",\"data\":{\"id\":77}}", ERR_TRANSIENT, "another media" },
		{ 200, "{\"status\":\"success\",\"data\":{\"id", ERR_TRANSIENT, "not JSON" },
		{ 200, "{\"data\":{\"id\":\"a\"}}", ERR_TRANSIENT, "HTTP 200" },
		{ 200, "{\"status\":\"fail\",\"data\":{\"message\":\"odd\"}}", ERR_PERMANENT, "odd" },
		{ 200, "{\"status\":\"error\",\"message\":\"x\",\"code\":403}", ERR_AUTH, "x" },
		{ 200, "{\"status\":\"error\",\"message\":\"x\",\"code\":503}", ERR_TRANSIENT, "x" },
	};
	/* clang-format on */
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		struct record record;
		assert_int_equal(
			read_answer(rows[i].status, rows[i].body, &record, &err),
			-(int)rows[i].class);
		if (!strstr(err.text, rows[i].text))
			fail_msg("\"%s\" lacks \"%s\"", err.text, rows[i].text);
		assert_int_equal(record.n_sources, 0);
		record_release(&record);
	}
}

/* Not documented anywhere (§3.3): all of these are "does not know it". */
static void knows_what_is_gone(void **state)
{
	static const struct {
		int status;
		const char *body;
	} rows[] = {
		{ 404, "{\"status\":\"fail\",\"data\":{\"message\":\"Not found\"}}" },
		{ 404, "{\"title\":\"Not Found\",\"status\":404}" },
		{ 404, "" },
		{ 400, "{\"status\":\"fail\",\"data\":{\"message\":\"No such asset\"}}" },
		{ 200, "{\"status\":\"error\",\"message\":\"gone\",\"code\":404}" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct record record;
		assert_int_equal(
			read_answer(rows[i].status, rows[i].body, &record, NULL), 0);
		assert_int_equal(record.status, RECORD_UNKNOWN);
		assert_non_null(record.reason);
		record_release(&record);
	}
}

static void reads_a_page(void **state)
{
	char *body = fixture_text("optiview/api_list.json");
	struct http_response answer = fixture_answer(200, body);
	struct list_page page;
	(void)state;
	assert_int_equal(
		platform_optiview.list_response(&ws, &answer, 3, &page, NULL), 0);
	assert_int_equal(page.count, 3);
	assert_false(page.last); /* full: there may be more */
	assert_true(page.total == -1);
	assert_int_equal(page.entries[0].record.status, RECORD_READY);
	assert_int_equal(page.entries[1].record.status, RECORD_PENDING);
	assert_int_equal(page.entries[2].record.status, RECORD_DELETED);
	list_page_release(&page);
	assert_int_equal(
		platform_optiview.list_response(&ws, &answer, 100, &page, NULL), 0);
	assert_true(page.last);
	list_page_release(&page);
	free(body);

	answer = fixture_answer(200,
		"{\"status\":\"success\",\"data\":[{\"id\":\"../x\"},"
		"null,7,{\"id\":12}]}");
	assert_int_equal(
		platform_optiview.list_response(&ws, &answer, 4, &page, NULL), 0);
	assert_int_equal(page.count, 1);
	assert_false(page.last);
	list_page_release(&page);
}

static void a_page_that_is_none_is_refused(void **state)
{
	char *fail = fixture_text("optiview/api_fail.json");
	struct http_response answer = fixture_answer(400, fail);
	struct list_page page;
	struct err err = { 0 };
	(void)state;
	assert_int_equal(
		platform_optiview.list_response(&ws, &answer, 100, &page, &err),
		-(int)ERR_PERMANENT);
	assert_non_null(strstr(err.text, "Media asset not found"));
	answer = fixture_answer(200, "{\"status\":\"success\",\"data\":null}");
	assert_int_equal(
		platform_optiview.list_response(&ws, &answer, 100, &page, &err),
		-(int)ERR_TRANSIENT);
	assert_int_equal(page.count, 0);
	free(fail);
}

static void platforms_are_found_by_kind(void **state)
{
	(void)state;
	assert_ptr_equal(platform_of(PLATFORM_FASTPIX), &platform_fastpix);
	assert_ptr_equal(platform_of(PLATFORM_OPTIVIEW), &platform_optiview);
	assert_int_equal(platform_fastpix.kind, PLATFORM_FASTPIX);
	assert_int_equal(platform_optiview.kind, PLATFORM_OPTIVIEW);
}

static int read_hook(int status, const char *data, struct hook_state *hook)
{
	char *body = mem_printf("{\"status\":\"success\",\"data\":%s}", data);
	struct http_response answer = fixture_answer(status, body);
	struct err err = { 0 };
	int rc = platform_optiview.hook_response(&ws, &answer, hook, &err);
	free(body);
	return rc;
}

#define HOOK(name, rest)                                                      \
	"{\"id\":1,\"secret\":\"c2VjcmV0\",\"url\":\"https://h/x/hooks/" name \
	"\"" rest "}"
#define DISABLED                                                                   \
	",\"isMediaHooks\":true,\"disabled\":{\"until\":\"2026-12-01T00:00:00Z\"," \
	"\"reason\":\"slow\"}"

static void reads_webhooks(void **state)
{
	struct hook_state hook;
	struct workspace_config before = ws;
	char name[] = "stage";
	(void)state;
	ws.name = name;
	assert_int_equal(read_hook(200, "[]", &hook), 0);
	assert_false(hook.found);
	assert_int_equal(read_hook(200, "[" HOOK("backstage", "") "]", &hook), 0);
	assert_false(hook.found);
	assert_int_equal(
		read_hook(200, "[7," HOOK("stage?x=1", DISABLED) "]", &hook), 0);
	assert_true(hook.found && hook.media && hook.disabled);
	assert_int_equal(hook.until_ns, at("2026-12-01T00:00:00Z"));
	assert_string_equal(hook.reason, "slow");
	/* Of two the one that works counts. */
	assert_int_equal(
		read_hook(200,
			"[" HOOK("stage", DISABLED) "," HOOK("stage",
				",\"isMediaHooks\":true,\"disabled\":null") "]",
			&hook),
		0);
	assert_true(hook.found && hook.media && !hook.disabled);
	assert_int_equal(read_hook(200, "[" HOOK("stage", "") "]", &hook), 0);
	assert_true(hook.found && !hook.media);
	assert_int_equal(read_hook(403, "[]", &hook), -ERR_AUTH);
	assert_int_equal(read_hook(200, "{}", &hook), -ERR_TRANSIENT);
	ws = before;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_with_the_bearer_secret),
		cmocka_unit_test(lists_every_status),
		cmocka_unit_test(reads_a_whole_asset),
		cmocka_unit_test(keeps_no_signed_link),
		cmocka_unit_test(reads_a_recording_of_the_older_api),
		cmocka_unit_test(tells_playlists_from_files),
		cmocka_unit_test(an_hls_asset_has_no_file_size),
		cmocka_unit_test(says_why_there_is_no_link),
		cmocka_unit_test(tells_audio_from_video),
		cmocka_unit_test(reads_numbers_and_times),
		cmocka_unit_test(reads_statuses),
		cmocka_unit_test(classifies_answers),
		cmocka_unit_test(knows_what_is_gone),
		cmocka_unit_test(reads_a_page),
		cmocka_unit_test(a_page_that_is_none_is_refused),
		cmocka_unit_test(platforms_are_found_by_kind),
		cmocka_unit_test(reads_webhooks),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
