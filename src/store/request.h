/*
 * How a call of the store travels: a request goes to a worker, does its work there on
 * the worker's connection, comes back to the store's loop, and answers. Private to
 * store/.
 *
 * Each kind of request embeds struct request first and brings two functions. A write's
 * work runs inside a transaction that it may share with others: when that fails, its
 * results are void, whatever work() returned.
 */
#ifndef VODKEEP_STORE_REQUEST_H
#define VODKEEP_STORE_REQUEST_H

#include "io/worker.h"
#include "store/backend.h"

struct request {
	struct message message;
	struct store *store;
	struct side *side;    /* the worker it is at */
	struct request *next; /* in a batch */
	/* On the worker: what backend.h says of its slots. Sets again to be called in a
	 * later transaction, instead of being answered. */
	int (*work)(struct request *request, const struct backend *backend,
		struct backend_conn *conn, struct err *err);
	/* On the store's loop: call back, and release what the request holds (not the
	 * request itself). err.class says how it went. */
	void (*answer)(struct request *request);
	struct err err;
	bool write, again;
};

/* A zeroed request of @size bytes. */
void *request_new(struct store *store, size_t size,
	int (*work)(struct request *request, const struct backend *backend,
		struct backend_conn *conn, struct err *err),
	void (*answer)(struct request *request));
/* Hand it over; it is freed after its answer. */
void request_write(struct request *request);
void request_read(struct request *request);
/* As a read, but it may take long: nobody waits behind it. */
void request_read_long(struct request *request);
/* The store's clock now. */
int64_t store_now_ns(const struct store *store);
/* Remember a meta value that has been committed. */
void store_remember(struct store *store, const char *key, const char *value);

#endif
