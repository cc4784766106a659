/*
 * Transfers: one file from a URL into the archive, whole or not at all.
 *
 *   open ► receive ► check ► seal ► (owner stores the part) ► place ► done
 *
 * This header is the control loop's side. Behind it each transfer worker owns a loop,
 * an HTTP client and the part's descriptor; blocks of 128 KiB are written there and
 * hashed on a hasher thread in order. A part resumes with Range + If-Range; another
 * validator, total or offset starts it over (DESIGN §4.6). No store, no platform, no
 * rules in here.
 */
#ifndef VODKEEP_FLOW_TRANSFER_H
#define VODKEEP_FLOW_TRANSFER_H

#include "archive/archive.h"
#include "base/err.h"
#include "core/asset.h"
#include "core/config.h"
#include "flow/transfer_check.h"
#include <uv.h>

struct transfers; /* all of them */
struct transfer;  /* one; valid until its done() */

struct transfers_options {
	struct archive *archive;
	int threads;
	int per_host;
	const char *user_agent;
	int segments;        /* ranges of one file at once; 1: never more */
	int64_t segment_min; /* no range of a file so taken apart is to be smaller */
	int64_t connect_timeout_ms, low_speed_bytes, low_speed_ms;
};
int transfers_open(struct transfers **out, uv_loop_t *loop,
	const struct transfers_options *options, struct err *err);
/* Take over changed options (reload): new transfers use them. The number of threads
 * stays until the next start. */
void transfers_configure(
	struct transfers *transfers, const struct transfers_options *options);
/* Stop receiving everywhere: data held so far is fsynced, part() is called with it,
 * then done() with ERR_CANCELLED for each. Takes well under 5 s. For good: what is
 * started afterwards ends at once, likewise. */
void transfers_park(struct transfers *transfers);
/* Keep to the bandwidths of @config from now on, those under way too; copied. Follows
 * their timetables by itself. Without this call nothing is limited. */
void transfers_limit(struct transfers *transfers, const struct config *config);
/* All transfers must be done. Joins the workers, then closed(arg). */
void transfers_close(struct transfers *transfers, void (*closed)(void *arg), void *arg);

enum transfer_mode {
	TRANSFER_FILE, /* fetch it, and place it in the archive */
	/* Fetch a piece of somebody's larger file: done() when it lies in staging,
	 * checked. Its bytes are not hashed, not fsynced, never resumed after done(),
	 * and it is in no list of transfers: its owner tells of the whole. */
	TRANSFER_SEGMENT,
	/* It lies in staging already, whole, as part->name: hash, check, seal, place.
	 */
	TRANSFER_STAGED,
};

/* What to fetch. Copied by transfer_start(). */
struct transfer_spec {
	enum transfer_mode mode;
	enum content content; /* what it is to be; CONTENT_BY_ROLE */
	int64_t slice_first,
		slice_bytes; /* only these bytes of the URL; 0 bytes: all */
	const char *workspace, *asset_id;
	const char *title;   /* for those who look on; or NULL */
	int64_t deadline_ns; /* when the media goes away; INT64_MAX never */
	const char *rule;    /* whose bandwidth counts; NULL or "": no rule's */
	int64_t row;
	enum role role;
	const char *key;
	const char *url;
	const struct part *part; /* a part that has begun, or NULL */
	int64_t expected_bytes;  /* as the API tells; -1 unknown */
	const char *
		path_stem; /* final path without extension: "production/…/goal-ID.en" */
	const char
		*replaces; /* path of this asset's present file of this key, or NULL */
	int64_t mtime_ns;  /* 0: now */
	bool sync_later; /* the owner makes the final name durable: see result.unsynced
			  */
	int64_t keep_free_bytes; /* free space that must remain after this file */
	/* Host policy of the workspace. */
	const struct text_list *media_hosts; /* globs; empty: any */
	bool allow_private;
	const char *ca_file, *proxy;
};

