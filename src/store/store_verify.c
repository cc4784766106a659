/*
 * The store's part in verifying: what it is asked and told, as requests and nothing
 * else.
 */
#include <config.h>

#include "store/request.h"

#include "base/mem.h"
#include <stdlib.h>

#define REQUEST(type) container_of(request, struct type, request)

/* ---- what was found ---- */

struct verified {
	struct request request;
	int64_t row, now_ns;
	struct verify_mark *marks;
	size_t n;
	bool repair;
	store_done_cb cb;
	void *arg;
};

static int verified_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct verified *verified = REQUEST(verified);

	return backend->verified(conn, verified->row, verified->marks, verified->n,
		verified->repair, verified->now_ns, err);
}

static void verified_answer(struct request *request)
{
	struct verified *verified = REQUEST(verified);

	verified->cb(verified->arg, &request->err);
	for (size_t i = 0; i < verified->n; i++) {
		free(verified->marks[i].key);
		free(verified->marks[i].text);
	}
	free(verified->marks);
}

void store_verified(struct store *store, int64_t row, const struct verify_mark *marks,
	size_t n, bool repair, store_done_cb cb, void *arg)
{
	struct verified *verified =
		request_new(store, sizeof(*verified), verified_work, verified_answer);

	verified->row = row;
	verified->now_ns = store_now_ns(store);
	verified->marks = mem_array(n + 1, sizeof(*verified->marks));
	for (verified->n = 0; verified->n < n; verified->n++)
		verified->marks[verified->n] = (struct verify_mark){
			.key = mem_strdup(marks[verified->n].key),
			.downloaded_ns = marks[verified->n].downloaded_ns,
			.text = mem_strdup(marks[verified->n].text),
		};
	verified->repair = repair;
	verified->cb = cb;
	verified->arg = arg;
	request_write(&verified->request);
}

/* ---- what there is ---- */

struct read_page {
	struct request request;
	char *workspace;
	int64_t after_row;
	size_t limit;
	struct ref_list list;
	void (*cb)(void *arg, const struct err *err, const struct asset_ref *refs,
		size_t n);
	void *arg;
};

static int page_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct read_page *read = REQUEST(read_page);

	return backend->verify_page(
		conn, read->workspace, read->after_row, read->limit, &read->list, err);
}

static void page_answer(struct request *request)
{
	struct read_page *read = REQUEST(read_page);

	if (request->err.class)
		ref_list_release(&read->list);
	read->cb(read->arg, &request->err, read->list.items, read->list.count);
	ref_list_release(&read->list);
	free(read->workspace);
}

void store_verify_page(struct store *store, const char *workspace, int64_t after_row,
	size_t limit,
	void (*cb)(void *arg, const struct err *err, const struct asset_ref *refs,
		size_t n),
	void *arg)
{
	struct read_page *read =
		request_new(store, sizeof(*read), page_work, page_answer);

	read->workspace = mem_strdup(workspace);
	read->after_row = after_row;
	read->limit = limit;
	read->cb = cb;
	read->arg = arg;
	request_read_long(&read->request); /* may pass over many rows */
}

struct read_claimed {
	struct request request;
	char **paths;
	size_t n;
	bool *claimed;
	void (*cb)(void *arg, const struct err *err, const bool *claimed, size_t n);
	void *arg;
};

static int claimed_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct read_claimed *read = REQUEST(read_claimed);

	return backend->claimed(conn, read->paths, read->n, read->claimed, err);
}

static void claimed_answer(struct request *request)
{
	struct read_claimed *read = REQUEST(read_claimed);
	bool failed = request->err.class != ERR_NONE;

	read->cb(read->arg, &request->err, failed ? NULL : read->claimed,
		failed ? 0 : read->n);
	for (size_t i = 0; i < read->n; i++)
		free(read->paths[i]);
	free(read->paths);
	free(read->claimed);
}

void store_claimed(struct store *store, char *const *paths, size_t n,
	void (*cb)(void *arg, const struct err *err, const bool *claimed, size_t n),
	void *arg)
{
	struct read_claimed *read =
		request_new(store, sizeof(*read), claimed_work, claimed_answer);

	read->paths = mem_array(n + 1, sizeof(*read->paths));
	read->claimed = mem_array(n + 1, sizeof(*read->claimed));
	for (read->n = 0; read->n < n; read->n++)
		read->paths[read->n] = mem_strdup(paths[read->n]);
	read->cb = cb;
	read->arg = arg;
	request_read_long(&read->request);
}
