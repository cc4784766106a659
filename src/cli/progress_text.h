/*
 * The downloads in flight as people read them, from the status document. Pure.
 */
#ifndef VODKEEP_CLI_PROGRESS_TEXT_H
#define VODKEEP_CLI_PROGRESS_TEXT_H

#include "cli/text.h"
#include <cjson/cJSON.h>

/* All together, and what comes after them. */
void progress_sum(const cJSON *status, const struct text_page *page, struct buf *out);
/* Each with a bar, as the document orders them; nothing without any. On a page of
 * bounded height at most @lines lines, the last of which then says how many more there
 * are. */
void progress_files(const cJSON *status, const struct text_page *page, size_t lines,
	struct buf *out);
/* "WORKSPACE/ID KEY". */
void progress_name(const cJSON *transfer, struct buf *out);
/* "42 %, 5.0 MiB of 12.0 MiB, 1.0 MiB/s, 7s left". */
void progress_figures(const cJSON *transfer, struct buf *out);

#endif
