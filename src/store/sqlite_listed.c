/*
 * Comparing pages of a platform's list with the assets, and finding what the whole list
 * did not name. What differs becomes due; core/listing decides what differs. Each call
 * is one bounded step, so that deliveries are served in between.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/clock.h"
#include "base/mem.h"
#include <stdlib.h>

#define STEP_ASSETS 200  /* changed in one step */
#define STEP_ROWS   2000 /* looked at in one step */
/* A list may lack for good what the platform has: it is not asked for more often. */
#define MISSED_AGAIN_NS (INT64_C(24) * 3600 * NS_PER_S)

struct listing {
	const struct list_order *order;
	struct tally *tally;
	struct differences *found;
	int64_t now_ns;
};

/* ---- a page ---- */

static int tell(struct backend_conn *conn, int64_t row, int64_t now_ns,
	enum listing_kind kind, struct err *err)
{
	static const char *const sentences[LISTING_KINDS] = {
		[LISTING_SAME] = "",
		[LISTING_ANNOUNCED] = "the platform's list names it, not ready yet; "
				      "no delivery had told of it",
		[LISTING_MISSING] = "the platform's list names it as ready; no "
				    "delivery had told of it",
		[LISTING_CHANGED] = "the platform's list tells of a change that no "
				    "delivery had told of",
		[LISTING_BACK] = "the platform's list names it again",
		[LISTING_GONE] = "the platform's list does not name it any more: it is "
				 "asked for itself",
	};
	struct story story = { 0 };

	story_add(&story, now_ns, "note", "reconcile: %s", sentences[kind]);
	int rc = sqlite_put_story(conn, row, &story, err);
	story_release(&story);
	return rc;
}

static int mark_seen(struct backend_conn *conn, const struct listing *listing,
	int64_t row, int64_t mark, struct err *err)
{
	struct query query = query_begin(conn, SQL_LISTED_SEEN,
		"UPDATE assets SET seen_sweep_ns=max(seen_sweep_ns, ?), missed_ns=0,"
		" listed_mark=? WHERE row=?");

	query_int(&query, listing->order->walk_ns);
	query_int(&query, mark);
	query_int(&query, row);
	return query_run(&query, err);
}

static int read_mark(struct backend_conn *conn, int64_t row, int64_t *mark,
	int64_t *seen_ns, struct err *err)
{
	struct query query = query_begin(conn, SQL_LISTED_MARK,
		"SELECT listed_mark, seen_sweep_ns FROM assets WHERE row=?");

	query_int(&query, row);
	int rc = query_step(&query, err);
	if (rc > 0) {
		*mark = column_int(&query);
		*seen_ns = column_int(&query);
	}
	query_end(&query);
	return rc < 0 ? rc : 0;
}

static int add_listed(struct backend_conn *conn, const struct listing *listing,
	const struct listed *listed, enum listing_kind kind, struct err *err)
{
	struct asset *asset = asset_new(listing->order->workspace, listed->id);
	int64_t now_ns = listing->now_ns;
	int rc = sqlite_asset_number(conn, asset, err);

	asset->first_seen_ns = now_ns;
	asset->priority = listed->priority;
	asset->trial = listed->trial;
	facts_merge(&asset->facts, &listed->facts);
	if (kind == LISTING_MISSING)
		asset_apply_listed(asset, 0, now_ns);
	if (!rc)
		rc = sqlite_asset_add(conn, listing->tally, asset, now_ns, err);
	if (!rc)
		rc = mark_seen(conn, listing, asset->row, listed->mark, err);
	if (!rc)
		rc = tell(conn, asset->row, now_ns, kind, err);
	if (!rc && kind == LISTING_MISSING &&
		!listing_is_older(listed, listing->order->began_ns))
		sqlite_count_lost(listing->tally, listed->updated_ns
							  ? listed->updated_ns
							  : listed->facts.created_ns);
	asset_free(asset);
	return rc;
}

static int apply_gone(struct backend_conn *conn, const struct listing *listing,
	struct asset *asset, struct err *err)
{
	const struct list_order *order = listing->order;
	enum asset_state before = asset->state;
	struct event event;

