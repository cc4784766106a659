/*
 * Each turn of the timer: who may read how much by now ► one run of flow/verify from
 * where the workspace's pass stands ► remember the place.
 *
 * A workspace has an allowance that grows with time and is paid down by what was read
 * or missed, also below nothing: a large asset is read whole, and then it waits. It
 * does not pile up, so time that was spent asleep is not made up for in one go.
 */
#include <config.h>

#include "flow/scrub.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow/verify.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURN_MS  5000
#define FIRST_MS 1000
#define DAY_S    86400.0
#define SAVED_S  600.0 /* allowance of so much time at most */

struct lane {
	char *workspace;
	struct scrub_place place;
	double allowance; /* bytes */
};

struct scrub {
	struct archive_env o;
	uv_timer_t timer;
	struct lane *lanes;
	size_t n_lanes, turn;
	int64_t turned_ms;
	struct verify *verify;
	char *workspace; /* of the run */
	bool asking;     /* the store has a question of ours */
	bool closing, timer_closed;
	void (*closed)(void *arg);
	void *closed_arg;
};

/* ---- the place ---- */

static char *place_key(const char *workspace)
{
	return mem_printf("scrub/%s", workspace);
}

static void place_read(struct scrub *scrub, struct lane *lane)
{
	char *key = place_key(lane->workspace);
	const char *text = store_meta(scrub->o.store, key);
	struct scrub_place place = { 0 };

	if (text &&
		sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64, &place.row,
			&place.began_ns, &place.ended_ns, &place.last_ns) == 4)
		lane->place = place;
	free(key);
}

static void on_place_stored(void *arg, const struct err *err)
{
	(void)arg;
	if (err->class != ERR_NONE && err->class != ERR_CANCELLED)
		log_warn(NULL,
			"how far the scrub is could not be stored: %s; after a restart it "
			"reads a little twice",
			err->text);
}

static void place_write(struct scrub *scrub, const struct lane *lane)
{
	const struct scrub_place *place = &lane->place;
	char *key = place_key(lane->workspace);
	char *text = mem_printf("%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64,
		place->row, place->began_ns, place->ended_ns, place->last_ns);

	store_put_meta(scrub->o.store, key, text, on_place_stored, NULL);
	free(key);
	free(text);
}

static struct lane *find_lane(const struct scrub *scrub, const char *workspace)
{
	for (size_t i = 0; i < scrub->n_lanes; i++)
		if (strcmp(scrub->lanes[i].workspace, workspace) == 0)
			return &scrub->lanes[i];
	return NULL;
}

static struct lane *lane_of(struct scrub *scrub, const char *workspace)
{
	struct lane *lane = find_lane(scrub, workspace);

	if (lane)
		return lane;
	scrub->lanes =
		mem_grow(scrub->lanes, scrub->n_lanes + 1, sizeof(*scrub->lanes));
	lane = &scrub->lanes[scrub->n_lanes++];
	*lane = (struct lane){ .workspace = mem_strdup(workspace) };
	place_read(scrub, lane);
	return lane;
}

struct scrub_place scrub_place(const struct scrub *scrub, const char *workspace)
{
	const struct lane *lane = find_lane(scrub, workspace);

	return lane ? lane->place : (struct scrub_place){ 0 };
}

/* ---- a run ---- */

static void free_if_closed(struct scrub *scrub)
{
	if (!scrub->timer_closed || scrub->verify || scrub->asking)
		return;
	scrub->closed(scrub->closed_arg);
	for (size_t i = 0; i < scrub->n_lanes; i++)
		free(scrub->lanes[i].workspace);
	free(scrub->lanes);
	free(scrub->workspace);
	free(scrub);
}

static void on_found(void *arg, const struct verify_finding *finding)
{
	struct log_about about = { .workspace = finding->workspace,
		.asset = finding->id };

	(void)arg;
	log_warn(&about, "scrub: %s is %s: %s", finding->path,
		verify_kind_name(finding->kind), finding->text);
}

static void on_done(
	void *arg, const struct err *err, const struct verify_counts *counts)
{
	struct scrub *scrub = arg;
	struct lane *lane = find_lane(scrub, scrub->workspace);
	int64_t now_ns = clock_system.wall_ns();

	scrub->verify = NULL;
	lane->allowance -= (double)counts->passed;
	if (counts->assets) {
		lane->place.last_ns = now_ns;
		if (!lane->place.began_ns)
			lane->place.began_ns = now_ns;
	}
	lane->place.row = counts->last_row;
	if (counts->all) {
		log_info(&(struct log_about){ .workspace = lane->workspace },
			"scrub: all files have been read; it begins again");
		lane->place.ended_ns = now_ns;
		lane->place.row = lane->place.began_ns = 0;
	}
	if (counts->assets || counts->all)
		place_write(scrub, lane);
	if (err->class != ERR_NONE && err->class != ERR_CANCELLED)
		log_debug(&(struct log_about){ .workspace = lane->workspace },
			"scrub: %s; tried again", err->text);
	free_if_closed(scrub);
}

