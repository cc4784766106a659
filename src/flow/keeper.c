/*
 * The keeper's scheduling: lanes of due assets, one for each workspace, served in turn.
 * What happens to an asset is look.c's; here is only when, and how many at once.
 */
#include <config.h>

#include "flow/keeper.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/retry.h"
#include "flow/api.h"
#include "flow/guard.h"
#include "flow/look.h"
#include "flow/slots.h"
#include "flow/sweep.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Looks beyond the file slots keep the slots busy while others still ask the platform.
 */
#define LOOKS_PER_SLOT  2
#define SWEEP_AGAIN_MS  15000
#define TICK_SOON_MS    1
#define TICK_LONGEST_MS (INT64_C(60) * 1000)

struct lane {
	char *name;
	bool paused;
	bool dirty;      /* something may be due that has not been asked for */
	bool asking;     /* store_due() is on its way */
	int64_t next_ns; /* the store's next due time; 0 none */
	size_t looks;
	struct slots *removals; /* one at a time */
	struct sweep *sweep;
	int64_t sweep_wanted_ns; /* a nameless deletion to follow up; 0 none */
	int64_t sweep_at_ms;     /* monotonic: not before */
	int sweep_attempts;
};

struct keeper {
	struct keeper_options o;
	struct settings *settings;
	struct api *api;
	struct guard *guard;
	struct slots slots;
	struct look_env env;
	struct sweep_env sweep_env;
	struct look **looks;
	size_t n_looks;
	struct lane *lanes;
	size_t n_lanes, turn;
	bool paused_all;
	uv_timer_t timer;
	bool parking, parked_told, storing;
	void (*parked)(void *arg);
	void *parked_arg;
	int open; /* handles and children to close */
	void (*closed)(void *arg);
	void *closed_arg;
};

static void tick(struct keeper *keeper);

/* ---- small helpers ---- */

static struct lane *lane_of(struct keeper *keeper, const char *name)
{
	for (size_t i = 0; i < keeper->n_lanes; i++)
		if (strcmp(keeper->lanes[i].name, name) == 0)
			return &keeper->lanes[i];
	return NULL;
}

static void make_lanes(struct keeper *keeper)
{
	const struct config *config = keeper->settings->config;

	for (size_t i = 0; i < config->n_workspaces; i++) {
		struct lane *lane = lane_of(keeper, config->workspaces[i].name);

		if (!lane) {
			keeper->lanes = mem_grow(keeper->lanes, keeper->n_lanes + 1,
				sizeof(*keeper->lanes));
			lane = &keeper->lanes[keeper->n_lanes++];
			memset(lane, 0, sizeof(*lane));
			lane->name = mem_strdup(config->workspaces[i].name);
			lane->removals = mem_alloc(sizeof(*lane->removals));
			slots_init(lane->removals, 1);
		}
		lane->dirty = true;
	}
}

static void tick_in(struct keeper *keeper, int64_t ms);

static void on_timer(uv_timer_t *timer)
{
	tick(container_of(timer, struct keeper, timer));
}

static void tick_in(struct keeper *keeper, int64_t ms)
{
	uint64_t left = uv_timer_get_due_in(&keeper->timer);
	bool active = uv_is_active((uv_handle_t *)&keeper->timer);

	if (keeper->parking && keeper->parked_told)
		return;
	if (ms < TICK_SOON_MS)
		ms = TICK_SOON_MS;
	if (active && left <= (uint64_t)ms)
		return;
	uv_timer_start(&keeper->timer, on_timer, (uint64_t)ms, 0);
}

static bool in_flight(const struct keeper *keeper, int64_t row)
{
	for (size_t i = 0; i < keeper->n_looks; i++)
		if (look_row(keeper->looks[i]) == row)
			return true;
	return false;
}

static size_t looks_max(const struct keeper *keeper)
{
	return (size_t)keeper->slots.limit * LOOKS_PER_SLOT;
}

/* ---- looks ---- */

static void maybe_parked(struct keeper *keeper)
{
	if (!keeper->parking || keeper->parked_told || keeper->n_looks > 0)
		return;
	for (size_t i = 0; i < keeper->n_lanes; i++)
		if (keeper->lanes[i].sweep || keeper->lanes[i].asking)
			return;
	if (keeper->storing)
		return;
	keeper->parked_told = true;
	uv_timer_stop(&keeper->timer);
	keeper->parked(keeper->parked_arg);
}

