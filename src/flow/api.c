/*
 * Calls to the platforms' APIs. Builds requests and reads answers with platform/, talks
 * with io/http_client, and keeps each workspace's health. It decides nothing about
 * assets.
 */
#include <config.h>

#include "flow/api.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "flow/judge.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define API_BODY_MAX    (8u << 20)
#define API_TOTAL_MS    60000
#define AUTH_FIRST_MS   5000
#define AUTH_LONGEST_MS 900000

struct health {
	char *workspace;
	char *way;                /* to the API, or NULL: not asked yet */
	int64_t blocked_until_ms; /* monotonic; 0 not blocked */
	int64_t block_ms;         /* the present length of a block */
};

struct api {
	struct http_client *client;
	struct warnings *warnings;
	struct breakers *breakers;
	struct health *health;
	size_t n_health;
};

struct call {
	struct api *api;
	struct settings *settings;
	const struct workspace_config *ws;
	const struct platform *platform;
	struct http_policy policy;
	char *api_host;
	char *way;
	enum breaker_pass pass;
	char *id;    /* of the media asked for, or NULL */
	char *known; /* the workspace the credentials were known to see, or NULL */
	int limit;
	api_record_cb record_cb;
	api_asked_cb asked_cb;
	api_proof_cb proof_cb;
	api_list_cb list_cb;
	void *arg;
};

struct api *api_new(struct http_client *client, struct warnings *warnings,
	struct breakers *breakers)
{
	struct api *api = mem_alloc(sizeof(*api));

	api->client = client;
	api->warnings = warnings;
	api->breakers = breakers;
	return api;
}

void api_free(struct api *api)
{
	if (!api)
		return;
	for (size_t i = 0; i < api->n_health; i++) {
		free(api->health[i].workspace);
		free(api->health[i].way);
	}
	free(api->health);
	free(api);
}

static struct health *health_of(struct api *api, const char *workspace)
{
	struct health *health;

	for (size_t i = 0; i < api->n_health; i++)
		if (strcmp(api->health[i].workspace, workspace) == 0)
			return &api->health[i];
	api->health = mem_grow(api->health, api->n_health + 1, sizeof(*api->health));
	health = &api->health[api->n_health++];
	memset(health, 0, sizeof(*health));
	health->workspace = mem_strdup(workspace);
	return health;
}

static const struct health *known_health(const struct api *api, const char *workspace)
{
	for (size_t i = 0; i < api->n_health; i++)
		if (strcmp(api->health[i].workspace, workspace) == 0)
			return &api->health[i];
	return NULL;
}

int64_t api_blocked_ms(const struct api *api, const char *workspace)
{
	const struct health *health = known_health(api, workspace);
	int64_t left_ms, wait_ms;

	if (!health)
		return 0;
	left_ms = health->blocked_until_ms - clock_system.mono_ms();
	wait_ms = breakers_wait_ms(api->breakers, health->way);
	if (left_ms < wait_ms)
		left_ms = wait_ms;
	return left_ms > 0 ? left_ms : 0;
}

bool api_on_trial(const struct api *api, const char *workspace)
{
	const struct health *health = known_health(api, workspace);

	return health && (health->block_ms > 0 || breakers_look(api->breakers,
							  health->way) != BREAKER_GO);
}

const char *api_way(const struct api *api, const char *workspace)
{
	const struct health *health = known_health(api, workspace);

	return health ? health->way : NULL;
}

bool api_has_way(const struct api *api, const char *way)
{
	for (size_t i = 0; i < api->n_health; i++)
		if (api->health[i].way && strcmp(api->health[i].way, way) == 0)
			return true;
	return false;
}

void api_unblock(struct api *api)
{
	for (size_t i = 0; i < api->n_health; i++) {
		api->health[i].blocked_until_ms = 0;
		api->health[i].block_ms = 0;
		mem_replace(&api->health[i].way, NULL);
	}
}

