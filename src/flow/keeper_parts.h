/*
 * Private to flow/keeper*.c: lanes, and the turn that serves them.
 */
#ifndef VODKEEP_FLOW_KEEPER_PARTS_H
#define VODKEEP_FLOW_KEEPER_PARTS_H

#include "flow/api.h"
#include "flow/guard.h"
#include "flow/keeper.h"
#include "flow/look.h"
#include "flow/slots.h"
#include "flow/sweep.h"

#define TICK_SOON_MS 1

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
	struct file_slots *slots;
	struct breakers *breakers;
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

/* The lane of a workspace that is or was configured, or NULL. */
struct lane *keeper_lane(struct keeper *keeper, const char *name);
/* A lane for every workspace of the settings, each to be served anew. */
void keeper_lanes_make(struct keeper *keeper);
void keeper_lanes_free(struct keeper *keeper);
/* keeper_turn.c: take a turn in @ms at the latest; one look at every lane. */
void keeper_tick_in(struct keeper *keeper, int64_t ms);
/* Tells parked() once nothing is in flight any more. */
void keeper_maybe_parked(struct keeper *keeper);
/* An asset may be due, or a host be asked again, in any lane. */
void keeper_all_dirty(struct keeper *keeper);
void keeper_look_done(void *arg, struct look *look);
struct slots *keeper_removal_turn(void *arg, const char *workspace);
void keeper_sweep_done(
	void *arg, struct sweep *sweep, const struct err *err, size_t count);

#endif
