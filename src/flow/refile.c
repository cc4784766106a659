/*
 * A page of assets goes through
 *
 *   load ► compare with the rule ► wish (those that lie elsewhere) ► load until the
 * wish has been granted ► next page
 *
 * with all assets of a page side by side.
 */
#include <config.h>

#include "flow/refile.h"

#include "base/clock.h"
#include "base/mem.h"
#include "core/place.h"
#include "core/rule.h"
#include <stdlib.h>
#include <string.h>

#define PAGE       32
#define ASK_MS     50
#define PATIENCE_S 60 /* without any move */

struct refile;

/* An asset of the page. */
struct mover {
	struct refile *refile;
	int64_t row;
	struct asset *asset; /* as it was; NULL: nothing to do, or done */
	char *to;            /* where it belongs */
	bool asked;
};

struct refile {
	struct chore_run run;
	uv_timer_t timer;
	bool stopping, last_page;
	int64_t after_row, moved_ms;
	struct mover movers[PAGE];
	size_t n, waiting;
};

static struct refile *of_run(struct chore_run *run)
{
	return container_of(run, struct refile, run);
}

static void mover_clear(struct mover *mover)
{
	asset_free(mover->asset);
	free(mover->to);
	mover->asset = NULL;
	mover->to = NULL;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct refile *refile =
		container_of((uv_timer_t *)(void *)handle, struct refile, timer);

	refile->run.ended(&refile->run);
}

static void end(struct refile *refile)
{
	for (size_t i = 0; i < refile->n; i++)
		mover_clear(&refile->movers[i]);
	uv_close((uv_handle_t *)&refile->timer, on_timer_closed);
}

static void next_page(struct refile *refile);

/* ---- granted? ---- */

static void ask_again(struct refile *refile);

static void give_up_waiting(struct refile *refile, struct mover *mover)
{
	chore_note(&refile->run, REFILE_WAITING, mover->asset, mover->asset->base_path,
		"it will be moved to %s when its workspace is worked on", mover->to);
	mover_clear(mover);
}

static void judge(struct mover *mover, const struct asset *now)
{
	struct refile *refile = mover->refile;
	const struct asset *was = mover->asset;

	if (now && now->wish == WISH_REFILE) {
		if (keeper_paused(refile->run.env->keeper, was->workspace))
			give_up_waiting(refile, mover);
		return;
	}
	if (now && now->base_path && strcmp(now->base_path, was->base_path) != 0) {
		chore_note(&refile->run, REFILE_MOVED, was, was->base_path, "to %s",
			now->base_path);
		refile->moved_ms = clock_system.mono_ms();
	} else if (now && now->due_ns) {
		chore_note(&refile->run, REFILE_WAITING, was, was->base_path,
			"something else is to be done about it first: refile again later");
	} else if (now && now->n_files) {
		chore_note(&refile->run, REFILE_FAILED, was, was->base_path,
			"it is not moved to %s: %s; refile again later", mover->to,
			now->reason ? now->reason : "news came first");
	}
	mover_clear(mover);
}

static void on_loaded_again(void *arg, const struct err *err, struct asset *asset)
{
	struct mover *mover = arg;
	struct refile *refile = mover->refile;

	if (asset || err->class == ERR_NOT_FOUND)
		judge(mover, asset);
	else
		refile->run.err = *err;
	asset_free(asset);
	if (--refile->waiting == 0)
		ask_again(refile);
}

static void on_timer(uv_timer_t *timer)
{
	struct refile *refile = container_of(timer, struct refile, timer);

	refile->waiting = 1; /* this loop */
	for (size_t i = 0; i < refile->n; i++) {
		struct mover *mover = &refile->movers[i];

		if (!mover->asset)
			continue;
		refile->waiting++;
		store_load(refile->run.env->store, mover->row, on_loaded_again, mover);
	}
	if (--refile->waiting == 0)
		ask_again(refile);
}

/* Until each wish of the page has been granted, or for as long as any is. */
static void ask_again(struct refile *refile)
{
	bool late = clock_system.mono_ms() - refile->moved_ms > PATIENCE_S * 1000;
	bool left = false;

	for (size_t i = 0; i < refile->n; i++) {
		struct mover *mover = &refile->movers[i];

		if (mover->asset && (late || refile->stopping))
			give_up_waiting(refile, mover);
		left |= mover->asset != NULL;
	}
	if (left && refile->run.err.class == ERR_NONE)
		uv_timer_start(&refile->timer, on_timer, ASK_MS, 0);
	else
		next_page(refile);
}

/* ---- wishes ---- */

