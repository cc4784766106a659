/*
 * Assets for people, newest first. The rows are chosen from indexes alone, then read: a
 * page costs the same whatever the archive's size.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/mem.h"
#include <stdlib.h>

#define LIST_MAX 10000
/* So many can be read and sorted for one page. */
#define CHANGED_FEW 5000
/* So many are read in search of a page. */
#define WALK_MAX 20000

struct rows {
	int64_t *row;
	size_t count;
};

static size_t limit_of(const struct asset_filter *filter)
{
	return filter->limit < LIST_MAX ? filter->limit : LIST_MAX;
}

static int64_t below(const struct asset_filter *filter)
{
	return filter->before_row > 0 ? filter->before_row : INT64_MAX;
}

static int take_rows(struct query *query, struct rows *rows, struct err *err)
{
	int rc;

	while ((rc = query_step(query, err)) > 0) {
		rows->row = mem_grow(rows->row, rows->count + 1, sizeof(*rows->row));
		rows->row[rows->count++] = column_int(query);
	}
	query_end(query);
	return rc;
}

static int rows_of_all(struct backend_conn *conn, const struct asset_filter *filter,
	struct rows *rows, struct err *err)
{
	struct query query = query_begin(conn, SQL_LIST_ALL,
		"SELECT row FROM assets WHERE row<? ORDER BY row DESC LIMIT ?");

	query_int(&query, below(filter));
	query_int(&query, (int64_t)limit_of(filter));
	return take_rows(&query, rows, err);
}

static void bind_since(struct query *query, const struct asset_filter *filter)
{
	query_int(query, filter->since_ns);
	query_int(query, below(filter));
	query_text(query, filter->state < 0
				  ? NULL
				  : asset_state_name((enum asset_state)filter->state));
	query_text(query, filter->workspace);
	query_int(query, (int64_t)limit_of(filter));
}

/* All that has changed since then is read, then sorted. */
static int rows_changed(struct backend_conn *conn, const struct asset_filter *filter,
	struct rows *rows, struct err *err)
{
	struct query query = query_begin(conn, SQL_LIST_SINCE,
		"SELECT row FROM assets INDEXED BY assets_updated WHERE updated_ns>=?1"
		" AND row<?2 AND (?3 IS NULL OR state=?3) AND (?4 IS NULL OR workspace="
		" (SELECT id FROM workspaces WHERE name=?4)) ORDER BY row DESC LIMIT ?5");

	bind_since(&query, filter);
	return take_rows(&query, rows, err);
}

/* The newest are read until enough of them have changed since then, or WALK_MAX. */
static int rows_walked(struct backend_conn *conn, const struct asset_filter *filter,
	struct rows *rows, struct err *err)
{
	struct query query = query_begin(conn, SQL_LIST_WALK,
		"SELECT row FROM (SELECT row, updated_ns, state, workspace FROM assets"
		"  NOT INDEXED WHERE row<?2 ORDER BY row DESC LIMIT ?6)"
		" WHERE updated_ns>=?1 AND (?3 IS NULL OR state=?3)"
		" AND (?4 IS NULL OR workspace=(SELECT id FROM workspaces WHERE name=?4))"
		" LIMIT ?5");

	bind_since(&query, filter);
	query_int(&query, WALK_MAX);
	return take_rows(&query, rows, err);
}

static int changed_are_many(struct backend_conn *conn,
	const struct asset_filter *filter, bool *many, struct err *err)
{
	struct query query = query_begin(conn, SQL_LIST_CHANGED,
		"SELECT count(*) FROM (SELECT 1 FROM assets INDEXED BY assets_updated"
		" WHERE updated_ns>=? LIMIT ?)");

	query_int(&query, filter->since_ns);
	query_int(&query, CHANGED_FEW + 1);
	int rc = query_step(&query, err);
	if (rc > 0)
		*many = column_int(&query) > CHANGED_FEW;
	query_end(&query);
	return rc < 0 ? rc : 0;
}

/* Where most of a large archive has changed, the newest will do. */
static int rows_since(struct backend_conn *conn, const struct asset_filter *filter,
	struct rows *rows, struct err *err)
{
	bool many = false;
	int rc = changed_are_many(conn, filter, &many, err);

	if (!rc && many)
		rc = rows_walked(conn, filter, rows, err);
	if (rc || (many && rows->count == limit_of(filter)))
		return rc;
	rows->count = 0;
	return rows_changed(conn, filter, rows, err);
}

