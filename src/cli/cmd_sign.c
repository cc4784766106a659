/*
 * sign: the header a delivery with this body needs, with the workspace's first secret.
 * Works without the agent.
 */
#include <config.h>

#include "cli/cli.h"

#include "base/fs.h"
#include "base/json.h"
#include "cli/options.h"
#include "platform/platform.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BODY_MAX (64 * 1024 * 1024)

static int read_stdin(struct buf *out, struct err *err)
{
	char block[65536];
	ssize_t n;

	while ((n = read(STDIN_FILENO, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, ERR_LOCAL, errno, "standard input");
		if (buf_append(out, block, (size_t)n) < 0)
			return err_set(err, ERR_INPUT,
				"the body is larger than %d bytes", BODY_MAX);
	}
	return 0;
}

static void print_header(const struct cli *cli, const char *name, const char *value)
{
	cJSON *json, *header;

	if (!cli->json) {
		printf("%s: %s\n", name, value);
		return;
	}
	json = cJSON_CreateObject();
	header = cJSON_CreateObject();
	json_add_text(header, "name", name);
	json_add_text(header, "value", value);
	cJSON_AddItemToArray(cJSON_AddArrayToObject(json, "headers"), header);
	cli_print_json(json);
	cJSON_Delete(json);
}

static int sign_body(const struct cli *cli, const struct workspace_config *ws,
	const struct buf *body)
{
	const struct platform *platform = platform_of(ws->platform);
	struct hook_secret secret = { 0 };
	struct err err = { 0 };
	char *value;

	if (ws->webhook_secrets.count == 0)
		return cli_fail(cli, CLI_CONFIG, "[workspace %s] has no webhook_secret",
			ws->name);
	if (hook_secret_decode(ws->webhook_secrets.items[0], &secret, NULL, &err) < 0)
		return cli_fail(cli, CLI_CONFIG, "[workspace %s] webhook_secret: %s",
			ws->name, err.text);
	value = platform->sign(&secret, buf_text(body), body->len);
	print_header(cli, platform->signature_header, value);
	free(value);
	hook_secret_release(&secret);
	return CLI_OK;
}

int cmd_sign(struct cli *cli, int argc, char **argv)
{
	const struct workspace_config *ws;
	struct config *config;
	struct err err = { 0 };
	struct buf body;
	int rc;

	if (options_take(&argc, argv, NULL, 0, false, &err) < 0)
		return cli_usage(cli, "%s", err.text);
	if (argc < 2 || argc > 3)
		return cli_usage(cli, "a workspace and at most one file are needed");
	rc = cli_config(cli, &config);
	if (rc != CLI_OK)
		return rc;
	ws = config_workspace(config, argv[1]);
	buf_init(&body, BODY_MAX);
	if (!ws)
		rc = cli_fail(cli, CLI_USAGE, "there is no workspace %s", argv[1]);
	else if (argc == 3 && strcmp(argv[2], "-") != 0)
		rc = fs_read(argv[2], BODY_MAX, &body, &err) < 0 ? CLI_FAILED : CLI_OK;
	else
		rc = read_stdin(&body, &err) < 0 ? CLI_FAILED : CLI_OK;
	if (rc == CLI_FAILED)
		cli_fail(cli, rc, "%s", err.text);
	if (rc == CLI_OK)
		rc = sign_body(cli, ws, &body);
	buf_release(&body);
	config_free(config);
	return rc;
}
