/*
 * Removing: asks core/removal whether, carries out what it answers. Touches only files
 * that the asset's row names.
 */
#include <config.h>

#include "flow/look_steps.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "core/removal.h"
#include "core/rule.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_NS (INT64_C(3600) * NS_PER_S)

static void tell_removed(struct look *look, enum asset_state state)
{
	const struct asset *asset = look->asset;
	bool trashed = state == ASSET_TRASHED;
	enum removal_verdict verdict = trashed ? REMOVAL_TRASH : REMOVAL_REMOVE;
	cJSON *evidence = look_evidence(look);

	json_add_text(evidence, "cause", look->removal_cause);
	if (asset->n_files)
		look_decided(look, "removed", removal_verdict_name(verdict), evidence,
			"%zu %s from %s %s: %s", asset->n_files,
			asset->n_files == 1 ? "file" : "files",
			asset->base_path ? asset->base_path : "",
			trashed ? "moved to the trash" : "removed", look->removal_why);
	else
		look_decided(look, "removed", removal_verdict_name(verdict), evidence,
			"no copy was there; it stays away: %s", look->removal_why);
}

static void on_removed(struct look *look)
{
	struct asset *asset = look->asset;
	enum asset_state state = look->n_ops && look->ops[0].kind == OP_TRASH
					 ? ASSET_TRASHED
					 : ASSET_DELETED;
	size_t files = asset->n_files;

	if (look->ops_err.class != ERR_NONE) {
		if (asset->retired) /* it has not gone */
			asset->retired = asset->by_person = false;
		look_rest(look, &look->ops_err);
		return;
	}
	tell_removed(look, state);
	while (asset->n_files)
		asset_drop_file(asset, asset->files[0].key);
	while (asset->n_parts)
		asset_drop_part(asset, asset->parts[0].key);
	mem_replace(&asset->base_path, NULL);
	mem_replace(&asset->missing, NULL);
	if (files)
		asset->removed_ns = look_now_ns();
	asset->archived_ns = 0;
	asset->delete_asked_ns = 0; /* it was about this copy */
	asset->tombstone = true;
	asset->answered_deleted_ns = asset->times.deleted;
	asset->contradicted = false;
	asset->attempts = 0;
	asset->trouble_ns = 0;
	if (asset->retired)
		look_settle(look, state, 0, "removed by %s: %s", look->removal_cause,
			look->removal_why);
	else
		look_settle(look, state, 0, "%s",
			asset->by_person ? "removed by a person"
					 : "deleted at the platform");
}

void look_remove_files(
	struct look *look, bool trash, const char *cause, const char *why)
{
	struct asset *asset = look->asset;
	char date[32];

	look->removal_cause = cause;
	snprintf(look->removal_why, sizeof(look->removal_why), "%s", why);
	time_format_utc(look_now_ns(), date);
	date[10] = '\0';
	for (size_t i = 0; i < asset->n_files; i++)
		look_op(look, trash ? OP_TRASH : OP_REMOVE, asset->files[i].path, date,
			false);
	for (size_t i = 0; i < asset->n_parts; i++)
		if (asset->parts[i].placing)
			look_op(look, OP_REMOVE, asset->parts[i].placing, NULL, false);
	look_op(look, OP_PARTS_REMOVE, "", NULL, false);
	look_run_ops(look, on_removed);
}

void look_remove_by_person(struct look *look)
{
	if (look->asset->held) {
		look_decided(look, "command", removal_verdict_name(REMOVAL_HELD),
			look_evidence(look), "not removed: the asset is held");
		look_settle(look, look->before, 0, "%s",
			look->asset->reason ? look->asset->reason : "");
		return;
	}
	look->asset->by_person = true;
	metric_add(METRIC_REMOVALS, removal_verdict_name(REMOVAL_REMOVE), 1);
	look_remove_files(look, false, "person", "asked for by a person");
}

static void contradicted(struct look *look, const char *why)
{
	if (!look->asset->contradicted)
		look_decided(look, "api", removal_verdict_name(REMOVAL_CONTRADICTED),
			look_evidence(look), "contradicted: %s", why);
	look->asset->contradicted = true;
	look->decide_then(look);
}

