/*
 * May we delete? A deletion is a decision, not a reaction (DESIGN §4.9): from the
 * event, the platform's answer, expiry, rule, hold and how much was removed lately.
 * Whether the archive is there is flow/guard's to say. Pure; every verdict comes with
 * the sentence `explain` shows.
 */
#ifndef VODKEEP_CORE_REMOVAL_H
#define VODKEEP_CORE_REMOVAL_H

#include "core/asset.h"
#include "core/config.h"
#include "core/record.h"

enum removal_verdict {
	REMOVAL_NONE, /* nothing asks for a removal */
	REMOVAL_REMOVE,
	REMOVAL_TRASH,
	REMOVAL_KEEP,         /* the rule keeps what the platform deleted */
	REMOVAL_KEEP_EXPIRED, /* likewise, and the platform's own expiry removed it */
	REMOVAL_ASK_AGAIN,    /* the answer proves nothing: retried */
	REMOVAL_CONTRADICTED, /* the platform still has it: nothing is removed */
	REMOVAL_FOR_PERSON,   /* too many at once: waits for a person */
	REMOVAL_HELD,         /* the asset is held: never removed */
};
const char *removal_verdict_name(enum removal_verdict verdict);

struct removal_input {
	const struct asset *asset;
	bool by_person;        /* `rm`: needs no proof from the platform */
	bool confirmed;        /* a person confirmed a held deletion */
	bool waits_for_person; /* it is held since an earlier look */
	bool answered;         /* the platform answered, as: */
	enum record_status answer;
	bool credentials_proven; /* another call worked: a 404 means gone */
	bool expired;            /* the platform's own expiry removed it */
	bool delete_remote_echo; /* vodkeep removed it from the platform itself */
	enum on_delete on_delete, on_expire;
	int64_t removed_lately; /* removals of the workspace in the last hour */
	int64_t archived;       /* assets the workspace has in the archive */
	int64_t max_count;
	double max_percent;
};

/* @why gets one sentence. */
enum removal_verdict removal_decide(
	const struct removal_input *in, char *why, size_t size);
/* Whether a deletion is asked for and not dealt with: by event, or by the record. */
bool removal_pending(
	const struct asset *asset, bool answered, enum record_status answer);
/* How many removals in an hour max_delete allows: the larger of a count and a share of
 * the workspace's archive. */
int64_t removal_allowed(int64_t archived, int64_t max_count, double max_percent);
/* Whether the platform's own expiry explains the deletion: when it happened (without an
 * event: when the platform was asked) the announced expiry had passed, or the media was
 * trial media older than a day. */
bool removal_is_expiry(const struct asset *asset);

#endif
