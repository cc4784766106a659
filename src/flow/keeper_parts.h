/*
 * Private to flow/keeper*.c: lanes, and the turn that serves them.
 */
#ifndef VODKEEP_FLOW_KEEPER_PARTS_H
#define VODKEEP_FLOW_KEEPER_PARTS_H

#include "flow/api.h"
#include "flow/assign.h"
#include "flow/guard.h"
#include "flow/keeper.h"
#include "flow/look.h"
#include "flow/reconcile.h"
#include "flow/retention.h"
#include "flow/slots.h"

#define TICK_SOON_MS 1

struct lane {
	char *name;
	bool paused;
	bool dirty;       /* something may be due that has not been asked for */
	bool asking;      /* store_due() is on its way */
	int64_t asked_ms; /* monotonic: … when it was last sent; 0 never */
	int64_t next_ns;  /* the store's next due time; 0 none */
	size_t looks;
	int64_t *ended; /* rows whose looks ended while store_due() was on its way */
	size_t n_ended;
	struct slots *removals; /* one at a time */
	struct reconcile *walk;
	bool walk_asked;         /* the present one was asked for by a person */
	int64_t sweep_wanted_ns; /* a nameless deletion to follow up; 0 none */
	int64_t walk_at_ms;      /* monotonic: none before; after failures */
	int64_t full_ms;         /* monotonic: when the last full walk ended */
	bool full_once;          /* there has been one since the start */
	int walk_attempts;
	int64_t resume_ns; /* a full walk that has not ended; 0 none */
	int resume_page;
	struct reconcile_report reports[2]; /* of what people asked for: full, dry */
};

struct keeper {
	struct keeper_options o;
	struct settings *settings;
	struct api *api;
	struct guard *guard;
	struct file_slots *slots;
	struct breakers *breakers;
	struct look_env env;
	struct reconcile_env walk_env;
	struct retention *retention;
	struct assign *assign;
	struct look **looks;
	size_t n_looks;
	struct lane *lanes;
	size_t n_lanes, turn;
	bool paused_all, held;
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
/* What a walk tells: it has made something due; it has ended. */
void keeper_walk_news(void *arg, struct reconcile *walk);
void keeper_walk_done(void *arg, struct reconcile *walk, const struct err *err);

/* ---- keeper_reconcile.c ---- */

/* Remember since when the workspace is served, if that is not known yet. */
void keeper_note_began(struct keeper *keeper, const struct lane *lane);
/* What keeper_reconcile() answers. */
int64_t keeper_walk_ask(struct lane *lane, bool dry_run);
/* How a walk went, and when the next is due. */
void keeper_walk_ended(
	struct keeper *keeper, struct reconcile *walk, const struct err *err);
/* Begin the walk that is wanted, if any and none is going on. */
void keeper_maybe_walk(struct keeper *keeper, struct lane *lane);
/* Milliseconds until one is wanted; -1: nothing known. */
int64_t keeper_walk_wait_ms(const struct keeper *keeper, const struct lane *lane);

#endif
