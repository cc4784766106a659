/*
 * Facts: merging keeps what is known, metadata is found by name and path.
 */
#include <config.h>

#include "base/mem.h"
#include "core/facts.h"
#include "unit.h"
#include <string.h>

static void merges_what_is_known(void **state)
{
	struct facts a, b;

	(void)state;
	facts_init(&a);
	facts_init(&b);
	assert_int_equal(a.duration_ms, -1);
	a.title = mem_strdup("old");
	a.stream = mem_strdup("stream");
	a.duration_ms = 5;
	a.width = 1920;
	a.height = 1080;
	a.metadata = cJSON_Parse("{\"a\":1}");
	b.title = mem_strdup("new");
	b.stream = mem_strdup("");
	b.created_ns = 7;
	b.metadata = cJSON_Parse("{\"b\":2}");
	facts_merge(&a, &b);
	assert_string_equal(a.title, "new");
	assert_string_equal(a.stream, "stream");
	assert_int_equal(a.created_ns, 7);
	assert_int_equal(a.duration_ms, 5);
	assert_int_equal(a.height, 1080);
	assert_null(facts_metadata(&a, "a"));
	assert_non_null(facts_metadata(&a, "b"));
	b.duration_ms = 0;
	facts_merge(&a, &b);
	assert_int_equal(a.duration_ms, 0);
	facts_merge(&a, &a);
	facts_copy(&b, &a);
	assert_string_equal(b.stream, "stream");
	assert_true(b.metadata != a.metadata);
	facts_release(&a);
	facts_release(&b);
	facts_release(&b);
	assert_null(b.title);
}

static void names_the_resolution(void **state)
{
	static const struct {
		int width, height;
		const char *name;
	} rows[] = {
		{ 1920, 1080, "1080p" },
		{ 1080, 1920, "1080p" },
		{ 0, 720, "720p" },
		{ 0, 0, "" },
		{ 640, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct facts facts;
		char name[16];
		facts_init(&facts);
		facts.width = rows[i].width;
		facts.height = rows[i].height;
		facts_resolution(&facts, name);
		assert_string_equal(name, rows[i].name);
	}
}

static void finds_metadata(void **state)
{
	static const struct {
		const char *key, *text;
	} rows[] = {
		{ "a.b", "exact" },
		{ "c.d", "nested" },
		{ "n", "42" },
		{ "f", "1.5" },
		{ "t", "true" },
		{ "e", "" },
		{ "list.1", "y" },
		{ "big", "1e+300" },
		{ "none", NULL },
		{ "c", NULL },
		{ "null", NULL },
	};
	struct facts facts;

	(void)state;
	facts_init(&facts);
	assert_null(facts_metadata(&facts, "a"));
	facts.metadata = cJSON_Parse(
		"{\"a.b\":\"exact\",\"c\":{\"d\":\"nested\"},\"n\":42,\"f\":1.5,\"t\":true,"
		"\"e\":\"\",\"list\":[\"x\",\"y\"],\"big\":1e300,\"null\":null}");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char scratch[32];
		const char *text =
			facts_scalar(facts_metadata(&facts, rows[i].key), scratch);
		if (rows[i].text)
			assert_string_equal(text, rows[i].text);
		else
			assert_null(text);
	}
	facts_release(&facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merges_what_is_known),
		cmocka_unit_test(names_the_resolution),
		cmocka_unit_test(finds_metadata),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
