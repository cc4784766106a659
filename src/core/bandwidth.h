/*
 * A limit of bytes a second: "off", "10M", or a timetable of local times such as
 * "08:00,2M 18:00,20M 23:00,off". Pure: the time and the zone are parameters.
 *
 * In force is the entry whose time of day has passed last, yesterday's last one until
 * the first of today. An entry's time comes once a day, also when the clock is put
 * forward or back: a time that is skipped counts as passed with the skip, a time that
 * comes twice the first time.
 */
#ifndef VODKEEP_CORE_BANDWIDTH_H
#define VODKEEP_CORE_BANDWIDTH_H

#include "base/buf.h"
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

#define BANDWIDTH_MAX (INT64_C(1) << 40) /* bytes a second */

struct bandwidth_entry {
	int minute;   /* since midnight, local; -1: the only entry, at all times */
	int64_t rate; /* bytes a second; 0: no limit */
};
struct bandwidth {
	size_t n; /* at least one, in order of their minutes */
	struct bandwidth_entry entries[];
};

/* *out is NULL for "off"; the caller frees it with free(). ERR_INPUT: which word is
 * wrong, and *out is unchanged. */
int bandwidth_parse(const char *text, struct bandwidth **out, struct err *err);
/* As bandwidth_parse() reads it. NULL: "off". */
void bandwidth_format(const struct bandwidth *bandwidth, struct buf *out);
/* NULL of NULL. Caller frees. */
struct bandwidth *bandwidth_copy(const struct bandwidth *bandwidth);

/* The limit at @now_s (seconds since the epoch), 0 for none. *until_s is when another
 * one comes into force, 0 for never. @utc_offset tells the zone: seconds that local
 * time is ahead of UTC at an instant. NULL is no limit. */
int64_t bandwidth_at(const struct bandwidth *bandwidth, int64_t now_s,
	int (*utc_offset)(int64_t s), int64_t *until_s);

#endif
