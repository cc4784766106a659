/*
 * FastPix deliveries: every documented shape, every spelling of a name, and bodies that
 * somebody made up.
 */
#include <config.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "platform_fixture.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEDIA  "3b9d2f60-5c41-47aa-8e13-90f2b7c6d854"
#define OURS   "7f3a1c52-88d4-4c0e-9b1f-2a6d5e4f3b21"
#define THEIRS "11111111-88d4-4c0e-9b1f-2a6d5e4f3b21"

static struct workspace_config ws;

static int set_up(void **state)
{
	(void)state;
	ws = fixture_workspace(PLATFORM_FASTPIX);
	return 0;
}

static int64_t at(const char *text)
{
	int64_t ns = 0;
	assert_int_equal(time_parse(text, strlen(text), &ns, NULL), 0);
	return ns;
}

static void reads_every_documented_shape(void **state)
{
	/* clang-format off */
	static const struct {
		const char *file, *type;
		enum event_kind kind;
		const char *id, *key, *at;
	} rows[] = {
		{ "event_upload", "video.media.upload", EVENT_ANNOUNCED, MEDIA,
			"5d0c1e7a-0001-4a6b-9c2d-7e8f90a1b2c3", "2026-03-17T08:15:29.239778258Z" },
		{ "event_created", "video.media.created", EVENT_ANNOUNCED, MEDIA,
			"5d0c1e7a-0002-4a6b-9c2d-7e8f90a1b2c3", "2026-03-17T08:15:30.946240483Z" },
		{ "event_media_created", "video.upload.media_created", EVENT_ANNOUNCED, MEDIA,
			"5d0c1e7a-0003-4a6b-9c2d-7e8f90a1b2c3", "2026-03-17T08:15:31.850369075Z" },
		{ "event_ready", "video.media.ready", EVENT_READY, MEDIA,
			"5d0c1e7a-0004-4a6b-9c2d-7e8f90a1b2c3", "2026-03-17T08:16:40.636687200Z" },
		{ "event_ready_live", "video.media.ready", EVENT_READY, MEDIA,
			"5d0c1e7a-0104-4a6b-9c2d-7e8f90a1b2c3", "2026-03-17T08:16:40.636687200Z" },
		{ "event_failed", "video.media.failed", EVENT_FAILED, MEDIA,
			"5d0c1e7a-0005-4a6b-9c2d-7e8f90a1b2c3", "2026-03-17T08:15:41.000000001Z" },
		{ "event_updated_legacy", "video.media.updated", EVENT_CHANGED, MEDIA,
			"5d0c1e7a-0006-4a6b-9c2d-7e8f90a1b2c3", "2026-03-17T08:16:40Z" },
		{ "event_deleted", "video.media.deleted", EVENT_DELETED, NULL,
			"5d0c1e7a-0007-4a6b-9c2d-7e8f90a1b2c3", "2026-03-18T10:00:00.000000001Z" },
		{ "event_deleted_live", "video.media.deleted", EVENT_DELETED, MEDIA,
			"5d0c1e7a-0107-4a6b-9c2d-7e8f90a1b2c3", "2026-03-18T10:00:00.000000001Z" },
		{ "event_source_deleted", "video.media.source.deleted", EVENT_RECORDED, MEDIA,
			"5d0c1e7a-0108-4a6b-9c2d-7e8f90a1b2c3", "2026-03-17T09:00:00Z" },
		{ "event_track_ready", "video.media.track.ready", EVENT_CHANGED, MEDIA,
			"5d0c1e7a-0109-4a6b-9c2d-7e8f90a1b2c3", "2026-03-17T08:20:00.1Z" },
		{ "event_live_stream_created", "video.media.live_stream.created", EVENT_ANNOUNCED, MEDIA,
			"5d0c1e7a-0110-4a6b-9c2d-7e8f90a1b2c3", "2026-03-17T08:00:01.375Z" },
	};
	/* clang-format on */
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *name = mem_printf("fastpix/%s.json", rows[i].file);
		struct reading got = fixture_read_file(&ws, name);
		assert_int_equal(got.verdict, DELIVERY_EVENT);
		assert_string_equal(got.event.type, rows[i].type);
		assert_int_equal(got.event.kind, rows[i].kind);
		assert_same_text(got.event.asset_id, rows[i].id);
		assert_string_equal(got.event.key, rows[i].key);
		assert_true(got.event.at_ns == at(rows[i].at));
		fixture_read_end(&got);
		free(name);
	}
}

