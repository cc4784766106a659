/*
 * The table of what can be asked, and the way in: guard, route, method, body.
 * Everything that can be refused is refused at the end of the header, before any body
 * is read.
 */
#include <config.h>

#include "admin/admin.h"

#include "admin/admin_events.h"
#include "admin/call.h"
#include "admin/guard.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A list of ids to fetch is the largest body there is. */
#define BODY_MAX (256 * 1024)
#define ASSET    "/api/v1/assets/{workspace}/{id}"
#define REJECTED "/api/v1/workspaces/{workspace}/rejected"
#define TOKEN    "X-Vodkeep-Token"

enum route_flag {
	SOCKET = 0,     /* for the unix socket alone */
	TCP = 1 << 0,   /* by the TCP listener as well */
	OPEN = 1 << 1,  /* without a password */
	LOGIN = 1 << 2, /* a stranger is shown the way to the login page */
	QUIET = 1 << 3, /* a stranger's browser shall not ask for Basic credentials */
	ENTER = 1 << 4, /* a POST without a token: there is none before it */
};

struct route {
	const char *method;
	const char *path;
	void (*run)(struct admin_call *call);
	unsigned flags;
};

/* clang-format off */
static const struct route routes[] = {
	{ "GET",  "/",                    admin_page,         TCP | LOGIN },
	{ "GET",  "/login",               admin_login_page,   TCP | OPEN },
	{ "GET",  "/web/{id}",            admin_web,          TCP | OPEN },
	{ "GET",  "/healthz",             admin_healthz,      TCP },
	{ "GET",  "/readyz",              admin_readyz,       TCP },
	{ "GET",  "/metrics",             admin_metrics,      TCP },
	{ "GET",  "/api/v1/session",      admin_session,      TCP | QUIET },
	{ "POST", "/api/v1/login",        admin_login,        TCP | OPEN | ENTER },
	{ "POST", "/api/v1/logout",       admin_logout,       TCP | QUIET },
	{ "GET",  "/api/v1/status",       admin_status,       TCP },
	{ "GET",  "/api/v1/events",       admin_events,       TCP | QUIET },
	{ "GET",  "/api/v1/assets",       admin_assets,       TCP },
	{ "GET",  "/api/v1/assets/find",  admin_find,         TCP },
	{ "GET",  ASSET,                  admin_show,         TCP },
	{ "GET",  ASSET "/story",         admin_story,        TCP },
	{ "GET",  ASSET "/content",       admin_content,      TCP | QUIET },
	{ "GET",  ASSET "/files/{file}",  admin_content_named, TCP | QUIET },
	{ "GET",  REJECTED,               admin_rejected,     TCP },
	{ "GET",  "/api/v1/ledger",       admin_ledger,       TCP },
	{ "POST", ASSET "/retry",         admin_retry,        TCP },
	{ "POST", ASSET "/remove",        admin_remove,       TCP },
	{ "POST", ASSET "/hold",          admin_hold,         TCP },
	{ "POST", ASSET "/unhold",        admin_unhold,       TCP },
	{ "POST", "/api/v1/fetch",        admin_fetch,        TCP },
	{ "POST", "/api/v1/retry-failed", admin_retry_failed, TCP },
	{ "GET",  "/api/v1/reconcile",    admin_reconciled,   TCP },
	{ "POST", "/api/v1/reconcile",    admin_reconcile,    TCP },
	{ "POST", "/api/v1/pause",        admin_pause,        TCP },
	{ "POST", "/api/v1/resume",       admin_resume,       TCP },
	{ "GET",  "/api/v1/verify",       admin_verify_show,  TCP },
	{ "POST", "/api/v1/verify",       admin_verify,       TCP },
	{ "POST", "/api/v1/verify/cancel", admin_verify_cancel, TCP },
	{ "GET",  "/api/v1/import",       admin_import_show,  TCP },
	{ "POST", "/api/v1/import",       admin_import,       TCP },
	{ "POST", "/api/v1/import/cancel", admin_import_cancel, TCP },
	{ "GET",  "/api/v1/refile",       admin_refile_show,  TCP },
	{ "POST", "/api/v1/refile",       admin_refile,       TCP },
	{ "POST", "/api/v1/refile/cancel", admin_refile_cancel, TCP },
	{ "GET",  "/api/v1/replay",       admin_replay_show,  TCP },
	{ "POST", "/api/v1/replay",       admin_replay,       TCP },
	{ "POST", "/api/v1/replay/cancel", admin_replay_cancel, TCP },
	/* Writes a file wherever it is told to. */
	{ "POST", "/api/v1/backup",       admin_backup,       SOCKET },
};
/* clang-format on */

/* What is not there is guarded like what is: a stranger does not learn which it is. */
static const struct route nothing = { "GET", "", NULL, TCP };

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

static bool is_post(const struct route *route)
{
	return strcmp(route->method, "POST") == 0;
}

/* Who must log in first is told how. */
static void ask_password(const struct route *route, struct http_in *in)
{
	static const char sentence[] =
		"the password of [admin] is needed: log in at /login, or send it by "
		"HTTP Basic with any user name";

	if (route->flags & LOGIN)
		refuse(in, 303, "Location", "/login", sentence);
	else if ((route->flags & QUIET) || http_in_header(in, TOKEN))
		refuse(in, 401, NULL, NULL, sentence);
	else
		refuse(in, 401, "WWW-Authenticate", BASIC_CHALLENGE, sentence);
}

