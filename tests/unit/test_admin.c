/*
 * The admin API: what it refuses, what it shows, what it makes durable, and that every
 * request is answered exactly once whatever the store says.
 */
#include <config.h>

#include "admin/admin.h"
#include "admin/throttle.h"
#include "admin_world.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define ONE "/api/v1/assets/w/one"

static struct admin *admin;

static int setup(void **state)
{
	int place;
	struct admin_options options = { .keeper = (struct keeper *)(void *)&place,
		.version = "1.2" };

	(void)state;
	world_reset();
	options.loop = &world.loop;
	admin = admin_new(&options);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(admin_pending(admin), 0);
	admin_detach(admin);
	world_run();
	admin_free(admin);
	assert_int_equal(uv_loop_close(&world.loop), 0);
	return 0;
}

/* Ask and expect @status; the answer stays in @in. */
static void expect(struct http_server_handler handler, struct http_in *in, int status)
{
	in->replies = 0;
	in->header_names[0] = '\0';
	in->user = NULL;
	world_ask(&handler, in);
	assert_int_equal(in->replies, 1);
	assert_int_equal(in->status, status);
}

static void has(const struct http_in *in, const char *text)
{
	if (!strstr(in->text, text))
		fail_msg("%s is not in %s", text, in->text);
}

static struct http_in *ask(
	const char *method, const char *path, const char *body, int status)
{
	static struct http_in in;

	in = (struct http_in){ .method = method, .path = path, .body = body };
	expect(admin_unix_handler(admin), &in, status);
	return &in;
}

static void refusals(void **state)
{
	struct http_in *in;

	(void)state;
	ask("GET", "/nowhere", NULL, 404);
	ask("GET", "/api/v1/assets/w/none", NULL, 404);
	in = ask("POST", "/api/v1/status", NULL, 405);
	assert_non_null(strstr(in->header_names, "Allow\n"));
	has(in, "{\"error\":\"");
	ask("DELETE", ONE, NULL, 405);
	ask("POST", "/api/v1/fetch", "{", 400);
	ask("POST", "/api/v1/fetch", "[]", 400);
	ask("POST", "/api/v1/fetch", "{\"workspace\":\"w\",\"ids\":[]}", 400);
	ask("POST", "/api/v1/fetch", "{\"workspace\":\"w\",\"ids\":[\"../x\"]}", 400);
	ask("POST", "/api/v1/fetch", "{\"workspace\":\"v\",\"ids\":[\"x\"]}", 404);
	ask("POST", "/api/v1/pause", "{\"workspace\":\"v\"}", 404);
	ask("GET", "/api/v1/assets/find", NULL, 400);
	assert_int_equal(world.news, 0);
	assert_int_equal(world.wish, WISH_NONE);
}

static void tcp_door(void **state)
{
	struct http_server_handler tcp = admin_tcp_handler(admin, "127.0.0.1:8788");
	struct http_in in = {
		.method = "GET", .path = "/healthz", .host = "localhost:8788"
	};
	char password[] = "s3cret";

	(void)state;
	expect(tcp, &in, 200);
	assert_non_null(strstr(in.header_names, "Content-Security-Policy\n"));
	assert_non_null(strstr(in.header_names, "Cache-Control\n"));
	in.host = "evil.example:8788";
	expect(tcp, &in, 403);
	in.host = "localhost";
	in.method = "POST";
	in.path = "/api/v1/backup";
	expect(tcp, &in, 403);
	in.method = "GET";
	in.path = "/healthz";
	world.config.admin.password = password;
	expect(tcp, &in, 401);
	assert_non_null(strstr(in.header_names, "WWW-Authenticate\n"));
	in.authorization = "Basic OnMzY3JldA==";
	expect(tcp, &in, 200);
	tcp = admin_tcp_handler(admin, "192.0.2.1:8788");
	in.host = "archive.example";
	expect(tcp, &in, 200);
	world.config.admin.password = NULL;
	expect(tcp, &in, 403);
}

