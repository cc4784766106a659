/*
 * The keeper: lanes of due assets, one for each workspace; its life, and what others
 * tell it. When a lane is served is keeper_turn.c's, what happens to an asset look.c's.
 */
#include <config.h>

#include "flow/keeper.h"

#include "base/log.h"
#include "base/mem.h"
#include "flow/keeper_parts.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- from outside ---- */

void keeper_news(
	struct keeper *keeper, const char *workspace, int64_t row, bool stops_work)
{
	struct lane *lane = keeper_lane(keeper, workspace);

	if (!lane || keeper->parking)
		return;
	lane->dirty = true;
	if (stops_work)
		for (size_t i = 0; i < keeper->n_looks; i++)
			if (look_row(keeper->looks[i]) == row)
				look_stop(keeper->looks[i]);
	keeper_tick_in(keeper, TICK_SOON_MS);
}

void keeper_asked(struct keeper *keeper, const char *workspace)
{
	api_ask_again(keeper->api, workspace);
	breakers_hurry(keeper->breakers);
	keeper_tick_in(keeper, TICK_SOON_MS);
}

void keeper_sweep(struct keeper *keeper, const char *workspace, int64_t deleted_ns)
{
	struct lane *lane = keeper_lane(keeper, workspace);

	if (!lane || keeper->parking)
		return;
	if (deleted_ns > lane->sweep_wanted_ns)
		lane->sweep_wanted_ns = deleted_ns;
	keeper_tick_in(keeper, TICK_SOON_MS);
}

int64_t keeper_reconcile(
	struct keeper *keeper, const char *workspace, bool dry_run, struct err *err)
{
	struct lane *lane = keeper_lane(keeper, workspace);
	int64_t number;

	if (!lane)
		return err_set(
			err, ERR_NOT_FOUND, "there is no workspace %s", workspace);
	if (keeper->paused_all || lane->paused)
		return err_set(err, ERR_LOCAL,
			"%s is paused: `vodkeep resume' lets it be reconciled",
			workspace);
	number = keeper_walk_ask(lane, dry_run);
	keeper_tick_in(keeper, TICK_SOON_MS);
	return number;
}

static void on_paused_stored(void *arg, const struct err *err)
{
	struct log_about about = { 0 };

	(void)arg;
	if (err->class != ERR_NONE)
		log_error(&about,
			"the pause could not be stored (%s): it is forgotten when the "
			"agent restarts",
			err->text);
}

static void pause_lane(struct keeper *keeper, struct lane *lane, bool paused)
{
	if (lane->paused == paused)
		return;
	lane->paused = paused;
	store_set_paused(keeper->o.store, lane->name, paused, on_paused_stored, NULL);
}

static void pause_all(struct keeper *keeper, bool paused)
{
	keeper->paused_all = paused;
	store_set_paused(keeper->o.store, "", paused, on_paused_stored, NULL);
	for (size_t i = 0; !paused && i < keeper->n_lanes; i++)
		pause_lane(keeper, &keeper->lanes[i], false);
}

/* One workspace goes on while everything is paused: the pause stays with the others. */
static void resume_one(struct keeper *keeper, struct lane *lane)
{
	if (keeper->paused_all) {
		pause_all(keeper, false);
		for (size_t i = 0; i < keeper->n_lanes; i++)
			pause_lane(keeper, &keeper->lanes[i], true);
	}
	pause_lane(keeper, lane, false);
}

static void stop_paused_looks(struct keeper *keeper)
{
	for (size_t i = 0; i < keeper->n_looks; i++)
		if (keeper_paused(keeper, look_workspace(keeper->looks[i])))
			look_stop(keeper->looks[i]);
}

void keeper_set_paused(struct keeper *keeper, const char *workspace, bool paused)
{
	struct lane *lane = keeper_lane(keeper, workspace);
	char key[96];

	if (!workspace[0])
		pause_all(keeper, paused);
	else if (lane && paused)
		pause_lane(keeper, lane, true);
	else if (lane)
		resume_one(keeper, lane);
	if (paused) {
		stop_paused_looks(keeper);
		return;
	}
	for (size_t i = 0; i < keeper->n_lanes; i++) {
		if (workspace[0] && &keeper->lanes[i] != lane)
			continue;
		snprintf(key, sizeof(key), "deletions/%s", keeper->lanes[i].name);
		warnings_clear(keeper->o.warnings, key);
		keeper->lanes[i].dirty = true;
	}
	keeper_tick_in(keeper, TICK_SOON_MS);
}

