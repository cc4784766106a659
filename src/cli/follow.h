/*
 * Following a run of the agent that takes long: asks how far it is until it has ended,
 * shows that on a terminal, and has it end on Ctrl-C.
 */
#ifndef VODKEEP_CLI_FOLLOW_H
#define VODKEEP_CLI_FOLLOW_H

#include "cli/client.h"

struct follow {
	const struct cli *cli;
	struct client *client;
	const char *path; /* of the run; PATH/cancel ends it */
	/* Append how far it is, on one line. */
	void (*progress)(const void *arg, const cJSON *run, struct buf *line);
	const void *arg;
};

/* Until *run, the answer to its beginning, has ended; *run is its last answer then. A
 * cli_exit, with a sentence in @err. */
int follow_run(const struct follow *follow, cJSON **run, struct err *err);

#endif
