/*
 * The admin API from a command's side: HTTP over the agent's unix socket, blocking.
 */
#ifndef VODKEEP_CLI_CLIENT_H
#define VODKEEP_CLI_CLIENT_H

#include "cli/cli.h"

struct client;

/* Reads the configuration for the socket's path. Where no agent answers there it says
 * what is wrong with the configuration: CLI_OK or CLI_CONFIG. Connects with the first
 * call. */
int client_open(struct client **out, const struct cli *cli);
void client_close(struct client *client); /* NULL allowed */
/* Calls from now on end early, as if the agent did not answer, once asked(arg) says so:
 * for signals that are blocked meanwhile. It is asked about once a second. */
void client_stop_when(struct client *client, bool (*asked)(void *arg), void *arg);
/* Answers to calls from now on may take as long as they take. */
void client_patient(struct client *client);
const char *client_socket(const struct client *client);

/* Ask, and return CLI_OK with the answer's document in *out (cJSON_Delete), or a
 * cli_exit with a sentence in @err. An answer 404 is CLI_NO_ASSET, 400 CLI_USAGE. @body
 * may be NULL. */
int client_get(struct client *client, const char *path, cJSON **out, struct err *err);
int client_post(struct client *client, const char *path, const cJSON *body, cJSON **out,
	struct err *err);

struct asset_name {
	char *workspace, *id;
};
/* Which asset @text means: CLI_NO_ASSET for none, CLI_USAGE with the matches for
 * several. */
int client_find(struct client *client, const char *text, struct asset_name *out,
	struct err *err);
void asset_name_release(struct asset_name *name);
/* "/api/v1/assets/WORKSPACE/ID" followed by @rest; caller frees. */
char *asset_name_path(const struct asset_name *name, const char *rest);

#endif
