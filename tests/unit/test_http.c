/*
 * HTTP values: what a request holds, what a log may show, and whose host a URL names.
 */
#include <config.h>

#include "base/http.h"
#include "base/mem.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

static void builds_requests(void **state)
{
	struct http_request req;
	(void)state;
	http_request_init(&req, "POST", mem_strdup("https://api.example/v1?token=x"));
	assert_string_equal(req.method, "POST");
	assert_null(req.body);
	req.basic = mem_strdup("user:secret");
	req.bearer = mem_strdup("secret");
	req.body = mem_strdup("{}");
	http_request_header(&req, "Accept", "application/json");
	http_request_header(&req, "X-Evil", "a\r\nHost: b\x7F");
	assert_int_equal(req.n_headers, 2);
	assert_string_equal(req.headers[0].name, "Accept");
	assert_string_equal(req.headers[1].value, "aHost: b");
	while (req.n_headers < HTTP_HEADERS_MAX)
		http_request_header(&req, "X", "");
	http_request_release(&req);
	assert_null(req.url);
	assert_int_equal(req.n_headers, 0);
	http_request_release(&req);
}

static void redacts(void **state)
{
	static const struct {
		const char *url;
		const char *shown;
	} rows[] = {
		{ "https://h/p/a.mp4", "https://h/p/a.mp4" },
		{ "https://h/p?sig=1", "https://h/p" },
		{ "https://h/p#frag?x", "https://h/p" },
		{ "https://h?sig=1", "https://h" },
		{ "https://user:pass@h/p?x", "https://h/p" },
		{ "https://user:p@ss@h:8/p", "https://h:8/p" },
		{ "https://user@h", "https://h" },
		{ "https://h/p@q", "https://h/p@q" },
		{ "https://h?x=a@b", "https://h" },
		{ "/relative?x=1", "/relative" },
		{ "/relative?u=http://a:b@c", "/relative" },
		{ "?x=http://a@b", "" },
		{ "", "" },
		{ NULL, "" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *shown = http_url_redacted(rows[i].url);
		assert_string_equal(shown, rows[i].shown);
		free(shown);
	}
}

static void escapes(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 100);
	http_escape("aZ09-._~ /?%&\xC3\xA9", &out);
	assert_string_equal(buf_text(&out), "aZ09-._~%20%2F%3F%25%26%C3%A9");
	buf_release(&out);
}

static void finds_hosts(void **state)
{
	static const struct {
		const char *url;
		const char *host; /* NULL: refused */
		bool https;
	} rows[] = {
		{ "https://Media.Example.COM/a", "media.example.com", true },
		{ "http://h", "h", false },
		{ "HTTPS://h:443/x", "h", true },
		{ "http://h:/x", "h", false },
		{ "http://h?x", "h", false },
		{ "http://h#x", "h", false },
		{ "http://example.com./", "example.com", false },
		{ "http://user:pass@h:8080/", "h", false },
		{ "http://a@b@c/", "c", false },
		{ "http://h/@other", "h", false },
		{ "http://h?@other", "h", false },
		{ "http://[::1]:80/", "::1", false },
		{ "http://[::FFFF:10.0.0.1]/", "::ffff:10.0.0.1", false },
		{ "http://10.0.0.1/", "10.0.0.1", false },
		{ "", NULL, false },
		{ NULL, NULL, false },
		{ "h/path", NULL, false },
		{ "//h/path", NULL, false },
		{ "ftp://h/", NULL, false },
		{ "file:///etc/passwd", NULL, false },
		{ "http:/h", NULL, false },
		{ "http://", NULL, false },
		{ "http:///x", NULL, false },
		{ "http://:80/", NULL, false },
		{ "http://user@/", NULL, false },
		{ "http://h:0/", NULL, false },
		{ "http://h:65536/", NULL, false },
		{ "http://h:999999/", NULL, false },
		{ "http://h:8a/", NULL, false },
		{ "http://h:80:80/", NULL, false },
		{ "http://good\\@evil/", NULL, false },
		{ "http://a b/", NULL, false },
		{ "http://a\tb/", NULL, false },
		{ "http://a\nb/", NULL, false },
		{ "http://a%2fb/", NULL, false },
		{ "http://h\xC3\xA9/", NULL, false },
		{ "http://[::1/", NULL, false },
		{ "http://[]/", NULL, false },
		{ "http://[::1%eth0]/", NULL, false },
		{ "http://[::1]x/", NULL, false },
		{ "http://[::1]:x/", NULL, false },
		{ " http://h/", NULL, false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char host[64] = "untouched";
		bool https = true;
		int rc = http_url_host(rows[i].url, host, sizeof(host), &https);
		assert_int_equal(rc, rows[i].host ? 0 : -1);
		assert_string_equal(host, rows[i].host ? rows[i].host : "untouched");
		if (rows[i].host)
			assert_int_equal(https, rows[i].https);
	}
	char small[4];
	assert_int_equal(http_url_host("http://abc/", small, sizeof(small), NULL), 0);
	assert_int_equal(http_url_host("http://abcd/", small, sizeof(small), NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builds_requests),
		cmocka_unit_test(redacts),
		cmocka_unit_test(escapes),
		cmocka_unit_test(finds_hosts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
