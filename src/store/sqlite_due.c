/*
 * Due work of a workspace, most urgent first (core/urgency.h). What rests for a host is
 * in none of the indexes that are read here.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/mem.h"
#include "core/urgency.h"

#define LIST_MAX 10000
/* Up to so many due assets are sorted; among more, the indexes in working order are
 * read, passing over what is due later. */
#define DUE_FEW 1000

static int count_due(struct backend_conn *conn, int64_t workspace, int64_t now_ns,
	int64_t *count, struct err *err)
{
	struct query query = query_begin(conn, SQL_DUE_COUNT,
		"SELECT count(*) FROM (SELECT 1 FROM assets INDEXED BY assets_due"
		" WHERE workspace=? AND due_ns > 0 AND waits_for IS NULL"
		" AND due_ns<=? LIMIT ?)");

	query_int(&query, workspace);
	query_int(&query, now_ns);
	query_int(&query, DUE_FEW + 1);
	return query_value(&query, 0, count, err);
}

#define DUE_COLUMNS "SELECT row, id, due_ns FROM assets"
#define DUE_WHERE                                           \
	" WHERE workspace=?1 AND due_ns > 0 AND due_ns<=?2" \
	" AND waits_for IS NULL"

/* Reads what @query gives to @list, at most up to @limit in all. */
static int take(struct query *query, const char *workspace, size_t limit,
	struct due_list *list, struct err *err)
{
	int rc = 0;

	while (list->count < limit && (rc = query_step(query, err)) > 0) {
		list->items =
			mem_grow(list->items, list->count + 1, sizeof(*list->items));
		struct due_asset *due = &list->items[list->count++];
		due->workspace = mem_strdup(workspace);
		due->row = column_int(query);
		due->id = column_copy(query);
		due->due_ns = column_int(query);
	}
	query_end(query);
	return rc < 0 ? rc : 0;
}

static void put_when(struct query *query, int64_t workspace, int64_t now_ns)
{
	query_int(query, workspace);
	query_int(query, now_ns);
	query_int(query, urgency_near_ns(now_ns));
}

static struct query few_query(struct backend_conn *conn)
{
	return query_begin(conn, SQL_DUE_FEW,
		DUE_COLUMNS " INDEXED BY assets_due" DUE_WHERE
			    " ORDER BY CASE WHEN deadline_ns<=?3 THEN deadline_ns"
			    " ELSE 9223372036854775807 END,"
			    " priority DESC, due_ns + handicap_ns, row");
}

static struct query near_query(struct backend_conn *conn)
{
	return query_begin(conn, SQL_DUE_NEAR,
		DUE_COLUMNS
		" INDEXED BY assets_deadline" DUE_WHERE
		" AND deadline_ns<=?3 AND deadline_ns < 9223372036854775807"
		" ORDER BY deadline_ns, priority DESC, due_ns + handicap_ns, row");
}

static struct query rest_query(struct backend_conn *conn)
{
	return query_begin(conn, SQL_DUE_REST,
		DUE_COLUMNS " INDEXED BY assets_order" DUE_WHERE " AND deadline_ns>?3"
			    " ORDER BY priority DESC, due_ns + handicap_ns, row");
}

static int read_due(struct backend_conn *conn, const char *workspace, int64_t id,
	bool few, int64_t now_ns, size_t limit, struct due_list *list, struct err *err)
{
	struct query query = few ? few_query(conn) : near_query(conn);

	put_when(&query, id, now_ns);
	int rc = take(&query, workspace, limit, list, err);
	if (rc || few || list->count >= limit)
		return rc;
	query = rest_query(conn);
	put_when(&query, id, now_ns);
	return take(&query, workspace, limit, list, err);
}

static int next_due(struct backend_conn *conn, int64_t workspace, int64_t now_ns,
	int64_t *next_ns, struct err *err)
{
	struct query query = query_begin(conn, SQL_DUE_NEXT,
		"SELECT coalesce(min(due_ns), 0) FROM assets INDEXED BY assets_due"
		" WHERE workspace=? AND due_ns > 0 AND waits_for IS NULL"
		" AND due_ns>?");

	query_int(&query, workspace);
	query_int(&query, now_ns);
	return query_value(&query, 0, next_ns, err);
}

int sqlite_due(struct backend_conn *conn, const char *workspace, int64_t now_ns,
	size_t limit, struct due_list *list, struct err *err)
{
	int64_t id = 0, count = 0;
	int rc = sqlite_workspace(conn, workspace, &id, err);

	if (limit > LIST_MAX)
		limit = LIST_MAX;
	if (!rc)
		rc = count_due(conn, id, now_ns, &count, err);
	if (!rc)
		rc = read_due(conn, workspace, id, count <= DUE_FEW, now_ns, limit,
			list, err);
	return rc ? rc : next_due(conn, id, now_ns, &list->next_ns, err);
}
