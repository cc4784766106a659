/*
 * The owner's side of transfers, on the control loop: which station serves one, what it
 * last said of itself, and its events. A transfer is known by number on the other side;
 * a report for one that is done is dropped.
 */
#include <config.h>

#include "flow/transfer_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "core/rate.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct transfer {
	TAILQ_ENTRY(transfer) link;
	struct transfers *all;
	struct station *station; /* NULL: a group */
	enum transfer_mode mode;
	uint64_t id;
	struct transfer_events events;
	char *workspace, *rule, *asset_id, *title, *key;
	enum role role;
	int64_t deadline_ns;
	bool whole; /* needs no more bandwidth */
	int64_t bytes, total;
	struct rate rate;
	int64_t received; /* as far as it is told */
};

struct transfers {
	uv_loop_t *loop;
	struct mailbox *inbox;
	struct limits limits; /* its timer's end is when all is closed */
	void (*closed)(void *arg);
	void *closed_arg;
	struct transfers_options options; /* user_agent is its own copy */
	char *user_agent;
	struct station **stations;
	int n_stations;
	TAILQ_HEAD(transfer_list, transfer) list;
	uint64_t last_id;
	bool paused;
	int64_t received; /* by all that ever were */
	struct rate rate;
};

/* ---- bandwidth ---- */

static bool is_under(const struct transfer *transfer, const struct limit *limit)
{
	switch (limit->kind) {
	case LIMIT_WORKSPACE:
		return strcmp(transfer->workspace, limit->name) == 0;
	case LIMIT_RULE:
		return strcmp(transfer->rule, limit->name) == 0;
	default:
		return true;
	}
}

/* What one station may have of a limit: as much as it has of the transfers under it. */
static int64_t share_of(const struct transfers *transfers, const struct limit *limit,
	const struct station *station)
{
	const struct transfer *transfer;
	int64_t here = 0, all = 0;

	for (transfer = TAILQ_FIRST(&transfers->list); transfer;
		transfer = TAILQ_NEXT(transfer, link)) {
		if (transfer->whole || !is_under(transfer, limit))
			continue;
		all++;
		here += transfer->station == station;
	}
	if (here == all)
		return limit->rate;
	int64_t share = limit->rate / all * here + limit->rate % all * here / all;
	return share > 0 ? share : 1;
}

static void tell_shares(struct transfers *transfers)
{
	const struct limits *limits = &transfers->limits;
	struct share *shares = mem_array(limits->n + 1, sizeof(*shares));

	for (int s = 0; s < transfers->n_stations; s++) {
		struct station *station = transfers->stations[s];
		size_t n = 0;
		for (size_t i = 0; i < limits->n; i++) {
			const struct limit *limit = &limits->items[i];
			if (limit->rate > 0)
				shares[n++] = (struct share){
					.kind = limit->kind,
					.name = limit->name,
					.rate = share_of(transfers, limit, station),
				};
		}
		station_throttle(station, shares, n);
	}
	free(shares);
}

static void on_limits_changed(struct limits *limits)
{
	tell_shares(container_of(limits, struct transfers, limits));
}

/* A transfer has come, or needs no more: what the others may have is another share. */
static void share_anew(struct transfers *transfers)
{
	if (transfers->n_stations > 1 && transfers->limits.n > 0)
		tell_shares(transfers);
}

void transfers_limit(struct transfers *transfers, const struct config *config)
{
	limits_take(&transfers->limits, config);
}

void transfers_limits_each(struct transfers *transfers,
	void (*visit)(void *arg, const struct transfer_limit *limit), void *arg)
{
	for (size_t i = 0; i < transfers->limits.n; i++) {
		const struct limit *limit = &transfers->limits.items[i];
		struct transfer_limit told = {
			.kind = limit->kind,
			.name = limit->name,
			.rate = limit->rate,
			.until_ns = limit->until_s * NS_PER_S,
		};
		visit(arg, &told);
	}
}

/* ---- reports ---- */

static struct transfer *find(struct transfers *transfers, uint64_t id)
{
	struct transfer *transfer;
	for (transfer = TAILQ_FIRST(&transfers->list); transfer;
		transfer = TAILQ_NEXT(transfer, link))
		if (transfer->id == id)
			return transfer;
	return NULL;
}

static int64_t now_ms(const struct transfers *transfers)
{
	return (int64_t)uv_now(transfers->loop);
}

static void count_received(struct transfer *transfer, int64_t bytes)
{
	struct transfers *all = transfer->all;

	if (bytes > 0) {
		transfer->received += bytes;
		all->received += bytes;
	}
	rate_take(&all->rate, now_ms(all), all->received);
}

static void take_progress(struct transfer *transfer, const struct report *report)
{
	/* None at all is told while a part is being opened, too. */
	if (report->bytes > 0) {
		count_received(transfer, report->bytes - transfer->bytes);
		transfer->bytes = report->bytes;
	}
	rate_take(&transfer->rate, now_ms(transfer->all), transfer->bytes);
	transfer->total = report->total;
}

