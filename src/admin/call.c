/*
 * Answers, and the steps that several handlers share. Every answer carries the headers
 * that keep a browser from running, framing, guessing at or keeping anything.
 */
#include <config.h>

#include "admin/call.h"

#include "base/json.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_TYPE "application/json"
#define POLICY                                                                          \
	"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; " \
	"img-src 'self'; media-src 'self'; base-uri 'none'; form-action 'none'; "       \
	"frame-ancestors 'none'; require-trusted-types-for 'script'; "                  \
	"trusted-types 'none'"

static const struct http_reply_header everywhere[] = {
	{ "Content-Security-Policy", POLICY },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Cache-Control", "no-store" },
};

static bool has_header(const struct http_reply *reply, const char *name)
{
	for (int i = 0; i < HTTP_REPLY_HEADERS && reply->headers[i].name; i++)
		if (strcmp(reply->headers[i].name, name) == 0)
			return true;
	return false;
}

void reply_harden(struct http_reply *reply)
{
	int n = 0;

	while (n < HTTP_REPLY_HEADERS && reply->headers[n].name)
		n++;
	for (size_t i = 0; i < sizeof(everywhere) / sizeof(*everywhere); i++)
		if (n < HTTP_REPLY_HEADERS && !has_header(reply, everywhere[i].name))
			reply->headers[n++] = everywhere[i];
}

static void answer_json(struct http_in *in, int status, cJSON *json, const char *extra,
	const char *extra_value)
{
	char *text = json_print(json, false);
	struct http_reply reply = { .status = status,
		.content_type = JSON_TYPE,
		.body = text,
		.len = strlen(text),
		.headers = { { extra, extra_value } } };

	reply_harden(&reply);
	http_reply(in, &reply);
	free(text);
	cJSON_Delete(json);
}

void refuse(struct http_in *in, int status, const char *extra, const char *extra_value,
	const char *sentence)
{
	cJSON *json = cJSON_CreateObject();

	json_add_text(json, "error", sentence);
	answer_json(in, status, json, extra, extra_value);
}

struct admin_call *call_new(
	struct admin *admin, struct http_in *in, const struct route_args *args)
{
	struct admin_call *call = mem_alloc(sizeof(*call));

	call->admin = admin;
	call->in = in;
	call->args = *args;
	admin->calls++;
	if (in)
		http_in_set_user(in, call);
	return call;
}

struct admin_call *call_within(
	struct admin *admin, void (*told)(struct admin *admin, int status, cJSON *json))
{
	const struct route_args none = { 0 };
	struct admin_call *call = call_new(admin, NULL, &none);

	call->told = told;
	return call;
}

void call_end(struct admin_call *call)
{
	if (call->in)
		http_in_set_user(call->in, NULL);
	call->admin->calls--;
	cJSON_Delete(call->body);
	free(call);
}

void call_reply(struct admin_call *call, struct http_reply *reply)
{
	if (call->in) {
		reply_harden(reply);
		http_reply(call->in, reply);
	}
	call_end(call);
}

void call_reply_bytes(struct admin_call *call, int status, const char *content_type,
	const void *body, size_t len)
{
	struct http_reply reply = {
		.status = status, .content_type = content_type, .body = body, .len = len
	};

	call_reply(call, &reply);
}

void call_reply_json(struct admin_call *call, int status, cJSON *json)
{
	if (call->told)
		call->told(call->admin, status, json);
	else if (call->in)
		answer_json(call->in, status, json, NULL, NULL);
	else
		cJSON_Delete(json);
	call_end(call);
}

void call_reply_extra(struct admin_call *call, int status, const char *name,
	const char *value, cJSON *json)
{
	if (call->in)
		answer_json(call->in, status, json, name, value);
	else
		cJSON_Delete(json);
	call_end(call);
}

bool call_has_etag(const struct admin_call *call, const char *etag)
{
	const char *known = call_header(call, "If-None-Match");

	return known && strstr(known, etag);
}

void call_fail(struct admin_call *call, int status, const char *fmt, ...)
{
	cJSON *json = cJSON_CreateObject();
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	json_add_text(json, "error", text);
	call_reply_json(call, status, json);
}

void call_fail_err(struct admin_call *call, const struct err *err)
{
	int status = 503;

	if (err->class == ERR_NOT_FOUND)
		status = 404;
	else if (err->class == ERR_INPUT)
		status = 400;
	call_fail(call, status, "%s", err->text);
}

bool call_failed(struct admin_call *call, const struct err *err)
{
	if (err->class != ERR_NONE)
		call_fail_err(call, err);
	else if (!call->admin->on.keeper)
		call_fail(call, 503, "the agent is stopping");
	else
		return false;
	return true;
}

static void on_load(void *arg, const struct err *err, struct asset *asset)
{
	struct admin_call *call = arg;

	if (call_failed(call, err))
		asset_free(asset);
	else
		call->loaded(call, asset);
}

static void on_find(
	void *arg, const struct err *err, const struct asset_ref *refs, size_t n)
{
	struct admin_call *call = arg;

	if (err->class != ERR_NOT_FOUND && call_failed(call, err))
		return;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(refs[i].workspace, call->args.workspace) != 0 ||
			strcmp(refs[i].id, call->args.id) != 0)
			continue;
		call->row = refs[i].row;
		store_load(call->admin->on.store, call->row, on_load, call);
		return;
	}
	call_fail(call, 404, "there is no asset %s/%s", call->args.workspace,
		call->args.id);
}

void call_load(struct admin_call *call,
	void (*loaded)(struct admin_call *call, struct asset *asset))
{
	char *text = mem_printf("%s/%s", call->args.workspace, call->args.id);

	call->loaded = loaded;
	store_find(call->admin->on.store, text, on_find, call);
	free(text);
}

const char *call_query(const struct admin_call *call, const char *name)
{
	const char *value = call->in ? http_in_query(call->in, name) : NULL;

	return value && *value ? value : NULL;
}

const char *call_header(const struct admin_call *call, const char *name)
{
	return call->in ? http_in_header(call->in, name) : NULL;
}

const struct config *call_config(const struct admin_call *call)
{
	return keeper_settings(call->admin->on.keeper)->config;
}

const char *admin_password(const struct admin *admin)
{
	const char *password =
		keeper_settings(admin->on.keeper)->config->admin.password;

	return password && *password ? password : NULL;
}

int64_t call_now_ns(const struct admin_call *call)
{
	return call->admin->clock->wall_ns();
}

enum asset_state live_state(
	const struct admin *admin, int64_t row, enum asset_state state)
{
	enum asset_state live;

	return keeper_live_state(admin->on.keeper, row, &live) ? live : state;
}
