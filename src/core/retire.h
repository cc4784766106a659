/*
 * May a copy go although the platform has not deleted the media: because its rule's
 * term is over (keep), or because the disk is full and its rule lets the oldest go
 * (when_full)? Pure, like core/removal; every verdict comes with its sentence.
 *
 * The term counts from archiving: from when the asset was first complete. What is held,
 * young, or has a deletion under way is left alone. Both kinds together are bounded by
 * max_delete, as deletions are but counted by themselves: the rest goes on in the next
 * hour, without a person.
 */
#ifndef VODKEEP_CORE_RETIRE_H
#define VODKEEP_CORE_RETIRE_H

#include "core/asset.h"
#include "core/config.h"
#include "core/removal.h"
#include "core/witness.h"

enum retire_cause { RETIRE_NOT, RETIRE_AGE, RETIRE_PRESSURE };
const char *retire_cause_name(enum retire_cause cause); /* "retention", "pressure" */

/* Pressure takes nothing that was archived more recently than this. */
#define RETIRE_YOUNG_MS (INT64_C(24) * 3600 * 1000)

/* When the asset's term is over; INT64_MAX never. */
int64_t retire_at_ns(const struct asset *asset, const struct rule *rule);
/* What asks for the asset's copy to go, at @now_ns; @chosen: pressure has chosen it. */
enum retire_cause retire_cause(const struct asset *asset, const struct rule *rule,
	bool chosen, int64_t now_ns);

struct retire_input {
	const struct asset *asset;
	const struct rule *rule;
	enum retire_cause cause;
	int64_t now_ns;
	enum witness_word time; /* what else tells the time */
	int64_t retired_lately; /* in the last hour, in the workspace */
	int64_t archived;       /* assets the workspace has in the archive */
	int64_t max_count;
	double max_percent;
};
/* REMOVAL_REMOVE, REMOVAL_TRASH, REMOVAL_HELD, or REMOVAL_NONE: not now. */
enum removal_verdict retire_decide(
	const struct retire_input *in, char *why, size_t size);
/* How many more may be retired now. */
int64_t retire_allowed(int64_t retired_lately, int64_t archived, int64_t max_count,
	double max_percent);

#endif
