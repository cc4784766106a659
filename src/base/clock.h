/*
 * Time: a clock behind a pointer, RFC 3339, durations and sizes as people write them.
 *
 * Wall times are int64_t nanoseconds since the epoch (suffix _ns, good to 2262), spans
 * are milliseconds (suffix _ms). 0 means "no time".
 */
#ifndef VODKEEP_BASE_CLOCK_H
#define VODKEEP_BASE_CLOCK_H

#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)
#define MS_PER_S  INT64_C(1000)

struct clock {
	int64_t (*wall_ns)(void);
	int64_t (*mono_ms)(void);
};
extern const struct clock clock_system;

/* "2026-11-22", "2026-11-22T10:00:00Z", "…10:00:00.123456789+01:00" (T or space, 0–9
 * or more fraction digits). Returns 0 and *ns, or ERR_INPUT. */
int time_parse(const char *text, size_t len, int64_t *ns, struct err *err);
/* "2026-11-22T10:00:00.123Z" (milliseconds, UTC); out must hold 32 bytes. */
void time_format_utc(int64_t ns, char out[32]);
/* "2026-11-22 11:00:00 +01:00": local time with zone, for people. */
void time_format_local(int64_t ns, char out[40]);
/* Seconds that local time is ahead of UTC at @s, seconds since the epoch. Follows a
 * change of the machine's zone. */
int clock_utc_offset(int64_t s);
/* T of the commands: RFC 3339, or an age such as "2h", "7d" before @now_ns. */
int time_parse_since(const char *text, int64_t now_ns, int64_t *ns, struct err *err);

/* "500ms" "15s" "10m" "2h" "7d" "1w", at most 100 years (so it also fits in ns); a bare
 * number is refused. */
int duration_parse(const char *text, int64_t *ms, struct err *err);
/* The shortest exact form, "90s" for 90000. */
void duration_format(int64_t ms, char out[32]);
/* "512", "10K", "16M", "2G", "1T" (1024). */
int size_parse(const char *text, int64_t *bytes, struct err *err);
void size_format(int64_t bytes, char out[32]);       /* exact, as size_parse reads it */
void size_format_human(int64_t bytes, char out[32]); /* "1.4 GiB" */

#endif
