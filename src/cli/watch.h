/*
 * status --watch: looks again every second until it is interrupted, or the agent is
 * gone.
 */
#ifndef VODKEEP_CLI_WATCH_H
#define VODKEEP_CLI_WATCH_H

#include "cli/client.h"

/* On a terminal the picture is redrawn in place; elsewhere a line follows for each
 * change. Returns CLI_OK after SIGINT, otherwise why it ended, after saying so. SIGTERM
 * and SIGHUP end the process, with the terminal as it was. */
int watch_status(const struct cli *cli, struct client *client);

#endif