static void takes_facts_from_the_media_object(void **state)
{
	struct reading got = fixture_read_file(&ws, "fastpix/event_ready_live.json");
	const struct facts *facts = &got.event.facts;
	(void)state;
	assert_string_equal(facts->title, "Derby, second half");
	assert_string_equal(facts->creator, "crew-7");
	assert_string_equal(facts->type, "video");
	assert_null(facts->stream);
	assert_true(facts->duration_ms == 95000);
	assert_int_equal(facts->width, 1920);
	assert_int_equal(facts->height, 1080);
	assert_string_equal(json_text(facts->metadata, "team"), "sports");
	assert_false(got.event.trial);
	fixture_read_end(&got);

	got = fixture_read_file(&ws, "fastpix/event_ready.json");
	assert_same_text(got.event.facts.type, NULL); /* not told, so not guessed */
	fixture_read_end(&got);

	got = fixture_read_file(&ws, "fastpix/event_updated_legacy.json");
	assert_true(got.event.trial);
	assert_string_equal(got.event.facts.type, "live");
	assert_true(got.event.facts.created_ns == at("2026-03-17T08:15:31Z"));
	assert_true(got.event.facts.expires_ns == at("2026-03-18T08:15:31Z"));
	assert_true(got.event.facts.duration_ms == 95000);
	fixture_read_end(&got);

	got = fixture_read_file(&ws, "fastpix/event_media_created.json");
	assert_true(
		got.event.facts.duration_ms == -1); /* "00:00:00" is not known yet */
	fixture_read_end(&got);
}

static void live_events_imply_the_type(void **state)
{
	struct reading got =
		fixture_read_file(&ws, "fastpix/event_live_stream_created.json");
	(void)state;
	assert_string_equal(got.event.facts.type, "live");
	assert_string_equal(got.event.facts.stream, "0a1b2c3d4e5f60718293a4b5c6d7e8f9");
	fixture_read_end(&got);

	got = fixture_read(&ws,
		"{\"type\":\"video.media.live_clip.created\",\"id\":\"e\","
		"\"data\":{\"id\":\"m\",\"streamId\":\"s\"}}");
	assert_int_equal(got.event.kind, EVENT_ANNOUNCED);
	assert_string_equal(got.event.facts.type, "clip");
	fixture_read_end(&got);
}

/* fastpix.md §9.1 and §9.28: whole names, any case; endings mean nothing. */
static void compares_types_whole(void **state)
{
	static const struct {
		const char *type;
		enum event_kind kind;
	} rows[] = {
		{ "VIDEO.Media.READY", EVENT_READY },
		{ "video.media.mp4support.ready", EVENT_CHANGED },
		{ "video.media.mp4Support.ready", EVENT_CHANGED },
		{ "video.media.subtitle.generated.ready", EVENT_CHANGED },
		{ "video.media.subtitle.generated", EVENT_CHANGED },
		{ "video.media.upload.cancelled", EVENT_FAILED },
		{ "video.media.live_clip.created", EVENT_ANNOUNCED },
		{ "video.media.source.deleted", EVENT_RECORDED },
		{ "video.media.source.ready", EVENT_RECORDED },
		{ "video.media.track.deleted", EVENT_RECORDED },
		{ "video.media.track.created", EVENT_RECORDED },
		{ "video.media.intro.ready", EVENT_RECORDED },
		{ "video.live_stream.deleted", EVENT_RECORDED },
		{ "video.live_stream.recording.ready", EVENT_RECORDED },
		{ "video.live_stream.simulcast_target.deleted", EVENT_RECORDED },
		{ "video.mediaAI.named-entities.ready", EVENT_RECORDED },
		{ "video.mediaAI.namedEntities.ready", EVENT_RECORDED },
		{ "video.media.deleted.", EVENT_RECORDED },
		{ " video.media.deleted", EVENT_RECORDED },
		{ "video.media.deletedx", EVENT_RECORDED },
		{ "media.deleted", EVENT_RECORDED },
		{ "deleted", EVENT_RECORDED },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *body = mem_printf("{\"type\":\"%s\",\"id\":\"e\",\"object\":"
					"{\"type\":\"media\",\"id\":\"m\"}}",
			rows[i].type);
		struct reading got = fixture_read(&ws, body);
		assert_int_equal(got.verdict, DELIVERY_EVENT);
		assert_int_equal(got.event.kind, rows[i].kind);
		assert_same_text(got.event.asset_id, "m");
		fixture_read_end(&got);
		free(body);
	}
}

