/*
 * Who may come in by TCP, and which path is which.
 */
#include <config.h>

#include "admin/guard.h"
#include "admin/route.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static void hosts(void **state)
{
	static const struct {
		const char *host;
		bool ok;
	} rows[] = {
		{ "localhost:8788", true },
		{ "LocalHost", true },
		{ "127.0.0.1:8788", true },
		{ "127.8.9.1", true },
		{ "[::1]:8788", true },
		{ "[::1]", true },
		{ NULL, false },
		{ "", false },
		{ ":8788", false },
		{ "evil.example:8788", false },
		{ "localhost.evil.example", false },
		{ "127.0.0.1.evil.example", false },
		{ "192.0.2.1:8788", false },
		{ "[::2]:8788", false },
		{ "[::1", false },
		{ "[::1]x:1", false },
		{ "0.0.0.0", false },
		{ "2130706433", false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(guard_host_ok(rows[i].host), rows[i].ok);
	assert_true(guard_is_loopback("127.0.0.1:8788"));
	assert_false(guard_is_loopback("0.0.0.0:8788"));
	assert_false(guard_is_loopback("[::]:8788"));
}

static void sites(void **state)
{
	static const struct {
		const char *host, *origin, *site;
		bool ok;
	} rows[] = {
		{ "localhost:8788", NULL, NULL, true },
		{ "localhost:8788", "http://localhost:8788", "same-origin", true },
		{ "localhost:8788", "https://LOCALHOST:8788", NULL, true },
		{ "localhost:8788", NULL, "none", true },
		{ "localhost:8788", NULL, "cross-site", false },
		{ "localhost:8788", NULL, "same-site", false },
		{ "localhost:8788", "null", NULL, false },
		{ "localhost:8788", "", NULL, false },
		{ "localhost:8788", "http://localhost", NULL, false },
		{ "localhost:8788", "http://evil.example", "same-origin", false },
		{ NULL, "http://localhost:8788", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
			guard_same_site(rows[i].host, rows[i].origin, rows[i].site),
			rows[i].ok);
}

static void routes(void **state)
{
	static const char asset[] = "/api/v1/assets/{workspace}/{id}";
	struct route_args args = { .id = "kept" };
	char longer[400];

	(void)state;
	assert_false(route_match(asset, "/api/v1/assets/w", &args));
	assert_false(route_match(asset, "/api/v1/assets/w/", &args));
	assert_false(route_match(asset, "/api/v1/assets//id", &args));
	assert_false(route_match(asset, "/api/v1/assets/w/id/story", &args));
	assert_false(route_match("/", "", &args));
	assert_false(route_match("/healthz", "/healthz/", &args));
	snprintf(longer, sizeof(longer), "/api/v1/assets/w/%0300d", 0);
	assert_false(route_match(asset, longer, &args));
	assert_string_equal(args.id, "kept");
	assert_true(route_match(asset, "/api/v1/assets/w/id", &args));
	assert_string_equal(args.workspace, "w");
	assert_string_equal(args.id, "id");
	assert_true(route_match("/api/v1/assets/{workspace}/{id}/story",
		"/api/v1/assets/w/id/story", &args));
	assert_true(route_match(
		"/a/{workspace}/{id}/files/{file}", "/a/w/id/files/i.m3u8", &args));
	assert_string_equal(args.file, "i.m3u8");
	assert_true(route_match("/", "/", &args));
	assert_string_equal(args.id, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts),
		cmocka_unit_test(sites),
		cmocka_unit_test(routes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
