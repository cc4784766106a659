/*
 * The store's machinery: three workers, the way of a request, group commit, closing.
 * What the requests do is in store_write.c, store_command.c and store_read.c; how, in
 * the back end.
 *
 * Happy path of a write: request_write() posts to the write worker; what arrives in one
 * burst is done in one transaction (at most BATCH_MAX, so that the first need not wait
 * long for the last), where commits are slow also what arrives shortly after; after the
 * commit all are answered on the loop. If begin, any work or the commit fails, the
 * transaction is rolled back and every write in it gets the same error. A walk asks to
 * be called again and goes to the end of the queue, so deliveries are served between
 * its steps.
 *
 * The read worker serves short reads. The third one does what takes long beside them:
 * the back end's bulk housekeeping, and backups.
 *
 * Closing waits until everything has been answered, then closes the connections one
 * after the other on their own threads, the writer's last, and joins the threads, which
 * are idle by then.
 */
#include <config.h>

#include "store/request.h"

#include "base/mem.h"
#include "base/metrics.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_MAX 1024
/* A commit that takes so long is worth waiting for what is just arriving, up to half
 * of its time. */
#define GATHER_FROM_MS 3
#define GATHER_SHARE   2
#define IDLE_MS        250 /* nobody has written for so long: time to tidy */
#define STOPPING       "vodkeep is stopping"

/* A thread with its connection. Constant once it runs, but for conn, the thread's own.
 */
struct side {
	struct store *store;
	struct worker *worker;
	struct mailbox *mailbox;
	struct backend_conn *conn;
};

struct queue {
	struct request *head, *tail;
	size_t count;
};

enum { READER, HELPER, WRITER, SIDES }; /* in the order of closing */

struct store {
	/* constant while open */
	const struct backend *backend;
	char *path;
	struct mailbox *replies;
	struct side sides[SIDES];

	/* the loop's */
	const struct clock *clock;
	struct meta_list meta;
	size_t pending, unanswered;
	bool closing;
	int sides_closed;
	void (*closed)(void *arg);
	void *closed_arg;

	/* the write worker's */
	struct queue waiting, open; /* open: done in the open transaction */
	struct err open_err;        /* of that transaction: it has been rolled back */
	uv_timer_t idle;
	/* Where a commit is slow, writes that are just arriving are waited for: they
	 * cost this commit nothing, and a commit of their own a whole fsync. */
	uv_timer_t gather;
	size_t expected;  /* to gather: what came lately, slowly forgotten */
	size_t gathered;  /* open at the last tick */
	int gather_ms;    /* since the first */
	double commit_ms; /* smoothed */
	bool hurried, helping;

	struct message hurry, help; /* travelling */
};

/* ---- on the loop ---- */

static void closing_goes_on(struct store *store);

static void on_answer(struct message *message)
{
	struct request *request = container_of(message, struct request, message);
	struct store *store = request->store;

	if (request->write)
		store->pending--;
	request->answer(request);
	free(request);
	store->unanswered--;
	if (store->closing && store->unanswered == 0)
		closing_goes_on(store);
}

static void reply(struct request *request)
{
	request->message.run = on_answer;
	mailbox_post(request->store->replies, &request->message);
}

void *request_new(struct store *store, size_t size,
	int (*work)(struct request *request, const struct backend *backend,
		struct backend_conn *conn, struct err *err),
	void (*answer)(struct request *request))
{
	struct request *request = mem_alloc(size);

	request->store = store;
	request->work = work;
	request->answer = answer;
	return request;
}

static void hand_over(struct request *request, struct side *side,
	void (*run)(struct message *message))
{
	request->side = side;
	request->store->unanswered++;
	request->message.run = run;
	mailbox_post(side->mailbox, &request->message);
}

static void submit(
	struct request *request, int side, void (*run)(struct message *message))
{
	struct store *store = request->store;

	if (!store->closing) {
		hand_over(request, &store->sides[side], run);
		return;
	}
	err_set(&request->err, ERR_CANCELLED, STOPPING);
	store->unanswered++;
	reply(request);
}

