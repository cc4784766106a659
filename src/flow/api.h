/*
 * Asking the platforms: one call per look, credentials to the API host only, and a
 * memory of each workspace's health, so that refused credentials raise one clear
 * warning instead of a hail of requests. Control loop only.
 */
#ifndef VODKEEP_FLOW_API_H
#define VODKEEP_FLOW_API_H

#include "core/record.h"
#include "core/witness.h"
#include "flow/breaker.h"
#include "flow/settings.h"
#include "flow/warnings.h"
#include "io/http_client.h"
#include "platform/platform.h"

struct api;
struct api *api_new(struct http_client *client, struct warnings *warnings,
	struct breakers *breakers);
void api_free(struct api *api); /* no call may be running */

/* Milliseconds until @workspace may be asked again; 0: now. Blocked after 401/403, and
 * while its API is left alone. */
int64_t api_blocked_ms(const struct api *api, const char *workspace);
/* The credentials were refused the last time, or the API did not answer: one question
 * at a time until one is answered. */
bool api_on_trial(const struct api *api, const char *workspace);
/* A new configuration may hold better credentials: ask again at once. */
void api_unblock(struct api *api);
/* A person wants something of @workspace: its next call may be made at once. */
void api_ask_again(struct api *api, const char *workspace);

/* The time as the APIs' answers tell it. */
const struct witness *api_witness(const struct api *api);
/* The way (flow/breaker) to @workspace's API as last asked, or NULL; and whether @way
 * is that of any. */
const char *api_way(const struct api *api, const char *workspace);
bool api_has_way(const struct api *api, const char *way);

/* The callback runs once, never inside the call; @record is the callee's to keep
 * (record_release(), free()), NULL on error. @settings stays referenced meanwhile. */
typedef void (*api_record_cb)(void *arg, const struct err *err, struct record *record);
void api_details(struct api *api, struct settings *settings,
	const struct workspace_config *ws, const char *id, api_record_cb cb, void *arg);

/* Ask the platform to make @what (source.ask) of media @id. @had: it had been asked for
 * before. The platform must have ask_request(). */
typedef void (*api_asked_cb)(void *arg, const struct err *err, bool had);
void api_ask(struct api *api, struct settings *settings,
	const struct workspace_config *ws, const char *id, const char *what,
	api_asked_cb cb, void *arg);

/* Have the platform remove media @id. */
typedef void (*api_deleted_cb)(void *arg, const struct err *err);
void api_delete(struct api *api, struct settings *settings,
	const struct workspace_config *ws, const char *id, api_deleted_cb cb,
	void *arg);

/* Do the credentials see this workspace? Asks for one page of the list; *proven is
 * false when the entries belong to another workspace than the configured one and the
 * one that they were @known to see (or NULL). */
typedef void (*api_proof_cb)(void *arg, const struct err *err, bool proven);
void api_prove(struct api *api, struct settings *settings,
	const struct workspace_config *ws, const char *known, api_proof_cb cb,
	void *arg);

/* One page of the list; @page is valid during the callback. */
typedef void (*api_list_cb)(
	void *arg, const struct err *err, const struct list_page *page);
void api_list(struct api *api, struct settings *settings,
	const struct workspace_config *ws, int page, api_list_cb cb, void *arg);

#endif
