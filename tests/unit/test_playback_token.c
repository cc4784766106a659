/*
 * Playback tokens: what they say, that they are signed, and where they go in a URL.
 */
#include <config.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/rsa_key.h"
#include "platform/playback_token.h"
#include "rsa_vector.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

#define NOW_S  INT64_C(1790000000)
#define NOW_NS (NOW_S * 1000000000 + 999999999)

static char key_id[] = "key-7", shared[] = "a-shared-key-of-32-characters-at-least";
static char pem[] = RSA_VECTOR_PEM;
static const struct workspace_config fastpix = {
	.platform = PLATFORM_FASTPIX, .signing_key_id = key_id, .signing_key = pem
};
static const struct workspace_config optiview = {
	.platform = PLATFORM_OPTIVIEW, .signing_key_id = key_id, .signing_key = shared
};

static char *must_sign(const struct workspace_config *ws, const char *media)
{
	struct err err = { 0 };
	char *token = NULL;

	if (playback_token(ws, media, NOW_NS, &token, &err))
		fail_msg("%s", err.text);
	return token;
}

/* Part @number of a token, decoded; caller frees. */
static struct buf part_of(const char *token, int number)
{
	struct buf out;

	for (; number > 0; number--)
		token = strchr(token, '.') + 1;
	buf_init(&out, 8192);
	assert_int_equal(base64_decode(token, strcspn(token, "."), &out, NULL), 0);
	return out;
}

static void assert_part(const char *token, int number, const char *text)
{
	struct buf part = part_of(token, number);

	assert_string_equal(buf_text(&part), text);
	buf_release(&part);
}

static void fastpix_as_documented(void **state)
{
	char *token = must_sign(&fastpix, "e1d7a0c4-2b38");
	struct rsa_key *key = NULL;
	struct buf expected, got = part_of(token, 2);
	(void)state;
	assert_part(token, 0, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"key-7\"}");
	assert_part(token, 1,
		"{\"kid\":\"key-7\",\"aud\":\"media:e1d7a0c4-2b38\",\"iss\":"
		"\"fastpix.com\",\"sub\":\"\",\"iat\":1789999940,\"exp\":1790000600}");
	assert_int_equal(
		strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			      "0123456789-_."),
		strlen(token));
	buf_init(&expected, 1024);
	assert_int_equal(rsa_key_read(pem, &key, NULL), 0);
	rsa_key_sign(
		key, token, (size_t)(strrchr(token, '.') - token), &expected, NULL);
	assert_int_equal(got.len, 256);
	assert_memory_equal(got.data, expected.data, 256);
	rsa_key_free(key);
	buf_release(&expected);
	buf_release(&got);
	mem_free_secret(token);
}

static void optiview_as_documented(void **state)
{
	char *token = must_sign(&optiview, "e0ca421e");
	struct buf got = part_of(token, 2);
	unsigned char mac[DIGEST_MAX];
	(void)state;
	assert_part(token, 0, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
	assert_part(token, 1,
		"{\"mediaKeyId\":\"key-7\",\"mediaAssetId\":\"e0ca421e\",\"exp\":"
		"1790000600}");
	hmac(DIGEST_SHA256, shared, strlen(shared), token,
		(size_t)(strrchr(token, '.') - token), mac);
	assert_int_equal(got.len, 32);
	assert_memory_equal(got.data, mac, 32);
	buf_release(&got);
	mem_free_secret(token);
}

static void each_media_has_its_own(void **state)
{
	char *a = must_sign(&fastpix, "a"), *b = must_sign(&fastpix, "b");
	(void)state;
	assert_string_not_equal(a, b);
	mem_free_secret(a);
	mem_free_secret(b);
}

static void goes_into_the_url(void **state)
{
	static const struct {
		const char *url, *before, *after;
	} rows[] = {
		{ "https://h/p/capped-4k.mp4", "https://h/p/capped-4k.mp4?token=", "" },
		{ "https://h/t.jpg?time=1", "https://h/t.jpg?time=1&token=", "" },
		{ "https://h/a#f?x", "https://h/a?token=", "#f?x" },
		{ "https://h/a?b#f", "https://h/a?b&token=", "#f" },
	};
	char id[] = "p";
	char *token = must_sign(&fastpix, id);
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *url = NULL, *source_url = mem_strdup(rows[i].url);
		struct source source = { .url = source_url, .token_for = id };
		char *expected =
			mem_printf("%s%s%s", rows[i].before, token, rows[i].after);
		assert_int_equal(
			playback_url(&fastpix, &source, NOW_NS, &url, NULL), 0);
		assert_string_equal(url, expected);
		mem_free_secret(url);
		free(expected);
		free(source_url);
	}
	mem_free_secret(token);
}

static void only_where_it_is_wanted(void **state)
{
	struct workspace_config keyless = { .platform = PLATFORM_OPTIVIEW };
	char text[] = "https://h/a", id[] = "p";
	struct source public = { .url = text };
	struct source wants = { .url = text, .token_for = id };
	char *url = NULL;
	(void)state;
	assert_int_equal(playback_url(&fastpix, &public, NOW_NS, &url, NULL), 0);
	assert_string_equal(url, text);
	free(url);
	assert_int_equal(playback_url(&keyless, &wants, NOW_NS, &url, NULL), 0);
	assert_string_equal(url, text);
	free(url);
	assert_false(playback_key_given(&keyless));
	assert_true(playback_key_given(&fastpix));
}

static void is_spent_after_nine_minutes(void **state)
{
	const int64_t minute_ns = INT64_C(60) * 1000000000;
	(void)state;
	assert_false(playback_token_is_spent(NOW_NS, NOW_NS));
	assert_false(playback_token_is_spent(NOW_NS, NOW_NS + 9 * minute_ns - 1));
	assert_true(playback_token_is_spent(NOW_NS, NOW_NS + 9 * minute_ns));
	assert_false(playback_token_is_spent(NOW_NS, NOW_NS - minute_ns));
}

static void says_when_the_key_is_none(void **state)
{
	char bad[] = "c2VjcmV0LWtleQ==", id[] = "p", text[] = "https://h/a";
	struct workspace_config ws = fastpix;
	struct source source = { .url = text, .token_for = id };
	struct err err = { 0 };
	char *url = NULL;
	(void)state;
	ws.signing_key = bad;
	assert_int_equal(playback_url(&ws, &source, NOW_NS, &url, &err), -ERR_INPUT);
	assert_null(url);
	assert_non_null(strstr(err.text, "signing_key: is neither"));
	assert_null(strstr(err.text, bad));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fastpix_as_documented),
		cmocka_unit_test(optiview_as_documented),
		cmocka_unit_test(each_media_has_its_own),
		cmocka_unit_test(goes_into_the_url),
		cmocka_unit_test(only_where_it_is_wanted),
		cmocka_unit_test(is_spent_after_nine_minutes),
		cmocka_unit_test(says_when_the_key_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
