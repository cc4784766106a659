/*
 * Reading the ledger, as a request. Its rows are written with what they tell of
 * (store_write.c, store_command.c), never by themselves.
 */
#include <config.h>

#include "store/request.h"

#include "base/mem.h"

struct read_ledger {
	struct request request;
	int64_t after_row;
	size_t limit;
	struct ledger_list list;
	void (*cb)(void *arg, const struct err *err, const struct ledger_entry *entries,
		size_t n, const struct ledger_chain *head);
	void *arg;
};

static int ledger_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct read_ledger *read = container_of(request, struct read_ledger, request);

	return backend->ledger(conn, read->after_row, read->limit, &read->list, err);
}

static void ledger_answer(struct request *request)
{
	struct read_ledger *read = container_of(request, struct read_ledger, request);

	if (request->err.class)
		ledger_list_release(&read->list);
	read->cb(read->arg, &request->err, read->list.items, read->list.count,
		&read->list.head);
	ledger_list_release(&read->list);
}

void store_ledger(struct store *store, int64_t after_row, size_t limit,
	void (*cb)(void *arg, const struct err *err, const struct ledger_entry *entries,
		size_t n, const struct ledger_chain *head),
	void *arg)
{
	struct read_ledger *read =
		request_new(store, sizeof(*read), ledger_work, ledger_answer);

	read->after_row = after_row;
	read->limit = limit;
	read->cb = cb;
	read->arg = arg;
	if (limit)
		request_read_long(&read->request);
	else
		request_read(&read->request);
}
