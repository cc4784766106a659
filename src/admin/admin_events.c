/*
 * GET /api/v1/events: the status, whenever it has changed, once a second at most. It is
 * made once for all who look on, and not at all while nobody does. Who cannot take it
 * in time misses what is outdated anyway: the next one is whole.
 */
#include <config.h>

#include "admin/admin_events.h"

#include "admin/call.h"
#include "base/json.h"
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define WATCHERS_MAX 32
#define TICK_MS      1000
#define BEAT_TICKS   15 /* a sign of life, which finds out who has gone */

struct watcher {
	struct watcher *prev, *next;
	struct events *events;
	struct http_in *in;
	bool behind; /* has not got the latest */
};

struct events {
	struct admin *admin;
	uv_timer_t tick;
	bool has_tick, closed, asking;
	struct watcher *watchers;
	size_t count;
	char *latest; /* as it is sent */
	unsigned ticks;
};

static void give(struct watcher *watcher)
{
	const char *latest = watcher->events->latest;

	if (!watcher->behind || !latest || http_stream_pending(watcher->in) > 0)
		return;
	if (http_stream_write(watcher->in, latest, strlen(latest)))
		watcher->behind = false;
}

static void on_status(struct admin *admin, int status, cJSON *json)
{
	struct events *events = admin->events;
	char *text, *message;

	events->asking = false;
	/* It grows by itself, and would make every status a new one. */
	cJSON_DeleteItemFromObject(json, "uptime_seconds");
	text = json_print(json, false);
	message = mem_printf(
		"event: %s\ndata: %s\n\n", status == 200 ? "status" : "trouble", text);
	free(text);
	cJSON_Delete(json);
	if (events->latest && strcmp(events->latest, message) == 0) {
		free(message);
	} else {
		free(events->latest);
		events->latest = message;
		for (struct watcher *w = events->watchers; w; w = w->next)
			w->behind = true;
	}
	for (struct watcher *w = events->watchers; w; w = w->next)
		give(w);
}

static void ask(struct events *events)
{
	if (events->asking || events->closed)
		return;
	events->asking = true;
	admin_status(call_within(events->admin, on_status));
}

static void on_tick(uv_timer_t *timer)
{
	struct events *events = container_of(timer, struct events, tick);

	if (++events->ticks % BEAT_TICKS == 0)
		for (struct watcher *w = events->watchers; w; w = w->next)
			if (http_stream_pending(w->in) == 0)
				http_stream_write(w->in, ":\n\n", 3);
	ask(events);
}

static void on_ended(void *arg)
{
	struct watcher *watcher = arg;
	struct events *events = watcher->events;

	if (watcher->prev)
		watcher->prev->next = watcher->next;
	else
		events->watchers = watcher->next;
	if (watcher->next)
		watcher->next->prev = watcher->prev;
	free(watcher);
	if (--events->count == 0 && !events->closed)
		uv_timer_stop(&events->tick);
}

static void add_watcher(struct events *events, struct http_in *in)
{
	struct watcher *watcher = mem_alloc(sizeof(*watcher));
	const struct http_stream_handler handler = { .ended = on_ended,
		.arg = watcher };
	struct http_reply reply = { .status = 200,
		.content_type = "text/event-stream",
		.headers = { { "X-Accel-Buffering", "no" } } };

	watcher->events = events;
	watcher->in = in;
	watcher->behind = true;
	watcher->next = events->watchers;
	if (watcher->next)
		watcher->next->prev = watcher;
	events->watchers = watcher;
	events->count++;
	reply_harden(&reply);
	http_reply_stream(in, &reply, -1, &handler);
	give(watcher);
}

void admin_events(struct admin_call *call)
{
	struct events *events = call->admin->events;

	if (events->count >= WATCHERS_MAX) {
		call_fail(call, 503, "%d pages look on already: close one of them",
			WATCHERS_MAX);
		return;
	}
	if (!events->has_tick) {
		uv_timer_init(call->admin->on.loop, &events->tick);
		events->has_tick = true;
	}
	if (!uv_is_active((uv_handle_t *)&events->tick))
		uv_timer_start(&events->tick, on_tick, TICK_MS, TICK_MS);
	add_watcher(events, call->in);
	call_end(call);
	ask(events);
}

struct events *events_new(struct admin *admin)
{
	struct events *events = mem_alloc(sizeof(*events));

	events->admin = admin;
	return events;
}

void events_close(struct events *events)
{
	if (events->closed)
		return;
	events->closed = true;
	if (events->has_tick)
		uv_close((uv_handle_t *)&events->tick, NULL);
}

void events_free(struct events *events)
{
	if (!events)
		return;
	assert(!events->watchers);
	free(events->latest);
	free(events);
}
