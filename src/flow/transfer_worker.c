/*
 * A station: a worker thread with its jobs and their tick, and the hasher beside it.
 * Orders come by the mailbox and name jobs by number.
 */
#include <config.h>

#include "flow/transfer_priv.h"

#include "base/mem.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TICK_MS   500
#define SPARE_MAX 64

struct order {
	struct message message;
	struct station *station;
	enum order_kind kind;
	uint64_t id;
	bool flag;
};

struct new_options {
	struct message message;
	struct station *station;
	char *user_agent;
	int per_host;
};

struct new_shares {
	struct message message;
	struct station *station;
	struct share *shares;
	size_t n;
};

/* ---- jobs ---- */

static void on_tick(uv_timer_t *tick)
{
	struct station *station = container_of(tick, struct station, tick);
	struct job *job, *next;

	for (job = TAILQ_FIRST(&station->jobs); job; job = next) {
		next = TAILQ_NEXT(job, link);
		job_tick(job);
	}
	outlets_close_retired(station, false);
	blocks_trim(station, SPARE_MAX);
	if (TAILQ_EMPTY(&station->jobs) && !station->retired) {
		blocks_trim(station, 0);
		uv_timer_stop(tick);
	}
}

/* Also where no data comes: a server that paces its connections is found by that. */
static void on_ramp(uv_timer_t *timer)
{
	struct station *station = container_of(timer, struct station, ramp);
	struct job *job;
	bool any = false;

	for (job = TAILQ_FIRST(&station->jobs); job; job = TAILQ_NEXT(job, link)) {
		job_more_calls(job);
		any = any || job_wants_ramp(job);
	}
	if (!any)
		uv_timer_stop(timer);
}

static void start_tick(struct station *station)
{
	if (!uv_is_active((uv_handle_t *)&station->tick))
		uv_timer_start(&station->tick, on_tick, TICK_MS, TICK_MS);
}

static void run_job(struct message *message)
{
	struct job *job = container_of(message, struct job, message);
	struct station *station = job->station;

	TAILQ_INSERT_TAIL(&station->jobs, job, link);
	start_tick(station);
	job_begin(job);
	if (station->parked)
		job_cancel(job, false, "the agent is stopping");
}

void station_submit(struct station *station, struct job *job)
{
	job->station = station;
	job->message.run = run_job;
	mailbox_post(station->inbox, &job->message);
}

/* ---- orders ---- */

static struct job *find_job(struct station *station, uint64_t id)
{
	struct job *job;
	for (job = TAILQ_FIRST(&station->jobs); job; job = TAILQ_NEXT(job, link))
		if (job->id == id)
			return job;
	return NULL;
}

static void park(struct station *station)
{
	struct job *job, *next;
	station->parked = true;
	for (job = TAILQ_FIRST(&station->jobs); job; job = next) {
		next = TAILQ_NEXT(job, link);
		job_cancel(job, false, "the agent is stopping");
	}
}

static void pause_all(struct station *station, bool paused)
{
	struct job *job, *next;
	station->paused = paused;
	for (job = TAILQ_FIRST(&station->jobs); job; job = next) {
		next = TAILQ_NEXT(job, link);
		job_update_pause(job);
		job_advance(job);
	}
}

static void run_order(struct message *message)
{
	struct order *order = container_of(message, struct order, message);
	struct station *station = order->station;
	struct job *job = find_job(station, order->id);

	switch (order->kind) {
	case ORDER_PLACE:
		if (job)
			job_place(job);
		break;
	case ORDER_CANCEL:
		if (job)
			job_cancel(job, order->flag, "stopped");
		break;
	case ORDER_PARK:
		park(station);
		break;
	case ORDER_PAUSE:
		pause_all(station, order->flag);
		break;
	}
	free(order);
}

void station_order(
	struct station *station, enum order_kind kind, uint64_t id, bool flag)
{
	struct order *order = mem_alloc(sizeof(*order));
	order->message.run = run_order;
	order->station = station;
	order->kind = kind;
	order->id = id;
	order->flag = flag;
	mailbox_post(station->inbox, &order->message);
}

static void run_new_options(struct message *message)
{
	struct new_options *options =
		container_of(message, struct new_options, message);
	struct station *station = options->station;

	/* A client that cannot be opened leaves the present one in service. */
	if (outlet_renew(station, options->user_agent, options->per_host))
		start_tick(station);
	free(options->user_agent);
	free(options);
}

void station_configure(struct station *station, const char *user_agent, int per_host)
{
	struct new_options *options = mem_alloc(sizeof(*options));
	options->message.run = run_new_options;
	options->station = station;
	options->user_agent = mem_strdup(user_agent);
	options->per_host = per_host;
	mailbox_post(station->inbox, &options->message);
}

static void run_new_shares(struct message *message)
{
	struct new_shares *order = container_of(message, struct new_shares, message);

	throttle_set(order->station, order->shares, order->n);
	for (size_t i = 0; i < order->n; i++)
		free(order->shares[i].name);
	free(order->shares);
	free(order);
}

void station_throttle(struct station *station, const struct share *shares, size_t n)
{
	struct new_shares *order = mem_alloc(sizeof(*order));
	order->message.run = run_new_shares;
	order->station = station;
	order->shares = mem_array(n, sizeof(*shares));
	order->n = n;
	for (size_t i = 0; i < n; i++) {
		order->shares[i] = shares[i];
		order->shares[i].name = mem_strdup(shares[i].name);
	}
	mailbox_post(station->inbox, &order->message);
}

/* ---- the thread ---- */

static int on_begin(void *arg, uv_loop_t *loop, struct err *err)
{
	struct station *station = arg;
	const struct station_options *options = station->options;
	int rc = outlet_open(
		&station->outlet, loop, options->user_agent, options->per_host, err);
	if (rc)
		return rc;
	station->loop = loop;
	station->per_host = options->per_host;
	uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
	uv_timer_init(loop, &station->tick);
	uv_timer_init(loop, &station->ramp);
	station->on_ramp = on_ramp;
	throttle_open(&station->throttle, loop);
	return 0;
}

static void on_stop(void *arg)
{
	struct station *station = arg;

	assert(TAILQ_EMPTY(&station->jobs));
	outlets_close_retired(station, true);
	outlet_close(station->outlet);
	throttle_close(&station->throttle);
	uv_close((uv_handle_t *)&station->tick, NULL);
	uv_close((uv_handle_t *)&station->ramp, NULL);
}

static void on_end(void *arg)
{
	struct station *station = arg;
	assert(station->blocks == 0);
	blocks_trim(station, 0);
}

static const struct worker_hooks station_hooks = {
	.begin = on_begin,
	.stop = on_stop,
	.end = on_end,
};

int station_start(
	struct station **out, const struct station_options *options, struct err *err)
{
	struct station *station = mem_alloc(sizeof(*station));
	int rc;

	TAILQ_INIT(&station->jobs);
	station->archive = options->archive;
	station->line = options->line;
	station->options = options;
	rc = hasher_start(&station->hasher, err);
	if (rc)
		goto err_free;
	rc = worker_start(&station->worker, "transfer", &station_hooks, station, err);
	if (rc)
		goto err_hasher;
	station->inbox = worker_mailbox(station->worker);
	station->options = NULL;
	*out = station;
	return 0;

err_hasher:
	hasher_stop(station->hasher);
err_free:
	free(station);
	return rc;
}

void station_stop(struct station *station)
{
	worker_stop(station->worker); /* first: it may still expect blocks back */
	hasher_stop(station->hasher);
	free(station);
}
