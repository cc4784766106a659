/*
 * Retention and pressure as a request: what has to be looked at next. And assigning,
 * which tells them whose rule an asset is under.
 */
#include <config.h>

#include "store/request.h"

#include "base/mem.h"
#include <assert.h>
#include <stdlib.h>

struct retire {
	struct request request;
	struct retire_order order;
	char *workspace, *rule;
	int64_t now_ns;
	struct retire_found found;
	void (*cb)(void *arg, const struct err *err, const struct retire_found *found);
	void *arg;
};

static int retire_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct retire *retire = container_of(request, struct retire, request);

	return backend->retire(
		conn, &retire->order, retire->now_ns, &retire->found, err);
}

static void retire_answer(struct request *request)
{
	struct retire *retire = container_of(request, struct retire, request);

	retire->cb(
		retire->arg, &request->err, request->err.class ? NULL : &retire->found);
	free(retire->workspace);
	free(retire->rule);
}

void store_retire(struct store *store, const struct retire_order *order,
	void (*cb)(void *arg, const struct err *err, const struct retire_found *found),
	void *arg)
{
	struct retire *retire =
		request_new(store, sizeof(*retire), retire_work, retire_answer);

	assert(order->limit <= RETIRE_MAX);
	retire->order = *order;
	retire->workspace = mem_strdup(order->workspace);
	retire->rule = mem_strdup(order->rule);
	retire->order.workspace = retire->workspace;
	retire->order.rule = retire->rule;
	retire->now_ns = store_now_ns(store);
	retire->cb = cb;
	retire->arg = arg;
	request_write(&retire->request);
}

/* ---- assigning ---- */

struct assign {
	struct request request;
	int64_t after_row;
	assign_choose_cb choose;
	void *choose_arg;
	struct assign_step step;
	void (*cb)(void *arg, const struct err *err, const struct assign_step *step);
	void *arg;
};

static int assign_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct assign *assign = container_of(request, struct assign, request);

	return backend->assign(conn, assign->after_row, assign->choose,
		assign->choose_arg, &assign->step, err);
}

static void assign_answer(struct request *request)
{
	struct assign *assign = container_of(request, struct assign, request);

	assign->cb(
		assign->arg, &request->err, request->err.class ? NULL : &assign->step);
}

void store_assign(struct store *store, int64_t after_row, assign_choose_cb choose,
	void *choose_arg,
	void (*cb)(void *arg, const struct err *err, const struct assign_step *step),
	void *arg)
{
	struct assign *assign =
		request_new(store, sizeof(*assign), assign_work, assign_answer);

	assign->after_row = after_row;
	assign->choose = choose;
	assign->choose_arg = choose_arg;
	assign->cb = cb;
	assign->arg = arg;
	request_write(&assign->request);
}