static int rows_of_state(struct backend_conn *conn, const struct asset_filter *filter,
	int64_t workspace, enum asset_state state, struct rows *rows, struct err *err)
{
	struct query query = query_begin(conn, SQL_LIST_STATE,
		"SELECT row FROM assets INDEXED BY assets_state"
		" WHERE workspace=? AND state=? AND row<? ORDER BY row DESC LIMIT ?");

	query_int(&query, workspace);
	query_text(&query, asset_state_name(state));
	query_int(&query, below(filter));
	query_int(&query, (int64_t)limit_of(filter));
	return take_rows(&query, rows, err);
}

static int rows_of_workspace(struct backend_conn *conn,
	const struct asset_filter *filter, int64_t workspace, struct rows *rows,
	struct err *err)
{
	int rc = 0;

	for (int state = 0; !rc && state < ASSET_STATE_COUNT; state++)
		if (filter->state < 0 || filter->state == state)
			rc = rows_of_state(conn, filter, workspace,
				(enum asset_state)state, rows, err);
	return rc;
}

static int newest_first(const void *a, const void *b)
{
	const int64_t *left = a, *right = b;

	return (*left < *right) - (*left > *right);
}

/* The index has one end for each workspace and state: take from all that are wanted. */
static int rows_of_states(struct backend_conn *conn, const struct asset_filter *filter,
	struct rows *rows, struct err *err)
{
	struct query query = query_begin(conn, SQL_LIST_WORKSPACES,
		"SELECT id FROM workspaces WHERE ?1 IS NULL OR name=?1");
	int rc;

	query_text(&query, filter->workspace);
	while ((rc = query_step(&query, err)) > 0) {
		rc = rows_of_workspace(conn, filter, column_int(&query), rows, err);
		if (rc)
			break;
	}
	query_end(&query);
	if (rc || !rows->count)
		return rc;
	qsort(rows->row, rows->count, sizeof(*rows->row), newest_first);
	if (rows->count > limit_of(filter))
		rows->count = limit_of(filter);
	return 0;
}

static void read_summary(struct query *query, struct asset_summary *summary)
{
	summary->row = column_int(query);
	summary->workspace = column_copy(query);
	summary->id = column_copy(query);
	summary->title = column_copy(query);
	summary->type = column_copy(query);
	summary->path = column_copy(query);
	summary->reason = column_copy(query);
	summary->rule = column_copy(query);
	asset_state_parse(column_text(query), &summary->state);
	summary->held = column_int(query) != 0;
	summary->created_ns = column_int(query);
	summary->first_seen_ns = column_int(query);
	summary->archived_ns = column_int(query);
	summary->due_ns = column_int(query);
	summary->bytes = column_int(query);
	summary->files = (int)column_int(query);
	summary->duration_ms = column_int(query);
	summary->thumbnail = column_copy(query);
}

int sqlite_summarise(struct backend_conn *conn, int64_t row, struct summary_list *list,
	struct err *err)
{
	struct query query = query_begin(conn, SQL_LIST_ROW,
		"SELECT a.row, w.name, a.id, a.title, a.type, a.path, a.reason, a.rule,"
		" a.state, a.held, a.created_ns, a.first_seen_ns, a.archived_ns,"
		" a.due_ns, a.bytes, a.files, a.duration_ms,"
		" (SELECT key FROM files WHERE asset = a.row AND role = 'thumbnail'"
		" ORDER BY key LIMIT 1) FROM assets a"
		" JOIN workspaces w ON w.id = a.workspace WHERE a.row=?");

	query_int(&query, row);
	int rc = query_step(&query, err);
	if (rc > 0) {
		list->items =
			mem_grow(list->items, list->count + 1, sizeof(*list->items));
		read_summary(&query, &list->items[list->count++]);
	}
	query_end(&query);
	return rc < 0 ? rc : 0;
}

int sqlite_list(struct backend_conn *conn, const struct asset_filter *filter,
	struct summary_list *list, struct err *err)
{
	struct rows rows = { 0 };
	int rc;

	if (filter->since_ns > 0)
		rc = rows_since(conn, filter, &rows, err);
	else if (filter->workspace || filter->state >= 0)
		rc = rows_of_states(conn, filter, &rows, err);
	else
		rc = rows_of_all(conn, filter, &rows, err);
	for (size_t i = 0; !rc && i < rows.count; i++)
		rc = sqlite_summarise(conn, rows.row[i], list, err);
	free(rows.row);
	return rc;
}
