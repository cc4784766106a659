/*
 * What has changed from one status document to the next, a line each: for --watch where
 * nothing can be redrawn, such as in a file. Pure.
 */
#ifndef VODKEEP_CLI_STATUS_CHANGES_H
#define VODKEEP_CLI_STATUS_CHANGES_H

#include "base/buf.h"
#include <cjson/cJSON.h>

/* Append a line for each file that began, got a tenth further (64 MiB where its size is
 * not known) or is no longer in flight, for each warning that came or went, and for
 * other counts of assets. Each begins with @when. */
void status_changes(
	const cJSON *before, const cJSON *now, const char *when, struct buf *out);

#endif
