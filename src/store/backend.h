/*
 * What a database must be able to do for the store: the seam between the façade and
 * SQLite (PostgreSQL, …). Private to store/.
 *
 * Every slot blocks. A connection belongs to the thread that opened it. Writing slots
 * run between begin() and commit(). They return 0, a negative ERR_LOCAL (the database
 * failed: the façade rolls back), or another class for an answer that concerns this
 * call only, in which case they have changed nothing. Outputs are untouched on failure,
 * except that lists may be partly filled: the façade releases them.
 */
#ifndef VODKEEP_STORE_BACKEND_H
#define VODKEEP_STORE_BACKEND_H

#include "store/outbox.h"
#include "store/store.h"

struct backend_conn; /* each back end defines its own */

enum backend_mode { BACKEND_WRITE, BACKEND_READ };

enum tidy_moment {
	TIDY_BETWEEN, /* two transactions: somebody may be waiting */
	TIDY_IDLE,    /* nobody has written for a while */
	TIDY_HELPED,
};

/* A walk through many rows, a bounded step in each transaction. Zeroed before the
 * first; repeated while more is true. */
struct walk {
	int64_t workspace, row; /* the back end's place mark */
	size_t count;
	bool more;
};

struct due_list {
	struct due_asset *items;
	size_t count;
	int64_t next_ns;
};
struct ref_list {
	struct asset_ref *items;
	size_t count;
};
struct summary_list {
	struct asset_summary *items;
	size_t count;
};
struct workspace_list {
	struct workspace_state *items;
	size_t count;
};
struct stats_list {
	struct workspace_stats *items;
	size_t count;
};
struct meta_list {
	struct meta {
		char *key, *value;
	} * items;
	size_t count;
};
struct name_list {
	char **items;
	size_t count;
};
struct queue_list {
	struct outbox_queue *items;
	size_t count;
};
struct stored_list {
	struct stored_delivery *items;
	size_t count;
};

struct ledger_list {
	struct ledger_entry *items;
	size_t count;
	struct ledger_chain head;
};

/* On a zeroed or partly filled list; it is empty afterwards. */
void due_list_release(struct due_list *list);
void ref_list_release(struct ref_list *list);
void summary_list_release(struct summary_list *list);
void workspace_list_release(struct workspace_list *list);
void stats_list_release(struct stats_list *list);
void meta_list_release(struct meta_list *list);
void name_list_release(struct name_list *list);
void stored_list_release(struct stored_list *list);
void ledger_list_release(struct ledger_list *list);
void story_line_release(struct story_line *line);
void queue_list_release(struct queue_list *list);
/* Take @text over as the last line. */
void story_take(struct story *story, int64_t at_ns, const char *kind, char *text);

struct backend {
	/* WRITE takes the lock, makes or migrates the schema, and comes first; READ
	 * sees only. */
	int (*open)(struct backend_conn **out, const char *path, enum backend_mode mode,
		struct err *err);
	void (*close)(struct backend_conn *conn);
	int (*begin)(struct backend_conn *conn, struct err *err);
	int (*commit)(struct backend_conn *conn, struct err *err);
	void (*rollback)(struct backend_conn *conn);
	/* Short housekeeping of the writer, outside transactions. *help: help() shall
	 * run on another thread's READ connection, and TIDY_HELPED follow. 0 or
	 * ERR_LOCAL, after which the database is as good as before. */
	int (*tidy)(struct backend_conn *conn, enum tidy_moment moment, bool *help,
		struct err *err);
	int (*help)(struct backend_conn *conn, struct err *err);