static void on_look_done(void *arg, struct look *look)
{
	struct keeper *keeper = arg;
	struct lane *lane = lane_of(keeper, look_workspace(look));

	for (size_t i = 0; i < keeper->n_looks; i++) {
		if (keeper->looks[i] == look) {
			keeper->looks[i] = keeper->looks[--keeper->n_looks];
			break;
		}
	}
	if (lane) {
		lane->looks--;
		lane->dirty = true;
	}
	if (keeper->parking)
		maybe_parked(keeper);
	else
		tick_in(keeper, TICK_SOON_MS);
}

static struct slots *removal_turn(void *arg, const char *workspace)
{
	return lane_of(arg, workspace)->removals;
}

static void start_look(struct keeper *keeper, struct lane *lane, int64_t row)
{
	const struct workspace_config *ws =
		config_workspace(keeper->settings->config, lane->name);

	keeper->looks =
		mem_grow(keeper->looks, keeper->n_looks + 1, sizeof(struct look *));
	lane->looks++;
	keeper->looks[keeper->n_looks++] =
		look_start(&keeper->env, keeper->settings, ws, row);
}

/* ---- due ---- */

struct asking {
	struct keeper *keeper;
	char *workspace;
};

static void on_due(void *arg, const struct err *err, const struct due_asset *due,
	size_t n, int64_t next_ns)
{
	struct asking *asking = arg;
	struct keeper *keeper = asking->keeper;
	struct lane *lane = lane_of(keeper, asking->workspace);

	free(asking->workspace);
	free(asking);
	lane->asking = false;
	if (keeper->parking) {
		maybe_parked(keeper);
		return;
	}
	if (err->class != ERR_NONE) {
		warnings_set(keeper->o.warnings, "store", NULL, true,
			"what is due cannot be read: %s; asked again", err->text);
		lane->dirty = true;
		tick_in(keeper, 1000);
		return;
	}
	lane->next_ns = next_ns;
	for (size_t i = 0; i < n; i++) {
		if (in_flight(keeper, due[i].row))
			continue;
		if (keeper->n_looks >= looks_max(keeper)) {
			lane->dirty = true;
			break;
		}
		start_look(keeper, lane, due[i].row);
	}
	tick_in(keeper, TICK_SOON_MS);
}

static void ask_due(struct keeper *keeper, struct lane *lane)
{
	size_t room = looks_max(keeper) - keeper->n_looks;
	size_t share = room / keeper->n_lanes + 1;
	struct asking *asking = mem_alloc(sizeof(*asking));

	asking->keeper = keeper;
	asking->workspace = mem_strdup(lane->name);
	lane->asking = true;
	lane->dirty = false;
	store_due(keeper->o.store, lane->name, clock_system.wall_ns(),
		lane->looks + share, on_due, asking);
}

/* ---- sweeps ---- */

static int64_t sweep_delay_ms(
	const struct keeper *keeper, struct lane *lane, const struct err *err)
{
	const struct config *config = keeper->settings->config;
	struct retry_limits limits = {
		.min_ms = config->transfer.retry_min_ms,
		.max_ms = config->transfer.retry_max_ms,
	};

	return retry_backoff_ms(
		&limits, ++lane->sweep_attempts, err->retry_after_ms, random_u64());
}

static void on_sweep_done(
	void *arg, struct sweep *sweep, const struct err *err, size_t count)
{
	struct keeper *keeper = arg;
	struct lane *lane = lane_of(keeper, sweep_workspace(sweep));
	struct log_about about = { .workspace = sweep_workspace(sweep) };

	lane->sweep = NULL;
	if (err->class == ERR_NONE) {
		if (lane->sweep_wanted_ns == sweep_deleted_ns(sweep))
			lane->sweep_wanted_ns = 0;
		lane->dirty = true;
		lane->sweep_attempts = 0;
		log_info(&about,
			"a deletion that names no media: the platform's list has been read, %zu "
			"assets are not in it and are asked for one by one",
			count);
	} else if (err->class != ERR_CANCELLED) {
		lane->sweep_at_ms = clock_system.mono_ms() + sweep_delay_ms(keeper, lane, err);
		log_warn(&about,
			"a deletion that names no media: the platform's list could not be read "
			"(%s); tried again in %lld s",
			err->text,
			(long long)(lane->sweep_at_ms - clock_system.mono_ms()) / 1000);
	}
	if (keeper->parking)
		maybe_parked(keeper);
	else
		tick_in(keeper, TICK_SOON_MS);
}

