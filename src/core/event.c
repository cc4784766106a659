/*
 * Life cycle and names of normalised events. What a delivery means is decided by the
 * platform that reads it and by asset_apply_event(), not here.
 */
#include <config.h>

#include "core/event.h"

#include <stdlib.h>
#include <string.h>

void event_init(struct event *event)
{
	memset(event, 0, sizeof(*event));
	event->kind = EVENT_RECORDED;
	facts_init(&event->facts);
}

void event_release(struct event *event)
{
	free(event->type);
	free(event->key);
	free(event->asset_id);
	free(event->reason);
	facts_release(&event->facts);
	event_init(event);
}

const char *event_kind_name(enum event_kind kind)
{
	switch (kind) {
	case EVENT_RECORDED:
		return "recorded";
	case EVENT_ANNOUNCED:
		return "announced";
	case EVENT_READY:
		return "ready";
	case EVENT_CHANGED:
		return "changed";
	case EVENT_FAILED:
		return "failed";
	case EVENT_DELETED:
		return "deleted";
	}
	return "unknown";
}
