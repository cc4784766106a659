/*
 * An asset's row as a value: reading it, adding it, and writing its two halves. The
 * news half belongs to deliveries and commands, the other to the keeper (core/asset.h);
 * the facts are the keeper's from its first look on.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/json.h"
#include "base/mem.h"
#include "core/urgency.h"
#include <stdlib.h>
#include <string.h>

#define ASSET_COLUMNS                                                                 \
	"a.row, a.announced_ns, a.ready_ns, a.changed_ns, a.failed_ns, a.deleted_ns," \
	" a.wish, a.held, a.seq, a.due_ns, a.first_seen_ns, a.state, a.tombstone,"    \
	" a.by_person, a.answered_changed_ns, a.answered_deleted_ns, a.contradicted," \
	" a.attempts, a.trouble_ns, a.looked_ns, a.archived_ns, a.removed_ns,"        \
	" a.priority, a.trial, a.type, a.title, a.stream, a.channel, a.creator,"      \
	" a.created_ns, a.expires_ns, a.duration_ms, a.width, a.height, a.metadata,"  \
	" a.reason, a.platform_status, a.rule, a.base_path, a.expected_bytes,"        \
	" a.waits_for, a.mp4_asked_ns, a.mp4_refused, a.mark, a.delete_asked_ns,"     \
	" a.path_template, a.missing"

/* ---- reading ---- */

static void read_news(struct query *query, struct asset *asset)
{
	asset->row = column_int(query);
	asset->times.announced = column_int(query);
	asset->times.ready = column_int(query);
	asset->times.changed = column_int(query);
	asset->times.failed = column_int(query);
	asset->times.deleted = column_int(query);
	asset_wish_parse(column_text(query), &asset->wish);
	asset->held = column_int(query) != 0;
	asset->seq = column_int(query);
	asset->due_ns = column_int(query);
	asset->first_seen_ns = column_int(query);
}

static void read_standing(struct query *query, struct asset *asset)
{
	asset_state_parse(column_text(query), &asset->state);
	asset->tombstone = column_int(query) != 0;
	asset->by_person = column_int(query) != 0;
	asset->answered_changed_ns = column_int(query);
	asset->answered_deleted_ns = column_int(query);
	asset->contradicted = column_int(query) != 0;
	asset->attempts = (int)column_int(query);
	asset->trouble_ns = column_int(query);
	asset->looked_ns = column_int(query);
	asset->archived_ns = column_int(query);
	asset->removed_ns = column_int(query);
	asset->priority = (int)column_int(query);
}

static void read_facts(struct query *query, struct asset *asset)
{
	struct facts *facts = &asset->facts;

	asset->trial = column_int(query) != 0;
	facts->type = column_copy(query);
	facts->title = column_copy(query);
	facts->stream = column_copy(query);
	facts->channel = column_copy(query);
	facts->creator = column_copy(query);
	facts->created_ns = column_int(query);
	facts->expires_ns = column_int(query);
	facts->duration_ms = column_int(query);
	facts->width = (int)column_int(query);
	facts->height = (int)column_int(query);
	const char *metadata = column_text(query);
	if (metadata)
		json_parse(metadata, strlen(metadata), &facts->metadata, NULL);
}

static void read_asset(struct query *query, struct asset *asset)
{
	read_news(query, asset);
	read_standing(query, asset);
	read_facts(query, asset);
	asset->reason = column_copy(query);
	asset->platform_status = column_copy(query);
	asset->rule = column_copy(query);
	asset->base_path = column_copy(query);
	asset->facts.bytes = column_int(query);
	asset->waits_for = column_copy(query);
	asset->mp4_asked_ns = column_int(query);
	asset->mp4_refused = column_copy(query);
	asset->mark = column_int(query);
	asset->delete_asked_ns = column_int(query);
	asset->path_template = column_copy(query);
	asset->missing = column_copy(query);
}

int sqlite_asset_by_id(struct backend_conn *conn, int64_t workspace, const char *name,
	const char *id, struct asset **asset, struct err *err)
{
	struct query query = query_begin(conn, SQL_ASSET_BY_ID,
		"SELECT " ASSET_COLUMNS
		" FROM assets a WHERE a.workspace=? AND a.id=?");

	query_int(&query, workspace);
	query_text(&query, id);
	int rc = query_step(&query, err);
	if (rc > 0) {
		*asset = asset_new(name, id);
		read_asset(&query, *asset);
	} else if (rc == 0) {
		*asset = NULL;
	}
	query_end(&query);
	return rc < 0 ? rc : 0;
}

int sqlite_asset_by_row(
	struct backend_conn *conn, int64_t row, struct asset **asset, struct err *err)
{
	struct query query = query_begin(conn, SQL_ASSET_BY_ROW,
		"SELECT " ASSET_COLUMNS ", w.name, a.id FROM assets a"
		" JOIN workspaces w ON w.id = a.workspace WHERE a.row=?");

	query_int(&query, row);
	int rc = query_step(&query, err);
	if (rc > 0) {
		*asset = asset_new(NULL, NULL);
		read_asset(&query, *asset);
		(*asset)->workspace = column_copy(&query);
		(*asset)->id = column_copy(&query);
	} else if (rc == 0) {
		*asset = NULL;
	}
	query_end(&query);
	return rc < 0 ? rc : 0;
}

