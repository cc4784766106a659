/*
 * How the agent is: status, liveness, readiness, metrics. Status gathers what store,
 * keeper, transfers and warnings each know, one read after the other.
 */
#include <config.h>

#include "admin/call.h"
#include "admin/outbox_json.h"
#include "admin/progress.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/metrics.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ATTENTION_MAX 20
#define TEXT_MAX      (256 * 1024)
#define TEXT_TYPE     "text/plain; charset=utf-8"
#define METRICS_TYPE  "text/plain; version=0.0.4; charset=utf-8"

static void reply_text(struct admin_call *call, int status, const char *text)
{
	call_reply_bytes(call, status, TEXT_TYPE, text, strlen(text));
}

/* ---- health ---- */

void admin_healthz(struct admin_call *call)
{
	reply_text(call, 200, "ok\n");
}

void admin_readyz(struct admin_call *call)
{
	size_t n;
	const struct warning *all = warnings_all(call->admin->on.warnings, &n);
	struct buf text;

	buf_init(&text, TEXT_MAX);
	for (size_t i = 0; i < n; i++)
		if (all[i].not_ready)
			buf_printf(&text, "%s: %s\n", all[i].key, all[i].text);
	if (text.len > 0)
		reply_text(call, 503, buf_text(&text));
	else
		reply_text(call, 200, "ready\n");
	buf_release(&text);
}

/* ---- metrics ---- */

static void reconcile_gauges(const struct workspace_stats *stats)
{
	metric_set(METRIC_LOST, stats->name, (double)stats->lost);
	if (stats->lost_oldest_ns)
		metric_set(METRIC_LOST_OLDEST, stats->name,
			(double)stats->lost_oldest_ns / (double)NS_PER_S);
	if (stats->reconciled_ns)
		metric_set(METRIC_RECONCILED, stats->name,
			(double)stats->reconciled_ns / (double)NS_PER_S);
}

static void fill_gauges(
	struct admin *admin, const struct workspace_stats *stats, size_t n_stats)
{
	int64_t states[ASSET_STATE_COUNT] = { 0 };
	int64_t bytes = 0, damaged = 0, free_bytes, total;
	size_t n_warnings;

	for (size_t i = 0; i < n_stats; i++) {
		bytes += stats[i].bytes;
		reconcile_gauges(&stats[i]);
		damaged += stats[i].damaged;
		for (int s = 0; s < ASSET_STATE_COUNT; s++)
			states[s] += stats[i].assets[s];
	}
	for (int s = 0; s < ASSET_STATE_COUNT; s++)
		metric_set(METRIC_ASSETS, asset_state_name((enum asset_state)s),
			(double)states[s]);
	metric_set(METRIC_ARCHIVE_SIZE, NULL, (double)bytes);
	metric_set(METRIC_DAMAGED, NULL, (double)damaged);
	keeper_space(admin->on.keeper, &free_bytes, &total);
	if (free_bytes >= 0)
		metric_set(METRIC_ARCHIVE_FREE, NULL, (double)free_bytes);
	warnings_all(admin->on.warnings, &n_warnings);
	metric_set(METRIC_WARNINGS, NULL, (double)n_warnings);
	progress_gauges(admin);
}

static void on_metrics_queues(
	void *arg, const struct err *err, const struct outbox_queue *queues, size_t n)
{
	struct admin_call *call = arg;
	struct buf text;

	if (err->class == ERR_NONE)
		outbox_gauges(queues, n);
	buf_init(&text, TEXT_MAX);
	metrics_text(&text);
	call_reply_bytes(call, 200, METRICS_TYPE, buf_text(&text), text.len);
	buf_release(&text);
}

static void on_metrics_stats(
	void *arg, const struct err *err, const struct workspace_stats *stats, size_t n)
{
	struct admin_call *call = arg;

	/* Counters are worth having even while the store cannot be read. */
	if (err->class == ERR_NONE && call->admin->on.keeper)
		fill_gauges(call->admin, stats, n);
	store_outbox_queues(call->admin->on.store, on_metrics_queues, call);
}