static void on_wished(void *arg, const struct err *err)
{
	struct mover *mover = arg;
	struct refile *refile = mover->refile;

	if (err->class != ERR_NONE)
		refile->run.err = *err;
	else
		keeper_news(refile->run.env->keeper, mover->asset->workspace,
			mover->row, false);
	if (--refile->waiting == 0)
		ask_again(refile);
}

static void wish_all(struct refile *refile)
{
	refile->moved_ms = clock_system.mono_ms();
	refile->waiting = 1; /* this loop */
	for (size_t i = 0; i < refile->n; i++) {
		struct mover *mover = &refile->movers[i];

		if (!mover->asset || refile->run.err.class != ERR_NONE)
			continue;
		refile->waiting++;
		store_wish(refile->run.env->store, mover->asset->workspace,
			mover->asset->id, WISH_REFILE, false, on_wished, mover);
	}
	if (--refile->waiting == 0)
		ask_again(refile);
}

/* ---- which ---- */

/* Where the rules of now want it; NULL where it is. */
static char *wanted_place(const struct refile *refile, const struct asset *asset)
{
	const struct config *config = refile->run.settings->config;
	const struct workspace_config *ws = config_workspace(config, asset->workspace);
	struct place place;
	char *to = NULL;

	if (!ws || !asset->base_path)
		return NULL;
	place_make(&place, asset, rule_choose(config, ws->name, &asset->facts)->path,
		platform_of(ws->platform)->name);
	if (!place_fits(&place, asset->base_path))
		to = mem_strdup(place.natural);
	place_release(&place);
	return to;
}

static void take(struct mover *mover, struct asset *asset)
{
	struct refile *refile = mover->refile;

	refile->run.report->seen++;
	mover->to = wanted_place(refile, asset);
	if (!mover->to) {
		refile->run.report->counts[REFILE_IN_PLACE]++;
	} else if (refile->run.order.dry_run) {
		const struct rule *rule = rule_choose(
			refile->run.settings->config, asset->workspace, &asset->facts);

		chore_note(&refile->run, REFILE_MOVED, asset, asset->base_path,
			"to %s by rule %s", mover->to,
			rule->name[0] ? rule->name : "(built in)");
	} else {
		mover->asset = asset;
		return;
	}
	asset_free(asset);
	mover_clear(mover);
}

static void on_loaded(void *arg, const struct err *err, struct asset *asset)
{
	struct mover *mover = arg;
	struct refile *refile = mover->refile;

	if (asset)
		take(mover, asset);
	else if (err->class != ERR_NOT_FOUND)
		refile->run.err = *err;
	if (--refile->waiting == 0)
		wish_all(refile);
}

static void on_page(
	void *arg, const struct err *err, const struct asset_ref *refs, size_t n)
{
	struct refile *refile = arg;

	if (err->class != ERR_NONE)
		refile->run.err = *err;
	refile->n = n;
	refile->last_page = n < PAGE;
	refile->waiting = 1; /* this loop */
	for (size_t i = 0; i < n; i++) {
		struct mover *mover = &refile->movers[i];

		*mover = (struct mover){ .refile = refile, .row = refs[i].row };
		refile->after_row = refs[i].row;
		refile->waiting++;
		store_load(refile->run.env->store, mover->row, on_loaded, mover);
	}
	if (--refile->waiting == 0)
		wish_all(refile);
}

static void next_page(struct refile *refile)
{
	if (refile->stopping && refile->run.err.class == ERR_NONE)
		err_set(&refile->run.err, ERR_CANCELLED, "stopped");
	if (refile->run.err.class != ERR_NONE || refile->last_page)
		end(refile);
	else
		store_verify_page(refile->run.env->store, NULL, refile->after_row, PAGE,
			on_page, refile);
}

/* ---- as a chore ---- */

static struct chore_run *refile_make(void)
{
	struct refile *refile = mem_alloc(sizeof(*refile));

	return &refile->run;
}

static int refile_begin(struct chore_run *run, struct err *err)
{
	struct refile *refile = of_run(run);

	(void)err;
	uv_timer_init(run->env->loop, &refile->timer);
	next_page(refile);
	return 0;
}

static void refile_stop(struct chore_run *run)
{
	of_run(run)->stopping = true;
}

static void refile_release(struct chore_run *run)
{
	free(of_run(run));
}

const struct chore_type refile_chore = {
	.name = "refile",
	.kinds = {
		[REFILE_MOVED] = "moved",
		[REFILE_IN_PLACE] = "in_place",
		[REFILE_WAITING] = "waiting",
		[REFILE_FAILED] = "failed",
	},
	.make = refile_make,
	.begin = refile_begin,
	.stop = refile_stop,
	.release = refile_release,
};
