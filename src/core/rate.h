/*
 * How fast something grows: bytes a second over the last five seconds, from a count
 * that is told now and then. What is there at the beginning is no progress; a count
 * that goes back (started over) takes nothing away. Pure: the caller brings the clock.
 */
#ifndef VODKEEP_CORE_RATE_H
#define VODKEEP_CORE_RATE_H

#include <stdint.h>

#define RATE_WINDOW_MS   5000
#define RATE_SAMPLES_MAX 24

struct rate { /* zeroed: nothing told yet */
	struct rate_sample {
		int64_t at_ms, bytes;
	} samples[RATE_SAMPLES_MAX]; /* oldest first */
	unsigned n;
};

/* At @now_ms (monotonic, never earlier than the call before) the count is @bytes. The
 * first call says what was there before. */
void rate_take(struct rate *rate, int64_t now_ms, int64_t bytes);
/* Bytes a second as of @now_ms; falls to 0 within six seconds of the last progress. */
double rate_get(const struct rate *rate, int64_t now_ms);
/* Whole seconds, rounded up, until @left more bytes are there at @per_second; -1 when
 * nothing can be said: it stands still, or @left is negative (unknown). */
int64_t rate_seconds_left(int64_t left, double per_second);

#endif
