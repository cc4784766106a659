/*
 * status: the agent at a glance, from one document of the agent.
 */
#include <config.h>

#include "cli/cli.h"

#include "cli/client.h"
#include "cli/options.h"
#include "cli/status_text.h"
#include "cli/watch.h"

static int show(const struct cli *cli, struct client *client)
{
	const struct text_page page = { .width = cli_width(), .color = cli_color() };
	struct err err = { 0 };
	struct buf text;
	cJSON *status;
	int rc = client_get(client, "/api/v1/status", &status, &err);

	if (rc != CLI_OK)
		return cli_fail(cli, rc, "%s", err.text);
	if (cli->json) {
		cli_print_json(status);
	} else {
		buf_init(&text, CLI_TEXT_MAX);
		status_text(status, &page, &text);
		cli_print(&text);
		buf_release(&text);
	}
	cJSON_Delete(status);
	return CLI_OK;
}

int cmd_status(struct cli *cli, int argc, char **argv)
{
	int again = 0, rc;
	const struct option_spec specs[] = { { "--watch", NULL, &again } };
	struct client *client = NULL;
	struct err err = { 0 };

	if (options_take(&argc, argv, specs, 1, false, &err) < 0)
		return cli_usage(cli, "%s", err.text);
	if (argc > 1)
		return cli_usage(cli, "%s is one word too many", argv[1]);
	if (again && cli->json)
		return cli_usage(
			cli, "--json gives one document: it cannot be watched");
	rc = client_open(&client, cli);
	if (rc == CLI_OK)
		rc = again ? watch_status(cli, client) : show(cli, client);
	client_close(client);
	return rc;
}
