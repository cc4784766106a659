/*
 * One walk through a platform's list, page by page and gently, comparing it with what
 * the store knows: to reconcile, to tell only what differs, or to find out which media
 * is gone when a deleted event names nobody (FastPix documents only data.success).
 * What differs becomes due in the store: each is then decided by a look of its own.
 * Control loop only.
 */
#ifndef VODKEEP_FLOW_RECONCILE_H
#define VODKEEP_FLOW_RECONCILE_H

#include "flow/api.h"
#include "store/store.h"

struct reconcile;

struct reconcile_env {
	uv_loop_t *loop;
	struct store *store;
	struct api *api;
	/* A page has made something due. */
	void (*news)(void *arg, struct reconcile *walk);
	/* The list is through (err NONE), or it could not be read: try again later,
	 * from reconcile_order()'s page on. Once, last. */
	void (*done)(void *arg, struct reconcile *walk, const struct err *err);
	void *arg;
};
/* @order is copied but for its workspace, which is that of @ws; a page above 1 goes on
 * where a walk of the same walk_ns ended. */
struct reconcile *reconcile_start(const struct reconcile_env *env,
	struct settings *settings, const struct workspace_config *ws,
	const struct list_order *order);
/* Where it is: page is the last that has been dealt with, 0 none. */
const struct list_order *reconcile_order(const struct reconcile *walk);
/* What differs so far. */
struct differences *reconcile_found(struct reconcile *walk);
/* How many entries the list has had so far. */
int64_t reconcile_listed(const struct reconcile *walk);
/* done() follows with ERR_CANCELLED at the next step. */
void reconcile_stop(struct reconcile *walk);

#endif
