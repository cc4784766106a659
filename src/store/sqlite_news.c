/*
 * News: what deliveries and commands bring to an asset. All of it goes through
 * asset_apply_*(); this file finds the asset, applies, and writes the news half back.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/mem.h"
#include <stdlib.h>

/* ---- deliveries ---- */

/* Adds the delivery, or counts it on the one that is there. */
static int add_delivery(struct backend_conn *conn, struct tally *tally,
	const struct delivery *delivery, int64_t asset_row, bool *duplicate,
	struct err *err)
{
	const struct event *event = &delivery->event;
	struct query query = query_begin(conn, SQL_DELIVERY_ADD,
		"INSERT INTO deliveries(workspace, asset, key, outcome, kind, type,"
		" event_ns, received_ns, note) VALUES(?,?,?,?,?,?,?,?,?)"
		" ON CONFLICT DO NOTHING");

	query_int(&query, tally->id);
	query_int(&query, asset_row);
	query_text(&query, event->key);
	query_text(&query, delivery_outcome_name(delivery->outcome));
	query_text(&query, event_kind_name(event->kind));
	query_text(&query, event->type);
	query_int(&query, event->at_ns);
	query_int(&query, delivery->received_ns);
	query_text(&query, delivery->note);
	int rc = query_run(&query, err);
	if (rc)
		return rc;
	*duplicate = sqlite3_changes(conn->db) == 0;
	if (*duplicate || !delivery->body)
		return 0;
	query = query_begin(conn, SQL_DELIVERY_BODY,
		"INSERT INTO bodies(row, received_ns, body) VALUES(?,?,?)");
	query_int(&query, sqlite3_last_insert_rowid(conn->db));
	query_int(&query, delivery->received_ns);
	query_blob(&query, delivery->body, delivery->body_len);
	return query_run(&query, err);
}

static int count_repeat(struct backend_conn *conn, const struct tally *tally,
	int64_t asset_row, const char *key, struct err *err)
{
	struct query query = query_begin(conn, SQL_DELIVERY_REPEAT,
		"UPDATE deliveries SET duplicates = duplicates + 1"
		" WHERE asset=? AND workspace=? AND key=?");

	query_int(&query, asset_row);
	query_int(&query, tally->id);
	query_text(&query, key);
	return query_run(&query, err);
}

static void count_delivery(
	struct tally *tally, const struct delivery *delivery, bool duplicate)
{
	if (delivery->received_ns > tally->last_delivery_ns)
		tally->last_delivery_ns = delivery->received_ns;
	if (duplicate)
		tally->duplicates++;
	else if (delivery->outcome == DELIVERED_REJECTED)
		tally->rejected++;
	else if (delivery->outcome == DELIVERED_FOREIGN)
		tally->foreign++;
	tally->changed = true;
}

static int want_sweep(struct backend_conn *conn, const struct tally *tally,
	int64_t deleted_ns, struct err *err)
{
	struct query query = query_begin(conn, SQL_WORKSPACE_SWEEP,
		"UPDATE workspaces SET sweep_wanted_ns = max(sweep_wanted_ns, ?)"
		" WHERE id=?");

	query_int(&query, deleted_ns);
	query_int(&query, tally->id);
	return query_run(&query, err);
}

/* A new delivery's effect. @asset: NULL, present, or new with its row already chosen.
 */
static int take_effect(struct backend_conn *conn, struct tally *tally,
	const struct delivery *delivery, struct asset *asset, bool new_asset, bool *due,
	struct err *err)
{
	const struct event *event = &delivery->event;
	int64_t now_ns = delivery->received_ns;

	if (delivery->outcome != DELIVERED_ACCEPTED)
		return 0;
	if (!asset && event->kind == EVENT_DELETED)
		return want_sweep(
			conn, tally, event->at_ns ? event->at_ns : now_ns, err);
	if (!asset)
		return 0;
	enum asset_state before = asset->state;
	if (!asset->looked_ns)
		asset->priority = delivery->priority;
	*due = asset_apply_event(asset, event, now_ns);
	return new_asset ? sqlite_asset_add(conn, tally, asset, now_ns, err)
			 : sqlite_asset_news(conn, tally, asset, before, now_ns, err);
}

/* The asset that @delivery names: the present one, or, where it may have one made, a
 * new one with its row chosen. NULL otherwise. */
static int named_asset(struct backend_conn *conn, const struct tally *tally,
	const struct delivery *delivery, struct asset **asset, bool *new_asset,
	struct err *err)
{
	const char *id = delivery->event.asset_id;

	if (!id || delivery->outcome == DELIVERED_FOREIGN)
		return 0;
	int rc = sqlite_asset_by_id(
		conn, tally->id, delivery->workspace, id, asset, err);
	if (rc || *asset || delivery->outcome != DELIVERED_ACCEPTED)
		return rc;
	*asset = asset_new(delivery->workspace, id);
	*new_asset = true;
	return sqlite_asset_number(conn, *asset, err);
}