	event_init(&event);
	event.kind = EVENT_DELETED;
	event.at_ns = order->deleted_ns ? order->deleted_ns : order->walk_ns;
	asset_apply_event(asset, &event, listing->now_ns);
	event_release(&event);
	return sqlite_asset_news(
		conn, listing->tally, asset, before, listing->now_ns, err);
}

static int apply_known(struct backend_conn *conn, const struct listing *listing,
	const struct listed *listed, struct asset *asset, enum listing_kind kind,
	int64_t seen_ns, struct err *err)
{
	enum asset_state before = asset->state;
	int64_t now_ns = listing->now_ns;
	int rc;

	if (kind == LISTING_GONE) {
		rc = apply_gone(conn, listing, asset, err);
	} else {
		int64_t changed_ns = listed->updated_ns ? listed->updated_ns : now_ns;
		asset_apply_listed(
			asset, kind == LISTING_CHANGED ? changed_ns : 0, now_ns);
		rc = sqlite_asset_news(
			conn, listing->tally, asset, before, now_ns, err);
	}
	if (!rc)
		rc = tell(conn, asset->row, now_ns, kind, err);
	if (!rc)
		sqlite_count_lost(listing->tally, listed->updated_ns
							  ? listed->updated_ns
						  : seen_ns ? seen_ns
							    : now_ns);
	return rc;
}

static int take_listed(struct backend_conn *conn, const struct listing *listing,
	const struct listed *listed, struct err *err)
{
	const struct list_order *order = listing->order;
	struct asset *asset = NULL;
	int64_t seen_ns = 0;
	struct listing_input in = {
		.listed = listed,
		.began_ns = order->began_ns,
		.backfill = order->backfill,
		.since_ns = order->since_ns,
	};
	int rc = sqlite_asset_by_id(
		conn, listing->tally->id, order->workspace, listed->id, &asset, err);

	if (!rc && asset)
		rc = read_mark(conn, asset->row, &in.listed_mark, &seen_ns, err);
	in.asset = asset;
	enum listing_kind kind = listing_decide(&in);
	bool full = order->mode == LIST_FULL;

	if (!rc && asset)
		rc = mark_seen(conn, listing, asset->row,
			full ? listed->mark : in.listed_mark, err);
	if (!rc && full && asset && listing_differs(kind))
		rc = apply_known(conn, listing, listed, asset, kind, seen_ns, err);
	else if (!rc && full && !asset && kind != LISTING_SAME)
		rc = add_listed(conn, listing, listed, kind, err);
	if (!rc && listing_differs(kind))
		differences_add(listing->found, kind, listed->id, listed->facts.title);
	asset_free(asset);
	return rc;
}

static int note_page(
	struct backend_conn *conn, const struct listing *listing, struct err *err)
{
	struct query query = query_begin(conn, SQL_WORKSPACE_PAGE,
		"UPDATE workspaces SET walk_ns=?, walk_page=? WHERE id=?");

	query_int(&query, listing->order->walk_ns);
	query_int(&query, listing->order->page);
	query_int(&query, listing->tally->id);
	return query_run(&query, err);
}

int sqlite_list_page(struct backend_conn *conn, const struct list_order *order,
	const struct listed *listed, size_t n, int64_t now_ns,
	struct differences *found, struct err *err)
{
	struct listing listing = { .order = order, .found = found, .now_ns = now_ns };
	int rc = sqlite_tally(conn, order->workspace, true, &listing.tally, err);

	for (size_t i = 0; !rc && i < n; i++)
		rc = take_listed(conn, &listing, &listed[i], err);
	if (!rc && order->mode == LIST_FULL)
		rc = note_page(conn, &listing, err);
	return rc;
}

/* ---- the end ---- */

struct unseen {
	int64_t row[STEP_ASSETS];
	size_t count;
};

/* Rows of the next stretch that the walk did not see, and where the stretch ends. Left
 * out is what the platform had no more when it was asked, unless there are files about
 * which nothing has been decided; what waits for a person; and a deletion that is being
 * looked at. */
static int unseen_rows(struct backend_conn *conn, const struct listing *listing,
	struct walk *walk, struct unseen *rows, struct err *err)
{
	const struct list_order *order = listing->order;
	int64_t last = 0;
	struct query query;
	int rc = sqlite_asset_last(conn, &last, err);

