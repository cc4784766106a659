/*
 * Fakes of store, keeper, transfers, warnings and server at their headers: the program
 * links these instead of the real ones.
 */
#include <config.h>

#include "admin_world.h"

#include "base/mem.h"

#include "store/outbox.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WAITING_MAX 32
#define ROW         7
#define TICKS       3 /* a timer, its closing, and what follows */

struct world world;

struct waiting {
	void (*run)(struct waiting *waiting);
	store_done_cb done;
	void (*count)(void *arg, const struct err *err, size_t count);
	void (*deliveries)(void *arg, const struct err *err,
		const struct stored_delivery *list, size_t n);
	void (*find)(void *arg, const struct err *err, const struct asset_ref *refs,
		size_t n);
	void (*load)(void *arg, const struct err *err, struct asset *asset);
	void (*ledger)(void *arg, const struct err *err,
		const struct ledger_entry *entries, size_t n,
		const struct ledger_chain *head);
	void (*list)(void *arg, const struct err *err, const struct asset_summary *list,
		size_t n);
	void (*browse)(void *arg, const struct err *err,
		const struct asset_summary *list, size_t n, int64_t next_row);
	void (*story)(void *arg, const struct err *err, const struct story *story);
	void (*stats)(void *arg, const struct err *err,
		const struct workspace_stats *stats, size_t n);
	store_queues_cb queues;
	void *arg;
	bool hit;
};
static struct waiting queue[WAITING_MAX];
static size_t queued;

static struct waiting *later(void (*run)(struct waiting *waiting), void *arg)
{
	assert(queued < WAITING_MAX);
	queue[queued] = (struct waiting){ .run = run, .arg = arg };
	return &queue[queued++];
}

void world_reset(void)
{
	static char name[] = "w", dir[] = "/archive";

	memset(&world, 0, sizeof(world));
	world.workspace.name = name;
	world.config.workspaces = &world.workspace;
	world.config.n_workspaces = 1;
	world.config.agent.archive_dir = dir;
	world.settings.config = &world.config;
	world.has_asset = true;
	world.hold = -1;
	uv_loop_init(&world.loop);
}

static void run_queue(void)
{
	while (queued > 0) {
		struct waiting first = queue[0];
		memmove(queue, queue + 1, --queued * sizeof(*queue));
		first.run(&first);
	}
}

void world_run(void)
{
	do {
		run_queue();
		while (world.loop.active_reqs.count > 0)
			uv_run(&world.loop, UV_RUN_ONCE);
		for (int i = 0; i < TICKS; i++)
			uv_run(&world.loop, UV_RUN_NOWAIT);
	} while (queued > 0);
}

void world_ask(const struct http_server_handler *handler, struct http_in *in)
{
	int64_t max = handler->begin(handler->arg, in);

	if (max >= 0 && (!in->body || (int64_t)strlen(in->body) <= max))
		handler->request(handler->arg, in);
	world_run();
}

/* ---- server ---- */

const char *http_in_method(const struct http_in *in)
{
	return in->method;
}

const char *http_in_path(const struct http_in *in)
{
	return in->path;
}

const char *http_in_query(const struct http_in *in, const char *name)
{
	for (int i = 0; i < 8 && in->query[i]; i += 2)
		if (strcmp(in->query[i], name) == 0)
			return in->query[i + 1];
	return NULL;
}

const char *http_in_header(const struct http_in *in, const char *name)
{
	for (int i = 0; i < 12 && in->headers[i]; i += 2)
		if (strcasecmp(in->headers[i], name) == 0)
			return in->headers[i + 1];
	if (strcasecmp(name, "Host") == 0)
		return in->host;
	return strcasecmp(name, "Authorization") == 0 ? in->authorization : NULL;
}

const char *http_in_address(const struct http_in *in)
{
	assert(in);
	return "192.0.2.7";
}

const void *http_in_body(const struct http_in *in, size_t *len)
{
	*len = in->body ? strlen(in->body) : 0;
	return in->body;
}

void http_in_set_user(struct http_in *in, void *user)
{
	in->user = user;
}

void *http_in_user(const struct http_in *in)
{
	return in->user;
}

static void take_head(struct http_in *in, const struct http_reply *reply)
{
	in->replies++;
	in->status = reply->status;
	in->text[0] = '\0';
	for (int i = 0; i < HTTP_REPLY_HEADERS && reply->headers[i].name; i++) {
		size_t used = strlen(in->header_names);
		snprintf(in->header_names + used, sizeof(in->header_names) - used,
			"%s\n", reply->headers[i].name);
		if (strcmp(reply->headers[i].name, "Set-Cookie") == 0)
			snprintf(world.cookie, sizeof(world.cookie), "%s",
				reply->headers[i].value);
		if (strcmp(reply->headers[i].name, "Content-Range") == 0)
			snprintf(world.content_range, sizeof(world.content_range), "%s",
				reply->headers[i].value);
	}
}

