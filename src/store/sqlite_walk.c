/*
 * News for many assets at once. Each call is one bounded step, so that a transaction
 * stays short whatever the archive's size; deliveries are served in between.
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
