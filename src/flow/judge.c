/*
 * The sentences of these warnings, and where they begin.
 */
#include <config.h>

#include "flow/judge.h"

#include "base/clock.h"
#include <stdio.h>
#include <stdlib.h>

void judge_clock(struct warnings *warnings, int64_t here_ns, int64_t there_ns)
{
	int64_t ahead_ns = here_ns - there_ns;
	char span[32];
	if (!there_ns)
		return;
	if (llabs(ahead_ns) <= JUDGE_CLOCK_SLACK_NS) {
		warnings_clear(warnings, "clock");
		return;
	}
	duration_format(llabs(ahead_ns) / NS_PER_S * MS_PER_S, span);
	warnings_set(warnings, "clock", NULL, false,
		"this machine's clock is %s %s the platform's: what came first, and what "
		"has expired, is judged wrongly; set the clock, run NTP",
		span, ahead_ns > 0 ? "ahead of" : "behind");
}

void judge_certificate(
	struct warnings *warnings, const char *path, int64_t end_ns, int64_t now_ns)
{
	char end[40];
	if (!end_ns || end_ns - now_ns > JUDGE_CERTIFICATE_NS) {
		warnings_clear(warnings, "certificate");
		return;
	}
	time_format_local(end_ns, end);
	warnings_set(warnings, "certificate", NULL, false,
		end_ns > now_ns
			? "the receiver's certificate %s ends on %s: renew it "
			  "and restart the agent"
			: "the receiver's certificate %s ended on %s: platforms "
			  "refuse to deliver; renew it and restart the agent",
		path, end);
}

void judge_overdue(struct warnings *warnings, const struct workspace_stats *stats,
	size_t n, int64_t now_ns, bool (*resting)(void *arg, const char *workspace),
	void *arg)
{
	for (size_t i = 0; i < n; i++) {
		const char *name = stats[i].name;
		int64_t due_ns = stats[i].oldest_due_ns;
		char key[96], since[40];
		snprintf(key, sizeof(key), "due/%s", name);
		if (!due_ns || now_ns - due_ns < JUDGE_OVERDUE_NS ||
			resting(arg, name)) {
			warnings_clear(warnings, key);
			continue;
		}
		time_format_local(due_ns, since);
		warnings_set(warnings, key, name, false,
			"workspace %s does not keep up: something has been due since "
			"%s; more concurrency or bandwidth may help, `vodkeep status' "
			"shows what is on its way",
			name, since);
	}
}
