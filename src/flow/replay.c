/*
 * A page of deliveries goes through
 *
 *   page ► load its assets that have not been judged ► judge ► wish ► next page
 */
#include <config.h>

#include "flow/replay.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/place.h"
#include "core/replay.h"
#include "core/rule.h"
#include <stdlib.h>
#include <string.h>

#define PAGE         64 /* deliveries come with their bodies */
#define NOTHINGS_MAX 500

struct replaying {
	struct chore_run run;
	bool stopping, last_page;
	int64_t before_row;
	uint8_t *judged; /* a bit for each row of an asset */
	size_t n_judged; /* bytes */
	size_t waiting;
};

static struct replaying *of_run(struct chore_run *run)
{
	return container_of(run, struct replaying, run);
}

static void next_page(struct replaying *replaying);

static void done_one(struct replaying *replaying)
{
	if (--replaying->waiting == 0)
		next_page(replaying);
}

/* False when it was so before. */
static bool mark_judged(struct replaying *replaying, int64_t row)
{
	size_t byte = (size_t)row / 8;
	uint8_t bit = (uint8_t)(1u << (row % 8));

	if (byte >= replaying->n_judged) {
		size_t n = (byte + 1) * 2;
		uint8_t *wider = mem_array(n, 1);

		if (replaying->n_judged)
			memcpy(wider, replaying->judged, replaying->n_judged);
		free(replaying->judged);
		replaying->judged = wider;
		replaying->n_judged = n;
	}
	if (replaying->judged[byte] & bit)
		return false;
	replaying->judged[byte] |= bit;
	return true;
}

/* ---- one asset ---- */

struct wished {
	struct replaying *replaying;
	char *workspace;
	int64_t row;
};

static void on_wished(void *arg, const struct err *err)
{
	struct wished *wished = arg;
	struct replaying *replaying = wished->replaying;

	if (err->class != ERR_NONE)
		replaying->run.err = *err;
	else
		keeper_news(replaying->run.env->keeper, wished->workspace, wished->row,
			false);
	free(wished->workspace);
	free(wished);
	done_one(replaying);
}

static void wish(struct replaying *replaying, const struct asset *asset)
{
	struct wished *wished = mem_alloc(sizeof(*wished));

	wished->replaying = replaying;
	wished->workspace = mem_strdup(asset->workspace);
	wished->row = asset->row;
	replaying->waiting++;
	store_wish(replaying->run.env->store, asset->workspace, asset->id, WISH_REPLAY,
		false, on_wished, wished);
}

/* What the record that is known last offers; false: none is known. */
static bool known_record(const struct workspace_config *ws, const struct asset *asset,
	struct record *record)
{
	const struct platform *platform = platform_of(ws->platform);
	const char *text = asset->platform_data;
	cJSON *data = NULL;

	record_init(record);
	if (!text || json_parse(text, strlen(text), &data, NULL) < 0)
		return false;
	platform->data_sources(ws, data, record);
	record->status = RECORD_READY;
	cJSON_Delete(data);
	return true;
}

static enum replay decide(const struct workspace_config *ws, const struct asset *asset,
	const struct rule *rule, char *why, size_t size)
{
	struct plan plan = { 0 };
	struct record record;
	struct plan_input in = {
		.asset = asset,
		.record = &record,
		.rule = rule,
		.now_ns = clock_system.wall_ns(),
	};
	bool known = known_record(ws, asset, &record);
	enum replay replay;

	if (known)
		plan_make(&in, &plan);
	replay = replay_decide(asset, rule, known ? &plan : NULL, why, size);
	plan_release(&plan);
	record_release(&record);
	return replay;
}

static void note(struct replaying *replaying, const struct workspace_config *ws,
	const struct asset *asset, const struct rule *rule, enum replay replay,
	const char *why)
{
	struct chore_report *report = replaying->run.report;
	const char *path = asset->base_path;
	struct place place = { NULL, NULL };

	if (replay == REPLAY_NOTHING && report->n_items >= NOTHINGS_MAX) {
		report->counts[replay]++;
		return;
	}
	if (replay == REPLAY_ARCHIVE) {
		place_make(&place, asset, rule->path, platform_of(ws->platform)->name);
		path = place.natural;
	}
	chore_note(&replaying->run, (int)replay, asset, path, "%s", why);
	place_release(&place);
}

