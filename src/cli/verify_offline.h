/*
 * Verifying without an agent: this process opens state and archive itself.
 */
#ifndef VODKEEP_CLI_VERIFY_OFFLINE_H
#define VODKEEP_CLI_VERIFY_OFFLINE_H

#include "cli/cli.h"

struct verify_request {
	char **assets;
	size_t n_assets;
	double sample; /* percent */
	bool repair;
};

/* SIGINT and SIGTERM end it early. CLI_OK with the run's document in *run, which says
 * how it went (cJSON_Delete); else the reason has been told. What --repair asks for is
 * done by the agent when it runs again. */
int verify_offline(
	const struct cli *cli, const struct verify_request *request, cJSON **run);

#endif