/* fastpix.md §2.2 and §9.2: which member names the media. */
static void finds_the_media(void **state)
{
	/* clang-format off */
	static const struct { const char *type, *rest, *id; } rows[] = {
		{ "ready", "\"object\":{\"type\":\"media\",\"id\":\"a\"},\"data\":{\"id\":\"b\"}", "a" },
		{ "ready", "\"object\":{\"type\":\"video.media\",\"id\":\"a\"}", "a" },
		{ "ready", "\"object\":{\"type\":\"Video\",\"id\":\"a\"}", "a" },
		{ "ready", "\"object\":{\"id\":\"a\"}", "a" },
		{ "ready", "\"object\":{\"type\":\"live\",\"id\":\"a\"},\"data\":{\"id\":\"b\"}", "b" },
		{ "ready", "\"object\":null,\"data\":{\"id\":\"b\",\"mediaId\":\"c\"}", "b" },
		{ "ready", "\"data\":{\"mediaId\":\"c\"}", "c" },
		{ "ready", "\"data\":{\"media_id\":\"d\"}", "d" },
		{ "deleted", "\"data\":{\"id\":\"b\"}", "b" },
		{ "upload", "\"object\":{\"type\":\"upload\",\"id\":\"u\"},\"data\":{\"uploadId\":\"d\"}", "d" },
		{ "upload.cancelled", "\"data\":{\"uploadId\":\"d\"}", "d" },
		{ "track.ready", "\"object\":{\"id\":\"a\"},\"data\":{\"id\":\"track\"}", "a" },
		{ "track.ready", "\"data\":{\"id\":\"track\",\"mediaId\":\"c\"}", "c" },
		{ "subtitle.generated.ready", "\"object\":{\"type\":\"track\",\"id\":\"t\"},\"data\":{\"id\":\"t\",\"mediaId\":\"c\"}", "c" },
		{ "watermark.ready", "\"data\":{\"id\":\"watermark\"}", NULL },
		{ "watermark.ready", "\"object\":{\"id\":\"a\"},\"data\":{\"id\":\"watermark\"}", "a" },
	};
	/* clang-format on */
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *body = mem_printf("{\"type\":\"video.media.%s\",\"id\":\"e\",%s}",
			rows[i].type, rows[i].rest);
		struct reading got = fixture_read(&ws, body);
		assert_int_equal(got.verdict, DELIVERY_EVENT);
		assert_same_text(got.event.asset_id, rows[i].id);
		fixture_read_end(&got);
		free(body);
	}
}

static void other_families_name_no_media(void **state)
{
	static const char *const types[] = { "video.live_stream.idle",
		"video.mediaAI.summary.ready", "video.playback_id.created" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		char *body =
			mem_printf("{\"type\":\"%s\",\"id\":\"e\",\"object\":{\"id\":"
				   "\"stream\"},\"data\":{\"id\":\"other\"}}",
				types[i]);
		struct reading got = fixture_read(&ws, body);
		assert_int_equal(got.verdict, DELIVERY_EVENT);
		assert_same_text(got.event.asset_id, NULL);
		fixture_read_end(&got);
		free(body);
	}
}

/* Ids go into paths and URLs (fastpix.md §9.19); one that cannot is not replaced by
 * what another member says. */
static void refuses_ids_that_are_none(void **state)
{
	static const char *const ids[] = { "\"../../etc/passwd\"", "\"a/b\"", "\"a.b\"",
		"\"a b\"", "\"\"", "\"a\\u0000b\"", "\"%2e%2e\"", "\"\\u00e4\"", "12",
		"null", "true", "[]", "{\"id\":\"a\"}" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		char *body = mem_printf(
			"{\"type\":\"video.media.ready\",\"id\":\"e\",\"data\":{\"id\":%s}}",
			ids[i]);
		struct reading got = fixture_read(&ws, body);
		assert_int_equal(got.verdict, DELIVERY_REJECT);
		assert_non_null(strstr(got.err.text, "names no media"));
		fixture_read_end(&got);
		free(body);
	}
	struct reading got = fixture_read(&ws,
		"{\"type\":\"video.media.deleted\",\"id\":\"e\",\"object\":{\"type\":"
		"\"media\",\"id\":\"../x\"},\"data\":{\"id\":\"innocent\"}}");
	assert_int_equal(got.verdict, DELIVERY_EVENT);
	assert_same_text(got.event.asset_id, NULL);
	fixture_read_end(&got);
}

