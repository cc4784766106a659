/*
 * The keeper's turn: which lane may look, what is due in it, which walk is wanted, and
 * when to come back.
 */
#include <config.h>

#include "flow/keeper_parts.h"

#include "base/clock.h"
#include "base/mem.h"
#include <stdlib.h>

/* Looks of one lane beyond the file slots keep the slots busy while others still ask
 * the platform, or place what they have. Each lane has as many, so that none waits for
 * another's long downloads. */
#define LOOKS_PER_SLOT 3
/* What is due is read for several looks at once: when a share of them has ended, or
 * after a while, not after each one. */
#define ROOM_SHARE   4
#define ASK_AGAIN_MS 20
/* Looks that wait only because their host is busy do not count, up to so many more:
 * what other hosts have is found behind them. */
#define STUCK_PER_SLOT  8
#define TICK_LONGEST_MS (INT64_C(60) * 1000)

static void tick(struct keeper *keeper);

static void on_timer(uv_timer_t *timer)
{
	tick(container_of(timer, struct keeper, timer));
}

void keeper_tick_in(struct keeper *keeper, int64_t ms)
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

static size_t looks_max(const struct keeper *keeper, const struct lane *lane)
{
	size_t slots = (size_t)file_slots_limit(keeper->slots);
	size_t stuck = file_slots_stuck(keeper->slots, lane->name);

	if (stuck > slots * STUCK_PER_SLOT)
		stuck = slots * STUCK_PER_SLOT;
	return slots * LOOKS_PER_SLOT + stuck;
}

void keeper_all_dirty(struct keeper *keeper)
{
	for (size_t i = 0; i < keeper->n_lanes; i++)
		keeper->lanes[i].dirty = true;
	keeper_tick_in(keeper, TICK_SOON_MS);
}

static bool lane_may_look(const struct keeper *keeper, const struct lane *lane)
{
	return !keeper->held && !keeper->paused_all && !lane->paused && !lane->asking &&
	       config_workspace(keeper->settings->config, lane->name) &&
	       api_blocked_ms(keeper->api, lane->name) == 0 &&
	       (lane->looks == 0 || !api_on_trial(keeper->api, lane->name));
}

/* ---- looks ---- */

void keeper_maybe_parked(struct keeper *keeper)
{
	if (!keeper->parking || keeper->parked_told || keeper->n_looks > 0)
		return;
	for (size_t i = 0; i < keeper->n_lanes; i++)
		if (keeper->lanes[i].walk || keeper->lanes[i].asking)
			return;
	if (keeper->storing)
		return;
	keeper->parked_told = true;
	uv_timer_stop(&keeper->timer);
	keeper->parked(keeper->parked_arg);
}

void keeper_look_done(void *arg, struct look *look)
{
	struct keeper *keeper = arg;
	struct lane *lane = keeper_lane(keeper, look_workspace(look));

	for (size_t i = 0; i < keeper->n_looks; i++) {
		if (keeper->looks[i] == look) {
			keeper->looks[i] = keeper->looks[--keeper->n_looks];
			break;
		}
	}
	if (lane) {
		if (lane->asking) {
			lane->ended = mem_grow(
				lane->ended, lane->n_ended + 1, sizeof(*lane->ended));
			lane->ended[lane->n_ended++] = look_row(look);
		}
		lane->looks--;
		lane->dirty = true;
	}
	if (keeper->parking)
		keeper_maybe_parked(keeper);
	else
		keeper_tick_in(keeper, TICK_SOON_MS);
}