int64_t store_now_ns(const struct store *store)
{
	return store->clock->wall_ns();
}

void store_set_clock(struct store *store, const struct clock *clock)
{
	store->clock = clock;
}

size_t store_pending(const struct store *store)
{
	return store->pending;
}

static struct meta *find_meta(struct store *store, const char *key)
{
	for (size_t i = 0; i < store->meta.count; i++)
		if (strcmp(store->meta.items[i].key, key) == 0)
			return &store->meta.items[i];
	return NULL;
}

const char *store_meta(struct store *store, const char *key)
{
	const struct meta *meta = find_meta(store, key);

	return meta ? meta->value : NULL;
}

void store_remember(struct store *store, const char *key, const char *value)
{
	struct meta *meta = find_meta(store, key);

	if (!meta) {
		struct meta_list *list = &store->meta;
		list->items =
			mem_grow(list->items, list->count + 1, sizeof(*list->items));
		meta = &list->items[list->count++];
		*meta = (struct meta){ .key = mem_strdup(key) };
	}
	mem_replace(&meta->value, value);
}

/* ---- on the write worker ---- */

static void push(struct queue *queue, struct request *request)
{
	request->next = NULL;
	if (queue->tail)
		queue->tail->next = request;
	else
		queue->head = request;
	queue->tail = request;
	queue->count++;
}

static struct request *pop(struct queue *queue)
{
	struct request *request = queue->head;

	queue->head = request->next;
	if (!queue->head)
		queue->tail = NULL;
	queue->count--;
	return request;
}

static void rolled_back(struct store *store)
{
	store->backend->rollback(store->sides[WRITER].conn);
	err_wrap(&store->open_err, "nothing was stored");
	metric_add(METRIC_STORE_ERRORS, NULL, 1);
}

/* Do @request in the open transaction, unless that has failed already. */
static void work_on(struct store *store, struct request *request)
{
	int rc;

	if (store->open_err.class)
		return;
	request->err.class = ERR_NONE;
	rc = request->work(
		request, store->backend, store->sides[WRITER].conn, &request->err);
	if (rc == -ERR_LOCAL) {
		store->open_err = request->err;
		rolled_back(store);
	}
}

static void begin(struct store *store)
{
	store->open_err.class = ERR_NONE;
	if (store->backend->begin(store->sides[WRITER].conn, &store->open_err))
		rolled_back(store);
}

/* Do what is waiting in the open transaction, at most BATCH_MAX in all. */
static void advance(struct store *store)
{
	while (store->waiting.head && store->open.count < BATCH_MAX) {
		struct request *request = pop(&store->waiting);

		if (store->open.count == 0)
			begin(store);
		push(&store->open, request);
		work_on(store, request);
	}
}

static void commit(struct store *store)
{
	uint64_t start = uv_hrtime();

	if (store->open_err.class)
		return;
	if (store->backend->commit(store->sides[WRITER].conn, &store->open_err)) {
		rolled_back(store);
		return;
	}
	double ms = (double)(uv_hrtime() - start) / 1e6;
	store->commit_ms += (ms - store->commit_ms) / 4;
	metric_add(METRIC_COMMIT_SECONDS, NULL, ms / 1e3);
	metric_add(METRIC_COMMITS, NULL, 1);
}

static void conclude(struct store *store, struct request *request)
{
	bool again = request->again && !store->open_err.class && !request->err.class;

	if (store->open_err.class)
		request->err = store->open_err;
	request->again = false;
	if (again && store->hurried)
		err_set(&request->err, ERR_CANCELLED, STOPPING);
	if (again && !store->hurried)
		mailbox_post(store->sides[WRITER].mailbox, &request->message);
	else
		reply(request);
}

static void on_help(struct message *message);

