/*
 * Adopting, as a request and nothing else.
 */
#include <config.h>

#include "store/request.h"

#include "base/mem.h"

struct adopting {
	struct request request;
	struct adoption_order *order;
	enum adoption outcome;
	int64_t now_ns;
	void (*cb)(void *arg, const struct err *err, enum adoption outcome);
	void *arg;
};

static int adopt_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct adopting *adopting = container_of(request, struct adopting, request);

	return backend->adopt(
		conn, adopting->order, adopting->now_ns, &adopting->outcome, err);
}

static void adopt_answer(struct request *request)
{
	struct adopting *adopting = container_of(request, struct adopting, request);

	adopting->cb(adopting->arg, &request->err, adopting->outcome);
}

void store_adopt(struct store *store, struct adoption_order *order,
	void (*cb)(void *arg, const struct err *err, enum adoption outcome), void *arg)
{
	struct adopting *adopting =
		request_new(store, sizeof(*adopting), adopt_work, adopt_answer);

	adopting->order = order;
	adopting->now_ns = store_now_ns(store);
	adopting->cb = cb;
	adopting->arg = arg;
	request_write(&adopting->request);
}