void http_reply(struct http_in *in, const struct http_reply *reply)
{
	take_head(in, reply);
	snprintf(in->text, sizeof(in->text), "%.*s", (int)reply->len,
		(const char *)reply->body);
}

void http_reply_stream(struct http_in *in, const struct http_reply *reply, int64_t len,
	const struct http_stream_handler *handler)
{
	assert(len >= -1);
	take_head(in, reply);
	in->stream = *handler;
	in->streaming = true;
	in->ended = false;
}

bool http_stream_write(struct http_in *in, const void *data, size_t len)
{
	size_t used = strlen(in->text);

	assert(in->streaming && !in->ended);
	snprintf(in->text + used, sizeof(in->text) - used, "%.*s", (int)len,
		(const char *)data);
	return true;
}

size_t http_stream_pending(const struct http_in *in)
{
	assert(in->streaming);
	return 0;
}

void http_stream_end(struct http_in *in, bool broken)
{
	in->ended = true;
	in->status = broken ? -1 : in->status;
}

void world_drain(struct http_in *in)
{
	while (in->stream.wants && !in->ended) {
		in->stream.wants(in->stream.arg);
		world_run();
	}
	in->streaming = false;
	in->stream.ended(in->stream.arg);
	world_run();
}

/* ---- store ---- */

static void run_done(struct waiting *waiting)
{
	waiting->done(waiting->arg, &world.store_err);
}

void store_wish(struct store *store, const char *workspace, const char *id,
	enum asset_wish wish, bool create, store_done_cb cb, void *arg)
{
	(void)store, (void)workspace, (void)id;
	world.wish = wish;
	world.has_asset |= create;
	later(run_done, arg)->done = cb;
}

void store_hold(struct store *store, const char *workspace, const char *id, bool held,
	store_done_cb cb, void *arg)
{
	(void)store, (void)workspace, (void)id;
	world.hold = held;
	later(run_done, arg)->done = cb;
}

static void run_count(struct waiting *waiting)
{
	waiting->count(waiting->arg, &world.store_err, 3);
}

void store_wish_all(struct store *store, const char *workspace, enum asset_state state,
	enum asset_wish wish,
	void (*cb)(void *arg, const struct err *err, size_t count), void *arg)
{
	(void)store, (void)workspace, (void)state;
	world.wish = wish;
	later(run_count, arg)->count = cb;
}

static void run_find(struct waiting *waiting)
{
	char workspace[] = "w", id[] = "one";
	const struct asset_ref refs[] = { { ROW, workspace, id } };

	waiting->find(waiting->arg, &world.store_err, refs, waiting->hit ? 1 : 0);
}

void store_find(struct store *store, const char *text,
	void (*cb)(void *arg, const struct err *err, const struct asset_ref *refs,
		size_t n),
	void *arg)
{
	struct waiting *waiting = later(run_find, arg);

	(void)store;
	waiting->find = cb;
	waiting->hit = world.has_asset && strncmp(text, "w/one", strlen(text)) == 0;
}

static void run_load(struct waiting *waiting)
{
	struct asset *asset = asset_new("w", "one");
	struct file *file = asset_add_file(asset, "video");

	asset->row = ROW;
	asset->state = ASSET_ARCHIVED;
	asset->held = world.held;
	asset->tombstone = asset->by_person = world.by_person;
	asset->facts.title = mem_strdup("A \x1B title");
	file->path = mem_strdup("w/one.mp4");
	file->bytes = 1000;
	file->content_type = mem_strdup("video/mp4");
	snprintf(file->sha256, sizeof(file->sha256), "abc");
	waiting->load(waiting->arg, &world.store_err, asset);
}

void store_load(struct store *store, int64_t row,
	void (*cb)(void *arg, const struct err *err, struct asset *asset), void *arg)
{
	(void)store;
	assert(row == ROW);
	later(run_load, arg)->load = cb;
}

static void run_list(struct waiting *waiting)
{
	char workspace[] = "w", id[] = "one", reason[] = "because";
	const struct asset_summary list[] = {
		{ .row = ROW,
			.workspace = workspace,
			.id = id,
			.reason = reason,
			.state = ASSET_WAITING },
	};

	waiting->list(waiting->arg, &world.store_err, list, world.has_asset ? 1 : 0);
}

void store_list(struct store *store, const struct asset_filter *filter,
	void (*cb)(void *arg, const struct err *err, const struct asset_summary *list,
		size_t n),
	void *arg)
{
	(void)store, (void)filter;
	later(run_list, arg)->list = cb;
}

