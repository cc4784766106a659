/*
 * What going through the whole archive draws on in a running agent: verifying by a
 * person's order (verifier) or in the background (scrub), and the chores. All of it is
 * borrowed, and outlives its users.
 */
#ifndef VODKEEP_FLOW_ARCHIVE_ENV_H
#define VODKEEP_FLOW_ARCHIVE_ENV_H

#include "flow/keeper.h"
#include "flow/warnings.h"

struct archive_env {
	uv_loop_t *loop;
	struct store *store;
	struct archive *archive;
	const char *archive_id;
	struct keeper *keeper; /* told of what is due */
	struct warnings *warnings;
};

#endif
