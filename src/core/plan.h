/*
 * The engine: want − have = actions (DESIGN §1). From an asset, the platform's record
 * and the rule, what is still to be done and how the look should end. Pure: flow/look
 * carries it out.
 */
#ifndef VODKEEP_CORE_PLAN_H
#define VODKEEP_CORE_PLAN_H

#include "core/asset.h"
#include "core/config.h"
#include "core/record.h"

struct plan_input {
	const struct asset *asset;
	const struct record *record;
	const struct rule *rule;
	int64_t now_ns;
	bool request_mp4; /* the platform may be asked to make the MP4 */
	int64_t request_mp4_wait_ms;
	bool no_mp4; /* it is offered, but is not there, and has been waited for */
};

/* One file to fetch. */
struct plan_fetch {
	const struct source *source; /* of the record */
	bool replaces; /* the asset has a file of this key, which it takes over from */
	bool main;     /* the video (or the audio of audio-only media) */
};

/* One file that the rule wants and that cannot be fetched now. */
struct plan_missing {
	enum role role;
	const char *key, *language, *why; /* of the record or the plan; language or NULL
					   */
	bool coming;                      /* the platform is making it */
};

enum plan_due {
	PLAN_DUE_NEVER,
	PLAN_DUE_SCHEDULE, /* the platform is not ready: ask later and later */
	PLAN_DUE_SLOW,     /* nothing is on its way: look now and then */
};

struct plan {
	struct plan_fetch *fetches;
	size_t n_fetches;
	/* What may have changed at its source, the main file first: to be asked. */
	struct plan_fetch *rechecks;
	size_t n_rechecks;
	struct plan_missing *missing;
	size_t n_missing;
	const struct source *ask; /* the platform is to be asked to make this */
	bool ignore;              /* the rule says so */
	bool sidecar;             /* wanted and to be (re)written */
	enum asset_state state;   /* when all of it has succeeded */
	enum plan_due due;
	int64_t until_ns; /* on the schedule until then, when the plan is another; 0 no
			   */
	char reason[512]; /* for state, "" none */
};

/* Whether the platform has to be asked at all; false: only a person's wish, or nothing.
 */
bool plan_needs_record(const struct asset *asset);
/* @plan is overwritten; release it. The record's status is READY, PENDING or FAILED, or
 * UNKNOWN without a pending deletion: deletions are core/removal's. */
void plan_make(const struct plan_input *in, struct plan *plan);
/* One of its rechecks has found another file: fetch it too. */
void plan_add_changed(struct plan *plan, const struct plan_fetch *recheck);
/* What the platform may be asked to make, for sentences: "MP4" or "audio file". */
const char *plan_rendition(const struct source *source);
/* Whether the platform is making something that is missing. */
bool plan_is_coming(const struct plan *plan);
void plan_release(struct plan *plan);
/* The state in which an asset rests whose look could not be finished: what the archive
 * has of it stays what it is; else waiting. */
enum asset_state plan_rest_state(const struct asset *asset, enum asset_state before);
/* The suffix between base path and extension: "" for video, ".2" for the second
 * thumbnail,
 * ".en" for a subtitle, ".v1" for an old version. @out holds 64 bytes. Unique within
 * the asset, and for a file it has already always the same. */
void plan_suffix(const struct asset *asset, enum role role, const char *key,
	const char *language, char out[64]);

#endif
