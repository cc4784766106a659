/*
 * The keeper's half of an asset: saving it with its files and parts, and loading the
 * whole. A claim on a path may be given up here; sqlite_path.c makes them.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- saving ---- */

/* What the row had before, as far as it decides what is written now. */
struct before {
	int64_t seq, bytes, removed_ns, due_ns, missed_ns, seen_ns;
	bool tombstone;
	enum asset_state state;
	enum asset_wish wish;
	char *workspace;
};

static int read_before(
	struct backend_conn *conn, int64_t row, struct before *was, struct err *err)
{
	struct query query = query_begin(conn, SQL_ASSET_SAVED,
		"SELECT a.seq, a.bytes, a.removed_ns, a.due_ns, a.missed_ns,"
		" a.seen_sweep_ns,"
		" a.tombstone, a.state, a.wish, w.name"
		" FROM assets a JOIN workspaces w ON w.id = a.workspace WHERE a.row=?");

	query_int(&query, row);
	int rc = query_step(&query, err);
	if (rc > 0) {
		was->seq = column_int(&query);
		was->bytes = column_int(&query);
		was->removed_ns = column_int(&query);
		was->due_ns = column_int(&query);
		was->missed_ns = column_int(&query);
		was->seen_ns = column_int(&query);
		was->tombstone = column_int(&query) != 0;
		asset_state_parse(column_text(&query), &was->state);
		asset_wish_parse(column_text(&query), &was->wish);
		was->workspace = column_copy(&query);
	} else if (rc == 0) {
		rc = err_set(err, ERR_NOT_FOUND, "no asset has the number %lld",
			(long long)row);
	}
	query_end(&query);
	return rc < 0 ? rc : 0;
}

static void put_standing(struct query *query, const struct asset *asset)
{
	const struct file *file = asset_main_file(asset);

	query_text(query, asset_state_name(asset->state));
	query_int(query, asset->tombstone);
	query_int(query, asset->by_person);
	query_int(query, asset->answered_changed_ns);
	query_int(query, asset->answered_deleted_ns);
	query_int(query, asset->contradicted);
	query_int(query, asset->attempts);
	query_int(query, asset->trouble_ns);
	query_int(query, asset->looked_ns);
	query_int(query, asset->mark);
	query_int(query, asset->archived_ns);
	query_int(query, asset->removed_ns);
	query_text(query, asset->reason);
	query_text(query, asset->platform_status);
	query_text(query, asset->rule);
	query_int(query, asset->mp4_asked_ns);
	query_text(query, asset->mp4_refused);
	query_int(query, asset->delete_asked_ns);
	query_text(query, asset->path_template);
	query_text(query, asset->missing);
	query_int(query, asset_bytes(asset));
	query_int(query, (int64_t)asset->n_files);
	query_text(query, file ? file->path : NULL);
}

/* base_path is given up here, but never taken: that is the claim's business. */
static int write_standing(struct backend_conn *conn, const struct asset *asset,
	int64_t due_ns, enum asset_wish wish, const char *waits_for, int64_t now_ns,
	struct err *err)
{
	struct query query = query_begin(conn, SQL_ASSET_SAVE,
		"UPDATE assets SET state=?, tombstone=?, by_person=?,"
		" answered_changed_ns=?, answered_deleted_ns=?, contradicted=?,"
		" attempts=?, trouble_ns=?,"
		" looked_ns=?, mark=?, archived_ns=?, removed_ns=?, reason=?,"
		" platform_status=?, rule=?, mp4_asked_ns=?, mp4_refused=?,"
		" delete_asked_ns=?, path_template=?, missing=?, bytes=?,"
		" files=?, path=?, due_ns=?, wish=?, waits_for=?, updated_ns=?,"
		" base_path = CASE WHEN ? THEN base_path END WHERE row=?");

	put_standing(&query, asset);
	query_int(&query, due_ns);
	query_text(&query, asset_wish_name(wish));
	query_text(&query, waits_for);
	query_int(&query, now_ns);
	query_int(&query, asset->base_path != NULL);
	query_int(&query, asset->row);
	return query_run(&query, err);
}

static int write_data(
	struct backend_conn *conn, const struct asset *asset, struct err *err)
{
	struct query query;

