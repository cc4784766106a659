/*
 * Stored deliveries, newest first, for replay and for showing what was rejected.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/mem.h"
#include <string.h>

#define LIST_MAX 1000

static void read_delivery(struct query *query, struct stored_delivery *delivery)
{
	memset(delivery, 0, sizeof(*delivery));
	delivery->row = column_int(query);
	delivery->received_ns = column_int(query);
	delivery->workspace = column_copy(query);
	delivery_outcome_parse(column_text(query), &delivery->outcome);
	delivery->type = column_copy(query);
	delivery->key = column_copy(query);
	delivery->note = column_copy(query);
	delivery->event_ns = column_int(query);
	delivery->duplicates = column_int(query);
	delivery->asset_row = column_int(query);
	delivery->asset_id = column_copy(query);
	delivery->body_len = (size_t)sqlite3_column_bytes(query->stmt, query->column);
	delivery->body = mem_strndup(column_text(query), delivery->body_len);
}

int sqlite_deliveries(struct backend_conn *conn, const struct delivery_filter *filter,
	struct stored_list *list, struct err *err)
{
	size_t limit = filter->limit < LIST_MAX ? filter->limit : LIST_MAX;
	struct query query = query_begin(conn, SQL_DELIVERY_LIST,
		"SELECT d.row, d.received_ns, w.name, d.outcome, d.type, d.key, d.note,"
		" d.event_ns, d.duplicates, d.asset, a.id, b.body"
		" FROM deliveries d JOIN workspaces w ON w.id = d.workspace"
		" LEFT JOIN assets a ON a.row = d.asset"
		" LEFT JOIN bodies b ON b.row = d.row"
		" WHERE d.row<?1 AND d.received_ns>=?2 AND (?3 IS NULL OR w.name=?3)"
		" AND (?4 IS NULL OR d.outcome=?4) ORDER BY d.row DESC LIMIT ?5");
	int rc;

	query_int(&query, filter->before_row > 0 ? filter->before_row : INT64_MAX);
	query_int(&query, filter->since_ns);
	query_text(&query, filter->workspace);
	query_text(&query, filter->outcome < 0
				   ? NULL
				   : delivery_outcome_name(
					     (enum delivery_outcome)filter->outcome));
	query_int(&query, (int64_t)limit);
	while ((rc = query_step(&query, err)) > 0) {
		list->items =
			mem_grow(list->items, list->count + 1, sizeof(*list->items));
		read_delivery(&query, &list->items[list->count++]);
	}
	query_end(&query);
	return rc;
}
