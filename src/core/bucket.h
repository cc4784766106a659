/*
 * A token bucket: what may pass under a limit of bytes a second. Pure; times are
 * monotonic milliseconds, and never go back.
 *
 * It fills at the rate and holds a fifth of a second's worth (for low rates: what lets
 * blocks of BUCKET_QUANTUM through), so that a late caller loses nothing and an idle
 * time brings no burst to speak of. Bytes that have passed anyway make it a debtor,
 * which the time to come pays: over a longer span the rate is exact.
 */
#ifndef VODKEEP_CORE_BUCKET_H
#define VODKEEP_CORE_BUCKET_H

#include <stdint.h>

#define BUCKET_QUANTUM (INT64_C(16) * 1024) /* what is asked for at once, at most */

struct bucket {
	int64_t rate;  /* bytes a second; 0: no limit */
	int64_t level; /* thousandths of a byte, negative in debt */
	int64_t at_ms; /* when level was true */
};

/* Change the rate from now on; what has gathered stays. A bucket that has no limit is
 * empty when it gets one. */
void bucket_set(struct bucket *bucket, int64_t rate, int64_t now_ms);
/* Milliseconds until @bytes (at most BUCKET_QUANTUM) may pass, rounded up; 0: now. */
int64_t bucket_wait_ms(struct bucket *bucket, int64_t bytes, int64_t now_ms);
/* @bytes pass, whether there was room or not; negative: they were not needed. */
void bucket_take(struct bucket *bucket, int64_t bytes);

#endif
