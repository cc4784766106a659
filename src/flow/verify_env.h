/*
 * What verifying in a running agent draws on, by a person's order (verifier) or in the
 * background (scrub).
 */
#ifndef VODKEEP_FLOW_VERIFY_ENV_H
#define VODKEEP_FLOW_VERIFY_ENV_H

#include "flow/keeper.h"
#include "flow/verify.h"
#include "flow/warnings.h"

struct verify_env {
	uv_loop_t *loop;
	struct store *store;
	struct archive *archive;
	const char *archive_id;
	struct keeper *keeper; /* told of what is to be fetched again */
	struct warnings *warnings;
};

#endif