static void tidy(struct store *store, enum tidy_moment moment)
{
	struct backend_conn *conn = store->sides[WRITER].conn;

	if (!conn || store->helping || store->hurried)
		return;
	if (store->backend->tidy(conn, moment, &store->helping, NULL))
		metric_add(METRIC_STORE_ERRORS, NULL, 1);
	if (store->helping) {
		store->help.run = on_help;
		mailbox_post(store->sides[HELPER].mailbox, &store->help);
	}
}

static void on_idle(uv_timer_t *timer)
{
	tidy(container_of(timer, struct store, idle), TIDY_IDLE);
}

static void on_helped(struct message *message)
{
	struct store *store = container_of(message, struct store, help);

	store->helping = false;
	tidy(store, TIDY_HELPED);
	uv_timer_start(&store->idle, on_idle, IDLE_MS, 0);
}

static void on_hurry(struct message *message)
{
	container_of(message, struct store, hurry)->hurried = true;
}

static void on_write(struct message *message)
{
	struct request *request = container_of(message, struct request, message);

	push(&request->store->waiting, request);
}

static void expect(struct store *store)
{
	store->expected -= store->expected / 8;
	if (store->expected < store->open.count)
		store->expected = store->open.count;
}

/* Commit what has been done, and all that is waiting, and answer it. */
static void run_batches(struct store *store)
{
	while (store->open.count || store->waiting.head) {
		advance(store);
		expect(store);
		commit(store);
		while (store->open.count)
			conclude(store, pop(&store->open));
		tidy(store, TIDY_BETWEEN);
	}
	uv_timer_start(&store->idle, on_idle, IDLE_MS, 0);
}

/* As many writes as lately are waited for while they keep coming, but no longer than
 * GATHER_SHARE allows. */
static void on_gathered(uv_timer_t *timer)
{
	struct store *store = container_of(timer, struct store, gather);
	bool came = store->open.count > store->gathered;

	store->gathered = store->open.count;
	store->gather_ms++;
	if (came && store->gather_ms < store->commit_ms / GATHER_SHARE)
		uv_timer_start(timer, on_gathered, 1, 0);
	else
		run_batches(store);
}

static void on_writes_drained(void *arg)
{
	struct side *side = arg;
	struct store *store = side->store;

	if (!store->waiting.head)
		return;
	advance(store);
	if (store->commit_ms < GATHER_FROM_MS || store->hurried ||
		store->open.count >= store->expected) {
		uv_timer_stop(&store->gather);
		run_batches(store);
		return;
	}
	if (uv_is_active((uv_handle_t *)&store->gather))
		return;
	store->gathered = 0;
	store->gather_ms = 0;
	/* The loop's idea of now is as old as the last commit. */
	uv_update_time(store->gather.loop);
	uv_timer_start(&store->gather, on_gathered, 1, 0);
}

/* ---- on the other workers ---- */

static void on_read(struct message *message)
{
	struct request *request = container_of(message, struct request, message);

	request->work(
		request, request->store->backend, request->side->conn, &request->err);
	reply(request);
}

/* The writer may have asked for it while the store was being closed. */
static void on_help(struct message *message)
{
	struct store *store = container_of(message, struct store, help);
	struct backend_conn *conn = store->sides[HELPER].conn;

	if (conn && store->backend->help(conn, NULL))
		metric_add(METRIC_STORE_ERRORS, NULL, 1);
	message->run = on_helped;
	mailbox_post(store->sides[WRITER].mailbox, message);
}

void request_write(struct request *request)
{
	request->write = true;
	request->store->pending++;
	submit(request, WRITER, on_write);
}

void request_read(struct request *request)
{
	submit(request, READER, on_read);
}

void request_read_long(struct request *request)
{
	submit(request, HELPER, on_read);
}

/* ---- opening ---- */

static int begin_writer(void *arg, uv_loop_t *loop, struct err *err)
{
	struct side *side = arg;
	struct store *store = side->store;
	int rc = store->backend->open(&side->conn, store->path, BACKEND_WRITE, err);

	if (!rc)
		rc = store->backend->meta(side->conn, &store->meta, err);
	if (rc) {
		if (side->conn)
			store->backend->close(side->conn);
		return rc;
	}
	uv_timer_init(loop, &store->idle);
	uv_timer_init(loop, &store->gather);
	return 0;
}

