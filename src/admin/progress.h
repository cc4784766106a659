/*
 * The downloads in flight for those who look on: members of the status document, and
 * gauges. Not for use outside src/admin/.
 */
#ifndef VODKEEP_ADMIN_PROGRESS_H
#define VODKEEP_ADMIN_PROGRESS_H

#include "admin/admin.h"
#include <cjson/cJSON.h>

struct admin;

/* Add "in_flight", the sum, and "transfers", one object each, the most urgent first:
 * media that goes away soonest, then what began first. */
void progress_json(const struct admin *admin, cJSON *json);
void progress_gauges(const struct admin *admin);

#endif