/* The value of a text member in an answer. */
static const char *member(const struct http_in *in, const char *name)
{
	static char value[128];
	const char *at = strstr(in->text, name);

	assert_non_null(at);
	snprintf(value, sizeof(value), "%s", at + strlen(name) + strlen("\":\""));
	value[strcspn(value, "\"")] = '\0';
	return value;
}

/* Changes by TCP need the token, and no other site's page gets through with it. */
static void forgery(void **state)
{
	static const struct {
		const char *header, *value;
		int status;
	} rows[] = {
		{ "Origin", "http://localhost:8788", 200 },
		{ "Origin", "http://evil.example", 403 },
		{ "Origin", "http://localhost:8789", 403 },
		{ "Origin", "null", 403 },
		{ "Sec-Fetch-Site", "same-origin", 200 },
		{ "Sec-Fetch-Site", "same-site", 403 },
		{ "Sec-Fetch-Site", "cross-site", 403 },
	};
	struct http_server_handler tcp = admin_tcp_handler(admin, "127.0.0.1:8788");
	struct http_in in = {
		.method = "GET", .path = "/api/v1/session", .host = "localhost:8788"
	};
	char token[128];

	(void)state;
	expect(tcp, &in, 200);
	has(&in, "\"password\":false");
	snprintf(token, sizeof(token), "%s", member(&in, "token"));
	assert_int_equal(strlen(token), 64);
	in.method = "POST";
	in.path = "/api/v1/pause";
	expect(tcp, &in, 403);
	in.headers[0] = "X-Vodkeep-Token";
	in.headers[1] =
		"0000000000000000000000000000000000000000000000000000000000000000";
	expect(tcp, &in, 403);
	in.headers[1] = "";
	expect(tcp, &in, 403);
	assert_false(world.paused);
	in.headers[1] = token;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		world.paused = false;
		in.headers[2] = rows[i].header;
		in.headers[3] = rows[i].value;
		expect(tcp, &in, rows[i].status);
		assert_int_equal(world.paused, rows[i].status == 200);
	}
	/* Nor does it read anything. */
	in.method = "GET";
	in.path = "/api/v1/status";
	expect(tcp, &in, 403);
}

/* The cookie as a browser sends it back. */
static void take_cookie(struct http_in *in)
{
	static char cookie[300];

	snprintf(cookie, sizeof(cookie), "other=1; %s", world.cookie);
	cookie[strcspn(cookie + strlen("other=1;"), ";") + strlen("other=1;")] = '\0';
	in->headers[0] = "Cookie";
	in->headers[1] = cookie;
}

static void logging_in(void **state)
{
	struct http_server_handler tcp = admin_tcp_handler(admin, "192.0.2.1:8788");
	struct http_in in = { .method = "GET", .path = "/", .host = "archive.example" };
	char password[] = "s3cret", other[] = "0ther", token[128];

	(void)state;
	world.config.admin.password = password;
	expect(tcp, &in, 303);
	in.path = "/login";
	expect(tcp, &in, 200);
	in.path = "/web/style.css";
	expect(tcp, &in, 200);
	in.path = "/api/v1/session";
	expect(tcp, &in, 401);
	assert_null(strstr(in.header_names, "WWW-Authenticate\n"));
	in.path = "/nowhere";
	expect(tcp, &in, 401);
	in.method = "POST";
	in.path = "/api/v1/login";
	in.body = "{\"password\":\"wrong\"}";
	expect(tcp, &in, 401);
	in.body = "{\"password\":\"s3cret\"}";
	in.headers[0] = "Origin";
	in.headers[1] = "http://evil.example";
	expect(tcp, &in, 403);
	in.headers[1] = "https://archive.example";
	expect(tcp, &in, 200);
	assert_non_null(strstr(world.cookie, "; HttpOnly; SameSite=Strict; Secure"));
	assert_non_null(strstr(world.cookie, "vodkeep_8788="));
	take_cookie(&in);
	in.method = "GET";
	in.path = "/";
	in.body = NULL;
	expect(tcp, &in, 200);
	in.path = "/api/v1/session";
	expect(tcp, &in, 200);
	snprintf(token, sizeof(token), "%s", member(&in, "token"));
	in.method = "POST";
	in.path = "/api/v1/pause";
	expect(tcp, &in, 403);
	in.headers[2] = "X-Vodkeep-Token";
	in.headers[3] = token;
	expect(tcp, &in, 200);
	/* A new password ends every session. */
	world.config.admin.password = other;
	expect(tcp, &in, 401);
	world.config.admin.password = password;
	expect(tcp, &in, 401);
}

