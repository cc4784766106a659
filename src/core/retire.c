/*
 * The decision on retention and pressure. It looks at values only and removes nothing
 * itself.
 */
#include <config.h>

#include "core/retire.h"

#include "base/clock.h"
#include <inttypes.h>
#include <stdio.h>

const char *retire_cause_name(enum retire_cause cause)
{
	static const char *const names[] = {
		[RETIRE_NOT] = "none",
		[RETIRE_AGE] = "retention",
		[RETIRE_PRESSURE] = "pressure",
	};

	return names[cause];
}

int64_t retire_at_ns(const struct asset *asset, const struct rule *rule)
{
	if (!rule->keep_ms || !asset->archived_ns || !asset->n_files)
		return INT64_MAX;
	return asset->archived_ns + rule->keep_ms * NS_PER_MS;
}

/* What is deleted at the platform, wanted by a person or being fetched has its own way
 * to go. */
static bool at_rest(const struct asset *asset)
{
	return (asset->state == ASSET_ARCHIVED || asset->state == ASSET_EXPIRED_KEPT) &&
	       asset->wish == WISH_NONE && !removal_pending(asset, false, 0);
}

enum retire_cause retire_cause(
	const struct asset *asset, const struct rule *rule, bool chosen, int64_t now_ns)
{
	int64_t age_ns = now_ns - asset->archived_ns;

	if (!asset->n_files || !asset->archived_ns || !at_rest(asset))
		return RETIRE_NOT;
	if (retire_at_ns(asset, rule) <= now_ns)
		return RETIRE_AGE;
	if (chosen && rule->when_full == FULL_REMOVE_OLDEST &&
		age_ns >= RETIRE_YOUNG_MS * NS_PER_MS)
		return RETIRE_PRESSURE;
	return RETIRE_NOT;
}

int64_t retire_allowed(
	int64_t retired_lately, int64_t archived, int64_t max_count, double max_percent)
{
	int64_t left =
		removal_allowed(archived, max_count, max_percent) - retired_lately;

	return left > 0 ? left : 0;
}

static void say_why(const struct retire_input *in, char *why, size_t size)
{
	const char *rule = in->rule->name[0] ? in->rule->name : "(built in)";
	char since[32], term[32];

	time_format_utc(in->asset->archived_ns, since);
	duration_format(in->rule->keep_ms, term);
	if (in->cause == RETIRE_AGE)
		snprintf(why, size, "archived at %s, and rule %s keeps for %s", since,
			rule, term);
	else
		snprintf(why, size,
			"less than min_free is free; archived at %s, this is the oldest "
			"that rule %s has, which lets the oldest go",
			since, rule);
}

enum removal_verdict retire_decide(
	const struct retire_input *in, char *why, size_t size)
{
	if (in->asset->held) {
		snprintf(why, size, "the asset is held");
		return REMOVAL_HELD;
	}
	if (in->time != WITNESS_AGREES) {
		snprintf(why, size,
			in->time == WITNESS_DENIES
				? "the clock is ahead of the platforms': age proves nothing"
				: "no platform has told the time within a day");
		return REMOVAL_NONE;
	}
	if (!retire_allowed(
		    in->retired_lately, in->archived, in->max_count, in->max_percent)) {
		snprintf(why, size,
			"%" PRId64 " in the last hour are as many as max_delete allows",
			in->retired_lately);
		return REMOVAL_NONE;
	}
	say_why(in, why, size);
	/* A trash on the full disk makes no room. */
	return in->cause == RETIRE_AGE && in->rule->on_delete == DELETE_TRASH
		       ? REMOVAL_TRASH
		       : REMOVAL_REMOVE;
}
