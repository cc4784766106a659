/*
 * A thread that reads the archive beside the agent's work, and not at its cost.
 */
#ifndef VODKEEP_FLOW_IDLE_H
#define VODKEEP_FLOW_IDLE_H

#include "io/worker.h"

/* For worker_start(): a thread of idle I/O priority that is nice, with nothing of its
 * own. */
extern const struct worker_hooks idle_worker_hooks;

#endif
