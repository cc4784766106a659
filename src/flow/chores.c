/*
 * The chores that go on, and their reports.
 */
#include <config.h>

#include "flow/chores.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow/import.h"
#include "flow/refile.h"
#include "flow/replay.h"
#include <stdlib.h>

struct chores {
	struct archive_env env;
	struct chore_run *runs[CHORES];
	struct chore_report reports[CHORES];
	struct {
		void (*ended)(void *arg, const struct chore_report *report);
		void *arg;
	} after[CHORES];
	uv_timer_t close; /* never started: its closing is the way out */
	bool closing, close_done;
	void (*closed)(void *arg);
	void *closed_arg;
};

const struct chore_type *chore_type(enum chore chore)
{
	static const struct chore_type *const types[CHORES] = {
		[CHORE_IMPORT] = &import_chore,
		[CHORE_REFILE] = &refile_chore,
		[CHORE_REPLAY] = &replay_chore,
	};

	return types[chore];
}

/* ---- reports ---- */

static void report_clear(struct chore_report *report)
{
	for (size_t i = 0; i < report->n_items; i++) {
		free(report->items[i].workspace);
		free(report->items[i].id);
		free(report->items[i].path);
		free(report->items[i].text);
	}
	free(report->items);
	*report = (struct chore_report){ 0 };
}

const struct chore_report *chores_report(const struct chores *chores, enum chore chore)
{
	return &chores->reports[chore];
}

/* ---- runs ---- */

static void close_if_idle(struct chores *chores)
{
	if (!chores->close_done)
		return;
	for (int i = 0; i < CHORES; i++)
		if (chores->runs[i])
			return;
	for (int i = 0; i < CHORES; i++)
		report_clear(&chores->reports[i]);
	chores->closed(chores->closed_arg);
	free(chores);
}

static void release(struct chore_run *run, enum chore chore)
{
	settings_unref(run->settings);
	free(run->order.workspace);
	chore_type(chore)->release(run);
}

static void on_ended(struct chore_run *run)
{
	struct chores *chores = run->owner;
	enum chore chore = (enum chore)(run->report - chores->reports);
	struct err err = run->err;

	run->report->err = err;
	run->report->running = false;
	run->report->ended_ns = clock_system.wall_ns();
	chores->runs[chore] = NULL;
	log_info(NULL, "%s: %lld looked at%s%s", chore_type(chore)->name,
		(long long)run->report->seen,
		err.class == ERR_NONE ? "" : "; ended early: ", err.text);
	release(run, chore);
	if (chores->after[chore].ended && !chores->closing)
		chores->after[chore].ended(
			chores->after[chore].arg, &chores->reports[chore]);
	close_if_idle(chores);
}

int chores_begin(struct chores *chores, enum chore chore,
	const struct chore_order *order, struct err *err)
{
	struct chore_report *report = &chores->reports[chore];
	struct chore_run *run;
	int64_t number = report->run + 1;
	int rc;

	if (chores->runs[chore])
		return err_set(err, ERR_EXISTS,
			"%s goes on already: wait for that to end",
			chore_type(chore)->name);
	if (chores->closing)
		return err_set(err, ERR_CANCELLED, "the agent is stopping");
	run = chore_type(chore)->make();
	run->env = &chores->env;
	run->owner = chores;
	run->order = *order;
	run->order.workspace = mem_strdup(order->workspace);
	run->settings = settings_ref(keeper_settings(chores->env.keeper));
	run->report = report;
	run->ended = on_ended;
	rc = chore_type(chore)->begin(run, err);
	if (rc) {
		release(run, chore);
		return rc;
	}
	chores->runs[chore] = run;
	report_clear(report);
	report->run = number;
	report->running = true;
	report->dry_run = order->dry_run;
	report->began_ns = clock_system.wall_ns();
	return 0;
}

void chores_after(struct chores *chores, enum chore chore,
	void (*ended)(void *arg, const struct chore_report *report), void *arg)
{
	chores->after[chore].ended = ended;
	chores->after[chore].arg = arg;
}

void chores_cancel(struct chores *chores, enum chore chore)
{
	if (chores->runs[chore])
		chore_type(chore)->stop(chores->runs[chore]);
}

/* ---- life ---- */

struct chores *chores_new(const struct archive_env *env)
{
	struct chores *chores = mem_alloc(sizeof(*chores));

	chores->env = *env;
	uv_timer_init(env->loop, &chores->close);
	return chores;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct chores *chores =
		container_of((uv_timer_t *)(void *)handle, struct chores, close);

	chores->close_done = true;
	close_if_idle(chores);
}

void chores_close(struct chores *chores, void (*closed)(void *arg), void *arg)
{
	chores->closing = true;
	chores->closed = closed;
	chores->closed_arg = arg;
	for (int i = 0; i < CHORES; i++)
		chores_cancel(chores, (enum chore)i);
	uv_close((uv_handle_t *)&chores->close, on_handle_closed);
}
