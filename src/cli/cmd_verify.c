/*
 * verify: has the agent compare the archive with what was archived, and follows it; or
 * does so itself where no agent runs. Either way the result is the same document.
 */
#include <config.h>

#include "cli/cli.h"

#include "base/json.h"
#include "base/mem.h"
#include "cli/client.h"
#include "cli/follow.h"
#include "cli/options.h"
#include "cli/text.h"
#include "cli/verify_ledger.h"
#include "cli/verify_offline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN_PATH "/api/v1/verify"

/* ---- the result ---- */

static int exit_status(const cJSON *run)
{
	const char *class = json_text(run, "error_class");

	if (class && strcmp(class, err_class_name(ERR_NOT_FOUND)) == 0)
		return CLI_NO_ASSET;
	if (class && strcmp(class, err_class_name(ERR_INPUT)) == 0)
		return CLI_USAGE;
	if (class)
		return CLI_FAILED;
	if (json_int(run, "missing", 0) || json_int(run, "damaged", 0))
		return CLI_DIFFERENT;
	return json_int(run, "unreadable", 0) ? CLI_FAILED : CLI_OK;
}

static void print_findings(const cJSON *run, struct buf *out)
{
	const cJSON *finding;

	cJSON_ArrayForEach (finding, json_at(run, "findings")) {
		const char *asset = json_text(finding, "asset");

		buf_printf(out, "%-10s ", json_text(finding, "kind"));
		text_quoted(out, json_text(finding, "path"));
		buf_printf(out, "%s%s%s: ", asset ? " (" : "", asset ? asset : "",
			asset ? ")" : "");
		text_clean(out, json_text(finding, "text"));
		buf_char(out, '\n');
	}
	if (json_bool(run, "more", false))
		buf_str(out, "… and more, which are only counted\n");
}

static void print_run(const struct cli *cli, const cJSON *run)
{
	struct buf text;
	char size[32];

	buf_init(&text, CLI_TEXT_MAX);
	print_findings(run, &text);
	if (cli->verbosity >= 0) {
		text_size(json_int(run, "bytes", 0), size);
		buf_printf(&text,
			"%lld files of %lld assets read, %s: %lld missing, %lld damaged, "
			"%lld unreadable, %lld foreign, %lld orphaned\n",
			(long long)json_int(run, "files", 0),
			(long long)json_int(run, "assets", 0), size,
			(long long)json_int(run, "missing", 0),
			(long long)json_int(run, "damaged", 0),
			(long long)json_int(run, "unreadable", 0),
			(long long)json_int(run, "foreign", 0),
			(long long)json_int(run, "orphaned", 0));
		if (json_int(run, "repairs", 0))
			buf_printf(&text, "%lld to be fetched again\n",
				(long long)json_int(run, "repairs", 0));
	}
	cli_print(&text);
	buf_release(&text);
}

static int finish(const struct cli *cli, const cJSON *run)
{
	int status = exit_status(run);
	const char *error = json_text(run, "error");

	if (cli->json) {
		cli_print_json(run);
		if (error)
			fprintf(stderr, "vodkeep: %s\n", error);
		return status;
	}
	if (error && status != CLI_FAILED)
		return cli_fail(cli, status, "%s", error);
	print_run(cli, run);
	if (error)
		cli_fail(cli, status, "%s", error);
	return status;
}

/* ---- by way of the agent ---- */

static void show_progress(const void *arg, const cJSON *run, struct buf *line)
{
	char size[32];

	(void)arg;
	text_size(json_int(run, "bytes", 0), size);
	buf_printf(line, "verifying: %lld assets, %s",
		(long long)json_int(run, "assets", 0), size);
}

static cJSON *request_json(const struct verify_request *request)
{
	cJSON *json = cJSON_CreateObject();
	cJSON *assets = cJSON_AddArrayToObject(json, "assets");

	for (size_t i = 0; i < request->n_assets; i++)
		cJSON_AddItemToArray(assets, cJSON_CreateString(request->assets[i]));
	cJSON_AddNumberToObject(json, "sample", request->sample);
	json_add_bool(json, "repair", request->repair);
	return json;
}

/* CLI_NO_AGENT, having said nothing, when none answers. */
static int by_agent(const struct cli *cli, const struct verify_request *request)
{
	struct follow follow = {
		.cli = cli,
		.path = RUN_PATH,
		.progress = show_progress,
	};
	struct err err = { 0 };
	cJSON *body, *run = NULL;
	int rc = client_open(&follow.client, cli);

	if (rc != CLI_OK)
		return rc;
	body = request_json(request);
	rc = client_post(follow.client, RUN_PATH, body, &run, &err);
	cJSON_Delete(body);
	if (rc != CLI_NO_AGENT) {
		if (rc == CLI_OK)
			rc = follow_run(&follow, &run, &err);
		rc = rc == CLI_OK ? finish(cli, run)
				  : cli_fail(cli, rc, "%s", err.text);
	}
	cJSON_Delete(run);
	client_close(follow.client);
	return rc;
}

/* ---- the command ---- */

static int parse_sample(
	const struct cli *cli, const char *text, struct verify_request *request)
{
	char *end;

	request->sample = 100;
	if (!text)
		return CLI_OK;
	request->sample = strtod(text, &end);
	if (*end == '%')
		end++;
	if (*end || end == text || !(request->sample > 0 && request->sample <= 100))
		return cli_usage(cli, "--sample is a percentage, such as 5%%");
	return CLI_OK;
}

int cmd_verify(struct cli *cli, int argc, char **argv)
{
	struct verify_request request = { 0 };
	const char *sample = NULL, *head = NULL;
	int repair = 0, ledger = 0, rc;
	const struct option_spec specs[] = {
		{ "--sample", &sample, NULL },
		{ "--repair", NULL, &repair },
		{ "--ledger", NULL, &ledger },
		{ "--head", &head, NULL },
	};
	struct err err = { 0 };

	if (options_take(&argc, argv, specs, 4, false, &err) < 0)
		return cli_usage(cli, "%s", err.text);
	if (ledger && (sample || repair || argc > 1))
		return cli_usage(cli, "--ledger is verified by itself");
	if (head && !ledger)
		return cli_usage(cli, "--head goes with --ledger");
	if (ledger)
		return verify_ledger(cli, head);
	if (parse_sample(cli, sample, &request) != CLI_OK)
		return CLI_USAGE;
	if (sample && argc > 1)
		return cli_usage(cli, "either assets or --sample");
	request.assets = argv + 1;
	request.n_assets = (size_t)argc - 1;
	request.repair = repair > 0;
	rc = by_agent(cli, &request);
	if (rc == CLI_NO_AGENT) {
		cJSON *run = NULL;
		rc = verify_offline(cli, &request, &run);
		if (rc == CLI_OK)
			rc = finish(cli, run);
		cJSON_Delete(run);
	}
	return rc;
}