void api_ask_again(struct api *api, const char *workspace)
{
	health_of(api, workspace)->blocked_until_ms = 0;
}

/* What was asked for, as a number: failures of one media are its own. */
static uint64_t subject_of(const struct call *call)
{
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

	for (const char *c = call->id; c && *c; c++)
		hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
	return hash;
}

static void note_health(
	struct call *call, const struct http_response *answer, const struct err *err)
{
	struct health *health = health_of(call->api, call->ws->name);
	int64_t longest_ms = call->settings->config->transfer.retry_max_ms;
	char key[96];

	if (longest_ms > AUTH_LONGEST_MS)
		longest_ms = AUTH_LONGEST_MS;
	if (longest_ms < AUTH_FIRST_MS)
		longest_ms = AUTH_FIRST_MS;
	judge_clock(call->api->warnings, clock_system.wall_ns(),
		answer ? answer->date_ns : 0);
	breakers_tell(
		call->api->breakers, call->way, call->pass, subject_of(call), err);
	metric_add(METRIC_API_REQUESTS,
		err->class == ERR_NONE ? "done" : err_class_name(err->class), 1);
	snprintf(key, sizeof(key), "api/%s", call->ws->name);
	if (err->class == ERR_AUTH) {
		char wait[32];

		health->block_ms =
			health->block_ms ? health->block_ms * 2 : AUTH_FIRST_MS;
		if (health->block_ms > longest_ms)
			health->block_ms = longest_ms;
		health->blocked_until_ms = clock_system.mono_ms() + health->block_ms;
		duration_format(health->block_ms, wait);
		warnings_set(call->api->warnings, key, call->ws->name, false,
			"%s refuses the API credentials of workspace %s (%s): nothing can be "
			"fetched until api_id and api_secret are right; asked again in %s, or "
			"at once after a reload",
			call->platform->title, call->ws->name, err->text, wait);
	} else if (err->class == ERR_NONE) {
		health->block_ms = 0;
		health->blocked_until_ms = 0;
		warnings_clear(call->api->warnings, key);
	}
}

static bool only_api_host(void *arg, const char *host)
{
	const struct call *call = arg;

	return strcmp(call->api_host, host) == 0;
}

static struct call *call_new(
	struct api *api, struct settings *settings, const struct workspace_config *ws)
{
	struct call *call = mem_alloc(sizeof(*call));
	char host[256] = "";

	call->api = api;
	call->settings = settings_ref(settings);
	call->ws = ws;
	call->platform = platform_of(ws->platform);
	http_url_host(ws->api_url, host, sizeof(host), NULL);
	call->api_host = mem_strdup(host);
	call->way = breakers_way(ws->api_url, ws->proxy);
	mem_replace(&health_of(api, ws->name)->way, call->way);
	call->policy = (struct http_policy){
		.host_allowed = only_api_host,
		.arg = call,
		.allow_private = ws->allow_private,
		.ca_file = ws->ca_file,
		.proxy = ws->proxy,
		.connect_timeout_ms = settings->config->transfer.connect_timeout_ms,
		.low_speed_bytes = 1,
		.low_speed_ms = 30000,
		.total_ms = API_TOTAL_MS,
		.redirects = 3,
		.http2 = true,
	};
	return call;
}

static void call_free(struct call *call)
{
	settings_unref(call->settings);
	free(call->api_host);
	free(call->way);
	free(call->id);
	free(call->known);
	free(call);
}

/* Lanes begin no look while the API is left alone (api_blocked_ms()): what a look that
 * has begun before still asks is not held up, it counts for nothing then. */
static void send_call(struct call *call, struct http_request *request, http_fetch_cb cb)
{
	call->pass = breakers_begin(call->api->breakers, call->way);
	http_fetch(call->api->client, request, &call->policy, API_BODY_MAX, cb, call);
	http_request_release(request);
}

