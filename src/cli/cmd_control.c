/*
 * fetch, retry, rm, hold, unhold, pause, resume: telling the agent what to do. Several
 * assets are taken one after the other; one that fails does not stop the rest.
 */
#include <config.h>

#include "cli/cli.h"

#include "base/json.h"
#include "base/mem.h"
#include "cli/client.h"
#include "cli/options.h"
#include "core/asset.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What was done, in a sentence; -q and --json keep it back. */
static void say(const struct cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void say(const struct cli *cli, const char *fmt, ...)
{
	va_list args;

	if (cli->json || cli->verbosity < 0)
		return;
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
}

/* ---- one or more assets ---- */

struct verb {
	const char *path; /* behind the asset's */
	const char *done; /* what is so now */
};

struct errand {
	const struct cli *cli;
	struct client *client;
	const struct verb *verb;
	cJSON *done, *failed; /* the document of --json */
	int status;           /* of the first failure */
};

static void errand_failed(
	struct errand *errand, const char *text, int status, const struct err *err)
{
	cJSON *json = cJSON_CreateObject();

	json_add_text(json, "asset", text);
	json_add_text(json, "error", err->text);
	cJSON_AddItemToArray(errand->failed, json);
	if (errand->status == CLI_OK)
		errand->status = status;
	if (!errand->cli->json)
		cli_fail(errand->cli, status, "%s", err->text);
}

static void errand_one(struct errand *errand, const char *text)
{
	struct asset_name name = { 0 };
	struct err err = { 0 };
	cJSON *answer = NULL;
	int rc = client_find(errand->client, text, &name, &err);

	if (rc == CLI_OK) {
		char *path = asset_name_path(&name, errand->verb->path);
		rc = client_post(errand->client, path, NULL, &answer, &err);
		free(path);
	}
	if (rc == CLI_OK) {
		char *whole = mem_printf("%s/%s", name.workspace, name.id);
		cJSON_AddItemToArray(errand->done, cJSON_CreateString(whole));
		say(errand->cli, "%s: %s\n", whole, errand->verb->done);
		free(whole);
	} else {
		errand_failed(errand, text, rc, &err);
	}
	cJSON_Delete(answer);
	asset_name_release(&name);
}

static int each_asset(
	const struct cli *cli, int argc, char **argv, const struct verb *verb)
{
	struct errand errand = { .cli = cli, .verb = verb };
	cJSON *json;
	int rc;

	if (argc < 2)
		return cli_usage(cli, "at least one asset is needed");
	rc = client_open(&errand.client, cli);
	if (rc != CLI_OK)
		return rc;
	json = cJSON_CreateObject();
	errand.done = cJSON_AddArrayToObject(json, "done");
	errand.failed = cJSON_AddArrayToObject(json, "failed");
	for (int i = 1; i < argc && errand.status != CLI_NO_AGENT; i++)
		errand_one(&errand, argv[i]);
	if (cli->json)
		cli_print_json(json);
	cJSON_Delete(json);
	client_close(errand.client);
	return errand.status;
}

static int plain_errand(
	const struct cli *cli, int argc, char **argv, const struct verb *verb)
{
	struct err err = { 0 };

	if (options_take(&argc, argv, NULL, 0, false, &err) < 0)
		return cli_usage(cli, "%s", err.text);
	return each_asset(cli, argc, argv, verb);
}

int cmd_rm(struct cli *cli, int argc, char **argv)
{
	static const struct verb verb = { "/remove",
		"its local copy is being removed and stays away until fetch" };

	return plain_errand(cli, argc, argv, &verb);
}

int cmd_hold(struct cli *cli, int argc, char **argv)
{
	static const struct verb verb = { "/hold", "held: it is never removed" };

	return plain_errand(cli, argc, argv, &verb);
}

int cmd_unhold(struct cli *cli, int argc, char **argv)
{
	static const struct verb verb = { "/unhold", "not held any more" };

	return plain_errand(cli, argc, argv, &verb);
}

/* ---- one request ---- */

/* Send @body (taken over) to @path. What the agent does not know is a workspace here: a
 * wrong argument. The caller deletes *answer, which --json has printed. */
static int request(const struct cli *cli, const char *path, cJSON *body, cJSON **answer)
{
	struct client *client = NULL;
	struct err err = { 0 };
	int rc = client_open(&client, cli);

	if (rc == CLI_OK) {
		rc = client_post(client, path, body, answer, &err);
		if (rc == CLI_NO_ASSET)
			rc = CLI_USAGE;
		if (rc != CLI_OK)
			cli_fail(cli, rc, "%s", err.text);
		else if (cli->json)
			cli_print_json(*answer);
	}
	cJSON_Delete(body);
	client_close(client);
	return rc;
}

static int retry_failed(const struct cli *cli)
{
	cJSON *answer = NULL;
	int rc = request(cli, "/api/v1/retry-failed", cJSON_CreateObject(), &answer);
	long long count = (long long)json_int(answer, "count", 0);

	if (rc == CLI_OK)
		say(cli, "%lld failed asset%s: tried again now\n", count,
			count == 1 ? "" : "s");
	cJSON_Delete(answer);
	return rc;
}

int cmd_retry(struct cli *cli, int argc, char **argv)
{
	static const struct verb verb = { "/retry", "tried again now" };
	int failed = 0;
	const struct option_spec specs[] = { { "--failed", NULL, &failed } };
	struct err err = { 0 };

	if (options_take(&argc, argv, specs, 1, false, &err) < 0)
		return cli_usage(cli, "%s", err.text);
	if (failed && argc > 1)
		return cli_usage(cli, "either assets or --failed");
	return failed ? retry_failed(cli) : each_asset(cli, argc, argv, &verb);
}

int cmd_fetch(struct cli *cli, int argc, char **argv)
{
	struct err err = { 0 };
	cJSON *body, *ids, *answer = NULL;
	int rc;

	if (options_take(&argc, argv, NULL, 0, false, &err) < 0)
		return cli_usage(cli, "%s", err.text);
	if (argc < 3)
		return cli_usage(cli, "a workspace and at least one id are needed");
	for (int i = 2; i < argc; i++)
		if (!asset_id_ok(argv[i]))
			return cli_usage(cli,
				"%s is not an id: 1 to 255 letters, digits, '-' and '_'",
				argv[i]);
	body = cJSON_CreateObject();
	json_add_text(body, "workspace", argv[1]);
	ids = cJSON_AddArrayToObject(body, "ids");
	for (int i = 2; i < argc; i++)
		cJSON_AddItemToArray(ids, cJSON_CreateString(argv[i]));
	rc = request(cli, "/api/v1/fetch", body, &answer);
	for (int i = 2; i < argc && rc == CLI_OK; i++)
		say(cli, "%s/%s: queued\n", argv[1], argv[i]);
	cJSON_Delete(answer);
	return rc;
}

static int pause_or_resume(
	const struct cli *cli, int argc, char **argv, const char *path, cJSON **answer)
{
	struct err err = { 0 };
	cJSON *body;

	if (options_take(&argc, argv, NULL, 0, false, &err) < 0)
		return cli_usage(cli, "%s", err.text);
	if (argc > 2)
		return cli_usage(cli, "%s is one word too many", argv[2]);
	body = cJSON_CreateObject();
	if (argc == 2)
		json_add_text(body, "workspace", argv[1]);
	return request(cli, path, body, answer);
}

int cmd_pause(struct cli *cli, int argc, char **argv)
{
	cJSON *answer = NULL;
	int rc = pause_or_resume(cli, argc, argv, "/api/v1/pause", &answer);
	const char *workspace = json_text(answer, "workspace");

	if (rc == CLI_OK)
		say(cli, "%s: downloading is paused; deliveries are still accepted\n",
			workspace ? workspace : "all workspaces");
	cJSON_Delete(answer);
	return rc;
}

int cmd_resume(struct cli *cli, int argc, char **argv)
{
	cJSON *answer = NULL;
	int rc = pause_or_resume(cli, argc, argv, "/api/v1/resume", &answer);
	const char *workspace = json_text(answer, "workspace");
	long long confirmed = (long long)json_int(answer, "confirmed", 0);

	if (rc == CLI_OK)
		say(cli, "%s: downloading goes on\n",
			workspace ? workspace : "all workspaces");
	if (rc == CLI_OK && confirmed > 0)
		say(cli, "%lld deletion%s that waited may go ahead\n", confirmed,
			confirmed == 1 ? "" : "s");
	cJSON_Delete(answer);
	return rc;
}
