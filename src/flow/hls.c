/*
 * The job: its states and what may happen next. Whatever ends (a call, a step on the
 * pool, a transfer, the child) changes what is known and calls advance(), which begins
 * what is possible now. A job that ends waits until all of that has come back, then
 * tells its owner once and is freed: one way out for every ending.
 *
 *   open ─► lists ─► match ─► keys ─► segments ─► make ─► place ─► end
 *             ▲                           │
 *             └── a link was refused ─────┘
 */
#include <config.h>

#include "flow/hls_priv.h"

#include "base/clock.h"
#include "base/http.h"
#include "base/mem.h"
#include "core/rule.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TICK_MS 100
#define TELL_MS 1000

/* ---- how far it is ---- */

static void tell(struct hls *hls, bool now)
{
	int64_t at_ms = clock_system.mono_ms();
	int64_t held, total, safe;

	if (!hls->matched || hls->busy)
		return;
	hls_amount(hls, &held, &total);
	transfer_group_tell(hls->group, held, total);
	safe = hls_safe(hls);
	if (safe == hls->told_safe || (!now && at_ms - hls->told_ms < TELL_MS))
		return;
	hls->told_safe = safe;
	hls->told_ms = at_ms;
	hls->part.held = safe;
	hls->part.total = total;
	hls->events.part(hls->events.arg, &hls->part);
}

/* ---- the end ---- */

static void hls_free(uv_handle_t *handle)
{
	struct hls *hls = container_of(handle, struct hls, timer);

	for (size_t i = 0; i < hls->n_tracks; i++)
		track_release(&hls->tracks[i]);
	free(hls->tracks);
	for (size_t i = 0; i < hls->n_slots; i++) {
		free(hls->slots[i].key);
		free(hls->slots[i].name);
	}
	hls_keys_release(hls);
	hls_outputs_release(hls);
	m3u8_release(&hls->master);
	mem_free_secret(hls->master_base);
	mem_free_secret(hls->master_body);
	journal_release(&hls->journal);
	mem_free_secret(hls->url);
	free(hls->part.key);
	free(hls->part.name);
	free(hls->part.etag);
	free(hls->made);
	free(hls->index);
	free(hls);
}

static void end(struct hls *hls)
{
	struct hls_result result = { hls->results, hls->n_placed, hls->made };
	bool succeeded = hls->err.class == ERR_NONE;

	hls->state = HLS_END;
	tell(hls, true);
	if (hls->journal_fd >= 0)
		close(hls->journal_fd);
	transfer_group_close(hls->group);
	uv_timer_stop(&hls->timer);
	hls->events.done(hls->events.arg, &hls->err, succeeded ? &result : NULL);
	uv_close((uv_handle_t *)&hls->timer, hls_free);
}

static void advance_end(struct hls *hls)
{
	if (hls->state == HLS_END)
		return;
	hls_cancel_fetches(hls);
	hls_cancel_segments(hls);
	if (hls->process)
		process_cancel(hls->process);
	if (hls->placing)
		transfer_cancel(hls->placing, false);
	if (!LIST_EMPTY(&hls->fetches) || !hls_segments_idle(hls) || hls->busy ||
		hls->process || hls->placing)
		return;
	/* Also what came in the last instant is to be there when it goes on. */
	if (hls->err.class != ERR_NONE && !hls->saved && hls_unsafe(hls)) {
		hls->saved = true;
		hls_queue(hls, hls_step_sync, NULL);
		return;
	}
	end(hls);
}

/* ---- going on ---- */

static void matched(struct hls *hls)
{
	char held[32];

	hls->state = HLS_KEYS;
	if (hls->matched)
		return;
	hls->matched = true;
	if (hls->choice.note[0])
		hls_note(hls, "%s", hls->choice.note);
	hls_note(hls, "HLS: %s", hls->choice_text);
	/* Also when nothing is held: from now on the part claims what is staged. */
	hls->told_safe = -1;
	tell(hls, true);
	if (hls->told_safe > 0) {
		size_format_human(hls->told_safe, held);
		hls_note(hls, "goes on with %s that are held", held);
	}
}

static void picked(struct hls *hls)
{
	hls_take_pick(hls);
	if (hls->ending)
		return;
	hls->picked = true;
	hls_fetch_lists(hls);
}

static void opened(struct hls *hls)
{
	hls->state = HLS_LISTS;
	hls_fetch_lists(hls);
}

static void begin(struct hls *hls)
{
	hls->state = HLS_OPEN;
	hls_queue(hls, hls_step_open, opened);
}

static bool all_held(const struct hls *hls)
{
	for (size_t i = 0; i < hls->n_tracks; i++)
		if (hls->tracks[i].n_held < hls->tracks[i].n_pieces)
			return false;
	return true;
}

/* All playlists asked for are here: the master, or what it leads to. */
static void advance_lists(struct hls *hls)
{
	if (!LIST_EMPTY(&hls->fetches) || hls->busy)
		return;
	if (!hls->picked) {
		if (hls->master_body)
			hls_queue(hls, hls_step_pick, picked);
		return;
	}
	hls->state = HLS_MATCH;
	hls_queue(hls, hls_step_match, matched);
}

