/*
 * The SQLite back end's own contracts: the connection, and queries whose parameters and
 * columns are handled in the order in which they stand in the SQL text. Private to
 * store/sqlite_*.c; a connection is used by the thread that opened it only.
 */
#ifndef VODKEEP_STORE_SQLITE_H
#define VODKEEP_STORE_SQLITE_H

#include "store/backend.h"
#include <sqlite3.h>

/* Prepared statements are kept by these names. */
enum statement {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_WORKSPACE_FIND,
	SQL_WORKSPACE_ADD,
	SQL_WORKSPACE_COUNT,
	SQL_WORKSPACE_STATES,
	SQL_WORKSPACE_SWEEP,
	SQL_WORKSPACE_SWEPT,
	SQL_WORKSPACE_PAUSE,
	SQL_WORKSPACE_LOST,
	SQL_WORKSPACE_PAGE,
	SQL_WORKSPACE_RECONCILED,
	SQL_WORKSPACE_LIST,
	SQL_WORKSPACE_STATS,
	SQL_WORKSPACE_NEXT,
	SQL_DELIVERY_ADD,
	SQL_DELIVERY_BODY,
	SQL_DELIVERY_REPEAT,
	SQL_DELIVERY_LIST,
	SQL_ASSET_NEXT,
	SQL_ASSET_BY_ID,
	SQL_ASSET_BY_ROW,
	SQL_ASSET_ADD,
	SQL_ASSET_NEWS,
	SQL_ASSET_FACTS,
	SQL_ASSET_SAVE,
	SQL_ASSET_SAVED,
	SQL_ASSET_DATA,
	SQL_ASSET_DATA_PUT,
	SQL_ASSET_DATA_DROP,
	SQL_ASSET_LAST,
	SQL_FILE_LIST,
	SQL_FILE_CLEAR,
	SQL_FILE_PUT,
	SQL_PART_LIST,
	SQL_PART_NAMES,
	SQL_PART_CLEAR,
	SQL_PART_PUT,
	SQL_STORY_NEXT,
	SQL_STORY_ADD,
	SQL_STORY_TRIM,
	SQL_STORY_LIST,
	SQL_STORY_DELIVERIES,
	SQL_LEDGER_HEAD,
	SQL_LEDGER_ADD,
	SQL_LEDGER_LIST,
	SQL_LEDGER_STORY,
	SQL_ASSET_NAME,
	SQL_REMOVAL_ADD,
	SQL_REMOVAL_COUNT,
	SQL_PATH_HELD,
	SQL_PATH_OWNER,
	SQL_PATH_CLAIM,
	SQL_WISH_ROWS,
	SQL_WAITING_FREE,
	SQL_WAITING_FREE_ANY,
	SQL_LISTED_MARK,
	SQL_LISTED_SEEN,
	SQL_LISTED_NOT,
	SQL_LISTED_MISSED,
	SQL_ASSIGN_ROWS,
	SQL_ASSIGN_SET,
	SQL_RETIRE_ROWS,
	SQL_RETIRE_NEXT,
	SQL_RETIRE_DUE,
	SQL_META_LIST,
	SQL_META_PUT,
	SQL_PRUNE_BODIES,
	SQL_PRUNE_DELIVERIES,
	SQL_PRUNE_REMOVALS,
	SQL_DUE_COUNT,
	SQL_DUE_FEW,
	SQL_DUE_NEAR,
	SQL_DUE_REST,
	SQL_DUE_NEXT,
	SQL_DUE_OLDEST,
	SQL_FIND_WORKSPACES,
	SQL_FIND_ID,
	SQL_FIND_PREFIX,
	SQL_LIST_WORKSPACES,
	SQL_LIST_ALL,
	SQL_LIST_STATE,
	SQL_LIST_SINCE,
	SQL_LIST_WALK,
	SQL_CLOCK_LATEST,
	SQL_CLOCK_WORKSPACES,
	SQL_CLOCK_REMOVALS,
	SQL_CLOCK_OUTBOX,
	SQL_CLOCK_ASSETS,
	SQL_LIST_CHANGED,
	SQL_LIST_ROW,
	SQL_BROWSE,
	SQL_BROWSE_NEWEST,
	SQL_STATE_COUNT,
	SQL_BACKUP,
	SQL_DAMAGE_PUT,
	SQL_DAMAGE_CLEAR,
	SQL_DAMAGE_TRIM,
	SQL_DAMAGE_COUNT,
	SQL_VERIFY_PAGE,
	SQL_CLAIMED_BASE,
	SQL_CLAIMED_FILE,
	SQL_CLAIMED_ANY,
	SQL_OUTBOX_PUT,
	SQL_OUTBOX_AGAIN,
	SQL_OUTBOX_DROP,
	SQL_OUTBOX_HURRY,
	SQL_OUTBOX_NEXT,
	SQL_OUTBOX_POSTS,
	SQL_OUTBOX_RUNS,
	SQL_OUTBOX_QUEUES,
	SQL_STATEMENTS
};

