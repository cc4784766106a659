/*
 * How many bad signatures one address may send before it is told 429 instead of 401: a
 * token bucket for each of the 1,024 most recent addresses, in fixed memory. Deliveries
 * that verify never pass through here (fastpix.md §9.9). Pure but for its own state.
 */
#ifndef VODKEEP_FLOW_LIMITER_H
#define VODKEEP_FLOW_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#define LIMITER_BURST     20
#define LIMITER_REFILL_MS 3000 /* one more every so often */

struct limiter;
struct limiter *limiter_new(void);
void limiter_free(struct limiter *limiter);
/* Count one; true while it is within the limit. @now_ms is monotonic. */
bool limiter_allow(struct limiter *limiter, const char *address, int64_t now_ms);

#endif
