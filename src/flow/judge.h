/*
 * Judging figures that nobody else watches: the clock, the certificate, and whether
 * work is being done at all. Each begins a warning that says what to do, or ends it.
 */
#ifndef VODKEEP_FLOW_JUDGE_H
#define VODKEEP_FLOW_JUDGE_H

#include "flow/warnings.h"
#include "store/store.h"

/* Events are ordered by their times: this far apart, order becomes a guess. */
#define JUDGE_CLOCK_SLACK_NS (INT64_C(300) * NS_PER_S)
/* Renewals come some weeks before; who has missed one still has time. */
#define JUDGE_CERTIFICATE_NS (INT64_C(14) * 86400 * NS_PER_S)
#define JUDGE_OVERDUE_NS     (INT64_C(3600) * NS_PER_S)

/* "clock": what this machine says, and a platform said (0: nothing). */
void judge_clock(struct warnings *warnings, int64_t here_ns, int64_t there_ns);
/* "certificate": @path is receiver.tls_cert as it was read, which ends at @end_ns; 0:
 * there is none. */
void judge_certificate(
	struct warnings *warnings, const char *path, int64_t end_ns, int64_t now_ns);
/* "due/WORKSPACE": assets that wait for nothing, and nobody looks at. @resting says
 * which workspaces need not do anything now. */
void judge_overdue(struct warnings *warnings, const struct workspace_stats *stats,
	size_t n, int64_t now_ns, bool (*resting)(void *arg, const char *workspace),
	void *arg);

#endif
