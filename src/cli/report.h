/*
 * What doctor has found: one line for each thing it looked at.
 */
#ifndef VODKEEP_CLI_REPORT_H
#define VODKEEP_CLI_REPORT_H

#include "base/buf.h"
#include <cjson/cJSON.h>
#include <stdbool.h>

enum finding { FINDING_OK, FINDING_WARN, FINDING_FAIL };

struct report {
	cJSON *checks; /* [{check, result, text, remedy}] */
	int failed;
};

void report_init(struct report *report);
void report_release(struct report *report);
/* @what was looked at; @remedy is what a person can do, NULL with FINDING_OK. */
void report_add(struct report *report, enum finding finding, const char *what,
	const char *remedy, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* One line each; @color: the results stand out. */
void report_text(const struct report *report, bool color, struct buf *out);

#endif
