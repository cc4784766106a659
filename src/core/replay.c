/*
 * Judging events anew as a value; who is asked and what is written is flow/replay's.
 */
#include <config.h>

#include "core/replay.h"

#include "core/removal.h"
#include <stdio.h>
#include <string.h>

static const char *name_of(const struct rule *rule)
{
	return rule->name[0] ? rule->name : "(built in)";
}

bool replay_is_deletion(const struct asset *asset)
{
	const struct event_times *times = &asset->times;

	return times->deleted > times->ready && times->deleted > times->changed;
}

/* A deletion that was not followed: would it be now? The platform confirms it first. */
static enum replay decide_deletion(
	const struct asset *asset, const struct rule *rule, char *why, size_t size)
{
	struct asset pending = *asset;
	struct removal_input in = {
		.asset = &pending,
		.answered = true,
		.answer = RECORD_DELETED,
		.expired = removal_is_expiry(asset),
		.on_delete = rule->on_delete,
		.on_expire = rule->on_expire,
		.max_count = 1,
	};
	enum removal_verdict verdict;

	if (asset->times.deleted > asset->answered_deleted_ns) {
		snprintf(why, size, "its deletion is being dealt with");
		return REPLAY_NOTHING;
	}
	if (!asset->n_files) {
		snprintf(why, size, "deleted at the platform, and there is no copy");
		return REPLAY_NOTHING;
	}
	if (asset->contradicted) {
		snprintf(why, size, "the platform still had it after its deletion");
		return REPLAY_NOTHING;
	}
	pending.answered_deleted_ns = 0;
	verdict = removal_decide(&in, why, size);
	if (verdict != REMOVAL_REMOVE && verdict != REMOVAL_TRASH)
		return REPLAY_NOTHING; /* removal_decide() has said why */
	snprintf(why, size, "%s by rule %s, once the platform confirms the deletion",
		verdict == REMOVAL_TRASH ? "moved to the trash" : "removed",
		name_of(rule));
	return REPLAY_DELETE;
}

static enum replay decide_archived(const struct asset *asset, const struct rule *rule,
	const struct plan *plan, char *why, size_t size)
{
	if (plan && plan->n_fetches) {
		snprintf(why, size, "%.60s%s fetched by rule %s",
			plan->fetches[0].source->key,
			plan->n_fetches > 1 ? " and others are" : " is", name_of(rule));
		return REPLAY_AGAIN;
	}
	if (!plan && asset->rule && strcmp(asset->rule, rule->name) != 0) {
		snprintf(why, size, "looked at again by rule %s", name_of(rule));
		return REPLAY_AGAIN;
	}
	snprintf(why, size, "already archived");
	return REPLAY_NOTHING;
}

static enum replay decide_ignored(
	const struct asset *asset, const struct rule *rule, char *why, size_t size)
{
	bool already = asset->state == ASSET_IGNORED;

	snprintf(why, size, "%signored by rule %s", already ? "already " : "",
		name_of(rule));
	return already ? REPLAY_NOTHING : REPLAY_IGNORE;
}

static bool failed_there(const struct asset *asset)
{
	return asset->platform_status &&
	       strcmp(asset->platform_status, record_status_name(RECORD_FAILED)) == 0;
}

enum replay replay_decide(const struct asset *asset, const struct rule *rule,
	const struct plan *plan, char *why, size_t size)
{
	const char *nothing = NULL;

	if (asset->tombstone)
		nothing = asset->by_person ? "a person removed it"
					   : "it was removed after its deletion";
	else if (asset->wish != WISH_NONE)
		nothing = "a person has just asked for something else";
	else if (asset->state == ASSET_DELETION_HELD)
		nothing = "its deletion waits for a person";
	else if (replay_is_deletion(asset))
		return decide_deletion(asset, rule, why, size);
	else if (!asset->times.ready && !asset->times.changed)
		nothing = "the platform has not said that it is ready";
	else if (asset->n_files && asset->archived_ns)
		return decide_archived(asset, rule, plan, why, size);
	else if (rule->action == ACTION_IGNORE)
		return decide_ignored(asset, rule, why, size);
	else if (failed_there(asset))
		nothing = "it failed at the platform";
	else if (asset->due_ns > 0)
		nothing = "it is on its way already";
	if (nothing) {
		snprintf(why, size, "%s", nothing);
		return REPLAY_NOTHING;
	}
	snprintf(why, size, "archived by rule %s", name_of(rule));
	return REPLAY_ARCHIVE;
}
