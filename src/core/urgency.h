/*
 * Which work goes first: media that is about to disappear, then what the rules call
 * important, then small before large as far as patience goes. Pure; the store's index
 * and the line for file slots follow it.
 *
 * Small before large is a handicap, not a class: a file is treated as if it had become
 * due later, a second for each megabyte, so that it lets small ones pass that come
 * within that time, and none that come after. What waits therefore always gets its
 * turn.
 */
#ifndef VODKEEP_CORE_URGENCY_H
#define VODKEEP_CORE_URGENCY_H

#include "core/asset.h"

/* A deadline nearer than this goes before everything else; before that it does not
 * count. Three days outlast a weekend on which nobody looks at a full disk. */
#define URGENCY_NEAR_NS (INT64_C(72) * 3600 * 1000000000)

struct urgency {
	int64_t deadline_ns; /* INT64_MAX none */
	int priority;
	int64_t turn_ns; /* due time and handicap */
};
struct urgency urgency_of(const struct asset *asset, int64_t due_ns);
/* How long others may pass a media of this size: 1 µs for each byte it is thought
 * to have, at most six hours. What nothing is known of has none: one look tells. */
int64_t urgency_handicap_ns(const struct facts *facts);
/* Deadlines up to this one are near at @now_ns. */
int64_t urgency_near_ns(int64_t now_ns);
/* Negative: @a goes before @b at @now_ns; 0: they are equal. */
int urgency_compare(const struct urgency *a, const struct urgency *b, int64_t now_ns);

#endif
