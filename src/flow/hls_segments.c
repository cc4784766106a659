/*
 * The segments: a few on their way at once, each a transfer into a slot of its own. A
 * slot keeps its segment until those before it are there and the pool has appended it.
 * What fails is tried again here, a few times; a refused link asks for a new manifest,
 * which costs no attempt.
 */
#include <config.h>

#include "flow/hls_priv.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/url.h"
#include "core/retry.h"
#include <stdlib.h>
#include <string.h>

#define ATTEMPTS  5
#define REFRESHES 3
/* So long what has come may be lost to a power cut, and is fetched again: a disk that
 * others use is slow at syncing. */
#define SYNC_MS 500

/* ---- one segment ---- */

static void try_again(struct slot *slot, const struct err *err)
{
	const struct config *config = slot->hls->spec.config;
	struct retry_limits limits = {
		.min_ms = config->transfer.retry_min_ms,
		.max_ms = config->transfer.retry_max_ms,
	};

	slot->state = SLOT_AGAIN;
	slot->due_ms =
		clock_system.mono_ms() + retry_backoff_ms(&limits, slot->attempts,
						 err->retry_after_ms, random_u64());
}

static void segment_failed(struct slot *slot, const struct err *err)
{
	struct hls *hls = slot->hls;
	struct err told = *err;
	char what[96];

	if (err->class == ERR_STALE && hls->refreshes < REFRESHES) {
		slot->state = SLOT_REFUSED;
		if (!hls->refresh)
			hls->refreshes++;
		hls->refresh = true;
		return;
	}
	if ((err->class == ERR_TRANSIENT || err->class == ERR_NOT_YET) &&
		++slot->attempts < ATTEMPTS) {
		try_again(slot, err);
		return;
	}
	slot->state = SLOT_FREE;
	piece_name(slot->track, slot->piece, what);
	err_wrap(&told, "%s", what);
	hls_fail(hls, &told);
}

static void on_done(
	void *arg, const struct err *err, const struct transfer_result *result)
{
	struct slot *slot = arg;
	struct hls *hls = slot->hls;

	slot->transfer = NULL;
	if (result) {
		slot->state = SLOT_READY;
	} else if (hls->ending || err->class == ERR_CANCELLED) {
		slot->state = SLOT_FREE;
		hls_fail(hls, err);
	} else {
		segment_failed(slot, err);
	}
	hls->hooks->advance(hls);
}

static void on_part(void *arg, const struct part *part)
{
	(void)arg;
	(void)part;
}