struct slots *keeper_removal_turn(void *arg, const char *workspace)
{
	return keeper_lane(arg, workspace)->removals;
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

/* What the store has read as due may be so no more: the lane asks again. */
static bool has_ended(const struct lane *lane, int64_t row)
{
	for (size_t i = 0; i < lane->n_ended; i++)
		if (lane->ended[i] == row)
			return true;
	return false;
}

static void on_due(void *arg, const struct err *err, const struct due_asset *due,
	size_t n, int64_t next_ns)
{
	struct asking *asking = arg;
	struct keeper *keeper = asking->keeper;
	struct lane *lane = keeper_lane(keeper, asking->workspace);

	free(asking->workspace);
	free(asking);
	lane->asking = false;
	if (keeper->parking) {
		keeper_maybe_parked(keeper);
		return;
	}
	if (err->class != ERR_NONE) {
		warnings_set(keeper->o.warnings, "store", NULL, true,
			"what is due cannot be read: %s; asked again", err->text);
		lane->dirty = true;
		keeper_tick_in(keeper, 1000);
		return;
	}
	lane->next_ns = next_ns;
	if (!lane_may_look(keeper, lane)) /* paused or reloaded meanwhile */
		lane->dirty = true;
	for (size_t i = 0; i < n && lane_may_look(keeper, lane); i++) {
		if (in_flight(keeper, due[i].row) || has_ended(lane, due[i].row))
			continue;
		if (lane->looks >= looks_max(keeper, lane) ||
			(lane->looks > 0 && api_on_trial(keeper->api, lane->name))) {
			lane->dirty = true;
			break;
		}
		start_look(keeper, lane, due[i].row);
	}
	keeper_tick_in(keeper, TICK_SOON_MS);
}

static void ask_due(struct keeper *keeper, struct lane *lane)
{
	struct asking *asking = mem_alloc(sizeof(*asking));

	asking->keeper = keeper;
	asking->workspace = mem_strdup(lane->name);
	lane->asking = true;
	lane->asked_ms = clock_system.mono_ms();
	lane->n_ended = 0;
	lane->dirty = false;
	store_due(keeper->o.store, lane->name, clock_system.wall_ns(),
		looks_max(keeper, lane), on_due, asking);
}

/* ---- walks through the platforms' lists ---- */

void keeper_walk_news(void *arg, struct reconcile *walk)
{
	struct keeper *keeper = arg;

	keeper_lane(keeper, reconcile_order(walk)->workspace)->dirty = true;
	keeper_tick_in(keeper, TICK_SOON_MS);
}

void keeper_walk_done(void *arg, struct reconcile *walk, const struct err *err)
{
	struct keeper *keeper = arg;

	keeper_walk_ended(keeper, walk, err);
	if (keeper->parking)
		keeper_maybe_parked(keeper);
	else
		keeper_tick_in(keeper, TICK_SOON_MS);
}

/* ---- the turn ---- */

/* Milliseconds until the lane has something to do; -1: nothing known. */
static int64_t lane_wait_ms(const struct keeper *keeper, const struct lane *lane)
{
	int64_t blocked_ms = api_blocked_ms(keeper->api, lane->name);
	int64_t wait_ms = -1, walk_ms;

	if (lane->next_ns > 0)
		wait_ms = (lane->next_ns - clock_system.wall_ns()) / NS_PER_MS + 1;
	if (lane->dirty)
		wait_ms = 0;
	walk_ms = keeper_walk_wait_ms(keeper, lane);
	if (walk_ms >= 0 && (wait_ms < 0 || walk_ms < wait_ms))
		wait_ms = walk_ms;
	if (wait_ms >= 0 && wait_ms < blocked_ms)
		wait_ms = blocked_ms;
	return wait_ms;
}

/* In how long a lane that has room should ask what is due; 0 at once. */
static int64_t ask_in_ms(const struct keeper *keeper, const struct lane *lane)
{
	size_t max = looks_max(keeper, lane);
	int64_t left_ms = lane->asked_ms + ASK_AGAIN_MS - clock_system.mono_ms();

	if (lane->asked_ms == 0 || left_ms <= 0 ||
		(max - lane->looks) * ROOM_SHARE >= max)
		return 0;
	return left_ms;
}

static void tick(struct keeper *keeper)
{
	int64_t soonest_ms = TICK_LONGEST_MS, hosts_ms;
	int64_t now_ns = clock_system.wall_ns();

	if (keeper->parking)
		return;
	for (size_t k = 0; k < keeper->n_lanes; k++) {
		struct lane *lane =
			&keeper->lanes[(keeper->turn + k) % keeper->n_lanes];
		int64_t wait_ms;

		if (lane_may_look(keeper, lane)) {
			keeper_maybe_walk(keeper, lane);
			if (lane->next_ns > 0 && lane->next_ns <= now_ns)
				lane->dirty = true;
			if (lane->dirty && guard_present(keeper->guard) &&
				lane->looks < looks_max(keeper, lane)) {
				wait_ms = ask_in_ms(keeper, lane);
				if (wait_ms == 0)
					ask_due(keeper, lane);
				else if (wait_ms < soonest_ms)
					soonest_ms = wait_ms;
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
	hosts_ms = breakers_turn(keeper->breakers);
	if (hosts_ms >= 0 && hosts_ms < soonest_ms)
		soonest_ms = hosts_ms;
	keeper_tick_in(keeper, soonest_ms);
}
