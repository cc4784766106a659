/*
 * The table of what can be asked, and the way in: guard, route, method, body.
 * Everything that can be refused is refused at the end of the header, before any body
 * is read.
 */
#include <config.h>

#include "admin/admin.h"

#include "admin/call.h"
#include "admin/guard.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A list of ids to fetch is the largest body there is. */
#define BODY_MAX (256 * 1024)
#define ASSET    "/api/v1/assets/{workspace}/{id}"
#define REJECTED "/api/v1/workspaces/{workspace}/rejected"

struct route {
	const char *method;
	const char *path;
	void (*run)(struct admin_call *call);
	bool on_tcp;
};

/* clang-format off */
static const struct route routes[] = {
	{ "GET",  "/",                    admin_page,         true },
	{ "GET",  "/page.css",            admin_page_css,     true },
	{ "GET",  "/page.js",             admin_page_js,      true },
	{ "GET",  "/healthz",             admin_healthz,      true },
	{ "GET",  "/readyz",              admin_readyz,       true },
	{ "GET",  "/metrics",             admin_metrics,      true },
	{ "GET",  "/api/v1/status",       admin_status,       true },
	{ "GET",  "/api/v1/assets",       admin_assets,       true },
	{ "GET",  "/api/v1/assets/find",  admin_find,         true },
	{ "GET",  ASSET,                  admin_show,         true },
	{ "GET",  ASSET "/story",         admin_story,        true },
	{ "GET",  REJECTED,               admin_rejected,     true },
	{ "GET",  "/api/v1/ledger",       admin_ledger,       true },
	{ "POST", ASSET "/retry",         admin_retry,        false },
	{ "POST", ASSET "/remove",        admin_remove,       false },
	{ "POST", ASSET "/hold",          admin_hold,         false },
	{ "POST", ASSET "/unhold",        admin_unhold,       false },
	{ "POST", "/api/v1/fetch",        admin_fetch,        false },
	{ "POST", "/api/v1/retry-failed", admin_retry_failed, false },
	{ "GET",  "/api/v1/reconcile",    admin_reconciled,   true },
	{ "POST", "/api/v1/reconcile",    admin_reconcile,    false },
	{ "POST", "/api/v1/pause",        admin_pause,        false },
	{ "POST", "/api/v1/resume",       admin_resume,       false },
	{ "GET",  "/api/v1/verify",       admin_verify_show,  true },
	{ "POST", "/api/v1/verify",       admin_verify,       false },
	{ "POST", "/api/v1/verify/cancel", admin_verify_cancel, false },
	{ "GET",  "/api/v1/import",       admin_import_show,  true },
	{ "POST", "/api/v1/import",       admin_import,       false },
	{ "POST", "/api/v1/import/cancel", admin_import_cancel, false },
	{ "GET",  "/api/v1/refile",       admin_refile_show,  true },
	{ "POST", "/api/v1/refile",       admin_refile,       false },
	{ "POST", "/api/v1/refile/cancel", admin_refile_cancel, false },
	{ "GET",  "/api/v1/replay",       admin_replay_show,  true },
	{ "POST", "/api/v1/replay",       admin_replay,       false },
	{ "POST", "/api/v1/replay/cancel", admin_replay_cancel, false },
	{ "POST", "/api/v1/backup",       admin_backup,       false },
};
/* clang-format on */

/* The route of a request; NULL when there is none, with the method the path does have
 * in *allowed, or those of a path with two (NULL: the path is unknown). */
static const struct route *find_route(
	const struct http_in *in, struct route_args *args, const char **allowed)
{
	const char *method = http_in_method(in);

	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	*allowed = NULL;
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		if (!route_match(routes[i].path, http_in_path(in), args))
			continue;
		if (strcmp(routes[i].method, method) == 0)
			return &routes[i];
		*allowed = *allowed ? "GET, HEAD, POST" : routes[i].method;
	}
	return NULL;
}

