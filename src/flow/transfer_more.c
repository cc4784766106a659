/*
 * Further calls for a file that is being received: when one is worth it
 * (transfer_ramp), which bytes it gets (those nobody fetches, else the tail of whoever
 * will need longest), and that the host's share of connections allows it.
 *
 * A file is only taken apart when its size is known, the server serves ranges, and a
 * validator proves that they are of the same file.
 */
#include <config.h>

#include "flow/transfer_priv.h"

#include <string.h>

#define PIECE_SHARE 16 /* of segment_min: the least that a call is made for */
#define PIECE_LEAST (INT64_C(1) << 20)
#define LEFT_S      0.5 /* what ends so soon is not taken apart */
#define RATE_WEIGHT 0.5
/* What is too little to be shared goes to a spare connection when its own has been
 * silent for so long, and for so many times as long as its answer took. */
#define RELIEF_MS      100
#define RELIEF_ANSWERS 4

void job_rates(struct job *job, uint64_t now)
{
	double seconds = (double)(now - job->rated_at) / 1000;
	struct range *range;

	if (seconds <= 0)
		return;
	job->rated_at = now;
	for (range = TAILQ_FIRST(&job->ranges); range;
		range = TAILQ_NEXT(range, link)) {
		double rate = (double)(range->arrived - range->seen) / seconds;

		range->rate = range->rate > 0 ? RATE_WEIGHT * rate +
							(1 - RATE_WEIGHT) * range->rate
					      : rate;
		range->seen = range->arrived;
	}
}

/* Connections of this station to the job's host. */
static int host_calls(const struct job *job)
{
	const struct job *other;
	int calls = 0;

	for (other = TAILQ_FIRST(&job->station->jobs); other;
		other = TAILQ_NEXT(other, link))
		if (strcmp(other->host, job->host) == 0)
			calls += (int)job_calls(other);
	return calls;
}

static int answered_calls(const struct job *job)
{
	const struct range *range;
	int calls = 0;

	for (range = TAILQ_FIRST(&job->ranges); range; range = TAILQ_NEXT(range, link))
		calls += range->call && range->answered;
	return calls;
}

/* For those that have none yet; 1 when nobody has. */
static double usual_rate(const struct job *job)
{
	const struct range *range;
	double sum = 0;
	int known = 0;

	for (range = TAILQ_FIRST(&job->ranges); range;
		range = TAILQ_NEXT(range, link)) {
		sum += range->rate;
		known += range->rate > 0;
	}
	return known > 0 ? sum / known : 1;
}

/* Half of what the slowest has left; NULL: nothing worth a call. */
static struct range *steal(struct job *job)
{
	struct range *range, *victim = NULL;
	double usual = usual_rate(job);
	int64_t least = job->segment_min / PIECE_SHARE;
	double longest = 0;

	for (range = TAILQ_FIRST(&job->ranges); range;
		range = TAILQ_NEXT(range, link)) {
		int64_t left = range->end - range->arrived;
		double rate = range->rate > 0 ? range->rate : usual;

		if (range->call && (double)left / rate > longest) {
			longest = (double)left / rate;
			victim = range;
		}
	}
	if (least < PIECE_LEAST)
		least = PIECE_LEAST;
	if (!victim || longest < LEFT_S || victim->end - victim->arrived < 2 * least)
		return NULL;
	int64_t middle = victim->arrived + (victim->end - victim->arrived) / 2;
	return range_split(victim, middle - middle % BLOCK_BYTES);
}

/* End the call of a range that is waited for while another connection is free: it goes
 * on there. Once for each range, or a server in trouble would be asked ever faster. */
static void relieve_silent(struct job *job, uint64_t now)
{
	struct range *range;

	for (range = TAILQ_FIRST(&job->ranges); range;
		range = TAILQ_NEXT(range, link)) {
		if (!range->call || !range->answered || range->relieved ||
			range->call_paused || job->allowance.limited ||
			now - range->came_at <
				RELIEF_MS + RELIEF_ANSWERS * range->answer_ms)
			continue;
		range->relieved = true;
		http_call_cancel(range->call);
		return;
	}
}

bool job_wants_ramp(const struct job *job)
{
	return job->state == JOB_RECEIVE && !job->ending && job->ramp.most > 1 &&
	       (!job->ramp.settled || job->spare);
}

void job_more_calls(struct job *job)
{
	struct station *station = job->station;
	uint64_t now = uv_now(station->loop);
	struct ramp_view view = { .now_ms = now };

	if (!job->answered || job->ramp.most <= 1 || !job->sniffed || job->ending ||
		job->again_why || job->body_done || job->step_busy || station->paused ||
		station->parked)
		return;
	if (!job->ramp.settled && now >= job->ramp.from_ms) {
		view.calls = answered_calls(job);
		view.bytes = job->received;
		view.left = job->part.total - job_arrived(job);
		view.idle_s = (double)uv_metrics_idle_time(station->loop) / 1e9;
	}
	int want = ramp_want(&job->ramp, &view);
	job->spare = false;
	for (int calls = (int)job_calls(job); calls < want; calls++) {
		struct range *range = ranges_idle(job);

		if (station->per_host > 0 && host_calls(job) >= station->per_host)
			return;
		if (!range)
			range = steal(job);
		if (!range) {
			job->spare = true;
			job_start_ramp(job);
			relieve_silent(job, now);
			return;
		}
		range_call(range);
	}
}
