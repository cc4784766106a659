/*
 * One request of the admin API on its way through store and keeper. Not for use outside
 * src/admin/.
 *
 * A call lives from the request to call_reply_*() or call_fail(), one of which its
 * handler calls exactly once, now or from a store callback; that frees it. A client
 * that goes away leaves the call without @in: the handler goes on, the answer is
 * dropped.
 */
#ifndef VODKEEP_ADMIN_CALL_H
#define VODKEEP_ADMIN_CALL_H

#include "admin/admin.h"
#include "admin/auth.h"
#include "admin/route.h"
#include "base/clock.h"
#include <cjson/cJSON.h>

struct door { /* a listener's way in */
	struct admin *admin;
	bool tcp;
	bool loopback;   /* only this machine reaches it */
	char cookie[32]; /* the session's name: browsers share cookies between ports */
};

struct admin {
	struct admin_options on;
	char *version;
	const struct clock *clock;
	int64_t started_ms;
	size_t calls;
	struct door unix_door, tcp_door;
	struct auth *auth;
	struct events *events;
	size_t contents; /* files that are being sent */
};

struct admin_call {
	struct admin *admin;
	const struct door *door; /* NULL: nobody asked from outside */
	struct http_in *in;      /* NULL: the client is gone */
	struct route_args args;
	cJSON *body; /* of a POST: an object; else NULL */
	int64_t row; /* of the asset of args, once call_load() has found it */
	void (*loaded)(struct admin_call *call, struct asset *asset);
	/* Of call_within(). */
	void (*told)(struct admin *admin, int status, cJSON *json);
	void (*run)(struct admin_call *call); /* the route's handler */
};

struct admin_call *call_new(
	struct admin *admin, struct http_in *in, const struct route_args *args);
/* A call that nobody outside made: its JSON answer goes to @told, which owns it. */
struct admin_call *call_within(struct admin *admin,
	void (*told)(struct admin *admin, int status, cJSON *json));
/* The last act of every call; done by all call_reply_*() and call_fail*(). */
void call_end(struct admin_call *call);
/* Add the headers that every answer has, where @reply has none of that name. */
void reply_harden(struct http_reply *reply);
/* @reply is hardened and sent. */
void call_reply(struct admin_call *call, struct http_reply *reply);
/* With a header more. */
void call_reply_extra(struct admin_call *call, int status, const char *name,
	const char *value, cJSON *json);
/* @json is taken over. */
void call_reply_json(struct admin_call *call, int status, cJSON *json);
void call_reply_bytes(struct admin_call *call, int status, const char *content_type,
	const void *body, size_t len);
/* {"error": sentence}. */
void call_fail(struct admin_call *call, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same from a store error: 404, 400 or 503. */
void call_fail_err(struct admin_call *call, const struct err *err);

/* What auth_check() has said, where it is not AUTH_RIGHT. */
void call_fail_auth(
	struct admin_call *call, enum auth_verdict verdict, int64_t wait_ms);

/* What every store callback begins with: true when @err is one, or the agent is
 * stopping (admin_detach()); the call has then been answered and is gone. */
bool call_failed(struct admin_call *call, const struct err *err);

/* Find and load the asset that args name, then loaded(call, asset), which owns @asset;
 * 404 when there is none. */
void call_load(struct admin_call *call,
	void (*loaded)(struct admin_call *call, struct asset *asset));

/* A parameter, or NULL when it is absent, empty, or the client is gone. */
const char *call_query(const struct admin_call *call, const char *name);
/* A header, or NULL when it is absent or the client is gone. */
const char *call_header(const struct admin_call *call, const char *name);
/* Whether the client has what @etag (with its quotes) names. */
bool call_has_etag(const struct admin_call *call, const char *etag);
const struct config *call_config(const struct admin_call *call);
/* The one in force, NULL none. Not after admin_detach(). */
const char *admin_password(const struct admin *admin);
/* What an asset is doing now; @state, where it rests, when nothing. */
enum asset_state live_state(
	const struct admin *admin, int64_t row, enum asset_state state);
int64_t call_now_ns(const struct admin_call *call);

/* Answer at once, without a call: refusals. @extra may be NULL: "Allow" and the like.
 */
void refuse(struct http_in *in, int status, const char *extra, const char *extra_value,
	const char *sentence);

/* The handlers. */
void admin_page(struct admin_call *call);
void admin_web(struct admin_call *call);
void admin_login_page(struct admin_call *call);
void admin_session(struct admin_call *call);
void admin_login(struct admin_call *call);
void admin_logout(struct admin_call *call);
void admin_events(struct admin_call *call);
void admin_content(struct admin_call *call);
void admin_content_named(struct admin_call *call);
void admin_healthz(struct admin_call *call);
void admin_readyz(struct admin_call *call);
void admin_metrics(struct admin_call *call);
void admin_status(struct admin_call *call);
void admin_assets(struct admin_call *call);
void admin_find(struct admin_call *call);
void admin_show(struct admin_call *call);
void admin_story(struct admin_call *call);
void admin_rejected(struct admin_call *call);
void admin_ledger(struct admin_call *call);
void admin_fetch(struct admin_call *call);
void admin_retry(struct admin_call *call);
void admin_remove(struct admin_call *call);
void admin_hold(struct admin_call *call);
void admin_unhold(struct admin_call *call);
void admin_retry_failed(struct admin_call *call);
void admin_reconcile(struct admin_call *call);
void admin_reconciled(struct admin_call *call);
void admin_pause(struct admin_call *call);
void admin_resume(struct admin_call *call);
void admin_verify_show(struct admin_call *call);
void admin_verify(struct admin_call *call);
void admin_verify_cancel(struct admin_call *call);
void admin_import_show(struct admin_call *call);
void admin_import(struct admin_call *call);
void admin_import_cancel(struct admin_call *call);
void admin_refile_show(struct admin_call *call);
void admin_refile(struct admin_call *call);
void admin_refile_cancel(struct admin_call *call);
void admin_replay_show(struct admin_call *call);
void admin_replay(struct admin_call *call);
void admin_replay_cancel(struct admin_call *call);
void admin_backup(struct admin_call *call);

#endif
