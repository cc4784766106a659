/*
 * A turn: does the clock agree with the platforms'? ► for each rule of each workspace
 * that lets copies go: how many may still go this hour ► make the oldest due ► when is
 * the next one over?
 */
#include <config.h>

#include "flow/retention.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/retire.h"
#include "core/rule.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_MS   500
#define SOON_MS    1000
#define LONGEST_MS 60000
#define BATCH      8
/* What is held lies at the old end and is passed over; looked at again this often. */
#define PASS_MS (INT64_C(3600) * 1000)
#define ASK_MS  (INT64_C(3600) * 1000)
#define HOUR_NS (INT64_C(3600) * NS_PER_S)

/* Up to where a rule has nothing that may go. */
struct place {
	char *workspace, *rule;
	int64_t after_ns;
};

struct retention {
	struct retention_env env;
	uv_timer_t timer;
	struct place *places;
	size_t n_places;
	int64_t passed_ms, asked_ms;

	/* The turn that goes on. */
	bool busy; /* an answer is outstanding */
	struct settings *settings;
	size_t workspace, rule; /* of the settings: where it is */
	int64_t allowed;        /* of the workspace */
	bool pressing, behind;
	int64_t before_ns;
	int64_t wait_ms; /* until the next turn */

	/* What pressure has chosen, and the guard's looks then. */
	int64_t chosen[RETIRE_MAX];
	size_t n_chosen;
	uint64_t chosen_at;

	bool stopped, closing, timer_closed;
	void (*closed)(void *arg);
	void *closed_arg;
};

static void on_timer(uv_timer_t *timer);

static void free_if_closed(struct retention *retention)
{
	if (!retention->timer_closed || retention->busy)
		return;
	retention->closed(retention->closed_arg);
	settings_unref(retention->settings);
	for (size_t i = 0; i < retention->n_places; i++) {
		free(retention->places[i].workspace);
		free(retention->places[i].rule);
	}
	free(retention->places);
	free(retention);
}

/* True: an answer has come too late, and @retention may be gone. */
static bool is_over(struct retention *retention)
{
	retention->busy = false;
	if (retention->closing) {
		free_if_closed(retention);
		return true;
	}
	return retention->stopped;
}

static struct place *place_of(
	struct retention *retention, const char *workspace, const char *rule)
{
	struct place *place;

	for (size_t i = 0; i < retention->n_places; i++) {
		place = &retention->places[i];
		if (strcmp(place->workspace, workspace) == 0 &&
			strcmp(place->rule, rule) == 0)
			return place;
	}
	retention->places = mem_grow(
		retention->places, retention->n_places + 1, sizeof(*retention->places));
	place = &retention->places[retention->n_places++];
	*place = (struct place){ .workspace = mem_strdup(workspace),
		.rule = mem_strdup(rule) };
	return place;
}

static void forget_places(struct retention *retention)
{
	retention->passed_ms = clock_system.mono_ms();
	for (size_t i = 0; i < retention->n_places; i++)
		retention->places[i].after_ns = 0;
}

/* ---- the time ---- */

static void on_proof(void *arg, const struct err *err, bool proven)
{
	struct retention *retention = arg;

	(void)err, (void)proven; /* any answer told the time */
	if (!is_over(retention))
		uv_timer_start(&retention->timer, on_timer, SOON_MS, 0);
}

/* Where nobody has told the time for long, one platform is asked for anything at all.
 */
static void ask_time(struct retention *retention)
{
	struct settings *settings = retention->env.settings(retention->env.arg);
	int64_t now_ms = clock_system.mono_ms();

	if (!settings->config->n_workspaces ||
		(retention->asked_ms && now_ms - retention->asked_ms < ASK_MS))
		return;
	retention->asked_ms = now_ms;
	retention->busy = true;
	uv_timer_stop(&retention->timer);
	api_prove(retention->env.api, settings, &settings->config->workspaces[0], NULL,
		on_proof, retention);
}

static bool time_is_known(struct retention *retention)
{
	int64_t ahead_ns;
	enum witness_word word = witness_ask(api_witness(retention->env.api),
		clock_system.wall_ns(), clock_system.mono_ms(), &ahead_ns);
	char ahead[32];

	if (word == WITNESS_DENIES) {
		duration_format(ahead_ns / NS_PER_S * MS_PER_S, ahead);
		warnings_set(retention->env.warnings, "age", NULL, false,
			"the clock is %s ahead of the platforms': nothing is removed for its "
			"age until they agree",
			ahead);
	} else if (word == WITNESS_SILENT && retention->asked_ms) {
		warnings_set(retention->env.warnings, "age", NULL, false,
			"no platform has told the time within a day: nothing is removed for "
			"its age until one does");
	} else {
		warnings_clear(retention->env.warnings, "age");
	}
	if (word != WITNESS_AGREES)
		ask_time(retention);
	return word == WITNESS_AGREES;
}

