/*
 * The store's outbox: notices (core/notice.h) that have come true and have not been
 * told. They come in with store_save_telling(), in the transaction of the state that
 * they tell of; the courier takes them out. Part of store/store.h's contract.
 */
#ifndef VODKEEP_STORE_OUTBOX_H
#define VODKEEP_STORE_OUTBOX_H

#include "core/notice.h"
#include "store/store.h"

/* As store_save(); and put @notices into the outbox with it. Borrowed until cb. */
void store_save_telling(struct store *store, const struct asset *asset, int64_t due_ns,
	struct story *story, const struct notices *notices, store_done_cb cb,
	void *arg);

/* What each queue (a rule's notify, or its after) begins with: at most @each of them.
 * The POSTs in the order in which they were made, the programs those first that may
 * run first. */
typedef void (*store_outbox_cb)(
	void *arg, const struct err *err, const struct notices *heads);
void store_outbox(struct store *store, size_t each, store_outbox_cb cb, void *arg);

/* @notice was tried: it is forgotten, or with @next_ns tried again then, having failed
 * once more. @story (emptied) goes to its asset. */
void store_outbox_settle(struct store *store, const struct notice *notice,
	int64_t next_ns, struct story *story, store_done_cb cb, void *arg);
/* Whatever waits may be tried at once. */
void store_outbox_hurry(struct store *store, store_done_cb cb, void *arg);

struct outbox_queue {
	enum notice_kind kind;
	char *rule;
	int64_t waiting, oldest_ns;
};
/* In the order of kind and rule; empty ones are left out. */
typedef void (*store_queues_cb)(
	void *arg, const struct err *err, const struct outbox_queue *queues, size_t n);
void store_outbox_queues(struct store *store, store_queues_cb cb, void *arg);

#endif
