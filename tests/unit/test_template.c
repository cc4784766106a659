/*
 * Path templates: what is refused, what hostile facts become, and that no facts at all
 * give an unsafe path.
 */
#include <config.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/template.h"
#include "unit.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PATH "{workspace}/{created:%Y}/{created:%m}/{title|stream|id}-{id}"
#define ID           "d49e44c7-0123-4567-89ab-0123456789ab"

static void checks_templates(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ DEFAULT_PATH, true },
		{ "{id}", true },
		{ "a/b c/x.y-{metadata.a.b|creator|channel|type|platform|resolution}",
			true },
		{ "{created:%Y-%m-%d_%H.%M.%S|id}", true },
		{ "{created:%%}", true },
		{ "plain", true },
		{ "", false },
		{ "/{id}", false },
		{ "{id}/", false },
		{ "a//{id}", false },
		{ "../{id}", false },
		{ "a/../{id}", false },
		{ "./{id}", false },
		{ ".hidden{id}", false },
		{ "{id", false },
		{ "{id{title}}", false },
		{ "id}", false },
		{ "{}", false },
		{ "{title|}", false },
		{ "{|title}", false },
		{ "{Title}", false },
		{ "{titles}", false },
		{ "{metadata}", false },
		{ "{metadata.}", false },
		{ "{created}", false },
		{ "{created:}", false },
		{ "{created:%Y/%m}", false },
		{ "{created:%Q}", false },
		{ "{created:%n}", false },
		{ "{created:%", false },
		{ "{created:%}", false },
		{ "{title:x}", false },
		{ "a\nb", false },
		{ "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", true },
		{ "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		int rc = template_check(rows[i].text, &err);
		if ((rc == 0) != rows[i].good)
			fail_msg("\"%s\": %d %s", rows[i].text, rc, err.text);
		assert_int_equal(rc == 0, err.text[0] == '\0');
	}
}

static char *expand(const char *text, const struct facts *facts)
{
	const struct template_input input = { "production", ID, "fastpix", facts };

	assert_int_equal(template_check(text, NULL), 0);
	char *path = template_expand(text, &input);
	assert_true(fs_rel_ok(path));
	assert_true(strlen(path) <= TEMPLATE_PATH_MAX);
	return path;
}

static void must_expand(
	const char *text, const struct facts *facts, const char *expected)
{
	char *path = expand(text, facts);
	assert_string_equal(path, expected);
	free(path);
}

static void expands_fields(void **state)
{
	struct facts facts;

	(void)state;
	facts_init(&facts);
	must_expand(DEFAULT_PATH, &facts,
		"production/unknown-date/unknown-date/" ID "-" ID);
	facts.title = mem_strdup("Goal!");
	facts.stream = mem_strdup("main");
	facts.channel = mem_strdup("ch");
	facts.creator = mem_strdup("me");
	facts.type = mem_strdup("clip");
	facts.width = 1280;
	facts.height = 720;
	facts.created_ns = INT64_C(1795341600) * NS_PER_S;
	facts.metadata = cJSON_Parse("{\"a\":{\"b\":\"x/y\"},\"n\":7,\"e\":\"..\"}");
	must_expand(DEFAULT_PATH, &facts, "production/2026/11/Goal!-" ID);
	must_expand("{stream}_{channel}_{creator}_{type}_{platform}_{resolution}",
		&facts, "main_ch_me_clip_fastpix_720p");
	must_expand("{created:%F %H.%M}", &facts, "2026-11-22 10.00");
	must_expand(
		"{metadata.a.b}/{metadata.n}/{metadata.e}/{metadata.no|metadata.e|type}",
		&facts, "x_y/7/_/clip");
	must_expand("{metadata.no}/x{metadata.no}", &facts, "_/x");
	must_expand("{metadata.no}.x", &facts, "x");
	facts_release(&facts);
}

