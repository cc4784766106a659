/*
 * The store for tests: see store_fixture.h.
 */
#include <config.h>

#include "store_fixture.h"

#include "base/mem.h"
#include "base/metrics.h"
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int64_t test_now_ns;

static int64_t wall_ns(void)
{
	return test_now_ns;
}

static const struct clock test_clock = { .wall_ns = wall_ns };

void fixture_at(struct fixture *f, int64_t now_ns)
{
	f->now_ns = now_ns;
	test_now_ns = now_ns;
}

void fixture_open(struct fixture *f)
{
	struct err err = { .class = ERR_NONE };

	assert_int_equal(uv_loop_init(&f->loop), 0);
	if (store_open(&f->store, &f->loop, f->path, &err))
		fail_msg("%s", err.text);
	store_set_clock(f->store, &test_clock);
}

static void on_closed(void *arg)
{
	(*(int *)arg)++;
}

void fixture_close(struct fixture *f)
{
	int closed = 0;

	store_close(f->store, on_closed, &closed);
	assert_int_equal(closed, 0);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(closed, 1);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	f->store = NULL;
}

int fixture_setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));

	strcpy(f->dir, "/tmp/vodkeep-store-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->path = mem_printf("%s/state.db", f->dir);
	metrics_reset();
	fixture_at(f, T0);
	fixture_open(f);
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = { "state.db", "state.db-wal", "state.db-shm",
		"state.db.lock", "copy.db" };

	if (f->store)
		fixture_close(f);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *path = mem_printf("%s/%s", f->dir, names[i]);
		unlink(path);
		free(path);
	}
	assert_int_equal(rmdir(f->dir), 0);
	free(f->path);
	free(f);
	metrics_reset();
	return 0;
}

void fixture_wait(struct fixture *f, const struct answer *answer, int calls)
{
	while (answer->calls < calls)
		uv_run(&f->loop, UV_RUN_ONCE);
	assert_int_equal(answer->calls, calls);
}

/* ---- deliveries ---- */

struct delivery *make_delivery(const char *workspace, const char *id, const char *key,
	enum event_kind kind, int64_t at_ns)
{
	struct delivery *delivery = delivery_new();

	delivery->workspace = mem_strdup(workspace);
	delivery->outcome = DELIVERED_ACCEPTED;
	delivery->event.kind = kind;
	delivery->event.type = mem_strdup("video.media.ready");
	delivery->event.key = mem_strdup(key);
	delivery->event.asset_id = mem_strdup(id);
	delivery->event.at_ns = at_ns;
	delivery->body = mem_strdup("{\"type\":\"video.media.ready\"}");
	delivery->body_len = strlen(delivery->body);
	delivery->received_ns = test_now_ns;
	return delivery;
}

void on_put(void *arg, const struct err *err, const struct delivery_result *result)
{
	struct answer *answer = arg;

	answer->calls++;
	answer->err = *err;
	assert_int_equal(result == NULL, err->class != ERR_NONE);
	if (result) {
		answer->delivered = *result;
		answer->count += !result->duplicate;
	}
}

void on_stored(void *arg, const struct err *err)
{
	struct answer *answer = arg;

	answer->calls++;
	answer->err = *err;
}

void on_count(void *arg, const struct err *err, size_t count)
{
	struct answer *answer = arg;

	on_stored(answer, err);
	answer->count = count;
}

struct delivery_result put(struct fixture *f, struct delivery *delivery)
{
	struct answer answer = { .calls = 0 };

	store_put_delivery(f->store, delivery, on_put, &answer);
	assert_int_equal(answer.calls, 0);
	fixture_wait(f, &answer, 1);
	if (answer.err.class)
		fail_msg("%s", answer.err.text);
	return answer.delivered;
}

struct delivery_result put_event(struct fixture *f, const char *id, const char *key,
	enum event_kind kind, int64_t at_ns)
{
	return put(f, make_delivery("w", id, key, kind, at_ns));
}

