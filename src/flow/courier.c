/*
 * Which notice is told when. The store's outbox is the queue; in memory are only the
 * jobs that are on their way. After each one the heads of the queues are read again.
 */
#include <config.h>

#include "flow/courier.h"

#include "base/clock.h"
#include "base/mem.h"
#include "flow/courier_parts.h"
#include <stdlib.h>
#include <string.h>

#define POSTS_AT_ONCE  8
#define RUNS_AT_ONCE   2
#define HEADS          8 /* of each queue; one asset may have several */
#define STORE_AGAIN_MS 1000

struct courier {
	struct courier_options o;
	struct settings *settings;
	struct job **jobs;
	size_t n_jobs;
	uv_timer_t timer;
	/* stale: a notice was settled while the heads were being read. */
	bool asking, again, stale, closing, timer_closed;
	void (*closed)(void *arg);
	void *closed_arg;
};

static void ask(struct courier *courier);

static void maybe_closed(struct courier *courier)
{
	if (!courier->closing || courier->n_jobs || courier->asking ||
		!courier->timer_closed || !courier->closed)
		return;
	void (*closed)(void *arg) = courier->closed;
	courier->closed = NULL;
	closed(courier->closed_arg);
}

static void on_timer(uv_timer_t *timer)
{
	ask(container_of(timer, struct courier, timer));
}

static void wake_in(struct courier *courier, int64_t ms)
{
	if (courier->closing)
		return;
	uv_update_time(courier->o.loop);
	uv_timer_start(&courier->timer, on_timer, (uint64_t)(ms > 0 ? ms : 0), 0);
}

static void job_free(struct job *job)
{
	struct courier *courier = job->courier;
	for (size_t i = 0; i < courier->n_jobs; i++)
		if (courier->jobs[i] == job)
			courier->jobs[i] = courier->jobs[--courier->n_jobs];
	notice_release(&job->notice);
	settings_unref(job->settings);
	free(job->text);
	free(job);
	maybe_closed(courier);
}

static void on_over(struct job *job, bool stored)
{
	struct courier *courier = job->courier;
	job->unsaved = !stored;
	if (!stored && !courier->closing) {
		wake_in(courier, STORE_AGAIN_MS);
		return;
	}
	courier->stale = courier->asking;
	job_free(job);
	ask(courier);
}

/* ---- which is next ---- */

static const struct rule *rule_named(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_rules; i++)
		if (strcmp(config->rules[i].name, name) == 0)
			return &config->rules[i];
	return NULL;
}

/* The target of @notice in the present configuration, or NULL. */
static const char *target_of(const struct courier *courier, const struct notice *notice)
{
	const struct config *config = courier->settings->config;
	const struct rule *rule = rule_named(config, notice->rule);
	if (!rule || !config_workspace(config, notice->workspace))
		return NULL;
	return notice->kind == NOTICE_POST ? rule->notify : rule->after;
}

static struct job *job_new(struct courier *courier, const struct notice *notice)
{
	struct job *job = mem_alloc(sizeof(*job));
	const struct config *config = courier->settings->config;
	job->courier = courier;
	job->store = courier->o.store;
	job->warnings = courier->o.warnings;
	job->over = on_over;
	notice_copy(&job->notice, notice);
	job->settings = settings_ref(courier->settings);
	job->rule = rule_named(config, notice->rule);
	job->ws = config_workspace(config, notice->workspace);
	courier->jobs =
		mem_grow(courier->jobs, courier->n_jobs + 1, sizeof(struct job *));
	courier->jobs[courier->n_jobs++] = job;
	return job;
}

static size_t jobs_of(const struct courier *courier, enum notice_kind kind)
{
	size_t n = 0;
	for (size_t i = 0; i < courier->n_jobs; i++)
		n += courier->jobs[i]->notice.kind == kind;
	return n;
}

/* A POST: to one target one at a time. A program: for one asset one at a time. */
static bool same_line(const struct courier *courier, const struct notice *a,
	const struct notice *b, const char *target)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == NOTICE_RUN)
		return a->asset == b->asset;
	const char *other = target_of(courier, b);
	return other && strcmp(target, other) == 0;
}

static bool must_wait(const struct courier *courier, const struct notices *heads,
	const struct notice *notice, const char *target)
{
	for (size_t i = 0; i < courier->n_jobs; i++)
		if (courier->jobs[i]->notice.row == notice->row ||
			same_line(courier, notice, &courier->jobs[i]->notice, target))
			return true;
	for (size_t i = 0; i < heads->n; i++)
		if (heads->items[i].row < notice->row &&
			same_line(courier, notice, &heads->items[i], target))
			return true;
	return false;
}

static void begin(struct courier *courier, const struct notice *notice)
{
	struct job *job = job_new(courier, notice);
	if (notice->kind == NOTICE_POST)
		job_post(job, courier->o.client);
	else
		job_run(job, courier->o.loop);
}