/* Whether a change is asked for by a page of ours, or by a program that means it. */
static bool token_ok(const struct door *door, struct http_in *in)
{
	const struct admin *admin = door->admin;
	const char *given = http_in_header(in, TOKEN);
	const char *wanted =
		auth_token(admin->auth, in, door->cookie, admin->clock->mono_ms());

	return given &&
	       equal_constant_time(given, strlen(given), wanted, strlen(wanted));
}

/* Answers and returns false when the request may not come in by the TCP listener. */
static bool let_in(
	const struct door *door, const struct route *route, struct http_in *in)
{
	const struct admin *admin = door->admin;
	const char *password = admin_password(admin);
	const char *host = http_in_header(in, "Host");
	const char *sentence = NULL;
	enum auth_who who = auth_who(
		admin->auth, in, password, door->cookie, admin->clock->mono_ms());

	if (door->loopback && !guard_host_ok(host))
		sentence = "the Host header names another machine: use localhost or "
			   "127.0.0.1";
	else if (!door->loopback && !password)
		sentence = "admin.password is not set";
	else if (!(route->flags & TCP))
		sentence =
			"this is done with the vodkeep command on the agent's machine";
	else if ((is_post(route) || !(route->flags & (OPEN | LOGIN))) &&
		 !guard_same_site(host, http_in_header(in, "Origin"),
			 http_in_header(in, "Sec-Fetch-Site")))
		sentence = "a page of another site has asked for this";
	else if (who == WHO_STRANGER && !(route->flags & OPEN))
		return ask_password(route, in), false;
	else if (is_post(route) && !(route->flags & ENTER) && !token_ok(door, in))
		sentence = "the header " TOKEN
			   " is missing or old: GET /api/v1/session tells it";
	if (sentence)
		refuse(in, 403, NULL, NULL, sentence);
	return !sentence;
}

static int64_t on_begin(void *arg, struct http_in *in)
{
	const struct door *door = arg;
	struct route_args args;
	const char *allowed;
	const struct route *route = find_route(in, &args, &allowed);

	if (!door->admin->on.keeper) {
		refuse(in, 503, NULL, NULL, "the agent is stopping");
		return -1;
	}
	if (door->tcp && !let_in(door, route ? route : &nothing, in))
		return -1;
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
	return is_post(route) ? BODY_MAX : 0;
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

/* Credentials that came with the request have been compared. */
static void on_checked(void *arg, enum auth_verdict verdict, int64_t wait_ms)
{
	struct admin_call *call = arg;

	if (verdict != AUTH_RIGHT) {
		call_fail_auth(call, verdict, wait_ms);
		return;
	}
	if (call->in)
		auth_remember(call->admin->auth, call_header(call, "Authorization"));
	if (call->admin->on.keeper)
		call->run(call);
	else
		call_fail(call, 503, "the agent is stopping");
}

/* Run the call, but who brings credentials that are not known has them checked first.
 */
static void run_call(struct admin_call *call, const struct route *route)
{
	struct admin *admin = call->admin;
	const char *password = admin_password(admin);
	int64_t now_ms = admin->clock->mono_ms();
	char *given;

	call->run = route->run;
	if (!call->door->tcp || (route->flags & OPEN) ||
		auth_who(admin->auth, call->in, password, call->door->cookie, now_ms) !=
			WHO_UNSURE) {
		route->run(call);
		return;
	}
	given = auth_basic_password(call_header(call, "Authorization"));
	if (given)
		auth_check(admin->auth, http_in_address(call->in), given, password,
			now_ms, on_checked, call);
	else
		call_fail_auth(call, AUTH_WRONG, 0);
	mem_free_secret(given);
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
	call->door = door;
	if (is_post(route)) {
		if (read_body(in, &call->body, &err) < 0) {
			call_fail_err(call, &err);
			return;
		}
		log_debug(NULL, "admin: %s", http_in_path(in));
	}
	run_call(call, route);
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
	admin->auth = auth_new(options->loop);
	admin->events = events_new(admin);
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
	const char *port = strrchr(listen, ':');

	admin->tcp_door.loopback = guard_is_loopback(listen);
	snprintf(admin->tcp_door.cookie, sizeof(admin->tcp_door.cookie), "vodkeep_%s",
		port ? port + 1 : "");
	return door_handler(&admin->tcp_door);
}

void admin_detach(struct admin *admin)
{
	admin->on.keeper = NULL;
	admin->on.transfers = NULL;
	admin->on.verifier = NULL;
	admin->on.scrub = NULL;
	admin->on.chores = NULL;
	events_close(admin->events);
}

size_t admin_pending(const struct admin *admin)
{
	return admin->calls;
}

void admin_free(struct admin *admin)
{
	if (!admin)
		return;
	assert(admin->calls == 0 && admin->contents == 0);
	events_free(admin->events);
	auth_free(admin->auth);
	free(admin->version);
	free(admin);
}
