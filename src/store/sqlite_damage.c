/*
 * What verifying asks of the database and leaves in it. Damage has a table of its own,
 * written with the news and never by the keeper: a look that is under way cannot wipe
 * out what was found meanwhile. It is about one download of a file, and void with it.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/json.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

static int put_mark(struct backend_conn *conn, int64_t row,
	const struct verify_mark *mark, bool repair, int64_t now_ns, struct err *err)
{
	struct query query = query_begin(conn, SQL_DAMAGE_PUT,
		"INSERT INTO damage(asset, key, downloaded_ns, found_ns, repair)"
		" VALUES(?,?,?,?,?) ON CONFLICT DO UPDATE SET"
		" repair = CASE WHEN downloaded_ns = excluded.downloaded_ns"
		"  THEN max(repair, excluded.repair) ELSE excluded.repair END,"
		" downloaded_ns = excluded.downloaded_ns, found_ns = excluded.found_ns");

	query_int(&query, row);
	query_text(&query, mark->key);
	query_int(&query, mark->downloaded_ns);
	query_int(&query, now_ns);
	query_int(&query, repair);
	return query_run(&query, err);
}

/* What was damaged before and is not among what was found now. */
static int clear_rest(struct backend_conn *conn, int64_t row, int64_t now_ns,
	bool *cleared, struct err *err)
{
	struct query query = query_begin(conn, SQL_DAMAGE_CLEAR,
		"DELETE FROM damage WHERE asset=? AND found_ns <> ?");

	query_int(&query, row);
	query_int(&query, now_ns);
	int rc = query_run(&query, err);
	*cleared = !rc && sqlite3_changes(conn->db) > 0;
	return rc;
}

static int tell(struct backend_conn *conn, int64_t row, const struct verify_mark *marks,
	size_t n, bool cleared, int64_t now_ns, struct err *err)
{
	struct story story = { 0 };

	for (size_t i = 0; i < n; i++)
		story_add(&story, now_ns, "file", "verified: %s", marks[i].text);
	if (cleared)
		story_add(&story, now_ns, "file",
			n ? "verified: other files that were damaged are sound again"
			  : "verified: all its files are sound again");
	int rc = sqlite_put_story(conn, row, &story, err);
	story_release(&story);
	return rc;
}

static int want_repair(
	struct backend_conn *conn, struct asset *asset, int64_t now_ns, struct err *err)
{
	struct tally *tally = NULL;
	int rc = sqlite_tally(conn, asset->workspace, true, &tally, err);

	return rc ? rc : sqlite_apply_wish(conn, tally, asset, WISH_RETRY, now_ns, err);
}

int sqlite_verified(struct backend_conn *conn, int64_t row,
	const struct verify_mark *marks, size_t n, bool repair, int64_t now_ns,
	struct err *err)
{
	struct asset *asset = NULL;
	bool cleared = false;
	int rc = sqlite_asset_by_row(conn, row, &asset, err);

	if (rc || !asset)
		return rc;
	for (size_t i = 0; !rc && i < n; i++)
		rc = put_mark(conn, row, &marks[i], repair, now_ns, err);
	if (!rc)
		rc = clear_rest(conn, row, now_ns, &cleared, err);
	if (!rc)
		rc = tell(conn, row, marks, n, cleared, now_ns, err);
	if (!rc && repair && n)
		rc = want_repair(conn, asset, now_ns, err);
	asset_free(asset);
	return rc;
}

int sqlite_damage_trim(struct backend_conn *conn, int64_t row, struct err *err)
{
	struct query query = query_begin(conn, SQL_DAMAGE_TRIM,
		"DELETE FROM damage WHERE asset=?1 AND NOT EXISTS(SELECT 1 FROM files f"
		" WHERE f.asset = ?1 AND f.key = damage.key"
		" AND f.downloaded_ns = damage.downloaded_ns)");

	query_int(&query, row);
	return query_run(&query, err);
}

int sqlite_damage_count(
	struct backend_conn *conn, int64_t workspace, int64_t *count, struct err *err)
{
	/* Few rows, so the join is led by them. */
	struct query query = query_begin(conn, SQL_DAMAGE_COUNT,
		"SELECT count(*) FROM damage d CROSS JOIN assets a ON a.row = d.asset"
		" WHERE a.workspace=?");

	query_int(&query, workspace);
	return query_value(&query, 0, count, err);
}

