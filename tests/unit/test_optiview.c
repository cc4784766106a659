/*
 * Dolby OptiView deliveries: both forms of the media hook, the older recording hook,
 * thumbnails, and what else Dolby posts to the same URL.
 */
#include <config.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "platform_fixture.h"
#include <stdlib.h>
#include <string.h>

#define ASSET "4be19c07d3a24f5886c1e90a7b3d52f6"
#define MS(n) (INT64_C(n) * NS_PER_MS)

static struct workspace_config ws;

static int set_up(void **state)
{
	(void)state;
	ws = fixture_workspace(PLATFORM_OPTIVIEW);
	return 0;
}

static void reads_every_documented_shape(void **state)
{
	/* clang-format off */
	static const struct {
		const char *file, *type;
		enum event_kind kind;
		const char *id, *key, *media_type, *stream, *channel;
		int64_t at_ns, expires_ns;
	} rows[] = {
		{ "processing", "media.processing", EVENT_ANNOUNCED, ASSET, "media.processing:" ASSET ":1773735330753",
			"clip", "pitch-side", NULL, MS(1773735330753), MS(1781511330143) },
		{ "completed", "media.completed", EVENT_READY, ASSET, "media.completed:" ASSET ":1773735743575",
			"clip", "pitch-side", NULL, MS(1773735743575), MS(1781511330143) },
		{ "errored", "media.errored", EVENT_FAILED, "90f1e2d3c4b5a69788796a5b4c3d2e1f", "media.errored:90f1e2d3c4b5a69788796a5b4c3d2e1f:1773736492922",
			"recording", "tunnel", NULL, MS(1773736492922), MS(1781507321029) },
		{ "channel", "media.completed", EVENT_READY, "0d1c2b3a495867768594a3b2c1d0e0f1", "media.completed:0d1c2b3a495867768594a3b2c1d0e0f1:1773735743575",
			"clip", NULL, "ch9k2m4p6r8t0v1x3z5b7d9f1", MS(1773735743575), MS(1781511330143) },
		{ "deleted", "media.deleted", EVENT_DELETED, ASSET, "media.deleted:" ASSET ":1781511330200",
			NULL, NULL, NULL, MS(1781511330200), 0 },
		{ "recordings", "recordings.completed", EVENT_READY, "81975", "recordings.completed:81975:1639399471486",
			"recording", "vestry", NULL, MS(1639399471486), 0 },
	};
	/* clang-format on */
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *name = mem_printf("optiview/event_%s.json", rows[i].file);
		struct reading got = fixture_read_file(&ws, name);
		assert_int_equal(got.verdict, DELIVERY_EVENT);
		assert_string_equal(got.event.type, rows[i].type);
		assert_int_equal(got.event.kind, rows[i].kind);
		assert_same_text(got.event.asset_id, rows[i].id);
		assert_string_equal(got.event.key, rows[i].key);
		assert_same_text(got.event.facts.type, rows[i].media_type);
		assert_same_text(got.event.facts.stream, rows[i].stream);
		assert_same_text(got.event.facts.channel, rows[i].channel);
		assert_true(got.event.at_ns == rows[i].at_ns);
		assert_true(got.event.facts.expires_ns == rows[i].expires_ns);
		/* startTime is when the clip was asked for, not made (§1.5) */
		assert_true(got.event.facts.created_ns == 0);
		assert_null(got.event.facts.metadata);
		fixture_read_end(&got);
		free(name);
	}
}

