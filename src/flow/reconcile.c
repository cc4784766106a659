/*
 * Pages through a platform's list. It removes nothing and decides nothing about an
 * asset; a list that is not read to its end makes nothing look gone.
 */
#include <config.h>

#include "flow/reconcile.h"

#include "base/clock.h"
#include "base/mem.h"
#include "core/rule.h"
#include <stdlib.h>

/* 50 a page: more pages than any library has; a list that never ends is not believed.
 */
#define PAGES_MAX 100000
/* Between two pages: ten a second at most. */
#define PAUSE_MS 100

struct reconcile {
	const struct reconcile_env *env;
	struct settings *settings;
	const struct workspace_config *ws;
	struct list_order order;
	struct differences found;
	int64_t listed, total; /* total: of the page before; -1 unknown */
	int page, back;        /* asked for; steps back so far */
	uv_timer_t timer;
	bool last, stopping;
};

static void on_closed(uv_handle_t *handle)
{
	struct reconcile *walk =
		container_of((uv_timer_t *)(void *)handle, struct reconcile, timer);

	differences_release(&walk->found);
	settings_unref(walk->settings);
	free(walk);
}

static void finish(struct reconcile *walk, const struct err *err)
{
	walk->env->done(walk->env->arg, walk, err);
	uv_close((uv_handle_t *)&walk->timer, on_closed);
}

/* Nothing may be asked of the platform any more. */
static bool stopped(struct reconcile *walk)
{
	struct err cancelled;

	if (!walk->stopping)
		return false;
	err_set(&cancelled, ERR_CANCELLED, "stopped");
	finish(walk, &cancelled);
	return true;
}

static void on_ended(void *arg, const struct err *err, struct differences *found)
{
	struct reconcile *walk = arg;

	if (found)
		differences_move(&walk->found, found);
	finish(walk, err);
}

static void on_pause(uv_timer_t *timer);

static void on_stored(void *arg, const struct err *err, struct differences *found)
{
	struct reconcile *walk = arg;

	if (stopped(walk))
		return;
	if (!found) {
		finish(walk, err);
		return;
	}
	walk->order.page = walk->page;
	if (walk->order.mode == LIST_FULL && differences_count(found) > 0)
		walk->env->news(walk->env->arg, walk);
	differences_move(&walk->found, found);
	if (walk->last)
		store_list_end(walk->env->store, &walk->order, on_ended, walk);
	else
		uv_timer_start(&walk->timer, on_pause, PAUSE_MS, 0);
}

/* Something was deleted while the list was being read: what follows has moved to
 * earlier pages, some of it to those that have been read. Returns the page to go on
 * with, or 0. */
static int page_again(struct reconcile *walk, const struct list_page *page)
{
	int64_t fewer = walk->total - page->total;
	int64_t pages = 1 + fewer / platform_of(walk->ws->platform)->list_limit;
	bool shrunk = walk->total >= 0 && page->total >= 0 && fewer > 0;

	walk->total = page->total;
	if (!shrunk || walk->page <= 1 || walk->back >= PAGES_MAX)
		return 0;
	if (pages >= walk->page)
		pages = walk->page - 1;
	walk->back += (int)pages;
	return walk->page - (int)pages;
}

static struct listed *listed_of(
	const struct reconcile *walk, const struct list_page *page)
{
	struct listed *listed = mem_array(page->count + 1, sizeof(*listed));

	for (size_t i = 0; i < page->count; i++) {
		listed_fill(&listed[i], page->entries[i].id, &page->entries[i].record);
		listed[i].priority = rule_choose(
			walk->settings->config, walk->ws->name, &listed[i].facts)
					     ->priority;
	}
	return listed;
}

static void on_page(void *arg, const struct err *err, const struct list_page *page)
{
	struct reconcile *walk = arg;
	struct list_order order;
	int again;

	if (stopped(walk))
		return;
	if (!page) {
		finish(walk, err);
		return;
	}
	again = page_again(walk, page);
	if (again) {
		walk->page = again - 1;
		uv_timer_start(&walk->timer, on_pause, PAUSE_MS, 0);
		return;
	}
	walk->last = page->last || page->count == 0 || walk->page >= PAGES_MAX;
	walk->listed += (int64_t)page->count;
	order = walk->order;
	order.page = walk->page;
	store_list_page(walk->env->store, &order, listed_of(walk, page), page->count,
		on_stored, walk);
}

static void next_page(struct reconcile *walk)
{
	walk->page++;
	api_list(walk->env->api, walk->settings, walk->ws, walk->page, on_page, walk);
}

static void on_pause(uv_timer_t *timer)
{
	struct reconcile *walk = container_of(timer, struct reconcile, timer);

	if (!stopped(walk))
		next_page(walk);
}

struct reconcile *reconcile_start(const struct reconcile_env *env,
	struct settings *settings, const struct workspace_config *ws,
	const struct list_order *order)
{
	struct reconcile *walk = mem_alloc(sizeof(*walk));

	walk->env = env;
	walk->settings = settings_ref(settings);
	walk->ws = ws;
	walk->order = *order;
	walk->order.workspace = ws->name;
	walk->total = -1;
	/* What was the last page then is read again: the list may have shifted. */
	walk->page = order->page > 1 ? order->page - 1 : 0;
	uv_timer_init(env->loop, &walk->timer);
	next_page(walk);
	return walk;
}

const struct list_order *reconcile_order(const struct reconcile *walk)
{
	return &walk->order;
}

struct differences *reconcile_found(struct reconcile *walk)
{
	return &walk->found;
}

int64_t reconcile_listed(const struct reconcile *walk)
{
	return walk->listed;
}

void reconcile_stop(struct reconcile *walk)
{
	walk->stopping = true;
	if (uv_is_active((uv_handle_t *)&walk->timer))
		uv_timer_start(&walk->timer, on_pause, 0, 0);
}
