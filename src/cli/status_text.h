/*
 * The status document as people read it. Pure.
 */
#ifndef VODKEEP_CLI_STATUS_TEXT_H
#define VODKEEP_CLI_STATUS_TEXT_H

#include "base/buf.h"
#include <cjson/cJSON.h>

/* Append the answer of /api/v1/status, for a terminal of @width columns. */
void status_text(const cJSON *status, size_t width, struct buf *out);

#endif
