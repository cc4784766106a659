/*
 * The window moves by slots, so it covers the span and up to one slot more: in doubt a
 * transfer is judged by more bytes, not fewer.
 */
#include <config.h>

#include "io/pace.h"

#include <string.h>

void pace_start(struct pace *pace, int64_t span_ms, int64_t now_ms)
{
	memset(pace, 0, sizeof(*pace));
	pace->slot_ms = span_ms / PACE_SLOTS;
	if (pace->slot_ms < 1)
		pace->slot_ms = 1;
	pace->slot_end_ms = now_ms + pace->slot_ms;
}

void pace_add(struct pace *pace, int64_t bytes)
{
	pace->bytes[pace->at] += bytes;
}

static void move_window(struct pace *pace, int64_t now_ms)
{
	int64_t passed = 0;
	if (now_ms >= pace->slot_end_ms)
		passed = (now_ms - pace->slot_end_ms) / pace->slot_ms + 1;
	pace->slot_end_ms += passed * pace->slot_ms;
	for (int64_t i = 0; i < passed && i <= PACE_SLOTS; i++) {
		pace->at = (pace->at + 1) % (PACE_SLOTS + 1);
		pace->bytes[pace->at] = 0;
		if (pace->full < PACE_SLOTS)
			pace->full++;
	}
}

bool pace_slow(struct pace *pace, int64_t least, int64_t now_ms, int64_t *bytes)
{
	int64_t sum = 0;
	move_window(pace, now_ms);
	for (int i = 0; i <= PACE_SLOTS; i++)
		sum += pace->bytes[i];
	if (pace->full < PACE_SLOTS)
		return false;
	*bytes = sum;
	return sum == 0 || sum * 1000 < least * (pace->slot_ms * PACE_SLOTS);
}
