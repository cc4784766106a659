/*
 * How telling a notice ends: when it is tried again, what log, warning and story say,
 * and that the outbox knows. The lowest room of the courier.
 */
#include <config.h>

#include "flow/courier_parts.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "core/retry.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void job_stopped(struct job *job)
{
	job->over(job, true);
}

static void on_settled(void *arg, const struct err *err)
{
	struct job *job = arg;
	job->over(job, err->class == ERR_NONE);
}

void job_settle(struct job *job)
{
	struct story story = { 0 };
	job->unsaved = false;
	story_add(&story, clock_system.wall_ns(), notice_kind_name(job->notice.kind),
		"%s", job->text);
	store_outbox_settle(
		job->store, &job->notice, job->next_ns, &story, on_settled, job);
}

static void tell_person(const struct job *job, enum job_end end)
{
	static const char *const outcomes[] = { [JOB_DONE] = "done",
		[JOB_AGAIN] = "retried",
		[JOB_OVER] = "failed",
		[JOB_MOOT] = "moot" };
	const struct notice *notice = &job->notice;
	const char *kind = notice_kind_name(notice->kind);
	const struct log_about about = { .workspace = notice->workspace,
		.asset = notice->id };
	char key[160];
	metric_add(METRIC_NOTICES, outcomes[end], 1);
	snprintf(key, sizeof(key), "%s/%s", kind, notice->rule);
	if (end == JOB_DONE || end == JOB_MOOT) {
		log_info(&about, "%s: %s", kind, job->text);
	} else {
		log_warn(&about, "%s: %s", kind, job->text);
		warnings_set(job->warnings, key, NULL, false, "%s of [rule %s]: %s",
			kind, notice->rule, job->text);
	}
	if (end == JOB_DONE)
		warnings_clear(job->warnings, key);
}

static void add_text(struct job *job, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add_text(struct job *job, const char *fmt, ...)
{
	char more[128];
	char *before = job->text;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(more, sizeof(more), fmt, ap);
	va_end(ap);
	job->text = mem_printf("%s; %s", before, more);
	free(before);
}

/* When it is tried again; 0: never. The sentence says so. */
static int64_t next_attempt(struct job *job, int64_t asked_ms)
{
	const struct config *config = job->settings->config;
	const struct retry_limits limits = { .min_ms = config->transfer.retry_min_ms,
		.max_ms = config->transfer.retry_max_ms,
		.for_ms = config->transfer.retry_for_ms };
	int attempt = job->notice.attempts + 1;
	int64_t now_ns = clock_system.wall_ns();
	char delay[32];
	if (retry_given_up(&limits, job->notice.created_ns, now_ns)) {
		add_text(job, "given up after %d attempts", attempt);
		return 0;
	}
	int64_t ms = retry_backoff_ms(&limits, attempt, asked_ms, random_u64());
	duration_format(ms < 10 * MS_PER_S ? ms : ms - ms % MS_PER_S, delay);
	add_text(job, "tried again in %s", delay);
	return now_ns + ms * NS_PER_MS;
}

void job_end(struct job *job, enum job_end end, int64_t asked_ms, const char *fmt, ...)
{
	char text[4096];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	job->text = mem_strdup(text);
	if (end == JOB_AGAIN)
		job->next_ns = next_attempt(job, asked_ms);
	if (end == JOB_AGAIN && !job->next_ns)
		end = JOB_OVER;
	tell_person(job, end);
	job_settle(job);
}
