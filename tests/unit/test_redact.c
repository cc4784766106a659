/*
 * What is kept of a platform's JSON holds no secret and no usable link.
 */
#include <config.h>

#include "platform/redact.h"

#include "base/json.h"
#include "base/mem.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(const char *in, const char *expected)
{
	cJSON *node = NULL;
	assert_int_equal(json_parse(in, strlen(in), &node, NULL), 0);
	redact_json(node);
	char *text = json_print(node, false);
	assert_string_equal(text, expected);
	free(text);
	cJSON_Delete(node);
}

static void hides_secrets_by_name(void **state)
{
	(void)state;
	check("{\"streamKey\":\"k\",\"srtSecret\":\"s\",\"stream_key\":\"k\"}",
		"{\"streamKey\":\"***\",\"srtSecret\":\"***\",\"stream_key\":\"***\"}");
	check("{\"data\":[{\"TOKEN\":\"t\",\"x\":1},{\"private-key\":[1,{\"a\":2}]}]}",
		"{\"data\":[{\"TOKEN\":\"***\",\"x\":1},{\"private-key\":\"***\"}]}");
	check("{\"password\":7,\"apiKey\":{\"v\":\"k\"},\"signature\":\"\"}",
		"{\"password\":\"***\",\"apiKey\":\"***\",\"signature\":\"***\"}");
}

static void keeps_what_is_no_secret(void **state)
{
	static const char *const rows[] = {
		"{\"tokenId\":1187282,\"key1\":\"value1\",\"keys\":[\"a\"]}",
		"{\"token\":null,\"signature\":true,\"secret\":false}",
		"{\"title\":\"a password: x\",\"n\":1725259874671,\"f\":29.97}",
		"[null,true,\"\",{},[]]",
		"\"nothing: // here\"",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(rows[i], rows[i]);
}

static void hides_a_long_name(void **state)
{
	char in[400];
	char expected[400];
	char name[300];
	(void)state;
	memset(name, 'x', sizeof(name));
	memcpy(name + sizeof(name) - 6, "Token", 6);
	snprintf(in, sizeof(in), "{\"%s\":\"t\"}", name);
	snprintf(expected, sizeof(expected), "{\"%s\":\"***\"}", name);
	check(in, expected);
}

static void cuts_links(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *out; } rows[] = {
		{ "https://a.example/b/c.mp4?X-Sig=1&y=2", "https://a.example/b/c.mp4?***" },
		{ "HTTP://a.example/?", "HTTP://a.example/?***" },
		{ "https://a.example", "https://a.example" },
		{ "https://a.example?x", "https://a.example?***" },
		{ "https://a.example/b#t=eyJ", "https://a.example/b" },
		{ "https://user:pass@a.example:8443/b", "https://a.example:8443/b" },
		{ "https://a@b@c.example/p?q", "https://c.example/p?***" },
		{ "https://a.example/b?f=attachment; filename = x&Signature=s", "https://a.example/b?***" },
		{ "got 403 from https://a.example/b?s=1, gave up", "got 403 from https://a.example/b?*** gave up" },
		{ "\"https://a.example/b?s=1\" and <http://u:p@c.example/?t>", "\"https://a.example/b?***\" and <http://c.example/?***>" },
		{ "rtmps://live.example:443/app/stream-key", "rtmps://live.example:443/***" },
		{ "srt://live.example:778?passphrase=x", "srt://live.example:778/***" },
		{ "s3://bucket/path/of/it", "s3://bucket/path/of/it" },
		{ "://", "://" },
		{ "://://x?y", "://://x?y" },
		{ "1http://a.example/?q", "1http://a.example/?***" },
		{ "http://", "http://" },
		{ "http://?q", "http://?***" },
		/* a link may hold another, or be followed by one */
		{ "https://a.example/b see https://u:p@c.example/d?e f", "https://a.example/b see https://c.example/d?***" },
		{ "https://a.example/b, rtmp://c.example/app/stream-key", "https://a.example/b, rtmp://c.example/***" },
		{ "https://a.example/https://u:p@c.example/d?s", "https://a.example/https://c.example/d?***" },
		{ "via https://a.example/srt://c.example/key: refused", "via https://a.example/srt://c.example/*** refused" },
		{ "https://a.example/?to=https://u:p@c.example/", "https://a.example/?***" },
		{ "https://rtmp://c.example/key", "https://rtmp://c.example/***" },
	};
	/* clang-format on */
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *out = redact_text(rows[i].in);
		assert_string_equal(out, rows[i].out);
		free(out);
	}
	assert_null(redact_text(NULL));
}

static void many_links_fit(void **state)
{
	char *in = mem_alloc(6 * 1000 + 1);
	(void)state;
	for (size_t i = 0; i < 1000; i++)
		memcpy(in + 6 * i, " a://?", 6);
	char *out = redact_text(in);
	assert_int_equal(strlen(out), 9 * 1000);
	assert_memory_equal(out + 9 * 999, " a://?***", 9);
	free(out);
	free(in);
}

/* As long as a delivery may be: this takes no time when it is linear, minutes when not.
 */
static void links_within_links_take_no_time(void **state)
{
	size_t n = (1 << 20) / 4;
	char *in = mem_alloc(4 * n + 1);
	(void)state;
	for (size_t i = 0; i < n; i++)
		memcpy(in + 4 * i, "a://", 4);
	char *out = redact_text(in);
	assert_string_equal(out, in);
	memset(in, '1', 1); /* begins as a sentence */
	free(out);
	out = redact_text(in);
	assert_string_equal(out, in);
	free(out);
	free(in);
}

static void hides_whole_paths_where_asked(void **state)
{
	cJSON *node = cJSON_CreateString("https://u:p@store.example/signed/path?x=1");
	(void)state;
	redact_url_path(node);
	assert_string_equal(node->valuestring, "https://store.example/***");
	cJSON_Delete(node);
	node = cJSON_CreateNumber(1);
	redact_url_path(node);
	redact_url_path(NULL);
	cJSON_Delete(node);
}

/* attempts[] brings our own answers back (fastpix.md §9.10). */
static void cuts_response_bodies(void **state)
{
	char long_body[600];
	(void)state;
	memset(long_body, 'a', sizeof(long_body) - 1);
	long_body[sizeof(long_body) - 1] = '\0';
	memcpy(long_body + 255, "\xc3\xa4", 2); /* a character across the cut */
	cJSON *attempt = cJSON_CreateObject();
	json_add_text(attempt, "responseBody", long_body);
	json_add_text(attempt, "address", long_body);
	redact_json(attempt);
	assert_int_equal(strlen(json_text(attempt, "responseBody")), 255);
	assert_int_equal(strlen(json_text(attempt, "address")), sizeof(long_body) - 1);
	cJSON_Delete(attempt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hides_secrets_by_name),
		cmocka_unit_test(keeps_what_is_no_secret),
		cmocka_unit_test(hides_a_long_name),
		cmocka_unit_test(cuts_links),
		cmocka_unit_test(many_links_fit),
		cmocka_unit_test(links_within_links_take_no_time),
		cmocka_unit_test(hides_whole_paths_where_asked),
		cmocka_unit_test(cuts_response_bodies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