bool keeper_paused(const struct keeper *keeper, const char *workspace)
{
	if (keeper->paused_all || !workspace[0])
		return keeper->paused_all;
	for (size_t i = 0; i < keeper->n_lanes; i++)
		if (strcmp(keeper->lanes[i].name, workspace) == 0)
			return keeper->lanes[i].paused;
	return false;
}

void keeper_hold(struct keeper *keeper, bool held)
{
	keeper->held = held;
	if (!held && !keeper->parking)
		keeper_all_dirty(keeper);
}

bool keeper_live_state(
	const struct keeper *keeper, int64_t row, enum asset_state *state)
{
	for (size_t i = 0; i < keeper->n_looks; i++)
		if (look_row(keeper->looks[i]) == row)
			return look_live_state(keeper->looks[i], state);
	return false;
}

bool keeper_time_agrees(const struct keeper *keeper)
{
	int64_t ahead_ns;

	return witness_ask(api_witness(keeper->api), clock_system.wall_ns(),
		       clock_system.mono_ms(), &ahead_ns) == WITNESS_AGREES;
}

struct settings *keeper_settings(const struct keeper *keeper)
{
	return keeper->settings;
}

void keeper_space(
	const struct keeper *keeper, int64_t *free_bytes, int64_t *total_bytes)
{
	guard_space(keeper->guard, free_bytes, total_bytes);
}

size_t keeper_files_waiting(const struct keeper *keeper)
{
	return file_slots_waiting(keeper->slots);
}

size_t keeper_looks(const struct keeper *keeper)
{
	return keeper->n_looks;
}

/* ---- life ---- */

static void on_guard(void *arg, bool well)
{
	struct keeper *keeper = arg;

	transfers_pause(keeper->o.transfers, !well);
	retention_hurry(keeper->retention);
	if (well)
		keeper_all_dirty(keeper);
}

static void on_hosts(void *arg)
{
	keeper_all_dirty(arg);
}

static bool holds_lanes(void *arg, const char *way)
{
	const struct keeper *keeper = arg;

	return api_has_way(keeper->api, way);
}

/* ---- what retention asks of its keeper ---- */

static struct settings *present_settings(void *arg)
{
	const struct keeper *keeper = arg;

	return keeper->settings;
}

static bool is_paused(void *arg, const char *workspace)
{
	return keeper_paused(arg, workspace);
}

static void on_retire_news(void *arg, const char *workspace)
{
	keeper_news(arg, workspace, 0, false);
}

static bool pressure_chose(void *arg, int64_t row)
{
	const struct keeper *keeper = arg;

	return retention_chose(keeper->retention, row);
}

static void on_assigned(void *arg)
{
	const struct keeper *keeper = arg;

	retention_reload(keeper->retention);
}

static void make_retention(struct keeper *keeper)
{
	struct retention_env env = {
		.loop = keeper->o.loop,
		.store = keeper->o.store,
		.api = keeper->api,
		.guard = keeper->guard,
		.warnings = keeper->o.warnings,
		.settings = present_settings,
		.paused = is_paused,
		.news = on_retire_news,
		.arg = keeper,
	};

	keeper->retention = retention_new(&env);
	keeper->assign = assign_new(
		keeper->o.loop, keeper->o.store, keeper->settings, on_assigned, keeper);
}

static void share_slots(struct keeper *keeper)
{
	const struct config *config = keeper->settings->config;

	file_slots_configure(keeper->slots, config->transfer.concurrency,
		config->transfer.per_host, config->n_workspaces);
}

/* What watches over the work; guard_open() may fail, the rest not. */
static void drop_watch(struct keeper *keeper)
{
	breakers_free(keeper->breakers);
	api_free(keeper->api);
	file_slots_free(keeper->slots);
	settings_unref(keeper->settings);
}

static void make_watch(struct keeper *keeper)
{
	struct breakers_options options = {
		.store = keeper->o.store,
		.warnings = keeper->o.warnings,
		.changed = on_hosts,
		.holds = holds_lanes,
		.arg = keeper,
	};

	keeper->breakers = breakers_new(&options);
	keeper->api = api_new(keeper->o.api, keeper->o.warnings, keeper->breakers);
	keeper->slots = file_slots_new();
	share_slots(keeper);
}