int sqlite_put_delivery(struct backend_conn *conn, const struct delivery *delivery,
	struct delivery_result *result, struct err *err)
{
	struct delivery_result done = { 0 };
	struct tally *tally = NULL;
	struct asset *asset = NULL;
	bool new_asset = false;
	int rc = sqlite_tally(conn, delivery->workspace, true, &tally, err);

	if (!rc)
		rc = named_asset(conn, tally, delivery, &asset, &new_asset, err);
	if (!rc) {
		done.asset_row = asset ? asset->row : 0;
		rc = add_delivery(
			conn, tally, delivery, done.asset_row, &done.duplicate, err);
	}
	if (!rc)
		rc = done.duplicate ? count_repeat(conn, tally, done.asset_row,
					      delivery->event.key, err)
				    : take_effect(conn, tally, delivery, asset,
					      new_asset, &done.due, err);
	if (!rc) {
		count_delivery(tally, delivery, done.duplicate);
		*result = done;
	}
	asset_free(asset);
	return rc;
}

/* ---- commands ---- */

int sqlite_apply_wish(struct backend_conn *conn, struct tally *tally,
	struct asset *asset, enum asset_wish wish, int64_t now_ns, struct err *err)
{
	struct story story = { 0 };
	enum asset_state before = asset->state;
	int rc;

	if (!asset_apply_wish(asset, wish, now_ns))
		return 0;
	rc = sqlite_asset_news(conn, tally, asset, before, now_ns, err);
	if (rc)
		return rc;
	if (wish == WISH_RETRY) /* decides nothing */
		story_add(&story, now_ns, "command", "retry was asked for");
	else
		story_decide(&story, now_ns, "command", asset_wish_name(wish), NULL,
			"%s was asked for", asset_wish_name(wish));
	rc = sqlite_put_story(conn, asset->row, &story, err);
	story_release(&story);
	return rc;
}

static int make_asset(struct backend_conn *conn, struct tally *tally,
	const char *workspace, const char *id, int64_t now_ns, struct asset **asset,
	struct err *err)
{
	int rc;

	*asset = asset_new(workspace, id);
	(*asset)->first_seen_ns = now_ns;
	rc = sqlite_asset_number(conn, *asset, err);
	return rc ? rc : sqlite_asset_add(conn, tally, *asset, now_ns, err);
}

/* Find the asset a command means; ERR_NOT_FOUND when there is none and none is made. */
static int commanded_asset(struct backend_conn *conn, const char *workspace,
	const char *id, bool create, int64_t now_ns, struct tally **tally,
	struct asset **asset, struct err *err)
{
	int rc = sqlite_tally(conn, workspace, create, tally, err);

	if (!rc && *tally)
		rc = sqlite_asset_by_id(conn, (*tally)->id, workspace, id, asset, err);
	if (rc || *asset)
		return rc;
	if (!create)
		return err_set(err, ERR_NOT_FOUND, "workspace %s has no asset %s",
			workspace, id);
	return make_asset(conn, *tally, workspace, id, now_ns, asset, err);
}

int sqlite_wish(struct backend_conn *conn, const char *workspace, const char *id,
	enum asset_wish wish, bool create, int64_t now_ns, struct err *err)
{
	struct tally *tally = NULL;
	struct asset *asset = NULL;
	int rc = commanded_asset(
		conn, workspace, id, create, now_ns, &tally, &asset, err);

	if (!rc)
		rc = sqlite_apply_wish(conn, tally, asset, wish, now_ns, err);
	asset_free(asset);
	return rc;
}

static int tell_hold(struct backend_conn *conn, const struct asset *asset,
	int64_t now_ns, struct err *err)
{
	struct story story = { 0 };

	story_decide(&story, now_ns, "command", asset->held ? "hold" : "unhold", NULL,
		"%s",
		asset->held ? "held: it will not be removed, whatever comes"
			    : "no longer held");
	int rc = sqlite_put_story(conn, asset->row, &story, err);
	story_release(&story);
	return rc;
}

int sqlite_hold(struct backend_conn *conn, const char *workspace, const char *id,
	bool held, int64_t now_ns, struct err *err)
{
	struct tally *tally = NULL;
	struct asset *asset = NULL;
	int rc = commanded_asset(
		conn, workspace, id, false, now_ns, &tally, &asset, err);

	if (!rc && asset->held != held) {
		enum asset_state before = asset->state;
		asset_apply_hold(asset, held, now_ns);
		rc = sqlite_asset_news(conn, tally, asset, before, now_ns, err);
		if (!rc)
			rc = tell_hold(conn, asset, now_ns, err);
	}
	asset_free(asset);
	return rc;
}
