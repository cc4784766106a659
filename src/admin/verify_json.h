/*
 * A run of verifying as JSON (vodkeep-api(7)). Pure.
 */
#ifndef VODKEEP_ADMIN_VERIFY_JSON_H
#define VODKEEP_ADMIN_VERIFY_JSON_H

#include "flow/verify_report.h"
#include <cjson/cJSON.h>

/* The caller deletes it. */
cJSON *verify_json(const struct verify_report *report);

#endif