/* The first span holds nothing, the next one the asset. */
static void run_browse(struct waiting *waiting)
{
	char workspace[] = "w", id[] = "one", thumbnail[] = "thumbnail";
	const struct asset_summary list[] = {
		{ .row = ROW,
			.workspace = workspace,
			.id = id,
			.thumbnail = thumbnail,
			.duration_ms = 1500,
			.state = ASSET_ARCHIVED },
	};

	waiting->browse(waiting->arg, &world.store_err, list, waiting->hit,
		waiting->hit ? 0 : ROW + 1);
}

void store_browse(struct store *store, const struct asset_filter *filter,
	void (*cb)(void *arg, const struct err *err, const struct asset_summary *list,
		size_t n, int64_t next_row),
	void *arg)
{
	struct waiting *waiting = later(run_browse, arg);

	(void)store;
	assert(filter->text && filter->limit > 0);
	waiting->browse = cb;
	waiting->hit = filter->before_row == ROW + 1;
}

static void run_story(struct waiting *waiting)
{
	char kind[] = "delivery", text[] = "video.media.ready";
	struct story_line lines[] = { { INT64_C(1000000000), kind, text, NULL, NULL } };
	const struct story story = { lines, 1 };

	waiting->story(waiting->arg, &world.store_err, &story);
}

void store_story(struct store *store, int64_t row,
	void (*cb)(void *arg, const struct err *err, const struct story *story),
	void *arg)
{
	(void)store, (void)row;
	later(run_story, arg)->story = cb;
}

static void run_deliveries(struct waiting *waiting)
{
	char name[] = "w", key[] = "sha256:1", note[] = "not JSON";
	const struct stored_delivery list[] = {
		{ .workspace = name,
			.outcome = DELIVERED_REJECTED,
			.key = key,
			.note = note,
			.duplicates = 1 },
	};

	waiting->deliveries(waiting->arg, &world.store_err, list, 1);
}

void store_deliveries(struct store *store, const struct delivery_filter *filter,
	void (*cb)(void *arg, const struct err *err, const struct stored_delivery *list,
		size_t n),
	void *arg)
{
	assert(store && filter->outcome == DELIVERED_REJECTED && filter->limit > 0);
	later(run_deliveries, arg)->deliveries = cb;
}

static void run_stats(struct waiting *waiting)
{
	char name[] = "w";
	const struct workspace_stats stats[] = {
		{ .name = name, .assets = { [ASSET_ARCHIVED] = 2 }, .bytes = 5 },
	};

	waiting->stats(waiting->arg, &world.store_err, stats, 1);
}

static void run_ledger(struct waiting *waiting)
{
	static char empty[] = "", note[] = "note", began[] = "began", none[] = "{}";
	const struct ledger_entry entry = { .row = 1,
		.at_ns = 5,
		.workspace = empty,
		.id = empty,
		.kind = note,
		.decision = began,
		.cause = began,
		.evidence = none,
		.hash = "ab" };
	const struct ledger_chain head = { .row = 7, .hash = "cd" };

	waiting->ledger(waiting->arg, &world.store_err, &entry, 1, &head);
}

void store_ledger(struct store *store, int64_t after_row, size_t limit,
	void (*cb)(void *arg, const struct err *err, const struct ledger_entry *entries,
		size_t n, const struct ledger_chain *head),
	void *arg)
{
	(void)store;
	assert(after_row >= 0 && limit <= 1000);
	later(run_ledger, arg)->ledger = cb;
}

void store_stats(struct store *store, int64_t removed_since_ns,
	void (*cb)(void *arg, const struct err *err,
		const struct workspace_stats *stats, size_t n),
	void *arg)
{
	(void)store, (void)removed_since_ns;
	later(run_stats, arg)->stats = cb;
}

static void run_queues(struct waiting *waiting)
{
	struct outbox_queue one = { .kind = NOTICE_POST,
		.rule = (char[]){ "r" },
		.waiting = 3,
		.oldest_ns = 1700000000 * NS_PER_S };
	bool failed = world.store_err.class != ERR_NONE;
	waiting->queues(
		waiting->arg, &world.store_err, failed ? NULL : &one, failed ? 0 : 1);
}

void store_outbox_queues(struct store *store, store_queues_cb cb, void *arg)
{
	(void)store;
	later(run_queues, arg)->queues = cb;
}

/* ---- keeper, transfers, warnings ---- */

void keeper_news(
	struct keeper *keeper, const char *workspace, int64_t row, bool stops_work)
{
	assert(keeper && strcmp(workspace, "w") == 0);
	world.news++;
	world.news_row = row;
	world.stops_work = stops_work;
}

void keeper_asked(struct keeper *keeper, const char *workspace)
{
	assert(keeper && workspace);
}

