/*
 * Retention: sees to it that copies whose rule's term is over are looked at (keep), and
 * while the disk is full the oldest of rules that let them go (when_full). It only
 * makes due; the look decides (core/retire) and removes.
 *
 * One rule of one workspace at a time, from the index in the order of archiving, a few
 * assets at once, and no more than max_delete still allows in this hour. A changed
 * `keep` counts from the next turn on: what is stored is when, not until when. Control
 * loop only.
 */
#ifndef VODKEEP_FLOW_RETENTION_H
#define VODKEEP_FLOW_RETENTION_H

#include "flow/api.h"
#include "flow/guard.h"
#include "store/store.h"

struct retention;

struct retention_env {
	uv_loop_t *loop;
	struct store *store;
	struct api *api;
	struct guard *guard;
	struct warnings *warnings;
	struct settings *(*settings)(void *arg); /* the present ones, borrowed */
	/* Whether nothing is looked at in @workspace. */
	bool (*paused)(void *arg, const char *workspace);
	/* Something is due in @workspace. */
	void (*news)(void *arg, const char *workspace);
	void *arg;
};
struct retention *retention_new(const struct retention_env *env);
/* The settings are others: a turn at once. */
void retention_reload(struct retention *retention);
/* There may be less room than min_free: a turn soon. */
void retention_hurry(struct retention *retention);
/* No turn begins any more. */
void retention_stop(struct retention *retention);
/* Whether pressure has chosen the asset of this row. */
bool retention_chose(const struct retention *retention, int64_t row);
/* Frees when nothing is under way any more, then closed(arg). */
void retention_close(struct retention *retention, void (*closed)(void *arg), void *arg);

#endif
