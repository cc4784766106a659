/*
 * Importing: adopts files that lie in the archive already, by the sidecars beside them.
 *
 * A run walks through the archive on a thread of idle priority, a few sidecars at a
 * time: memory does not depend on how much there is. A sidecar is hostile input; files
 * are compared with what it says before the store is told of them, and nothing is
 * moved, changed or removed. What the store knows better stays; what is not whole is
 * due at once, so that the keeper fetches the rest. Run again, it finds nothing to do.
 */
#ifndef VODKEEP_FLOW_IMPORT_H
#define VODKEEP_FLOW_IMPORT_H

#include "flow/chore.h"

enum import_kind {
	IMPORT_ADOPTED,  /* an asset, whole or not */
	IMPORT_KNOWN,    /* an asset that the store knows; not listed */
	IMPORT_MISSING,  /* a file that a sidecar lists is not there */
	IMPORT_DAMAGED,  /* … is not what was archived */
	IMPORT_DOUBTFUL, /* a sidecar that is not believed, or a file that cannot be
			    read */
	IMPORT_FOREIGN   /* a file that no sidecar lists */
};

extern const struct chore_type import_chore;

#endif