static void logging_out(void **state)
{
	struct http_server_handler tcp = admin_tcp_handler(admin, "127.0.0.1:8788");
	struct http_in in = { .method = "POST",
		.path = "/api/v1/login",
		.host = "localhost",
		.body = "{\"password\":\"s3cret\"}" };
	char password[] = "s3cret", token[128];

	(void)state;
	expect(tcp, &in, 409);
	world.config.admin.password = password;
	expect(tcp, &in, 200);
	assert_null(strstr(world.cookie, "Secure"));
	take_cookie(&in);
	in.method = "GET";
	in.path = "/api/v1/session";
	in.body = NULL;
	expect(tcp, &in, 200);
	snprintf(token, sizeof(token), "%s", member(&in, "token"));
	in.headers[2] = "X-Vodkeep-Token";
	in.headers[3] = token;
	in.method = "POST";
	in.path = "/api/v1/logout";
	expect(tcp, &in, 200);
	assert_non_null(strstr(world.cookie, "Max-Age=0"));
	expect(tcp, &in, 401);
}

static void guessing_is_slowed(void **state)
{
	struct http_server_handler tcp = admin_tcp_handler(admin, "127.0.0.1:8788");
	struct http_in in = { .method = "POST",
		.path = "/api/v1/login",
		.host = "localhost",
		.body = "{\"password\":\"guess\"}" };
	char password[] = "s3cret";

	(void)state;
	world.config.admin.password = password;
	for (int i = 0; i < THROTTLE_FREE; i++)
		expect(tcp, &in, 401);
	in.body = "{\"password\":\"s3cret\"}";
	expect(tcp, &in, 429);
	assert_non_null(strstr(in.header_names, "Retry-After\n"));
	/* Nor by the other way. */
	in.method = "GET";
	in.path = "/metrics";
	in.body = NULL;
	in.authorization = "Basic OnMzY3JldA==";
	expect(tcp, &in, 429);
	in.authorization = "Basic !";
	expect(tcp, &in, 401);
}

static void looks_on(void **state)
{
	struct http_in in = { .method = "GET", .path = "/api/v1/events" };

	(void)state;
	expect(admin_unix_handler(admin), &in, 200);
	assert_true(in.streaming);
	has(&in, "event: status\ndata: {\"version\":\"1.2\"");
	assert_null(strstr(in.text, "uptime_seconds"));
	world_drain(&in);
}

