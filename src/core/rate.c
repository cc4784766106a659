/*
 * A sliding window instead of a decaying average: it forgets a stall, or a burst,
 * completely after five seconds, and a transfer at an even speed shows exactly that.
 */
#include <config.h>

#include "core/rate.h"

#include <math.h>
#include <string.h>

#define SPACING_MS 250 /* samples nearer than that are one */
/* Counts are told about twice a second: silence shorter than this is no stall. */
#define PATIENCE_MS 1000

/* The same speed, told of a count that begins elsewhere. */
static void shift(struct rate *rate, int64_t by)
{
	for (unsigned i = 0; i < rate->n; i++)
		rate->samples[i].bytes += by;
}

static void drop_oldest(struct rate *rate)
{
	rate->n--;
	memmove(rate->samples, rate->samples + 1, rate->n * sizeof(*rate->samples));
}

/* All but one that lie before the window: it tells how much the window began with. */
static void forget(struct rate *rate, int64_t now_ms)
{
	while (rate->n > 2 && rate->samples[1].at_ms <= now_ms - RATE_WINDOW_MS)
		drop_oldest(rate);
}

void rate_take(struct rate *rate, int64_t now_ms, int64_t bytes)
{
	struct rate_sample *samples = rate->samples;
	unsigned n = rate->n;

	if (n > 0 && bytes < samples[n - 1].bytes)
		shift(rate, bytes - samples[n - 1].bytes);
	/* Nothing has moved yet, or for as long as can be seen: measure from now on, so
	 * that what then comes is not spread over the time before. */
	if (n > 0 && samples[0].bytes == bytes)
		n = 0;
	if (n >= 2 && samples[n - 1].at_ms - samples[n - 2].at_ms < SPACING_MS)
		n--;
	rate->n = n;
	if (rate->n == RATE_SAMPLES_MAX)
		drop_oldest(rate);
	samples[rate->n++] = (struct rate_sample){ now_ms, bytes };
	forget(rate, now_ms);
}

/* The count at @at_ms, evenly between the two samples around it. */
static double bytes_at(const struct rate *rate, int64_t at_ms)
{
	const struct rate_sample *sample = rate->samples;
	unsigned i = 0;

	while (i + 1 < rate->n && sample[i + 1].at_ms <= at_ms)
		i++;
	if (at_ms <= sample[i].at_ms || i + 1 == rate->n)
		return (double)sample[i].bytes;
	return (double)sample[i].bytes +
	       (double)(sample[i + 1].bytes - sample[i].bytes) *
		       (double)(at_ms - sample[i].at_ms) /
		       (double)(sample[i + 1].at_ms - sample[i].at_ms);
}

double rate_get(const struct rate *rate, int64_t now_ms)
{
	int64_t begin_ms, end_ms;

	if (rate->n < 2)
		return 0;
	end_ms = rate->samples[rate->n - 1].at_ms;
	if (now_ms - PATIENCE_MS > end_ms)
		end_ms = now_ms - PATIENCE_MS;
	begin_ms = end_ms - RATE_WINDOW_MS;
	if (begin_ms < rate->samples[0].at_ms)
		begin_ms = rate->samples[0].at_ms;
	/* A first block at once is no speed yet. */
	double ms = (double)(end_ms - begin_ms);
	if (ms < SPACING_MS)
		ms = SPACING_MS;
	return (bytes_at(rate, end_ms) - bytes_at(rate, begin_ms)) * 1000 / ms;
}

int64_t rate_seconds_left(int64_t left, double per_second)
{
	if (left <= 0)
		return left == 0 ? 0 : -1;
	if (per_second < 1)
		return -1;
	double seconds = ceil((double)left / per_second);
	return seconds < 0x1p63 ? (int64_t)seconds : -1;
}
