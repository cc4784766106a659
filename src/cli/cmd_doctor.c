/*
 * doctor: everything the agent needs, one line each. It changes nothing: what it finds
 * missing it names, with the remedy.
 */
#include <config.h>

#include "cli/cli.h"

#include "archive/archive.h"
#include "base/certificate.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/client.h"
#include "cli/config_load.h"
#include "cli/options.h"
#include "cli/probe.h"
#include "cli/report.h"
#include "flow/judge.h"
#include "io/process.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* vodkeep did not exist before: 2025-01-01. */
#define CLOCK_EARLIEST_NS (INT64_C(1735689600) * NS_PER_S)
#define PEM_MAX           (1u << 20)

static void doctor_space(struct report *report, const struct config *config,
	const struct archive *archive)
{
	const struct amount *least = &config->transfer.min_free;
	char is[32], needed[32];
	int64_t free_bytes, total, min;
	struct err err = { 0 };

	if (archive_space(archive, &free_bytes, &total, &err) < 0) {
		report_add(report, FINDING_FAIL, "space", "check the filesystem", "%s",
			err.text);
		return;
	}
	min = least->percent > 0 ? (int64_t)((double)total * least->percent / 100.0)
				 : least->bytes;
	size_format_human(free_bytes, is);
	size_format_human(min, needed);
	if (free_bytes < min)
		report_add(report, FINDING_FAIL, "space",
			"make room, or lower min_free",
			"%s is free and min_free is %s: downloads pause", is, needed);
	else
		report_add(report, FINDING_OK, "space", NULL,
			"%s is free, %s must remain", is, needed);
}

/* A state database without the marker of its archive: something is not mounted. */
static void doctor_marker(struct report *report, const struct config *config,
	const struct archive *archive)
{
	char id[33];
	struct err err = { 0 };
	int rc = archive_marker_read(archive, id, &err);

	if (rc == 0)
		report_add(
			report, FINDING_OK, "marker", NULL, "this is archive %s", id);
	else if (err.class != ERR_NOT_FOUND)
		report_add(report, FINDING_FAIL, "marker", "check the filesystem", "%s",
			err.text);
	else if (access(config->agent.state, F_OK) == 0)
		report_add(report, FINDING_FAIL, "marker",
			"mount the archive's filesystem; nothing is deleted until then",
			"%s has no .vodkeep/archive-id, but there is a state database",
			config->agent.archive_dir);
	else
		report_add(report, FINDING_OK, "marker", NULL,
			"a new archive: the first start marks it");
}

static void doctor_archive(struct report *report, const struct config *config)
{
	const char *dir = config->agent.archive_dir;
	struct archive *archive = NULL;
	struct err err = { 0 };

	if (access(dir, F_OK) < 0 && access(config->agent.state, F_OK) < 0) {
		report_add(report, FINDING_WARN, "archive", NULL,
			"%s is not there yet: the first start makes it", dir);
		return;
	}
	if (archive_open(&archive, dir, &err) < 0) {
		report_add(report, FINDING_FAIL, "archive", "check archive_dir", "%s",
			err.text);
		return;
	}
	report_add(report, FINDING_OK, "archive", NULL, "%s can be written", dir);
	doctor_marker(report, config, archive);
	doctor_space(report, config, archive);
	archive_close(archive);
}

static void doctor_state(struct report *report, const struct config *config)
{
	char *copy = mem_strdup(config->agent.state);
	const char *dir = dirname(copy);

	if (access(dir, W_OK | X_OK) < 0)
		report_add(report, FINDING_FAIL, "state",
			"make it, and let the agent's user write there", "%s: %s", dir,
			strerror(errno));
	else if (access(config->agent.state, F_OK) == 0 &&
		 access(config->agent.state, R_OK | W_OK) < 0)
		report_add(report, FINDING_FAIL, "state",
			"run doctor as the agent's user, or give it the file", "%s: %s",
			config->agent.state, strerror(errno));
	else
		report_add(report, FINDING_OK, "state", NULL, "%s can be written", dir);
	free(copy);
}

static void doctor_clock(struct report *report, int64_t ahead_ns, bool known)
{
	char span[32];

	if (clock_system.wall_ns() < CLOCK_EARLIEST_NS) {
		report_add(report, FINDING_FAIL, "clock", "set the clock, run NTP",
			"it shows a time before vodkeep existed");
	} else if (known && (llabs(ahead_ns) > JUDGE_CLOCK_SLACK_NS)) {
		duration_format(llabs(ahead_ns) / NS_PER_S * MS_PER_S, span);
		report_add(report, FINDING_FAIL, "clock", "set the clock, run NTP",
			"it is %s %s the platform's", span,
			ahead_ns > 0 ? "ahead of" : "behind");
	} else {
		report_add(report, FINDING_OK, "clock", NULL, "%s",
			known ? "it agrees with the platform's" : "it looks sane");
	}
}

static void doctor_ffmpeg(struct report *report)
{
	char *path = NULL;

	if (process_find("ffmpeg", &path, NULL) == 0)
		report_add(report, FINDING_OK, "ffmpeg", NULL, "it is installed");
	else
		report_add(report, FINDING_WARN, "ffmpeg", "apt install ffmpeg",
			"it is not installed: it will be needed for HLS media");
	free(path);
}

