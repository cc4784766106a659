/*
 * The keeper: takes due assets from the store, most urgent first and fair between
 * workspaces, and has a look at each (flow/look). It owns what limits work: file slots,
 * pauses, the guard of archive and disk, and the platforms' health. Control loop only.
 */
#ifndef VODKEEP_FLOW_KEEPER_H
#define VODKEEP_FLOW_KEEPER_H

#include "archive/archive.h"
#include "core/asset.h"
#include "flow/courier.h"
#include "flow/settings.h"
#include "flow/transfer.h"
#include "flow/warnings.h"
#include "io/http_client.h"
#include "store/store.h"

struct keeper;

struct keeper_options {
	uv_loop_t *loop;
	struct store *store;
	struct archive *archive;
	const char *archive_id;
	struct transfers *transfers;
	struct http_client *api; /* for the platforms' APIs */
	struct warnings *warnings;
	struct courier *courier; /* or NULL: nobody is told */
	struct settings *settings;
};
int keeper_open(
	struct keeper **out, const struct keeper_options *options, struct err *err);
/* New configuration for what begins from now on. */
void keeper_reload(struct keeper *keeper, struct settings *settings);
/* Stop: transfers are parked, looks saved, then parked(arg). No look begins any more.
 */
void keeper_park(struct keeper *keeper, void (*parked)(void *arg), void *arg);
/* After parked(): frees everything, then closed(arg). */
void keeper_close(struct keeper *keeper, void (*closed)(void *arg), void *arg);

/* News has been stored for an asset. A deletion (or removal wish) stops its download.
 */
void keeper_news(
	struct keeper *keeper, const char *workspace, int64_t row, bool stops_work);
/* A person wants something of @workspace: refused credentials do not hold it up. */
void keeper_asked(struct keeper *keeper, const char *workspace);
/* A deleted event of @workspace names no media: find out which is gone. */
void keeper_sweep(struct keeper *keeper, const char *workspace, int64_t deleted_ns);
/* A person wants the platform's list compared with the archive, or only told what
 * differs: begun once what is going on of that kind has ended. Returns the number that
 * the report's `done` will have reached then. ERR_LOCAL while paused. */
struct reconcile_report {
	int64_t asked, done; /* numbers */
	struct err err;      /* of the last that is done */
	struct differences found;
	int64_t listed; /* entries of the list */
	int page;       /* of the one that is going on, or 0 */
};
int64_t keeper_reconcile(
	struct keeper *keeper, const char *workspace, bool dry_run, struct err *err);
/* NULL without such a workspace; borrowed until the loop turns. */
const struct reconcile_report *keeper_reconciled(
	struct keeper *keeper, const char *workspace, bool dry_run);
/* `pause` / `resume`; "" for every workspace. Durable through the store. */
void keeper_set_paused(struct keeper *keeper, const char *workspace, bool paused);
bool keeper_paused(const struct keeper *keeper, const char *workspace);
/* While held, no look and no walk begins, in no workspace; what is due stays due. */
void keeper_hold(struct keeper *keeper, bool held);

/* The live state of an asset that is being looked at (fetching, downloading). */
bool keeper_live_state(
	const struct keeper *keeper, int64_t row, enum asset_state *state);
/* Whether a platform's clock agrees with ours (core/witness.h): what removes by age
 * asks first. False also while none has told the time. */
bool keeper_time_agrees(const struct keeper *keeper);
struct settings *keeper_settings(const struct keeper *keeper); /* borrowed */
/* Free and total bytes of the archive's filesystem as last seen; -1 unknown. */
void keeper_space(
	const struct keeper *keeper, int64_t *free_bytes, int64_t *total_bytes);
size_t keeper_looks(const struct keeper *keeper); /* in flight */
/* Files to be fetched as soon as `transfer.concurrency` allows. */
size_t keeper_files_waiting(const struct keeper *keeper);

#endif
