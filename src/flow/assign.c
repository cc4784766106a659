/*
 * How far it is lies in the store's meta as "FINGERPRINT ROW": of the rules it is
 * about, and the last row that was gone through; -1 for all of them.
 */
#include <config.h>

#include "flow/assign.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/rule.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define META_KEY "rules"
#define STEP_MS  50
#define AGAIN_MS 5000 /* after trouble */
#define DONE     INT64_C(-1)

struct assign {
	struct store *store;
	uv_timer_t timer;
	struct settings *settings, *used; /* used: by the step under way */
	char fingerprint[DIGEST_SHA256_HEX];
	int64_t row;
	size_t changed;
	bool busy, again; /* an answer is outstanding; the rules are others since */
	bool stopped, closing, timer_closed;
	void (*done)(void *arg);
	void *done_arg;
	void (*closed)(void *arg);
	void *closed_arg;
};

static void on_timer(uv_timer_t *timer);

static void free_if_closed(struct assign *assign)
{
	if (!assign->timer_closed || assign->busy)
		return;
	assign->closed(assign->closed_arg);
	settings_unref(assign->settings);
	free(assign);
}

static void on_place_stored(void *arg, const struct err *err)
{
	(void)arg;
	if (err->class != ERR_NONE && err->class != ERR_CANCELLED)
		log_warn(NULL,
			"how far assets have been assigned to rules could not be stored: %s; "
			"after a restart it begins earlier",
			err->text);
}

static void write_place(struct assign *assign)
{
	char *text = mem_printf("%s %" PRId64, assign->fingerprint, assign->row);

	store_put_meta(assign->store, META_KEY, text, on_place_stored, NULL);
	free(text);
}

static void read_place(struct assign *assign)
{
	const char *text = store_meta(assign->store, META_KEY);
	char hash[DIGEST_SHA256_HEX];
	int64_t row;

	assign->row = 0;
	assign->changed = 0;
	rule_fingerprint(assign->settings->config, assign->fingerprint);
	if (text && sscanf(text, "%64s %" SCNd64, hash, &row) == 2 &&
		strcmp(hash, assign->fingerprint) == 0)
		assign->row = row;
}

/* On the store's thread: it reads what nobody changes. */
static const char *choose(void *arg, const char *workspace, const struct facts *facts)
{
	const struct settings *settings = arg;

	return rule_choose(settings->config, workspace, facts)->name;
}

static void end(struct assign *assign)
{
	assign->row = DONE;
	if (assign->changed)
		log_info(NULL,
			"the rules have changed: %zu archived assets are under others now",
			assign->changed);
	assign->done(assign->done_arg);
}

static void on_step(void *arg, const struct err *err, const struct assign_step *step)
{
	struct assign *assign = arg;
	uint64_t wait_ms = STEP_MS;

	assign->busy = false;
	settings_unref(assign->used);
	if (assign->closing) {
		free_if_closed(assign);
		return;
	}
	if (assign->stopped)
		return;
	if (assign->again) {
		assign->again = false;
		read_place(assign);
	} else if (err->class != ERR_NONE) { /* the store's own warning tells */
		wait_ms = AGAIN_MS;
	} else {
		assign->row = step->row;
		assign->changed += step->changed;
		if (!step->more)
			end(assign);
		write_place(assign);
	}
	if (assign->row != DONE)
		uv_timer_start(&assign->timer, on_timer, wait_ms, 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct assign *assign = timer->data;

	assign->busy = true;
	assign->used = settings_ref(assign->settings);
	store_assign(assign->store, assign->row, choose, assign->used, on_step, assign);
}

static void begin(struct assign *assign)
{
	read_place(assign);
	if (assign->row != DONE)
		uv_timer_start(&assign->timer, on_timer, STEP_MS, 0);
}

struct assign *assign_new(uv_loop_t *loop, struct store *store,
	struct settings *settings, void (*done)(void *arg), void *arg)
{
	struct assign *assign = mem_alloc(sizeof(*assign));

	assign->store = store;
	assign->settings = settings_ref(settings);
	assign->done = done;
	assign->done_arg = arg;
	uv_timer_init(loop, &assign->timer);
	assign->timer.data = assign;
	begin(assign);
	return assign;
}

void assign_reload(struct assign *assign, struct settings *settings)
{
	settings_unref(assign->settings);
	assign->settings = settings_ref(settings);
	assign->again = assign->busy;
	uv_timer_stop(&assign->timer);
	if (!assign->busy && !assign->stopped)
		begin(assign);
}

void assign_stop(struct assign *assign)
{
	assign->stopped = true;
	uv_timer_stop(&assign->timer);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct assign *assign = handle->data;

	assign->timer_closed = true;
	free_if_closed(assign);
}

void assign_close(struct assign *assign, void (*closed)(void *arg), void *arg)
{
	assign->stopped = true;
	assign->closing = true;
	assign->closed = closed;
	assign->closed_arg = arg;
	uv_close((uv_handle_t *)&assign->timer, on_timer_closed);
}
