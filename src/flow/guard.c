/*
 * The guard of archive and disk. One look at a time runs on the pool; its result is
 * judged on the loop. Trouble reported by work holds until a later look has found all
 * well.
 */
#include <config.h>

#include "flow/guard.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include <stdlib.h>
#include <string.h>

#define LOOK_EVERY_MS 2000
/* Room must exceed min_free by this much before work goes on, or it would flutter. */
#define HYSTERESIS 1.02

struct guard {
	uv_timer_t timer;
	uv_work_t work;
	bool working, closing, timer_closed;
	struct archive *archive;
	char *archive_id;
	struct amount min_free;
	struct warnings *warnings;
	struct guard_events events;
	bool present, roomy, trouble, well;
	uint64_t looks, trouble_at_look;
	int64_t free_bytes, total_bytes;
	/* Written by the pool, read when it is done. */
	struct err look_err;
	bool look_present;
	int64_t look_free, look_total;
	void (*closed)(void *arg);
	void *closed_arg;
};

static void look(struct guard *guard);

static void look_work(uv_work_t *work)
{
	struct guard *guard = container_of(work, struct guard, work);

	err_clear(&guard->look_err);
	guard->look_free = guard->look_total = -1;
	guard->look_present =
		archive_check(guard->archive, guard->archive_id, &guard->look_err) == 0;
	if (guard->look_present)
		archive_space(guard->archive, &guard->look_free, &guard->look_total,
			&guard->look_err);
}

int64_t guard_need(const struct amount *min_free, int64_t total_bytes)
{
	if (min_free->percent > 0 && total_bytes > 0)
		return (int64_t)((double)total_bytes * min_free->percent / 100.0);
	return min_free->bytes;
}

int64_t guard_keep_free(const struct guard *guard)
{
	return guard_need(&guard->min_free, guard->total_bytes);
}

static void judge_space(struct guard *guard)
{
	double need = (double)guard_keep_free(guard);
	char have[32], want[32];

	if (guard->free_bytes < 0)
		return;
	metric_set(METRIC_ARCHIVE_FREE, NULL, (double)guard->free_bytes);
	if (!guard->roomy)
		need *= HYSTERESIS;
	guard->roomy = (double)guard->free_bytes >= need;
	if (guard->roomy) {
		warnings_clear(guard->warnings, "disk");
		return;
	}
	size_format_human(guard->free_bytes, have);
	size_format_human(guard_keep_free(guard), want);
	warnings_set(guard->warnings, "disk", NULL, true,
		"the archive's filesystem (%s) has %s free, less than min_free (%s): downloads "
		"pause until there is room; deliveries are still accepted",
		archive_dir(guard->archive), have, want);
}

static void tell(struct guard *guard)
{
	bool well = guard->present && guard->roomy && !guard->trouble;

	if (well == guard->well)
		return;
	guard->well = well;
	guard->events.changed(guard->events.arg, well);
}

static void maybe_closed(struct guard *guard)
{
	if (!guard->closing || guard->working || !guard->timer_closed)
		return;
	free(guard->archive_id);
	guard->closed(guard->closed_arg);
	free(guard);
}

static void look_done(uv_work_t *work, int status)
{
	struct guard *guard = container_of(work, struct guard, work);

	(void)status;
	guard->working = false;
	if (guard->closing) {
		maybe_closed(guard);
		return;
	}
	guard->looks++;
	guard->present = guard->look_present;
	guard->free_bytes = guard->look_free;
	guard->total_bytes = guard->look_total;
	if (guard->present) {
		warnings_clear(guard->warnings, "mount");
		judge_space(guard);
	} else {
		warnings_set(guard->warnings, "mount", NULL, true,
			"%s: all downloading and deleting has stopped until it is back",
			guard->look_err.text);
	}
	if (guard->trouble && guard->present && guard->roomy &&
		guard->looks > guard->trouble_at_look + 1) {
		guard->trouble = false;
		warnings_clear(guard->warnings, "local");
	}
	tell(guard);
}

static void look(struct guard *guard)
{
	if (guard->working || guard->closing)
		return;
	guard->working = true;
	uv_queue_work(guard->timer.loop, &guard->work, look_work, look_done);
}

static void on_timer(uv_timer_t *timer)
{
	look(container_of(timer, struct guard, timer));
}

int guard_open(struct guard **out, uv_loop_t *loop, struct archive *archive,
	const char *archive_id, const struct amount *min_free,
	struct warnings *warnings, const struct guard_events *events, struct err *err)
{
	struct guard *guard = mem_alloc(sizeof(*guard));

	(void)err;
	guard->archive = archive;
	guard->archive_id = mem_strdup(archive_id);
	guard->min_free = *min_free;
	guard->warnings = warnings;
	guard->events = *events;
	guard->roomy = true;
	guard->free_bytes = guard->total_bytes = -1;
	uv_timer_init(loop, &guard->timer);
	uv_timer_start(&guard->timer, on_timer, 0, LOOK_EVERY_MS);
	*out = guard;
	return 0;
}

void guard_configure(struct guard *guard, const struct amount *min_free)
{
	guard->min_free = *min_free;
	look(guard);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct guard *guard =
		container_of((uv_timer_t *)(void *)handle, struct guard, timer);

	guard->timer_closed = true;
	maybe_closed(guard);
}

void guard_close(struct guard *guard, void (*closed)(void *arg), void *arg)
{
	guard->closing = true;
	guard->closed = closed;
	guard->closed_arg = arg;
	uv_close((uv_handle_t *)&guard->timer, on_timer_closed);
}

bool guard_well(const struct guard *guard)
{
	return guard->well;
}

bool guard_present(const struct guard *guard)
{
	return guard->present;
}

bool guard_lacks_room(const struct guard *guard)
{
	return guard->present && !guard->roomy;
}

uint64_t guard_looks(const struct guard *guard)
{
	return guard->looks;
}

void guard_trouble(struct guard *guard, const struct err *err)
{
	guard->trouble = true;
	guard->trouble_at_look = guard->looks;
	warnings_set(guard->warnings, "local", NULL, true,
		"%s: everything pauses and goes on by itself when it is over",
		err->text);
	tell(guard);
	look(guard);
}

void guard_space(const struct guard *guard, int64_t *free_bytes, int64_t *total_bytes)
{
	*free_bytes = guard->free_bytes;
	*total_bytes = guard->total_bytes;
}
