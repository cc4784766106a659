/*
 * Counts for status, metrics and the limit on deletions. Everything here is kept as a
 * count or has an index whose end answers: nothing walks through assets.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/mem.h"

static int count_states(struct backend_conn *conn, int64_t workspace,
	int64_t assets[ASSET_STATE_COUNT], struct err *err)
{
	struct query query = query_begin(conn, SQL_STATE_COUNT,
		"SELECT state, assets FROM workspace_assets WHERE workspace=?");
	enum asset_state state;
	int rc;

	query_int(&query, workspace);
	while ((rc = query_step(&query, err)) > 0)
		if (asset_state_parse(column_text(&query), &state) == 0)
			assets[state] = column_int(&query);
	query_end(&query);
	return rc;
}

static int count_removals(struct backend_conn *conn, int64_t workspace,
	int64_t since_ns, struct removal_counts *counts, struct err *err)
{
	struct query query = query_begin(conn, SQL_REMOVAL_COUNT,
		"SELECT count(*) - coalesce(sum(retired), 0), coalesce(sum(retired), 0)"
		" FROM removals WHERE workspace=? AND at_ns>=?");

	query_int(&query, workspace);
	query_int(&query, since_ns);
	int rc = query_step(&query, err);
	if (rc > 0) {
		counts->removed = column_int(&query);
		counts->retired = column_int(&query);
	}
	query_end(&query);
	return rc < 0 ? rc : 0;
}

static int oldest_due(
	struct backend_conn *conn, int64_t workspace, int64_t *due_ns, struct err *err)
{
	struct query query = query_begin(conn, SQL_DUE_OLDEST,
		"SELECT coalesce(min(due_ns), 0) FROM assets INDEXED BY assets_due"
		" WHERE workspace=? AND due_ns > 0 AND waits_for IS NULL");

	query_int(&query, workspace);
	return query_value(&query, 0, due_ns, err);
}

static int complete(struct backend_conn *conn, int64_t id, int64_t since_ns,
	struct workspace_stats *stats, struct err *err)
{
	struct removal_counts removals = { 0 };
	int rc = count_states(conn, id, stats->assets, err);

	if (!rc)
		rc = count_removals(conn, id, since_ns, &removals, err);
	stats->removed_since = removals.removed + removals.retired;
	if (!rc)
		rc = oldest_due(conn, id, &stats->oldest_due_ns, err);
	if (!rc)
		rc = sqlite_damage_count(conn, id, &stats->damaged, err);
	return rc;
}

int sqlite_stats(struct backend_conn *conn, int64_t removed_since_ns,
	struct stats_list *list, struct err *err)
{
	struct query query = query_begin(conn, SQL_WORKSPACE_STATS,
		"SELECT id, name, bytes, last_delivery_ns, duplicates, rejected,"
		" foreigners, reconciled_ns, lost, lost_oldest_ns FROM workspaces WHERE name <> '' ORDER BY name");
	int rc;

	while ((rc = query_step(&query, err)) > 0) {
		list->items =
			mem_grow(list->items, list->count + 1, sizeof(*list->items));
		struct workspace_stats *stats = &list->items[list->count++];
		*stats = (struct workspace_stats){ 0 };
		int64_t id = column_int(&query);
		stats->name = column_copy(&query);
		stats->bytes = column_int(&query);
		stats->last_delivery_ns = column_int(&query);
		stats->duplicates = column_int(&query);
		stats->rejected = column_int(&query);
		stats->foreign = column_int(&query);
		stats->reconciled_ns = column_int(&query);
		stats->lost = column_int(&query);
		stats->lost_oldest_ns = column_int(&query);
		rc = complete(conn, id, removed_since_ns, stats, err);
		if (rc)
			break;
	}
	query_end(&query);
	return rc;
}

int sqlite_removals(struct backend_conn *conn, const char *workspace, int64_t since_ns,
	struct removal_counts *counts, struct err *err)
{
	int64_t assets[ASSET_STATE_COUNT] = { 0 }, id = 0;
	struct removal_counts found = { 0 };
	int rc = sqlite_workspace(conn, workspace, &id, err);

	if (!rc)
		rc = count_states(conn, id, assets, err);
	if (!rc)
		rc = count_removals(conn, id, since_ns, &found, err);
	if (rc)
		return rc;
	found.archived = assets[ASSET_ARCHIVED];
	*counts = found;
	return 0;
}
