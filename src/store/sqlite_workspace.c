/*
 * Workspaces: their small numbers, switches and counts, and the meta table. Counts that
 * every delivery changes are gathered in memory and written once for each transaction;
 * since they commit with the rows they count, they cannot drift from them.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

int sqlite_workspace(
	struct backend_conn *conn, const char *name, int64_t *id, struct err *err)
{
	struct query query = query_begin(
		conn, SQL_WORKSPACE_FIND, "SELECT id FROM workspaces WHERE name=?");

	query_text(&query, name);
	return query_value(&query, 0, id, err);
}

static int add_workspace(
	struct backend_conn *conn, const char *name, int64_t *id, struct err *err)
{
	struct query query = query_begin(
		conn, SQL_WORKSPACE_ADD, "INSERT INTO workspaces(name) VALUES(?)");

	query_text(&query, name);
	int rc = query_run(&query, err);
	if (!rc)
		*id = sqlite3_last_insert_rowid(conn->db);
	return rc;
}

int sqlite_tally(struct backend_conn *conn, const char *name, bool create,
	struct tally **tally, struct err *err)
{
	int64_t id = 0;

	for (size_t i = 0; i < conn->n_tallies; i++) {
		if (strcmp(conn->tallies[i].name, name) == 0) {
			*tally = &conn->tallies[i];
			return 0;
		}
	}
	int rc = sqlite_workspace(conn, name, &id, err);
	if (!rc && !id && create)
		rc = add_workspace(conn, name, &id, err);
	if (rc)
		return rc;
	if (!id) {
		*tally = NULL;
		return 0;
	}
	conn->tallies =
		mem_grow(conn->tallies, conn->n_tallies + 1, sizeof(*conn->tallies));
	*tally = &conn->tallies[conn->n_tallies++];
	**tally = (struct tally){ .id = id, .name = mem_strdup(name) };
	return 0;
}

void sqlite_forget_tallies(struct backend_conn *conn)
{
	for (size_t i = 0; i < conn->n_tallies; i++)
		free(conn->tallies[i].name);
	free(conn->tallies);
	conn->tallies = NULL;
	conn->n_tallies = 0;
}

static int write_states(
	struct backend_conn *conn, const struct tally *tally, struct err *err)
{
	for (int i = 0; i < ASSET_STATE_COUNT; i++) {
		if (!tally->assets[i])
			continue;
		struct query query = query_begin(conn, SQL_WORKSPACE_STATES,
			"INSERT INTO workspace_assets(workspace, state, assets)"
			" VALUES(?,?,?) ON CONFLICT DO UPDATE"
			" SET assets = assets + excluded.assets");
		query_int(&query, tally->id);
		query_text(&query, asset_state_name((enum asset_state)i));
		query_int(&query, tally->assets[i]);
		int rc = query_run(&query, err);
		if (rc)
			return rc;
	}
	return 0;
}

void sqlite_count_lost(struct tally *tally, int64_t since_ns)
{
	tally->lost++;
	if (!tally->lost_ns || since_ns < tally->lost_ns)
		tally->lost_ns = since_ns;
	tally->changed = true;
}

static int write_lost(
	struct backend_conn *conn, const struct tally *tally, struct err *err)
{
	struct query query = query_begin(conn, SQL_WORKSPACE_LOST,
		"UPDATE workspaces SET lost=lost+?1, lost_oldest_ns=CASE"
		" WHEN lost_oldest_ns=0 OR lost_oldest_ns>?2 THEN ?2"
		" ELSE lost_oldest_ns END WHERE id=?3");

	query_int(&query, tally->lost);
	query_int(&query, tally->lost_ns);
	query_int(&query, tally->id);
	return query_run(&query, err);
}

static int write_tally(
	struct backend_conn *conn, const struct tally *tally, struct err *err)
{
	struct query query = query_begin(conn, SQL_WORKSPACE_COUNT,
		"UPDATE workspaces SET"
		" last_delivery_ns = max(last_delivery_ns, ?),"
		" duplicates = duplicates + ?,"
		" rejected = rejected + ?,"
		" foreigners = foreigners + ?,"
		" bytes = bytes + ?"
		" WHERE id=?");

	query_int(&query, tally->last_delivery_ns);
	query_int(&query, tally->duplicates);
	query_int(&query, tally->rejected);
	query_int(&query, tally->foreign);
	query_int(&query, tally->bytes);
	query_int(&query, tally->id);
	int rc = query_run(&query, err);
	if (!rc && tally->lost)
		rc = write_lost(conn, tally, err);
	return rc ? rc : write_states(conn, tally, err);
}

int sqlite_write_tallies(struct backend_conn *conn, struct err *err)
{
	for (size_t i = 0; i < conn->n_tallies; i++) {
		struct tally *tally = &conn->tallies[i];
		if (!tally->changed)
			continue;
		int rc = write_tally(conn, tally, err);
		if (rc)
			return rc;
		*tally = (struct tally){ .id = tally->id, .name = tally->name };
	}
	return 0;
}

int sqlite_workspaces(
	struct backend_conn *conn, struct workspace_list *list, struct err *err)
{
	struct query query = query_begin(conn, SQL_WORKSPACE_LIST,
		"SELECT name, last_delivery_ns, sweep_wanted_ns, paused, walk_ns,"
		" walk_page FROM workspaces ORDER BY name");
	int rc;

	while ((rc = query_step(&query, err)) > 0) {
		list->items =
			mem_grow(list->items, list->count + 1, sizeof(*list->items));
		struct workspace_state *state = &list->items[list->count++];
		state->name = column_copy(&query);
		state->last_delivery_ns = column_int(&query);
		state->sweep_wanted_ns = column_int(&query);
		state->paused = column_int(&query) != 0;
		state->walk_ns = column_int(&query);
		state->walk_page = (int)column_int(&query);
	}
	query_end(&query);
	return rc;
}

int sqlite_set_paused(
	struct backend_conn *conn, const char *workspace, bool paused, struct err *err)
{
	struct tally *tally = NULL;
	int rc = sqlite_tally(conn, workspace, true, &tally, err);

	if (rc)
		return rc;
	struct query query = query_begin(
		conn, SQL_WORKSPACE_PAUSE, "UPDATE workspaces SET paused=? WHERE id=?");
	query_int(&query, paused);
	query_int(&query, tally->id);
	return query_run(&query, err);
}

int sqlite_meta(struct backend_conn *conn, struct meta_list *list, struct err *err)
{
	struct query query =
		query_begin(conn, SQL_META_LIST, "SELECT key, value FROM meta");
	int rc;

	while ((rc = query_step(&query, err)) > 0) {
		list->items =
			mem_grow(list->items, list->count + 1, sizeof(*list->items));
		struct meta *meta = &list->items[list->count++];
		meta->key = column_copy(&query);
		meta->value = column_copy(&query);
	}
	query_end(&query);
	return rc;
}

int sqlite_put_meta(
	struct backend_conn *conn, const char *key, const char *value, struct err *err)
{
	struct query query = query_begin(conn, SQL_META_PUT,
		"INSERT INTO meta(key, value) VALUES(?,?)"
		" ON CONFLICT DO UPDATE SET value = excluded.value");

	query_text(&query, key);
	query_text(&query, value);
	return query_run(&query, err);
}
