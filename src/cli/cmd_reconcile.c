/*
 * reconcile: have the agent compare the platforms' lists with the archive, wait for it,
 * and print what differs.
 */
#include <config.h>

#include "cli/cli.h"

#include "base/json.h"
#include "base/mem.h"
#include "cli/client.h"
#include "cli/options.h"
#include "cli/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ASK_AGAIN_MS 200

struct waiting {
	const struct cli *cli;
	struct client *client;
	const char *workspace; /* NULL all */
	bool dry_run;
	cJSON *begun; /* the agent's first answer: a number for each workspace */
};

static const cJSON *of_name(const cJSON *report, const char *name)
{
	const cJSON *one;

	cJSON_ArrayForEach (one, json_at(report, "workspaces")) {
		const char *its = json_text(one, "name");

		if (its && strcmp(its, name) == 0)
			return one;
	}
	return NULL;
}

/* Every walk that was begun has ended; a workspace that a reload has taken away is not
 * waited for. */
static bool is_done(const struct waiting *waiting, const cJSON *report)
{
	const cJSON *begun;

	cJSON_ArrayForEach (begun, json_at(waiting->begun, "workspaces")) {
		const char *name = json_text(begun, "name");
		const cJSON *now = name ? of_name(report, name) : NULL;

		if (now && json_int(now, "done", 0) < json_int(begun, "number", 0))
			return false;
	}
	return true;
}

/* One line, drawn over; without @report it goes. */
static void show_progress(const struct waiting *waiting, const cJSON *report)
{
	const cJSON *one;

	if (waiting->cli->json || waiting->cli->verbosity < 0 || !cli_terminal() ||
		!isatty(STDERR_FILENO))
		return;
	fputs("\r\033[K", stderr);
	cJSON_ArrayForEach (one, json_at(report, "workspaces"))
		if (json_int(one, "page", 0) > 0)
			fprintf(stderr, "\r\033[K%s: page %lld of the list",
				json_text(one, "name"),
				(long long)json_int(one, "page", 0));
}

static int wait_done(const struct waiting *waiting, cJSON **report, struct err *err)
{
	const struct timespec pause = { .tv_nsec = ASK_AGAIN_MS * 1000000L };
	char *path = mem_printf("/api/v1/reconcile?dry_run=%s%s%s",
		waiting->dry_run ? "yes" : "no",
		waiting->workspace ? "&workspace=" : "",
		waiting->workspace ? waiting->workspace : "");
	int rc;

	while ((rc = client_get(waiting->client, path, report, err)) == CLI_OK &&
		!is_done(waiting, *report)) {
		show_progress(waiting, *report);
		cJSON_Delete(*report);
		*report = NULL;
		nanosleep(&pause, NULL);
	}
	show_progress(waiting, NULL);
	free(path);
	return rc;
}

static void print_one(const cJSON *one, bool dry_run, struct buf *out)
{
	const cJSON *difference;
	long long count = 0;

	cJSON_ArrayForEach (difference, json_at(one, "differences")) {
		buf_printf(out, "%-8s ", json_text(difference, "kind"));
		text_clean(out, json_text(one, "name"));
		buf_char(out, '/');
		text_clean(out, json_text(difference, "id"));
		text_if(out, "  ", json_text(difference, "title"));
		buf_char(out, '\n');
	}
	static const char *const kinds[] = { "missing", "changed", "back", "gone" };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		count += json_int(one, kinds[i], 0);
	text_clean(out, json_text(one, "name"));
	if (count == 0) {
		buf_printf(out, ": %lld in the platform's list, nothing differs\n",
			(long long)json_int(one, "listed", 0));
		return;
	}
	buf_printf(out,
		": %lld in the platform's list; %lld missing, %lld changed, %lld back, "
		"%lld gone%s\n",
		(long long)json_int(one, "listed", 0),
		(long long)json_int(one, "missing", 0),
		(long long)json_int(one, "changed", 0),
		(long long)json_int(one, "back", 0),
		(long long)json_int(one, "gone", 0),
		dry_run ? "" : "; each is asked for at once");
}

/* CLI_FAILED where a list could not be read; CLI_DIFFERENT for differences of a dry
 * run.
 */
static int judge(const struct cli *cli, const cJSON *report, bool dry_run)
{
	const cJSON *one;
	int status = CLI_OK;

	cJSON_ArrayForEach (one, json_at(report, "workspaces")) {
		const char *error = json_text(one, "error");

		if (error)
			return cli_fail(cli, CLI_FAILED,
				"%s: the platform's list could not be read: %s",
				json_text(one, "name"), error);
		if (dry_run && cJSON_GetArraySize(json_at(one, "differences")) > 0)
			status = CLI_DIFFERENT;
	}
	return status;
}

static void print_report(const struct cli *cli, const cJSON *report, bool dry_run)
{
	const cJSON *one;
	struct buf text;

	if (cli->json) {
		cli_print_json(report);
		return;
	}
	if (cli->verbosity < 0)
		return;
	buf_init(&text, CLI_TEXT_MAX);
	cJSON_ArrayForEach (one, json_at(report, "workspaces"))
		if (!json_text(one, "error"))
			print_one(one, dry_run, &text);
	cli_print(&text);
	buf_release(&text);
}

static int reconcile(struct waiting *waiting)
{
	const struct cli *cli = waiting->cli;
	cJSON *body = cJSON_CreateObject(), *report = NULL;
	struct err err = { 0 };
	int rc;

	if (waiting->workspace)
		json_add_text(body, "workspace", waiting->workspace);
	json_add_bool(body, "dry_run", waiting->dry_run);
	rc = client_post(
		waiting->client, "/api/v1/reconcile", body, &waiting->begun, &err);
	cJSON_Delete(body);
	if (rc == CLI_NO_ASSET) /* what is not there is the workspace */
		rc = CLI_USAGE;
	if (rc == CLI_OK)
		rc = wait_done(waiting, &report, &err);
	if (rc == CLI_OK) {
		print_report(cli, report, waiting->dry_run);
		rc = judge(cli, report, waiting->dry_run);
	} else {
		cli_fail(cli, rc, "%s", err.text);
	}
	cJSON_Delete(report);
	cJSON_Delete(waiting->begun);
	return rc;
}

int cmd_reconcile(struct cli *cli, int argc, char **argv)
{
	int dry_run = 0, rc;
	const struct option_spec specs[] = { { "--dry-run", NULL, &dry_run } };
	struct waiting waiting = { .cli = cli };
	struct err err = { 0 };

	if (options_take(&argc, argv, specs, 1, false, &err) < 0)
		return cli_usage(cli, "%s", err.text);
	if (argc > 2)
		return cli_usage(cli, "%s is one word too many", argv[2]);
	waiting.workspace = argc == 2 ? argv[1] : NULL;
	waiting.dry_run = dry_run > 0;
	rc = client_open(&waiting.client, cli);
	if (rc == CLI_OK)
		rc = reconcile(&waiting);
	client_close(waiting.client);
	return rc;
}