static void transfer_free(struct transfer *transfer)
{
	free(transfer->workspace);
	free(transfer->rule);
	free(transfer->asset_id);
	free(transfer->title);
	free(transfer->key);
	free(transfer);
}

static void end(struct transfer *transfer, const struct report *report)
{
	struct transfer_events events = transfer->events;

	/* What came since it last told; small files never did. */
	if (report->success) {
		count_received(transfer, report->result.received - transfer->received);
		metric_add(METRIC_TRANSFER_RESUMED, NULL,
			(double)report->result.resumed_from);
	}
	TAILQ_REMOVE(&transfer->all->list, transfer, link);
	transfer->station->load--;
	if (!transfer->whole)
		share_anew(transfer->all);
	metric_add(METRIC_TRANSFERS_ACTIVE, NULL, -1);
	if (transfer->mode != TRANSFER_SEGMENT)
		metric_add(METRIC_TRANSFERS,
			report->success ? "done" : err_class_name(report->err.class),
			1);
	events.done(events.arg, &report->err, report->success ? &report->result : NULL);
	transfer_free(transfer);
}

static void run_report(struct message *message)
{
	struct report *report = container_of(message, struct report, message);
	struct transfer *transfer = find(report->owner, report->id);
	const struct transfer_events *events = transfer ? &transfer->events : NULL;

	if (transfer) {
		switch (report->kind) {
		case REPORT_PART:
			events->part(events->arg, &report->part);
			break;
		case REPORT_NOTE:
			events->note(events->arg, report->text);
			break;
		case REPORT_RECEIVED:
			transfer->whole = true;
			share_anew(transfer->all);
			if (events->received)
				events->received(events->arg);
			break;
		case REPORT_SEALED:
			events->sealed(events->arg, &report->part);
			break;
		case REPORT_PROGRESS:
			take_progress(transfer, report);
			break;
		case REPORT_DONE:
			end(transfer, report);
			break;
		}
	}
	report_free(report);
}

/* ---- all of them ---- */

static void take_options(
	struct transfers *transfers, const struct transfers_options *options)
{
	transfers->options = *options;
	mem_replace(&transfers->user_agent, options->user_agent);
	transfers->options.user_agent = transfers->user_agent;
}

/* Each station has a client of its own: together they keep to the limit of a host. */
static int per_host(const struct transfers *transfers)
{
	int share = transfers->options.per_host / transfers->n_stations;
	return transfers->options.per_host > 0 && share == 0 ? 1 : share;
}

static int start_stations(struct transfers *transfers, struct err *err)
{
	struct station_options options = {
		.archive = transfers->options.archive,
		.line = { transfers->inbox, run_report, transfers },
		.user_agent = transfers->user_agent,
		.per_host = per_host(transfers),
	};
	for (int i = 0; i < transfers->n_stations; i++) {
		int rc = station_start(&transfers->stations[i], &options, err);
		if (rc) {
			transfers->n_stations = i;
			return rc;
		}
	}
	return 0;
}

static void stop_stations(struct transfers *transfers)
{
	for (int i = 0; i < transfers->n_stations; i++)
		station_stop(transfers->stations[i]);
	mailbox_close(transfers->inbox);
}

static void transfers_free(struct transfers *transfers)
{
	free(transfers->stations);
	free(transfers->user_agent);
	free(transfers);
}

int transfers_open(struct transfers **out, uv_loop_t *loop,
	const struct transfers_options *options, struct err *err)
{
	struct transfers *transfers = mem_alloc(sizeof(*transfers));
	int rc;

	transfers->loop = loop;
	TAILQ_INIT(&transfers->list);
	take_options(transfers, options);
	transfers->n_stations = options->threads > 0 ? options->threads : 1;
	transfers->stations =
		mem_array((size_t)transfers->n_stations, sizeof(*transfers->stations));
	rc = mailbox_open(&transfers->inbox, loop, err);
	if (rc) {
		transfers_free(transfers);
		return rc;
	}
	rc = start_stations(transfers, err);
	if (rc) {
		stop_stations(transfers);
		transfers_free(transfers);
		return rc;
	}
	limits_open(&transfers->limits, loop, on_limits_changed);
	*out = transfers;
	return 0;
}

void transfers_configure(
	struct transfers *transfers, const struct transfers_options *options)
{
	bool other_client = options->per_host != transfers->options.per_host ||
			    strcmp(options->user_agent, transfers->user_agent) != 0;

	take_options(transfers, options);
	for (int i = 0; other_client && i < transfers->n_stations; i++)
		station_configure(transfers->stations[i], transfers->user_agent,
			per_host(transfers));
}

static void order_all(struct transfers *transfers, enum order_kind kind, bool flag)
{
	for (int i = 0; i < transfers->n_stations; i++)
		station_order(transfers->stations[i], kind, 0, flag);
}

void transfers_park(struct transfers *transfers)
{
	order_all(transfers, ORDER_PARK, true);
}

void transfers_pause(struct transfers *transfers, bool paused)
{
	if (paused == transfers->paused)
		return;
	transfers->paused = paused;
	order_all(transfers, ORDER_PAUSE, paused);
}

