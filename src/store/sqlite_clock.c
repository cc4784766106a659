/*
 * The clock was ahead and has been set right: what was stored meanwhile bears times
 * that have not come yet. Left alone, work would wait for them, a walk through the
 * platform's list would pass over what an earlier one "saw", and a deletion of today
 * would be older than what has been dealt with. They count as the present. Each call is
 * one bounded step.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/clock.h"

#define STEP_ROWS 2000
#define LEEWAY_NS (30 * NS_PER_S) /* clocks are set by so much without harm */

/* The latest time that anything bears which was stamped by our own clock. */
static int latest(struct backend_conn *conn, int64_t *at_ns, struct err *err)
{
	struct query query = query_begin(conn, SQL_CLOCK_LATEST,
		"SELECT max(coalesce((SELECT max(updated_ns) FROM assets), 0),"
		" coalesce((SELECT max(max(reconciled_ns, walk_ns, last_delivery_ns))"
		"  FROM workspaces), 0))");

	return query_value(&query, 0, at_ns, err);
}

static int set_workspaces(struct backend_conn *conn, int64_t now_ns, struct err *err)
{
	struct query query = query_begin(conn, SQL_CLOCK_WORKSPACES,
		"UPDATE workspaces SET last_delivery_ns=min(last_delivery_ns, ?1),"
		" reconciled_ns=min(reconciled_ns, ?1),"
		" sweep_wanted_ns=min(sweep_wanted_ns, ?1),"
		" walk_page=CASE WHEN walk_ns>?1 THEN 0 ELSE walk_page END,"
		" walk_ns=CASE WHEN walk_ns>?1 THEN 0 ELSE walk_ns END");

	query_int(&query, now_ns);
	int rc = query_run(&query, err);
	if (rc)
		return rc;
	query = query_begin(conn, SQL_CLOCK_REMOVALS,
		"UPDATE removals SET at_ns=?1 WHERE at_ns>?1");
	query_int(&query, now_ns);
	return query_run(&query, err);
}

/* When to try again was reckoned by that clock, too. */
static int set_outbox(struct backend_conn *conn, int64_t now_ns, struct err *err)
{
	struct query query = query_begin(conn, SQL_CLOCK_OUTBOX,
		"UPDATE outbox SET created_ns=min(created_ns, ?1), next_ns=0"
		" WHERE max(created_ns, next_ns)>?1");

	query_int(&query, now_ns);
	return query_run(&query, err);
}

/* A due time that was set before is a time to wait until, and stays. */
static int set_assets(
	struct backend_conn *conn, int64_t now_ns, struct walk *walk, struct err *err)
{
	struct query query = query_begin(conn, SQL_CLOCK_ASSETS,
		"UPDATE assets SET"
		" due_ns=CASE WHEN updated_ns>?1 THEN min(due_ns, ?1) ELSE due_ns END,"
		" updated_ns=min(updated_ns, ?1), first_seen_ns=min(first_seen_ns, ?1),"
		" announced_ns=min(announced_ns, ?1), ready_ns=min(ready_ns, ?1),"
		" changed_ns=min(changed_ns, ?1), failed_ns=min(failed_ns, ?1),"
		" deleted_ns=min(deleted_ns, ?1),"
		" answered_changed_ns=min(answered_changed_ns, ?1),"
		" answered_deleted_ns=min(answered_deleted_ns, ?1),"
		" trouble_ns=min(trouble_ns, ?1), looked_ns=min(looked_ns, ?1),"
		" archived_ns=min(archived_ns, ?1), removed_ns=min(removed_ns, ?1),"
		" mp4_asked_ns=min(mp4_asked_ns, ?1),"
		" seen_sweep_ns=min(seen_sweep_ns, ?1), missed_ns=min(missed_ns, ?1)"
		" WHERE row>?2 AND row<=?3"
		" AND max(updated_ns, seen_sweep_ns, missed_ns)>?1");

	query_int(&query, now_ns);
	query_int(&query, walk->row);
	query_int(&query, walk->row + STEP_ROWS);
	int rc = query_run(&query, err);
	if (!rc)
		walk->count += (size_t)sqlite3_changes(conn->db);
	return rc;
}

int sqlite_clock_back(
	struct backend_conn *conn, int64_t now_ns, struct walk *walk, struct err *err)
{
	int64_t at_ns = 0, last = 0;
	int rc;

	if (walk->row == 0) {
		rc = latest(conn, &at_ns, err);
		if (rc || at_ns <= now_ns + LEEWAY_NS)
			return rc;
		rc = set_workspaces(conn, now_ns, err);
		if (!rc)
			rc = set_outbox(conn, now_ns, err);
		if (rc)
			return rc;
	}
	rc = set_assets(conn, now_ns, walk, err);
	if (rc)
		return rc;
	rc = sqlite_asset_last(conn, &last, err);
	walk->row += STEP_ROWS;
	walk->more = !rc && walk->row < last;
	return rc;
}
