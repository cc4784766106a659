/*
 * How a look ends: every way settles the asset in a state with a reason and a time to
 * look again, saves one row, and tells the owner. The lowest room of the look: it knows
 * nothing of the steps.
 */
#include <config.h>

#include "flow/look_steps.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "core/rule.h"
#include "store/outbox.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SAVE_AGAIN_MS 1000
#define ROOM_AGAIN_MS 60000 /* or retry_max, if that is less */

int64_t look_now_ns(void)
{
	return clock_system.wall_ns();
}

struct retry_limits look_limits(const struct look *look)
{
	const struct config *config = look->settings->config;

	return (struct retry_limits){
		.min_ms = config->transfer.retry_min_ms,
		.max_ms = config->transfer.retry_max_ms,
		.for_ms = config->transfer.retry_for_ms,
	};
}

void look_take_record(struct look *look, struct record *record)
{
	if (look->record != look->planned)
		record_free(look->record);
	look->record = record;
	look->record_at_ms = clock_system.mono_ms();
}

void look_note(struct look *look, const char *kind, const char *fmt, ...)
{
	char text[1024];
	struct log_about about = { .workspace = look->ws->name,
		.asset = look->asset->id };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	story_add(&look->story, look_now_ns(), kind, "%s", text);
	log_debug(&about, "%s: %s", kind, text);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct look *look =
		container_of((uv_timer_t *)(void *)handle, struct look, timer);

	look->release(look);
}

/* Before the owner hears of the end, who may then go, and the turns with it. */
void look_give_turn_back(struct look *look)
{
	if (!look->has_turn)
		return;
	look->has_turn = false;
	slots_release(look->env->removal_turn(look->env->arg, look->ws->name));
}

void look_finish(struct look *look)
{
	look_give_turn_back(look);
	look->env->done(look->env->arg, look);
	if (look->timer_open)
		uv_close((uv_handle_t *)&look->timer, on_timer_closed);
	else
		look->release(look);
}

static void on_save_again(uv_timer_t *timer)
{
	look_save(container_of(timer, struct look, timer));
}

static void on_saved(void *arg, const struct err *err)
{
	struct look *look = arg;

	if (err->class == ERR_NONE) {
		warnings_clear(look->env->warnings, "store");
		if (look->asset->waits_for)
			breakers_rests(look->env->breakers, look->asset->waits_for);
		if (look->notices.n && look->env->courier)
			courier_news(look->env->courier);
		look_finish(look);
		return;
	}
	warnings_set(look->env->warnings, "store", NULL, true,
		"%s: what has been done is remembered again when the store works",
		err->text);
	if (look->stopping) { /* the asset is still due in the store */
		look_finish(look);
		return;
	}
	if (!look->timer_open) {
		uv_timer_init(look->env->loop, &look->timer);
		look->timer_open = true;
	}
	uv_timer_start(&look->timer, on_save_again, SAVE_AGAIN_MS, 0);
}

static void save(struct look *look)
{
	store_save_telling(look->env->store, look->asset, look->due_ns, &look->story,
		&look->notices, on_saved, look);
}

/* What is not durable is not saved: in the store the asset is still due, and its parts
 * are as they were sealed, so that the next look finds the files. */
static void on_synced(struct look *look, const struct err *err)
{
	if (err->class == ERR_NONE) {
		save(look);
		return;
	}
	guard_trouble(look->env->guard, err);
	look_finish(look);
}

void look_save(struct look *look)
{
	if (look->unsynced)
		look_sync(look, on_synced);
	else
		save(look);
}

static void log_end(const struct look *look)
{
	const struct asset *asset = look->asset;
	struct log_about about = { .workspace = asset->workspace, .asset = asset->id };
	const char *name = asset_state_name(look->end);
	char bytes[32];

	metric_add(METRIC_STATE_MOVES, name, 1);
	size_format_human(asset_bytes(asset), bytes);
	if (look->end == ASSET_ARCHIVED)
		log_info(&about, "archived %s (%zu files, %s)",
			asset->base_path ? asset->base_path : "", asset->n_files,
			bytes);
	else if (look->end == ASSET_FAILED)
		log_warn(&about, "failed: %s", asset->reason ? asset->reason : "");
	else
		log_info(&about, "%s%s%s", name, asset->reason ? ": " : "",
			asset->reason ? asset->reason : "");
}

