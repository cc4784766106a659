/*
 * What vodkeep remembers: deliveries, assets, files, parts, the story of each asset.
 *
 * An asynchronous façade. Writes go to the store worker, which drains its mailbox into
 * one transaction, commits once with full synchronisation, and answers all of them:
 * durable and fast (DESIGN §3). Reads go to a second worker with a connection of its
 * own, so a long listing never delays a commit, and what takes long (a backup) to a
 * third. Callbacks run on the loop given to store_open(), never inside the call,
 * exactly once, in the order of the calls for writes. A read sees every write whose
 * callback has run.
 *
 * Callbacks get @err always; its class is ERR_NONE on success. What they are given
 * beside it is borrowed for the callback unless said otherwise, and NULL or 0 on
 * failure. After store_close() has been called, whatever is asked is answered
 * ERR_CANCELLED.
 *
 * Errors are ERR_LOCAL (cannot write: disk full, I/O) or ERR_NOT_FOUND unless said
 * otherwise; a failed transaction fails every write that was in it and changes nothing.
 */
#ifndef VODKEEP_STORE_STORE_H
#define VODKEEP_STORE_STORE_H

#include "base/clock.h"
#include "base/err.h"
#include "core/adoption.h"
#include "core/asset.h"
#include "core/event.h"
#include "core/ledger.h"
#include "core/listing.h"
#include <uv.h>

struct store;

/* Open (and migrate) the state database; blocks, before the loop runs. @path is a
 * SQLite file. A newer schema than ours is ERR_PERMANENT with a sentence; so is a
 * database that another vodkeep has open for writing (an fcntl/flock on PATH.lock held
 * while open). */
int store_open(struct store **out, uv_loop_t *loop, const char *path, struct err *err);
/* The clock that commands and saves are dated with; the system's unless set. */
void store_set_clock(struct store *store, const struct clock *clock);
/* Finishes queued writes (callbacks run), checkpoints, closes; then closed(arg). Walks
 * (wish_all, list_end, prune, clock_back) end at their next step with ERR_CANCELLED. */
void store_close(struct store *store, void (*closed)(void *arg), void *arg);
/* Writes handed over and not yet answered: the receiver sheds load by it. */
size_t store_pending(const struct store *store);

typedef void (*store_done_cb)(void *arg, const struct err *err);

/* ---- deliveries ---- */

enum delivery_outcome {
	DELIVERED_ACCEPTED, /* acted on */
	DELIVERED_RECORDED, /* type that is not acted on */
	DELIVERED_FOREIGN,  /* of another workspace */
	DELIVERED_REJECTED, /* signed, but unusable */
};
const char *delivery_outcome_name(enum delivery_outcome outcome);
int delivery_outcome_parse(
	const char *name, enum delivery_outcome *outcome); /* 0 or -1 */

struct delivery {
	char *workspace;
	enum delivery_outcome outcome;
	struct event event; /* for REJECTED only key is set ("sha256:…") */
	char *body; /* redacted text, bounded by the receiver's limit; may be NULL */
	size_t body_len;
	char *note; /* REJECTED: why; else NULL */
	int64_t received_ns;
	int priority; /* of the rule that would decide by what the event tells */
};
struct delivery *delivery_new(void);
void delivery_free(struct delivery *delivery);

struct delivery_result {
	bool duplicate; /* same workspace and key as one already stored: only counted */
	int64_t asset_row; /* 0: names none */
	bool due;          /* the asset has become due */
};
/* Takes @delivery over. In one transaction: dedupe, insert, and for ACCEPTED events
 * that name an asset: load or create the asset, asset_apply_event(), save its news. A
 * DELETED event that names none sets the workspace's sweep_wanted_ns to its time (or
 * received). */
void store_put_delivery(struct store *store, struct delivery *delivery,
	void (*cb)(
		void *arg, const struct err *err, const struct delivery_result *result),
	void *arg);

/* ---- assets: writes ---- */