static void maybe_sweep(struct keeper *keeper, struct lane *lane)
{
	const struct workspace_config *ws =
		config_workspace(keeper->settings->config, lane->name);

	if (!lane->sweep_wanted_ns || lane->sweep || !ws ||
		clock_system.mono_ms() < lane->sweep_at_ms)
		return;
	lane->sweep = sweep_start(
		&keeper->sweep_env, keeper->settings, ws, lane->sweep_wanted_ns);
}

/* ---- the turn ---- */

/* Milliseconds until the lane has something to do; -1: nothing known. */
static int64_t lane_wait_ms(const struct keeper *keeper, const struct lane *lane)
{
	int64_t blocked_ms = api_blocked_ms(keeper->api, lane->name);
	int64_t wait_ms = -1;

	if (lane->next_ns > 0)
		wait_ms = (lane->next_ns - clock_system.wall_ns()) / NS_PER_MS + 1;
	if (lane->dirty)
		wait_ms = 0;
	if (lane->sweep_wanted_ns && !lane->sweep) {
		int64_t sweep_ms = lane->sweep_at_ms - clock_system.mono_ms();

		if (wait_ms < 0 || sweep_ms < wait_ms)
			wait_ms = sweep_ms < 0 ? 0 : sweep_ms;
	}
	if (wait_ms >= 0 && wait_ms < blocked_ms)
		wait_ms = blocked_ms;
	return wait_ms;
}

static bool lane_may_look(const struct keeper *keeper, const struct lane *lane)
{
	return !keeper->paused_all && !lane->paused && !lane->asking &&
	       config_workspace(keeper->settings->config, lane->name) &&
	       api_blocked_ms(keeper->api, lane->name) == 0;
}

static void tick(struct keeper *keeper)
{
	int64_t soonest_ms = TICK_LONGEST_MS;
	int64_t now_ns = clock_system.wall_ns();

	if (keeper->parking)
		return;
	for (size_t k = 0; k < keeper->n_lanes; k++) {
		struct lane *lane =
			&keeper->lanes[(keeper->turn + k) % keeper->n_lanes];
		int64_t wait_ms;

		if (lane_may_look(keeper, lane)) {
			maybe_sweep(keeper, lane);
			if (lane->next_ns > 0 && lane->next_ns <= now_ns)
				lane->dirty = true;
			if (lane->dirty && guard_present(keeper->guard) &&
				keeper->n_looks < looks_max(keeper)) {
				ask_due(keeper, lane);
				continue;
			}
			if (lane->dirty) /* a look that ends, or the guard, comes back
					  */
				continue;
		}
		wait_ms = lane_wait_ms(keeper, lane);
		if (wait_ms >= 0 && wait_ms < soonest_ms && !lane->asking &&
			!lane->paused)
			soonest_ms = wait_ms < 50 ? 50 : wait_ms;
	}
	keeper->turn++;
	tick_in(keeper, soonest_ms);
}

/* ---- from outside ---- */

void keeper_news(
	struct keeper *keeper, const char *workspace, int64_t row, bool stops_work)
{
	struct lane *lane = lane_of(keeper, workspace);

	if (!lane || keeper->parking)
		return;
	lane->dirty = true;
	if (stops_work)
		for (size_t i = 0; i < keeper->n_looks; i++)
			if (look_row(keeper->looks[i]) == row)
				look_stop(keeper->looks[i]);
	tick_in(keeper, TICK_SOON_MS);
}

