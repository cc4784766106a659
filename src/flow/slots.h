/*
 * Places for removals, one in each workspace. Who finds none waits in line, first come
 * first served. Control loop only.
 */
#ifndef VODKEEP_FLOW_SLOTS_H
#define VODKEEP_FLOW_SLOTS_H

#include <stdbool.h>
#include <stddef.h>

struct slot_wait {
	struct slot_wait *next;
	void (*granted)(struct slot_wait *wait);
	bool queued;
};

struct slots {
	int limit, used;
	struct slot_wait *head, **tail;
	size_t waiting;
};

void slots_init(struct slots *slots, int limit);
/* True: taken. False: @wait is in line and granted() comes from a later
 * slots_release(). */
bool slots_take(struct slots *slots, struct slot_wait *wait);
/* Give a place back; the first in line has it before this returns. */
void slots_release(struct slots *slots);
void slots_leave(struct slots *slots, struct slot_wait *wait); /* out of the line */

#endif