void admin_metrics(struct admin_call *call)
{
	store_stats(call->admin->on.store, call_now_ns(call), on_metrics_stats, call);
}

/* ---- status ---- */

struct survey {
	struct admin_call *call;
	cJSON *json;
	cJSON *attention;
	int next; /* of attention_states */
};

/* What a person may have to do something about, the most urgent first. */
static const enum asset_state attention_states[] = {
	ASSET_DELETION_HELD,
	ASSET_FAILED,
	ASSET_WAITING,
};
#define ATTENTION_STATES (int)(sizeof(attention_states) / sizeof(*attention_states))

static void add_counts(cJSON *json, const int64_t counts[ASSET_STATE_COUNT])
{
	cJSON *object = cJSON_AddObjectToObject(json, "assets");

	for (int s = 0; s < ASSET_STATE_COUNT; s++)
		json_add_int(object, asset_state_name((enum asset_state)s), counts[s]);
}

static void add_limit(void *arg, const struct transfer_limit *limit)
{
	cJSON *json = cJSON_CreateObject();

	json_add_text(json, "of", limit_kind_name(limit->kind));
	json_add_text(json, "name", limit->kind == LIMIT_TOTAL ? NULL : limit->name);
	json_add_amount(json, "rate", limit->rate > 0 ? limit->rate : -1);
	json_add_time(json, "until", limit->until_ns);
	cJSON_AddItemToArray(arg, json);
}

static void add_scrub(const struct survey *survey, const struct workspace_config *ws,
	cJSON *workspace)
{
	const struct scrub *scrub = survey->call->admin->on.scrub;
	struct scrub_place place = { 0 };
	cJSON *json = cJSON_AddObjectToObject(workspace, "scrub");

	if (scrub)
		place = scrub_place(scrub, ws->name);
	cJSON_AddNumberToObject(json, "percent_a_day", ws->scrub_percent_day);
	json_add_time(json, "last", place.last_ns);
	json_add_time(json, "pass_began", place.began_ns);
	json_add_time(json, "pass_ended", place.ended_ns);
}

static void add_workspaces(
	struct survey *survey, const struct workspace_stats *stats, size_t n)
{
	static const struct workspace_stats none = { 0 };
	const struct config *config = call_config(survey->call);
	cJSON *list = cJSON_AddArrayToObject(survey->json, "workspaces");

	for (size_t i = 0; i < config->n_workspaces; i++) {
		const struct workspace_config *ws = &config->workspaces[i];
		const struct workspace_stats *its = &none;
		cJSON *json = cJSON_CreateObject();

		for (size_t k = 0; k < n; k++)
			if (strcmp(stats[k].name, ws->name) == 0)
				its = &stats[k];
		json_add_text(json, "name", ws->name);
		json_add_text(json, "platform", platform_of(ws->platform)->name);
		json_add_bool(json, "paused",
			keeper_paused(survey->call->admin->on.keeper, ws->name));
		add_counts(json, its->assets);
		json_add_int(json, "bytes", its->bytes);
		json_add_time(json, "last_delivery", its->last_delivery_ns);
		json_add_time(json, "last_reconcile", its->reconciled_ns);
		json_add_int(json, "lost", its->lost);
		json_add_time(json, "lost_oldest", its->lost_oldest_ns);
		json_add_int(json, "duplicates", its->duplicates);
		json_add_int(json, "rejected", its->rejected);
		json_add_int(json, "foreign", its->foreign);
		json_add_int(json, "damaged", its->damaged);
		add_scrub(survey, ws, json);
		cJSON_AddItemToArray(list, json);
	}
}

static void add_archive(struct survey *survey, int64_t bytes)
{
	cJSON *json = cJSON_AddObjectToObject(survey->json, "archive");
	int64_t free_bytes, total;

	keeper_space(survey->call->admin->on.keeper, &free_bytes, &total);
	json_add_text(json, "dir", call_config(survey->call)->agent.archive_dir);
	json_add_int(json, "bytes", bytes);
	json_add_amount(json, "free", free_bytes);
	json_add_amount(json, "total", total);
}