void keeper_sweep(struct keeper *keeper, const char *workspace, int64_t deleted_ns)
{
	struct lane *lane = lane_of(keeper, workspace);

	if (!lane || keeper->parking)
		return;
	if (deleted_ns > lane->sweep_wanted_ns)
		lane->sweep_wanted_ns = deleted_ns;
	tick_in(keeper, TICK_SOON_MS);
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

void keeper_set_paused(struct keeper *keeper, const char *workspace, bool paused)
{
	struct lane *lane = lane_of(keeper, workspace);

	if (!workspace[0])
		keeper->paused_all = paused;
	else if (lane)
		lane->paused = paused;
	store_set_paused(keeper->o.store, workspace, paused, on_paused_stored, NULL);
	if (paused) {
		for (size_t i = 0; i < keeper->n_looks; i++)
			if (!workspace[0] || strcmp(look_workspace(keeper->looks[i]),
						     workspace) == 0)
				look_stop(keeper->looks[i]);
		return;
	}
	warnings_clear(keeper->o.warnings, "deletions");
	for (size_t i = 0; i < keeper->n_lanes; i++) {
		if (!workspace[0])
			keeper->lanes[i].paused = false;
		keeper->lanes[i].dirty = true;
	}
	tick_in(keeper, TICK_SOON_MS);
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

bool keeper_live_state(
	const struct keeper *keeper, int64_t row, enum asset_state *state)
{
	for (size_t i = 0; i < keeper->n_looks; i++) {
		if (look_row(keeper->looks[i]) == row) {
			*state = look_state(keeper->looks[i]);
			return true;
		}
	}
	return false;
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

size_t keeper_looks(const struct keeper *keeper)
{
	return keeper->n_looks;
}

/* ---- life ---- */

static void on_guard(void *arg, bool well)
{
	struct keeper *keeper = arg;

	transfers_pause(keeper->o.transfers, !well);
	if (!well)
		return;
	for (size_t i = 0; i < keeper->n_lanes; i++)
		keeper->lanes[i].dirty = true;
	tick_in(keeper, TICK_SOON_MS);
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
		struct lane *lane = lane_of(keeper, states[i].name);

		if (!states[i].name[0])
			keeper->paused_all = states[i].paused;
		if (!lane)
			continue;
		lane->paused = states[i].paused;
		lane->sweep_wanted_ns = states[i].sweep_wanted_ns;
	}
	if (keeper->parking)
		maybe_parked(keeper);
	else
		tick_in(keeper, TICK_SOON_MS);
}

int keeper_open(
	struct keeper **out, const struct keeper_options *options, struct err *err)
{
	struct keeper *keeper = mem_alloc(sizeof(*keeper));
	struct guard_events guard_events = { .changed = on_guard, .arg = keeper };
	int r;

	keeper->o = *options;
	keeper->settings = settings_ref(options->settings);
	keeper->api = api_new(options->api, options->warnings);
	slots_init(&keeper->slots, keeper->settings->config->transfer.concurrency);
	r = guard_open(&keeper->guard, options->loop, options->archive,
		options->archive_id, &keeper->settings->config->transfer.min_free,
		options->warnings, &guard_events, err);
	if (r < 0) {
		api_free(keeper->api);
		settings_unref(keeper->settings);
		free(keeper);
		return r;
	}
	uv_timer_init(options->loop, &keeper->timer);
	keeper->open = 2;
	keeper->env = (struct look_env){
		.loop = options->loop,
		.store = options->store,
		.archive = options->archive,
		.archive_id = options->archive_id,
		.transfers = options->transfers,
		.client = options->api,
		.api = keeper->api,
		.guard = keeper->guard,
		.slots = &keeper->slots,
		.warnings = options->warnings,
		.removal_turn = removal_turn,
		.done = on_look_done,
		.arg = keeper,
	};
	keeper->sweep_env = (struct sweep_env){
		.loop = options->loop,
		.store = options->store,
		.api = keeper->api,
		.done = on_sweep_done,
		.arg = keeper,
	};
	make_lanes(keeper);
	keeper->storing = true;
	store_workspaces(options->store, on_workspaces, keeper);
	*out = keeper;
	return 0;
}

void keeper_reload(struct keeper *keeper, struct settings *settings)
{
	settings_unref(keeper->settings);
	keeper->settings = settings_ref(settings);
	keeper->slots.limit = settings->config->transfer.concurrency;
	guard_configure(keeper->guard, &settings->config->transfer.min_free);
	api_unblock(keeper->api);
	make_lanes(keeper);
	tick_in(keeper, TICK_SOON_MS);
}

void keeper_park(struct keeper *keeper, void (*parked)(void *arg), void *arg)
{
	keeper->parking = true;
	keeper->parked = parked;
	keeper->parked_arg = arg;
	for (size_t i = 0; i < keeper->n_looks; i++)
		look_stop(keeper->looks[i]);
	for (size_t i = 0; i < keeper->n_lanes; i++)
		if (keeper->lanes[i].sweep)
			sweep_stop(keeper->lanes[i].sweep);
	transfers_park(keeper->o.transfers);
	maybe_parked(keeper);
}

static void drop(struct keeper *keeper)
{
	if (--keeper->open > 0)
		return;
	for (size_t i = 0; i < keeper->n_lanes; i++) {
		free(keeper->lanes[i].name);
		free(keeper->lanes[i].removals);
	}
	free(keeper->lanes);
	free(keeper->looks);
	api_free(keeper->api);
	settings_unref(keeper->settings);
	keeper->closed(keeper->closed_arg);
	free(keeper);
}

static void on_guard_closed(void *arg)
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
	guard_close(keeper->guard, on_guard_closed, keeper);
	uv_close((uv_handle_t *)&keeper->timer, on_timer_closed);
}
