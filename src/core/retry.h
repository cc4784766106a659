/*
 * When to try again: one table from outcome class to behaviour, and the delays. Pure;
 * the randomness is a parameter.
 */
#ifndef VODKEEP_CORE_RETRY_H
#define VODKEEP_CORE_RETRY_H

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum retry_kind {
	RETRY_NEVER,    /* permanent, cancelled: nothing is tried again by itself */
	RETRY_BACKOFF,  /* full jitter, doubling up to the maximum; counts an attempt */
	RETRY_SCHEDULE, /* not-yet: later and later as the wait grows; counts none */
	RETRY_NOW,      /* stale link: resolve again at once, bounded by the caller */
	RETRY_WHEN_WELL, /* local or credentials: when the trouble is over; counts none
			  */
};
enum retry_kind retry_kind_of(enum err_class class);

struct retry_limits {
	int64_t min_ms, max_ms, for_ms;
};
/* Full jitter: uniform in [min/2, min(max, min * 2^attempt)], @attempt from 1, @random
 * any 64 bits. @asked_ms (Retry-After) is a lower bound, itself bounded by a day. */
int64_t retry_backoff_ms(const struct retry_limits *limits, int attempt,
	int64_t asked_ms, uint64_t random);
/* A quarter of the time waited so far, at least min_ms, at most five minutes (and never
 * more than max_ms). */
int64_t retry_schedule_ms(const struct retry_limits *limits, int64_t waited_ms);
/* Whether trouble that began at @since_ns has lasted longer than for_ms. */
bool retry_given_up(
	const struct retry_limits *limits, int64_t since_ns, int64_t now_ns);

#endif
