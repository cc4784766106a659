/*
 * The configuration in force. A reload makes a new one; work that began under the old
 * one keeps it alive until it is done. Control loop only: the count is not atomic.
 */
#ifndef VODKEEP_FLOW_SETTINGS_H
#define VODKEEP_FLOW_SETTINGS_H

#include "core/config.h"
#include "platform/platform.h"

struct settings {
	struct config *config;
	/* Decoded webhook secrets, workspace by workspace as in config->workspaces. */
	struct hook_secret **secrets;
	size_t *n_secrets;
	int refs;
};

/* Takes @config over; one reference. ERR_INPUT when a webhook secret does not decode.
 */
int settings_new(struct config *config, struct settings **out, struct err *err);
struct settings *settings_ref(struct settings *settings);
void settings_unref(struct settings *settings);

#endif