	/* Writes; see the function of that name in store.h. */
	int (*put_delivery)(struct backend_conn *conn, const struct delivery *delivery,
		struct delivery_result *result, struct err *err);
	int (*save)(struct backend_conn *conn, const struct asset *asset,
		int64_t due_ns, int64_t now_ns, struct err *err);
	/* In the transaction of the save; the asset's row is @asset. */
	int (*outbox_put)(struct backend_conn *conn, int64_t asset,
		const struct notices *notices, struct err *err);
	int (*outbox_settle)(struct backend_conn *conn, int64_t row, int64_t next_ns,
		struct err *err);
	int (*outbox_hurry)(struct backend_conn *conn, struct err *err);
	int (*put_part)(struct backend_conn *conn, int64_t row, const struct part *part,
		struct err *err);
	int (*put_file)(struct backend_conn *conn, int64_t row, const struct file *file,
		struct err *err);
	int (*put_story)(struct backend_conn *conn, int64_t row,
		const struct story *story, struct err *err);
	int (*claim_path)(struct backend_conn *conn, int64_t row, const char *base,
		const char *alternative, bool force, char **claimed, struct err *err);
	int (*wish)(struct backend_conn *conn, const char *workspace, const char *id,
		enum asset_wish wish, bool create, int64_t now_ns, struct err *err);
	int (*hold)(struct backend_conn *conn, const char *workspace, const char *id,
		bool held, int64_t now_ns, struct err *err);
	int (*wish_all)(struct backend_conn *conn, const char *workspace,
		enum asset_state state, enum asset_wish wish, int64_t now_ns,
		struct walk *walk, struct err *err);
	int (*host_answers)(struct backend_conn *conn, const char *host, size_t limit,
		int64_t now_ns, struct walk *walk, struct err *err);
	int (*list_page)(struct backend_conn *conn, const struct list_order *order,
		const struct listed *listed, size_t n, int64_t now_ns,
		struct differences *found, struct err *err);
	int (*list_end)(struct backend_conn *conn, const struct list_order *order,
		int64_t now_ns, struct walk *walk, struct differences *found,
		struct err *err);
	int (*retire)(struct backend_conn *conn, const struct retire_order *order,
		int64_t now_ns, struct retire_found *found, struct err *err);
	int (*assign)(struct backend_conn *conn, int64_t after_row,
		assign_choose_cb choose, void *arg, struct assign_step *step,
		struct err *err);
	int (*set_paused)(struct backend_conn *conn, const char *workspace, bool paused,
		struct err *err);
	int (*verified)(struct backend_conn *conn, int64_t row,
		const struct verify_mark *marks, size_t n, bool repair, int64_t now_ns,
		struct err *err);
	int (*adopt)(struct backend_conn *conn, struct adoption_order *order,
		int64_t now_ns, enum adoption *outcome, struct err *err);
	int (*put_meta)(struct backend_conn *conn, const char *key, const char *value,
		struct err *err);
	int (*prune)(struct backend_conn *conn, int64_t before_ns, int64_t now_ns,
		struct walk *walk, struct err *err);
	int (*clock_back)(struct backend_conn *conn, int64_t now_ns, struct walk *walk,
		struct err *err);

	/* Reads. */
	int (*meta)(struct backend_conn *conn, struct meta_list *list, struct err *err);
	int (*workspaces)(struct backend_conn *conn, struct workspace_list *list,
		struct err *err);
	int (*due)(struct backend_conn *conn, const char *workspace, int64_t now_ns,
		size_t limit, struct due_list *list, struct err *err);
	int (*load)(struct backend_conn *conn, int64_t row, struct asset **asset,
		struct err *err);
	int (*find)(struct backend_conn *conn, const char *text, struct ref_list *list,
		struct err *err);
	int (*list)(struct backend_conn *conn, const struct asset_filter *filter,
		struct summary_list *list, struct err *err);
	/* As store_browse() says of *next_row. */
	int (*browse)(struct backend_conn *conn, const struct asset_filter *filter,
		struct summary_list *list, int64_t *next_row, struct err *err);
	int (*verify_page)(struct backend_conn *conn, const char *workspace,
		int64_t after_row, size_t limit, struct ref_list *list,
		struct err *err);
	int (*claimed)(struct backend_conn *conn, char *const *paths, size_t n,
		bool *claimed, struct err *err);
	int (*part_names)(
		struct backend_conn *conn, struct name_list *list, struct err *err);
	int (*story)(struct backend_conn *conn, int64_t row, struct story *story,
		struct err *err);
	int (*stats)(struct backend_conn *conn, int64_t removed_since_ns,
		struct stats_list *list, struct err *err);
	int (*removals)(struct backend_conn *conn, const char *workspace,
		int64_t since_ns, struct removal_counts *counts, struct err *err);
	int (*deliveries)(struct backend_conn *conn,
		const struct delivery_filter *filter, struct stored_list *list,
		struct err *err);
	int (*ledger)(struct backend_conn *conn, int64_t after_row, size_t limit,
		struct ledger_list *list, struct err *err);
	int (*outbox)(struct backend_conn *conn, size_t each, struct notices *list,
		struct err *err);
	int (*outbox_queues)(
		struct backend_conn *conn, struct queue_list *list, struct err *err);
	int (*backup)(struct backend_conn *conn, const char *path, struct err *err);
};

extern const struct backend sqlite_backend;

#endif