int64_t keeper_reconcile(
	struct keeper *keeper, const char *workspace, bool dry_run, struct err *err)
{
	assert(keeper && strcmp(workspace, "w") == 0);
	if (world.paused)
		return err_set(err, ERR_LOCAL, "w is paused");
	return dry_run ? 4 : 3;
}

const struct reconcile_report *keeper_reconciled(
	struct keeper *keeper, const char *workspace, bool dry_run)
{
	static char id[] = "gone-id";
	static struct difference difference = { .id = id, .kind = LISTING_GONE };
	static struct reconcile_report reports[2] = {
		{ .asked = 3,
			.done = 2,
			.err = { .class = ERR_TRANSIENT, .text = "503" } },
		{ .asked = 4,
			.done = 4,
			.listed = 7,
			.found = { &difference, 1, { [LISTING_GONE] = 1 } } },
	};

	assert(keeper && strcmp(workspace, "w") == 0);
	return &reports[dry_run];
}

void keeper_set_paused(struct keeper *keeper, const char *workspace, bool paused)
{
	assert(keeper && workspace);
	world.paused = paused;
}

bool keeper_paused(const struct keeper *keeper, const char *workspace)
{
	assert(keeper && workspace);
	return world.paused;
}

bool keeper_live_state(
	const struct keeper *keeper, int64_t row, enum asset_state *state)
{
	(void)row, (void)state;
	assert(keeper);
	return false;
}

struct settings *keeper_settings(const struct keeper *keeper)
{
	assert(keeper);
	return &world.settings;
}

void keeper_space(
	const struct keeper *keeper, int64_t *free_bytes, int64_t *total_bytes)
{
	assert(keeper);
	*free_bytes = 10;
	*total_bytes = -1;
}

/* What expires is told first, whatever began first. */
void transfers_each(struct transfers *transfers,
	void (*visit)(void *arg, const struct transfer_progress *progress), void *arg)
{
	const struct transfer_progress all[] = {
		{ .workspace = "w",
			.asset_id = "one",
			.title = "A \x1b title",
			.key = "video",
			.role = ROLE_VIDEO,
			.deadline_ns = INT64_MAX,
			.bytes = 50,
			.total = 100,
			.rate = 10 },
		{ .workspace = "w",
			.asset_id = "two",
			.key = "thumbnail",
			.role = ROLE_THUMBNAIL,
			.deadline_ns = INT64_C(1800000000000000000),
			.bytes = 7,
			.total = -1,
			.rate = 5 },
	};

	(void)transfers;
	visit(arg, &all[0]);
	visit(arg, &all[1]);
}

void transfers_sum(const struct transfers *transfers, struct transfers_sum *out)
{
	(void)transfers;
	*out = (struct transfers_sum){ .files = 2,
		.stalled = 1,
		.bytes = 57,
		.remaining = 50,
		.unknown = world.unknown_totals,
		.rate = 25 };
}

size_t keeper_files_waiting(const struct keeper *keeper)
{
	assert(keeper);
	return 4;
}

void transfers_limits_each(struct transfers *transfers,
	void (*visit)(void *arg, const struct transfer_limit *limit), void *arg)
{
	const struct transfer_limit limits[] = {
		{ LIMIT_TOTAL, "", 4096, 0 },
		{ LIMIT_RULE, "r", 0, INT64_C(1700000000) * NS_PER_S },
	};

	(void)transfers;
	visit(arg, &limits[0]);
	visit(arg, &limits[1]);
}

const struct warning *warnings_all(const struct warnings *warnings, size_t *n)
{
	(void)warnings;
	*n = world.warning.key ? 1 : 0;
	return &world.warning;
}

/* ---- verifying and backups ---- */

void store_backup(struct store *store, const char *path, store_done_cb cb, void *arg)
{
	(void)store;
	snprintf(world.backup, sizeof(world.backup), "%s", path);
	later(run_done, arg)->done = cb;
}

int verifier_begin(struct verifier *verifier, const struct verifier_request *request,
	struct err *err)
{
	(void)verifier;
	if (world.report.running)
		return err_set(err, ERR_EXISTS, "already");
	world.report.running = true;
	world.report.run++;
	world.report.repair = request->repair;
	world.report.sample = request->sample;
	world.verified_assets = request->n_assets;
	return 0;
}

const struct verify_report *verifier_report(struct verifier *verifier)
{
	(void)verifier;
	return &world.report;
}

void verifier_cancel(struct verifier *verifier)
{
	(void)verifier;
	world.report.running = false;
	err_set(&world.report.err, ERR_CANCELLED, "stopped");
}

struct scrub_place scrub_place(const struct scrub *scrub, const char *workspace)
{
	(void)scrub, (void)workspace;
	return (struct scrub_place){ .last_ns = INT64_C(1700000000) * NS_PER_S };
}