static void on_workspaces(void *arg, const struct err *err,
	const struct workspace_state *states, size_t n)
{
	struct keeper *keeper = arg;
	struct log_about about = { 0 };

	keeper->storing = false;
	if (err->class != ERR_NONE)
		log_error(&about, "what is paused cannot be read: %s", err->text);
	for (size_t i = 0; i < n; i++) {
		struct lane *lane = keeper_lane(keeper, states[i].name);

		if (!states[i].name[0])
			keeper->paused_all = states[i].paused;
		if (!lane)
			continue;
		lane->paused = states[i].paused;
		/* A deletion may have come since the store was asked. */
		if (states[i].sweep_wanted_ns > lane->sweep_wanted_ns)
			lane->sweep_wanted_ns = states[i].sweep_wanted_ns;
		lane->resume_ns = states[i].walk_ns;
		lane->resume_page = states[i].walk_page;
	}
	for (size_t i = 0; !keeper->parking && i < keeper->n_lanes; i++)
		keeper_note_began(keeper, &keeper->lanes[i]);
	if (keeper->parking)
		keeper_maybe_parked(keeper);
	else
		keeper_tick_in(keeper, TICK_SOON_MS);
}

int keeper_open(
	struct keeper **out, const struct keeper_options *options, struct err *err)
{
	struct keeper *keeper = mem_alloc(sizeof(*keeper));
	struct guard_events guard_events = { .changed = on_guard, .arg = keeper };
	int r;

	keeper->o = *options;
	keeper->settings = settings_ref(options->settings);
	make_watch(keeper);
	r = guard_open(&keeper->guard, options->loop, options->archive,
		options->archive_id, &keeper->settings->config->transfer.min_free,
		options->warnings, &guard_events, err);
	if (r < 0) {
		drop_watch(keeper);
		free(keeper);
		return r;
	}
	uv_timer_init(options->loop, &keeper->timer);
	keeper->open = 4;
	keeper->env = (struct look_env){
		.loop = options->loop,
		.store = options->store,
		.archive = options->archive,
		.archive_id = options->archive_id,
		.transfers = options->transfers,
		.client = options->api,
		.api = keeper->api,
		.guard = keeper->guard,
		.slots = keeper->slots,
		.breakers = keeper->breakers,
		.warnings = options->warnings,
		.courier = options->courier,
		.removal_turn = keeper_removal_turn,
		.chosen = pressure_chose,
		.done = keeper_look_done,
		.arg = keeper,
	};
	keeper->walk_env = (struct reconcile_env){
		.loop = options->loop,
		.store = options->store,
		.api = keeper->api,
		.news = keeper_walk_news,
		.done = keeper_walk_done,
		.arg = keeper,
	};
	make_retention(keeper);
	keeper_lanes_make(keeper);
	breakers_reset(keeper->breakers, keeper->settings->config);
	keeper->storing = true;
	store_workspaces(options->store, on_workspaces, keeper);
	*out = keeper;
	return 0;
}

void keeper_reload(struct keeper *keeper, struct settings *settings)
{
	settings_unref(keeper->settings);
	keeper->settings = settings_ref(settings);
	share_slots(keeper);
	guard_configure(keeper->guard, &settings->config->transfer.min_free);
	api_unblock(keeper->api);
	breakers_reset(keeper->breakers, settings->config);
	keeper_lanes_make(keeper);
	assign_reload(keeper->assign, settings);
	retention_reload(keeper->retention);
	keeper_tick_in(keeper, TICK_SOON_MS);
}

void keeper_park(struct keeper *keeper, void (*parked)(void *arg), void *arg)
{
	keeper->parking = true;
	keeper->parked = parked;
	keeper->parked_arg = arg;
	assign_stop(keeper->assign);
	retention_stop(keeper->retention);
	for (size_t i = 0; i < keeper->n_looks; i++)
		look_stop(keeper->looks[i]);
	for (size_t i = 0; i < keeper->n_lanes; i++)
		if (keeper->lanes[i].walk)
			reconcile_stop(keeper->lanes[i].walk);
	transfers_park(keeper->o.transfers);
	keeper_maybe_parked(keeper);
}

static void drop(struct keeper *keeper)
{
	if (--keeper->open > 0)
		return;
	keeper_lanes_free(keeper);
	free(keeper->looks);
	drop_watch(keeper);
	keeper->closed(keeper->closed_arg);
	free(keeper);
}

static void on_part_closed(void *arg)
{
	drop(arg);
}

static void on_timer_closed(uv_handle_t *handle)
{
	drop(container_of((uv_timer_t *)(void *)handle, struct keeper, timer));
}

void keeper_close(struct keeper *keeper, void (*closed)(void *arg), void *arg)
{
	assert(keeper->n_looks == 0);
	keeper->closed = closed;
	keeper->closed_arg = arg;
	assign_close(keeper->assign, on_part_closed, keeper);
	retention_close(keeper->retention, on_part_closed, keeper);
	guard_close(keeper->guard, on_part_closed, keeper);
	uv_close((uv_handle_t *)&keeper->timer, on_timer_closed);
}
