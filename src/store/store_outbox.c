/*
 * The outbox as requests: how notices are read by the courier and settled.
 */
#include <config.h>

#include "store/request.h"

#include "base/mem.h"
#include <stdlib.h>

#define REQUEST(type) container_of(request, struct type, request)

void queue_list_release(struct queue_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].rule);
	free(list->items);
	*list = (struct queue_list){ 0 };
}

struct read_outbox {
	struct request request;
	size_t each;
	struct notices heads;
	store_outbox_cb cb;
	void *arg;
};

static int outbox_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct read_outbox *read = REQUEST(read_outbox);
	return backend->outbox(conn, read->each, &read->heads, err);
}

static void outbox_answer(struct request *request)
{
	struct read_outbox *read = REQUEST(read_outbox);
	read->cb(read->arg, &request->err, request->err.class ? NULL : &read->heads);
	notices_release(&read->heads);
}

void store_outbox(struct store *store, size_t each, store_outbox_cb cb, void *arg)
{
	struct read_outbox *read =
		request_new(store, sizeof(*read), outbox_work, outbox_answer);
	read->each = each;
	read->cb = cb;
	read->arg = arg;
	request_read(&read->request);
}

struct settle {
	struct request request;
	int64_t row, asset, next_ns;
	bool hurry;
	struct story story;
	store_done_cb cb;
	void *arg;
};

static int settle_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct settle *settle = REQUEST(settle);
	if (settle->hurry)
		return backend->outbox_hurry(conn, err);
	int rc = backend->outbox_settle(conn, settle->row, settle->next_ns, err);
	return rc ? rc : backend->put_story(conn, settle->asset, &settle->story, err);
}

static void settle_answer(struct request *request)
{
	struct settle *settle = REQUEST(settle);
	settle->cb(settle->arg, &request->err);
	story_release(&settle->story);
}

void store_outbox_settle(struct store *store, const struct notice *notice,
	int64_t next_ns, struct story *story, store_done_cb cb, void *arg)
{
	struct settle *settle =
		request_new(store, sizeof(*settle), settle_work, settle_answer);
	settle->row = notice->row;
	settle->asset = notice->asset;
	settle->next_ns = next_ns;
	settle->story = *story;
	*story = (struct story){ 0 };
	settle->cb = cb;
	settle->arg = arg;
	request_write(&settle->request);
}

void store_outbox_hurry(struct store *store, store_done_cb cb, void *arg)
{
	struct settle *settle =
		request_new(store, sizeof(*settle), settle_work, settle_answer);
	settle->hurry = true;
	settle->cb = cb;
	settle->arg = arg;
	request_write(&settle->request);
}

struct read_queues {
	struct request request;
	struct queue_list list;
	store_queues_cb cb;
	void *arg;
};

static int queues_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	return backend->outbox_queues(conn, &REQUEST(read_queues)->list, err);
}

static void queues_answer(struct request *request)
{
	struct read_queues *read = REQUEST(read_queues);
	bool failed = request->err.class != ERR_NONE;
	read->cb(read->arg, &request->err, failed ? NULL : read->list.items,
		failed ? 0 : read->list.count);
	queue_list_release(&read->list);
}

void store_outbox_queues(struct store *store, store_queues_cb cb, void *arg)
{
	struct read_queues *read =
		request_new(store, sizeof(*read), queues_work, queues_answer);
	read->cb = cb;
	read->arg = arg;
	request_read(&read->request);
}