static void doctor_certificate(struct report *report, const struct config *config)
{
	const char *path = config->receiver.tls_cert;
	int64_t end_ns = 0, now_ns = clock_system.wall_ns();
	struct err err = { 0 };
	struct buf pem;
	char end[40];

	if (!path)
		return;
	buf_init(&pem, PEM_MAX);
	if (fs_read(path, PEM_MAX, &pem, &err) < 0 ||
		certificate_end(buf_text(&pem), &end_ns, &err) < 0) {
		report_add(report, FINDING_FAIL, "certificate",
			"give tls_cert a PEM file that the agent's user may read",
			"%s: %s", path, err.text);
		buf_release(&pem);
		return;
	}
	buf_release(&pem);
	time_format_local(end_ns, end);
	if (end_ns - now_ns > JUDGE_CERTIFICATE_NS)
		report_add(report, FINDING_OK, "certificate", NULL,
			"it is good until %s", end);
	else
		report_add(report, end_ns > now_ns ? FINDING_WARN : FINDING_FAIL,
			"certificate", "renew it and restart the agent",
			"%s ends, or has ended, on %s", path, end);
}

/* The programs of the rules; whether a target listens is seen when it is told. */
static void doctor_programs(struct report *report, const struct config *config)
{
	for (size_t i = 0; i < config->n_rules; i++) {
		const char *program = config->rules[i].after;
		char *what;

		if (!program)
			continue;
		what = mem_printf("after/%s", config->rules[i].name);
		if (access(program, X_OK) == 0)
			report_add(report, FINDING_OK, what, NULL, "%s can be run",
				program);
		else
			report_add(report, FINDING_FAIL, what,
				"put the program there, and let the agent's user run it",
				"%s: %s", program, strerror(errno));
		free(what);
	}
}

/* What the agent knows is wrong, it need not be asked twice. */
static void doctor_warnings(struct report *report, const cJSON *status)
{
	const cJSON *warning;

	cJSON_ArrayForEach (warning, json_at(status, "warnings")) {
		const char *key = json_text(warning, "key");
		const char *text = json_text(warning, "text");

		if (key && text) {
			char *what = mem_printf("warning %s", key);

			report_add(report, FINDING_WARN, what, NULL, "%s", text);
			free(what);
		}
	}
}

static void doctor_agent(struct report *report, const struct cli *cli)
{
	struct client *client = NULL;
	struct err err = { 0 };
	cJSON *status = NULL;

	if (client_open(&client, cli) != CLI_OK)
		return;
	if (client_get(client, "/api/v1/status", &status, &err) == CLI_OK)
		report_add(report, FINDING_OK, "agent", NULL, "it runs, pid %lld",
			(long long)json_int(status, "pid", 0));
	else
		report_add(report, FINDING_WARN, "agent", NULL, "%s", err.text);
	doctor_warnings(report, status);
	cJSON_Delete(status);
	client_close(client);
}

static void doctor_all(
	struct report *report, const struct cli *cli, const struct config *config)
{
	int64_t ahead_ns = 0;
	bool known = false;

	doctor_archive(report, config);
	doctor_state(report, config);
	for (size_t i = 0; i < config->n_workspaces; i++) {
		const struct workspace_config *ws = &config->workspaces[i];

		probe_secrets(report, ws);
		probe_signing_key(report, ws);
		probe_api(report, config, ws, &ahead_ns, &known);
		probe_media_hosts(report, ws);
	}
	doctor_clock(report, ahead_ns, known);
	doctor_certificate(report, config);
	doctor_programs(report, config);
	doctor_ffmpeg(report);
	doctor_agent(report, cli);
}

/* False when there is nothing to go on with. */
static bool doctor_config(
	struct report *report, const struct cli *cli, struct config **config)
{
	struct config_notes notes = { 0 };
	int rc = config_load(cli->config_path, config, &notes);

	for (size_t i = 0; i < notes.count; i++)
		report_add(report, notes.notes[i].warning ? FINDING_WARN : FINDING_FAIL,
			"configuration", NULL, "%s", notes.notes[i].text);
	if (rc == 0)
		report_add(report, FINDING_OK, "configuration", NULL, "%s is valid",
			cli->config_path);
	config_notes_release(&notes);
	return rc == 0;
}

static void print_report(const struct cli *cli, struct report *report)
{
	struct buf text;
	cJSON *json;

	if (cli->json) {
		json = cJSON_CreateObject();
		json_add_int(json, "failed", report->failed);
		cJSON_AddItemToObject(json, "checks", report->checks);
		report->checks = NULL;
		cli_print_json(json);
		cJSON_Delete(json);
		return;
	}
	buf_init(&text, CLI_TEXT_MAX);
	report_text(report, &text);
	cli_print(&text);
	buf_release(&text);
}

int cmd_doctor(struct cli *cli, int argc, char **argv)
{
	struct report report;
	struct config *config = NULL;
	struct err err = { 0 };
	int rc = CLI_CONFIG;

	if (options_take(&argc, argv, NULL, 0, false, &err) < 0)
		return cli_usage(cli, "%s", err.text);
	if (argc > 1)
		return cli_usage(cli, "%s is one word too many", argv[1]);
	report_init(&report);
	if (doctor_config(&report, cli, &config)) {
		doctor_all(&report, cli, config);
		rc = report.failed > 0 ? CLI_FAILED : CLI_OK;
	}
	print_report(cli, &report);
	report_release(&report);
	config_free(config);
	return rc;
}
