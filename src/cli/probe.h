/*
 * doctor's looks at a workspace: secrets, a signature round trip, the platform's API
 * and its media hosts. Blocking network calls; changes nothing anywhere.
 */
#ifndef VODKEEP_CLI_PROBE_H
#define VODKEEP_CLI_PROBE_H

#include "cli/report.h"
#include "core/config.h"

void probe_secrets(struct report *report, const struct workspace_config *ws);
void probe_signing_key(struct report *report, const struct workspace_config *ws);
/* Ask for one page of the platform's list. *clock_ns (when it is still 0) gets how far
 * this machine's clock is ahead of the platform's; *clock_known that it was learnt. */
void probe_api(struct report *report, const struct config *config,
	const struct workspace_config *ws, int64_t *clock_ns, bool *clock_known);
void probe_media_hosts(struct report *report, const struct workspace_config *ws);

#endif