static void begin_segments(struct hls *hls)
{
	hls->state = HLS_SEGMENTS;
	hls->synced_ms = clock_system.mono_ms();
}

static void advance_segments(struct hls *hls)
{
	if (!hls->busy && all_held(hls)) {
		tell(hls, true);
		hls->state = HLS_MAKE;
		hls_make(hls);
		return;
	}
	if (hls->refresh && hls_segments_idle(hls) && !hls->busy) {
		hls->refresh = false;
		hls_note(hls, "a link was refused: the playlist is fetched anew");
		hls->state = HLS_LISTS;
		hls->picked = false;
		hls_keys_release(hls);
		hls_fetch_lists(hls);
		return;
	}
	hls_advance_segments(hls);
	if (hls_segments_asked(hls))
		hls_make_ready(hls);
}

static void advance(struct hls *hls)
{
	if (!hls->ending && hls->state == HLS_LISTS)
		advance_lists(hls);
	if (!hls->ending && hls->state == HLS_KEYS && !hls->busy && hls_fetch_keys(hls))
		begin_segments(hls);
	if (!hls->ending && hls->state == HLS_SEGMENTS)
		advance_segments(hls);
	if (!hls->ending && hls->state == HLS_PLACE && !hls->placing)
		hls_place_next(hls);
	if (hls->ending)
		advance_end(hls);
}

static void on_tick(uv_timer_t *timer)
{
	struct hls *hls = container_of(timer, struct hls, timer);

	tell(hls, false);
	advance(hls);
}

static const struct hls_hooks hooks = { .advance = advance };

/* ---- the owner's side ---- */

static bool host_allowed(void *arg, const char *host)
{
	const struct hls *hls = arg;
	const struct text_list *hosts = hls->spec.transfer.media_hosts;

	return hosts->count == 0 || glob_list_match(hosts, host);
}

static void set_policy(struct hls *hls)
{
	const struct transfer_spec *spec = &hls->spec.transfer;
	const struct config *config = hls->spec.config;

	hls->policy = (struct http_policy){
		.host_allowed = host_allowed,
		.arg = hls,
		.allow_private = spec->allow_private,
		.ca_file = spec->ca_file,
		.proxy = spec->proxy,
		.connect_timeout_ms = config->transfer.connect_timeout_ms,
		.low_speed_bytes = 1,
		.low_speed_ms = config->transfer.low_speed_ms,
		.total_ms = 120000,
		.redirects = 5,
	};
}

/* As many at once as the host may have connections, and as many again that wait for an
 * earlier one. */
static void make_slots(struct hls *hls)
{
	const struct config *config = hls->spec.config;

	hls->n_calls = (size_t)config->transfer.per_host;
	if (hls->n_calls > HLS_SLOTS / 2)
		hls->n_calls = HLS_SLOTS / 2;
	hls->n_slots = 2 * hls->n_calls;
	for (size_t i = 0; i < hls->n_slots; i++) {
		struct slot *slot = &hls->slots[i];
		char name[256];

		slot->hls = hls;
		slot->key = mem_printf("%s.slot%zu", hls->part.key, i);
		archive_part_name(hls->spec.transfer.row, slot->key, name);
		slot->name = mem_strdup(name);
	}
}

struct hls *hls_start(const struct hls_env *env, const struct hls_spec *spec,
	const struct hls_events *events)
{
	struct hls *hls = mem_alloc(sizeof(*hls));
	struct transfer_spec shown = spec->transfer;
	char name[256];

	hls->hooks = &hooks;
	hls->begin = begin;
	hls->env = *env;
	hls->spec = *spec;
	hls->events = *events;
	hls->url = mem_strdup(spec->transfer.url);
	hls->spec.transfer.url = NULL;
	hls->journal_fd = -1;
	hls->part.key = hls_part_key(spec->transfer.key);
	archive_part_name(spec->transfer.row, hls->part.key, name);
	hls->part.name = mem_strdup(name);
	hls->part.total = -1;
	hls->part.etag = mem_strdup("\"hls\""); /* it can be gone on with */
	if (http_url_host(hls->url, hls->host, sizeof(hls->host), NULL))
		hls->host[0] = '\0';
	LIST_INIT(&hls->fetches);
	set_policy(hls);
	make_slots(hls);
	hls->group = transfer_group_open(env->transfers, &shown);
	uv_timer_init(env->loop, &hls->timer);
	uv_timer_start(&hls->timer, on_tick, TICK_MS, TICK_MS);
	if (hls_recover(hls))
		hls->state = HLS_PLACE;
	else
		begin(hls);
	return hls;
}

void hls_place(struct hls *hls)
{
	if (hls->placing)
		transfer_place(hls->placing);
}

void hls_cancel(struct hls *hls)
{
	struct err err;

	err_set(&err, ERR_CANCELLED, "stopped");
	hls_fail(hls, &err); /* the next tick ends it */
}
