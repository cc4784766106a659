/*
 * Pages through a platform's list. It removes nothing and decides nothing about an
 * asset.
 */
#include <config.h>

#include "flow/sweep.h"

#include "base/clock.h"
#include "base/mem.h"
#include <stdlib.h>

/* 50 a page: more pages than any library has; a list that never ends is not believed.
 */
#define PAGES_MAX 100000

struct sweep {
	const struct sweep_env *env;
	struct settings *settings;
	const struct workspace_config *ws;
	int64_t started_ns, deleted_ns;
	int page;
	bool last, stopping;
};

static void next_page(struct sweep *sweep);

static void finish(struct sweep *sweep, const struct err *err, size_t count)
{
	sweep->env->done(sweep->env->arg, sweep, err, count);
	settings_unref(sweep->settings);
	free(sweep);
}

static void on_finished(void *arg, const struct err *err, size_t count)
{
	finish(arg, err, count);
}

/* Nothing may be asked of the platform any more. */
static bool stopped(struct sweep *sweep)
{
	struct err cancelled;

	if (!sweep->stopping)
		return false;
	err_set(&cancelled, ERR_CANCELLED, "stopped");
	finish(sweep, &cancelled, 0);
	return true;
}

static void on_seen(void *arg, const struct err *err)
{
	struct sweep *sweep = arg;

	if (stopped(sweep))
		return;
	if (err->class != ERR_NONE)
		finish(sweep, err, 0);
	else if (!sweep->last)
		next_page(sweep);
	else
		store_sweep_finish(sweep->env->store, sweep->ws->name,
			sweep->started_ns, sweep->deleted_ns, on_finished, sweep);
}

static void on_page(void *arg, const struct err *err, const struct list_page *page)
{
	struct sweep *sweep = arg;
	char **ids;

	if (stopped(sweep))
		return;
	if (!page) {
		finish(sweep, err, 0);
		return;
	}
	ids = mem_array(page->count + 1, sizeof(*ids));
	for (size_t i = 0; i < page->count; i++)
		ids[i] = page->entries[i].id;
	sweep->last = page->last || page->count == 0 || sweep->page >= PAGES_MAX;
	store_sweep_seen(sweep->env->store, sweep->ws->name, sweep->started_ns, ids,
		page->count, on_seen, sweep);
	free(ids);
}

static void next_page(struct sweep *sweep)
{
	sweep->page++;
	api_list(sweep->env->api, sweep->settings, sweep->ws, sweep->page, on_page,
		sweep);
}

struct sweep *sweep_start(const struct sweep_env *env, struct settings *settings,
	const struct workspace_config *ws, int64_t deleted_ns)
{
	struct sweep *sweep = mem_alloc(sizeof(*sweep));

	sweep->env = env;
	sweep->settings = settings_ref(settings);
	sweep->ws = ws;
	sweep->started_ns = clock_system.wall_ns();
	sweep->deleted_ns = deleted_ns;
	next_page(sweep);
	return sweep;
}

const char *sweep_workspace(const struct sweep *sweep)
{
	return sweep->ws->name;
}

int64_t sweep_deleted_ns(const struct sweep *sweep)
{
	return sweep->deleted_ns;
}

void sweep_stop(struct sweep *sweep)
{
	sweep->stopping = true;
}
