/*
 * Whether the platforms still deliver: OptiView turns a webhook off for a while when
 * too many of its deliveries time out, and sends none of them later. Control loop only.
 */
#ifndef VODKEEP_FLOW_HOOK_WATCH_H
#define VODKEEP_FLOW_HOOK_WATCH_H

#include "flow/settings.h"
#include "flow/warnings.h"
#include "io/http_client.h"

/* Ask about the webhook of each workspace whose platform tells, and begin or end
 * "webhook/WORKSPACE". A question that fails says nothing, and counts against nobody:
 * what else is asked of the API shows its health. All must outlive @client's close. */
void hook_watch_ask(struct http_client *client, struct settings *settings,
	struct warnings *warnings);

#endif
