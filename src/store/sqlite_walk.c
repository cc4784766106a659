/*
 * News for many assets at once: wishes for all of a state, and sweeps, which find out
 * what a platform's list did not name. Each call is one bounded step, so that a
 * transaction stays short whatever the archive's size; deliveries are served in
 * between.
 */
#include <config.h>

#include "store/sqlite.h"

#define STEP_ASSETS 200  /* changed in one step */
#define STEP_ROWS   2000 /* looked at in one step */

struct rows {
	int64_t row[STEP_ASSETS];
	size_t count;
};

/* Rows are collected before they are changed: a change may move them in the index that
 * is being read. */
static int collect(struct query *query, struct rows *rows, struct err *err)
{
	int rc;

	query_int(query, STEP_ASSETS);
	rows->count = 0;
	while ((rc = query_step(query, err)) > 0)
		rows->row[rows->count++] = column_int(query);
	query_end(query);
	return rc;
}

/* ---- wishes ---- */

/* The workspace the walk is at: @name's, or with NULL the next one; 0 when through. */
static int next_workspace(struct backend_conn *conn, const char *name, int64_t from,
	int64_t *id, struct err *err)
{
	struct query query = query_begin(conn, SQL_WORKSPACE_NEXT,
		"SELECT coalesce(min(id), 0) FROM workspaces"
		" WHERE id>=?1 AND (?2 IS NULL OR name=?2)");

	query_int(&query, from);
	query_text(&query, name);
	return query_value(&query, 0, id, err);
}

static int wish_by_row(struct backend_conn *conn, int64_t row, enum asset_wish wish,
	int64_t now_ns, struct err *err)
{
	struct asset *asset = NULL;
	struct tally *tally = NULL;
	int rc = sqlite_asset_by_row(conn, row, &asset, err);

	if (!rc && asset)
		rc = sqlite_tally(conn, asset->workspace, true, &tally, err);
	if (!rc && asset)
		rc = sqlite_apply_wish(conn, tally, asset, wish, now_ns, err);
	asset_free(asset);
	return rc;
}

static int rows_in_state(struct backend_conn *conn, int64_t workspace,
	enum asset_state state, int64_t above, struct rows *rows, struct err *err)
{
	struct query query = query_begin(conn, SQL_WISH_ROWS,
		"SELECT row FROM assets INDEXED BY assets_state"
		" WHERE workspace=? AND state=? AND row>? ORDER BY row LIMIT ?");

	query_int(&query, workspace);
	query_text(&query, asset_state_name(state));
	query_int(&query, above);
	return collect(&query, rows, err);
}

int sqlite_wish_all(struct backend_conn *conn, const char *workspace,
	enum asset_state state, enum asset_wish wish, int64_t now_ns, struct walk *walk,
	struct err *err)
{
	struct rows rows = { .count = 0 };
	int64_t id = 0;
	int rc = next_workspace(conn, workspace, walk->workspace, &id, err);

	if (!rc && id != walk->workspace) {
		walk->workspace = id;
		walk->row = 0;
	}
	if (!rc && id)
		rc = rows_in_state(conn, id, state, walk->row, &rows, err);
	for (size_t i = 0; !rc && i < rows.count; i++) {
		rc = wish_by_row(conn, rows.row[i], wish, now_ns, err);
		walk->row = rows.row[i];
		walk->count++;
	}
	if (rows.count < STEP_ASSETS) {
		walk->workspace = id + 1;
		walk->row = 0;
	}
	walk->more = id != 0;
	return rc;
}

/* ---- hosts ---- */

int sqlite_host_answers(struct backend_conn *conn, const char *host, size_t limit,
	int64_t now_ns, struct walk *walk, struct err *err)
{
	size_t most = limit && limit < STEP_ROWS ? limit : STEP_ROWS;
	struct query query =
		host ? query_begin(conn, SQL_WAITING_FREE,
			       "UPDATE assets SET due_ns=?1, waits_for=NULL"
			       " WHERE row IN (SELECT row FROM assets"
			       " INDEXED BY assets_waiting WHERE waits_for=?3"
			       " ORDER BY looked_ns LIMIT ?2)")
		     : query_begin(conn, SQL_WAITING_FREE_ANY,
			       "UPDATE assets SET due_ns=?1, waits_for=NULL"
			       " WHERE row IN (SELECT row FROM assets"
			       " INDEXED BY assets_waiting"
			       " WHERE waits_for IS NOT NULL LIMIT ?2)");

	query_int(&query, now_ns);
	query_int(&query, (int64_t)most);
	if (host)
		query_text(&query, host);
	int rc = query_run(&query, err);
	if (rc)
		return rc;
	size_t changed = (size_t)sqlite3_changes(conn->db);
	walk->count += changed;
	walk->more = !limit && changed == most;
	return 0;
}

