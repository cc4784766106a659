/*
 * Assets as the API shows them (vodkeep-api(7)), and what happens to one next, in a
 * sentence. Pure.
 */
#ifndef VODKEEP_ADMIN_ASSET_JSON_H
#define VODKEEP_ADMIN_ASSET_JSON_H

#include "base/buf.h"
#include "core/asset.h"
#include "core/config.h"
#include "store/store.h"
#include <cjson/cJSON.h>

/* @state is the live one. The caller owns the result. */
cJSON *asset_summary_json(const struct asset_summary *summary, enum asset_state state);
cJSON *asset_json(const struct asset *asset, enum asset_state state);
/* Add "missing": what its rule wants and the archive has not, and why. */
void asset_missing_json(cJSON *json, const struct asset *asset);

struct next_input {
	const struct asset *asset;
	enum asset_state state; /* live */
	bool paused;            /* downloading is, for all or this workspace */
	int64_t now_ns;
	const struct rule *rule; /* that it is under now */
};
void asset_next(const struct next_input *in, struct buf *out);

#endif