/* What became of it is a decision where it stays so; removals have told theirs. */
static void tell_move(struct look *look, enum asset_state state)
{
	const char *reason = look->asset->reason;
	const char *from = asset_state_name(look->before);
	const char *to = asset_state_name(state);

	if (state == ASSET_ARCHIVED || state == ASSET_IGNORED || state == ASSET_FAILED)
		look_decided(look, "state", to, look_evidence(look), "%s → %s%s%s",
			from, to, reason ? ": " : "", reason ? reason : "");
	else
		look_note(look, "state", "%s → %s%s%s", from, to, reason ? ": " : "",
			reason ? reason : "");
}

/* Files that are others than before, in an asset whose state is the same. */
static void tell_files(struct look *look, enum asset_state state)
{
	if (look->refile)
		look_decided(look, "state", "moved", look_evidence(look),
			"moved to %s, where rule %s wants it", look->asset->base_path,
			look->rule->name[0] ? look->rule->name : "(built in)");
	else if (state == ASSET_ARCHIVED)
		look_decided(look, "state", "updated", look_evidence(look),
			"archived anew: what has changed at the platform is here too");
}

static void make_notices(struct look *look)
{
	const struct asset *asset = look->asset;
	const struct rule *rule = look->rule;

	if (!rule)
		rule = rule_choose(
			look->settings->config, look->ws->name, &asset->facts);
	notices_make(&look->notices, asset, &look->was, rule, look->platform->name,
		look_now_ns());
}

static void end_in(struct look *look, enum asset_state state, int64_t due_ns)
{
	bool moved = state != look->before;

	if (state == ASSET_FAILED) { /* what starts again starts with a fresh count */
		look->asset->attempts = 0;
		look->asset->trouble_ns = 0;
	}
	look->end = state;
	look->due_ns = due_ns;
	asset_move(look->asset, state);
	if (moved) {
		tell_move(look, state);
		log_end(look);
	} else if (look->files_changed) {
		tell_files(look, state);
	}
	make_notices(look);
	look_save(look);
}

void look_settle(
	struct look *look, enum asset_state state, int64_t due_ns, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	mem_replace(&look->asset->reason, text[0] ? text : NULL);
	end_in(look, state, due_ns);
}

void look_parked(struct look *look)
{
	enum asset_state state = plan_rest_state(look->asset, look->before);

	if (look->before == ASSET_QUEUED || look->before == ASSET_ANNOUNCED ||
		look->before == ASSET_DOWNLOADING)
		state = state == ASSET_ARCHIVED ? state : ASSET_QUEUED;
	end_in(look, state, look_now_ns());
}

void look_keep_worse(struct err *kept, const struct err *err)
{
	if (kept->class == ERR_NONE || err->class == ERR_LOCAL ||
		(kept->class == ERR_NOT_YET && err->class == ERR_TRANSIENT))
		*kept = *err;
}

void look_api_failed(struct look *look, bool main)
{
	mem_replace(main ? &look->trouble_way : &look->minor_way,
		api_way(look->env->api, look->ws->name));
}

static void rest_backoff(
	struct look *look, const struct err *err, enum asset_state rest)
{
	struct retry_limits limits = look_limits(look);
	struct asset *asset = look->asset;
	int64_t now_ns = look_now_ns(), delay_ms;
	char delay[32];