static void shows(void **state)
{
	struct http_in *in;

	(void)state;
	in = ask("GET", ONE, NULL, 200);
	has(in, "\"state\":\"archived\"");
	has(in, "\"bytes\":1000");
	has(in, "\"path\":\"w/one.mp4\"");
	has(in, "A \\u001b title");
	has(in, "\"metadata\":null");
	in = ask("GET", ONE "/story", NULL, 200);
	has(in, "\"asset\":\"w/one\"");
	has(in, "\"kind\":\"delivery\"");
	has(in, "\"next\":\"Nothing more");
	in = ask("GET", "/api/v1/assets", NULL, 200);
	has(in, "\"assets\":[{\"row\":7,\"workspace\":\"w\",\"id\":\"one\"");
	has(in, "\"next\":null");
	in = ask("GET", "/api/v1/status", NULL, 200);
	has(in, "\"version\":\"1.2\"");
	has(in, "\"in_flight\":{\"files\":2,\"waiting\":4,\"stalled\":1,\"bytes\":57,"
		"\"total\":107,\"rate\":25,\"eta_seconds\":2}");
	has(in, "\"transfers\":[{\"workspace\":\"w\",\"id\":\"two\",\"title\":null,"
		"\"role\":\"thumbnail\",\"key\":\"thumbnail\",\"bytes\":7,"
		"\"total\":null,\"rate\":5,\"eta_seconds\":null,"
		"\"expires\":\"2027-01-15T08:00:00.000Z\"},"
		"{\"workspace\":\"w\",\"id\":\"one\",\"title\":\"A \\u001b title\"");
	has(in, "\"eta_seconds\":5,\"expires\":null}");
	has(in, "\"bandwidth\":[{\"of\":\"total\",\"name\":null,\"rate\":4096,"
		"\"until\":null},{\"of\":\"rule\",\"name\":\"r\",\"rate\":null,"
		"\"until\":\"2023-11-14T22:13:20.000Z\"}]");
	has(in, "\"free\":10,\"total\":null");
	has(in, "\"outbox\":[{\"kind\":\"notify\",\"rule\":\"r\",\"waiting\":3,"
		"\"oldest\":\"2023-11-14T22:13:20.000Z\"}]");
	has(in, "\"last_reconcile\":null");
	has(in, "\"reason\":\"because\"");
	in = ask("GET", "/metrics", NULL, 200);
	has(in, "vodkeep_assets{state=\"archived\"} 2");
	has(in, "\nvodkeep_transfer_bytes_per_second 25\n");
	has(in, "\nvodkeep_transfer_held_bytes 57\n");
	has(in, "\nvodkeep_transfer_remaining_bytes 50\n");
	has(in, "\nvodkeep_transfers_stalled 1\n");
	has(in, "\nvodkeep_transfers_waiting 4\n");
	world.unknown_totals = 1;
	in = ask("GET", "/api/v1/status", NULL, 200);
	has(in, "\"bytes\":57,\"total\":null,\"rate\":25,\"eta_seconds\":null}");
	in = ask("GET", "/", NULL, 200);
	has(in, "<!doctype html>");
	in = ask("HEAD", "/web/app.js", NULL, 200);
	assert_non_null(strstr(in->header_names, "ETag\n"));
	ask("GET", "/web/app", NULL, 404);
}