/* ---- sweeps ---- */

int sqlite_sweep_seen(struct backend_conn *conn, const char *workspace,
	int64_t sweep_ns, char *const *ids, size_t n, struct err *err)
{
	struct tally *tally = NULL;
	int rc = sqlite_tally(conn, workspace, false, &tally, err);

	for (size_t i = 0; !rc && tally && i < n; i++) {
		struct query query = query_begin(conn, SQL_SWEEP_SEEN,
			"UPDATE assets SET seen_sweep_ns=? WHERE workspace=? AND id=?");
		query_int(&query, sweep_ns);
		query_int(&query, tally->id);
		query_text(&query, ids[i]);
		rc = query_run(&query, err);
	}
	return rc;
}

static int apply_gone(struct backend_conn *conn, struct tally *tally, int64_t row,
	int64_t deleted_ns, int64_t now_ns, struct err *err)
{
	struct event event;
	struct asset *asset = NULL;
	int rc = sqlite_asset_by_row(conn, row, &asset, err);

	if (rc || !asset)
		return rc;
	enum asset_state before = asset->state;
	event_init(&event);
	event.kind = EVENT_DELETED;
	event.at_ns = deleted_ns;
	asset_apply_event(asset, &event, now_ns);
	event_release(&event);
	rc = sqlite_asset_news(conn, tally, asset, before, now_ns, err);
	asset_free(asset);
	return rc;
}

static int swept(struct backend_conn *conn, const struct tally *tally,
	int64_t deleted_ns, struct err *err)
{
	struct query query = query_begin(conn, SQL_WORKSPACE_SWEPT,
		"UPDATE workspaces SET sweep_wanted_ns=0"
		" WHERE id=? AND sweep_wanted_ns=?");

	query_int(&query, tally->id);
	query_int(&query, deleted_ns);
	return query_run(&query, err);
}

/* Rows of the next stretch that the sweep did not see, and where the stretch ends. */
static int unseen_rows(struct backend_conn *conn, int64_t workspace, int64_t sweep_ns,
	struct walk *walk, struct rows *rows, struct err *err)
{
	int64_t last = 0;
	struct query query = query_begin(
		conn, SQL_ASSET_LAST, "SELECT coalesce(max(row), 0) FROM assets");
	int rc = query_value(&query, 0, &last, err);

	if (rc)
		return rc;
	query = query_begin(conn, SQL_SWEEP_ROWS,
		"SELECT row FROM assets NOT INDEXED"
		" WHERE row>? AND row<=? AND workspace=? AND tombstone=0"
		" AND first_seen_ns<? AND seen_sweep_ns<>? ORDER BY row LIMIT ?");
	query_int(&query, walk->row);
	query_int(&query, walk->row + STEP_ROWS);
	query_int(&query, workspace);
	query_int(&query, sweep_ns);
	query_int(&query, sweep_ns);
	rc = collect(&query, rows, err);
	if (rc)
		return rc;
	walk->row = rows->count == STEP_ASSETS ? rows->row[STEP_ASSETS - 1]
					       : walk->row + STEP_ROWS;
	walk->more = walk->row < last;
	return 0;
}

int sqlite_sweep_finish(struct backend_conn *conn, const char *workspace,
	int64_t sweep_ns, int64_t deleted_ns, int64_t now_ns, struct walk *walk,
	struct err *err)
{
	struct rows rows = { .count = 0 };
	struct tally *tally = NULL;
	int rc = sqlite_tally(conn, workspace, true, &tally, err);

	if (!rc)
		rc = unseen_rows(conn, tally->id, sweep_ns, walk, &rows, err);
	for (size_t i = 0; !rc && i < rows.count; i++)
		rc = apply_gone(conn, tally, rows.row[i], deleted_ns, now_ns, err);
	walk->count += rows.count;
	if (!rc && !walk->more)
		rc = swept(conn, tally, deleted_ns, err);
	return rc;
}