/* ---- assets ---- */

enum err_class save(struct fixture *f, const struct asset *asset, int64_t due_ns,
	struct story *story)
{
	struct answer answer = { .calls = 0 };

	store_save(f->store, asset, due_ns, story, on_stored, &answer);
	fixture_wait(f, &answer, 1);
	return answer.err.class;
}

struct load {
	struct answer answer;
	struct asset *asset;
};

static void on_load(void *arg, const struct err *err, struct asset *asset)
{
	struct load *load = arg;

	on_stored(&load->answer, err);
	load->asset = asset;
}

enum err_class load(struct fixture *f, int64_t row, struct asset **asset)
{
	struct load load = { .asset = NULL };

	store_load(f->store, row, on_load, &load);
	fixture_wait(f, &load.answer, 1);
	assert_int_equal(load.asset == NULL, load.answer.err.class != ERR_NONE);
	*asset = load.asset;
	return load.answer.err.class;
}

struct asset *loaded(struct fixture *f, int64_t row)
{
	struct asset *asset = NULL;

	assert_int_equal(load(f, row, &asset), ERR_NONE);
	return asset;
}

static void on_refs(
	void *arg, const struct err *err, const struct asset_ref *refs, size_t n)
{
	struct answer *answer = arg;

	on_stored(answer, err);
	answer->count = n;
	answer->a = n ? refs[0].row : 0;
}

int64_t row_of(struct fixture *f, const char *name)
{
	struct answer answer = { .calls = 0 };

	store_find(f->store, name, on_refs, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.err.class, ERR_NONE);
	return answer.a;
}

static void on_due(void *arg, const struct err *err, const struct due_asset *due,
	size_t n, int64_t next_ns)
{
	struct answer *answer = arg;
	char *text = mem_strdup("");

	for (size_t i = 0; i < n; i++) {
		char *longer = mem_printf("%s%s%s", text, i ? " " : "", due[i].id);
		free(text);
		text = longer;
	}
	on_stored(answer, err);
	answer->text = text;
	answer->a = next_ns;
}

char *due_ids(struct fixture *f, const char *workspace, int64_t now_ns, size_t limit,
	int64_t *next_ns)
{
	struct answer answer = { .calls = 0 };

	store_due(f->store, workspace, now_ns, limit, on_due, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.err.class, ERR_NONE);
	if (next_ns)
		*next_ns = answer.a;
	return answer.text;
}

/* ---- counts ---- */

struct wanted {
	struct answer answer;
	const char *name;
	struct workspace_stats stats;
};

static void on_stats(
	void *arg, const struct err *err, const struct workspace_stats *stats, size_t n)
{
	struct wanted *wanted = arg;

	on_stored(&wanted->answer, err);
	for (size_t i = 0; i < n; i++)
		if (strcmp(stats[i].name, wanted->name) == 0)
			wanted->stats = stats[i];
	wanted->stats.name = NULL;
}

struct workspace_stats stats_of(struct fixture *f, const char *workspace, int64_t since)
{
	struct wanted wanted = { .name = workspace };

	store_stats(f->store, since, on_stats, &wanted);
	fixture_wait(f, &wanted.answer, 1);
	assert_int_equal(wanted.answer.err.class, ERR_NONE);
	return wanted.stats;
}

char *ask_text(struct fixture *f, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;

	assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READWRITE, NULL), 0);
	sqlite3_busy_timeout(db, 5000);
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL))
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	char *text = sqlite3_step(stmt) == SQLITE_ROW
			     ? mem_strdup((const char *)sqlite3_column_text(stmt, 0))
			     : NULL;
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return text;
}

int64_t ask(struct fixture *f, const char *sql)
{
	char *text = ask_text(f, sql);
	int64_t value = text ? strtoll(text, NULL, 10) : -1;

	free(text);
	return value;
}
