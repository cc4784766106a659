/*
 * Prepared statements as values: kept by name, filled and read in textual order, so
 * that a query's SQL, parameters and columns can be compared line by line. Knows no
 * table.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/mem.h"
#include <limits.h>
#include <string.h>

int sqlite_failed(struct backend_conn *conn, struct err *err)
{
	int errnum = sqlite3_system_errno(conn->db);

	if (errnum && sqlite3_errcode(conn->db) == SQLITE_IOERR)
		return err_sys(err, ERR_LOCAL, errnum, "the state database %s: %s",
			conn->path, sqlite3_errmsg(conn->db));
	return err_set(err, ERR_LOCAL, "the state database %s: %s", conn->path,
		sqlite3_errmsg(conn->db));
}

struct query query_begin(
	struct backend_conn *conn, enum statement statement, const char *sql)
{
	sqlite3_stmt **kept = &conn->statements[statement];
	struct query query = { .conn = conn };

	if (!*kept)
		query.rc = sqlite3_prepare_v3(
			conn->db, sql, -1, SQLITE_PREPARE_PERSISTENT, kept, NULL);
	query.stmt = *kept;
	return query;
}

static void bound(struct query *query, int rc)
{
	if (query->rc == SQLITE_OK)
		query->rc = rc;
}

void query_int(struct query *query, int64_t value)
{
	bound(query, sqlite3_bind_int64(query->stmt, ++query->parameter, value));
}

void query_text(struct query *query, const char *text)
{
	bound(query, sqlite3_bind_text(
			     query->stmt, ++query->parameter, text, -1, SQLITE_STATIC));
}

void query_blob(struct query *query, const void *data, size_t len)
{
	bound(query, sqlite3_bind_blob64(query->stmt, ++query->parameter, data, len,
			     SQLITE_STATIC));
}

int query_step(struct query *query, struct err *err)
{
	query->column = 0;
	if (query->rc == SQLITE_OK || query->rc == SQLITE_ROW)
		query->rc = sqlite3_step(query->stmt);
	if (query->rc == SQLITE_ROW)
		return 1;
	if (query->rc == SQLITE_DONE)
		return 0;
	return sqlite_failed(query->conn, err);
}

int64_t column_int(struct query *query)
{
	return sqlite3_column_int64(query->stmt, query->column++);
}

const char *column_text(struct query *query)
{
	return (const char *)sqlite3_column_text(query->stmt, query->column++);
}

char *column_copy(struct query *query)
{
	return mem_strdup(column_text(query));
}

void query_end(struct query *query)
{
	if (!query->stmt)
		return;
	sqlite3_reset(query->stmt);
	sqlite3_clear_bindings(query->stmt);
}

int query_run(struct query *query, struct err *err)
{
	int rc = query_step(query, err);

	query_end(query);
	return rc < 0 ? rc : 0;
}

int query_value(struct query *query, int64_t otherwise, int64_t *value, struct err *err)
{
	int rc = query_step(query, err);

	if (rc >= 0)
		*value = rc ? column_int(query) : otherwise;
	query_end(query);
	return rc < 0 ? rc : 0;
}
