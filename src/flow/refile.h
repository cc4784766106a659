/*
 * Refiling: moves archived assets to where today's rules put them. A change of rules
 * alone moves nothing; this asks for it.
 *
 * A run pages through the store, a few assets at a time, and wishes those to be moved
 * that lie elsewhere: the keeper's looks move them, by the same steps as ever. What is
 * asked for is durable, so a run that ends early has lost nothing, and run again it
 * goes on where there is still something to move.
 */
#ifndef VODKEEP_FLOW_REFILE_H
#define VODKEEP_FLOW_REFILE_H

#include "flow/chore.h"

enum refile_kind {
	REFILE_MOVED,    /* or, of a dry run, to be moved */
	REFILE_IN_PLACE, /* not listed */
	REFILE_WAITING,  /* asked for, but not done yet: its workspace is paused, say */
	REFILE_FAILED
};

extern const struct chore_type refile_chore;

#endif
