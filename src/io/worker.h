/*
 * A worker: a thread, its uv loop, and a mailbox. Messages are the only thing threads
 * share; the mailbox lock is the only mutex of the agent beside that of the metrics. A
 * loop without a thread of its own (the control loop) has a mailbox too, so answers
 * find their way back.
 */
#ifndef VODKEEP_IO_WORKER_H
#define VODKEEP_IO_WORKER_H

#include "base/err.h"
#include <uv.h>

/* Embedded in a request, or first in a heap message. run() is called once on the
 * receiving thread and may free or re-post the message. Messages posted by one thread
 * to one mailbox run in order. */
struct message {
	struct message *next;
	void (*run)(struct message *message);
};

struct mailbox;
/* A mailbox served by @loop on whatever thread runs it. */
int mailbox_open(struct mailbox **out, uv_loop_t *loop, struct err *err);
/* Any thread, until mailbox_close() is called: who closes makes sure of that. */
void mailbox_post(struct mailbox *mailbox, struct message *message);
/* Called after each drained burst of messages, on the loop's thread: where the store
 * commits what the burst brought. May be NULL. Set before the first post. */
void mailbox_on_drained(struct mailbox *mailbox, void (*drained)(void *arg), void *arg);
/* On the loop's thread, also from within a message: runs what is queued, what that
 * posts, and drained(); then closes. Freed when the handle is closed. */
void mailbox_close(struct mailbox *mailbox);

struct worker;
struct worker_hooks {
	/* On the new thread: before its loop runs; after it has run dry. May be NULL.
	 * begin() that fails leaves no handle open, and nothing else is called. */
	int (*begin)(void *arg, uv_loop_t *loop, struct err *err);
	void (*end)(void *arg);
	/* On the worker's thread, after all messages posted before worker_stop() have
	 * run: close every handle you own, so that the loop ends. May be NULL. */
	void (*stop)(void *arg);
	/* As mailbox_on_drained(). */
	void (*drained)(void *arg);
};
/* Starts the thread and returns when begin() has: its error is worker_start()'s. @hooks
 * must outlive the worker. */
int worker_start(struct worker **out, const char *thread_name,
	const struct worker_hooks *hooks, void *arg, struct err *err);
struct mailbox *worker_mailbox(struct worker *worker);
/* Post stop and join: blocks until the loop has run dry (asserts uv_loop_close() == 0).
 * Nobody may post to the worker any more. NULL allowed. */
void worker_stop(struct worker *worker);

#endif
