/*
 * What a platform's list tells of a media, beside what is known of it: is there a
 * reason to look? A list is evidence that a look is worth its call, never more: what
 * is fetched or removed is decided by the look, from the media's own record.
 */
#ifndef VODKEEP_CORE_LISTING_H
#define VODKEEP_CORE_LISTING_H

#include "core/asset.h"
#include "core/config.h"
#include "core/record.h"

/* One entry of a list. */
struct listed {
	char *id;
	enum record_status status;
	int64_t mark;       /* record_mark() */
	int64_t updated_ns; /* 0: the platform does not tell */
	struct facts facts;
	bool trial;
	int priority; /* of the rule that would decide */
};
/* Deep copy of what @record says of @id; listed_release() it. */
void listed_fill(struct listed *listed, const char *id, const struct record *record);
void listed_release(struct listed *listed);

enum listing_kind {
	LISTING_SAME,      /* no reason to look */
	LISTING_ANNOUNCED, /* unknown and not ready: becomes known, is not looked at */
	LISTING_MISSING,   /* ready, and not archived */
	LISTING_CHANGED,   /* the record is another than the one last looked at */
	LISTING_BACK,      /* the platform has again what it once had no more */
	LISTING_GONE,      /* not in the list, or listed as deleted */
	LISTING_KINDS
};
const char *listing_kind_name(enum listing_kind kind);
/* Whether it is a difference between platform and archive that people want to see. */
bool listing_differs(enum listing_kind kind);

struct listing_input {
	const struct listed *listed;
	const struct asset *asset; /* NULL: unknown */
	int64_t listed_mark;       /* of the list before; 0 none */
	int64_t began_ns; /* when vodkeep first served the workspace: what was made
			   * before is the library that existed, see backfill */
	enum backfill backfill;
	int64_t since_ns;
};
enum listing_kind listing_decide(const struct listing_input *in);
/* Whether an unknown media belongs to the library that existed before vodkeep. */
bool listing_is_older(const struct listed *listed, int64_t began_ns);

#endif