int sqlite_verify_page(struct backend_conn *conn, const char *workspace,
	int64_t after_row, size_t limit, struct ref_list *list, struct err *err)
{
	struct query query = query_begin(conn, SQL_VERIFY_PAGE,
		"SELECT a.row, w.name, a.id FROM assets a"
		" CROSS JOIN workspaces w ON w.id = a.workspace"
		" WHERE a.row > ?1 AND a.files > 0 AND (?2 IS NULL OR w.name = ?2)"
		" ORDER BY a.row LIMIT ?3");
	int rc;

	query_int(&query, after_row);
	query_text(&query, workspace);
	query_int(&query, (int64_t)limit);
	while ((rc = query_step(&query, err)) > 0) {
		list->items =
			mem_grow(list->items, list->count + 1, sizeof(*list->items));
		struct asset_ref *ref = &list->items[list->count++];
		ref->row = column_int(&query);
		ref->workspace = column_copy(&query);
		ref->id = column_copy(&query);
	}
	query_end(&query);
	return rc;
}

/* ---- whose file is it ---- */

static int is_file_of(struct backend_conn *conn, int64_t row, const char *path,
	bool *claimed, struct err *err)
{
	struct query query = query_begin(conn, SQL_CLAIMED_FILE,
		"SELECT EXISTS(SELECT 1 FROM files WHERE asset=?1 AND path=?2)"
		" OR EXISTS(SELECT 1 FROM parts WHERE asset=?1 AND placing=?2)");
	int64_t found = 0;

	query_int(&query, row);
	query_text(&query, path);
	int rc = query_value(&query, 0, &found, err);
	*claimed |= found > 0;
	return rc;
}

/* Files of the asset that has claimed @base: what it has, and what a look at it may be
 * writing right now. */
static int claimed_by(struct backend_conn *conn, const char *base, const char *path,
	bool *claimed, struct err *err)
{
	struct query query = query_begin(conn, SQL_CLAIMED_BASE,
		"SELECT row, due_ns FROM assets WHERE base_path=?");
	int64_t row = 0, due_ns = 0;

	query_text(&query, base);
	int rc = query_step(&query, err);
	if (rc > 0) {
		row = column_int(&query);
		due_ns = column_int(&query);
	}
	query_end(&query);
	if (rc <= 0)
		return rc;
	*claimed |= due_ns > 0;
	return is_file_of(conn, row, path, claimed, err);
}

int sqlite_claimed_by_name(
	struct backend_conn *conn, const char *path, bool *claimed, struct err *err)
{
	char *base = mem_strdup(path);
	char *slash = strrchr(base, '/');
	char *name = slash ? slash + 1 : base;
	char *dot;
	int rc = 0;

	while (!rc && !*claimed && (dot = strrchr(name, '.'))) {
		*dot = '\0';
		rc = claimed_by(conn, base, path, claimed, err);
	}
	free(base);
	return rc;
}

/* Files that lie elsewhere than under their asset's base path, in one pass. */
static int claimed_anywhere(struct backend_conn *conn, char *const *paths, size_t n,
	bool *claimed, struct err *err)
{
	cJSON *open = cJSON_CreateArray();
	char *text;
	int rc;

	for (size_t i = 0; i < n; i++)
		if (!claimed[i])
			cJSON_AddItemToArray(open, cJSON_CreateString(paths[i]));
	if (!cJSON_GetArraySize(open)) {
		cJSON_Delete(open);
		return 0;
	}
	text = json_print(open, false);
	cJSON_Delete(open);
	struct query query = query_begin(conn, SQL_CLAIMED_ANY,
		"SELECT path FROM files"
		" WHERE path IN (SELECT value FROM json_each(?1)) UNION ALL"
		" SELECT placing FROM parts"
		" WHERE placing IN (SELECT value FROM json_each(?1))");
	query_text(&query, text);
	while ((rc = query_step(&query, err)) > 0) {
		const char *path = column_text(&query);
		for (size_t i = 0; i < n; i++)
			claimed[i] |= strcmp(paths[i], path) == 0;
	}
	query_end(&query);
	free(text);
	return rc;
}

int sqlite_claimed(struct backend_conn *conn, char *const *paths, size_t n,
	bool *claimed, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < n; i++)
		rc = sqlite_claimed_by_name(conn, paths[i], &claimed[i], err);
	return rc ? rc : claimed_anywhere(conn, paths, n, claimed, err);
}