static void on_details(
	void *arg, const struct err *fetch_err, const struct http_response *answer)
{
	struct call *call = arg;
	struct record *record = NULL;
	struct err err = *fetch_err;

	if (answer) {
		record = mem_alloc(sizeof(*record));
		record_init(record);
		err_clear(&err);
		if (call->platform->details_response(
			    call->ws, call->id, answer, record, &err) < 0) {
			record_free(record);
			record = NULL;
		}
	}
	note_health(call, answer, &err);
	call->record_cb(call->arg, &err, record);
	call_free(call);
}

void api_details(struct api *api, struct settings *settings,
	const struct workspace_config *ws, const char *id, api_record_cb cb, void *arg)
{
	struct call *call = call_new(api, settings, ws);
	struct http_request request = { 0 };

	call->id = mem_strdup(id);
	call->record_cb = cb;
	call->arg = arg;
	call->platform->details_request(ws, id, &request);
	send_call(call, &request, on_details);
}

static void on_asked(
	void *arg, const struct err *fetch_err, const struct http_response *answer)
{
	struct call *call = arg;
	struct err err = *fetch_err;
	bool had = false;

	if (answer) {
		err_clear(&err);
		call->platform->ask_response(answer, &had, &err);
	}
	note_health(call, answer, &err);
	call->asked_cb(call->arg, &err, had);
	call_free(call);
}

void api_ask(struct api *api, struct settings *settings,
	const struct workspace_config *ws, const char *id, const char *what,
	api_asked_cb cb, void *arg)
{
	struct call *call = call_new(api, settings, ws);
	struct http_request request = { 0 };

	call->id = mem_strdup(id);
	call->asked_cb = cb;
	call->arg = arg;
	call->platform->ask_request(ws, id, what, &request);
	send_call(call, &request, on_asked);
}

static bool same_workspace(const char *expected, const char *id)
{
	return expected && strcasecmp(expected, id) == 0;
}

/* Entries that name another workspace prove that these credentials are another's. */
static bool entries_are_ours(const struct call *call, const struct list_page *page)
{
	const char *configured = call->ws->workspace_id;

	for (size_t i = 0; configured && i < page->count; i++) {
		const char *id = page->entries[i].record.workspace_id;

		if (id && !same_workspace(configured, id) &&
			!same_workspace(call->known, id))
			return false;
	}
	return true;
}

static void on_list(
	void *arg, const struct err *fetch_err, const struct http_response *answer)
{
	struct call *call = arg;
	struct list_page page = { 0 };
	struct err err = *fetch_err;
	bool ours = false;

	if (answer) {
		err_clear(&err);
		if (call->platform->list_response(
			    call->ws, answer, call->limit, &page, &err) == 0)
			ours = entries_are_ours(call, &page);
	}
	note_health(call, answer, &err);
	if (!call->proof_cb && err.class == ERR_NONE && !ours)
		err_set(&err, ERR_TRANSIENT,
			"the list is that of another workspace than workspace_id names");
	if (call->proof_cb)
		call->proof_cb(call->arg, &err, err.class == ERR_NONE && ours);
	else
		call->list_cb(call->arg, &err, err.class == ERR_NONE ? &page : NULL);
	list_page_release(&page);
	call_free(call);
}

static void list(struct call *call, int page, int limit)
{
	struct http_request request = { 0 };

	call->limit = limit;
	call->platform->list_request(call->ws, page, limit, &request);
	send_call(call, &request, on_list);
}

void api_prove(struct api *api, struct settings *settings,
	const struct workspace_config *ws, const char *known, api_proof_cb cb,
	void *arg)
{
	struct call *call = call_new(api, settings, ws);

	call->known = mem_strdup(known);
	call->proof_cb = cb;
	call->arg = arg;
	list(call, 1, 1);
}

void api_list(struct api *api, struct settings *settings,
	const struct workspace_config *ws, int page, api_list_cb cb, void *arg)
{
	struct call *call = call_new(api, settings, ws);

	call->list_cb = cb;
	call->arg = arg;
	list(call, page, call->platform->list_limit);
}
