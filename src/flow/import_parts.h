/*
 * Private to flow/import*.c: a run, and what it finds of one asset.
 */
#ifndef VODKEEP_FLOW_IMPORT_PARTS_H
#define VODKEEP_FLOW_IMPORT_PARTS_H

#include "flow/import.h"
#include "flow/verify.h"
#include "io/worker.h"

#define IMPORT_BATCH       256
#define IMPORT_BATCH_BYTES (8u << 20) /* of sidecars */

/* What is wrong with one file. */
struct import_fault {
	enum import_kind kind;
	char *path, *text;
};

/* A sidecar on its way into the store. */
struct candidate {
	struct import *import;
	char *rel;
	struct asset *found; /* NULL: it is not believed, as the fault says */
	struct adoption_order order;
	enum adoption outcome;
	struct import_fault *faults;
	size_t n_faults;
	int64_t bytes; /* of files that were looked at */
};

struct import {
	struct chore_run run;
	struct worker *worker;
	struct mailbox *back;
	struct message message; /* the worker has the batch while it is away */
	atomic_bool stop;
	struct archive_walk *walk;
	bool walked;
	struct candidate batch[IMPORT_BATCH];
	size_t n, next, waiting;
	struct verify *strays; /* what is left: files that no sidecar lists */
	struct err trouble;    /* on the worker: why it cannot go on */
};

/* import_files.c: on the worker. */

/* Fill the batch with the next sidecars of the walk. */
void import_scan(struct import *import);
/* Compare the candidate's files with what its sidecar says. */
void import_check(struct import *import, struct candidate *candidate);
void import_batch_clear(struct import *import);

#endif
