/*
 * Refiling: a look that asks nobody, for media whose platform has it no more is moved
 * as well. It is granted only to what rests (core/asset.h WISH_REFILE).
 */
#include <config.h>

#include "flow/look_steps.h"

#include "base/mem.h"
#include "core/rule.h"

static void on_path(struct look *look);

static void finish(struct look *look)
{
	if (look->trouble.class != ERR_NONE) {
		look_rest(look, &look->trouble);
		return;
	}
	if (look->stopping) /* the wish stays, as beside news that came meanwhile */
		look->asset->seq = -1;
	look_settle(look, plan_rest_state(look->asset, look->before), 0, "%s",
		look->asset->reason ? look->asset->reason : "");
}

static void on_sidecar(struct look *look)
{
	if (look->force_claim && !look->stopping)
		look_path(look, on_path);
	else
		finish(look);
}

static void on_path(struct look *look)
{
	look_sidecar(look, on_sidecar);
}

void look_refile(struct look *look)
{
	struct asset *asset = look->asset;

	look->rule = rule_choose(look->settings->config, look->ws->name, &asset->facts);
	look->refile = true;
	look->plan.state = ASSET_ARCHIVED; /* all that there is of it is here */
	look->plan.sidecar = asset_file(asset, "metadata") != NULL;
	mem_replace(&asset->rule, look->rule->name);
	look_path(look, on_path);
}