static void on_closed(uv_handle_t *handle)
{
	struct transfers *transfers =
		container_of(handle, struct transfers, limits.timer);
	void (*closed)(void *arg) = transfers->closed;
	void *arg = transfers->closed_arg;

	transfers_free(transfers);
	closed(arg);
}

void transfers_close(struct transfers *transfers, void (*closed)(void *arg), void *arg)
{
	assert(TAILQ_EMPTY(&transfers->list));
	stop_stations(transfers);
	transfers->closed = closed;
	transfers->closed_arg = arg;
	limits_close(&transfers->limits, on_closed);
}

void transfers_each(struct transfers *transfers,
	void (*visit)(void *arg, const struct transfer_progress *progress), void *arg)
{
	struct transfer *transfer;
	for (transfer = TAILQ_FIRST(&transfers->list); transfer;
		transfer = TAILQ_NEXT(transfer, link)) {
		if (transfer->mode == TRANSFER_SEGMENT)
			continue;
		struct transfer_progress progress = {
			.workspace = transfer->workspace,
			.asset_id = transfer->asset_id,
			.title = transfer->title,
			.key = transfer->key,
			.role = transfer->role,
			.deadline_ns = transfer->deadline_ns,
			.bytes = transfer->bytes,
			.total = transfer->total,
			.rate = rate_get(&transfer->rate, now_ms(transfers)),
		};
		visit(arg, &progress);
	}
}

void transfers_sum(const struct transfers *transfers, struct transfers_sum *out)
{
	const struct transfer *transfer;

	*out = (struct transfers_sum){
		.rate = rate_get(&transfers->rate, now_ms(transfers)),
	};
	for (transfer = TAILQ_FIRST(&transfers->list); transfer;
		transfer = TAILQ_NEXT(transfer, link)) {
		if (transfer->mode == TRANSFER_SEGMENT)
			continue;
		out->files++;
		out->stalled += rate_get(&transfer->rate, now_ms(transfers)) < 1;
		out->bytes += transfer->bytes;
		if (transfer->total >= transfer->bytes)
			out->remaining += transfer->total - transfer->bytes;
		else
			out->unknown++;
	}
}

/* ---- one ---- */

static struct station *least_loaded(const struct transfers *transfers)
{
	struct station *best = transfers->stations[0];
	for (int i = 1; i < transfers->n_stations; i++)
		if (transfers->stations[i]->load < best->load)
			best = transfers->stations[i];
	return best;
}

/* In the list, but with nobody who works on it. */
static struct transfer *enlist(
	struct transfers *transfers, const struct transfer_spec *spec)
{
	struct transfer *transfer = mem_alloc(sizeof(*transfer));

	transfer->all = transfers;
	transfer->mode = spec->mode;
	transfer->workspace = mem_strdup(spec->workspace);
	transfer->rule = mem_strdup(spec->rule ? spec->rule : "");
	transfer->asset_id = mem_strdup(spec->asset_id);
	transfer->title = mem_strdup(spec->title);
	transfer->key = mem_strdup(spec->key);
	transfer->role = spec->role;
	transfer->deadline_ns = spec->deadline_ns;
	transfer->bytes = spec->part ? spec->part->held : 0;
	transfer->total = spec->part ? spec->part->total : spec->expected_bytes;
	rate_take(&transfer->rate, now_ms(transfers), transfer->bytes);
	TAILQ_INSERT_TAIL(&transfers->list, transfer, link);
	return transfer;
}

struct transfer *transfer_start(struct transfers *transfers,
	const struct transfer_spec *spec, const struct transfer_events *events)
{
	struct transfer *transfer = enlist(transfers, spec);

	transfer->id = ++transfers->last_id;
	transfer->events = *events;
	rate_take(&transfers->rate, now_ms(transfers), transfers->received);
	transfer->station = least_loaded(transfers);
	transfer->station->load++;
	metric_add(METRIC_TRANSFERS_ACTIVE, NULL, 1);
	share_anew(transfers);
	station_submit(
		transfer->station, job_new(transfer->id, spec, &transfers->options));
	return transfer;
}

struct transfer *transfer_group_open(
	struct transfers *transfers, const struct transfer_spec *spec)
{
	struct transfer *group = enlist(transfers, spec);

	group->whole = true; /* what it is made of has the bandwidth */
	return group;
}

void transfer_group_tell(struct transfer *group, int64_t bytes, int64_t total)
{
	group->bytes = bytes;
	group->total = total;
	rate_take(&group->rate, now_ms(group->all), bytes);
}

void transfer_group_close(struct transfer *group)
{
	if (!group)
		return;
	TAILQ_REMOVE(&group->all->list, group, link);
	transfer_free(group);
}

void transfer_place(struct transfer *transfer)
{
	station_order(transfer->station, ORDER_PLACE, transfer->id, false);
}

void transfer_cancel(struct transfer *transfer, bool discard)
{
	station_order(transfer->station, ORDER_CANCEL, transfer->id, discard);
}
