/*
 * status: the agent at a glance. One document from the agent, drawn into a buffer and
 * written at once, so that --watch does not flicker.
 */
#include <config.h>

#include "cli/cli.h"

#include "cli/client.h"
#include "cli/options.h"
#include "cli/status_text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WATCH_SECONDS 1

/* Over what is on the screen: each line is cleared behind its end, then the rest. */
static void redraw(const struct buf *text)
{
	fputs("\033[H", stdout);
	for (const char *at = buf_text(text); *at;) {
		size_t len = strcspn(at, "\n");
		fwrite(at, 1, len, stdout);
		fputs("\033[K\n", stdout);
		at += len + (at[len] == '\n');
	}
	fputs("\033[J", stdout);
	fflush(stdout);
}

static int show_once(const struct cli *cli, struct client *client, bool over)
{
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
		status_text(status, cli_width(), &text);
		if (over)
			redraw(&text);
		else
			cli_print(&text);
		buf_release(&text);
	}
	cJSON_Delete(status);
	return CLI_OK;
}

static int watch(const struct cli *cli, struct client *client)
{
	bool terminal = isatty(STDOUT_FILENO);
	const struct timespec pause = { .tv_sec = WATCH_SECONDS };
	int rc;

	if (terminal)
		fputs("\033[2J", stdout);
	while ((rc = show_once(cli, client, terminal)) == CLI_OK) {
		if (!terminal && (putchar('\n') == EOF || fflush(stdout) != 0))
			return CLI_FAILED;
		nanosleep(&pause, NULL);
	}
	return rc;
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
		rc = again ? watch(cli, client) : show_once(cli, client, false);
	client_close(client);
	return rc;
}