/* ---- writing ---- */

int sqlite_asset_last(struct backend_conn *conn, int64_t *row, struct err *err)
{
	struct query query = query_begin(
		conn, SQL_ASSET_LAST, "SELECT coalesce(max(row), 0) FROM assets");

	return query_value(&query, 0, row, err);
}

int sqlite_asset_number(struct backend_conn *conn, struct asset *asset, struct err *err)
{
	if (!conn->next_asset) {
		struct query query = query_begin(conn, SQL_ASSET_NEXT,
			"SELECT coalesce(max(row), 0) + 1 FROM assets");
		int rc = query_value(&query, 1, &conn->next_asset, err);
		if (rc)
			return rc;
	}
	asset->row = conn->next_asset++;
	return 0;
}

static void put_news(struct query *query, const struct asset *asset)
{
	query_int(query, asset->times.announced);
	query_int(query, asset->times.ready);
	query_int(query, asset->times.changed);
	query_int(query, asset->times.failed);
	query_int(query, asset->times.deleted);
	query_text(query, asset_wish_name(asset->wish));
	query_int(query, asset->held);
	query_int(query, asset->seq);
	query_int(query, asset->due_ns);
}

/* Returns the text that metadata was bound to: free it after the step. */
static char *put_facts(struct query *query, const struct asset *asset)
{
	const struct facts *facts = &asset->facts;
	char *metadata = facts->metadata ? json_print(facts->metadata, false) : NULL;

	query_int(query, asset_deadline_ns(asset));
	query_int(query, asset->trial);
	query_text(query, facts->type);
	query_text(query, facts->title);
	query_text(query, facts->stream);
	query_text(query, facts->channel);
	query_text(query, facts->creator);
	query_int(query, facts->created_ns);
	query_int(query, facts->expires_ns);
	query_int(query, facts->duration_ms);
	query_int(query, facts->width);
	query_int(query, facts->height);
	query_int(query, facts->bytes);
	query_int(query, urgency_handicap_ns(facts));
	query_int(query, asset->priority);
	query_text(query, metadata);
	return metadata;
}

#define FACTS_SET                                                                   \
	" deadline_ns=?, trial=?, type=?, title=?, stream=?, channel=?, creator=?," \
	" created_ns=?, expires_ns=?, duration_ms=?, width=?, height=?,"            \
	" expected_bytes=?, handicap_ns=?, priority=?, metadata=?"

int sqlite_asset_add(struct backend_conn *conn, struct tally *tally,
	const struct asset *asset, int64_t now_ns, struct err *err)
{
	struct query query = query_begin(conn, SQL_ASSET_ADD,
		"INSERT INTO assets(row, workspace, id, state, first_seen_ns, updated_ns,"
		" announced_ns, ready_ns, changed_ns, failed_ns, deleted_ns, wish, held,"
		" seq, due_ns, deadline_ns, trial, type, title, stream, channel, creator,"
		" created_ns, expires_ns, duration_ms, width, height, expected_bytes,"
		" handicap_ns, priority, metadata)"
		" VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");

	query_int(&query, asset->row);
	query_int(&query, tally->id);
	query_text(&query, asset->id);
	query_text(&query, asset_state_name(asset->state));
	query_int(&query, asset->first_seen_ns);
	query_int(&query, now_ns);
	put_news(&query, asset);
	char *metadata = put_facts(&query, asset);
	int rc = query_run(&query, err);
	free(metadata);
	tally->assets[asset->state]++;
	tally->changed = true;
	return rc;
}

int sqlite_asset_facts(
	struct backend_conn *conn, const struct asset *asset, struct err *err)
{
	struct query query = query_begin(
		conn, SQL_ASSET_FACTS, "UPDATE assets SET" FACTS_SET " WHERE row=?");
	char *metadata = put_facts(&query, asset);

	query_int(&query, asset->row);
	int rc = query_run(&query, err);
	free(metadata);
	return rc;
}

int sqlite_asset_news(struct backend_conn *conn, struct tally *tally,
	const struct asset *asset, enum asset_state before, int64_t now_ns,
	struct err *err)
{
	struct query query = query_begin(conn, SQL_ASSET_NEWS,
		"UPDATE assets SET announced_ns=?, ready_ns=?, changed_ns=?, failed_ns=?,"
		" deleted_ns=?, wish=?, held=?, seq=?, due_ns=?, state=?, updated_ns=?,"
		" trial=?, expires_ns=?, deadline_ns=?, waits_for=NULL WHERE row=?");

	put_news(&query, asset);
	query_text(&query, asset_state_name(asset->state));
	query_int(&query, now_ns);
	query_int(&query, asset->trial);
	query_int(&query, asset->facts.expires_ns);
	query_int(&query, asset_deadline_ns(asset));
	query_int(&query, asset->row);
	int rc = query_run(&query, err);
	if (!rc && !asset->looked_ns)
		rc = sqlite_asset_facts(conn, asset, err);
	tally->assets[before]--;
	tally->assets[asset->state]++;
	tally->changed = true;
	return rc;
}
