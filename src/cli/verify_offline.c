/*
 * A loop of its own, with the store, the archive and one run on it. The store's lock
 * keeps an agent from starting meanwhile.
 */
#include <config.h>

#include "cli/verify_offline.h"

#include "admin/verify_json.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow/verify_report.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct offline {
	uv_loop_t loop;
	struct store *store;
	struct archive *archive;
	uv_signal_t sigint, sigterm;
	char id[33];
	struct verify *verify;
	struct verify_report report;
};

static void on_found(void *arg, const struct verify_finding *finding)
{
	struct offline *offline = arg;

	verify_report_add(&offline->report, finding);
}

static void on_closed(void *arg)
{
	(void)arg;
}

static void on_done(
	void *arg, const struct err *err, const struct verify_counts *counts)
{
	struct offline *offline = arg;

	offline->report.counts = *counts;
	offline->report.err = *err;
	offline->report.ended_ns = clock_system.wall_ns();
	uv_close((uv_handle_t *)&offline->sigint, NULL);
	uv_close((uv_handle_t *)&offline->sigterm, NULL);
	store_close(offline->store, on_closed, NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
	const struct offline *offline = handle->data;

	(void)number;
	verify_stop(offline->verify);
}

static void watch(struct offline *offline, uv_signal_t *handle, int number)
{
	uv_signal_init(&offline->loop, handle);
	handle->data = offline;
	uv_signal_start(handle, on_signal, number);
}

static int open_archive(struct offline *offline, const char *dir, struct err *err)
{
	const char *known = store_meta(offline->store, "archive_id");

	if (!known)
		return err_set(err, ERR_PERMANENT,
			"this state belongs to no archive yet: there is nothing to verify");
	snprintf(offline->id, sizeof(offline->id), "%s", known);
	return archive_open(&offline->archive, dir, err);
}

static int begin(struct offline *offline, const struct config *config,
	const struct verify_request *request, struct err *err)
{
	struct verify_options options = {
		.loop = &offline->loop,
		.archive_id = offline->id,
		.assets = request->assets,
		.n_assets = request->n_assets,
		.sample = request->sample,
		.repair = request->repair,
		.strays = !request->n_assets && request->sample >= 100,
		.found = on_found,
		.done = on_done,
		.arg = offline,
	};
	int rc;

	/* Opening would make one. */
	if (access(config->agent.state, F_OK))
		return err_set(err, ERR_PERMANENT,
			"there is no state database %s, so nothing is known about the "
			"archive",
			config->agent.state);
	rc = store_open(&offline->store, &offline->loop, config->agent.state, err);
	if (rc)
		return rc;
	rc = open_archive(offline, config->agent.archive_dir, err);
	options.store = offline->store;
	options.archive = offline->archive;
	if (rc == 0)
		rc = verify_start(&offline->verify, &options, err);
	if (rc)
		store_close(offline->store, on_closed, NULL);
	return rc;
}

int verify_offline(
	const struct cli *cli, const struct verify_request *request, cJSON **run)
{
	struct offline *offline;
	struct config *config;
	struct err err = { 0 };
	int rc = cli_config(cli, &config);

	if (rc != CLI_OK)
		return rc;
	log_configure(LOG_LEVEL_WARN, config->agent.log_format);
	offline = mem_alloc(sizeof(*offline));
	offline->report.repair = request->repair;
	offline->report.sample = request->sample;
	offline->report.began_ns = clock_system.wall_ns();
	uv_loop_init(&offline->loop);
	rc = begin(offline, config, request, &err);
	if (rc == 0) {
		watch(offline, &offline->sigint, SIGINT);
		watch(offline, &offline->sigterm, SIGTERM);
	}
	uv_run(&offline->loop, UV_RUN_DEFAULT);
	int busy = uv_loop_close(&offline->loop);
	assert(busy == 0);
	(void)busy;
	if (rc == 0)
		*run = verify_json(&offline->report);
	verify_report_clear(&offline->report);
	archive_close(offline->archive);
	free(offline);
	config_free(config);
	return rc == 0 ? CLI_OK : cli_fail(cli, CLI_FAILED, "%s", err.text);
}