static void on_note(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

static void start(struct slot *slot)
{
	struct hls *hls = slot->hls;
	struct track *track = slot->track;
	struct transfer_spec spec = hls->spec.transfer;
	struct transfer_events events = {
		.part = on_part,
		.note = on_note,
		.sealed = on_part,
		.done = on_done,
		.arg = slot,
	};
	struct m3u8_range range;
	const char *uri;
	struct err err;
	char *url;
	int key;

	piece_source(track, &track->pieces[slot->piece], &uri, &range, &key);
	url = url_resolve(track->base, uri);
	if (!url) {
		slot->state = SLOT_FREE;
		err_set(&err, ERR_PERMANENT,
			"the playlist names a segment where none can be fetched");
		hls_fail(hls, &err);
		return;
	}
	spec.mode = TRANSFER_SEGMENT;
	spec.content = key >= 0 ? CONTENT_CIPHER : CONTENT_SEGMENT;
	spec.key = slot->key;
	spec.url = url;
	spec.part = NULL;
	spec.expected_bytes = -1;
	spec.replaces = NULL;
	spec.mtime_ns = 0;
	if (range.length >= 0) {
		spec.slice_first = range.offset;
		spec.slice_bytes = range.length;
	}
	slot->state = SLOT_COMING;
	slot->transfer = transfer_start(hls->env.transfers, &spec, &events);
	mem_free_secret(url);
}

/* ---- all of them ---- */

bool hls_segments_idle(const struct hls *hls)
{
	for (size_t i = 0; i < hls->n_slots; i++)
		if (hls->slots[i].transfer)
			return false;
	return true;
}

void hls_cancel_segments(struct hls *hls)
{
	for (size_t i = 0; i < hls->n_slots; i++)
		if (hls->slots[i].transfer)
			transfer_cancel(hls->slots[i].transfer, true);
}

static struct track *track_to_ask(const struct hls *hls)
{
	for (size_t i = 0; i < hls->n_tracks; i++)
		if (hls->tracks[i].n_asked < hls->tracks[i].n_pieces)
			return &hls->tracks[i];
	return NULL;
}

bool hls_segments_asked(const struct hls *hls)
{
	return !track_to_ask(hls);
}

static bool is_due(const struct slot *slot)
{
	return slot->state == SLOT_REFUSED ||
	       (slot->state == SLOT_AGAIN && clock_system.mono_ms() >= slot->due_ms);
}

static size_t running(const struct hls *hls)
{
	size_t n = 0;

	for (size_t i = 0; i < hls->n_slots; i++)
		n += hls->slots[i].state == SLOT_COMING;
	return n;
}

/* First those that were begun, since others wait for them. */
static void start_more(struct hls *hls)
{
	size_t n = running(hls);

	for (size_t i = 0; i < hls->n_slots && n < hls->n_calls && !hls->ending; i++) {
		if (!is_due(&hls->slots[i]))
			continue;
		start(&hls->slots[i]);
		n++;
	}
	for (size_t i = 0; i < hls->n_slots && n < hls->n_calls && !hls->ending; i++) {
		struct slot *slot = &hls->slots[i];
		struct track *track = track_to_ask(hls);

		if (slot->state != SLOT_FREE || !track)
			continue;
		slot->track = track;
		slot->piece = track->n_asked++;
		slot->attempts = 0;
		start(slot);
		n++;
	}
}

static struct slot *ready_for(struct hls *hls, const struct track *track, size_t piece)
{
	for (size_t i = 0; i < hls->n_slots; i++) {
		struct slot *slot = &hls->slots[i];

		if (slot->state == SLOT_READY && slot->track == track &&
			slot->piece == piece)
			return slot;
	}
	return NULL;
}

static void appended(struct hls *hls)
{
	if (hls->n_batch)
		hls->refreshes = 0;
	if (hls->sync)
		hls->synced_ms = clock_system.mono_ms();
	for (size_t i = 0; i < hls->n_batch; i++)
		hls->batch[i]->state = SLOT_FREE;
}

static size_t missing(const struct hls *hls)
{
	size_t n = 0;

	for (size_t i = 0; i < hls->n_tracks; i++)
		n += hls->tracks[i].n_pieces - hls->tracks[i].n_held;
	return n;
}

static void append_ready(struct hls *hls)
{
	size_t n = 0;

	for (size_t i = 0; i < hls->n_tracks; i++) {
		struct track *track = &hls->tracks[i];
		struct slot *slot;

		for (size_t p = track->n_held;
			(slot = ready_for(hls, track, p)) && n < HLS_SLOTS; p++) {
			slot->state = SLOT_APPENDS;
			hls->batch[n++] = slot;
		}
	}
	hls->n_batch = n;
	/* With the last of them it goes on to what is made of it. */
	hls->sync =
		n < missing(hls) && clock_system.mono_ms() - hls->synced_ms >= SYNC_MS;
	if (n > 0 || (hls->sync && hls_unsafe(hls)))
		hls_queue(hls, hls_step_append, appended);
}

void hls_advance_segments(struct hls *hls)
{
	/* With a manifest to come nothing is begun; what runs may end. While the pool
	 * appends, tracks are its own but for what is asked of them. */
	if (!hls->refresh)
		start_more(hls);
	if (!hls->busy && !hls->ending)
		append_ready(hls);
}