/* What one transaction adds to a workspace's row: written once, at its commit. */
struct tally {
	int64_t id;
	char *name;
	bool changed;
	int64_t last_delivery_ns;
	int64_t duplicates, rejected, foreign, bytes;
	int64_t lost, lost_ns; /* deliveries that never came; the oldest gap */
	int64_t assets[ASSET_STATE_COUNT];
};

struct backend_conn {
	sqlite3 *db;
	char *path;
	int lock_fd; /* -1: a reader */
	sqlite3_stmt *statements[SQL_STATEMENTS];
	/* The log's length; how much of it is known to be in the database file; and how
	 * much will be when the help that was asked for has been given. */
	int64_t wal_bytes, wal_done, wal_asked;
	int64_t next_asset;         /* row of the next new asset; 0 unknown */
	struct ledger_chain ledger; /* the ledger's head; hash "": unknown */
	struct tally *tallies;      /* workspaces met; forgotten by a rollback */
	size_t n_tallies;
};

/* ---- sqlite_query.c ---- */

/* One use of a statement: parameters, steps, columns, end. A failure to prepare or bind
 * shows in query_step(). */
struct query {
	struct backend_conn *conn;
	sqlite3_stmt *stmt;
	int parameter, column, rc;
};
struct query query_begin(
	struct backend_conn *conn, enum statement statement, const char *sql);
void query_int(struct query *query, int64_t value);
void query_text(
	struct query *query, const char *text); /* borrowed to the end; or NULL */
void query_blob(struct query *query, const void *data, size_t len);
/* 1: a row is there; 0: done; negative ERR_LOCAL. */
int query_step(struct query *query, struct err *err);
int64_t column_int(struct query *query);
const char *column_text(struct query *query); /* borrowed to the next step; or NULL */
char *column_copy(struct query *query);
void query_end(struct query *query);
/* Step a statement that gives no rows, and end it. */
int query_run(struct query *query, struct err *err);
/* Step once, take the first column (or @otherwise without a row), end. */
int query_value(
	struct query *query, int64_t otherwise, int64_t *value, struct err *err);
/* The sentence for what SQLite has just refused; ERR_LOCAL. */
int sqlite_failed(struct backend_conn *conn, struct err *err);

/* ---- sqlite_backup.c ---- */

/* Also on a writer, outside transactions. */
int sqlite_backup(struct backend_conn *conn, const char *path, struct err *err);
/* A database whose name a power cut can lose is not durable. */
int sqlite_sync_parent(const char *path, struct err *err);

/* ---- sqlite_schema.c ---- */

/* The first value that @sql gives, to be freed. */
int sqlite_pragma(
	struct backend_conn *conn, const char *sql, char **value, struct err *err);
/* Refuse what is not ours or too new, without writing. */
int sqlite_check(struct backend_conn *conn, struct err *err);
int sqlite_migrate(struct backend_conn *conn, struct err *err);

/* ---- sqlite_workspace.c ---- */

/* The workspace's row, 0 when it is unknown. */
int sqlite_workspace(
	struct backend_conn *conn, const char *name, int64_t *id, struct err *err);
/* Its tally, valid until the next call; *tally is NULL when it is unknown and not to be
 * made. */
int sqlite_tally(struct backend_conn *conn, const char *name, bool create,
	struct tally **tally, struct err *err);
/* A delivery never came: what it would have told is so since @since_ns. */
void sqlite_count_lost(struct tally *tally, int64_t since_ns);
int sqlite_write_tallies(struct backend_conn *conn, struct err *err);
void sqlite_forget_tallies(struct backend_conn *conn);
int sqlite_workspaces(
	struct backend_conn *conn, struct workspace_list *list, struct err *err);