static void tames_hostile_values(void **state)
{
	static const struct {
		const char *title, *expected;
	} rows[] = {
		{ "../../etc/passwd", "_.._etc_passwd" },
		{ "..", "_" },
		{ ".", "_" },
		{ "...hidden", "hidden" },
		{ ". . .", "_" },
		{ "/", "_" },
		{ "", "_" },
		{ "   ", "_" },
		{ "a\nb\r\nc\td", "a b c d" },
		{ "a\x01\x1B[31mb\x7F", "a[31mb" },
		{ "trailing. . ", "trailing" },
		{ "\xE2\x80\xAEgpj.exe", "gpj.exe" },
		{ "a\xE2\x81\xA6"
		  "b\xE2\x80\x8F",
			"ab" },
		{ "a\xE2\x80\xA8"
		  "b",
			"a b" },
		{ "\xC2\x85x\xC2\x9F", "x" },
		{ "bad\xFF\xC3", "bad" UTF8_REPLACEMENT UTF8_REPLACEMENT },
		{ "\xC0\xAE\xC0\xAE/x",
			UTF8_REPLACEMENT UTF8_REPLACEMENT UTF8_REPLACEMENT
				UTF8_REPLACEMENT "_x" },
		{ "\xED\xA0\x80", UTF8_REPLACEMENT UTF8_REPLACEMENT UTF8_REPLACEMENT },
		{ "Nürnberg – 1 : 0 😀", "Nürnberg – 1 : 0 😀" },
		{ "{id}", "{id}" },
		{ "%s%n$(rm)`x`", "%s%n$(rm)`x`" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct facts facts;
		facts_init(&facts);
		facts.title = mem_strdup(rows[i].title);
		must_expand("{title}", &facts, rows[i].expected);
		facts_release(&facts);
	}
}

static char *repeat(const char *text, int n)
{
	size_t len = strlen(text);
	char *out = mem_alloc(len * (size_t)n + 1);
	for (int i = 0; i < n; i++)
		memcpy(out + len * (size_t)i, text, len);
	return out;
}

static bool valid_utf8(const char *text)
{
	while (*text) {
		size_t n = utf8_sequence(text, strlen(text), NULL);
		if (n == 0)
			return false;
		text += n;
	}
	return true;
}

static void cuts_the_title_and_not_the_id(void **state)
{
	static const char *const titles[] = { "x", "é", "日", "😀", "a b " };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(titles); i++) {
		struct facts facts;
		facts_init(&facts);
		facts.title = repeat(titles[i], 1000);
		facts.stream = repeat(titles[i], 1000);
		char *path = expand("{title}.{stream}-{id}", &facts);
		size_t len = strlen(path);
		assert_true(len <= TEMPLATE_BASE_MAX && len > TEMPLATE_BASE_MAX - 24);
		assert_string_equal(path + len - strlen("-" ID), "-" ID);
		assert_true(valid_utf8(path));
		free(path);
		path = expand("{title}/{title}/{title}/{title}/{title}/{title}/{title}/"
			      "{title}/{title}/{title}/{title}/{title}/{title}/{title}/"
			      "{title}/{title}-{id}",
			&facts);
		len = strlen(path);
		assert_string_equal(path + len - strlen("-" ID), "-" ID);
		assert_true(valid_utf8(path));
		free(path);
		facts_release(&facts);
	}
}

static void tells_two_assets_apart(void **state)
{
	(void)state;
	char *path = template_alternative("a/b-c", ID);
	assert_string_equal(path, "a/b-c~d49e44c7");
	free(path);
	path = template_alternative("a", "../x");
	assert_string_equal(path, "a~_x");
	free(path);
}

static unsigned seed = 20260101;

static unsigned next_random(void)
{
	seed = seed * 1103515245u + 12345u;
	return seed >> 16;
}

static char *random_text(void)
{
	static const char *const bits[] = { "/", "..", ".", " ", "\n", "\xE2\x80\xAE",
		"é", "😀", "\xFF", "\xF0\x9F", "\xC0\xAF", "-", "_", "\\", "{", "}",
		"abcdefghij" };
	size_t n = next_random() % 40;
	char *out = mem_alloc(n * 16 + 1);
	char *end = out;

	for (size_t i = 0; i < n; i++) {
		unsigned r = next_random();
		if (r % 3) {
			end = stpcpy(end, bits[r % ARRAY_LEN(bits)]);
		} else {
			*end++ = (char)(next_random() % 255 + 1);
			*end = '\0';
		}
	}
	return out;
}

static void is_safe_whatever_the_facts(void **state)
{
	static const char *const templates[] = { DEFAULT_PATH, "{title}/{stream}/{id}",
		"{title}{stream}{creator}", "x{title}/{metadata.k}.y",
		"{metadata.k|title}/{channel}/-{title}" };

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct facts facts;
		facts_init(&facts);
		facts.title = random_text();
		facts.stream = random_text();
		facts.creator = random_text();
		facts.channel = random_text();
		facts.created_ns = (int64_t)next_random() * (int64_t)next_random() *
				   INT64_C(2147483647) * (next_random() % 2 ? 1 : -1);
		facts.metadata = cJSON_CreateObject();
		char *value = random_text();
		cJSON_AddStringToObject(facts.metadata, "k", value);
		char *id = random_text();
		char *workspace = random_text();
		const struct template_input input = { workspace, id, "optiview",
			&facts };
		const char *text = templates[next_random() % ARRAY_LEN(templates)];
		char *path = template_expand(text, &input);

		if (!fs_rel_ok(path) || !valid_utf8(path) ||
			strlen(path) > TEMPLATE_PATH_MAX || path[0] == '.' ||
			strstr(path, "/."))
			fail_msg("%s gave \"%s\"", text, path);
		for (const char *at = path; at; at = strchr(at + 1, '/'))
			assert_true(strcspn(at + 1, "/") <= TEMPLATE_BASE_MAX);
		free(path);
		free(value);
		free(id);
		free(workspace);
		facts_release(&facts);
	}
}

static void makes_components(void **state)
{
	(void)state;
	for (size_t max = 0; max < 12; max++) {
		char *out = template_component("😀é.x. y😀", max);
		assert_true(strlen(out) <= max);
		assert_true(valid_utf8(out));
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_templates),
		cmocka_unit_test(expands_fields),
		cmocka_unit_test(tames_hostile_values),
		cmocka_unit_test(cuts_the_title_and_not_the_id),
		cmocka_unit_test(tells_two_assets_apart),
		cmocka_unit_test(is_safe_whatever_the_facts),
		cmocka_unit_test(makes_components),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
