/*
 * The keeper's lanes: one for each workspace that is or was configured. A lane outlives
 * its workspace's configuration, since work that began under it may still come back.
 */
#include <config.h>

#include "flow/keeper_parts.h"

#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

struct lane *keeper_lane(struct keeper *keeper, const char *name)
{
	for (size_t i = 0; i < keeper->n_lanes; i++)
		if (strcmp(keeper->lanes[i].name, name) == 0)
			return &keeper->lanes[i];
	return NULL;
}

void keeper_lanes_make(struct keeper *keeper)
{
	const struct config *config = keeper->settings->config;

	for (size_t i = 0; i < config->n_workspaces; i++) {
		struct lane *lane = keeper_lane(keeper, config->workspaces[i].name);

		if (!lane) {
			keeper->lanes = mem_grow(keeper->lanes, keeper->n_lanes + 1,
				sizeof(*keeper->lanes));
			lane = &keeper->lanes[keeper->n_lanes++];
			memset(lane, 0, sizeof(*lane));
			lane->name = mem_strdup(config->workspaces[i].name);
			lane->removals = mem_alloc(sizeof(*lane->removals));
			slots_init(lane->removals, 1);
		}
		lane->dirty = true;
	}
}

void keeper_lanes_free(struct keeper *keeper)
{
	for (size_t i = 0; i < keeper->n_lanes; i++) {
		free(keeper->lanes[i].name);
		free(keeper->lanes[i].removals);
		free(keeper->lanes[i].ended);
		differences_release(&keeper->lanes[i].reports[0].found);
		differences_release(&keeper->lanes[i].reports[1].found);
	}
	free(keeper->lanes);
}