static void carry_out(struct look *look, enum removal_verdict verdict, const char *why)
{
	struct asset *asset = look->asset;
	struct err err;
	char key[96];

	switch (verdict) {
	case REMOVAL_NONE:
		look->decide_then(look);
		return;
	case REMOVAL_REMOVE:
	case REMOVAL_TRASH:
		look_note(look, "rule", "%s: %s", removal_verdict_name(verdict), why);
		look_remove_files(look, verdict == REMOVAL_TRASH, "platform", why);
		return;
	case REMOVAL_KEEP:
	case REMOVAL_KEEP_EXPIRED:
		look_decided(look, "rule", removal_verdict_name(verdict),
			look_evidence(look), "kept: %s", why);
		/* Without an event any later one is news: it tells when it happened. */
		asset->answered_deleted_ns =
			asset->times.deleted ? asset->times.deleted : 1;
		look_settle(look,
			verdict == REMOVAL_KEEP ? ASSET_ARCHIVED : ASSET_EXPIRED_KEPT,
			0, "%s", why);
		return;
	case REMOVAL_ASK_AGAIN:
		err_set(&err, ERR_TRANSIENT, "the deletion is not proven: %s", why);
		look_rest(look, &err);
		return;
	case REMOVAL_CONTRADICTED:
		contradicted(look, why);
		return;
	case REMOVAL_FOR_PERSON:
		snprintf(key, sizeof(key), "deletions/%s", look->ws->name);
		warnings_set(look->env->warnings, key, look->ws->name, false,
			"deletions of workspace %s wait for a person: %s",
			look->ws->name, why);
		if (look->before != ASSET_DELETION_HELD)
			look_decided(look, "rule", removal_verdict_name(verdict),
				look_evidence(look), "the deletion is held: %s", why);
		look_settle(look, ASSET_DELETION_HELD, 0, "%s", why);
		return;
	case REMOVAL_HELD:
		look_decided(look, "rule", removal_verdict_name(verdict),
			look_evidence(look), "kept: %s", why);
		look_settle(look, plan_rest_state(asset, look->before), 0, "%s", why);
		return;
	}
}

static void on_counts(
	void *arg, const struct err *err, const struct removal_counts *counts)
{
	struct look *look = arg;
	const struct asset *asset = look->asset;
	const struct rule *rule = look->rule;
	struct removal_input in = {
		.asset = asset,
		.confirmed = look->confirmed,
		.waits_for_person = look->before == ASSET_DELETION_HELD,
		.answered = true,
		.answer = look->record->status,
		/* look_decide() came here with an unknown media only after proof. */
		.credentials_proven = true,
		.expired = removal_is_expiry(asset),
		.delete_remote_echo = asset->delete_asked_ns > 0,
		.on_delete = rule->on_delete,
		.on_expire = rule->on_expire,
		.removed_lately = counts->removed,
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
	verdict = removal_decide(&in, why, sizeof(why));
	metric_add(METRIC_REMOVALS, removal_verdict_name(verdict), 1);
	carry_out(look, verdict, why);
}

static struct slots *turns(const struct look *look)
{
	return look->env->removal_turn(look->env->arg, look->ws->name);
}

static void on_turn(struct slot_wait *wait)
{
	struct look *look = container_of(wait, struct look, turn);

	look->has_turn = true;
	look->rule = rule_choose(
		look->settings->config, look->ws->name, &look->asset->facts);
	store_removals(look->env->store, look->ws->name, look_now_ns() - HOUR_NS,
		on_counts, look);
}

void look_wait_turn(struct look *look, void (*granted)(struct slot_wait *turn))
{
	look->turn.granted = granted;
	if (slots_take(turns(look), &look->turn))
		granted(&look->turn);
}

static void weigh(struct look *look)
{
	look_wait_turn(look, on_turn);
}

void look_leave_line(struct look *look)
{
	slots_leave(turns(look), &look->turn);
	look_parked(look);
}

static void on_proof(void *arg, const struct err *err, bool proven)
{
	struct look *look = arg;
	struct err unproven;

	if (look->stopping) {
		look_parked(look);
		return;
	}
	if (err->class != ERR_NONE) {
		look_api_failed(look, true);
		look_rest(look, err);
		return;
	}
	if (!proven) {
		err_set(&unproven, ERR_TRANSIENT,
			"the platform does not know the media, but the API credentials belong "
			"to another workspace: that proves nothing");
		look_rest(look, &unproven);
		return;
	}
	look_note(look, "api",
		"the platform no longer has the media; its list answers, so "
		"the credentials are good");
	weigh(look);
}

void look_decide(struct look *look, void (*then)(struct look *look))
{
	char *known;

	look->decide_then = then;
	if (look->record->status != RECORD_UNKNOWN) {
		weigh(look);
		return;
	}
	/* A 404 means gone only while the credentials work (fastpix.md §9.3). */
	known = platform_data_workspace(look->asset->platform_data);
	api_prove(look->env->api, look->settings, look->ws, known, on_proof, look);
	free(known);
}