static void stop_writer(void *arg)
{
	struct side *side = arg;

	uv_close((uv_handle_t *)&side->store->idle, NULL);
	uv_close((uv_handle_t *)&side->store->gather, NULL);
}

static int begin_reader(void *arg, uv_loop_t *loop, struct err *err)
{
	struct side *side = arg;
	struct store *store = side->store;

	(void)loop;
	return store->backend->open(&side->conn, store->path, BACKEND_READ, err);
}

static void end_side(void *arg)
{
	struct side *side = arg;

	if (side->conn)
		side->store->backend->close(side->conn);
	side->conn = NULL;
}

static const struct worker_hooks writer_hooks = {
	.begin = begin_writer,
	.end = end_side,
	.stop = stop_writer,
	.drained = on_writes_drained,
};
static const struct worker_hooks reader_hooks = {
	.begin = begin_reader,
	.end = end_side,
};

static int start_side(struct store *store, int which, const char *name, struct err *err)
{
	struct side *side = &store->sides[which];

	side->store = store;
	int rc = worker_start(&side->worker, name,
		which == WRITER ? &writer_hooks : &reader_hooks, side, err);
	if (!rc)
		side->mailbox = worker_mailbox(side->worker);
	return rc;
}

/* The writer first: it makes what the others open. */
static int start(struct store *store, struct err *err)
{
	int rc = start_side(store, WRITER, "store-write", err);

	if (!rc)
		rc = start_side(store, READER, "store-read", err);
	if (!rc)
		rc = start_side(store, HELPER, "store-help", err);
	return rc;
}

static void store_free(struct store *store)
{
	for (int i = 0; i < SIDES; i++)
		worker_stop(store->sides[i].worker);
	meta_list_release(&store->meta);
	free(store->path);
	free(store);
}

/* The one place that chooses among back ends. */
static int choose_backend(
	const char *path, const struct backend **backend, struct err *err)
{
	if (strstr(path, "://"))
		return err_set(err, ERR_INPUT,
			"state = %s: this build keeps its state in SQLite only; give the "
			"path of a file",
			path);
	*backend = &sqlite_backend;
	return 0;
}

int store_open(struct store **out, uv_loop_t *loop, const char *path, struct err *err)
{
	const struct backend *backend = NULL;
	int rc = choose_backend(path, &backend, err);

	if (rc)
		return rc;
	struct store *store = mem_alloc(sizeof(*store));
	store->backend = backend;
	store->path = mem_strdup(path);
	store->clock = &clock_system;
	store->hurry.run = on_hurry;
	rc = start(store, err);
	if (!rc)
		rc = mailbox_open(&store->replies, loop, err);
	if (rc) {
		store_free(store);
		return rc;
	}
	*out = store;
	return 0;
}

/* ---- closing ---- */

static void on_close_side(struct message *message)
{
	struct request *request = container_of(message, struct request, message);

	end_side(request->side);
	reply(request);
}

static void no_answer(struct request *request)
{
	(void)request;
}

/* Called whenever all has been answered: the next connection, or the end. */
static void closing_goes_on(struct store *store)
{
	if (store->sides_closed < SIDES) {
		struct request *request =
			request_new(store, sizeof(*request), NULL, no_answer);
		hand_over(request, &store->sides[store->sides_closed++], on_close_side);
		return;
	}
	void (*closed)(void *arg) = store->closed;
	void *arg = store->closed_arg;
	mailbox_close(store->replies);
	store_free(store);
	closed(arg);
}

void store_close(struct store *store, void (*closed)(void *arg), void *arg)
{
	assert(!store->closing);
	store->closing = true;
	store->closed = closed;
	store->closed_arg = arg;
	mailbox_post(store->sides[WRITER].mailbox, &store->hurry);
	if (store->unanswered == 0)
		closing_goes_on(store);
}