static void add_warnings(struct survey *survey)
{
	cJSON *list = cJSON_AddArrayToObject(survey->json, "warnings");
	size_t n;
	const struct warning *all = warnings_all(survey->call->admin->on.warnings, &n);

	for (size_t i = 0; i < n; i++) {
		cJSON *json = cJSON_CreateObject();

		json_add_text(json, "key", all[i].key);
		json_add_text(json, "workspace", all[i].workspace);
		json_add_text(json, "text", all[i].text);
		json_add_time(json, "since", all[i].since_ns);
		cJSON_AddItemToArray(list, json);
	}
}

static void survey_drop(struct survey *survey)
{
	cJSON_Delete(survey->json);
	free(survey);
}

static void survey_reply(struct survey *survey)
{
	call_reply_json(survey->call, 200, survey->json);
	free(survey);
}

static void on_attention(
	void *arg, const struct err *err, const struct asset_summary *list, size_t n);

static void attention_next(struct survey *survey)
{
	struct asset_filter filter = { .limit = ATTENTION_MAX };

	if (survey->next >= ATTENTION_STATES ||
		cJSON_GetArraySize(survey->attention) >= ATTENTION_MAX) {
		survey_reply(survey);
		return;
	}
	filter.state = (int)attention_states[survey->next++];
	store_list(survey->call->admin->on.store, &filter, on_attention, survey);
}

static void on_attention(
	void *arg, const struct err *err, const struct asset_summary *list, size_t n)
{
	struct survey *survey = arg;

	if (call_failed(survey->call, err)) {
		survey_drop(survey);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		cJSON *json;

		if (!list[i].reason ||
			cJSON_GetArraySize(survey->attention) >= ATTENTION_MAX)
			continue;
		json = cJSON_CreateObject();
		json_add_text(json, "workspace", list[i].workspace);
		json_add_text(json, "id", list[i].id);
		json_add_text(json, "title", list[i].title);
		json_add_text(json, "state",
			asset_state_name(live_state(
				survey->call->admin, list[i].row, list[i].state)));
		json_add_text(json, "reason", list[i].reason);
		json_add_time(json, "due", list[i].due_ns);
		cJSON_AddItemToArray(survey->attention, json);
	}
	attention_next(survey);
}

static void on_status_queues(
	void *arg, const struct err *err, const struct outbox_queue *queues, size_t n)
{
	struct survey *survey = arg;

	if (call_failed(survey->call, err)) {
		survey_drop(survey);
		return;
	}
	outbox_json(survey->json, queues, n);
	survey->attention = cJSON_AddArrayToObject(survey->json, "attention");
	attention_next(survey);
}

static void on_status_stats(
	void *arg, const struct err *err, const struct workspace_stats *stats, size_t n)
{
	struct survey *survey = arg;
	struct admin *admin = survey->call->admin;
	int64_t counts[ASSET_STATE_COUNT] = { 0 };
	int64_t bytes = 0;

	if (call_failed(survey->call, err)) {
		survey_drop(survey);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		bytes += stats[i].bytes;
		for (int s = 0; s < ASSET_STATE_COUNT; s++)
			counts[s] += stats[i].assets[s];
	}
	add_counts(survey->json, counts);
	progress_json(admin, survey->json);
	transfers_limits_each(admin->on.transfers, add_limit,
		(void *)cJSON_AddArrayToObject(survey->json, "bandwidth"));
	add_workspaces(survey, stats, n);
	add_archive(survey, bytes);
	add_warnings(survey);
	store_outbox_queues(admin->on.store, on_status_queues, survey);
}

void admin_status(struct admin_call *call)
{
	struct survey *survey = mem_alloc(sizeof(*survey));
	struct admin *admin = call->admin;

	survey->call = call;
	survey->json = cJSON_CreateObject();
	json_add_text(survey->json, "version", admin->version);
	json_add_int(survey->json, "pid", (int64_t)getpid());
	json_add_int(survey->json, "uptime_seconds",
		(admin->clock->mono_ms() - admin->started_ms) / MS_PER_S);
	json_add_bool(survey->json, "paused", keeper_paused(admin->on.keeper, ""));
	store_stats(admin->on.store, call_now_ns(call), on_status_stats, survey);
}
