/*
 * A queue is a rule's notify or its after; the metrics have them by kind, because rules
 * come and go.
 */
#include <config.h>

#include "admin/outbox_json.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/metrics.h"

void outbox_json(cJSON *status, const struct outbox_queue *queues, size_t n)
{
	cJSON *list = cJSON_AddArrayToObject(status, "outbox");
	for (size_t i = 0; i < n; i++) {
		cJSON *json = cJSON_CreateObject();
		json_add_text(json, "kind", notice_kind_name(queues[i].kind));
		json_add_text(json, "rule", queues[i].rule);
		json_add_int(json, "waiting", queues[i].waiting);
		json_add_time(json, "oldest", queues[i].oldest_ns);
		cJSON_AddItemToArray(list, json);
	}
}

void outbox_gauges(const struct outbox_queue *queues, size_t n)
{
	int64_t waiting[NOTICE_KINDS] = { 0 }, oldest_ns[NOTICE_KINDS] = { 0 };
	for (size_t i = 0; i < n; i++) {
		enum notice_kind kind = queues[i].kind;
		waiting[kind] += queues[i].waiting;
		if (!oldest_ns[kind] || queues[i].oldest_ns < oldest_ns[kind])
			oldest_ns[kind] = queues[i].oldest_ns;
	}
	for (int i = 0; i < NOTICE_KINDS; i++) {
		const char *kind = notice_kind_name((enum notice_kind)i);
		metric_set(METRIC_OUTBOX, kind, (double)waiting[i]);
		metric_set(METRIC_OUTBOX_OLDEST, kind,
			(double)oldest_ns[i] / (double)NS_PER_S);
	}
}
