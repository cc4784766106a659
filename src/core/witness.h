/*
 * What else tells the time: the Date of the platforms' answers. What removes by age
 * does not trust one clock alone: a machine that wakes up years ahead would find
 * everything over its term. Values only.
 */
#ifndef VODKEEP_CORE_WITNESS_H
#define VODKEEP_CORE_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed: nobody has told the time yet. */
struct witness {
	int64_t their_ns, mono_ms; /* what it told, and when by the monotonic clock */
};
void witness_tell(struct witness *witness, int64_t their_ns, int64_t mono_ms);

enum witness_word {
	WITNESS_AGREES,
	WITNESS_SILENT, /* told nothing within a day */
	WITNESS_DENIES, /* our clock is more than an hour ahead: *ahead_ns */
};
/* A clock that is behind only makes things late, so it agrees. */
enum witness_word witness_ask(const struct witness *witness, int64_t wall_ns,
	int64_t mono_ms, int64_t *ahead_ns);

#endif
