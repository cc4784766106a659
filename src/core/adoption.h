/*
 * Adopting: an asset that was found in the archive, by its sidecar, becomes one that is
 * known. Whether it may, beside what is known of it already, and what comes of both.
 * Pure.
 */
#ifndef VODKEEP_CORE_ADOPTION_H
#define VODKEEP_CORE_ADOPTION_H

#include "core/asset.h"

enum adoption {
	ADOPTION_NEW,     /* it is adopted */
	ADOPTION_KNOWN,   /* it is known, with files in this very place */
	ADOPTION_COPY,    /* … with files elsewhere: this is another copy */
	ADOPTION_REMOVED, /* it was removed: what is here was left or put back */
	ADOPTION_BUSY,    /* it is being worked on */
	ADOPTION_TAKEN,   /* the place or its files are another asset's */
	ADOPTIONS
};

/* @known: the asset whole, or NULL. @quiet: nothing is being worked on. Never
 * ADOPTION_TAKEN, which only the store can tell. */
enum adoption adoption_decide(const struct asset *known, const struct asset *found,
	bool quiet, int64_t now_ns);
/* Have @known (new, or without files) take over what was found; files leave @found.
 * What is known better stays. Returns when to look at it: at once where @whole says
 * that something is missing, or news had made it due; else 0. */
int64_t adoption_apply(
	struct asset *known, struct asset *found, bool whole, int64_t now_ns);

#endif
