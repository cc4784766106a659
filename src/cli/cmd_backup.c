/*
 * backup: a copy of the state database. The agent makes it, so the file is the agent's.
 */
#include <config.h>

#include "cli/cli.h"

#include "base/json.h"
#include "base/mem.h"
#include "cli/client.h"
#include "cli/options.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The agent's working directory is another one. Caller frees; NULL with errno. */
static char *whole_path(const char *path)
{
	char *here, *whole;

	if (path[0] == '/')
		return mem_strdup(path);
	here = getcwd(NULL, 0);
	if (!here)
		return NULL;
	whole = mem_printf("%s/%s", here, path);
	free(here);
	return whole;
}

int cmd_backup(struct cli *cli, int argc, char **argv)
{
	struct client *client = NULL;
	struct err err = { 0 };
	cJSON *body, *answer = NULL;
	char *path;
	int rc;

	if (options_take(&argc, argv, NULL, 0, false, &err) < 0)
		return cli_usage(cli, "%s", err.text);
	if (argc != 2 || !*argv[1])
		return cli_usage(cli, "the file to write is needed, and nothing else");
	path = whole_path(argv[1]);
	if (!path)
		return cli_fail(cli, CLI_FAILED,
			"the working directory is gone: give a path that begins with /");
	rc = client_open(&client, cli);
	if (rc == CLI_OK) {
		/* As long as it takes: a large database is copied for minutes. */
		client_patient(client);
		body = cJSON_CreateObject();
		json_add_text(body, "file", path);
		rc = client_post(client, "/api/v1/backup", body, &answer, &err);
		cJSON_Delete(body);
		if (rc != CLI_OK)
			cli_fail(cli, rc, "%s", err.text);
		else if (cli->json)
			cli_print_json(answer);
		else if (cli->verbosity >= 0)
			printf("%s: a copy of the state\n", path);
	}
	cJSON_Delete(answer);
	client_close(client);
	free(path);
	return rc;
}
