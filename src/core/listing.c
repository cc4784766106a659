/*
 * Comparing a list's entry with an asset. Values only; it makes nothing due itself.
 */
#include <config.h>

#include "core/listing.h"

#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[LISTING_KINDS] = {
	[LISTING_SAME] = "same",
	[LISTING_ANNOUNCED] = "announced",
	[LISTING_MISSING] = "missing",
	[LISTING_CHANGED] = "changed",
	[LISTING_BACK] = "back",
	[LISTING_GONE] = "gone",
};

const char *listing_kind_name(enum listing_kind kind)
{
	return kind_names[kind];
}

bool listing_differs(enum listing_kind kind)
{
	return kind != LISTING_SAME && kind != LISTING_ANNOUNCED;
}

void listed_fill(struct listed *listed, const char *id, const struct record *record)
{
	memset(listed, 0, sizeof(*listed));
	listed->id = mem_strdup(id);
	listed->status = record->status;
	listed->mark = record_mark(record);
	listed->updated_ns = record->updated_ns;
	listed->trial = record->trial;
	facts_init(&listed->facts);
	facts_copy(&listed->facts, &record->facts);
}

void listed_release(struct listed *listed)
{
	free(listed->id);
	facts_release(&listed->facts);
}

bool listing_is_older(const struct listed *listed, int64_t began_ns)
{
	return listed->facts.created_ns < began_ns;
}

/* The library that existed is archived as `backfill` says; what came later always. */
static bool is_wanted(const struct listing_input *in)
{
	if (!listing_is_older(in->listed, in->began_ns))
		return true;
	switch (in->backfill) {
	case BACKFILL_ALL:
		return true;
	case BACKFILL_SINCE:
		return in->listed->facts.created_ns >= in->since_ns;
	case BACKFILL_NONE:
		break;
	}
	return false;
}

static enum listing_kind decide_unknown(const struct listing_input *in)
{
	if (!is_wanted(in))
		return LISTING_SAME;
	if (in->listed->status == RECORD_READY)
		return LISTING_MISSING;
	return in->listed->status == RECORD_PENDING ? LISTING_ANNOUNCED : LISTING_SAME;
}

static bool was(const struct asset *asset, enum record_status status)
{
	return asset->platform_status &&
	       strcmp(asset->platform_status, record_status_name(status)) == 0;
}

/* Compared with the record of the last look; with the last list as well, since list and
 * record may differ for good in something that the mark is made of. */
static bool is_changed(const struct listing_input *in)
{
	const struct listed *listed = in->listed;
	const struct asset *asset = in->asset;

	if (listed->mark == asset->mark || listed->mark == in->listed_mark)
		return false;
	if (asset->mark || in->listed_mark)
		return true;
	return !was(asset, listed->status) || listed->updated_ns > asset->looked_ns;
}

enum listing_kind listing_decide(const struct listing_input *in)
{
	const struct asset *asset = in->asset;
	enum record_status status = in->listed->status;

	if (!asset)
		return decide_unknown(in);
	if (asset->tombstone && asset->by_person)
		return LISTING_SAME;
	if (asset->due_ns > 0) /* on its way already */
		return LISTING_SAME;
	if (status == RECORD_DELETED)
		return asset->tombstone || was(asset, RECORD_DELETED) ? LISTING_SAME
								      : LISTING_GONE;
	if (was(asset, RECORD_UNKNOWN) || was(asset, RECORD_DELETED))
		return status == RECORD_READY ? LISTING_BACK : LISTING_SAME;
	if (asset->tombstone)
		return LISTING_SAME;
	if (asset->state == ASSET_ANNOUNCED)
		return status == RECORD_PENDING ? LISTING_SAME : LISTING_MISSING;
	return is_changed(in) ? LISTING_CHANGED : LISTING_SAME;
}
