/*
 * An asset: one piece of media of one workspace, what is known about it and what the
 * archive has of it. States are one table; every move goes through asset_move().
 *
 * Two writers share the row without stepping on each other (see store/store.h):
 *  - deliveries and commands write `news` (with asset_apply_*(), in the store's own
 *    transaction): event times, wishes, hold, due_ns, seq;
 *  - the keeper writes everything else, and clears due_ns only if seq is still the one
 *    it loaded. What arrives during a look makes the asset due again.
 *
 * Event times are kept as the latest of each kind, so applying events commutes and
 * repeats without effect: the end state does not depend on order or number of
 * deliveries.
 */
#ifndef VODKEEP_CORE_ASSET_H
#define VODKEEP_CORE_ASSET_H

#include "base/err.h"
#include "core/event.h"
#include "core/facts.h"
#include "core/record.h"

/* clang-format off */
#define ASSET_STATES(X) /* id, name */ \
	X(ASSET_ANNOUNCED,     "announced")     \
	X(ASSET_QUEUED,        "queued")        \
	X(ASSET_FETCHING,      "fetching")      \
	X(ASSET_DOWNLOADING,   "downloading")   \
	X(ASSET_WAITING,       "waiting")       \
	X(ASSET_ARCHIVED,      "archived")      \
	X(ASSET_IGNORED,       "ignored")       \
	X(ASSET_FAILED,        "failed")        \
	X(ASSET_DELETED,       "deleted")       \
	X(ASSET_TRASHED,       "trashed")       \
	X(ASSET_EXPIRED_KEPT,  "expired-kept")  \
	X(ASSET_DELETION_HELD, "deletion-held")
/* clang-format on */
enum asset_state {
#define ASSET_STATE_ENUM(id, name) id,
	ASSET_STATES(ASSET_STATE_ENUM)
#undef ASSET_STATE_ENUM
		ASSET_STATE_COUNT
};

/* What a person asked for; the last word counts until the keeper has done it. */
enum asset_wish {
	WISH_NONE,
	WISH_FETCH,   /* archive it now, tombstone or not */
	WISH_REMOVE,  /* remove the local copy; it stays away until fetch */
	WISH_RETRY,   /* again at once, with a fresh count of attempts */
	WISH_CONFIRM, /* a held deletion may go ahead */
	WISH_REPLAY,  /* what its events said is judged anew; else as RETRY */
	WISH_REFILE, /* to where today's rules want it; of what rests, until any news */
	WISH_COUNT
};

/* Latest event time of each kind, ns; 0 never. EVENT_RECORDED is not kept. */
struct event_times {
	int64_t announced, ready, changed, failed, deleted;
};

/* One artefact in the archive. */
struct file {
	enum role role;
	char *key;  /* source.key */
	char *path; /* below archive_dir */
	int64_t bytes;
	char sha256[65];
	char *content_type;
	char *language; /* or NULL */
	char *version;  /* source.version at the time, or NULL */
	char *source_host;
	char *etag; /* validators of the answer it came from, or NULL */
	char *last_modified;
	char *made; /* of what it was made, and how, for people; NULL: as it came */
	int64_t downloaded_ns;
	int64_t replaced_ns; /* when a newer one took its place: an old version that is
			      * kept (core/version.h); 0: current */
	/* What verifying found of it; written by the store's news side alone. */
	bool damaged; /* missing, or not the bytes that were archived */
	bool repair;  /* and it is to be fetched again */
};

/* A download that has begun: what is held, and of what (DESIGN §4.6). */
struct part {
	char *key;     /* source.key */
	char *name;    /* file name in the staging folder */
	int64_t total; /* -1 unknown */
	int64_t held;  /* contiguous bytes from 0 that are fsynced */
	char *ranges;  /* more fsynced bytes, beyond held (core/ranges.h), or NULL */
	char *etag;    /* strong validator, or NULL */
	char *last_modified; /* or NULL */
	char *placing;       /* final path, once it is being placed; else NULL */
	char sha256[65];     /* with placing */
};

struct asset {
	int64_t row; /* the store's key; 0: not stored yet */
	char *workspace;
	char *id;

	/* News: written by deliveries and commands only. */
	struct event_times times;
	enum asset_wish wish;
	bool held;
	int64_t seq;    /* grows with every piece of news */
	int64_t due_ns; /* when to look; 0: not due. Also written by the keeper, see
			   above */
	int64_t first_seen_ns;

