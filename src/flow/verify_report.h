/*
 * What a run of verifying has found so far, kept for whoever asks. Bounded: beyond
 * VERIFY_REPORT_MAX findings only the counts grow.
 */
#ifndef VODKEEP_FLOW_VERIFY_REPORT_H
#define VODKEEP_FLOW_VERIFY_REPORT_H

#include "flow/verify.h"

#define VERIFY_REPORT_MAX 1000

struct verify_found { /* as struct verify_finding, but its own */
	enum verify_kind kind;
	char *workspace, *id, *path, *text;
};

struct verify_report {
	bool running, repair;
	int64_t run; /* which one since the start; 0: there was none */
	int64_t began_ns, ended_ns;
	double sample;
	struct verify_counts counts;
	struct err err; /* why it ended early */
	struct verify_found *found;
	size_t n_found;
};

void verify_report_add(
	struct verify_report *report, const struct verify_finding *finding);
/* Forget what was found; all is zero again. */
void verify_report_clear(struct verify_report *report);

#endif
