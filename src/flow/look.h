/*
 * A look at one asset: what does the platform say, what do we want, what is missing, do
 * it.
 *
 *   load ► ask ► (prove ► decide ► remove) ► plan ► path ► fetch ► recheck ► sidecar ►
 * save
 *
 * Each step hands over to the next from a callback; any of them may end the look early
 * by settling the asset in a state with a reason and a time to look again. Whatever
 * happens, the last step writes one row. Control loop only; files are touched on the
 * pool.
 */
#ifndef VODKEEP_FLOW_LOOK_H
#define VODKEEP_FLOW_LOOK_H

#include "flow/api.h"
#include "flow/breaker.h"
#include "flow/courier.h"
#include "flow/file_slots.h"
#include "flow/guard.h"
#include "flow/slots.h"
#include "flow/transfer.h"
#include "store/store.h"

struct look;

/* What looks work with; outlives them. */
struct look_env {
	uv_loop_t *loop;
	struct store *store;
	struct archive *archive;
	const char *archive_id;
	struct transfers *transfers;
	struct http_client *client; /* for asking media hosts whether a file changed */
	struct api *api;
	struct guard *guard;
	struct file_slots *slots;
	struct breakers *breakers;
	struct warnings *warnings;
	struct courier *courier; /* told of notices; may be NULL */
	/* The turn to remove files in a workspace: one look at a time, so that each
	 * sees what the others have removed (max_delete). Valid as long as the env. */
	struct slots *(*removal_turn)(void *arg, const char *workspace);
	/* Once for each look, last; it is freed after. */
	void (*done)(void *arg, struct look *look);
	void *arg;
};

struct look *look_start(const struct look_env *env, struct settings *settings,
	const struct workspace_config *ws, int64_t row);
/* Stop: transfers are parked, what is known is saved, the asset stays due. */
void look_stop(struct look *look);
int64_t look_row(const struct look *look);
const char *look_workspace(const struct look *look);
/* Whether it is fetching or downloading right now, which the store need not know. What
 * is archived already stays archived to others while it is only looked at again. */
bool look_live_state(const struct look *look, enum asset_state *state);

#endif