	if (rc)
		return rc;
	query = query_begin(conn, SQL_LISTED_NOT,
		"SELECT row FROM assets NOT INDEXED"
		" WHERE row>?1 AND row<=?2 AND workspace=?3 AND tombstone=0"
		" AND first_seen_ns<?4 AND seen_sweep_ns<?4 AND missed_ns<?5"
		" AND (coalesce(platform_status, '') NOT IN ('unknown', 'deleted')"
		"  OR (files>0 AND answered_deleted_ns=0))"
		" AND state<>'deletion-held'"
		" AND (due_ns=0 OR deleted_ns<=answered_deleted_ns)"
		" ORDER BY row LIMIT ?6");
	query_int(&query, walk->row);
	query_int(&query, walk->row + STEP_ROWS);
	query_int(&query, listing->tally->id);
	query_int(&query, order->walk_ns);
	query_int(&query,
		order->deleted_ns ? INT64_MAX : order->walk_ns - MISSED_AGAIN_NS);
	query_int(&query, STEP_ASSETS);
	while ((rc = query_step(&query, err)) > 0)
		rows->row[rows->count++] = column_int(&query);
	query_end(&query);
	if (rc)
		return rc;
	walk->row = rows->count == STEP_ASSETS ? rows->row[STEP_ASSETS - 1]
					       : walk->row + STEP_ROWS;
	walk->more = walk->row < last;
	return 0;
}

static int note_missed(struct backend_conn *conn, const struct listing *listing,
	int64_t row, struct err *err)
{
	struct query query = query_begin(
		conn, SQL_LISTED_MISSED, "UPDATE assets SET missed_ns=? WHERE row=?");

	query_int(&query, listing->order->walk_ns);
	query_int(&query, row);
	return query_run(&query, err);
}

static int take_unseen(struct backend_conn *conn, const struct listing *listing,
	int64_t row, struct err *err)
{
	struct asset *asset = NULL;
	int rc = sqlite_asset_by_row(conn, row, &asset, err);

	if (rc || !asset)
		return rc;
	if (listing->order->mode != LIST_DRY)
		rc = apply_gone(conn, listing, asset, err);
	if (!rc && listing->order->mode == LIST_FULL)
		rc = note_missed(conn, listing, row, err);
	if (!rc && listing->order->mode == LIST_FULL)
		rc = tell(conn, row, listing->now_ns, LISTING_GONE, err);
	if (!rc)
		differences_add(
			listing->found, LISTING_GONE, asset->id, asset->facts.title);
	asset_free(asset);
	return rc;
}

static int note_end(
	struct backend_conn *conn, const struct listing *listing, struct err *err)
{
	const struct list_order *order = listing->order;
	struct query query;
	int rc = 0;

	if (order->mode == LIST_FULL) {
		query = query_begin(conn, SQL_WORKSPACE_RECONCILED,
			"UPDATE workspaces SET walk_ns=0, walk_page=0, reconciled_ns=?"
			" WHERE id=?");
		query_int(&query, listing->now_ns);
		query_int(&query, listing->tally->id);
		rc = query_run(&query, err);
	}
	if (rc || order->mode == LIST_DRY || !order->deleted_ns)
		return rc;
	query = query_begin(conn, SQL_WORKSPACE_SWEPT,
		"UPDATE workspaces SET sweep_wanted_ns=0"
		" WHERE id=? AND sweep_wanted_ns=?");
	query_int(&query, listing->tally->id);
	query_int(&query, order->deleted_ns);
	return query_run(&query, err);
}

int sqlite_list_end(struct backend_conn *conn, const struct list_order *order,
	int64_t now_ns, struct walk *walk, struct differences *found, struct err *err)
{
	struct listing listing = { .order = order, .found = found, .now_ns = now_ns };
	struct unseen rows = { .count = 0 };
	int rc = sqlite_tally(conn, order->workspace, true, &listing.tally, err);

	if (!rc)
		rc = unseen_rows(conn, &listing, walk, &rows, err);
	for (size_t i = 0; !rc && i < rows.count; i++)
		rc = take_unseen(conn, &listing, rows.row[i], err);
	if (!rc && !walk->more)
		rc = note_end(conn, &listing, err);
	return rc;
}
