/*
 * A sweep: find out which media of a workspace is gone, when a deleted event names
 * nobody (FastPix documents only data.success). Pages gently through the platform's
 * list, marks what is there, and lets the store make due what is not: each of those is
 * then confirmed by a look of its own. Control loop only.
 */
#ifndef VODKEEP_FLOW_SWEEP_H
#define VODKEEP_FLOW_SWEEP_H

#include "flow/api.h"
#include "store/store.h"

struct sweep;

struct sweep_env {
	uv_loop_t *loop;
	struct store *store;
	struct api *api;
	/* The list is through (err NONE; @count assets are due for a look), or it could
	 * not be read: try again later. Once, last. */
	void (*done)(
		void *arg, struct sweep *sweep, const struct err *err, size_t count);
	void *arg;
};
struct sweep *sweep_start(const struct sweep_env *env, struct settings *settings,
	const struct workspace_config *ws, int64_t deleted_ns);
const char *sweep_workspace(const struct sweep *sweep);
int64_t sweep_deleted_ns(const struct sweep *sweep);
/* done() follows with ERR_CANCELLED at the next step. */
void sweep_stop(struct sweep *sweep);

#endif
