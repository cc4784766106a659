/*
 * A counting semaphore with a fair line.
 */
#include <config.h>

#include "flow/slots.h"

#include <assert.h>

void slots_init(struct slots *slots, int limit)
{
	*slots = (struct slots){ .limit = limit };
	slots->tail = &slots->head;
}

bool slots_take(struct slots *slots, struct slot_wait *wait)
{
	if (slots->used < slots->limit) {
		slots->used++;
		return true;
	}
	wait->next = NULL;
	wait->queued = true;
	*slots->tail = wait;
	slots->tail = &wait->next;
	slots->waiting++;
	return false;
}

void slots_release(struct slots *slots)
{
	struct slot_wait *wait = slots->head;

	assert(slots->used > 0);
	slots->used--;
	if (!wait || slots->used >= slots->limit)
		return;
	slots_leave(slots, wait);
	slots->used++;
	wait->granted(wait);
}

void slots_leave(struct slots *slots, struct slot_wait *wait)
{
	struct slot_wait **at = &slots->head;

	if (!wait->queued)
		return;
	while (*at != wait)
		at = &(*at)->next;
	*at = wait->next;
	if (!*at)
		slots->tail = at;
	wait->queued = false;
	slots->waiting--;
}
