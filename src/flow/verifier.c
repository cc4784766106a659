/*
 * Runs of flow/verify within the agent: their report, and what follows from it. How it
 * reads and judges is verify's.
 */
#include <config.h>

#include "flow/verifier.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include <stdlib.h>

struct verifier {
	struct archive_env o;
	struct verify *asked;
	struct verify_report report;
	uv_timer_t close; /* never started: its closing is the way out */
	bool closing, close_done;
	void (*closed)(void *arg);
	void *closed_arg;
};

static void close_if_idle(struct verifier *verifier)
{
	if (!verifier->close_done || verifier->asked)
		return;
	verifier->closed(verifier->closed_arg);
	verify_report_clear(&verifier->report);
	free(verifier);
}

static void log_finding(const struct verify_finding *finding)
{
	struct log_about about = { .workspace = finding->workspace,
		.asset = finding->id };

	if (finding->id)
		log_warn(&about, "verified: %s is %s: %s", finding->path,
			verify_kind_name(finding->kind), finding->text);
}

static void on_found(void *arg, const struct verify_finding *finding)
{
	struct verifier *verifier = arg;

	log_finding(finding);
	verify_report_add(&verifier->report, finding);
}

static void on_repair(void *arg, const char *workspace, int64_t row)
{
	struct verifier *verifier = arg;

	if (verifier->closing)
		return;
	keeper_asked(verifier->o.keeper, workspace);
	keeper_news(verifier->o.keeper, workspace, row, false);
}

static void on_asked_done(
	void *arg, const struct err *err, const struct verify_counts *counts)
{
	struct verifier *verifier = arg;
	struct verify_report *report = &verifier->report;

	report->counts = *counts;
	report->err = *err;
	report->running = false;
	report->ended_ns = clock_system.wall_ns();
	verifier->asked = NULL;
	log_info(NULL,
		"verified %lld files of %lld assets: %lld missing, %lld damaged%s%s",
		(long long)counts->files, (long long)counts->assets,
		(long long)counts->found[VERIFY_MISSING],
		(long long)counts->found[VERIFY_DAMAGED],
		err->class == ERR_NONE ? "" : "; ended early: ", err->text);
	close_if_idle(verifier);
}

int verifier_begin(struct verifier *verifier, const struct verifier_request *request,
	struct err *err)
{
	struct verify_options options = {
		.loop = verifier->o.loop,
		.store = verifier->o.store,
		.archive = verifier->o.archive,
		.archive_id = verifier->o.archive_id,
		.assets = request->assets,
		.n_assets = request->n_assets,
		.sample = request->sample,
		.repair = request->repair,
		.strays = !request->n_assets && request->sample >= 100,
		.live = true,
		.found = on_found,
		.repaired = on_repair,
		.done = on_asked_done,
		.arg = verifier,
	};
	int64_t run = verifier->report.run + 1;

	if (verifier->asked)
		return err_set(err, ERR_EXISTS,
			"the archive is being verified already: wait for that to end");
	if (verifier->closing)
		return err_set(err, ERR_CANCELLED, "the agent is stopping");
	int rc = verify_start(&verifier->asked, &options, err);
	if (rc)
		return rc;
	verify_report_clear(&verifier->report);
	verifier->report.run = run;
	verifier->report.running = true;
	verifier->report.repair = request->repair;
	verifier->report.sample = request->sample;
	verifier->report.began_ns = clock_system.wall_ns();
	return 0;
}

const struct verify_report *verifier_report(struct verifier *verifier)
{
	if (verifier->asked)
		verifier->report.counts = *verify_counts(verifier->asked);
	return &verifier->report;
}

void verifier_cancel(struct verifier *verifier)
{
	if (verifier->asked)
		verify_stop(verifier->asked);
}

struct verifier *verifier_new(const struct archive_env *env)
{
	struct verifier *verifier = mem_alloc(sizeof(*verifier));

	verifier->o = *env;
	uv_timer_init(env->loop, &verifier->close);
	verifier->close.data = verifier;
	return verifier;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct verifier *verifier = handle->data;

	verifier->close_done = true;
	close_if_idle(verifier);
}

void verifier_close(struct verifier *verifier, void (*closed)(void *arg), void *arg)
{
	verifier->closing = true;
	verifier->closed = closed;
	verifier->closed_arg = arg;
	verifier_cancel(verifier);
	uv_close((uv_handle_t *)&verifier->close, on_handle_closed);
}