	if (!asset->platform_data) {
		query = query_begin(conn, SQL_ASSET_DATA_DROP,
			"DELETE FROM platform_data WHERE asset=?");
		query_int(&query, asset->row);
	} else {
		query = query_begin(conn, SQL_ASSET_DATA_PUT,
			"INSERT INTO platform_data(asset, json) VALUES(?,?)"
			" ON CONFLICT DO UPDATE SET json = excluded.json"
			" WHERE json <> excluded.json");
		query_int(&query, asset->row);
		query_text(&query, asset->platform_data);
	}
	return query_run(&query, err);
}

static int clear(struct backend_conn *conn, enum statement statement, const char *sql,
	int64_t row, struct err *err)
{
	struct query query = query_begin(conn, statement, sql);

	query_int(&query, row);
	return query_run(&query, err);
}

int sqlite_put_file(struct backend_conn *conn, int64_t row, const struct file *file,
	struct err *err)
{
	struct query query = query_begin(conn, SQL_FILE_PUT,
		"INSERT OR REPLACE INTO files(asset, key, role, path, bytes, sha256,"
		" content_type, language, version, source_host, etag, last_modified,"
		" downloaded_ns, replaced_ns, made)"
		" VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");

	query_int(&query, row);
	query_text(&query, file->key);
	query_text(&query, role_name(file->role));
	query_text(&query, file->path ? file->path : "");
	query_int(&query, file->bytes);
	query_text(&query, file->sha256);
	query_text(&query, file->content_type);
	query_text(&query, file->language);
	query_text(&query, file->version);
	query_text(&query, file->source_host);
	query_text(&query, file->etag);
	query_text(&query, file->last_modified);
	query_int(&query, file->downloaded_ns);
	query_int(&query, file->replaced_ns);
	query_text(&query, file->made);
	return query_run(&query, err);
}

int sqlite_put_part(struct backend_conn *conn, int64_t row, const struct part *part,
	struct err *err)
{
	struct query query = query_begin(conn, SQL_PART_PUT,
		"INSERT OR REPLACE INTO parts(asset, key, name, total, held, etag,"
		" last_modified, placing, sha256, ranges) VALUES(?,?,?,?,?,?,?,?,?,?)");

	query_int(&query, row);
	query_text(&query, part->key);
	query_text(&query, part->name ? part->name : "");
	query_int(&query, part->total);
	query_int(&query, part->held);
	query_text(&query, part->etag);
	query_text(&query, part->last_modified);
	query_text(&query, part->placing);
	query_text(&query, part->sha256);
	query_text(&query, part->ranges);
	return query_run(&query, err);
}

static int write_files(
	struct backend_conn *conn, const struct asset *asset, struct err *err)
{
	int rc = clear(conn, SQL_FILE_CLEAR, "DELETE FROM files WHERE asset=?",
		asset->row, err);

	for (size_t i = 0; !rc && i < asset->n_files; i++)
		rc = sqlite_put_file(conn, asset->row, &asset->files[i], err);
	if (!rc)
		rc = clear(conn, SQL_PART_CLEAR, "DELETE FROM parts WHERE asset=?",
			asset->row, err);
	for (size_t i = 0; !rc && i < asset->n_parts; i++)
		rc = sqlite_put_part(conn, asset->row, &asset->parts[i], err);
	return rc ? rc : sqlite_damage_trim(conn, asset->row, err);
}

/* Count what this save changes: the state, the bytes, a removal. */
static int count_change(struct backend_conn *conn, const struct asset *asset,
	const struct before *was, struct err *err)
{
	struct tally *tally = NULL;
	int rc = sqlite_tally(conn, was->workspace, true, &tally, err);

	if (rc)
		return rc;
	tally->assets[was->state]--;
	tally->assets[asset->state]++;
	tally->bytes += asset_bytes(asset) - was->bytes;
	tally->changed = true;
	/* A deletion that no delivery told, now that the platform has confirmed it. */
	if (was->missed_ns && asset->tombstone && !was->tombstone && !asset->by_person)
		sqlite_count_lost(tally, was->seen_ns ? was->seen_ns : was->missed_ns);
	if (!asset->removed_ns || asset->removed_ns == was->removed_ns)
		return 0;
	struct query query = query_begin(conn, SQL_REMOVAL_ADD,
		"INSERT INTO removals(workspace, at_ns, retired) VALUES(?,?,?)");
	query_int(&query, tally->id);
	query_int(&query, asset->removed_ns);
	query_int(&query, asset->retired);
	return query_run(&query, err);
}

