/*
 * When to walk through a platform's list, and what for: a person asks, it is time to
 * reconcile, or a deletion has named no media. One walk at a time for each workspace.
 * The walk itself is reconcile.c's.
 */
#include <config.h>

#include "flow/keeper_parts.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/retry.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A walk that has not ended for so long is begun anew. */
#define RESUME_FOR_NS (INT64_C(24) * 3600 * NS_PER_S)

static const struct workspace_config *config_of(
	const struct keeper *keeper, const struct lane *lane)
{
	return config_workspace(keeper->settings->config, lane->name);
}

/* ---- what people ask for ---- */

static bool is_asked(const struct lane *lane, bool dry)
{
	return lane->reports[dry].asked > lane->reports[dry].done;
}

int64_t keeper_walk_ask(struct lane *lane, bool dry_run)
{
	struct reconcile_report *report = &lane->reports[dry_run];

	/* The one that is going on may have passed by what the person means. */
	report->asked = report->done + 1;
	if (lane->walk && lane->walk_asked &&
		(reconcile_order(lane->walk)->mode == LIST_DRY) == dry_run)
		report->asked++;
	lane->walk_at_ms = 0;
	return report->asked;
}

const struct reconcile_report *keeper_reconciled(
	struct keeper *keeper, const char *workspace, bool dry_run)
{
	struct lane *lane = keeper_lane(keeper, workspace);
	struct reconcile_report *report;

	if (!lane)
		return NULL;
	report = &lane->reports[dry_run];
	report->page = lane->walk ? reconcile_order(lane->walk)->page : 0;
	return report;
}

static void report_done(
	struct lane *lane, struct reconcile *walk, const struct err *err)
{
	bool dry = reconcile_order(walk)->mode == LIST_DRY;
	struct reconcile_report *report = &lane->reports[dry];

	if (!lane->walk_asked)
		return;
	report->done++;
	report->err = *err;
	report->listed = reconcile_listed(walk);
	differences_release(&report->found);
	differences_move(&report->found, reconcile_found(walk));
}

/* ---- how it went ---- */

static void set_warning(struct keeper *keeper, const struct lane *lane,
	const struct err *err, int64_t wait_ms)
{
	char key[96], wait[32];

	snprintf(key, sizeof(key), "reconcile/%s", lane->name);
	if (!err) {
		warnings_clear(keeper->o.warnings, key);
		return;
	}
	duration_format(wait_ms, wait);
	warnings_set(keeper->o.warnings, key, lane->name, false,
		"the platform's list of workspace %s could not be read (%s): what no "
		"delivery told is found when it can; tried again in %s",
		lane->name, err->text, wait);
}

static void walk_failed(struct keeper *keeper, struct lane *lane,
	const struct list_order *order, const struct err *err)
{
	const struct config *config = keeper->settings->config;
	struct retry_limits limits = {
		.min_ms = config->transfer.retry_min_ms,
		.max_ms = config->transfer.retry_max_ms,
	};
	int64_t wait_ms = retry_backoff_ms(
		&limits, ++lane->walk_attempts, err->retry_after_ms, random_u64());

	lane->walk_at_ms = clock_system.mono_ms() + wait_ms;
	if (order->mode == LIST_DRY)
		return;
	set_warning(keeper, lane, err, wait_ms);
}

static void walk_went_well(
	struct keeper *keeper, struct lane *lane, const struct list_order *order)
{
	lane->walk_attempts = 0;
	lane->walk_at_ms = 0;
	set_warning(keeper, lane, NULL, 0);
	if (order->mode == LIST_DRY)
		return;
	if (lane->sweep_wanted_ns == order->deleted_ns)
		lane->sweep_wanted_ns = 0;
	if (order->mode == LIST_FULL) {
		lane->full_ms = clock_system.mono_ms();
		lane->full_once = true;
	}
}

static void tell(struct reconcile *walk)
{
	const struct list_order *order = reconcile_order(walk);
	const struct differences *found = reconcile_found(walk);
	struct log_about about = { .workspace = order->workspace };
	const int64_t *counts = found->counts;

	if (order->mode == LIST_GONE)
		log_info(&about,
			"a deletion that names no media: the platform's list has been "
			"read, %" PRId64
			" assets are not in it and are asked for one by one",
			counts[LISTING_GONE]);
	else if (order->mode == LIST_FULL && differences_count(found) > 0)
		log_info(&about,
			"reconciled with the platform's list of %" PRId64 ": %" PRId64
			" missing, %" PRId64 " changed, %" PRId64 " back, %" PRId64
			" gone; each is asked for",
			reconcile_listed(walk), counts[LISTING_MISSING],
			counts[LISTING_CHANGED], counts[LISTING_BACK],
			counts[LISTING_GONE]);
	else
		log_debug(&about, "the platform's list of %" PRId64 " has been read",
			reconcile_listed(walk));
}

