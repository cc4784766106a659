/*
 * Whether bytes still arrive: a sliding window of received bytes, in a few slots, over
 * times that the caller supplies. Pure. It is here because libcurl's own low-speed
 * check averages over its past and notices a stall seconds late.
 */
#ifndef VODKEEP_IO_PACE_H
#define VODKEEP_IO_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_SLOTS 8

struct pace {
	int64_t slot_ms;
	int64_t slot_end_ms;
	int64_t bytes[PACE_SLOTS + 1]; /* whole slots, and the running one */
	int at;
	int full; /* whole slots since the start, at most PACE_SLOTS */
};

/* Begin (again) to watch: nothing is slow before @span_ms have passed. */
void pace_start(struct pace *pace, int64_t span_ms, int64_t now_ms);
void pace_add(struct pace *pace, int64_t bytes);
/* Whether the last span brought no byte, or less than @least a second. *bytes is what
 * it brought. To be asked often enough: a slot is an eighth of the span. */
bool pace_slow(struct pace *pace, int64_t least, int64_t now_ms, int64_t *bytes);

#endif
