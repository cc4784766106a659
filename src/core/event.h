/*
 * What a delivery says, in one shape for both platforms. An event is a reason to look,
 * never an instruction (DESIGN §1).
 */
#ifndef VODKEEP_CORE_EVENT_H
#define VODKEEP_CORE_EVENT_H

#include "core/facts.h"
#include <stdbool.h>

enum event_kind {
	EVENT_RECORDED,  /* known or unknown type that is not acted on */
	EVENT_ANNOUNCED, /* the asset exists or is being made */
	EVENT_READY,     /* media is there (ready, completed) */
	EVENT_CHANGED,   /* look again: updated, track, subtitle, MP4 rendition */
	EVENT_FAILED,    /* failed or cancelled at the platform */
	EVENT_DELETED,
};

struct event {
	enum event_kind kind;
	char *type;         /* as shown: "video.media.ready", "media.completed" */
	char *key;          /* the same for every delivery of this event: dedupe key */
	char *asset_id;     /* NULL: names no media */
	char *reason;       /* FAILED: the platform's words, or NULL */
	int64_t at_ns;      /* event time; 0 unknown */
	struct facts facts; /* what little the event itself tells */
	bool trial;         /* FastPix trial media: dies 24 h after creation */
};

void event_init(struct event *event);
void event_release(struct event *event);
const char *event_kind_name(enum event_kind kind);

#endif
