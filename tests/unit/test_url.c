/*
 * References made absolute: RFC 3986's own examples, what strangers write instead, and
 * what must not become a request.
 */
#include <config.h>

#include "base/mem.h"
#include "base/url.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

static void resolves(const char *base, const char *ref, const char *expected)
{
	char *url = url_resolve(base, ref);

	if (expected) {
		assert_non_null(url);
		assert_string_equal(url, expected);
	} else {
		assert_null(url);
	}
	free(url);
}

/* §5.4: all of it that stays within http. */
static void resolves_as_the_rfc_says(void **state)
{
	static const char base[] = "http://a/b/c/d;p?q";
	static const struct {
		const char *ref;
		const char *url;
	} rows[] = {
		{ "g", "http://a/b/c/g" },
		{ "./g", "http://a/b/c/g" },
		{ "g/", "http://a/b/c/g/" },
		{ "/g", "http://a/g" },
		{ "//g", "http://g" },
		{ "?y", "http://a/b/c/d;p?y" },
		{ "g?y", "http://a/b/c/g?y" },
		{ "g?y#s", "http://a/b/c/g?y" },
		{ "#s", "http://a/b/c/d;p?q" },
		{ ";x", "http://a/b/c/;x" },
		{ "", "http://a/b/c/d;p?q" },
		{ ".", "http://a/b/c/" },
		{ "./", "http://a/b/c/" },
		{ "..", "http://a/b/" },
		{ "../g", "http://a/b/g" },
		{ "../..", "http://a/" },
		{ "../../g", "http://a/g" },
		{ "../../../g", "http://a/g" },
		{ "/./g", "http://a/g" },
		{ "/../g", "http://a/g" },
		{ "g.", "http://a/b/c/g." },
		{ "..g", "http://a/b/c/..g" },
		{ "./g/.", "http://a/b/c/g/" },
		{ "g/../h", "http://a/b/c/h" },
		{ "g;x=1/../y", "http://a/b/c/y" },
		{ "g?y/../x", "http://a/b/c/g?y/../x" },
		{ "https://h/x", "https://h/x" },
		{ "HTTPS://h/x/../y", "HTTPS://h/y" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		resolves(base, rows[i].ref, rows[i].url);
}

static void resolves_what_is_written(void **state)
{
	(void)state;
	resolves(
		"https://h:8443/v/i.m3u8?sig=1", "s 1.ts", "https://h:8443/v/s%201.ts");
	resolves("https://h/i.m3u8", "t\xC3\xB6r.ts?n=\xC3\xA4",
		"https://h/t%C3%B6r.ts?n=%C3%A4");
	resolves("https://h", "s.ts", "https://h/s.ts");
	resolves("https://h?x=1", "s.ts", "https://h/s.ts");
	resolves("https://h/a%2Fb/i.m3u8", "s%20.ts", "https://h/a%2Fb/s%20.ts");
	resolves("https://h/a/i.m3u8", "b:c/d", NULL); /* a scheme, as it stands */
	resolves("https://h/a/i.m3u8", "./b:c/d", "https://h/a/b:c/d");
}

static void refuses(void **state)
{
	static const char *const refs[] = { "data:text/plain,x", "skd://key",
		"file:///etc/passwd", "https:", "https:///x", "https:x", "///x", "a\rb",
		"a\nb", "a\x7F", "ftp://h/x" };
	static const char *const bases[] = { "", "h/p", "file:///p", "https:/p",
		"https://", "https://h/\r", "/p" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refs); i++)
		resolves("https://h/a/i.m3u8", refs[i], NULL);
	for (size_t i = 0; i < ARRAY_LEN(bases); i++)
		resolves(bases[i], "s.ts", NULL);

	char *huge = mem_alloc(70000);
	memset(huge, 'a', 69999);
	resolves("https://h/", huge, NULL);
	for (size_t i = 0; i + 3 < 69999; i += 3)
		memcpy(huge + i, "../", 3);
	resolves("https://h/", huge, NULL);
	free(huge);
}

static void tells_tails(void **state)
{
	static const struct {
		const char *url;
		const char *tail;
	} rows[] = {
		{ "https://h/v/s1.ts?sig=1/2", "v/s1.ts" },
		{ "https://h/blob/video_270/1.m4s?sig=/x", "video_270/1.m4s" },
		{ "https://h/s1.ts", "s1.ts" },
		{ "https://h//s1.ts", "s1.ts" },
		{ "s1.ts#f", "s1.ts" },
		{ "a/b/", "a/b" },
		{ "//h/x", "x" },
		{ "https://h", "" },
		{ "https://h/?n=5", "" },
		{ "?n=5", "" },
		{ "", "" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *tail = url_tail(rows[i].url);
		assert_string_equal(tail, rows[i].tail);
		free(tail);
	}
}

static void reads_queries(void **state)
{
	static const struct {
		const char *url;
		const char *value; /* of "t" */
	} rows[] = {
		{ "https://h/p?t=1", "1" },
		{ "https://h/p?a=2&t=x%20y%2f&t=3#t=4", "x y/" },
		{ "https://h/p?tt=1&t=", "" },
		{ "https://h/p?t=%zz%4", "%zz%4" },
		{ "https://h/p?t=%0a", NULL },
		{ "https://h/p?t=a%00b", NULL },
		{ "https://h/p?t", NULL },
		{ "https://h/p?at=1", NULL },
		{ "https://h/t=1", NULL },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *value = url_query_value(rows[i].url, "t");
		if (rows[i].value)
			assert_string_equal(value, rows[i].value);
		else
			assert_null(value);
		free(value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resolves_as_the_rfc_says),
		cmocka_unit_test(resolves_what_is_written),
		cmocka_unit_test(refuses),
		cmocka_unit_test(tells_tails),
		cmocka_unit_test(reads_queries),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