static void ids_have_a_length(void **state)
{
	char id[300] = "";
	(void)state;
	memset(id, 'a', 256);
	for (size_t len = 256; len >= 255; len--) {
		id[len] = '\0';
		char *body = mem_printf("{\"type\":\"video.media.ready\",\"id\":\"e\","
					"\"object\":{\"id\":\"%s\"}}",
			id);
		struct reading got = fixture_read(&ws, body);
		assert_int_equal(
			got.verdict, len == 255 ? DELIVERY_EVENT : DELIVERY_REJECT);
		fixture_read_end(&got);
		free(body);
	}
}

static void acted_on_events_need_a_media(void **state)
{
	static const struct {
		const char *type;
		enum delivery_verdict verdict;
	} rows[] = {
		{ "created", DELIVERY_REJECT },
		{ "ready", DELIVERY_REJECT },
		{ "updated", DELIVERY_REJECT },
		{ "failed", DELIVERY_REJECT },
		{ "track.ready", DELIVERY_REJECT },
		{ "upload.cancelled", DELIVERY_REJECT },
		{ "upload", DELIVERY_EVENT },
		{ "deleted", DELIVERY_EVENT },
		{ "nobody.knows", DELIVERY_EVENT },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *body = mem_printf(
			"{\"type\":\"video.media.%s\",\"id\":\"e\"}", rows[i].type);
		struct reading got = fixture_read(&ws, body);
		assert_int_equal(got.verdict, rows[i].verdict);
		assert_same_text(got.event.asset_id, NULL);
		fixture_read_end(&got);
		free(body);
	}
}

static void tells_probes_and_rejects(void **state)
{
	static const struct {
		const char *body;
		enum delivery_verdict verdict;
	} rows[] = {
		{ "{}", DELIVERY_PROBE },
		{ "{\"test\":true}", DELIVERY_PROBE },
		{ "{\"id\":\"x\",\"data\":{\"id\":\"y\"}}", DELIVERY_PROBE },
		{ "{\"type\":null}", DELIVERY_PROBE },
		{ "{\"type\":\"\"}", DELIVERY_PROBE },
		{ "{\"type\":\"webhook.test\"}", DELIVERY_PROBE },
		{ "{\"type\":\"video.media.ready\"}", DELIVERY_REJECT },
		{ "{\"type\":7,\"id\":\"x\"}", DELIVERY_REJECT },
		{ "{\"type\":[],\"id\":\"x\"}", DELIVERY_REJECT },
		{ "", DELIVERY_REJECT },
		{ "[]", DELIVERY_REJECT },
		{ "[{\"type\":\"video.media.ready\"}]", DELIVERY_REJECT },
		{ "null", DELIVERY_REJECT },
		{ "\"video.media.ready\"", DELIVERY_REJECT },
		{ "{\"type\":\"video.media.ready\"", DELIVERY_REJECT },
		{ "type=video.media.ready&id=1", DELIVERY_REJECT },
		{ "<html></html>", DELIVERY_REJECT },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct reading got = fixture_read(&ws, rows[i].body);
		assert_int_equal(got.verdict, rows[i].verdict);
		fixture_read_end(&got);
	}
}