/* ---- one rule ---- */

static const struct workspace_config *workspace_at(const struct retention *retention)
{
	return &retention->settings->config->workspaces[retention->workspace];
}

static const struct rule *rule_at(const struct retention *retention)
{
	return &retention->settings->config->rules[retention->rule];
}

static void next_rule(struct retention *retention);

static void wait_at_most(struct retention *retention, int64_t ms)
{
	if (ms < SOON_MS)
		ms = SOON_MS;
	if (ms < retention->wait_ms)
		retention->wait_ms = ms;
}

static void choose(struct retention *retention, const struct retire_found *found)
{
	memcpy(retention->chosen, found->rows, sizeof(found->rows));
	retention->n_chosen = found->n;
	retention->chosen_at = guard_looks(retention->env.guard);
}

static void on_found(void *arg, const struct err *err, const struct retire_found *found)
{
	struct retention *retention = arg;
	const struct rule *rule;
	int64_t next_ms;

	if (is_over(retention))
		return;
	if (err->class != ERR_NONE) { /* the store's own warning tells */
		next_rule(retention);
		return;
	}
	rule = rule_at(retention);
	place_of(retention, workspace_at(retention)->name, rule->name)->after_ns =
		found->after_ns;
	if (retention->pressing && found->n)
		choose(retention, found);
	if (found->n)
		retention->env.news(retention->env.arg, workspace_at(retention)->name);
	retention->behind |= found->more && retention->allowed == 0;
	if (!retention->pressing)
		retention->allowed -= (int64_t)found->n;
	if (found->n || retention->pressing)
		wait_at_most(retention, SOON_MS);
	if (found->next_ns && rule->keep_ms) {
		next_ms = (found->next_ns - clock_system.wall_ns()) / NS_PER_MS +
			  rule->keep_ms;
		wait_at_most(retention, next_ms);
	}
	next_rule(retention);
}

/* With @limit 0 only whether there is anything. */
static void find(struct retention *retention, int64_t limit)
{
	const struct workspace_config *ws = workspace_at(retention);
	const struct rule *rule = rule_at(retention);
	struct retire_order order = {
		.workspace = ws->name,
		.rule = rule->name,
		.before_ns = retention->before_ns,
		.after_ns = place_of(retention, ws->name, rule->name)->after_ns,
		.limit = (size_t)(limit < BATCH ? limit : BATCH),
	};

	retention->busy = true;
	store_retire(retention->env.store, &order, on_found, retention);
}

static void by_age(struct retention *retention)
{
	retention->pressing = false;
	retention->before_ns =
		clock_system.wall_ns() - rule_at(retention)->keep_ms * NS_PER_MS;
	find(retention, retention->allowed > 0 ? retention->allowed : 0);
}

/* One at a time, and the next when the guard has seen what room that made. */
static void by_pressure(struct retention *retention)
{
	retention->pressing = true;
	retention->before_ns = clock_system.wall_ns() - RETIRE_YOUNG_MS * NS_PER_MS;
	find(retention, retention->allowed > 0 ? 1 : 0);
}

static bool may_press(const struct retention *retention)
{
	return guard_lacks_room(retention->env.guard) &&
	       (!retention->n_chosen ||
		       guard_looks(retention->env.guard) >= retention->chosen_at + 2);
}

static void at_rule(struct retention *retention)
{
	const struct rule *rule = rule_at(retention);
	bool presses = rule->when_full == FULL_REMOVE_OLDEST;

	if (!glob_list_match(&rule->workspaces, workspace_at(retention)->name))
		next_rule(retention);
	else if (presses && may_press(retention))
		by_pressure(retention);
	else if (rule->keep_ms)
		by_age(retention);
	else
		next_rule(retention);
	if (presses && guard_lacks_room(retention->env.guard))
		wait_at_most(retention, SOON_MS);
}

/* ---- one workspace ---- */

static void next_workspace(struct retention *retention);

static void warn(struct retention *retention)
{
	const struct workspace_config *ws = workspace_at(retention);
	char *key = mem_printf("retention/%s", ws->name);

	if (retention->behind)
		warnings_set(retention->env.warnings, key, ws->name, false,
			"more copies of %s are to go by keep or when_full than max_delete "
			"allows in an hour (%" PRId64
			", or %g%%): the rest goes in the "
			"next hours",
			ws->name, ws->max_delete_count, ws->max_delete_percent);
	else
		warnings_clear(retention->env.warnings, key);
	free(key);
}