/* optiview.md §1.4, §8.8: the documentation has changed case and names before. */
static void compares_words_without_case(void **state)
{
	static const struct {
		const char *type, *event;
		enum event_kind kind;
		const char *shown;
	} rows[] = {
		{ "Media", "Completed", EVENT_READY, "media.completed" },
		{ "MEDIA", "DELETED", EVENT_DELETED, "media.deleted" },
		{ "media", "processing", EVENT_ANNOUNCED, "media.processing" },
		{ "recording", "Started", EVENT_ANNOUNCED, "recordings.started" },
		{ "Recordings", "error", EVENT_FAILED, "recordings.error" },
		{ "recordings", "deleted", EVENT_DELETED, "recordings.deleted" },
		{ "media", "complete", EVENT_RECORDED, "media.complete" },
		{ "media", "deleting", EVENT_RECORDED, "media.deleting" },
		{ "media", "", EVENT_RECORDED, "media" },
		{ "recordings", "errored", EVENT_RECORDED, "recordings.errored" },
		{ "feeds", "ended", EVENT_RECORDED, "feeds.ended" },
		{ "transcoder", "DELETED", EVENT_RECORDED, "transcoder.DELETED" },
		{ "viewerConnection", "NoActiveViewers", EVENT_RECORDED,
			"viewerConnection.NoActiveViewers" },
		{ "timeline", "deleted", EVENT_RECORDED, "timeline.deleted" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *body =
			mem_printf("{\"type\":\"%s\",\"event\":\"%s\",\"timestamp\":1,"
				   "\"data\":{\"mediaAssetId\":\"a\","
				   "\"recordFileId\":7}}",
				rows[i].type, rows[i].event);
		struct reading got = fixture_read(&ws, body);
		assert_int_equal(got.verdict, DELIVERY_EVENT);
		assert_int_equal(got.event.kind, rows[i].kind);
		assert_string_equal(got.event.type, rows[i].shown);
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
		{ "{\"event\":\"completed\"}", DELIVERY_PROBE },
		{ "{\"type\":null,\"event\":\"completed\"}", DELIVERY_PROBE },
		{ "{\"type\":\"media\"}", DELIVERY_EVENT },
		{ "{\"type\":\"test\"}", DELIVERY_EVENT },
		{ "{\"type\":\"media\",\"event\":\"completed\"}", DELIVERY_REJECT },
		{ "{\"type\":\"media\",\"event\":\"deleted\",\"data\":{}}",
			DELIVERY_REJECT },
		{ "{\"type\":\"recordings\",\"event\":\"deleted\",\"data\":"
		  "{\"mediaAssetId\":\"a\"}}",
			DELIVERY_REJECT },
		{ "{\"type\":1,\"event\":\"completed\"}", DELIVERY_REJECT },
		{ "[{\"type\":\"media\"}]", DELIVERY_REJECT },
		{ "", DELIVERY_REJECT },
		{ "null", DELIVERY_REJECT },
		{ "{\"type\":\"media\",", DELIVERY_REJECT },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct reading got = fixture_read(&ws, rows[i].body);
		assert_int_equal(got.verdict, rows[i].verdict);
		fixture_read_end(&got);
	}
}

static void ids_are_text_or_integers(void **state)
{
	static const struct {
		const char *json, *id;
	} rows[] = {
		{ "\"" ASSET "\"", ASSET },
		{ "618002", "618002" },
		{ "\"618002\"", "618002" },
		{ "9007199254740992", "9007199254740992" },
		{ "0", NULL },
		{ "-7", NULL },
		{ "1e40", NULL },
		{ "null", NULL },
		{ "true", NULL },
		{ "{}", NULL },
		{ "\"\"", NULL },
		{ "\"Qx7LmP/pitch-side\"", NULL },
		{ "\"..\"", NULL },
		{ "\"a\\u0000\"", NULL },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *body =
			mem_printf("{\"type\":\"media\",\"event\":\"completed\","
				   "\"timestamp\":1,\"data\":{\"mediaAssetId\":%s}}",
				rows[i].json);
		struct reading got = fixture_read(&ws, body);
		assert_int_equal(
			got.verdict, rows[i].id ? DELIVERY_EVENT : DELIVERY_REJECT);
		assert_same_text(got.event.asset_id, rows[i].id);
		fixture_read_end(&got);
		free(body);
	}
}

/* optiview.md §8.10: every optional field may be absent, null or empty. */
static void tolerates_what_is_missing(void **state)
{
	static const char *const data[] = { "", ",\"metadata\":null",
		",\"metadata\":{}", ",\"tokenId\":null",
		",\"expiration\":null,\"startTime\":null",
		",\"type\":null,\"streamName\":null", ",\"streamName\":7,\"type\":[]",
		",\"expiration\":\"soon\"" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(data); i++) {
		char *body = mem_printf("{\"type\":\"media\",\"event\":\"completed\","
					"\"timestamp\":1725260343575,"
					"\"data\":{\"mediaAssetId\":\"a\"%s}}",
			data[i]);
		struct reading got = fixture_read(&ws, body);
		assert_int_equal(got.verdict, DELIVERY_EVENT);
		assert_true(got.event.facts.expires_ns == 0);
		assert_null(got.event.facts.stream);
		fixture_read_end(&got);
		free(body);
	}
	struct reading got =
		fixture_read(&ws, "{\"type\":\"media\",\"event\":\"completed\","
				  "\"data\":{\"mediaAssetId\":\"a\",\"type\":\"CLIP\","
				  "\"expiration\":\"2026-06-15\"}}");
	assert_string_equal(got.event.facts.type, "clip");
	assert_true(got.event.facts.expires_ns > 0);
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

static void keys_tell_events_apart(void **state)
{
	static const char *const bodies[] = {
		"{\"type\":\"feeds\",\"event\":\"started\",\"timestamp\":5,\"data\":{\"feedId\":\"a\"}}",
		"{\"type\":\"feeds\",\"event\":\"started\",\"timestamp\":5,\"data\":{\"feedId\":\"b\"}}",
		"{\"type\":\"feeds\",\"event\":\"ended\",\"timestamp\":5,\"data\":{\"feedId\":\"a\"}}",
		"{\"type\":\"media\",\"event\":\"completed\",\"data\":{\"mediaAssetId\":\"a\"}}",
		"{\"type\":\"media\",\"event\":\"completed\",\"data\":{\"mediaAssetId\":\"b\"}}",
		"{\"type\":\"media\",\"event\":\"completed\",\"timestamp\":5,\"data\":{\"mediaAssetId\":\"b\"}}",
		"{\"type\":\"media\",\"event\":\"completed\",\"timestamp\":6,\"data\":{\"mediaAssetId\":\"b\"}}",
		"{\"type\":\"media\",\"event\":\"deleted\",\"timestamp\":6,\"data\":{\"mediaAssetId\":\"b\"}}",
	};
	char *keys[ARRAY_LEN(bodies)];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		char *again = key_of(bodies[i]);
		keys[i] = key_of(bodies[i]);
		assert_string_equal(keys[i], again);
		free(again);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(keys[i], keys[j]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		free(keys[i]);
}

static void long_words_are_bounded(void **state)
{
	char word[5001];
	(void)state;
	memset(word, 'w', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	char *body = mem_printf("{\"type\":\"%s\",\"event\":\"%s\"}", word, word);
	struct reading got = fixture_read(&ws, body);
	assert_int_equal(got.verdict, DELIVERY_EVENT);
	assert_int_equal(strlen(got.event.type), 64 + 1 + 64);
	assert_in_range(strlen(got.event.key), 130, 200);
	fixture_read_end(&got);
	free(body);
}

static void keeps_no_secret(void **state)
{
	struct reading got = fixture_read(&ws,
		"{\"type\":\"media\",\"event\":\"errored\",\"data\":{\"mediaAssetId\":"
		"\"a\",\"token\":\"t0p\",\"tokenId\":5,\"error\":\"no "
		"https://x.example/a?sig=t0p\"}}");
	(void)state;
	assert_string_equal(got.event.reason, "no https://x.example/a?***");
	assert_null(strstr(got.redacted, "t0p"));
	assert_non_null(strstr(got.redacted, "\"tokenId\":5"));
	fixture_read_end(&got);
}

static enum delivery_verdict read_image(
	const char *content_type, const void *body, size_t len)
{
	struct delivery_input in = {
		.body = body,
		.len = len,
		.content_type = content_type,
		.image_stream_id =
			"../../etc/passwd", /* unsigned: not looked at here */
		.image_timestamp = "x",
	};
	struct event event;
	struct err err = { 0 };
	char *redacted = NULL;
	event_init(&event);
	enum delivery_verdict verdict =
		platform_optiview.parse(&ws, &in, &event, &redacted, &err);
	assert_null(redacted);
	assert_null(event.type);
	assert_int_equal(verdict == DELIVERY_REJECT, err.class == ERR_INPUT);
	event_release(&event);
	return verdict;
}

/* optiview.md §1.6: thumbnails are JPEG bytes, with zeros among them. */
static void takes_jpeg_images(void **state)
{
	static const char jpeg[] = "\xff\xd8\xff\xe0\x00\x10JFIF\x00\xff\xd9";
	static const char png[] = "\x89PNG\r\n\x1a\n";
	(void)state;
	assert_int_equal(
		read_image("image/jpeg", jpeg, sizeof(jpeg) - 1), DELIVERY_IMAGE);
	assert_int_equal(
		read_image("image/jpg", jpeg, sizeof(jpeg) - 1), DELIVERY_IMAGE);
	assert_int_equal(
		read_image("image/jpeg", png, sizeof(png) - 1), DELIVERY_REJECT);
	assert_int_equal(read_image("image/jpeg", jpeg, 3), DELIVERY_REJECT);
	assert_int_equal(read_image("image/jpeg", "{}", 2), DELIVERY_REJECT);
	assert_int_equal(read_image("image/jpeg", "", 0), DELIVERY_REJECT);
	assert_int_equal(read_image("application/json", jpeg, sizeof(jpeg) - 1),
		DELIVERY_REJECT);
	assert_int_equal(read_image(NULL, jpeg, sizeof(jpeg) - 1), DELIVERY_REJECT);
	assert_int_equal(read_image("application/json", "{}", 2), DELIVERY_PROBE);
}

static void refuses_deep_json(void **state)
{
	char *body = mem_alloc(200001);
	(void)state;
	for (size_t i = 0; i < 200000; i += 5)
		memcpy(body + i, "{\"a\":", 5);
	struct reading got = fixture_read(&ws, body);
	assert_int_equal(got.verdict, DELIVERY_REJECT);
	fixture_read_end(&got);
	free(body);
}

static void nothing_unsigned_is_valid(void **state)
{
	(void)state;
	assert_false(platform_optiview.is_validation("", 0));
	assert_false(platform_optiview.is_validation("{}", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_documented_shape),
		cmocka_unit_test(compares_words_without_case),
		cmocka_unit_test(tells_probes_and_rejects),
		cmocka_unit_test(ids_are_text_or_integers),
		cmocka_unit_test(tolerates_what_is_missing),
		cmocka_unit_test(keys_tell_events_apart),
		cmocka_unit_test(long_words_are_bounded),
		cmocka_unit_test(keeps_no_secret),
		cmocka_unit_test(takes_jpeg_images),
		cmocka_unit_test(refuses_deep_json),
		cmocka_unit_test(nothing_unsigned_is_valid),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