static void tells_foreign_workspaces(void **state)
{
	/* clang-format off */
	static const struct { const char *rest; enum delivery_verdict verdict; } rows[] = {
		{ "\"workspace\":{\"id\":\"" OURS "\",\"name\":null}", DELIVERY_EVENT },
		{ "\"workspace\":{\"id\":\"7F3A1C52-88D4-4C0E-9B1F-2A6D5E4F3B21\"}", DELIVERY_EVENT },
		{ "\"workspace\":{\"id\":\"" THEIRS "\"}", DELIVERY_FOREIGN },
		{ "\"workspace\":{\"id\":\"" OURS "\"},\"data\":{\"workspaceId\":\"" THEIRS "\"}", DELIVERY_EVENT },
		{ "\"workspace\":null,\"data\":{\"workspaceId\":\"" THEIRS "\"}", DELIVERY_FOREIGN },
		{ "\"workspace\":{\"id\":null}", DELIVERY_EVENT },
		{ "\"workspace\":{\"id\":4711}", DELIVERY_EVENT },
		{ "\"environment\":{\"id\":\"" THEIRS "\"}", DELIVERY_EVENT },
		{ "\"x\":1", DELIVERY_EVENT },
	};
	/* clang-format on */
	struct workspace_config any = ws;
	(void)state;
	any.workspace_id = NULL;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *body = mem_printf("{\"type\":\"video.media.ready\",\"id\":\"e\","
					"\"object\":{\"id\":\"m\"},%s}",
			rows[i].rest);
		struct reading got = fixture_read(&ws, body);
		assert_int_equal(got.verdict, rows[i].verdict);
		assert_same_text(got.event.asset_id, "m");
		fixture_read_end(&got);
		got = fixture_read(&any, body);
		assert_int_equal(got.verdict, DELIVERY_EVENT);
		fixture_read_end(&got);
		free(body);
	}
	/* Another's event needs nothing: it is not acted on. */
	struct reading got =
		fixture_read(&ws, "{\"type\":\"video.media.ready\",\"id\":\"e\","
				  "\"workspace\":{\"id\":\"" THEIRS "\"}}");
	assert_int_equal(got.verdict, DELIVERY_FOREIGN);
	fixture_read_end(&got);
}

