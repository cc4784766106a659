/*
 * Removing what the platform still has: the asset's term is over, or the disk is full
 * and it is the oldest that may go. core/retire decides; the way of removing is that of
 * look_remove.c, in the same turn.
 */
#include <config.h>

#include "flow/look_steps.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "core/retire.h"
#include "core/rule.h"

#define HOUR_NS (INT64_C(3600) * NS_PER_S)

static void carry_out(struct look *look, enum removal_verdict verdict, const char *why)
{
	const char *cause = retire_cause_name(look->retire);

	if (verdict != REMOVAL_REMOVE && verdict != REMOVAL_TRASH) {
		look_note(look, "rule", "%s waits: %s", cause, why);
		look_give_turn_back(look);
		look->decide_then(look);
		return;
	}
	metric_add(METRIC_REMOVALS, cause, 1);
	look->asset->by_person = true; /* only fetch brings it back */
	look->asset->retired = true;
	look_remove_files(look, verdict == REMOVAL_TRASH, cause, why);
}

static void on_counts(
	void *arg, const struct err *err, const struct removal_counts *counts)
{
	struct look *look = arg;
	int64_t ahead_ns, now_ns = look_now_ns();
	struct retire_input in = {
		.asset = look->asset,
		.rule = look->rule,
		.cause = look->retire,
		.now_ns = now_ns,
		.time = witness_ask(api_witness(look->env->api), now_ns,
			clock_system.mono_ms(), &ahead_ns),
		.retired_lately = counts->retired,
		.archived = counts->archived,
		.max_count = look->ws->max_delete_count,
		.max_percent = look->ws->max_delete_percent,
	};
	enum removal_verdict verdict;
	char why[512];

	if (err->class != ERR_NONE) {
		look_rest(look, err);
		return;
	}
	verdict = retire_decide(&in, why, sizeof(why));
	carry_out(look, verdict, why);
}

static void on_turn(struct slot_wait *wait)
{
	struct look *look = container_of(wait, struct look, turn);

	look->has_turn = true;
	store_removals(look->env->store, look->ws->name, look_now_ns() - HOUR_NS,
		on_counts, look);
}

bool look_is_over(struct look *look)
{
	const struct asset *asset = look->asset;
	bool chosen = look->env->chosen(look->env->arg, look->row);

	look->rule = rule_choose(look->settings->config, look->ws->name, &asset->facts);
	look->retire = retire_cause(asset, look->rule, chosen, look_now_ns());
	return look->retire != RETIRE_NOT && !asset->held;
}

void look_retire(struct look *look, void (*then)(struct look *look))
{
	look->decide_then = then;
	look_wait_turn(look, on_turn);
}
