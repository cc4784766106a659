/*
 * The outbox. A queue is a kind and a rule; queues are found by walking along the
 * index, so that a long one costs no more than a short one.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/mem.h"
#include <stdlib.h>

static int put_notice(struct backend_conn *conn, int64_t asset,
	const struct notice *notice, struct err *err)
{
	struct query query = query_begin(conn, SQL_OUTBOX_PUT,
		"INSERT INTO outbox(kind, rule, asset, event, change, key, body,"
		" created_ns) VALUES(?,?,?,?,?,?,?,?)");
	query_text(&query, notice_kind_name(notice->kind));
	query_text(&query, notice->rule);
	query_int(&query, asset);
	query_text(&query, notice->event);
	query_text(&query, notice->change);
	query_text(&query, notice->key);
	query_text(&query, notice->body);
	query_int(&query, notice->created_ns);
	return query_run(&query, err);
}

int sqlite_outbox_put(struct backend_conn *conn, int64_t asset,
	const struct notices *notices, struct err *err)
{
	int rc = 0;
	for (size_t i = 0; !rc && notices && i < notices->n; i++)
		rc = put_notice(conn, asset, &notices->items[i], err);
	return rc;
}

int sqlite_outbox_settle(
	struct backend_conn *conn, int64_t row, int64_t next_ns, struct err *err)
{
	struct query query;
	if (next_ns) {
		query = query_begin(conn, SQL_OUTBOX_AGAIN,
			"UPDATE outbox SET attempts = attempts + 1, next_ns=?"
			" WHERE row=?");
		query_int(&query, next_ns);
	} else {
		query = query_begin(
			conn, SQL_OUTBOX_DROP, "DELETE FROM outbox WHERE row=?");
	}
	query_int(&query, row);
	return query_run(&query, err);
}

int sqlite_outbox_hurry(struct backend_conn *conn, struct err *err)
{
	struct query query = query_begin(conn, SQL_OUTBOX_HURRY,
		"UPDATE outbox SET next_ns = 0 WHERE next_ns > 0");
	return query_run(&query, err);
}

/* ---- reading ---- */

struct place {
	char *kind, *rule;
};

/* The queue behind @place, which becomes it. 1, or 0 when there is none. */
static int next_queue(struct backend_conn *conn, struct place *place, struct err *err)
{
	struct query query = query_begin(conn, SQL_OUTBOX_NEXT,
		"SELECT kind, rule FROM outbox WHERE (kind, rule) > (?, ?)"
		" ORDER BY kind, rule LIMIT 1");
	query_text(&query, place->kind);
	query_text(&query, place->rule);
	int rc = query_step(&query, err);
	char *kind = rc > 0 ? column_copy(&query) : NULL;
	char *rule = rc > 0 ? column_copy(&query) : NULL;
	query_end(&query);
	free(place->kind);
	free(place->rule);
	*place = (struct place){ kind, rule };
	return rc;
}

static void take_notice(struct query *query, struct notice *notice)
{
	notice->row = column_int(query);
	notice->asset = column_int(query);
	notice->workspace = column_copy(query);
	notice->id = column_copy(query);
	notice->event = column_copy(query);
	notice->change = column_copy(query);
	notice->key = column_copy(query);
	notice->body = column_copy(query);
	notice->created_ns = column_int(query);
	notice->next_ns = column_int(query);
	notice->attempts = (int)column_int(query);
}

#define HEADS                                                                       \
	"SELECT o.row, o.asset, w.name, a.id, o.event, o.change, o.key, o.body,"    \
	" o.created_ns, o.next_ns, o.attempts FROM outbox o"                        \
	" JOIN assets a ON a.row = o.asset JOIN workspaces w ON w.id = a.workspace" \
	" WHERE o.kind=? AND o.rule=? ORDER BY "

static int read_heads(struct backend_conn *conn, const struct place *place, size_t each,
	struct notices *list, struct err *err)
{
	enum notice_kind kind = NOTICE_POST;
	notice_kind_parse(place->kind, &kind);
	struct query query =
		kind == NOTICE_POST
			? query_begin(conn, SQL_OUTBOX_POSTS, HEADS "o.row LIMIT ?")
			: query_begin(conn, SQL_OUTBOX_RUNS,
				  HEADS "o.next_ns, o.row LIMIT ?");
	query_text(&query, place->kind);
	query_text(&query, place->rule);
	query_int(&query, (int64_t)each);
	int rc;
	while ((rc = query_step(&query, err)) > 0) {
		struct notice *notice = notices_add(list);
		notice->kind = kind;
		notice->rule = mem_strdup(place->rule);
		take_notice(&query, notice);
	}
	query_end(&query);
	return rc;
}

int sqlite_outbox(
	struct backend_conn *conn, size_t each, struct notices *list, struct err *err)
{
	struct place place = { mem_strdup(""), mem_strdup("") };
	int rc;
	while ((rc = next_queue(conn, &place, err)) > 0) {
		rc = read_heads(conn, &place, each, list, err);
		if (rc < 0)
			break;
	}
	free(place.kind);
	free(place.rule);
	return rc;
}

int sqlite_outbox_queues(
	struct backend_conn *conn, struct queue_list *list, struct err *err)
{
	struct query query = query_begin(conn, SQL_OUTBOX_QUEUES,
		"SELECT kind, rule, count(*), min(created_ns) FROM outbox"
		" GROUP BY kind, rule ORDER BY kind, rule");
	int rc;
	while ((rc = query_step(&query, err)) > 0) {
		list->items =
			mem_grow(list->items, list->count + 1, sizeof(*list->items));
		struct outbox_queue *queue = &list->items[list->count++];
		notice_kind_parse(column_text(&query), &queue->kind);
		queue->rule = column_copy(&query);
		queue->waiting = column_int(&query);
		queue->oldest_ns = column_int(&query);
	}
	query_end(&query);
	return rc;
}