/* fastpix.md §9.11: string or integer, createdAt or created_at, down to the ns. */
static void reads_event_times(void **state)
{
	static const struct {
		const char *json, *time;
	} rows[] = {
		{ "\"createdAt\":\"2026-08-10T12:38:29Z\"", "2026-08-10T12:38:29Z" },
		{ "\"createdAt\":\"2026-08-10T12:38:29.375000001Z\"",
			"2026-08-10T12:38:29.375000001Z" },
		{ "\"created_at\":\"2026-08-10T12:38:29.3Z\"",
			"2026-08-10T12:38:29.300Z" },
		{ "\"created_at\":1744018240", "2025-04-07T09:30:40Z" },
		{ "\"created_at\":1744018240636", "2025-04-07T09:30:40.636Z" },
		{ "\"created_at\":\"1744018240\"", "2025-04-07T09:30:40Z" },
		{ "\"createdAt\":null,\"created_at\":1744018240",
			"2025-04-07T09:30:40Z" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *body =
			mem_printf("{\"type\":\"video.media.deleted\",\"id\":\"e\",%s}",
				rows[i].json);
		struct reading got = fixture_read(&ws, body);
		assert_true(got.event.at_ns == at(rows[i].time));
		fixture_read_end(&got);
		free(body);
	}
	struct reading got = fixture_read(
		&ws, "{\"type\":\"x\",\"id\":\"e\",\"createdAt\":\"yesterday\"}");
	assert_true(got.event.at_ns == 0);
	fixture_read_end(&got);
}

static char *key_of(const char *body)
{
	struct reading got = fixture_read(&ws, body);
	char *key = mem_strdup(got.event.key);
	fixture_read_end(&got);
	return key;
}

static void keys_survive_redelivery(void **state)
{
	char *first = key_of("{\"type\":\"video.media.deleted\",\"attempts\":[]}");
	char *again =
		key_of("{\"type\":\"video.media.deleted\",\"attempts\":[{\"id\":1}]}");
	char *other = key_of("{\"type\":\"video.media.deleted\",\"createdAt\":1}");
	(void)state;
	assert_true(strncmp(first, "sha256:", 7) == 0 && strlen(first) == 7 + 64);
	assert_string_equal(first, again);
	assert_string_not_equal(first, other);
	free(first);
	free(again);
	free(other);
}

static void long_keys_and_types_are_bounded(void **state)
{
	char text[5001];
	(void)state;
	memset(text, 'k', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text + 127, "\xc3\xa4", 2); /* a character across the cut */
	char *body = mem_printf("{\"type\":\"%s\",\"id\":\"%s\"}", text, text);
	struct reading got = fixture_read(&ws, body);
	assert_int_equal(got.verdict, DELIVERY_EVENT);
	assert_int_equal(strlen(got.event.key), 7 + 64);
	assert_int_equal(strlen(got.event.type), 127);
	fixture_read_end(&got);
	free(body);
}

static void failures_carry_the_reason(void **state)
{
	struct reading got = fixture_read_file(&ws, "fastpix/event_failed.json");
	(void)state;
	assert_string_equal(got.event.reason,
		"cannot read https://media.example.com/in/derby.mp4?*** (403)");
	fixture_read_end(&got);
	got = fixture_read(&ws,
		"{\"type\":\"video.media.failed\",\"id\":\"e\",\"data\":"
		"{\"id\":\"m\",\"error\":{\"message\":\"bad codec\"}}}");
	assert_string_equal(got.event.reason, "bad codec");
	fixture_read_end(&got);
	got = fixture_read(&ws,
		"{\"type\":\"video.media.upload.cancelled\",\"id\":\"e\","
		"\"data\":{\"uploadId\":\"m\"}}");
	assert_same_text(got.event.reason, NULL);
	fixture_read_end(&got);
}

static void keeps_no_secret(void **state)
{
	static const char *const files[] = { "event_upload", "event_created",
		"event_failed", "event_live_stream_created" };
	static const char *const secrets[] = { "signed-path", "Signature", "s3cr3t",
		"k-live-4711", "very-secret" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char *name = mem_printf("fastpix/%s.json", files[i]);
		struct reading got = fixture_read_file(&ws, name);
		for (size_t j = 0; j < ARRAY_LEN(secrets); j++)
			assert_null(strstr(got.redacted, secrets[j]));
		assert_null(strchr(got.redacted, '\n'));
		assert_non_null(strstr(got.redacted, MEDIA));
		fixture_read_end(&got);
		free(name);
	}
}

static void survives_nulls_everywhere(void **state)
{
	static const char *const names[] = { "object", "id", "workspace", "data",
		"createdAt", "created_at", "attempts", "status", "environment" };
	static const char *const values[] = { "null", "7", "\"\"", "[]", "{}", "true",
		"[null]", "1e999", "{\"id\":{}}" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		for (size_t j = 0; j < ARRAY_LEN(values); j++) {
			char *body = mem_printf(
				"{\"type\":\"video.media.deleted\",\"%s\":%s}",
				names[i], values[j]);
			struct reading got = fixture_read(&ws, body);
			assert_int_equal(got.verdict, DELIVERY_EVENT);
			assert_same_text(got.event.asset_id, NULL);
			fixture_read_end(&got);
			free(body);
		}
	}
}

static void refuses_deep_json(void **state)
{
	char *body = mem_alloc(200001);
	(void)state;
	memset(body, '[', 200000);
	struct reading got = fixture_read(&ws, body);
	assert_int_equal(got.verdict, DELIVERY_REJECT);
	fixture_read_end(&got);
	free(body);
}

static void knows_its_validation_probe(void **state)
{
	static const struct {
		const char *body;
		bool yes;
	} rows[] = { { "", true }, { "{}", true }, { " {\n}\r\n", true },
		{ "\n", true }, { "{", false }, { "}", false }, { "{}{}", false },
		{ "[]", false }, { "{\"a\":1}", false }, { "null", false },
		{ "}{", false } };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(platform_fastpix.is_validation(
					 rows[i].body, strlen(rows[i].body)),
			rows[i].yes);
	assert_false(platform_fastpix.is_validation("{\0}", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_documented_shape),
		cmocka_unit_test(takes_facts_from_the_media_object),
		cmocka_unit_test(live_events_imply_the_type),
		cmocka_unit_test(compares_types_whole),
		cmocka_unit_test(finds_the_media),
		cmocka_unit_test(other_families_name_no_media),
		cmocka_unit_test(refuses_ids_that_are_none),
		cmocka_unit_test(ids_have_a_length),
		cmocka_unit_test(acted_on_events_need_a_media),
		cmocka_unit_test(tells_probes_and_rejects),
		cmocka_unit_test(tells_foreign_workspaces),
		cmocka_unit_test(reads_event_times),
		cmocka_unit_test(keys_survive_redelivery),
		cmocka_unit_test(long_keys_and_types_are_bounded),
		cmocka_unit_test(failures_carry_the_reason),
		cmocka_unit_test(keeps_no_secret),
		cmocka_unit_test(survives_nulls_everywhere),
		cmocka_unit_test(refuses_deep_json),
		cmocka_unit_test(knows_its_validation_probe),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
