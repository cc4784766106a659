/*
 * The bandwidths of the configuration, and which rate each has now: looked at again
 * when a timetable says that a rate changes, and each minute, since the wall clock may
 * be set.
 */
#include <config.h>

#include "flow/transfer_priv.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/bandwidth.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MAX_MS (60 * MS_PER_S)

static const char *const kind_names[LIMIT_KINDS] = {
	[LIMIT_TOTAL] = "total",
	[LIMIT_WORKSPACE] = "workspace",
	[LIMIT_RULE] = "rule",
};

const char *limit_kind_name(enum limit_kind kind)
{
	return kind_names[kind];
}

/* "2.0 MiB/s until 2026-11-22 18:00:00 +01:00" */
static void tell(const struct limit *limit)
{
	char rate[32] = "no limit", until[40] = "";

	if (limit->rate > 0)
		size_format_human(limit->rate, rate);
	if (limit->until_s)
		time_format_local(limit->until_s * NS_PER_S, until);
	log_info(NULL, "bandwidth%s%s%s%s: %s%s%s%s",
		limit->kind == LIMIT_TOTAL ? "" : " of ",
		limit->kind == LIMIT_TOTAL ? "" : limit_kind_name(limit->kind),
		limit->name[0] ? " " : "", limit->name, rate,
		limit->rate > 0 ? "/s" : "", until[0] ? " until " : "", until);
}

/* ---- now ---- */

static void on_timer(uv_timer_t *timer);

static void look(struct limits *limits, bool anew)
{
	const int64_t now_ns = clock_system.wall_ns();
	int64_t sleep_ms = INT64_MAX;
	bool changed = anew;

	for (size_t i = 0; i < limits->n; i++) {
		struct limit *limit = &limits->items[i];
		int64_t rate = bandwidth_at(limit->bandwidth, now_ns / NS_PER_S,
			clock_utc_offset, &limit->until_s);
		bool other = anew || rate != limit->rate;
		limit->rate = rate;
		changed |= other;
		if (other)
			tell(limit);
		if (limit->until_s == 0)
			continue;
		int64_t left_ms = (limit->until_s * NS_PER_S - now_ns) / NS_PER_MS + 1;
		if (left_ms < sleep_ms)
			sleep_ms = left_ms;
	}
	uv_timer_stop(&limits->timer);
	if (sleep_ms < INT64_MAX)
		uv_timer_start(&limits->timer, on_timer,
			(uint64_t)(sleep_ms < LOOK_MAX_MS ? sleep_ms : LOOK_MAX_MS), 0);
	if (changed)
		limits->changed(limits);
}

static void on_timer(uv_timer_t *timer)
{
	look(container_of(timer, struct limits, timer), false);
}

/* ---- the items ---- */

static void release(struct limits *limits)
{
	for (size_t i = 0; i < limits->n; i++) {
		free(limits->items[i].name);
		free(limits->items[i].bandwidth);
	}
	free(limits->items);
	limits->items = NULL;
	limits->n = 0;
}

static void add(struct limits *limits, enum limit_kind kind, const char *name,
	const struct bandwidth *bandwidth)
{
	if (!bandwidth)
		return;
	limits->items = mem_grow(limits->items, limits->n + 1, sizeof(*limits->items));
	limits->items[limits->n++] = (struct limit){
		.kind = kind,
		.name = mem_strdup(name),
		.bandwidth = bandwidth_copy(bandwidth),
	};
}

void limits_take(struct limits *limits, const struct config *config)
{
	release(limits);
	add(limits, LIMIT_TOTAL, "", config->transfer.bandwidth);
	for (size_t i = 0; i < config->n_workspaces; i++)
		add(limits, LIMIT_WORKSPACE, config->workspaces[i].name,
			config->workspaces[i].bandwidth);
	for (size_t i = 0; i < config->n_rules; i++)
		add(limits, LIMIT_RULE, config->rules[i].name,
			config->rules[i].bandwidth);
	look(limits, true);
}

void limits_open(
	struct limits *limits, uv_loop_t *loop, void (*changed)(struct limits *limits))
{
	limits->changed = changed;
	uv_timer_init(loop, &limits->timer);
}

void limits_close(struct limits *limits, uv_close_cb closed)
{
	release(limits);
	uv_close((uv_handle_t *)&limits->timer, closed);
}
