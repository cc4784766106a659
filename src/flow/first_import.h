/*
 * The first start on a new state: whatever lies in the archive is adopted before any
 * work begins. The state before may have been lost, and without this the agent would
 * fetch everything once more beside what is there. Deliveries are taken meanwhile.
 *
 * Only sizes are compared, as everybody waits for it; verifying reads the files.
 */
#ifndef VODKEEP_FLOW_FIRST_IMPORT_H
#define VODKEEP_FLOW_FIRST_IMPORT_H

#include "flow/chores.h"

struct first_import { /* zeroed */
	struct archive_env env;
	struct chores *chores;
	bool wanted, anew; /* anew: nothing has been in the archive before */
	int64_t again_ms;  /* when it is tried again; 0: it is not waiting for that */
};

/* The state is new: remember durably that this has to be done. @anew: so is the
 * archive, and nobody needs to be told. */
void first_import_want(struct first_import *first, struct store *store, bool anew);
/* Begin if it has to be done and has not been: the keeper is held until it is, which a
 * run of `import' settles as well. @env is copied; @first lives as long as @chores. */
void first_import_begin(struct first_import *first, const struct archive_env *env,
	struct chores *chores);
/* From time to time: begin again where the archive was not there. */
void first_import_turn(struct first_import *first);

#endif