static void run(struct scrub *scrub, struct lane *lane)
{
	struct verify_options options = {
		.loop = scrub->o.loop,
		.store = scrub->o.store,
		.archive = scrub->o.archive,
		.archive_id = scrub->o.archive_id,
		.workspace = lane->workspace,
		.sample = 100,
		.live = true,
		.after_row = lane->place.row,
		.max_bytes = lane->allowance > 1 ? (int64_t)lane->allowance : 1,
		.found = on_found,
		.done = on_done,
		.arg = scrub,
	};
	struct err err = { 0 };

	mem_replace(&scrub->workspace, lane->workspace);
	if (verify_start(&scrub->verify, &options, &err) < 0)
		log_warn(NULL, "the scrub cannot begin: %s; tried again", err.text);
}

/* ---- a turn ---- */

static void warn(struct scrub *scrub, const struct workspace_stats *stats)
{
	char *key = mem_printf("damage/%s", stats->name);

	if (stats->damaged)
		warnings_set(scrub->o.warnings, key, stats->name, false,
			"%lld archived file%s of %s %s missing or damaged: `vodkeep verify' "
			"tells which, `vodkeep verify --repair' fetches %s again",
			(long long)stats->damaged, stats->damaged == 1 ? "" : "s",
			stats->name, stats->damaged == 1 ? "is" : "are",
			stats->damaged == 1 ? "it" : "them");
	else
		warnings_clear(scrub->o.warnings, key);
	free(key);
}

static double allowance_grows(const struct workspace_config *ws,
	const struct workspace_stats *stats, double before, double seconds)
{
	double rate = (double)stats->bytes * ws->scrub_percent_day / 100 / DAY_S;
	double now = before + rate * seconds;

	return now > rate * SAVED_S ? rate * SAVED_S : now;
}

static const struct workspace_stats *stats_of(
	const struct workspace_stats *stats, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(stats[i].name, name) == 0)
			return &stats[i];
	return NULL;
}

/* The workspaces take turns, so that none keeps the others from being read. */
static void choose(struct scrub *scrub, const struct workspace_stats *stats, size_t n)
{
	const struct config *config = keeper_settings(scrub->o.keeper)->config;
	int64_t now_ms = clock_system.mono_ms();
	double seconds = (double)(now_ms - scrub->turned_ms) / 1000;
	const struct workspace_config *chosen = NULL;

	scrub->turned_ms = now_ms;
	for (size_t i = 0; i < config->n_workspaces; i++) {
		const struct workspace_config *ws =
			&config->workspaces[(scrub->turn + i) % config->n_workspaces];
		const struct workspace_stats *its = stats_of(stats, n, ws->name);
		struct lane *lane = lane_of(scrub, ws->name);

		if (!its || !its->bytes || ws->scrub_percent_day <= 0)
			continue;
		lane->allowance = allowance_grows(ws, its, lane->allowance, seconds);
		if (!chosen && lane->allowance >= 0)
			chosen = ws;
	}
	if (!chosen || scrub->verify)
		return;
	scrub->turn = (size_t)(chosen - config->workspaces) + 1;
	run(scrub, lane_of(scrub, chosen->name));
}

static void on_stats(
	void *arg, const struct err *err, const struct workspace_stats *stats, size_t n)
{
	struct scrub *scrub = arg;

	scrub->asking = false;
	if (scrub->closing) {
		free_if_closed(scrub);
		return;
	}
	if (err->class != ERR_NONE)
		return;
	for (size_t i = 0; i < n; i++)
		warn(scrub, &stats[i]);
	choose(scrub, stats, n);
}

static void on_turn(uv_timer_t *timer)
{
	struct scrub *scrub = timer->data;

	if (scrub->asking)
		return;
	scrub->asking = true;
	store_stats(scrub->o.store, clock_system.wall_ns(), on_stats, scrub);
}

/* ---- life ---- */

struct scrub *scrub_new(const struct archive_env *env)
{
	struct scrub *scrub = mem_alloc(sizeof(*scrub));

	scrub->o = *env;
	scrub->turned_ms = clock_system.mono_ms();
	uv_timer_init(env->loop, &scrub->timer);
	scrub->timer.data = scrub;
	uv_timer_start(&scrub->timer, on_turn, FIRST_MS, TURN_MS);
	return scrub;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct scrub *scrub = handle->data;

	scrub->timer_closed = true;
	free_if_closed(scrub);
}

void scrub_close(struct scrub *scrub, void (*closed)(void *arg), void *arg)
{
	scrub->closing = true;
	scrub->closed = closed;
	scrub->closed_arg = arg;
	if (scrub->verify)
		verify_stop(scrub->verify);
	uv_close((uv_handle_t *)&scrub->timer, on_timer_closed);
}
