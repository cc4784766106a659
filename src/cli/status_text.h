/*
 * The status document as people read it. Pure.
 */
#ifndef VODKEEP_CLI_STATUS_TEXT_H
#define VODKEEP_CLI_STATUS_TEXT_H

#include "cli/text.h"
#include <cjson/cJSON.h>

/* Append the answer of /api/v1/status. On a page of bounded height no line is wider
 * than it and there are no more lines than it has. */
void status_text(const cJSON *status, const struct text_page *page, struct buf *out);
/* "3 archived, 1 failed". */
void status_states(const cJSON *status, struct buf *out);

#endif
