/*
 * What every room of an HLS job needs: to fail, to tell, to run a step on the pool, to
 * name a file in staging, and to know how far it is.
 */
#include <config.h>

#include "flow/hls_priv.h"

#include "base/mem.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

char *hls_part_key(const char *key)
{
	return mem_printf("%s.hls", key);
}

char *hls_file(const struct hls *hls, const char *what)
{
	size_t stem = strlen(hls->part.name) - strlen(".part");

	return mem_printf("%.*s.%s", (int)stem, hls->part.name, what);
}

void hls_note(struct hls *hls, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	hls->events.note(hls->events.arg, text);
}

void hls_fail(struct hls *hls, const struct err *err)
{
	if (hls->ending)
		return;
	hls->ending = true;
	hls->err = *err;
	/* What only means something to who called. */
	if (err->class == ERR_NOT_FOUND)
		hls->err.class = ERR_TRANSIENT;
	else if (err->class == ERR_INPUT)
		hls->err.class = ERR_PERMANENT;
}

/* ---- the pool ---- */

static void work(uv_work_t *work)
{
	struct hls *hls = container_of(work, struct hls, work);

	hls->step(hls, &hls->step_err);
}

static void after_work(uv_work_t *work, int status)
{
	struct hls *hls = container_of(work, struct hls, work);

	(void)status; /* nothing cancels it */
	hls->busy = false;
	if (hls->step_err.class != ERR_NONE)
		hls_fail(hls, &hls->step_err);
	else if (hls->step_done)
		hls->step_done(hls);
	hls->hooks->advance(hls);
}

void hls_queue(struct hls *hls, void (*step)(struct hls *hls, struct err *err),
	void (*done)(struct hls *hls))
{
	assert(!hls->busy);
	hls->busy = true;
	hls->step = step;
	hls->step_done = done;
	err_clear(&hls->step_err);
	uv_queue_work(hls->env.loop, &hls->work, work, after_work);
}

/* ---- how far it is ---- */

static int64_t bandwidth(const struct hls *hls)
{
	const struct m3u8_variant *variant;

	if (!hls->has_master)
		return 0;
	variant = &hls->master.variants[hls->choice.variant];
	return variant->average_bandwidth > 0 ? variant->average_bandwidth
					      : variant->bandwidth;
}

int64_t hls_safe(const struct hls *hls)
{
	int64_t safe = 0;

	for (size_t i = 0; i < hls->n_tracks; i++)
		safe += hls->tracks[i].safe;
	return safe;
}

bool hls_unsafe(const struct hls *hls)
{
	for (size_t i = 0; i < hls->n_tracks; i++)
		if (hls->tracks[i].n_safe < hls->tracks[i].n_held)
			return true;
	return false;
}

/* What tracks will hold follows from what they hold; before that, from what the
 * playlist says of its bandwidth. */
void hls_amount(const struct hls *hls, int64_t *held, int64_t *total)
{
	double sum = 0;
	bool known = hls->n_tracks > 0;

	*held = 0;
	for (size_t i = 0; i < hls->n_tracks; i++) {
		const struct track *track = &hls->tracks[i];

		*held += track->held;
		if (track->held_us > 0)
			sum += (double)track->held / (double)track->held_us *
			       (double)track->list.duration_us;
		else if (track->kind == TRACK_MAIN && bandwidth(hls) > 0)
			sum += (double)bandwidth(hls) / 8e6 *
			       (double)track->list.duration_us;
		else
			known &= track->kind != TRACK_MAIN;
	}
	*total = known && sum < 9e18 ? (int64_t)sum : -1;
	if (*total >= 0 && *total < *held)
		*total = *held;
}