void keeper_walk_ended(
	struct keeper *keeper, struct reconcile *walk, const struct err *err)
{
	const struct list_order *order = reconcile_order(walk);
	struct lane *lane = keeper_lane(keeper, order->workspace);

	lane->walk = NULL;
	lane->dirty = true;
	if (order->mode == LIST_FULL) {
		lane->resume_ns = err->class != ERR_NONE ? order->walk_ns : 0;
		lane->resume_page = order->page;
	}
	if (err->class == ERR_NONE) {
		tell(walk);
		walk_went_well(keeper, lane, order);
	} else if (err->class != ERR_CANCELLED) {
		walk_failed(keeper, lane, order, err);
	}
	report_done(lane, walk, err);
}

/* ---- which, and when ---- */

static void on_began_stored(void *arg, const struct err *err)
{
	(void)arg;
	if (err->class != ERR_NONE)
		log_error(NULL,
			"when a workspace was first served could not be stored: %s",
			err->text);
}

/* When vodkeep first served the workspace: what was made before is the library that
 * existed then. */
static int64_t began_ns(struct keeper *keeper, const struct lane *lane)
{
	char *key = mem_printf("began/%s", lane->name);
	const char *known = store_meta(keeper->o.store, key);
	int64_t at_ns = known ? strtoll(known, NULL, 10) : 0;

	if (at_ns <= 0) {
		char *value;

		at_ns = clock_system.wall_ns();
		value = mem_printf("%" PRId64, at_ns);
		store_put_meta(keeper->o.store, key, value, on_began_stored, NULL);
		free(value);
	}
	free(key);
	return at_ns;
}

void keeper_note_began(struct keeper *keeper, const struct lane *lane)
{
	began_ns(keeper, lane);
}

static bool is_time(const struct lane *lane, const struct workspace_config *ws)
{
	if (lane->resume_ns > 0) /* begun, and not ended: also one that was asked for */
		return true;
	return ws->reconcile_ms > 0 &&
	       (!lane->full_once ||
		       clock_system.mono_ms() >= lane->full_ms + ws->reconcile_ms);
}

static void start(struct keeper *keeper, struct lane *lane,
	const struct workspace_config *ws, enum list_mode mode, bool asked)
{
	struct list_order order = {
		.mode = mode,
		.walk_ns = clock_system.wall_ns(),
		.deleted_ns = mode == LIST_DRY ? 0 : lane->sweep_wanted_ns,
		.began_ns = began_ns(keeper, lane),
		.backfill = ws->backfill,
		.since_ns = ws->backfill_since_ns,
	};

	if (mode == LIST_FULL && !asked && lane->resume_ns > 0 &&
		lane->resume_ns < order.walk_ns &&
		order.walk_ns - lane->resume_ns < RESUME_FOR_NS) {
		order.walk_ns = lane->resume_ns;
		order.page = lane->resume_page;
		/* It may have passed by what was deleted since. */
		order.deleted_ns = 0;
	}
	lane->walk_asked = asked;
	lane->walk = reconcile_start(&keeper->walk_env, keeper->settings, ws, &order);
}

void keeper_maybe_walk(struct keeper *keeper, struct lane *lane)
{
	const struct workspace_config *ws = config_of(keeper, lane);

	if (lane->walk || !ws || keeper->storing ||
		clock_system.mono_ms() < lane->walk_at_ms)
		return;
	if (is_asked(lane, true))
		start(keeper, lane, ws, LIST_DRY, true);
	else if (is_asked(lane, false))
		start(keeper, lane, ws, LIST_FULL, true);
	else if (is_time(lane, ws))
		start(keeper, lane, ws, LIST_FULL, false);
	else if (lane->sweep_wanted_ns)
		start(keeper, lane, ws, LIST_GONE, false);
}

int64_t keeper_walk_wait_ms(const struct keeper *keeper, const struct lane *lane)
{
	const struct workspace_config *ws = config_of(keeper, lane);
	int64_t now_ms = clock_system.mono_ms(), wait_ms = -1;

	if (lane->walk || !ws)
		return -1;
	if (is_asked(lane, true) || is_asked(lane, false) || lane->sweep_wanted_ns ||
		is_time(lane, ws))
		wait_ms = 0;
	else if (ws->reconcile_ms > 0)
		wait_ms = lane->full_ms + ws->reconcile_ms - now_ms;
	if (wait_ms >= 0 && wait_ms < lane->walk_at_ms - now_ms)
		wait_ms = lane->walk_at_ms - now_ms;
	return wait_ms;
}
