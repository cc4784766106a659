/*
 * The store's writes that come from a platform's list. Like store_write.c, requests and
 * nothing else.
 */
#include <config.h>

#include "store/request.h"

#include "base/mem.h"
#include <stdlib.h>

struct listing {
	struct request request;
	struct list_order order;
	char *workspace;
	struct walk walk;
	struct listed *listed;
	size_t n;
	struct differences found;
	int64_t now_ns;
	store_list_cb cb;
	void *arg;
};

static int page_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct listing *listing = container_of(request, struct listing, request);

	return backend->list_page(conn, &listing->order, listing->listed, listing->n,
		listing->now_ns, &listing->found, err);
}

static int end_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct listing *listing = container_of(request, struct listing, request);
	int rc = backend->list_end(conn, &listing->order, listing->now_ns,
		&listing->walk, &listing->found, err);

	request->again = !rc && listing->walk.more;
	return rc;
}

static void listing_answer(struct request *request)
{
	struct listing *listing = container_of(request, struct listing, request);

	listing->cb(listing->arg, &request->err,
		request->err.class ? NULL : &listing->found);
	for (size_t i = 0; i < listing->n; i++)
		listed_release(&listing->listed[i]);
	free(listing->listed);
	free(listing->workspace);
	differences_release(&listing->found);
}

static struct listing *listing_new(struct store *store, const struct list_order *order,
	int (*work)(struct request *request, const struct backend *backend,
		struct backend_conn *conn, struct err *err),
	store_list_cb cb, void *arg)
{
	struct listing *listing =
		request_new(store, sizeof(*listing), work, listing_answer);

	listing->order = *order;
	listing->workspace = mem_strdup(order->workspace);
	listing->order.workspace = listing->workspace;
	listing->now_ns = store_now_ns(store);
	listing->cb = cb;
	listing->arg = arg;
	return listing;
}

void store_list_page(struct store *store, const struct list_order *order,
	struct listed *listed, size_t n, store_list_cb cb, void *arg)
{
	struct listing *listing = listing_new(store, order, page_work, cb, arg);

	listing->listed = listed;
	listing->n = n;
	request_write(&listing->request);
}

void store_list_end(struct store *store, const struct list_order *order,
	store_list_cb cb, void *arg)
{
	request_write(&listing_new(store, order, end_work, cb, arg)->request);
}
