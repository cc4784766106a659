/*
 * Gathered anew for each answer; the control loop has the figures already.
 */
#include <config.h>

#include "admin/progress.h"

#include "admin/call.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "core/rate.h"

#include <stdlib.h>

struct entry {
	cJSON *json;
	int64_t deadline_ns;
	size_t number;
};

struct entries {
	struct entry *list;
	size_t n;
};

static void add_entry(void *arg, const struct transfer_progress *progress)
{
	struct entries *entries = arg;
	cJSON *json = cJSON_CreateObject();
	int64_t left = progress->total - progress->bytes;

	json_add_text(json, "workspace", progress->workspace);
	json_add_text(json, "id", progress->asset_id);
	json_add_text(json, "title", progress->title);
	json_add_text(json, "role", role_name(progress->role));
	json_add_text(json, "key", progress->key);
	json_add_int(json, "bytes", progress->bytes);
	json_add_amount(json, "total", progress->total);
	json_add_int(json, "rate", (int64_t)progress->rate);
	json_add_amount(json, "eta_seconds", rate_seconds_left(left, progress->rate));
	json_add_time(json, "expires",
		progress->deadline_ns == INT64_MAX ? 0 : progress->deadline_ns);
	entries->list = mem_grow(entries->list, entries->n + 1, sizeof(*entries->list));
	entries->list[entries->n] =
		(struct entry){ json, progress->deadline_ns, entries->n };
	entries->n++;
}

static int by_urgency(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;

	if (one->deadline_ns != other->deadline_ns)
		return one->deadline_ns < other->deadline_ns ? -1 : 1;
	return one->number < other->number ? -1 : 1;
}

static void add_sum(const struct admin *admin, cJSON *json)
{
	struct transfers_sum sum;
	cJSON *object = cJSON_AddObjectToObject(json, "in_flight");
	int64_t left;

	transfers_sum(admin->on.transfers, &sum);
	left = sum.unknown ? -1 : sum.remaining;
	json_add_int(object, "files", (int64_t)sum.files);
	json_add_int(
		object, "waiting", (int64_t)keeper_files_waiting(admin->on.keeper));
	json_add_int(object, "stalled", (int64_t)sum.stalled);
	json_add_int(object, "bytes", sum.bytes);
	json_add_amount(object, "total", left < 0 ? -1 : sum.bytes + left);
	json_add_int(object, "rate", (int64_t)sum.rate);
	json_add_amount(object, "eta_seconds", rate_seconds_left(left, sum.rate));
}

void progress_json(const struct admin *admin, cJSON *json)
{
	struct entries entries = { 0 };
	cJSON *list;

	add_sum(admin, json);
	list = cJSON_AddArrayToObject(json, "transfers");
	transfers_each(admin->on.transfers, add_entry, &entries);
	if (entries.n > 0)
		qsort(entries.list, entries.n, sizeof(*entries.list), by_urgency);
	for (size_t i = 0; i < entries.n; i++)
		cJSON_AddItemToArray(list, entries.list[i].json);
	free(entries.list);
}

void progress_gauges(const struct admin *admin)
{
	struct transfers_sum sum;

	transfers_sum(admin->on.transfers, &sum);
	metric_set(METRIC_TRANSFERS_STALLED, NULL, (double)sum.stalled);
	metric_set(METRIC_TRANSFERS_WAITING, NULL,
		(double)keeper_files_waiting(admin->on.keeper));
	metric_set(METRIC_TRANSFER_RATE, NULL, sum.rate);
	metric_set(METRIC_TRANSFER_HELD, NULL, (double)sum.bytes);
	metric_set(METRIC_TRANSFER_REMAINING, NULL, (double)sum.remaining);
}
