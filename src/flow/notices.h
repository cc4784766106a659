/*
 * What the end of a look tells others: a notice for the rule's `notify`, and one for
 * its `after`. Pure but for the random key.
 */
#ifndef VODKEEP_FLOW_NOTICES_H
#define VODKEEP_FLOW_NOTICES_H

#include "core/asset.h"
#include "core/config.h"
#include "core/notice.h"

/* How the asset was when the look began. */
struct notices_before {
	enum asset_state state;
	int64_t removed_ns;
	uint64_t files; /* which ones it has, by their content */
};
struct notices_before notices_before(const struct asset *asset);

/* Add to @out what there is to tell of @asset, which has become what it is since
 * @before, under @rule: it was archived (also: other or more files of it were), its
 * files were removed, or it has failed. Nothing where the rule tells nobody. */
void notices_make(struct notices *out, const struct asset *asset,
	const struct notices_before *before, const struct rule *rule,
	const char *platform, int64_t now_ns);

#endif
