/*
 * The ledger: decisions as rows that are only added, each with a hash over the one
 * before (core/ledger.h). A row is written in the transaction of what it tells, so
 * neither is there without the other. What delivers decides nothing, and costs nothing
 * here.
 *
 * The head is remembered beside the database, and read anew after a rollback.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/clock.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

#define LIST_MAX 1000

static int read_head(
	struct backend_conn *conn, struct ledger_chain *head, struct err *err)
{
	struct query query = query_begin(conn, SQL_LEDGER_HEAD,
		"SELECT row, hash FROM ledger ORDER BY row DESC LIMIT 1");
	int rc = query_step(&query, err);

	ledger_chain_begin(head);
	if (rc > 0) {
		head->row = column_int(&query);
		snprintf(head->hash, sizeof(head->hash), "%s", column_text(&query));
	}
	query_end(&query);
	return rc < 0 ? rc : 0;
}

/* Completes @entry with row and hash, and adds it. */
static int append(
	struct backend_conn *conn, struct ledger_entry *entry, struct err *err)
{
	struct ledger_chain *head = &conn->ledger;
	int rc = head->hash[0] ? 0 : read_head(conn, head, err);

	if (rc)
		return rc;
	entry->row = head->row + 1;
	ledger_hash(head->hash, entry, entry->hash);
	struct query query = query_begin(conn, SQL_LEDGER_ADD,
		"INSERT INTO ledger(row, at_ns, asset, workspace, id, kind, decision,"
		" cause, evidence, hash) VALUES(?,?,?,?,?,?,?,?,?,?)");
	query_int(&query, entry->row);
	query_int(&query, entry->at_ns);
	query_int(&query, entry->asset);
	query_text(&query, entry->workspace);
	query_text(&query, entry->id);
	query_text(&query, entry->kind);
	query_text(&query, entry->decision);
	query_text(&query, entry->cause);
	query_text(&query, entry->evidence);
	query_text(&query, entry->hash);
	rc = query_run(&query, err);
	if (rc)
		return rc;
	head->row = entry->row;
	memcpy(head->hash, entry->hash, sizeof(head->hash));
	return 0;
}

static int name_asset(struct backend_conn *conn, int64_t row,
	struct ledger_entry *entry, struct err *err)
{
	struct query query = query_begin(conn, SQL_ASSET_NAME,
		"SELECT w.name, a.id FROM assets a"
		" JOIN workspaces w ON w.id = a.workspace WHERE a.row=?");

	query_int(&query, row);
	int rc = query_step(&query, err);
	if (rc > 0) {
		entry->workspace = column_copy(&query);
		entry->id = column_copy(&query);
	}
	query_end(&query);
	return rc < 0 ? rc : 0;
}

int sqlite_ledger_add(struct backend_conn *conn, int64_t row,
	const struct story_line *line, struct err *err)
{
	struct ledger_entry entry = {
		.at_ns = line->at_ns,
		.asset = row,
		.kind = mem_strdup(line->kind),
		.decision = mem_strdup(line->decision),
		.cause = mem_strdup(line->text),
		.evidence = mem_strdup(line->evidence ? line->evidence : "{}"),
	};
	int rc = name_asset(conn, row, &entry, err);

	if (!rc)
		rc = append(conn, &entry, err);
	ledger_entry_release(&entry);
	return rc;
}

/* What was there before there was a ledger is what the chain begins with. */
static int put_first(struct backend_conn *conn, struct err *err)
{
	struct ledger_entry entry = {
		.at_ns = clock_system.wall_ns(),
		.workspace = mem_strdup(""),
		.id = mem_strdup(""),
		.kind = mem_strdup("note"),
		.decision = mem_strdup("began"),
		.cause = mem_strdup("the ledger begins here"),
	};
	int64_t next = 1;
	struct query query = query_begin(
		conn, SQL_ASSET_NEXT, "SELECT coalesce(max(row), 0) + 1 FROM assets");
	int rc = query_value(&query, 1, &next, err);

	entry.evidence = mem_printf("{\"last_asset\":%lld}", (long long)next - 1);
	if (!rc)
		rc = append(conn, &entry, err);
	ledger_entry_release(&entry);
	return rc;
}

int sqlite_ledger_begin(struct backend_conn *conn, struct err *err)
{
	int rc = read_head(conn, &conn->ledger, err);

	return rc || conn->ledger.row ? rc : put_first(conn, err);
}

/* ---- reading ---- */

int sqlite_ledger_story(struct backend_conn *conn, int64_t row, size_t limit,
	struct story *story, struct err *err)
{
	struct query query = query_begin(conn, SQL_LEDGER_STORY,
		"SELECT at_ns, kind, cause, decision, evidence FROM"
		" (SELECT * FROM ledger WHERE asset=? ORDER BY row DESC LIMIT ?)"
		" ORDER BY row");
	int rc;

	query_int(&query, row);
	query_int(&query, (int64_t)limit);
	while ((rc = query_step(&query, err)) > 0) {
		int64_t at_ns = column_int(&query);
		const char *kind = column_text(&query);
		story_take(story, at_ns, kind, column_copy(&query));
		story->lines[story->count - 1].decision = column_copy(&query);
		story->lines[story->count - 1].evidence = column_copy(&query);
	}
	query_end(&query);
	return rc;
}

static void read_entry(struct query *query, struct ledger_entry *entry)
{
	memset(entry, 0, sizeof(*entry));
	entry->row = column_int(query);
	entry->at_ns = column_int(query);
	entry->asset = column_int(query);
	entry->workspace = column_copy(query);
	entry->id = column_copy(query);
	entry->kind = column_copy(query);
	entry->decision = column_copy(query);
	entry->cause = column_copy(query);
	entry->evidence = column_copy(query);
	snprintf(entry->hash, sizeof(entry->hash), "%s", column_text(query));
}

int sqlite_ledger(struct backend_conn *conn, int64_t after_row, size_t limit,
	struct ledger_list *list, struct err *err)
{
	int rc = read_head(conn, &list->head, err);

	if (rc || !limit)
		return rc;
	struct query query = query_begin(conn, SQL_LEDGER_LIST,
		"SELECT row, at_ns, asset, workspace, id, kind, decision, cause,"
		" evidence, hash FROM ledger WHERE row>? ORDER BY row LIMIT ?");
	query_int(&query, after_row);
	query_int(&query, (int64_t)(limit < LIST_MAX ? limit : LIST_MAX));
	while ((rc = query_step(&query, err)) > 0) {
		list->items =
			mem_grow(list->items, list->count + 1, sizeof(*list->items));
		read_entry(&query, &list->items[list->count++]);
	}
	query_end(&query);
	return rc;
}
