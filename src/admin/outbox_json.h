/*
 * What waits to be told to others, for status and metrics.
 */
#ifndef VODKEEP_ADMIN_OUTBOX_JSON_H
#define VODKEEP_ADMIN_OUTBOX_JSON_H

#include "store/outbox.h"
#include <cjson/cJSON.h>

/* Add "outbox" to the status: an entry for each queue that is not empty. */
void outbox_json(cJSON *status, const struct outbox_queue *queues, size_t n);
void outbox_gauges(const struct outbox_queue *queues, size_t n);

#endif
