/*
 * Threads that share messages and nothing else.
 *
 * A mailbox is a locked list and an async handle. Wake-ups are coalesced, so every one
 * drains all that is there. The burst being drained is kept in the mailbox, not on the
 * stack: mailbox_close() called by one of its messages goes on exactly where the drain
 * stands, and order holds.
 *
 * The wake-up is sent under the lock. Otherwise the last poster could still be about to
 * touch the handle when the receiver, awake for another reason, has already taken the
 * message that closes it.
 *
 * It ends in one way: the stop message asks the owner to close its handles, closes the
 * mailbox, and the loop returns by itself because nothing is left on it.
 */
#include <config.h>

#include "io/worker.h"

#include "base/mem.h"
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct mailbox {
	uv_async_t wake;
	uv_mutex_t lock; /* head, tail, closing */
	struct message *head, **tail;
	bool closing;
	struct message *burst; /* taken, not yet run; the loop's thread only */
	bool ran;              /* a message since drained() was last called */
	void (*drained)(void *arg);
	void *drained_arg;
};

struct worker {
	uv_thread_t thread;
	uv_loop_t loop;
	struct mailbox *mailbox;
	struct message stop;
	const struct worker_hooks *hooks;
	void *arg;
	char name[16];
	uv_sem_t begun;
	struct err *err; /* of worker_start(), until begun */
	int status;
};

static bool take(struct mailbox *mailbox)
{
	uv_mutex_lock(&mailbox->lock);
	mailbox->burst = mailbox->head;
	mailbox->head = NULL;
	mailbox->tail = &mailbox->head;
	uv_mutex_unlock(&mailbox->lock);
	return mailbox->burst != NULL;
}

static void run_burst(struct mailbox *mailbox)
{
	while (mailbox->burst) {
		struct message *message = mailbox->burst;
		mailbox->burst = message->next;
		mailbox->ran = true;
		message->run(message);
	}
	if (!mailbox->ran)
		return;
	mailbox->ran = false;
	if (mailbox->drained)
		mailbox->drained(mailbox->drained_arg);
}

/* Everything queued, also what that posts. */
static void run_all(struct mailbox *mailbox)
{
	do
		run_burst(mailbox);
	while (take(mailbox));
}

static void on_wake(uv_async_t *wake)
{
	struct mailbox *mailbox = container_of(wake, struct mailbox, wake);
	if (take(mailbox))
		run_burst(mailbox);
}

int mailbox_open(struct mailbox **out, uv_loop_t *loop, struct err *err)
{
	struct mailbox *mailbox = mem_alloc(sizeof(*mailbox));
	int rc = uv_mutex_init(&mailbox->lock);
	if (rc)
		goto err_free;
	rc = uv_async_init(loop, &mailbox->wake, on_wake);
	if (rc)
		goto err_mutex;
	mailbox->tail = &mailbox->head;
	*out = mailbox;
	return 0;

err_mutex:
	uv_mutex_destroy(&mailbox->lock);
err_free:
	free(mailbox);
	return err_set(err, ERR_LOCAL, "cannot open a mailbox: %s", uv_strerror(rc));
}

void mailbox_post(struct mailbox *mailbox, struct message *message)
{
	message->next = NULL;
	uv_mutex_lock(&mailbox->lock);
	assert(!mailbox->closing);
	bool first = mailbox->head == NULL;
	*mailbox->tail = message;
	mailbox->tail = &message->next;
	if (first)
		uv_async_send(&mailbox->wake);
	uv_mutex_unlock(&mailbox->lock);
}

void mailbox_on_drained(struct mailbox *mailbox, void (*drained)(void *arg), void *arg)
{
	mailbox->drained = drained;
	mailbox->drained_arg = arg;
}

static void on_mailbox_closed(uv_handle_t *handle)
{
	struct mailbox *mailbox = container_of(handle, struct mailbox, wake);
	uv_mutex_destroy(&mailbox->lock);
	free(mailbox);
}

/* Mark it closed unless something was posted since the last take. */
static bool close_if_empty(struct mailbox *mailbox)
{
	uv_mutex_lock(&mailbox->lock);
	bool empty = mailbox->head == NULL;
	if (empty)
		mailbox->closing = true;
	uv_mutex_unlock(&mailbox->lock);
	return empty;
}

void mailbox_close(struct mailbox *mailbox)
{
	do
		run_all(mailbox);
	while (!close_if_empty(mailbox));
	uv_close((uv_handle_t *)&mailbox->wake, on_mailbox_closed);
}

static void run_stop(struct message *message)
{
	struct worker *worker = container_of(message, struct worker, stop);
	run_all(worker->mailbox); /* stop() comes after all that was asked before */
	if (worker->hooks->stop)
		worker->hooks->stop(worker->arg);
	mailbox_close(worker->mailbox);
}

static void run_thread(void *arg)
{
	struct worker *worker = arg;
	const struct worker_hooks *hooks = worker->hooks;

	pthread_setname_np(pthread_self(), worker->name);
	if (hooks->begin)
		worker->status = hooks->begin(worker->arg, &worker->loop, worker->err);
	bool begun = worker->status == 0;
	if (!begun)
		mailbox_close(worker->mailbox);
	uv_sem_post(&worker->begun);
	uv_run(&worker->loop, UV_RUN_DEFAULT);
	if (begun && hooks->end)
		hooks->end(worker->arg);
}

static void worker_free(struct worker *worker)
{
	int rc = uv_loop_close(&worker->loop);
	assert(rc == 0);
	(void)rc;
	uv_sem_destroy(&worker->begun);
	free(worker);
}

/* What uv_thread_create() could not use: the loop is run dry here instead. */
static int abandon(struct worker *worker, int rc, struct err *err)
{
	mailbox_close(worker->mailbox);
	uv_run(&worker->loop, UV_RUN_DEFAULT);
	err_set(err, ERR_LOCAL, "cannot start thread %s: %s", worker->name,
		uv_strerror(rc));
	worker_free(worker);
	return -ERR_LOCAL;
}

int worker_start(struct worker **out, const char *thread_name,
	const struct worker_hooks *hooks, void *arg, struct err *err)
{
	struct worker *worker = mem_alloc(sizeof(*worker));
	struct err begin_err = { .class = ERR_NONE };
	int rc;

	snprintf(worker->name, sizeof(worker->name), "%s", thread_name);
	worker->hooks = hooks;
	worker->arg = arg;
	worker->err = &begin_err;
	worker->stop.run = run_stop;
	rc = uv_loop_init(&worker->loop);
	if (rc) {
		free(worker);
		return err_set(err, ERR_LOCAL, "cannot start thread %s: %s",
			thread_name, uv_strerror(rc));
	}
	uv_sem_init(&worker->begun, 0);
	rc = mailbox_open(&worker->mailbox, &worker->loop, err);
	if (rc) {
		worker_free(worker);
		return rc;
	}
	mailbox_on_drained(worker->mailbox, hooks->drained, arg);
	rc = uv_thread_create(&worker->thread, run_thread, worker);
	if (rc)
		return abandon(worker, rc, err);
	uv_sem_wait(&worker->begun);
	if (worker->status) {
		int status = worker->status;
		uv_thread_join(&worker->thread);
		worker_free(worker);
		if (err)
			*err = begin_err;
		return status;
	}
	*out = worker;
	return 0;
}

struct mailbox *worker_mailbox(struct worker *worker)
{
	return worker->mailbox;
}

void worker_stop(struct worker *worker)
{
	if (!worker)
		return;
	mailbox_post(worker->mailbox, &worker->stop);
	uv_thread_join(&worker->thread);
	worker_free(worker);
}
