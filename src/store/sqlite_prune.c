/*
 * Forgetting: bodies first, 90 days later the deliveries themselves, which until then
 * tell a repetition. Rows lie in the order of their arrival, so the old ones are at the
 * low end, and deleting there gives whole pages back for reuse.
 *
 * What claims to come from the future was stored while the clock was wrong: it is
 * forgotten like what is old, or it would stand before all that arrives after it.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/clock.h"

#define STEP_ROWS    500
#define DAY_NS       (INT64_C(24) * 3600 * NS_PER_S)
#define KEYS_KEPT_NS (90 * DAY_NS)
#define CLOCK_LEEWAY DAY_NS

/* Delete the low end of a table; STEP_ROWS at most, and adds how many to *gone. */
static int forget(struct backend_conn *conn, enum statement statement, const char *sql,
	int64_t before_ns, int64_t now_ns, struct walk *walk, struct err *err)
{
	struct query query = query_begin(conn, statement, sql);

	query_int(&query, STEP_ROWS);
	query_int(&query, before_ns);
	query_int(&query, now_ns + CLOCK_LEEWAY);
	int rc = query_run(&query, err);
	if (rc)
		return rc;
	size_t gone = (size_t)sqlite3_changes(conn->db);
	walk->count += gone;
	walk->more |= gone == STEP_ROWS;
	return 0;
}

int sqlite_prune(struct backend_conn *conn, int64_t before_ns, int64_t now_ns,
	struct walk *walk, struct err *err)
{
	walk->more = false;
	int rc = forget(conn, SQL_PRUNE_BODIES,
		"DELETE FROM bodies WHERE row IN (SELECT row FROM"
		" (SELECT row, received_ns FROM bodies ORDER BY row LIMIT ?1)"
		" WHERE received_ns < ?2 OR received_ns > ?3)",
		before_ns, now_ns, walk, err);

	if (!rc)
		rc = forget(conn, SQL_PRUNE_DELIVERIES,
			"DELETE FROM deliveries WHERE row IN (SELECT row FROM"
			" (SELECT row, received_ns FROM deliveries ORDER BY row LIMIT ?1)"
			" WHERE received_ns < ?2 OR received_ns > ?3)",
			before_ns - KEYS_KEPT_NS, now_ns, walk, err);
	if (!rc)
		rc = forget(conn, SQL_PRUNE_REMOVALS,
			"DELETE FROM removals WHERE row IN (SELECT row FROM"
			" (SELECT row, at_ns FROM removals ORDER BY row LIMIT ?1)"
			" WHERE at_ns < ?2 OR at_ns > ?3)",
			before_ns, now_ns, walk, err);
	return rc;
}
