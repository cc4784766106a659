/*
 * A job's ranges: a list that covers the file from its first byte, split where another
 * call shall begin and joined where one has met the next. Only the bookkeeping.
 */
#include <config.h>

#include "flow/transfer_priv.h"

#include "base/mem.h"
#include "core/ranges.h"
#include <assert.h>
#include <stdlib.h>

static struct range *range_new(struct job *job, int64_t first, int64_t end)
{
	struct range *range = mem_alloc(sizeof(*range));

	range->job = job;
	range->end = end;
	range->first = range->written = range->arrived = range->held = range->sync_to =
		range->seen = first;
	buf_init(&range->error_body, 0);
	return range;
}

static struct range *range_add(struct job *job, int64_t first, int64_t end)
{
	struct range *range = range_new(job, first, end);

	TAILQ_INSERT_TAIL(&job->ranges, range, link);
	return range;
}

void range_free(struct range *range)
{
	struct range_list *list =
		range->dropped ? &range->job->dropped : &range->job->ranges;

	assert(!range->call && !range->current);
	TAILQ_REMOVE(list, range, link);
	buf_release(&range->error_body);
	free(range);
}

void ranges_free(struct job *job)
{
	while (!TAILQ_EMPTY(&job->ranges))
		range_free(job_front(job));
}

/* A call may run in the front range: it stays, and its range is emptied. */
void ranges_reset(struct job *job)
{
	struct range *front = job_front(job);

	while (front && TAILQ_NEXT(front, link))
		range_free(TAILQ_NEXT(front, link));
	if (!front)
		front = range_add(job, 0, -1);
	front->first = front->written = front->arrived = front->held = front->sync_to =
		front->seen = 0;
	front->end = -1;
}

static void range_have(struct range *range, int64_t to)
{
	range->written = range->arrived = range->held = range->sync_to = range->seen =
		to;
}

int ranges_restore(struct job *job)
{
	struct byte_range more[RANGES_MAX];
	const struct part *part = &job->part;
	int n = ranges_parse(part->ranges, more);
	int64_t beyond = n > 0 ? more[n - 1].end : part->held;

	if (n < 0 || (n > 0 && (part->total < 0 || more[0].first <= part->held)) ||
		(part->total >= 0 && beyond > part->total) || beyond > job->file_size)
		return -1;
	ranges_free(job);
	range_have(range_add(job, 0, n > 0 ? more[0].first : part->total), part->held);
	for (int i = 0; i < n; i++) {
		int64_t end = i + 1 < n ? more[i + 1].first : part->total;
		range_have(range_add(job, more[i].first, end), more[i].end);
	}
	ranges_merge(job);
	return 0;
}

void ranges_fill(struct job *job, int64_t size)
{
	ranges_free(job);
	range_have(range_add(job, 0, size), size);
}

bool ranges_set_total(struct job *job, int64_t total)
{
	struct range *last = TAILQ_LAST(&job->ranges, range_list);

	if (last->arrived > total)
		return false;
	last->end = total;
	return true;
}

bool range_complete(const struct range *range)
{
	return range->end >= 0 && range->arrived == range->end;
}

bool ranges_complete(const struct job *job)
{
	const struct range *range;

	for (range = TAILQ_FIRST(&job->ranges); range; range = TAILQ_NEXT(range, link))
		if (!range_complete(range))
			return false;
	return true;
}

/* What @before knows of syncs holds for the joined range only if it was all of it. */
static int64_t join_to(int64_t before, int64_t border, int64_t after)
{
	return before == border ? after : before;
}

void ranges_merge(struct job *job)
{
	struct range *range = job_front(job), *next;

	for (; (next = TAILQ_NEXT(range, link)); range = next) {
		assert(next->first == range->end);
		if (range->call || range->written != range->end)
			continue;
		next->held = join_to(range->held, range->end, next->held);
		next->sync_to = join_to(range->sync_to, range->end, next->sync_to);
		next->first = range->first;
		range_free(range);
	}
}

struct range *range_split(struct range *range, int64_t at)
{
	struct range *rest = range_new(range->job, at, range->end);

	assert(at > range->arrived && at < range->end);
	range->end = at;
	TAILQ_INSERT_AFTER(&range->job->ranges, range, rest, link);
	return rest;
}

bool range_unsplit(struct range *range)
{
	struct range *before = TAILQ_PREV(range, range_list, link);

	/* One that is complete has been told to end, or ends here. */
	if (!before || !before->call || range_complete(before) ||
		range->arrived > range->first || range->call ||
		before->answer_end < range->end)
		return false;
	before->end = range->end;
	range_free(range);
	return true;
}

bool range_swallow(struct range *range, struct http_call **ended)
{
	struct job *job = range->job;
	struct range *next = TAILQ_NEXT(range, link);

	if (!next || (next->call && next->answered) || next->arrived > next->first ||
		range->answer_end < next->end)
		return false;
	range->end = next->end;
	*ended = next->call;
	if (!next->call) {
		range_free(next);
		return true;
	}
	TAILQ_REMOVE(&job->ranges, next, link);
	TAILQ_INSERT_TAIL(&job->dropped, next, link);
	next->dropped = true;
	return true;
}

struct range *ranges_idle(const struct job *job)
{
	struct range *range;

	for (range = TAILQ_FIRST(&job->ranges); range; range = TAILQ_NEXT(range, link))
		if (!range->call && !range_complete(range))
			return range;
	return NULL;
}

/* Into the part: the front's bytes, and those of the others. */
static void tell_part(struct job *job)
{
	struct byte_range more[RANGES_MAX];
	const struct range *range;
	char *text;
	size_t n = 0;

	job->part.held = job_front(job)->held;
	for (range = TAILQ_FIRST(&job->ranges); range; range = TAILQ_NEXT(range, link))
		if (range != job_front(job) && range->held > range->first &&
			n < RANGES_MAX)
			more[n++] = (struct byte_range){ range->first, range->held };
	text = ranges_format(more, n);
	mem_replace(&job->part.ranges, text);
	free(text);
}

void ranges_held(struct job *job, bool all_written)
{
	struct range *range;

	for (range = TAILQ_FIRST(&job->ranges); range; range = TAILQ_NEXT(range, link))
		range->held = all_written ? range->written : range->sync_to;
	tell_part(job);
}

struct range_bytes job_bytes(const struct job *job)
{
	const struct range *range;
	struct range_bytes bytes = { 0 };

	for (range = TAILQ_FIRST(&job->ranges); range;
		range = TAILQ_NEXT(range, link)) {
		bytes.arrived += range->arrived - range->first;
		bytes.written += range->written - range->first;
		bytes.held += range->held - range->first;
	}
	return bytes;
}

unsigned job_calls(const struct job *job)
{
	const struct range *range;
	unsigned calls = 0;

	for (range = TAILQ_FIRST(&job->ranges); range; range = TAILQ_NEXT(range, link))
		calls += range->call != NULL;
	return calls;
}
