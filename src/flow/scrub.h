/*
 * The scrub: verifies the archive bit by bit in the background (scrub = 2%/day), for
 * each workspace at its own pace, and goes on after a restart where it was. Damage is
 * told in the asset's story, the log, a warning and the metrics; repairing it is for a
 * person to ask for. Loop thread only.
 */
#ifndef VODKEEP_FLOW_SCRUB_H
#define VODKEEP_FLOW_SCRUB_H

#include "flow/archive_env.h"

struct scrub;

/* All in @env is borrowed, and outlives the scrub, whose pace is that of
 * keeper_settings(). */
struct scrub *scrub_new(const struct archive_env *env);

/* How far it is in a workspace; times are 0 where there was none. */
struct scrub_place {
	int64_t row;      /* the asset looked at last in this pass; 0 none */
	int64_t began_ns; /* this pass */
	int64_t ended_ns; /* the last whole pass */
	int64_t last_ns;  /* when the last asset was looked at */
};
struct scrub_place scrub_place(const struct scrub *scrub, const char *workspace);

/* Ends what goes on, frees, then closed(arg); before keeper and store are closed. */
void scrub_close(struct scrub *scrub, void (*closed)(void *arg), void *arg);

#endif
