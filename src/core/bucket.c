/*
 * Thousandths of a byte make every sum of a rate and milliseconds exact.
 */
#include <config.h>

#include "core/bucket.h"

#define THOUSAND INT64_C(1000)

static int64_t capacity(const struct bucket *bucket)
{
	int64_t fifth = bucket->rate / 5;
	int64_t least = BUCKET_QUANTUM + bucket->rate / 20;
	return (fifth > least ? fifth : least) * THOUSAND;
}

static void fill(struct bucket *bucket, int64_t now_ms)
{
	int64_t span = now_ms - bucket->at_ms;
	int64_t full = capacity(bucket);

	bucket->at_ms = now_ms;
	if (bucket->level >= full || span > (full - bucket->level) / bucket->rate)
		bucket->level = full;
	else
		bucket->level += bucket->rate * span;
}

void bucket_set(struct bucket *bucket, int64_t rate, int64_t now_ms)
{
	if (bucket->rate > 0)
		fill(bucket, now_ms);
	else
		bucket->level = 0;
	bucket->rate = rate;
	bucket->at_ms = now_ms;
	if (rate > 0)
		fill(bucket, now_ms); /* the new one may hold less */
}

int64_t bucket_wait_ms(struct bucket *bucket, int64_t bytes, int64_t now_ms)
{
	if (bucket->rate == 0)
		return 0;
	fill(bucket, now_ms);
	int64_t missing = bytes * THOUSAND - bucket->level;
	return missing > 0 ? (missing + bucket->rate - 1) / bucket->rate : 0;
}

void bucket_take(struct bucket *bucket, int64_t bytes)
{
	if (bucket->rate > 0)
		bucket->level -= bytes * THOUSAND;
}
