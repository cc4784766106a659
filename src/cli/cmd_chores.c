/*
 * Chores of the agent: have it begin one, follow it, and print what it tells.
 */
#include <config.h>

#include "cli/cli.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/client.h"
#include "cli/follow.h"
#include "cli/options.h"
#include "cli/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRY_RUN   "--dry-run"
#define FLAGS_MAX 2

/* A chore, as its command knows it. */
struct chore {
	const char *path; /* of the API */
	const char *verb; /* "importing", while it goes on */
	/* Append the last line, of a run that has ended. */
	void (*sum_up)(const cJSON *run, struct buf *out);
	/* What the command ends with where nothing failed. */
	int (*judge)(const cJSON *run);
};

static long long count(const cJSON *run, const char *kind)
{
	return (long long)json_int(run, kind, 0);
}

/* ---- the result ---- */

static void print_items(const cJSON *run, struct buf *out)
{
	const cJSON *item;

	cJSON_ArrayForEach (item, json_at(run, "items")) {
		const char *asset = json_text(item, "asset");
		const char *path = json_text(item, "path");

		buf_printf(out, "%-9s ", json_text(item, "kind"));
		text_clean(out, path ? path : asset ? asset : "");
		if (path && asset) {
			buf_str(out, " (");
			text_clean(out, asset);
			buf_char(out, ')');
		}
		buf_str(out, ": ");
		text_clean(out, json_text(item, "text"));
		buf_char(out, '\n');
	}
	if (json_bool(run, "more", false))
		buf_str(out, "… and more, which are only counted\n");
}

static int finish(const struct cli *cli, const struct chore *chore, const cJSON *run)
{
	const char *error = json_text(run, "error");
	struct buf text;

	if (cli->json) {
		cli_print_json(run);
		if (error)
			fprintf(stderr, "vodkeep: %s\n", error);
		return error ? CLI_FAILED : chore->judge(run);
	}
	buf_init(&text, CLI_TEXT_MAX);
	if (cli->verbosity >= 0) {
		print_items(run, &text);
		chore->sum_up(run, &text);
	}
	cli_print(&text);
	buf_release(&text);
	return error ? cli_fail(cli, CLI_FAILED, "%s", error) : chore->judge(run);
}

/* ---- by way of the agent ---- */

static void show_progress(const void *arg, const cJSON *run, struct buf *line)
{
	const struct chore *chore = arg;
	char size[32];

	buf_printf(line, "%s: %lld looked at", chore->verb, count(run, "seen"));
	if (json_int(run, "bytes", 0)) {
		text_size(json_int(run, "bytes", 0), size);
		buf_printf(line, ", %s", size);
	}
}

static int run_chore(
	const struct cli *cli, const struct chore *chore, const cJSON *body)
{
	struct follow follow = {
		.cli = cli,
		.path = chore->path,
		.progress = show_progress,
		.arg = chore,
	};
	struct err err = { 0 };
	cJSON *run = NULL;
	int rc = client_open(&follow.client, cli);

	if (rc != CLI_OK)
		return rc;
	/* One that goes on, such as that of the first start, is waited for. */
	rc = client_get(follow.client, chore->path, &run, &err);
	if (rc == CLI_OK)
		rc = follow_run(&follow, &run, &err);
	if (rc == CLI_OK) {
		cJSON_Delete(run);
		run = NULL;
		rc = client_post(follow.client, chore->path, body, &run, &err);
	}
	if (rc == CLI_OK)
		rc = follow_run(&follow, &run, &err);
	rc = rc == CLI_OK ? finish(cli, chore, run) : cli_fail(cli, rc, "%s", err.text);
	cJSON_Delete(run);
	client_close(follow.client);
	return rc;
}

/* ---- import ---- */

static void sum_up_import(const cJSON *run, struct buf *out)
{
	bool dry = json_bool(run, "dry_run", false);

	buf_printf(out,
		"%lld assets %sadopted, %lld known already; of their files %lld missing, "
		"%lld damaged; %lld sidecars doubtful, %lld files foreign\n",
		count(run, "adopted"), dry ? "would be " : "", count(run, "known"),
		count(run, "missing"), count(run, "damaged"), count(run, "doubtful"),
		count(run, "foreign"));
}