struct story_line {
	int64_t at_ns;
	char *kind; /* delivery rule api attempt file removed retry state command note
		     */
	char *text; /* one sentence; no secrets, no signed URL */
	/* Set: this line is a decision. It is kept in the ledger and not among the
	 * story's own lines; who reads the story gets both in one. */
	char *decision;
	char *evidence; /* of a decision: a JSON object, or NULL */
};
struct story {
	struct story_line *lines;
	size_t count;
};
void story_add(struct story *story, int64_t at_ns, const char *kind, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));
/* The same of a decision, such as "archived"; @evidence is taken over, NULL none. */
void story_decide(struct story *story, int64_t at_ns, const char *kind,
	const char *decision, char *evidence, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
void story_release(struct story *story);

/* Write the keeper's half of @asset: everything below "Written by the keeper", its
 * files and parts as they stand, and append @story (may be NULL). @story is emptied by
 * this call, and has its lines again when cb tells of a failure: it lives until then.
 * due_ns becomes @due_ns and wish WISH_NONE unless seq in the store is not asset->seq
 * any more: then due_ns and wish stay as the news left them, and it waits for no host.
 * A base_path of NULL gives the claim up; only store_claim_path() makes one. A
 * removed_ns that differs from the stored one counts as a removal. ERR_NOT_FOUND
 * without such a row. @asset is borrowed until cb. */
void store_save(struct store *store, const struct asset *asset, int64_t due_ns,
	struct story *story, store_done_cb cb, void *arg);
/* Record how far a part has come (insert or update by asset row and key). @part copied.
 */
void store_put_part(struct store *store, int64_t row, const struct part *part,
	store_done_cb cb, void *arg);
/* Add a file to an asset (or replace the one of its key) ahead of its next save. @file
 * copied. */
void store_put_file(struct store *store, int64_t row, const struct file *file,
	store_done_cb cb, void *arg);
/* Append to an asset's story only. */
void store_put_story(struct store *store, int64_t row, struct story *story);
/* Claim the base path for an asset: @base, or @alternative when another asset has
 * @base, or @alternative with "-2", "-3" … when that is taken as well. With @force the
 * first choice is skipped (a foreign file lies there), and so is what the asset holds
 * now and all before it: asking again always leads further. Stored in the row at once.
 */
void store_claim_path(struct store *store, int64_t row, const char *base,
	const char *alternative, bool force,
	void (*cb)(void *arg, const struct err *err, const char *claimed), void *arg);
/* asset_apply_wish() in the store. With @create an unknown asset is made (fetch), else
 * ERR_NOT_FOUND. The story gets a "command" line. */
void store_wish(struct store *store, const char *workspace, const char *id,
	enum asset_wish wish, bool create, store_done_cb cb, void *arg);
void store_hold(struct store *store, const char *workspace, const char *id, bool held,
	store_done_cb cb, void *arg);
/* WISH_RETRY for every failed asset, WISH_CONFIRM for every deletion-held asset of
 * @workspace (NULL all); calls back with how many. */
void store_wish_all(struct store *store, const char *workspace, enum asset_state state,
	enum asset_wish wish,
	void (*cb)(void *arg, const struct err *err, size_t count), void *arg);

/* What rests until @host answers (NULL: whatever rests for any) is due at once: at most
 * @limit assets, those first that were looked at longest ago; 0: all, in bounded steps.
 * Calls back with how many. */
void store_host_answers(struct store *store, const char *host, size_t limit,
	void (*cb)(void *arg, const struct err *err, size_t count), void *arg);

/* ---- retention and pressure ---- */

#define RETIRE_MAX 16
struct retire_order {
	const char *workspace, *rule; /* rule: the name an asset's row has */
	int64_t before_ns;            /* archived then or earlier */
	int64_t after_ns; /* … and then or later: what after_ns said, or 0 */
	size_t limit;     /* at most RETIRE_MAX */
};
struct retire_found {
	int64_t rows[RETIRE_MAX]; /* due by now; those that were already first */
	size_t n;
	bool more;        /* there are others */
	int64_t after_ns; /* before that there is nothing that may go now */
	int64_t next_ns;  /* the first that was archived later than before_ns; 0 none */
};
/* The oldest of a rule are due at once, at most @limit of them and those that are due
 * already included: each is looked at, which decides. Left out is what is held, wanted
 * by a person, or deleted at the platform. Strings are copied. */
void store_retire(struct store *store, const struct retire_order *order,
	void (*cb)(void *arg, const struct err *err, const struct retire_found *found),
	void *arg);

/* Which rule @facts of @workspace are under; runs on the store's thread, so it must
 * read only what nobody changes. */
typedef const char *(*assign_choose_cb)(
	void *arg, const char *workspace, const struct facts *facts);
struct assign_step {
	int64_t row; /* how far it has come */
	size_t changed;
	bool more;
};
/* Of the next archived assets behind @after_row: write the rule's name into the rows of
 * those that @choose says another for. A bounded step. */
void store_assign(struct store *store, int64_t after_row, assign_choose_cb choose,
	void *choose_arg,
	void (*cb)(void *arg, const struct err *err, const struct assign_step *step),
	void *arg);

/* ---- lists: comparing what the platform has with what is known ---- */

enum list_mode {
	LIST_GONE, /* find out what is gone, and nothing else: a nameless deletion */
	LIST_FULL, /* reconcile: make due whatever differs */
	LIST_DRY,  /* tell what differs; only that an asset was seen is remembered */
};
struct list_order {
	const char *workspace;
	enum list_mode mode;
	int64_t walk_ns;    /* when the walk through the list began; names it */
	int64_t deleted_ns; /* of the nameless deletion that it answers; 0 none */
	int page;
	int64_t began_ns; /* see core/listing.h, as the next two */
	enum backfill backfill;
	int64_t since_ns;
};

#define DIFFERENCES_MAX 1000
struct difference {
	char *id, *title; /* title: NULL none */
	enum listing_kind kind;
};
struct differences {
	struct difference *items; /* the first DIFFERENCES_MAX */
	size_t n;
	int64_t counts[LISTING_KINDS]; /* of all */
};
void differences_add(struct differences *found, enum listing_kind kind, const char *id,
	const char *title);
/* Move everything of @from, which is empty then, behind what @to has. */
void differences_move(struct differences *to, struct differences *from);
void differences_release(struct differences *found);
int64_t differences_count(const struct differences *found);

typedef void (*store_list_cb)(
	void *arg, const struct err *err, struct differences *found);
/* One page of a list has come: its assets are marked as seen by the walk, and what
 * differs is made due (a LIST_FULL). How far a full walk has come is remembered with
 * it. @order is copied, @listed taken over with its entries. */
void store_list_page(struct store *store, const struct list_order *order,
	struct listed *listed, size_t n, store_list_cb cb, void *arg);
/* The list is through: every asset first seen before the walk, without tombstone, that
 * it did not see gets a DELETED event applied (so it will be confirmed one by one),
 * unless the platform was asked already and had it no more. Clears sweep_wanted_ns if
 * it is still deleted_ns. In bounded steps: what an error ends stays as far as it came.
 */
void store_list_end(struct store *store, const struct list_order *order,
	store_list_cb cb, void *arg);

/* ---- workspaces and meta ---- */

struct workspace_state {
	char *name; /* "" for what concerns all of them */
	int64_t last_delivery_ns, sweep_wanted_ns;
	int64_t walk_ns; /* a full walk through the list that has not ended; 0 none */
	int walk_page;   /* how far it has come */
	bool paused;
};
void store_set_paused(struct store *store, const char *workspace, bool paused,
	store_done_cb cb, void *arg);
void store_workspaces(struct store *store,
	void (*cb)(void *arg, const struct err *err,
		const struct workspace_state *states, size_t n),
	void *arg);
/* Small facts such as "archive_id". store_meta() is what was there at open or put
 * since; borrowed, NULL none; on the store's loop only. */
const char *store_meta(struct store *store, const char *key);
void store_put_meta(struct store *store, const char *key, const char *value,
	store_done_cb cb, void *arg);
/* Forget bodies of deliveries received before @before_ns, in bounded steps (the rows
 * stay as dedupe keys for another 90 days). */
void store_prune(struct store *store, int64_t before_ns, store_done_cb cb, void *arg);
/* If anything bears a time that our own clock set and that is half a minute ahead of
 * it, the clock was wrong then: all such times become now, and what waited for one of
 * them is due. In bounded steps; @cb gets how many assets were concerned. */
void store_clock_back(struct store *store,
	void (*cb)(void *arg, const struct err *err, size_t count), void *arg);

/* ---- verifying ---- */

/* A file that is not what was archived. */
struct verify_mark {
	char *key;             /* of the asset's file */
	int64_t downloaded_ns; /* which one: another download is another file */
	char *text;            /* for the story */
};
/* All files of an asset have been looked at, and @n of them are damaged: remember just
 * that, and tell the story. With @repair these are to be fetched again: the asset is
 * due as by WISH_RETRY. @marks copied; an asset that is gone is no error. */
void store_verified(struct store *store, int64_t row, const struct verify_mark *marks,
	size_t n, bool repair, store_done_cb cb, void *arg);

/* ---- adopting what lies in the archive ---- */

struct adoption_order {
	struct asset *found; /* by its sidecar; loses its files when it is adopted */
	bool whole;          /* nothing of it is missing or damaged */
	/* Files that are damaged: adopted as such, to be fetched again. */
	struct verify_mark *marks;
	size_t n_marks;
	bool quiet;   /* no look is going on anywhere */
	bool dry_run; /* only tell what would come of it */
};
/* Make the asset known as archived, with its files and its place, unless the store
 * knows better (core/adoption.h). What is not whole is due at once. @order is borrowed
 * until cb. */
void store_adopt(struct store *store, struct adoption_order *order,
	void (*cb)(void *arg, const struct err *err, enum adoption outcome), void *arg);

/* ---- reads ---- */

struct due_asset {
	int64_t row;
	char *workspace, *id;
	int64_t due_ns;
};
/* Due assets of @workspace at @now_ns that wait for no host, most urgent first
 * (core/urgency.h); at most @limit. *next_ns: the earliest due time after @now_ns, 0
 * none. */
void store_due(struct store *store, const char *workspace, int64_t now_ns, size_t limit,
	void (*cb)(void *arg, const struct err *err, const struct due_asset *due,
		size_t n, int64_t next_ns),
	void *arg);
/* The whole asset with files and parts; the callee owns *asset (asset_free); NULL with
 * ERR_NOT_FOUND. */
void store_load(struct store *store, int64_t row,
	void (*cb)(void *arg, const struct err *err, struct asset *asset), void *arg);
/* ASSET of the commands: "workspace/id", an id, or a prefix (4 characters at least) of
 * either. At most 10 matches; exact ones hide prefix matches; none is no error. */
struct asset_ref {
	int64_t row;
	char *workspace, *id;
};
void store_find(struct store *store, const char *text,
	void (*cb)(void *arg, const struct err *err, const struct asset_ref *refs,
		size_t n),
	void *arg);

struct asset_filter {
	const char *workspace; /* NULL any */
	int state;             /* -1 any */
	int64_t since_ns;      /* last change at or after */
	size_t limit;
	int64_t before_row; /* paging: rows below this; 0 from the newest */
	/* For store_browse() only. */
	const char *text; /* in title or id, without regard to ASCII case; NULL any */
	const char *type; /* NULL any */
	int64_t from_ns, to_ns; /* made (else first seen) from, and before; 0 open */
};
struct asset_summary {
	int64_t row;
	char *workspace, *id, *title, *type, *path, *reason, *rule;
	char *thumbnail; /* key of the file; NULL none */
	enum asset_state state;
	bool held;
	int64_t created_ns, first_seen_ns, archived_ns, due_ns, bytes;
	int64_t duration_ms; /* -1 unknown */
	int files;
};
/* Newest (first seen) first; at most 10,000. */
void store_list(struct store *store, const struct asset_filter *filter,
	void (*cb)(void *arg, const struct err *err, const struct asset_summary *list,
		size_t n),
	void *arg);
/* The same by more criteria, which no index answers: a bounded number of rows is looked
 * at. *next_row says below which row to go on, 0 that there are no more; @n may be 0
 * although there are. */
void store_browse(struct store *store, const struct asset_filter *filter,
	void (*cb)(void *arg, const struct err *err, const struct asset_summary *list,
		size_t n, int64_t next_row),
	void *arg);
/* Deliveries and story lines of one asset in time order; at most 5,000, the newest. */
void store_story(struct store *store, int64_t row,
	void (*cb)(void *arg, const struct err *err, const struct story *story),
	void *arg);

/* The ledger (core/ledger.h) behind @after_row, at most @limit (1,000) rows in order;
 * and its head, the newest row. Borrowed. Nobody waits behind it. A @limit of 0 asks
 * for the head alone. */
void store_ledger(struct store *store, int64_t after_row, size_t limit,
	void (*cb)(void *arg, const struct err *err, const struct ledger_entry *entries,
		size_t n, const struct ledger_chain *head),
	void *arg);

/* What was delivered, for replay and for showing rejected deliveries. */
struct delivery_filter {
	const char *workspace; /* NULL any */
	int outcome;           /* -1 any */
	int64_t since_ns;
	size_t limit;       /* at most 1,000 */
	int64_t before_row; /* paging: rows below this; 0 from the newest */
};
struct stored_delivery {
	int64_t row;
	char *workspace;
	enum delivery_outcome outcome;
	char *type, *key, *note;
	int64_t event_ns, received_ns, duplicates;
	int64_t asset_row; /* 0 none */
	char *asset_id;    /* NULL none */
	char *body;        /* redacted; NULL when forgotten */
	size_t body_len;
};
/* Newest first. */
void store_deliveries(struct store *store, const struct delivery_filter *filter,
	void (*cb)(void *arg, const struct err *err, const struct stored_delivery *list,
		size_t n),
	void *arg);

struct workspace_stats {
	char *name;
	int64_t assets[ASSET_STATE_COUNT];
	int64_t bytes; /* of archived files */
	int64_t last_delivery_ns;
	int64_t duplicates, rejected, foreign;
	int64_t reconciled_ns;        /* last whole walk through the list; 0 never */
	int64_t lost, lost_oldest_ns; /* deliveries that never came */
	int64_t removed_since;        /* removals since the time asked for */
	int64_t oldest_due_ns;        /* 0 none */
	int64_t damaged;              /* files, by the last time they were verified */
};
void store_stats(struct store *store, int64_t removed_since_ns,
	void (*cb)(void *arg, const struct err *err,
		const struct workspace_stats *stats, size_t n),
	void *arg);
/* For one workspace, cheaply (indexes only): removals since, those by retention and
 * pressure apart, and assets archived now. */
struct removal_counts {
	int64_t removed, retired, archived;
};
void store_removals(struct store *store, const char *workspace, int64_t since_ns,
	void (*cb)(
		void *arg, const struct err *err, const struct removal_counts *counts),
	void *arg);

/* The names in the staging folder that are claimed by a part, sorted by strcmp(). */
void store_part_names(struct store *store,
	void (*cb)(void *arg, const struct err *err, char *const *names, size_t n),
	void *arg);
/* Assets with files, of @workspace (NULL all), in the order of their rows, behind
 * @after_row; at most @limit. Nobody waits behind it. */
void store_verify_page(struct store *store, const char *workspace, int64_t after_row,
	size_t limit,
	void (*cb)(void *arg, const struct err *err, const struct asset_ref *refs,
		size_t n),
	void *arg);
/* Which of these paths below archive_dir are files of an asset, or may become one by
 * work that is under way. @paths copied. Nobody waits behind it. */
void store_claimed(struct store *store, char *const *paths, size_t n,
	void (*cb)(void *arg, const struct err *err, const bool *claimed, size_t n),
	void *arg);

/* A consistent copy of the database as a new file, mode 0600, while running. ERR_EXISTS
 * when @path exists. Nothing waits for it. */
void store_backup(struct store *store, const char *path, store_done_cb cb, void *arg);

#endif