static void list_parameters(void **state)
{
	static const struct {
		const char *name, *value;
		int status;
	} rows[] = {
		{ "state", "waiting", 200 },
		{ "state", "lost", 400 },
		{ "since", "2h", 200 },
		{ "since", "soon", 400 },
		{ "limit", "1", 200 },
		{ "limit", "0", 400 },
		{ "limit", "99999", 400 },
		{ "workspace", "w", 200 },
		{ "workspace", "v", 404 },
		{ "workspace", "", 200 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_in in = { .method = "GET",
			.path = "/api/v1/assets",
			.query = { rows[i].name, rows[i].value } };
		expect(admin_unix_handler(admin), &in, rows[i].status);
	}
}

/* A search goes on behind a span without a match. */
static void searches(void **state)
{
	char long_text[300];
	struct http_in in = {
		.method = "GET", .path = "/api/v1/assets", .query = { "q", "goal" }
	};

	(void)state;
	expect(admin_unix_handler(admin), &in, 200);
	has(&in, "\"id\":\"one\"");
	has(&in, "\"duration\":1.5,\"thumbnail\":\"thumbnail\"");
	has(&in, "\"next\":null");
	memset(long_text, 'x', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	in.query[1] = long_text;
	expect(admin_unix_handler(admin), &in, 400);
	in.query[0] = "from";
	in.query[1] = "soon";
	expect(admin_unix_handler(admin), &in, 400);
}

static void readiness(void **state)
{
	char key[] = "mount", text[] = "the archive is not mounted";

	(void)state;
	ask("GET", "/readyz", NULL, 200);
	world.warning = (struct warning){ .key = key, .text = text };
	ask("GET", "/readyz", NULL, 200);
	world.warning.not_ready = true;
	has(ask("GET", "/readyz", NULL, 503), "mount: the archive is not mounted\n");
}

static void commands(void **state)
{
	(void)state;
	ask("POST", ONE "/retry", NULL, 200);
	assert_int_equal(world.wish, WISH_RETRY);
	assert_int_equal(world.news, 1);
	assert_int_equal(world.news_row, 7);
	assert_false(world.stops_work);
	ask("POST", ONE "/remove", "{}", 200);
	assert_int_equal(world.wish, WISH_REMOVE);
	assert_true(world.stops_work);
	ask("POST", ONE "/hold", NULL, 200);
	assert_int_equal(world.hold, 1);
	ask("POST", ONE "/unhold", NULL, 200);
	assert_int_equal(world.hold, 0);
	world.has_asset = false;
	has(ask("POST", "/api/v1/fetch",
		    "{\"workspace\":\"w\",\"ids\":[\"one\",\"one\"]}", 200),
		"\"ids\":[\"one\",\"one\"]");
	assert_int_equal(world.wish, WISH_FETCH);
	assert_int_equal(world.news_row, 7);
	has(ask("POST", "/api/v1/retry-failed", NULL, 200), "\"count\":3");
	ask("POST", "/api/v1/pause", NULL, 200);
	assert_true(world.paused);
	has(ask("POST", "/api/v1/resume", "{\"workspace\":\"w\"}", 200),
		"\"confirmed\":3");
	assert_false(world.paused);
	assert_int_equal(world.wish, WISH_CONFIRM);
}

static void reconciles(void **state)
{
	(void)state;
	has(ask("POST", "/api/v1/reconcile", "{\"workspace\":\"w\"}", 200),
		"\"number\":3");
	has(ask("POST", "/api/v1/reconcile", "{\"dry_run\":true}", 200),
		"\"number\":4");
	ask("POST", "/api/v1/reconcile", "{\"workspace\":\"v\"}", 404);
	has(ask("GET", "/api/v1/reconcile", NULL, 200), "\"error\":\"503\"");
	world.paused = true;
	ask("POST", "/api/v1/reconcile", NULL, 409);
}

static void verifying(void **state)
{
	(void)state;
	ask("POST", "/api/v1/verify", "{\"sample\":0}", 400);
	ask("POST", "/api/v1/verify", "{\"sample\":101}", 400);
	ask("POST", "/api/v1/verify", "{\"assets\":\"w/one\"}", 400);
	ask("POST", "/api/v1/verify", "{\"assets\":[1]}", 400);
	has(ask("GET", "/api/v1/verify", NULL, 200), "\"run\":0,\"running\":false");
	has(ask("POST", "/api/v1/verify", "{\"assets\":[\"w/one\"],\"repair\":true}",
		    200),
		"\"run\":1,\"running\":true,\"repair\":true,\"sample\":100");
	assert_int_equal(world.verified_assets, 1);
	ask("POST", "/api/v1/verify", NULL, 409);
	has(ask("POST", "/api/v1/verify/cancel", NULL, 200),
		"\"error\":\"stopped\",\"error_class\":\"cancelled\"");
	struct http_in *in = ask("DELETE", "/api/v1/verify", NULL, 405);
	assert_non_null(strstr(in->header_names, "Allow\n"));
}

static void backups(void **state)
{
	(void)state;
	ask("POST", "/api/v1/backup", NULL, 400);
	ask("POST", "/api/v1/backup", "{\"file\":\"copy.db\"}", 400);
	assert_string_equal(world.backup, "");
	has(ask("POST", "/api/v1/backup", "{\"file\":\"/copy.db\"}", 200),
		"\"file\":\"/copy.db\"");
	assert_string_equal(world.backup, "/copy.db");
	world.store_err.class = ERR_EXISTS;
	ask("POST", "/api/v1/backup", "{\"file\":\"/copy.db\"}", 409);
}

static void conflicts(void **state)
{
	(void)state;
	world.held = true;
	ask("POST", ONE "/remove", NULL, 409);
	world.by_person = true;
	ask("POST", ONE "/retry", NULL, 409);
	assert_int_equal(world.wish, WISH_NONE);
	assert_int_equal(world.news, 0);
}

static void store_trouble(void **state)
{
	static const struct {
		const char *method, *path, *body;
		int status;
	} rows[] = {
		{ "GET", "/api/v1/status", NULL, 503 },
		{ "GET", "/api/v1/assets", NULL, 503 },
		{ "GET", ONE, NULL, 503 },
		{ "GET", ONE "/story", NULL, 503 },
		{ "GET", "/metrics", NULL, 200 },
		{ "POST", ONE "/retry", NULL, 503 },
		{ "POST", "/api/v1/retry-failed", NULL, 503 },
		{ "POST", "/api/v1/resume", NULL, 503 },
		{ "POST", "/api/v1/fetch",
			"{\"workspace\":\"w\",\"ids\":[\"a\",\"b\"]}", 503 },
	};
	(void)state;
	err_set(&world.store_err, ERR_LOCAL, "the disk is full");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ask(rows[i].method, rows[i].path, rows[i].body, rows[i].status);
	assert_int_equal(world.news, 0);
}

/* The client goes, or the agent stops, between request and store: no answer is sent to
 * nobody, no keeper is used that is gone. */
static void interrupted(void **state)
{
	static const char *const paths[] = { "/api/v1/status", "/api/v1/assets", ONE,
		ONE "/story", "/metrics", ONE "/remove", "/api/v1/resume" };
	struct http_server_handler handler = admin_unix_handler(admin);

	(void)state;
	for (int stopping = 0; stopping < 2; stopping++) {
		struct http_in in[ARRAY_LEN(paths)];

		for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
			in[i] = (struct http_in){ .method = i < 5 ? "GET" : "POST",
				.path = paths[i] };
			assert_true(handler.begin(handler.arg, &in[i]) >= 0);
			handler.request(handler.arg, &in[i]);
			handler.gone(handler.arg, &in[i]);
		}
		if (stopping)
			admin_detach(admin);
		world_run();
		for (size_t i = 0; i < ARRAY_LEN(paths); i++)
			assert_int_equal(in[i].replies, 0);
	}
	ask("GET", "/healthz", NULL, 503);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(tcp_door, setup, teardown),
		cmocka_unit_test_setup_teardown(forgery, setup, teardown),
		cmocka_unit_test_setup_teardown(logging_in, setup, teardown),
		cmocka_unit_test_setup_teardown(logging_out, setup, teardown),
		cmocka_unit_test_setup_teardown(guessing_is_slowed, setup, teardown),
		cmocka_unit_test_setup_teardown(looks_on, setup, teardown),
		cmocka_unit_test_setup_teardown(shows, setup, teardown),
		cmocka_unit_test_setup_teardown(list_parameters, setup, teardown),
		cmocka_unit_test_setup_teardown(searches, setup, teardown),
		cmocka_unit_test_setup_teardown(readiness, setup, teardown),
		cmocka_unit_test_setup_teardown(commands, setup, teardown),
		cmocka_unit_test_setup_teardown(reconciles, setup, teardown),
		cmocka_unit_test_setup_teardown(verifying, setup, teardown),
		cmocka_unit_test_setup_teardown(backups, setup, teardown),
		cmocka_unit_test_setup_teardown(conflicts, setup, teardown),
		cmocka_unit_test_setup_teardown(store_trouble, setup, teardown),
		cmocka_unit_test_setup_teardown(interrupted, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