static int judge_import(const cJSON *run)
{
	return count(run, "missing") || count(run, "damaged") ? CLI_DIFFERENT : CLI_OK;
}

/* A command of flags alone: each is a member of the request. */
static int run_flags(struct cli *cli, const struct chore *chore, int argc, char **argv,
	const char *const *names, size_t n)
{
	struct option_spec specs[FLAGS_MAX] = { { NULL, NULL, NULL } };
	int given[FLAGS_MAX] = { 0 }, rc;
	struct err err = { 0 };
	cJSON *body;

	for (size_t i = 0; i < n; i++)
		specs[i] = (struct option_spec){ names[i], NULL, &given[i] };
	if (options_take(&argc, argv, specs, n, false, &err) < 0)
		return cli_usage(cli, "%s", err.text);
	if (argc > 1)
		return cli_usage(cli, "%s is one word too many", argv[1]);
	body = cJSON_CreateObject();
	for (size_t i = 0; i < n; i++)
		if (given[i])
			json_add_bool(body,
				strcmp(names[i], DRY_RUN) ? names[i] + 2 : "dry_run",
				true);
	rc = run_chore(cli, chore, body);
	cJSON_Delete(body);
	return rc;
}

int cmd_import(struct cli *cli, int argc, char **argv)
{
	static const struct chore import = {
		.path = "/api/v1/import",
		.verb = "importing",
		.sum_up = sum_up_import,
		.judge = judge_import,
	};
	static const char *const flags[] = { DRY_RUN, "--sizes" };

	return run_flags(cli, &import, argc, argv, flags, 2);
}

/* ---- refile ---- */

static void sum_up_refile(const cJSON *run, struct buf *out)
{
	buf_printf(out, "%lld assets %s, %lld are in place, %lld wait, %lld failed\n",
		count(run, "moved"),
		json_bool(run, "dry_run", false) ? "would be moved" : "moved",
		count(run, "in_place"), count(run, "waiting"), count(run, "failed"));
}

static int judge_refile(const cJSON *run)
{
	return count(run, "failed") ? CLI_FAILED : CLI_OK;
}

int cmd_refile(struct cli *cli, int argc, char **argv)
{
	static const struct chore refile = {
		.path = "/api/v1/refile",
		.verb = "refiling",
		.sum_up = sum_up_refile,
		.judge = judge_refile,
	};
	static const char *const flags[] = { DRY_RUN };

	return run_flags(cli, &refile, argc, argv, flags, 1);
}

/* ---- replay ---- */

static void sum_up_replay(const cJSON *run, struct buf *out)
{
	bool dry = json_bool(run, "dry_run", false);

	buf_printf(out,
		"%lld deliveries; of the assets they name %lld %s archived, %lld fetched "
		"again, %lld deleted, %lld ignored; nothing to do for %lld\n",
		count(run, "seen"), count(run, "archive"),
		dry ? "would be" : "are to be", count(run, "again"),
		count(run, "delete"), count(run, "ignore"), count(run, "nothing"));
}

static int judge_replay(const cJSON *run)
{
	(void)run;
	return CLI_OK;
}

int cmd_replay(struct cli *cli, int argc, char **argv)
{
	static const struct chore replay = {
		.path = "/api/v1/replay",
		.verb = "replaying",
		.sum_up = sum_up_replay,
		.judge = judge_replay,
	};
	const char *since = NULL, *workspace = NULL;
	int dry_run = 0, rc;
	const struct option_spec specs[] = {
		{ "--since", &since, NULL },
		{ "--workspace", &workspace, NULL },
		{ DRY_RUN, NULL, &dry_run },
	};
	struct err err = { 0 };
	int64_t ns;
	cJSON *body;

	if (options_take(&argc, argv, specs, 3, false, &err) < 0)
		return cli_usage(cli, "%s", err.text);
	if (argc > 1)
		return cli_usage(cli, "%s is one word too many", argv[1]);
	if (since && time_parse_since(since, clock_system.wall_ns(), &ns, &err) < 0)
		return cli_usage(cli, "--since: %s", err.text);
	body = cJSON_CreateObject();
	if (since)
		json_add_text(body, "since", since);
	if (workspace)
		json_add_text(body, "workspace", workspace);
	json_add_bool(body, "dry_run", dry_run > 0);
	rc = run_chore(cli, &replay, body);
	cJSON_Delete(body);
	return rc;
}
