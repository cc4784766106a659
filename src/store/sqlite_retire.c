/*
 * Finding what is over its rule's term, or the oldest of a rule: by an index in the
 * order of archiving, a bounded stretch of it in each call. What is found becomes due;
 * whether it goes is decided by a look at it.
 */
#include <config.h>

#include "store/sqlite.h"

#include <string.h>

#define STEP_ROWS 1000 /* looked at in one step */

/* One row of the stretch. */
struct candidate {
	int64_t row, archived_ns, due_ns;
	bool waits, leave; /* leave: held, or something else is going on with it */
};

static int make_due(
	struct backend_conn *conn, int64_t row, int64_t now_ns, struct err *err)
{
	struct query query = query_begin(conn, SQL_RETIRE_DUE,
		"UPDATE assets SET due_ns=?, waits_for=NULL WHERE row=?");

	query_int(&query, now_ns);
	query_int(&query, row);
	return query_run(&query, err);
}

static struct query stretch(
	struct backend_conn *conn, int64_t workspace, const struct retire_order *order)
{
	struct query query = query_begin(conn, SQL_RETIRE_ROWS,
		"SELECT row, archived_ns, due_ns, waits_for IS NOT NULL,"
		" held OR state NOT IN ('archived', 'expired-kept')"
		" OR wish <> 'none' OR deleted_ns > answered_deleted_ns"
		" FROM assets INDEXED BY assets_kept"
		" WHERE workspace=? AND rule=? AND archived_ns > 0 AND files > 0"
		" AND archived_ns>=? AND archived_ns<=?"
		" ORDER BY archived_ns LIMIT ?");

	query_int(&query, workspace);
	query_text(&query, order->rule);
	query_int(&query, order->after_ns);
	query_int(&query, order->before_ns);
	query_int(&query, STEP_ROWS);
	return query;
}

static bool read_candidate(
	struct query *query, struct candidate *candidate, int *rc, struct err *err)
{
	*rc = query_step(query, err);
	if (*rc <= 0)
		return false;
	candidate->row = column_int(query);
	candidate->archived_ns = column_int(query);
	candidate->due_ns = column_int(query);
	candidate->waits = column_int(query) != 0;
	candidate->leave = column_int(query) != 0;
	return true;
}

/* When the next one is over its term: what was archived first behind the stretch. */
static int next_archived(struct backend_conn *conn, int64_t workspace,
	const struct retire_order *order, int64_t *next_ns, struct err *err)
{
	struct query query = query_begin(conn, SQL_RETIRE_NEXT,
		"SELECT coalesce(min(archived_ns), 0) FROM assets INDEXED BY assets_kept"
		" WHERE workspace=? AND rule=? AND archived_ns > 0 AND files > 0"
		" AND archived_ns>?");

	query_int(&query, workspace);
	query_text(&query, order->rule);
	query_int(&query, order->before_ns);
	return query_value(&query, 0, next_ns, err);
}

static int find(struct backend_conn *conn, int64_t workspace,
	const struct retire_order *order, int64_t now_ns, bool due[RETIRE_MAX],
	struct retire_found *found, struct err *err)
{
	struct query query = stretch(conn, workspace, order);
	struct candidate candidate;
	int seen = 0, rc;

	found->after_ns = order->after_ns;
	while (read_candidate(&query, &candidate, &rc, err)) {
		seen++;
		if (candidate.leave) {
			if (!found->n)
				found->after_ns = candidate.archived_ns;
			continue;
		}
		found->more = found->n == order->limit;
		if (found->more)
			break;
		due[found->n] = candidate.due_ns > 0 && candidate.due_ns <= now_ns &&
				!candidate.waits;
		found->rows[found->n++] = candidate.row;
	}
	found->more |= seen == STEP_ROWS;
	query_end(&query);
	return rc < 0 ? rc : 0;
}

int sqlite_retire(struct backend_conn *conn, const struct retire_order *order,
	int64_t now_ns, struct retire_found *found, struct err *err)
{
	bool due[RETIRE_MAX] = { false };
	int64_t id = 0;
	int rc = sqlite_workspace(conn, order->workspace, &id, err);

	memset(found, 0, sizeof(*found));
	if (!rc)
		rc = find(conn, id, order, now_ns, due, found, err);
	for (size_t i = 0; !rc && i < found->n; i++)
		if (!due[i])
			rc = make_due(conn, found->rows[i], now_ns, err);
	return rc ? rc : next_archived(conn, id, order, &found->next_ns, err);
}