static void judge(struct replaying *replaying, const struct asset *asset)
{
	const struct config *config = replaying->run.settings->config;
	const struct workspace_config *ws = config_workspace(config, asset->workspace);
	const struct rule *rule;
	enum replay replay;
	char why[512];

	if (!ws) {
		chore_note(&replaying->run, REPLAY_NOTHING, asset, asset->base_path,
			"its workspace is not configured");
		return;
	}
	rule = rule_choose(config, ws->name, &asset->facts);
	replay = decide(ws, asset, rule, why, sizeof(why));
	note(replaying, ws, asset, rule, replay, why);
	if (replay != REPLAY_NOTHING && !replaying->run.order.dry_run)
		wish(replaying, asset);
}

static void on_loaded(void *arg, const struct err *err, struct asset *asset)
{
	struct replaying *replaying = arg;

	if (asset)
		judge(replaying, asset);
	else if (err->class != ERR_NOT_FOUND)
		replaying->run.err = *err;
	asset_free(asset);
	done_one(replaying);
}

/* ---- deliveries ---- */

static void on_page(
	void *arg, const struct err *err, const struct stored_delivery *list, size_t n)
{
	struct replaying *replaying = arg;

	if (err->class != ERR_NONE)
		replaying->run.err = *err;
	replaying->last_page = n < PAGE;
	replaying->waiting = 1; /* this loop */
	for (size_t i = 0; i < n; i++) {
		replaying->before_row = list[i].row;
		replaying->run.report->seen++;
		if (!list[i].asset_row || !mark_judged(replaying, list[i].asset_row))
			continue;
		replaying->waiting++;
		store_load(replaying->run.env->store, list[i].asset_row, on_loaded,
			replaying);
	}
	done_one(replaying);
}

static int64_t since_ns(const struct replaying *replaying)
{
	const struct config *config = replaying->run.settings->config;
	int64_t kept_ns =
		clock_system.wall_ns() - config->agent.events_keep_ms * NS_PER_MS;
	int64_t asked_ns = replaying->run.order.since_ns;

	return asked_ns > kept_ns ? asked_ns : kept_ns;
}

static void next_page(struct replaying *replaying)
{
	struct delivery_filter filter = {
		.workspace = replaying->run.order.workspace,
		.outcome = DELIVERED_ACCEPTED,
		.since_ns = since_ns(replaying),
		.limit = PAGE,
		.before_row = replaying->before_row,
	};

	if (replaying->stopping && replaying->run.err.class == ERR_NONE)
		err_set(&replaying->run.err, ERR_CANCELLED, "stopped");
	if (replaying->run.err.class != ERR_NONE || replaying->last_page)
		replaying->run.ended(&replaying->run);
	else
		store_deliveries(
			replaying->run.env->store, &filter, on_page, replaying);
}

/* ---- as a chore ---- */

static struct chore_run *replay_make(void)
{
	struct replaying *replaying = mem_alloc(sizeof(*replaying));

	return &replaying->run;
}

static int replay_begin(struct chore_run *run, struct err *err)
{
	(void)err;
	next_page(of_run(run));
	return 0;
}

static void replay_stop(struct chore_run *run)
{
	of_run(run)->stopping = true;
}

static void replay_release(struct chore_run *run)
{
	struct replaying *replaying = of_run(run);

	free(replaying->judged);
	free(replaying);
}

const struct chore_type replay_chore = {
	.name = "replay",
	.kinds = {
		[REPLAY_ARCHIVE] = "archive",
		[REPLAY_AGAIN] = "again",
		[REPLAY_DELETE] = "delete",
		[REPLAY_IGNORE] = "ignore",
		[REPLAY_NOTHING] = "nothing",
	},
	.make = replay_make,
	.begin = replay_begin,
	.stop = replay_stop,
	.release = replay_release,
};
