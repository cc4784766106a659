/*
 * The schema, as the list of steps that made it. user_version says how many of them a
 * database has; application_id says that it is ours. A step is never changed once it
 * has been released: another one is added. The steps a database lacks are done in one
 * transaction, after a copy of it has been made.
 *
 * Names of states, wishes, roles, outcomes and kinds are stored as the words that logs
 * and the API use. Times are nanoseconds, 0 is none.
 *
 * What a delivery costs is mostly pages touched, so only two indexes have keys in
 * random order: deliveries_key and assets_id. All others grow at one end, or are
 * partial. Bodies and platform data live in tables of their own, so that the rest stays
 * dense.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/mem.h"
#include <stdlib.h>

#define APPLICATION_ID 0x766b6565 /* "vkee" */
#define COPIES_MAX     100

static const char *const steps[] = {
	/* 1 */
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL)"
	" STRICT, WITHOUT ROWID;"

	"CREATE TABLE workspaces("
	" id INTEGER PRIMARY KEY,"
	" name TEXT NOT NULL UNIQUE," /* '': what concerns all of them */
	" last_delivery_ns INTEGER NOT NULL DEFAULT 0,"
	" sweep_wanted_ns INTEGER NOT NULL DEFAULT 0,"
	" paused INTEGER NOT NULL DEFAULT 0,"
	" duplicates INTEGER NOT NULL DEFAULT 0,"
	" rejected INTEGER NOT NULL DEFAULT 0,"
	" foreigners INTEGER NOT NULL DEFAULT 0,"
	" bytes INTEGER NOT NULL DEFAULT 0" /* of the assets' files */
	") STRICT;"

	"CREATE TABLE workspace_assets(" /* how many assets are in each state */
	" workspace INTEGER NOT NULL,"
	" state TEXT NOT NULL,"
	" assets INTEGER NOT NULL,"
	" PRIMARY KEY(workspace, state)"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE deliveries("
	" row INTEGER PRIMARY KEY,"
	" workspace INTEGER NOT NULL,"
	" asset INTEGER NOT NULL," /* its row; 0: names none that is known */
	" key TEXT NOT NULL,"
	" outcome TEXT NOT NULL,"
	" kind TEXT NOT NULL,"
	" type TEXT,"
	" event_ns INTEGER NOT NULL,"
	" received_ns INTEGER NOT NULL,"
	" duplicates INTEGER NOT NULL DEFAULT 0,"
	" note TEXT"
	") STRICT;"
	"CREATE UNIQUE INDEX deliveries_key ON deliveries(asset, workspace, key);"

	"CREATE TABLE bodies(" /* of deliveries; forgotten first */
	" row INTEGER PRIMARY KEY,"
	" received_ns INTEGER NOT NULL,"
	" body BLOB NOT NULL"
	") STRICT;"

	"CREATE TABLE assets("
	" row INTEGER PRIMARY KEY,"
	" workspace INTEGER NOT NULL,"
	" id TEXT NOT NULL,"
	" state TEXT NOT NULL,"
	" tombstone INTEGER NOT NULL DEFAULT 0,"
	" seen_sweep_ns INTEGER NOT NULL DEFAULT 0,"
	" first_seen_ns INTEGER NOT NULL,"
	" updated_ns INTEGER NOT NULL,"
	" due_ns INTEGER NOT NULL,"
	" deadline_ns INTEGER NOT NULL,"
	" priority INTEGER NOT NULL DEFAULT 0,"
	/* news */
	" announced_ns INTEGER NOT NULL,"
	" ready_ns INTEGER NOT NULL,"
	" changed_ns INTEGER NOT NULL,"
	" failed_ns INTEGER NOT NULL,"
	" deleted_ns INTEGER NOT NULL,"
	" wish TEXT NOT NULL,"
	" held INTEGER NOT NULL,"
	" seq INTEGER NOT NULL,"
	/* facts */
	" trial INTEGER NOT NULL,"
	" type TEXT,"
	" title TEXT,"
	" stream TEXT,"
	" channel TEXT,"
	" creator TEXT,"
	" created_ns INTEGER NOT NULL,"
	" expires_ns INTEGER NOT NULL,"
	" duration_ms INTEGER NOT NULL,"
	" width INTEGER NOT NULL,"
	" height INTEGER NOT NULL,"
	" metadata TEXT,"
	/* the keeper's */
	" reason TEXT,"
	" platform_status TEXT,"
	" rule TEXT,"
	" base_path TEXT,"
	" by_person INTEGER NOT NULL DEFAULT 0,"
	" answered_changed_ns INTEGER NOT NULL DEFAULT 0,"
	" answered_deleted_ns INTEGER NOT NULL DEFAULT 0,"
	" contradicted INTEGER NOT NULL DEFAULT 0,"
	" attempts INTEGER NOT NULL DEFAULT 0,"
	" trouble_ns INTEGER NOT NULL DEFAULT 0,"
	" looked_ns INTEGER NOT NULL DEFAULT 0,"
	" archived_ns INTEGER NOT NULL DEFAULT 0,"
	" removed_ns INTEGER NOT NULL DEFAULT 0,"
	/* of its files, so that lists need no join */
	" bytes INTEGER NOT NULL DEFAULT 0,"
	" files INTEGER NOT NULL DEFAULT 0,"
	" path TEXT"
	") STRICT;"
	"CREATE UNIQUE INDEX assets_id ON assets(workspace, id);"
	"CREATE UNIQUE INDEX assets_path ON assets(base_path)"
	" WHERE base_path IS NOT NULL;"
	"CREATE INDEX assets_state ON assets(workspace, state);"
	"CREATE INDEX assets_updated ON assets(updated_ns);"
	"CREATE INDEX assets_due ON assets(workspace, due_ns) WHERE due_ns > 0;"
	"CREATE INDEX assets_order"
	" ON assets(workspace, deadline_ns, priority DESC, due_ns) WHERE due_ns > 0;"

	"CREATE TABLE platform_data(asset INTEGER PRIMARY KEY, json TEXT NOT NULL) STRICT;"

	"CREATE TABLE files("
	" asset INTEGER NOT NULL,"
	" key TEXT NOT NULL,"
	" role TEXT NOT NULL,"
	" path TEXT NOT NULL,"
	" bytes INTEGER NOT NULL,"
	" sha256 TEXT NOT NULL,"
	" content_type TEXT,"
	" language TEXT,"
	" version TEXT,"
	" source_host TEXT,"
	" etag TEXT,"
	" downloaded_ns INTEGER NOT NULL,"
	" PRIMARY KEY(asset, key)"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE parts("
	" asset INTEGER NOT NULL,"
	" key TEXT NOT NULL,"
	" name TEXT NOT NULL,"
	" total INTEGER NOT NULL,"
	" held INTEGER NOT NULL,"
	" etag TEXT,"
	" last_modified TEXT,"
	" placing TEXT,"
	" sha256 TEXT NOT NULL,"
	" PRIMARY KEY(asset, key)"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE story("
	" asset INTEGER NOT NULL,"
	" line INTEGER NOT NULL,"
	" at_ns INTEGER NOT NULL,"
	" kind TEXT NOT NULL,"
	" text TEXT NOT NULL,"
	" PRIMARY KEY(asset, line)"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE removals(" /* for the limit on deletions */
	" row INTEGER PRIMARY KEY,"
	" workspace INTEGER NOT NULL,"
	" at_ns INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX removals_at ON removals(workspace, at_ns);",

	/* 2: files received as several ranges at once */
	"ALTER TABLE parts ADD COLUMN ranges TEXT;",

	/* 3: the order of work, and what rests until a host answers */
	"ALTER TABLE assets ADD COLUMN expected_bytes INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE assets ADD COLUMN handicap_ns INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE assets ADD COLUMN waits_for TEXT;"
	"DROP INDEX assets_due;"
	"DROP INDEX assets_order;"
	"CREATE INDEX assets_due ON assets(workspace, due_ns)"
	" WHERE due_ns > 0 AND waits_for IS NULL;"
	"CREATE INDEX assets_deadline ON assets(workspace, deadline_ns)"
	" WHERE due_ns > 0 AND waits_for IS NULL"
	" AND deadline_ns < 9223372036854775807;"
	/* The last two let it be passed over without a look at the row. */
	"CREATE INDEX assets_order ON assets(workspace, priority DESC,"
	" due_ns + handicap_ns, row, due_ns, deadline_ns)"
	" WHERE due_ns > 0 AND waits_for IS NULL;"
	"CREATE INDEX assets_waiting ON assets(waits_for, looked_ns)"
	" WHERE waits_for IS NOT NULL;",

	/* 4: what verifying found; about the file that was downloaded at that time,
	 * and forgotten with it */
	"CREATE TABLE damage("
	" asset INTEGER NOT NULL,"
	" key TEXT NOT NULL,"
	" downloaded_ns INTEGER NOT NULL,"
	" found_ns INTEGER NOT NULL,"
	" repair INTEGER NOT NULL," /* fetch it again */
	" PRIMARY KEY(asset, key)"
	") STRICT, WITHOUT ROWID;",

	/* 5: what the platform was asked to make */
	("ALTER TABLE assets ADD COLUMN mp4_asked_ns INTEGER NOT NULL DEFAULT 0;"
	 "ALTER TABLE assets ADD COLUMN mp4_refused TEXT;"),

	/* 6: reconciling: walks through the platform's list, and what lists have told
	 */
	"ALTER TABLE workspaces ADD COLUMN walk_ns INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE workspaces ADD COLUMN walk_page INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE workspaces ADD COLUMN reconciled_ns INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE workspaces ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE workspaces ADD COLUMN lost_oldest_ns INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE assets ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE assets ADD COLUMN listed_mark INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE assets ADD COLUMN missed_ns INTEGER NOT NULL DEFAULT 0;",

	/* 7: what is to be told to others; POSTs go out by row, programs by next_ns */
	"CREATE TABLE outbox("
	" row INTEGER PRIMARY KEY,"
	" kind TEXT NOT NULL,"
	" rule TEXT NOT NULL,"
	" asset INTEGER NOT NULL,"
	" event TEXT NOT NULL,"
	" change TEXT,"
	" key TEXT NOT NULL,"
	" body TEXT,"
	" created_ns INTEGER NOT NULL,"
	" attempts INTEGER NOT NULL DEFAULT 0,"
	" next_ns INTEGER NOT NULL DEFAULT 0"
	") STRICT;"
	"CREATE INDEX outbox_order ON outbox(kind, rule);"
	"CREATE INDEX outbox_next ON outbox(kind, rule, next_ns);",
};
#define NEWEST ((int)(sizeof(steps) / sizeof(steps[0])))

int sqlite_pragma(
	struct backend_conn *conn, const char *sql, char **value, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(conn->db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*value = mem_strdup((const char *)sqlite3_column_text(stmt, 0));
	else
		sqlite_failed(conn, err);
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW ? 0 : -ERR_LOCAL;
}

static int read_number(
	struct backend_conn *conn, const char *sql, int *value, struct err *err)
{
	char *text = NULL;
	int rc = sqlite_pragma(conn, sql, &text, err);

	if (!rc)
		*value = (int)strtol(text, NULL, 10);
	free(text);
	return rc;
}

int sqlite_check(struct backend_conn *conn, struct err *err)
{
	int application = 0, tables = 0, version = 0;
	int rc = read_number(conn, "PRAGMA application_id", &application, err);

	if (!rc)
		rc = read_number(conn, "PRAGMA user_version", &version, err);
	if (!rc)
		rc = read_number(
			conn, "SELECT count(*) FROM sqlite_schema", &tables, err);
	if (rc)
		return rc;
	if (tables > 0 && application != APPLICATION_ID)
		return err_set(err, ERR_PERMANENT,
			"%s is a database of another program; give vodkeep a file of "
			"its own",
			conn->path);
	if (version > NEWEST)
		return err_set(err, ERR_PERMANENT,
			"the state database %s has schema %d, this vodkeep knows up to "
			"%d: a newer version wrote it; run that one, or restore a backup",
			conn->path, version, NEWEST);
	return 0;
}

static int apply(struct backend_conn *conn, int step, struct err *err)
{
	char *sql = sqlite3_mprintf("%s PRAGMA application_id=%d;"
				    " PRAGMA user_version=%d;",
		steps[step], APPLICATION_ID, step + 1);
	int rc = sqlite3_exec(conn->db, sql, NULL, NULL, NULL);

	sqlite3_free(sql);
	if (rc == SQLITE_OK)
		return 0;
	sqlite_failed(conn, err);
	return err_wrap(err, "cannot bring the schema to version %d", step + 1);
}

static int execute(struct backend_conn *conn, const char *sql, struct err *err)
{
	return sqlite3_exec(conn->db, sql, NULL, NULL, NULL) == SQLITE_OK
		       ? 0
		       : sqlite_failed(conn, err);
}

/* All steps or none: what stops half-way leaves the database to the older vodkeep. */
static int apply_all(struct backend_conn *conn, int version, struct err *err)
{
	int rc = execute(conn, "BEGIN IMMEDIATE", err);

	for (int step = version; !rc && step < NEWEST; step++)
		rc = apply(conn, step, err);
	if (!rc)
		rc = execute(conn, "COMMIT", err);
	if (rc)
		sqlite3_exec(conn->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/* PATH.before-N; where that is there already, PATH.before-N.2 and so on. */
static int copy_before(struct backend_conn *conn, struct err *err)
{
	int rc = -(int)ERR_EXISTS;

	for (int i = 1; rc == -(int)ERR_EXISTS && i <= COPIES_MAX; i++) {
		char *path = mem_printf("%s.before-%d", conn->path, NEWEST);
		char *numbered = mem_printf("%s.%d", path, i);

		rc = sqlite_backup(conn, i == 1 ? path : numbered, err);
		free(path);
		free(numbered);
	}
	if (rc)
		err_wrap(err,
			"the state database is not brought to the new schema, for want of "
			"a copy of the old one");
	return rc;
}

int sqlite_migrate(struct backend_conn *conn, struct err *err)
{
	int version = 0;
	int rc = read_number(conn, "PRAGMA user_version", &version, err);

	if (rc || version == NEWEST)
		return rc;
	if (version > 0)
		rc = copy_before(conn, err);
	return rc ? rc : apply_all(conn, version, err);
}
