/*
 * Private to flow/courier*.c: one notice on its way, and how the two ways of telling
 * hand it back.
 */
#ifndef VODKEEP_FLOW_COURIER_PARTS_H
#define VODKEEP_FLOW_COURIER_PARTS_H

#include "core/rule.h"
#include "flow/courier.h"
#include "io/process.h"
#include "store/outbox.h"

struct job {
	struct courier *courier;
	struct store *store;
	struct warnings *warnings;
	/* It has ended, and the outbox knows, or with !stored not yet: job_settle()
	 * tries that again. */
	void (*over)(struct job *job, bool stored);
	struct notice notice;
	struct settings *settings; /* as it began */
	const struct rule *rule;
	const struct workspace_config *ws;
	int64_t started_ms;
	/* One of them while it is on its way. */
	struct http_call *call;
	struct process *process;
	bool stopping;
	/* What is being stored of its end. */
	int64_t next_ns;
	char *text;
	bool unsaved;
};

enum job_end {
	JOB_DONE,
	JOB_AGAIN, /* may pass */
	JOB_OVER,  /* failed for good */
	JOB_MOOT,  /* there is nobody, or nothing, to tell any more */
};
/* courier_job.c. It has ended, as the sentence says; @asked_ms is the least to wait for
 * AGAIN. over() follows later. */
void job_end(struct job *job, enum job_end end, int64_t asked_ms, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Stopped by courier_close(): the notice stays as it is. Calls over() at once. */
void job_stopped(struct job *job);
void job_settle(struct job *job);

/* courier_post.c, courier_run.c: begin; job_end() or job_stopped() follows later. */
void job_post(struct job *job, struct http_client *client);
void job_run(struct job *job, uv_loop_t *loop);

#endif
