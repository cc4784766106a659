/*
 * What the agent looks at itself once a minute, because no event tells it: how far work
 * has fallen behind, and whether the certificate is near its end; and once an hour
 * whether the platforms' webhooks are on.
 */
#include <config.h>

#include "cli/agent_parts.h"

#include "base/clock.h"
#include "flow/hook_watch.h"
#include "flow/judge.h"
#include <string.h>

#define HOOKS_EVERY_MIN 60

/* Paused, or without its archive: there are warnings of its own for the latter. */
static bool resting(void *arg, const char *workspace)
{
	const struct agent *agent = arg;
	size_t n;
	const struct warning *all = warnings_all(agent->warnings, &n);
	for (size_t i = 0; i < n; i++)
		if (all[i].not_ready ||
			(all[i].workspace && strcmp(all[i].workspace, workspace) == 0 &&
				strncmp(all[i].key, "api/", 4) == 0))
			return true;
	return !config_workspace(agent->settings->config, workspace) ||
	       keeper_paused(agent->keeper, workspace);
}

static void on_stats(
	void *arg, const struct err *err, const struct workspace_stats *stats, size_t n)
{
	struct agent *agent = arg;
	if (err->class == ERR_NONE && !agent->stopping)
		judge_overdue(agent->warnings, stats, n, clock_system.wall_ns(),
			resting, agent);
}

void agent_watch_certificate(struct agent *agent)
{
	judge_certificate(agent->warnings, agent->began->config->receiver.tls_cert,
		agent->certificate_end_ns, clock_system.wall_ns());
}

void agent_watch_hooks(struct agent *agent)
{
	hook_watch_ask(agent->client, agent->settings, agent->warnings);
}

void agent_watch(struct agent *agent)
{
	agent_watch_certificate(agent);
	if (++agent->minutes % HOOKS_EVERY_MIN == 0)
		agent_watch_hooks(agent);
	store_stats(agent->store, clock_system.wall_ns(), on_stats, agent);
}
