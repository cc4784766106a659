/*
 * A chore: work through all there is, asked for by a person and too long to wait for in
 * a request. This is what its runs have in common: an order, a report, an end. What
 * each does is its own file's (import, refile, replay); who begins and ends them is
 * chores'.
 *
 * Loop thread only.
 */
#ifndef VODKEEP_FLOW_CHORE_H
#define VODKEEP_FLOW_CHORE_H

#include "flow/archive_env.h"

/* One thing that was found or done. */
struct chore_item {
	int kind;             /* of the chore's kinds */
	char *workspace, *id; /* NULL: of no asset */
	char *path;           /* below archive_dir, or NULL */
	char *text;           /* a sentence */
};

#define CHORE_KINDS     8
#define CHORE_ITEMS_MAX 1000 /* kept; beyond them only the counts grow */
struct chore_report {
	bool running, dry_run;
	int64_t run; /* which one since the start; 0: there was none */
	int64_t began_ns, ended_ns;
	int64_t seen, bytes; /* how much it has been through */
	int64_t counts[CHORE_KINDS];
	struct err err; /* why it ended early */
	struct chore_item *items;
	size_t n_items;
};

struct chore_order {
	bool dry_run;
	bool sizes_only; /* import: do not read the files */
	bool quiet;      /* import: no look is going on; strangers' files do not count
			  */
	char *workspace; /* replay: NULL all; copied */
	int64_t since_ns;
};

/* What a run has in common; the first member of each. */
struct chore_run {
	const struct archive_env *env;
	struct chore_order order;
	struct settings *settings;   /* in force when it began */
	struct chore_report *report; /* written by the run alone */
	struct err err;              /* why it ends; also set by chore_stop() */
	void (*ended)(struct chore_run *run); /* to be called last; releases the run */
	void *owner;
};

struct chore_type {
	const char *name;
	const char *kinds[CHORE_KINDS]; /* as counted; NULL behind the last */
	/* A run, its common part zeroed; it begins with begin(). */
	struct chore_run *(*make)(void);
	int (*begin)(struct chore_run *run, struct err *err);
	/* End soon, with ERR_CANCELLED. */
	void (*stop)(struct chore_run *run);
	/* After its end, or a begin() that failed. */
	void (*release)(struct chore_run *run);
};
/* For runs. Note an item and count it; @path and @asset may be NULL. */
void chore_note(struct chore_run *run, int kind, const struct asset *asset,
	const char *path, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Note what @workspace and @id name. */
void chore_note_named(struct chore_run *run, int kind, const char *workspace,
	const char *id, const char *path, const char *text);

#endif