int sqlite_set_paused(
	struct backend_conn *conn, const char *workspace, bool paused, struct err *err);
int sqlite_meta(struct backend_conn *conn, struct meta_list *list, struct err *err);
int sqlite_put_meta(
	struct backend_conn *conn, const char *key, const char *value, struct err *err);

/* ---- sqlite_stats.c ---- */

int sqlite_stats(struct backend_conn *conn, int64_t removed_since_ns,
	struct stats_list *list, struct err *err);
int sqlite_removals(struct backend_conn *conn, const char *workspace, int64_t since_ns,
	struct removal_counts *counts, struct err *err);

/* ---- sqlite_asset.c: an asset's row as a value ---- */

/* The asset without files, parts and platform data; NULL when there is none. */
int sqlite_asset_by_id(struct backend_conn *conn, int64_t workspace, const char *name,
	const char *id, struct asset **asset, struct err *err);
int sqlite_asset_by_row(
	struct backend_conn *conn, int64_t row, struct asset **asset, struct err *err);
/* The newest row, 0 where there is none: where a walk by rows ends. */
int sqlite_asset_last(struct backend_conn *conn, int64_t *row, struct err *err);
/* Give a new asset its row. */
int sqlite_asset_number(
	struct backend_conn *conn, struct asset *asset, struct err *err);
int sqlite_asset_add(struct backend_conn *conn, struct tally *tally,
	const struct asset *asset, int64_t now_ns, struct err *err);
/* Write the news half of a present asset, which was in state @before. */
int sqlite_asset_news(struct backend_conn *conn, struct tally *tally,
	const struct asset *asset, enum asset_state before, int64_t now_ns,
	struct err *err);
int sqlite_asset_facts(
	struct backend_conn *conn, const struct asset *asset, struct err *err);

/* ---- sqlite_save.c, sqlite_path.c: the keeper's half ---- */

int sqlite_save(struct backend_conn *conn, const struct asset *asset, int64_t due_ns,
	int64_t now_ns, struct err *err);
int sqlite_put_file(struct backend_conn *conn, int64_t row, const struct file *file,
	struct err *err);
int sqlite_put_part(struct backend_conn *conn, int64_t row, const struct part *part,
	struct err *err);
int sqlite_part_names(
	struct backend_conn *conn, struct name_list *list, struct err *err);
int sqlite_load(
	struct backend_conn *conn, int64_t row, struct asset **asset, struct err *err);
/* *owner: the row that claims @path, 0 nobody. */
int sqlite_path_owner(
	struct backend_conn *conn, const char *path, int64_t *owner, struct err *err);
int sqlite_claim_path(struct backend_conn *conn, int64_t row, const char *base,
	const char *alternative, bool force, char **claimed, struct err *err);

/* ---- sqlite_news.c, sqlite_walk.c, sqlite_listed.c: what deliveries, commands and
 * lists bring ---- */

int sqlite_put_delivery(struct backend_conn *conn, const struct delivery *delivery,
	struct delivery_result *result, struct err *err);
int sqlite_wish(struct backend_conn *conn, const char *workspace, const char *id,
	enum asset_wish wish, bool create, int64_t now_ns, struct err *err);
/* Apply @wish to a present asset and tell the story of it. */
int sqlite_apply_wish(struct backend_conn *conn, struct tally *tally,
	struct asset *asset, enum asset_wish wish, int64_t now_ns, struct err *err);
int sqlite_hold(struct backend_conn *conn, const char *workspace, const char *id,
	bool held, int64_t now_ns, struct err *err);
int sqlite_wish_all(struct backend_conn *conn, const char *workspace,
	enum asset_state state, enum asset_wish wish, int64_t now_ns, struct walk *walk,
	struct err *err);
int sqlite_host_answers(struct backend_conn *conn, const char *host, size_t limit,
	int64_t now_ns, struct walk *walk, struct err *err);
int sqlite_list_page(struct backend_conn *conn, const struct list_order *order,
	const struct listed *listed, size_t n, int64_t now_ns,
	struct differences *found, struct err *err);
int sqlite_list_end(struct backend_conn *conn, const struct list_order *order,
	int64_t now_ns, struct walk *walk, struct differences *found, struct err *err);