int sqlite_save(struct backend_conn *conn, const struct asset *asset, int64_t due_ns,
	int64_t now_ns, struct err *err)
{
	struct before was = { 0 };
	int rc = read_before(conn, asset->row, &was, err);

	if (rc)
		return rc;
	bool news = was.seq != asset->seq;
	rc = write_standing(conn, asset, news ? was.due_ns : due_ns,
		news ? was.wish : WISH_NONE, news ? NULL : asset->waits_for, now_ns,
		err);
	if (!rc)
		rc = sqlite_asset_facts(conn, asset, err);
	if (!rc)
		rc = write_data(conn, asset, err);
	if (!rc)
		rc = write_files(conn, asset, err);
	if (!rc)
		rc = count_change(conn, asset, &was, err);
	free(was.workspace);
	return rc;
}

/* ---- loading ---- */

static void read_file(struct query *query, struct asset *asset)
{
	struct file *file = asset_add_file(asset, column_text(query));

	role_parse(column_text(query), &file->role);
	file->path = column_copy(query);
	file->bytes = column_int(query);
	snprintf(file->sha256, sizeof(file->sha256), "%s", column_text(query));
	file->content_type = column_copy(query);
	file->language = column_copy(query);
	file->version = column_copy(query);
	file->source_host = column_copy(query);
	file->etag = column_copy(query);
	file->last_modified = column_copy(query);
	file->downloaded_ns = column_int(query);
	file->replaced_ns = column_int(query);
	file->made = column_copy(query);
	int64_t damage = column_int(query);
	file->damaged = damage > 0;
	file->repair = damage > 1;
}

static void read_part(struct query *query, struct asset *asset)
{
	struct part *part = asset_add_part(asset, column_text(query));

	part->name = column_copy(query);
	part->total = column_int(query);
	part->held = column_int(query);
	part->etag = column_copy(query);
	part->last_modified = column_copy(query);
	part->placing = column_copy(query);
	snprintf(part->sha256, sizeof(part->sha256), "%s", column_text(query));
	part->ranges = column_copy(query);
}

static void read_data(struct query *query, struct asset *asset)
{
	asset->platform_data = column_copy(query);
}

static int read_rows(struct query query, struct asset *asset,
	void (*read)(struct query *query, struct asset *asset), struct err *err)
{
	int rc;

	query_int(&query, asset->row);
	while ((rc = query_step(&query, err)) > 0)
		read(&query, asset);
	query_end(&query);
	return rc;
}

static int load_belongings(
	struct backend_conn *conn, struct asset *asset, struct err *err)
{
	int rc = read_rows(
		query_begin(conn, SQL_FILE_LIST,
			"SELECT f.key, role, path, bytes, sha256, content_type,"
			" language, version, source_host, etag, last_modified,"
			" f.downloaded_ns, replaced_ns, made,"
			" coalesce(d.repair + 1, 0)"
			" FROM files f LEFT JOIN damage d"
			" ON d.asset = f.asset AND d.key = f.key"
			" AND d.downloaded_ns = f.downloaded_ns"
			" WHERE f.asset=? ORDER BY f.key"),
		asset, read_file, err);

	if (!rc)
		rc = read_rows(query_begin(conn, SQL_PART_LIST,
				       "SELECT key, name, total, held, etag,"
				       " last_modified, placing, sha256, ranges"
				       " FROM parts WHERE asset=? ORDER BY key"),
			asset, read_part, err);
	if (!rc)
		rc = read_rows(query_begin(conn, SQL_ASSET_DATA,
				       "SELECT json FROM platform_data WHERE asset=?"),
			asset, read_data, err);
	return rc;
}

int sqlite_load(
	struct backend_conn *conn, int64_t row, struct asset **asset, struct err *err)
{
	struct asset *loaded = NULL;
	int rc = sqlite_asset_by_row(conn, row, &loaded, err);

	if (!rc && !loaded)
		rc = err_set(err, ERR_NOT_FOUND, "no asset has the number %lld",
			(long long)row);
	if (!rc)
		rc = load_belongings(conn, loaded, err);
	if (rc) {
		asset_free(loaded);
		return rc;
	}
	*asset = loaded;
	return 0;
}

int sqlite_part_names(
	struct backend_conn *conn, struct name_list *list, struct err *err)
{
	struct query query = query_begin(conn, SQL_PART_NAMES,
		"SELECT name FROM parts WHERE name <> '' ORDER BY name");
	int rc;

	while ((rc = query_step(&query, err)) > 0) {
		list->items =
			mem_grow(list->items, list->count + 1, sizeof(*list->items));
		list->items[list->count++] = column_copy(&query);
	}
	query_end(&query);
	return rc;
}