struct transfer_result {
	struct file file;  /* key, role, path, bytes, sha256, content_type, source_host,
			    * etag, last_modified, downloaded_ns; owned by the callee's
			    * caller: copy */
	bool found_placed; /* a part that was being placed before a crash was already
			      there */
	bool unsynced;    /* its name is not durable yet: archive_sync_folder() first */
	int64_t received; /* bytes over the network in this run */
	int64_t resumed_from; /* offset this run began at */
	int64_t duration_ms;  /* of the media (MP4), -1 unknown */
};

struct transfer_events {
	/* The part now durably holds part->held bytes (every second while data
	 * flows, four times as often where it flows fast, and at the end of every run
	 * that holds any). Store it. */
	void (*part)(void *arg, const struct part *part);
	/* A noteworthy turn for the story: "resumed at 12.0 MiB", "the file changed at
	 * the source: started over". */
	void (*note)(void *arg, const char *text);
	/* All its bytes are here: nothing more is asked of its host, what follows is
	 * this end's work. Not told of a file that was sealed before. May be NULL. */
	void (*received)(void *arg);
	/* Whole, checked, hashed, fsynced; part->placing and sha256 are set. Store it,
	 * then call transfer_place(). */
	void (*sealed)(void *arg, const struct part *part);
	/* Once, last. result is NULL on failure. err->class: TRANSIENT (retry,
	 * resumes), STALE (401/403/410 on the link: resolve again), NOT_YET (404 on a
	 * rendition), PERMANENT (host refused, certificate, 4xx), LOCAL (disk), NO_ROOM
	 * (for this file), EXISTS (a foreign file lies at the final path: claim another
	 * and start again; the part is kept), CANCELLED. */
	void (*done)(
		void *arg, const struct err *err, const struct transfer_result *result);
	void *arg;
};
struct transfer *transfer_start(struct transfers *transfers,
	const struct transfer_spec *spec, const struct transfer_events *events);
/* After sealed(): go on and place. */
void transfer_place(struct transfer *transfer);
/* done() follows with ERR_CANCELLED; with @discard the staging file is removed first,
 * else it is kept and part() tells what it holds. */
void transfer_cancel(struct transfer *transfer, bool discard);
/* Several transfers (TRANSFER_SEGMENT) that make up one file, in the lists as that
 * file: @spec says which. Its owner tells how far it is, and closes it. */
struct transfer *transfer_group_open(
	struct transfers *transfers, const struct transfer_spec *spec);
void transfer_group_tell(struct transfer *group, int64_t bytes, int64_t total);
void transfer_group_close(struct transfer *group); /* NULL allowed */
/* Pause or go on with receiving (disk low, `vodkeep pause`). */
void transfers_pause(struct transfers *transfers, bool paused);

struct transfer_progress {
	const char *workspace, *asset_id, *title, *key; /* borrowed; title or NULL */
	enum role role;
	int64_t deadline_ns;  /* as the spec says */
	int64_t bytes, total; /* those held before included; total -1 unknown */
	double rate;          /* bytes/s over the last seconds (core/rate.h) */
};
/* Visits transfers in flight, in the order they were started; figures are at most a
 * second old. */
void transfers_each(struct transfers *transfers,
	void (*visit)(void *arg, const struct transfer_progress *progress), void *arg);

struct transfers_sum {         /* of those in flight */
	size_t files, stalled; /* stalled: no bytes for seconds */
	int64_t bytes;
	int64_t remaining; /* of the files whose total is known */
	size_t unknown;    /* files whose total is not */
	double rate;       /* of all, those that have just ended included */
};
void transfers_sum(const struct transfers *transfers, struct transfers_sum *out);

enum limit_kind { LIMIT_TOTAL, LIMIT_WORKSPACE, LIMIT_RULE, LIMIT_KINDS };
struct transfer_limit {
	enum limit_kind kind;
	const char *name; /* of the workspace or rule, else ""; borrowed */
	int64_t rate;     /* bytes a second, 0 no limit now */
	int64_t until_ns; /* when another rate comes, 0 never */
};
const char *limit_kind_name(enum limit_kind kind); /* "total" "workspace" "rule" */
/* Visits the bandwidths that are configured, also those that limit nothing now: total,
 * workspaces, rules. */
void transfers_limits_each(struct transfers *transfers,
	void (*visit)(void *arg, const struct transfer_limit *limit), void *arg);

#endif