static void next_rule(struct retention *retention)
{
	if (++retention->rule < retention->settings->config->n_rules) {
		at_rule(retention);
		return;
	}
	warn(retention);
	retention->workspace++;
	next_workspace(retention);
}

static void on_counts(
	void *arg, const struct err *err, const struct removal_counts *counts)
{
	struct retention *retention = arg;
	const struct workspace_config *ws;

	if (is_over(retention))
		return;
	ws = workspace_at(retention);
	retention->allowed = 0;
	if (err->class == ERR_NONE)
		retention->allowed = retire_allowed(counts->retired, counts->archived,
			ws->max_delete_count, ws->max_delete_percent);
	retention->rule = 0;
	retention->behind = false;
	at_rule(retention);
}

static void end_turn(struct retention *retention)
{
	uv_timer_start(&retention->timer, on_timer, (uint64_t)retention->wait_ms, 0);
}

static void next_workspace(struct retention *retention)
{
	const struct config *config = retention->settings->config;

	while (retention->workspace < config->n_workspaces &&
		retention->env.paused(
			retention->env.arg, workspace_at(retention)->name))
		retention->workspace++;
	if (retention->workspace == config->n_workspaces) {
		end_turn(retention);
		return;
	}
	retention->busy = true;
	store_removals(retention->env.store, workspace_at(retention)->name,
		clock_system.wall_ns() - HOUR_NS, on_counts, retention);
}

/* ---- the turn ---- */

static bool lets_go(const struct config *config)
{
	for (size_t i = 0; i < config->n_rules; i++)
		if (config->rules[i].keep_ms ||
			config->rules[i].when_full == FULL_REMOVE_OLDEST)
			return true;
	return false;
}

/* Nothing lets go any more. */
static void forget_warnings(
	const struct retention *retention, const struct config *config)
{
	warnings_clear(retention->env.warnings, "age");
	for (size_t i = 0; i < config->n_workspaces; i++) {
		char *key = mem_printf("retention/%s", config->workspaces[i].name);

		warnings_clear(retention->env.warnings, key);
		free(key);
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct retention *retention = timer->data;
	struct settings *settings = retention->env.settings(retention->env.arg);

	if (retention->busy || retention->stopped)
		return;
	retention->wait_ms = LONGEST_MS;
	end_turn(retention);
	if (!lets_go(settings->config))
		forget_warnings(retention, settings->config);
	if (!lets_go(settings->config) || !guard_present(retention->env.guard))
		return;
	if (!time_is_known(retention)) {
		wait_at_most(retention, SOON_MS);
		if (!retention->busy)
			end_turn(retention);
		return;
	}
	settings_unref(retention->settings);
	retention->settings = settings_ref(settings);
	if (!guard_lacks_room(retention->env.guard))
		retention->n_chosen = 0;
	if (clock_system.mono_ms() - retention->passed_ms > PASS_MS)
		forget_places(retention);
	retention->workspace = 0;
	next_workspace(retention);
}

struct retention *retention_new(const struct retention_env *env)
{
	struct retention *retention = mem_alloc(sizeof(*retention));

	retention->env = *env;
	retention->passed_ms = clock_system.mono_ms();
	uv_timer_init(env->loop, &retention->timer);
	retention->timer.data = retention;
	uv_timer_start(&retention->timer, on_timer, FIRST_MS, 0);
	return retention;
}

void retention_hurry(struct retention *retention)
{
	if (!retention->stopped)
		uv_timer_start(&retention->timer, on_timer, FIRST_MS, 0);
}

void retention_reload(struct retention *retention)
{
	forget_places(retention);
	retention_hurry(retention);
}

void retention_stop(struct retention *retention)
{
	retention->stopped = true;
	uv_timer_stop(&retention->timer);
}

bool retention_chose(const struct retention *retention, int64_t row)
{
	for (size_t i = 0; i < retention->n_chosen; i++)
		if (retention->chosen[i] == row)
			return true;
	return false;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct retention *retention = handle->data;

	retention->timer_closed = true;
	free_if_closed(retention);
}

void retention_close(struct retention *retention, void (*closed)(void *arg), void *arg)
{
	retention->stopped = true;
	retention->closing = true;
	retention->closed = closed;
	retention->closed_arg = arg;
	uv_close((uv_handle_t *)&retention->timer, on_timer_closed);
}