static void drop(struct courier *courier, const struct notice *notice)
{
	if (!config_workspace(courier->settings->config, notice->workspace))
		job_end(job_new(courier, notice), JOB_MOOT, 0,
			"nobody is told that it is %s: workspace %s is not configured "
			"any more",
			notice->event, notice->workspace);
	else
		job_end(job_new(courier, notice), JOB_MOOT, 0,
			"nobody is told that it is %s: [rule %s] has no %s any more",
			notice->event, notice->rule, notice_kind_name(notice->kind));
}

/* Begin it, if it is its turn. Returns when it may be, 0: whenever another ends. */
static int64_t consider(struct courier *courier, const struct notices *heads,
	const struct notice *notice, int64_t now_ns)
{
	static const size_t at_once[NOTICE_KINDS] = {
		[NOTICE_POST] = POSTS_AT_ONCE, [NOTICE_RUN] = RUNS_AT_ONCE
	};
	const char *target = target_of(courier, notice);
	if (!target) {
		for (size_t i = 0; i < courier->n_jobs; i++)
			if (courier->jobs[i]->notice.row == notice->row)
				return 0;
		drop(courier, notice);
		return 0;
	}
	if (must_wait(courier, heads, notice, target))
		return 0;
	if (notice->next_ns > now_ns)
		return notice->next_ns;
	if (jobs_of(courier, notice->kind) < at_once[notice->kind])
		begin(courier, notice);
	return 0;
}

static void on_heads(void *arg, const struct err *err, const struct notices *heads)
{
	struct courier *courier = arg;
	int64_t now_ns = clock_system.wall_ns(), next_ns = 0;
	courier->asking = false;
	if (courier->closing) {
		maybe_closed(courier);
		return;
	}
	if (courier->stale) {
		ask(courier);
		return;
	}
	if (err->class != ERR_NONE) {
		wake_in(courier, STORE_AGAIN_MS);
		return;
	}
	for (size_t i = 0; i < heads->n; i++) {
		int64_t at_ns = consider(courier, heads, &heads->items[i], now_ns);
		if (at_ns && (!next_ns || at_ns < next_ns))
			next_ns = at_ns;
	}
	if (courier->again)
		ask(courier);
	else if (next_ns)
		wake_in(courier, (next_ns - now_ns) / NS_PER_MS + 1);
}

static void ask(struct courier *courier)
{
	if (courier->closing)
		return;
	for (size_t i = 0; i < courier->n_jobs; i++)
		if (courier->jobs[i]->unsaved)
			job_settle(courier->jobs[i]);
	courier->again = courier->asking;
	if (courier->asking)
		return;
	courier->asking = true;
	courier->stale = false;
	store_outbox(courier->o.store, HEADS, on_heads, courier);
}

/* ---- life ---- */

struct courier *courier_new(const struct courier_options *options)
{
	struct courier *courier = mem_alloc(sizeof(*courier));
	courier->o = *options;
	courier->settings = settings_ref(options->settings);
	uv_timer_init(options->loop, &courier->timer);
	ask(courier);
	return courier;
}

void courier_news(struct courier *courier)
{
	ask(courier);
}

static void on_hurried(void *arg, const struct err *err)
{
	struct courier *courier = arg;
	(void)err; /* then each is tried at its time */
	ask(courier);
}

/* Whoever is in trouble under the new configuration as well says so again. */
static void forget_warnings(struct warnings *warnings)
{
	size_t n, i = 0;
	const struct warning *all = warnings_all(warnings, &n);
	while (i < n) {
		bool ours = strncmp(all[i].key, "notify/", 7) == 0 ||
			    strncmp(all[i].key, "after/", 6) == 0;
		if (!ours) {
			i++;
			continue;
		}
		char *key = mem_strdup(all[i].key);
		warnings_clear(warnings, key);
		free(key);
		all = warnings_all(warnings, &n);
	}
}

void courier_reload(struct courier *courier, struct settings *settings)
{
	settings_unref(courier->settings);
	courier->settings = settings_ref(settings);
	forget_warnings(courier->o.warnings);
	store_outbox_hurry(courier->o.store, on_hurried, courier);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct courier *courier =
		container_of((uv_timer_t *)(void *)handle, struct courier, timer);
	courier->timer_closed = true;
	maybe_closed(courier);
}

static void stop_job(struct job *job)
{
	job->stopping = true;
	if (job->call)
		http_call_cancel(job->call);
	else if (job->process)
		process_cancel(job->process);
	else if (job->unsaved) /* the store does not work: it is told again */
		job_free(job);
}

void courier_close(struct courier *courier, void (*closed)(void *arg), void *arg)
{
	courier->closing = true;
	courier->closed = closed;
	courier->closed_arg = arg;
	for (size_t i = courier->n_jobs; i-- > 0;)
		stop_job(courier->jobs[i]);
	uv_close((uv_handle_t *)&courier->timer, on_timer_closed);
}

void courier_free(struct courier *courier)
{
	if (!courier)
		return;
	settings_unref(courier->settings);
	free(courier->jobs);
	free(courier);
}