	if (!asset->trouble_ns)
		asset->trouble_ns = now_ns;
	asset->attempts++;
	if (retry_given_up(&limits, asset->trouble_ns, now_ns)) {
		look_settle(look, rest == ASSET_WAITING ? ASSET_FAILED : rest, 0,
			"%s; given up after %d attempts, `vodkeep retry` starts again",
			err->text, asset->attempts);
		return;
	}
	delay_ms = retry_backoff_ms(
		&limits, asset->attempts, err->retry_after_ms, random_u64());
	duration_format(delay_ms, delay);
	look_note(look, "retry", "attempt %d failed: %s; again in %s", asset->attempts,
		err->text, delay);
	look_settle(look, rest, now_ns + delay_ms * NS_PER_MS, "%s", err->text);
}

bool look_rest_for_host(
	struct look *look, const char *way, bool held, enum asset_state rest)
{
	struct asset *asset = look->asset;
	struct err err;
	int64_t again_ns;

	if (breakers_explain(look->env->breakers, way, &err, &again_ns)) {
		asset->trouble_ns = 0; /* the host's trouble is not the asset's */
		mem_replace(&asset->waits_for, way);
		look_note(look, "retry",
			"%s; it goes on at once when that answers, and this costs no attempt",
			err.text);
		look_settle(look, rest, again_ns, "%s", err.text);
		return true;
	}
	if (held)
		look_settle(look, rest, look_now_ns(), "%s answers again", way);
	return held;
}

void look_rest_on_schedule(struct look *look, const char *why, enum asset_state rest)
{
	struct retry_limits limits = look_limits(look);
	struct asset *asset = look->asset;
	int64_t now_ns = look_now_ns(), waited_ms;
	char text[1024];

	snprintf(text, sizeof(text), "%s", why);
	if (!asset->trouble_ns)
		asset->trouble_ns = now_ns;
	waited_ms = (now_ns - asset->trouble_ns) / NS_PER_MS;
	if (retry_given_up(&limits, asset->trouble_ns, now_ns)) {
		look_settle(look, ASSET_FAILED, 0,
			"%s; given up, `vodkeep retry` or a new event starts again",
			text);
		return;
	}
	look_settle(look, rest,
		now_ns + retry_schedule_ms(&limits, waited_ms) * NS_PER_MS, "%s", text);
}

/* What does not fit is not the first again, or nothing that fits had its turn. */
static void rest_without_room(
	struct look *look, const struct err *err, enum asset_state rest)
{
	struct retry_limits limits = look_limits(look);
	int64_t delay_ms =
		limits.max_ms < ROOM_AGAIN_MS ? limits.max_ms : ROOM_AGAIN_MS;

	look_note(look, "retry", "%s; goes on when there is", err->text);
	look_settle(look, rest, look_now_ns() + delay_ms * NS_PER_MS, "%s", err->text);
}

void look_rest(struct look *look, const struct err *err)
{
	enum asset_state rest = plan_rest_state(look->asset, look->before);
	int64_t now_ns = look_now_ns();

	if (look->stopping) {
		look_parked(look);
		return;
	}
	switch (retry_kind_of(err->class)) {
	case RETRY_BACKOFF:
	case RETRY_NOW: /* its bound has been reached by who tried at once */
		if (!look_rest_for_host(
			    look, look->trouble_way, look->trouble_held, rest))
			rest_backoff(look, err, rest);
		return;
	case RETRY_SCHEDULE:
		look_rest_on_schedule(look, err->text, rest);
		return;
	case RETRY_WHEN_WELL:
		if (err->class == ERR_NO_ROOM) {
			rest_without_room(look, err, rest);
			return;
		}
		if (err->class == ERR_LOCAL)
			guard_trouble(look->env->guard, err);
		look_note(look, "retry", "%s; goes on when it is over", err->text);
		look_settle(look, rest, now_ns, "%s", err->text);
		return;
	case RETRY_NEVER:
		break;
	}
	if (err->class == ERR_CANCELLED) {
		look_parked(look);
		return;
	}
	look_note(look, "attempt", "%s", err->text);
	look_settle(
		look, rest == ASSET_WAITING ? ASSET_FAILED : rest, 0, "%s", err->text);
}
