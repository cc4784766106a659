/*
 * The number of connections to one file.
 */
#include <config.h>

#include "flow/transfer_ramp.h"

#define FAR_MS      25           /* an answer that takes so long comes from far */
#define SKIP_MS     30           /* of each measurement */
#define MEASURE_MS  30           /* at least, and … */
#define ENOUGH      (256 * 1024) /* … until so many bytes have come … */
#define LONGEST_MS  100          /* … or that has passed */
#define LEFT_S      0.25 /* a file that is done so soon needs no further connection */
#define GAIN        1.3  /* by twice as many */
#define PACED       0.5  /* of the rate so far: the server holds back */
#define IDLE_ENOUGH 0.15 /* of the time */

void ramp_init(struct ramp *ramp, int most)
{
	*ramp = (struct ramp){ .want = 1, .most = most < 1 ? 1 : most };
	ramp->settled = ramp->most == 1;
}

void ramp_answered(struct ramp *ramp, uint64_t now_ms, uint64_t after_ms)
{
	if (ramp->settled)
		return;
	if (after_ms >= FAR_MS && ramp->want == 1) {
		ramp->want = ramp->most;
		ramp->settled = true;
		return;
	}
	if (!ramp->began_ms)
		ramp->began_ms = now_ms;
	ramp->from_ms = now_ms + SKIP_MS;
	ramp->measuring = false;
}

void ramp_refused(struct ramp *ramp, int calls)
{
	ramp->most = ramp->want = calls < 1 ? 1 : calls;
	ramp->settled = true;
}

static void begin(struct ramp *ramp, const struct ramp_view *view)
{
	ramp->measuring = true;
	ramp->from_ms = view->now_ms;
	ramp->from_bytes = view->bytes;
	ramp->from_idle_s = view->idle_s;
}

/* How many connections after a measurement that found @rate; no more than now: there is
 * no reason for more. */
static int next_want(const struct ramp *ramp, const struct ramp_view *view, double rate,
	double seconds)
{
	double so_far =
		(double)view->bytes * 1000 / (double)(view->now_ms - ramp->began_ms);
	bool paced = rate < PACED * so_far;

	if ((!paced && rate < GAIN * ramp->rate) ||
		(double)view->left <= LEFT_S * so_far ||
		view->idle_s - ramp->from_idle_s <= IDLE_ENOUGH * seconds)
		return ramp->want;
	return paced || ramp->want * 2 > ramp->most ? ramp->most : ramp->want * 2;
}

int ramp_want(struct ramp *ramp, const struct ramp_view *view)
{
	if (ramp->settled || !ramp->from_ms || view->calls < ramp->want ||
		view->now_ms < ramp->from_ms)
		return ramp->want;
	if (!ramp->measuring) {
		begin(ramp, view);
		return ramp->want;
	}
	if (view->now_ms < ramp->from_ms + MEASURE_MS ||
		(view->now_ms < ramp->from_ms + LONGEST_MS &&
			view->bytes - ramp->from_bytes < ENOUGH))
		return ramp->want;
	double seconds = (double)(view->now_ms - ramp->from_ms) / 1000;
	double rate = (double)(view->bytes - ramp->from_bytes) / seconds;
	int want = next_want(ramp, view, rate, seconds);
	if (want <= ramp->want) {
		ramp->settled = true;
		return ramp->want;
	}
	ramp->rate = rate;
	ramp->from_ms = 0;
	ramp->want = want;
	return want;
}