/* ---- sqlite_retire.c, sqlite_assign.c ---- */

int sqlite_assign(struct backend_conn *conn, int64_t after_row, assign_choose_cb choose,
	void *arg, struct assign_step *step, struct err *err);

int sqlite_retire(struct backend_conn *conn, const struct retire_order *order,
	int64_t now_ns, struct retire_found *found, struct err *err);

/* ---- sqlite_damage.c: what verifying asks and finds ---- */

int sqlite_verified(struct backend_conn *conn, int64_t row,
	const struct verify_mark *marks, size_t n, bool repair, int64_t now_ns,
	struct err *err);
/* Forget the damage of files that are not there any more. */
int sqlite_damage_trim(struct backend_conn *conn, int64_t row, struct err *err);
int sqlite_damage_count(
	struct backend_conn *conn, int64_t workspace, int64_t *count, struct err *err);
int sqlite_verify_page(struct backend_conn *conn, const char *workspace,
	int64_t after_row, size_t limit, struct ref_list *list, struct err *err);
/* The same of one path, from indexes alone: by the base path with a suffix and an
 * extension behind it, "a/b" of "a/b.en.vtt". @claimed is only ever set. */
int sqlite_claimed_by_name(
	struct backend_conn *conn, const char *path, bool *claimed, struct err *err);
int sqlite_claimed(struct backend_conn *conn, char *const *paths, size_t n,
	bool *claimed, struct err *err);

/* ---- sqlite_ledger.c: decisions, chained ---- */

/* The first row of a ledger that has none yet; outside transactions. */
int sqlite_ledger_begin(struct backend_conn *conn, struct err *err);
/* Append the decision of @line, about the asset of @row. */
int sqlite_ledger_add(struct backend_conn *conn, int64_t row,
	const struct story_line *line, struct err *err);
/* What the ledger has of the asset, oldest first; the newest @limit. */
int sqlite_ledger_story(struct backend_conn *conn, int64_t row, size_t limit,
	struct story *story, struct err *err);
int sqlite_ledger(struct backend_conn *conn, int64_t after_row, size_t limit,
	struct ledger_list *list, struct err *err);
/* ---- sqlite_adopt.c ---- */

int sqlite_adopt(struct backend_conn *conn, struct adoption_order *order,
	int64_t now_ns, enum adoption *outcome, struct err *err);

/* ---- sqlite_outbox.c: what is to be told to others ---- */

int sqlite_outbox_put(struct backend_conn *conn, int64_t asset,
	const struct notices *notices, struct err *err);
int sqlite_outbox_settle(
	struct backend_conn *conn, int64_t row, int64_t next_ns, struct err *err);
int sqlite_outbox_hurry(struct backend_conn *conn, struct err *err);
int sqlite_outbox(
	struct backend_conn *conn, size_t each, struct notices *list, struct err *err);
int sqlite_outbox_queues(
	struct backend_conn *conn, struct queue_list *list, struct err *err);

/* ---- one file each: story, due, find, list, delivery_list, prune, clock ---- */

int sqlite_put_story(struct backend_conn *conn, int64_t row, const struct story *story,
	struct err *err);
int sqlite_story(
	struct backend_conn *conn, int64_t row, struct story *story, struct err *err);
int sqlite_due(struct backend_conn *conn, const char *workspace, int64_t now_ns,
	size_t limit, struct due_list *list, struct err *err);
int sqlite_find(struct backend_conn *conn, const char *text, struct ref_list *list,
	struct err *err);
int sqlite_list(struct backend_conn *conn, const struct asset_filter *filter,
	struct summary_list *list, struct err *err);
/* Append the asset of a row; one that is not there is no error. */
int sqlite_summarise(struct backend_conn *conn, int64_t row, struct summary_list *list,
	struct err *err);
int sqlite_browse(struct backend_conn *conn, const struct asset_filter *filter,
	struct summary_list *list, int64_t *next_row, struct err *err);
int sqlite_deliveries(struct backend_conn *conn, const struct delivery_filter *filter,
	struct stored_list *list, struct err *err);
int sqlite_prune(struct backend_conn *conn, int64_t before_ns, int64_t now_ns,
	struct walk *walk, struct err *err);
int sqlite_clock_back(
	struct backend_conn *conn, int64_t now_ns, struct walk *walk, struct err *err);

#endif
