/*
 * What today's rules would make of an asset whose events have come already. The same
 * decisions as a look's (rule, plan, removal), without a look: the platform's record is
 * the last one that is known. Pure.
 */
#ifndef VODKEEP_CORE_REPLAY_H
#define VODKEEP_CORE_REPLAY_H

#include "core/asset.h"
#include "core/config.h"
#include "core/plan.h"

enum replay {
	REPLAY_ARCHIVE, /* it is not archived, and would be */
	REPLAY_AGAIN,   /* it is archived, and would be looked at: files are missing */
	REPLAY_DELETE,  /* its deletion was not followed, and would be */
	REPLAY_IGNORE,  /* it is not archived, and would not be */
	REPLAY_NOTHING, /* already so, or not to be undone by events */
	REPLAYS
};

/* Whether the last that events tell of it is that the platform deleted it. */
bool replay_is_deletion(const struct asset *asset);
/* @rule is today's, @plan what it makes of the record that is known last (NULL: none
 * is). @why holds 512 bytes: a sentence. */
enum replay replay_decide(const struct asset *asset, const struct rule *rule,
	const struct plan *plan, char *why, size_t size);

#endif