/* Answers and returns false when the request may not come in. */
static bool let_in(const struct door *door, struct http_in *in)
{
	const char *password;

	if (!door->admin->on.keeper) {
		refuse(in, 503, NULL, NULL, "the agent is stopping");
		return false;
	}
	if (!door->tcp)
		return true;
	password = keeper_settings(door->admin->on.keeper)->config->admin.password;
	if (password && !*password)
		password = NULL;
	if (door->loopback && !guard_host_ok(http_in_header(in, "Host"))) {
		refuse(in, 403, NULL, NULL,
			"the Host header names another machine: use localhost or 127.0.0.1");
		return false;
	}
	if (!door->loopback && !password) {
		refuse(in, 403, NULL, NULL, "admin.password is not set");
		return false;
	}
	if (password &&
		!guard_password_ok(http_in_header(in, "Authorization"), password)) {
		refuse(in, 401, "WWW-Authenticate",
			"Basic realm=\"vodkeep\", charset=\"UTF-8\"",
			"the password of [admin] is needed, with any user name");
		return false;
	}
	return true;
}

static int64_t on_begin(void *arg, struct http_in *in)
{
	const struct door *door = arg;
	struct route_args args;
	const char *allowed;
	const struct route *route;

	if (!let_in(door, in))
		return -1;
	route = find_route(in, &args, &allowed);
	if (!route && !allowed) {
		refuse(in, 404, NULL, NULL, "there is nothing here");
		return -1;
	}
	if (!route) {
		refuse(in, 405, "Allow",
			strcmp(allowed, "GET") == 0 ? "GET, HEAD" : allowed,
			"this method is not for this path");
		return -1;
	}
	if (door->tcp && !route->on_tcp) {
		refuse(in, 403, NULL, NULL,
			"changes are made with the vodkeep command on the agent's machine; "
			"this address is for reading");
		return -1;
	}
	return strcmp(route->method, "POST") == 0 ? BODY_MAX : 0;
}

/* The body of a POST; none at all is an empty object. */
static int read_body(struct http_in *in, cJSON **out, struct err *err)
{
	size_t len;
	const char *text = http_in_body(in, &len);
	cJSON *json = NULL;

	if (len == 0) {
		*out = cJSON_CreateObject();
		return 0;
	}
	if (json_parse(text, len, &json, err) < 0)
		return err_wrap(err, "the body is not JSON");
	if (!cJSON_IsObject(json)) {
		cJSON_Delete(json);
		return err_set(err, ERR_INPUT, "the body is not a JSON object");
	}
	*out = json;
	return 0;
}

static void on_request(void *arg, struct http_in *in)
{
	const struct door *door = arg;
	struct route_args args;
	const char *allowed;
	const struct route *route = find_route(in, &args, &allowed);
	struct admin_call *call;
	struct err err = { 0 };

	if (!route) {
		refuse(in, 404, NULL, NULL, "there is nothing here");
		return;
	}
	call = call_new(door->admin, in, &args);
	if (strcmp(route->method, "POST") == 0) {
		if (read_body(in, &call->body, &err) < 0) {
			call_fail_err(call, &err);
			return;
		}
		log_debug(NULL, "admin: %s", http_in_path(in));
	}
	route->run(call);
}

static void on_gone(void *arg, struct http_in *in)
{
	struct admin_call *call = http_in_user(in);

	(void)arg;
	if (call)
		call->in = NULL;
}

struct admin *admin_new(const struct admin_options *options)
{
	struct admin *admin = mem_alloc(sizeof(*admin));

	admin->on = *options;
	admin->version = mem_strdup(options->version);
	admin->clock = &clock_system;
	admin->started_ms = admin->clock->mono_ms();
	admin->unix_door.admin = admin;
	admin->tcp_door.admin = admin;
	admin->tcp_door.tcp = true;
	return admin;
}

static struct http_server_handler door_handler(struct door *door)
{
	return (struct http_server_handler){
		.begin = on_begin, .request = on_request, .gone = on_gone, .arg = door
	};
}

struct http_server_handler admin_unix_handler(struct admin *admin)
{
	return door_handler(&admin->unix_door);
}

struct http_server_handler admin_tcp_handler(struct admin *admin, const char *listen)
{
	admin->tcp_door.loopback = guard_is_loopback(listen);
	return door_handler(&admin->tcp_door);
}

void admin_detach(struct admin *admin)
{
	admin->on.keeper = NULL;
	admin->on.transfers = NULL;
	admin->on.verifier = NULL;
	admin->on.scrub = NULL;
	admin->on.chores = NULL;
}

size_t admin_pending(const struct admin *admin)
{
	return admin->calls;
}

void admin_free(struct admin *admin)
{
	if (!admin)
		return;
	assert(admin->calls == 0);
	free(admin->version);
	free(admin);
}
