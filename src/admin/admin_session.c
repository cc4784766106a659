/*
 * Logging in and out of the dashboard, and what a page has to know before it may change
 * anything.
 */
#include <config.h>

#include "admin/call.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTRIBUTES   "; Path=/; HttpOnly; SameSite=Strict"
#define PASSWORD_MAX 1024

void call_fail_auth(struct admin_call *call, enum auth_verdict verdict, int64_t wait_ms)
{
	cJSON *json = cJSON_CreateObject();
	int64_t seconds = (wait_ms + MS_PER_S - 1) / MS_PER_S;
	char after[24], sentence[128];

	if (verdict == AUTH_WRONG) {
		json_add_text(json, "error", "the password is wrong");
		call_reply_extra(call, 401,
			call_header(call, "Authorization") ? "WWW-Authenticate" : NULL,
			BASIC_CHALLENGE, json);
		return;
	}
	if (verdict == AUTH_BUSY)
		seconds = 1;
	snprintf(after, sizeof(after), "%lld", (long long)seconds);
	snprintf(sentence, sizeof(sentence),
		verdict == AUTH_BUSY ? "too many log in at once: try again in %s s"
				     : "too many wrong passwords: try again in %s s",
		after);
	json_add_text(json, "error", sentence);
	call_reply_extra(call, 429, "Retry-After", after, json);
}

void admin_session(struct admin_call *call)
{
	cJSON *json = cJSON_CreateObject();
	struct admin *admin = call->admin;

	json_add_bool(json, "password", admin_password(call->admin) != NULL);
	json_add_text(json, "version", admin->version);
	json_add_text(json, "token",
		call->in ? auth_token(admin->auth, call->in, call->door->cookie,
				   admin->clock->mono_ms())
			 : NULL);
	call_reply_json(call, 200, json);
}

/* A browser that came by https says so: a proxy before the agent speaks it. */
static bool came_by_tls(const struct admin_call *call)
{
	const char *origin = call_header(call, "Origin");

	return origin && strncmp(origin, "https://", strlen("https://")) == 0;
}

static void reply_cookie(
	struct admin_call *call, const char *command, const char *key, const char *more)
{
	cJSON *json = cJSON_CreateObject();
	char *cookie = mem_printf("%s=%s" ATTRIBUTES "%s%s", call->door->cookie, key,
		came_by_tls(call) ? "; Secure" : "", more);

	json_add_text(json, "command", command);
	call_reply_extra(call, 200, "Set-Cookie", cookie, json);
	mem_free_secret(cookie);
}

static void on_login(void *arg, enum auth_verdict verdict, int64_t wait_ms)
{
	struct admin_call *call = arg;
	struct admin *admin = call->admin;

	if (verdict != AUTH_RIGHT) {
		if (verdict == AUTH_WRONG && call->in)
			log_warn(NULL,
				"a wrong password for the dashboard came from %s",
				http_in_address(call->in));
		call_fail_auth(call, verdict, wait_ms);
	} else if (!call->in) {
		call_fail(call, 503, "the client is gone");
	} else {
		reply_cookie(call, "login",
			auth_login(admin->auth, admin->clock->mono_ms()), "");
	}
}

void admin_login(struct admin_call *call)
{
	const char *given = json_text(call->body, "password");
	const char *password = admin_password(call->admin);
	struct admin *admin = call->admin;

	if (!password || !call->door->tcp)
		call_fail(
			call, 409, "no password is set: there is nothing to log in to");
	else if (!given || strlen(given) > PASSWORD_MAX)
		call_fail(call, 400, "the body is {\"password\": TEXT}");
	else
		auth_check(admin->auth, http_in_address(call->in), given, password,
			admin->clock->mono_ms(), on_login, call);
}

void admin_logout(struct admin_call *call)
{
	struct admin *admin = call->admin;

	if (call->in)
		auth_logout(admin->auth, call->in, call->door->cookie,
			admin->clock->mono_ms());
	reply_cookie(call, "logout", "", "; Max-Age=0");
}