	/* Written by the keeper. */
	enum asset_state state;
	struct facts facts;
	bool trial;
	char *reason;          /* why it is in this state: a sentence, or NULL */
	char *platform_status; /* record_status_name() of the last answer, or NULL */
	char *platform_data;   /* redacted JSON of the last good answer, or NULL */
	char *rule;            /* name of the rule that decided, "" the built-in one */
	char *base_path;       /* claimed path without extension, or NULL */
	char *path_template;   /* what base_path was made by; NULL: nothing known, it
				* stays */
	bool tombstone;        /* removed by a person or the platform: stays away */
	bool by_person;        /* the tombstone is from `rm`, retention or pressure:
				* only fetch lifts it */
	bool retired;          /* the removal that is being saved is by retention or
				* pressure, and counted as such; not stored */
	int64_t answered_deleted_ns; /* the deleted event time that has been dealt with;
				      * 1: a deletion that only the record told of */
	int64_t answered_changed_ns; /* the changed event time that has been dealt with
				      */
	bool contradicted;  /* a deleted event that the platform's record denied */
	int attempts;       /* failed ones since the last success or news */
	int64_t trouble_ns; /* when the present run of failures began; 0 none */
	int64_t looked_ns;  /* last time the platform was asked */
	int64_t mark;       /* record_mark() of what it said then; 0 none */
	int64_t archived_ns, removed_ns;
	int64_t mp4_asked_ns; /* when the platform was asked to make the MP4; 0 never */
	char *mp4_refused;    /* what it answered, if it will not; or NULL */
	/* When vodkeep was about to ask the platform to remove the media; 0 never. A
	 * deletion after that is its own. */
	int64_t delete_asked_ns;
	int priority;    /* of the rule; orders work */
	char *missing;   /* JSON: what its rule wants and is not there, and why (see
			  * flow/look_missing.c); NULL: it is complete */
	char *waits_for; /* the host (flow/breaker) it rests for until that answers; or
			  * NULL */
	struct file *files; /* in the order of their keys, so that what is written of
			     * them changes only with them */
	size_t n_files;
	struct part *parts;
	size_t n_parts;
};

const char *asset_state_name(enum asset_state state);
int asset_state_parse(const char *name, enum asset_state *state); /* 0 or -1 */
const char *asset_wish_name(enum asset_wish wish);
int asset_wish_parse(const char *name, enum asset_wish *wish);

struct asset *asset_new(const char *workspace, const char *id);
void asset_free(struct asset *asset); /* NULL allowed */
/* All of it, its files and parts too; the caller's to free. */
struct asset *asset_copy(const struct asset *from);
/* @to is overwritten, not released. */
void file_copy(struct file *to, const struct file *from);
void file_release(struct file *file);
struct file *asset_file(const struct asset *asset, const char *key); /* or NULL */
/* The file that the asset is about: the video, else the audio, else what comes first of
 * the other roles; NULL none. */
const struct file *asset_main_file(const struct asset *asset);
struct part *asset_part(const struct asset *asset, const char *key); /* or NULL */
struct file *asset_add_file(
	struct asset *asset, const char *key); /* or the present one */
struct part *asset_add_part(struct asset *asset, const char *key);
void asset_drop_file(struct asset *asset, const char *key);
/* Give @file, of @asset, a key that none of its files has; it moves to its place. */
void asset_rekey_file(struct asset *asset, struct file *file, const char *key);
/* Whether @file is a part of another of @asset's files, the index of a package: their
 * keys are below its key. */
bool asset_is_piece(const struct asset *asset, const struct file *file);
void asset_drop_part(struct asset *asset, const char *key);
/* What a part holds in all. */
int64_t part_bytes(const struct part *part);
int64_t asset_bytes(const struct asset *asset);
/* The deadline after which the platform will have removed the media; INT64_MAX none. */
int64_t asset_deadline_ns(const struct asset *asset);

/* Move to @state: asserts that the table allows it. Returns true when it changed. */
bool asset_move(struct asset *asset, enum asset_state state);
bool asset_may_move(enum asset_state from, enum asset_state to);

/* Apply news, in any order, any number of times. Sets due_ns to @now_ns and grows seq
 * when there is something to look at; otherwise leaves both. Returns whether it did. A
 * new asset (row 0) gets its first state here, and an announced one that becomes due
 * moves to queued: the store writes `state` with the news when this changed it. */
bool asset_apply_event(struct asset *asset, const struct event *event, int64_t now_ns);
bool asset_apply_wish(struct asset *asset, enum asset_wish wish, int64_t now_ns);
/* A list names the media: look at it, as changed at @changed_ns if that is not 0. */
void asset_apply_listed(struct asset *asset, int64_t changed_ns, int64_t now_ns);
bool asset_apply_hold(struct asset *asset, bool held, int64_t now_ns);

/* IDs go into paths and URLs: 1–255 of [A-Za-z0-9_-] (fastpix.md §9.19). */
bool asset_id_ok(const char *id);

#endif
