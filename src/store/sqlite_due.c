/*
 * Due work of a workspace, in the order in which it should be done.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/mem.h"

#define LIST_MAX 10000
/* Up to so many due assets are sorted; among more, the index in working order is read,
 * passing over what is due later. */
#define DUE_FEW 1000

static int count_due(struct backend_conn *conn, int64_t workspace, int64_t now_ns,
	int64_t *count, struct err *err)
{
	struct query query = query_begin(conn, SQL_DUE_COUNT,
		"SELECT count(*) FROM (SELECT 1 FROM assets INDEXED BY assets_due"
		" WHERE workspace=? AND due_ns > 0 AND due_ns<=? LIMIT ?)");

	query_int(&query, workspace);
	query_int(&query, now_ns);
	query_int(&query, DUE_FEW + 1);
	return query_value(&query, 0, count, err);
}

#define DUE_COLUMNS "SELECT row, id, due_ns, deadline_ns, priority FROM assets"
#define DUE_WHERE                                         \
	" WHERE workspace=? AND due_ns > 0 AND due_ns<=?" \
	" ORDER BY deadline_ns, priority DESC, due_ns, row LIMIT ?"

static struct query due_query(struct backend_conn *conn, bool few)
{
	if (few)
		return query_begin(conn, SQL_DUE_FEW,
			DUE_COLUMNS " INDEXED BY assets_due" DUE_WHERE);
	return query_begin(
		conn, SQL_DUE_MANY, DUE_COLUMNS " INDEXED BY assets_order" DUE_WHERE);
}

static int next_due(struct backend_conn *conn, int64_t workspace, int64_t now_ns,
	int64_t *next_ns, struct err *err)
{
	struct query query = query_begin(conn, SQL_DUE_NEXT,
		"SELECT coalesce(min(due_ns), 0) FROM assets INDEXED BY assets_due"
		" WHERE workspace=? AND due_ns > 0 AND due_ns>?");

	query_int(&query, workspace);
	query_int(&query, now_ns);
	return query_value(&query, 0, next_ns, err);
}

int sqlite_due(struct backend_conn *conn, const char *workspace, int64_t now_ns,
	size_t limit, struct due_list *list, struct err *err)
{
	int64_t id = 0, count = 0;
	int rc = sqlite_workspace(conn, workspace, &id, err);

	if (!rc)
		rc = count_due(conn, id, now_ns, &count, err);
	if (rc)
		return rc;
	struct query query = due_query(conn, count <= DUE_FEW);
	query_int(&query, id);
	query_int(&query, now_ns);
	query_int(&query, (int64_t)(limit < LIST_MAX ? limit : LIST_MAX));
	while ((rc = query_step(&query, err)) > 0) {
		list->items =
			mem_grow(list->items, list->count + 1, sizeof(*list->items));
		struct due_asset *due = &list->items[list->count++];
		due->workspace = mem_strdup(workspace);
		due->row = column_int(&query);
		due->id = column_copy(&query);
		due->due_ns = column_int(&query);
		due->deadline_ns = column_int(&query);
		due->priority = (int)column_int(&query);
	}
	query_end(&query);
	return rc ? rc : next_due(conn, id, now_ns, &list->next_ns, err);
}
