/*
 * The deletion decision. It looks at values only and removes nothing itself.
 */
#include <config.h>

#include "core/removal.h"

#include <stdio.h>

static const char *const verdict_names[] = {
	[REMOVAL_NONE] = "none",
	[REMOVAL_REMOVE] = "removed",
	[REMOVAL_TRASH] = "trashed",
	[REMOVAL_KEEP] = "kept",
	[REMOVAL_KEEP_EXPIRED] = "expired-kept",
	[REMOVAL_ASK_AGAIN] = "unproven",
	[REMOVAL_CONTRADICTED] = "contradicted",
	[REMOVAL_FOR_PERSON] = "deletion-held",
	[REMOVAL_HELD] = "held",
};

const char *removal_verdict_name(enum removal_verdict verdict)
{
	return verdict_names[verdict];
}

bool removal_pending(
	const struct asset *asset, bool answered, enum record_status answer)
{
	if (asset->tombstone)
		return false;
	if (asset->times.deleted > asset->answered_deleted_ns)
		return true;
	return answered && answer == RECORD_DELETED && asset->answered_deleted_ns == 0;
}

bool removal_is_expiry(const struct asset *asset)
{
	int64_t gone_ns =
		asset->times.deleted ? asset->times.deleted : asset->looked_ns;

	return gone_ns > 0 && gone_ns >= asset_deadline_ns(asset);
}

int64_t removal_allowed(int64_t archived, int64_t max_count, double max_percent)
{
	double share = max_percent * (double)archived / 100.0;

	return share > (double)max_count ? (int64_t)share : max_count;
}

static bool too_many(const struct removal_input *in)
{
	return in->removed_lately >=
	       removal_allowed(in->archived, in->max_count, in->max_percent);
}

static enum removal_verdict proof(
	const struct removal_input *in, char *why, size_t size)
{
	if (!in->answered) {
		snprintf(why, size,
			"the platform gave no answer that proves the deletion");
		return REMOVAL_ASK_AGAIN;
	}
	switch (in->answer) {
	case RECORD_DELETED:
		snprintf(why, size, "the platform says that the media is deleted");
		return REMOVAL_REMOVE;
	case RECORD_UNKNOWN:
		if (in->credentials_proven) {
			snprintf(why, size,
				"the platform no longer has the media, and "
				"answers other questions with these credentials");
			return REMOVAL_REMOVE;
		}
		snprintf(why, size,
			"the platform does not know the media, but it is not "
			"proven that the credentials see this workspace");
		return REMOVAL_ASK_AGAIN;
	case RECORD_PENDING:
	case RECORD_READY:
	case RECORD_FAILED:
		break;
	}
	snprintf(why, size, "the platform still has the media (%s): nothing is removed",
		record_status_name(in->answer));
	return REMOVAL_CONTRADICTED;
}

static enum removal_verdict by_rule(
	const struct removal_input *in, enum on_delete rule, char *why, size_t size)
{
	if (rule == DELETE_KEEP && in->asset->n_files > 0) {
		snprintf(why, size, "%s; the rule keeps the local copy",
			in->expired ? "the media expired at the platform"
				    : "the media was deleted at the platform");
		return in->expired ? REMOVAL_KEEP_EXPIRED : REMOVAL_KEEP;
	}
	if (in->asset->n_files == 0)
		return REMOVAL_REMOVE;
	if (in->waits_for_person && !in->confirmed) {
		snprintf(why, size, "waits for `vodkeep resume`");
		return REMOVAL_FOR_PERSON;
	}
	if (!in->confirmed && too_many(in)) {
		snprintf(why, size,
			"%lld removals in the last hour are as many as max_delete allows: "
			"waits for `vodkeep resume`",
			(long long)in->removed_lately);
		return REMOVAL_FOR_PERSON;
	}
	return rule == DELETE_TRASH ? REMOVAL_TRASH : REMOVAL_REMOVE;
}

enum removal_verdict removal_decide(
	const struct removal_input *in, char *why, size_t size)
{
	enum removal_verdict verdict;

	if (!in->by_person && !removal_pending(in->asset, in->answered, in->answer)) {
		snprintf(why, size, "no deletion is asked for");
		return REMOVAL_NONE;
	}
	if (in->by_person) {
		if (in->asset->held) {
			snprintf(why, size, "the asset is held");
			return REMOVAL_HELD;
		}
		snprintf(why, size, "asked for by a person");
		return REMOVAL_REMOVE;
	}
	verdict = proof(in, why, size);
	if (verdict != REMOVAL_REMOVE)
		return verdict;
	if (in->asset->held) {
		snprintf(why, size,
			"the platform deleted the media, but the asset is held");
		return REMOVAL_HELD;
	}
	if (in->delete_remote_echo) {
		snprintf(why, size, "vodkeep itself removed it from the platform");
		return REMOVAL_KEEP;
	}
	return by_rule(in, in->expired ? in->on_expire : in->on_delete, why, size);
}
