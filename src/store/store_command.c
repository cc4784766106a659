/*
 * The store's writes that come from people and timers: wishes, holds, switches,
 * forgetting. Like store_write.c, requests and nothing else.
 */
#include <config.h>

#include "store/request.h"

#include "base/mem.h"
#include <stdlib.h>

#define REQUEST(type) container_of(request, struct type, request)

/* ---- one asset, by name ---- */

struct command {
	struct request request;
	char *workspace, *id;
	enum asset_wish wish;
	bool create, held;
	int64_t now_ns;
	store_done_cb cb;
	void *arg;
};

static int wish_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct command *command = REQUEST(command);

	return backend->wish(conn, command->workspace, command->id, command->wish,
		command->create, command->now_ns, err);
}

static int hold_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct command *command = REQUEST(command);

	return backend->hold(conn, command->workspace, command->id, command->held,
		command->now_ns, err);
}

static void command_answer(struct request *request)
{
	struct command *command = REQUEST(command);

	command->cb(command->arg, &request->err);
	free(command->workspace);
	free(command->id);
}

static struct command *command_new(struct store *store, const char *workspace,
	const char *id,
	int (*work)(struct request *request, const struct backend *backend,
		struct backend_conn *conn, struct err *err),
	store_done_cb cb, void *arg)
{
	struct command *command =
		request_new(store, sizeof(*command), work, command_answer);

	command->workspace = mem_strdup(workspace);
	command->id = mem_strdup(id);
	command->now_ns = store_now_ns(store);
	command->cb = cb;
	command->arg = arg;
	return command;
}

void store_wish(struct store *store, const char *workspace, const char *id,
	enum asset_wish wish, bool create, store_done_cb cb, void *arg)
{
	struct command *command = command_new(store, workspace, id, wish_work, cb, arg);

	command->wish = wish;
	command->create = create;
	request_write(&command->request);
}

void store_hold(struct store *store, const char *workspace, const char *id, bool held,
	store_done_cb cb, void *arg)
{
	struct command *command = command_new(store, workspace, id, hold_work, cb, arg);

	command->held = held;
	request_write(&command->request);
}

/* ---- walks: one step in each transaction ---- */

struct walking {
	struct request request;
	struct walk walk;
	char *workspace, *host;
	size_t limit;
	enum asset_state state;
	enum asset_wish wish;
	int64_t before_ns, now_ns;
	void (*count_cb)(void *arg, const struct err *err, size_t count);
	store_done_cb done_cb;
	void *arg;
};

static int wish_all_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct walking *walking = REQUEST(walking);
	int rc = backend->wish_all(conn, walking->workspace, walking->state,
		walking->wish, walking->now_ns, &walking->walk, err);

	request->again = !rc && walking->walk.more;
	return rc;
}

static int host_answers_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct walking *walking = REQUEST(walking);
	int rc = backend->host_answers(conn, walking->host, walking->limit,
		walking->now_ns, &walking->walk, err);

	request->again = !rc && walking->walk.more;
	return rc;
}

static int prune_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct walking *walking = REQUEST(walking);
	int rc = backend->prune(
		conn, walking->before_ns, walking->now_ns, &walking->walk, err);

	request->again = !rc && walking->walk.more;
	return rc;
}

static int clock_back_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct walking *walking = REQUEST(walking);
	int rc = backend->clock_back(conn, walking->now_ns, &walking->walk, err);

	request->again = !rc && walking->walk.more;
	return rc;
}

static void walking_answer(struct request *request)
{
	struct walking *walking = REQUEST(walking);

	if (walking->count_cb)
		walking->count_cb(walking->arg, &request->err,
			request->err.class ? 0 : walking->walk.count);
	else
		walking->done_cb(walking->arg, &request->err);
	free(walking->workspace);
	free(walking->host);
}

static struct walking *walking_new(struct store *store, const char *workspace,
	int (*work)(struct request *request, const struct backend *backend,
		struct backend_conn *conn, struct err *err),
	void *arg)
{
	struct walking *walking =
		request_new(store, sizeof(*walking), work, walking_answer);

	walking->workspace = mem_strdup(workspace);
	walking->now_ns = store_now_ns(store);
	walking->arg = arg;
	return walking;
}

void store_wish_all(struct store *store, const char *workspace, enum asset_state state,
	enum asset_wish wish,
	void (*cb)(void *arg, const struct err *err, size_t count), void *arg)
{
	struct walking *walking = walking_new(store, workspace, wish_all_work, arg);

	walking->state = state;
	walking->wish = wish;
	walking->count_cb = cb;
	request_write(&walking->request);
}

void store_host_answers(struct store *store, const char *host, size_t limit,
	void (*cb)(void *arg, const struct err *err, size_t count), void *arg)
{
	struct walking *walking = walking_new(store, NULL, host_answers_work, arg);

	walking->host = mem_strdup(host);
	walking->limit = limit;
	walking->count_cb = cb;
	request_write(&walking->request);
}

void store_prune(struct store *store, int64_t before_ns, store_done_cb cb, void *arg)
{
	struct walking *walking = walking_new(store, NULL, prune_work, arg);

	walking->before_ns = before_ns;
	walking->done_cb = cb;
	request_write(&walking->request);
}

void store_clock_back(struct store *store,
	void (*cb)(void *arg, const struct err *err, size_t count), void *arg)
{
	struct walking *walking = walking_new(store, NULL, clock_back_work, arg);

	walking->count_cb = cb;
	request_write(&walking->request);
}

/* ---- switches, meta ---- */

struct setting {
	struct request request;
	char *name, *value;
	bool paused;
	store_done_cb cb;
	void *arg;
};

static int set_paused_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct setting *setting = REQUEST(setting);

	return backend->set_paused(conn, setting->name, setting->paused, err);
}

static int put_meta_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct setting *setting = REQUEST(setting);

	return backend->put_meta(conn, setting->name, setting->value, err);
}

static void setting_answer(struct request *request)
{
	struct setting *setting = REQUEST(setting);

	if (setting->value && !request->err.class)
		store_remember(request->store, setting->name, setting->value);
	setting->cb(setting->arg, &request->err);
	free(setting->name);
	free(setting->value);
}

static struct setting *setting_new(struct store *store, const char *name,
	int (*work)(struct request *request, const struct backend *backend,
		struct backend_conn *conn, struct err *err),
	store_done_cb cb, void *arg)
{
	struct setting *setting =
		request_new(store, sizeof(*setting), work, setting_answer);

	setting->name = mem_strdup(name);
	setting->cb = cb;
	setting->arg = arg;
	return setting;
}

void store_set_paused(struct store *store, const char *workspace, bool paused,
	store_done_cb cb, void *arg)
{
	struct setting *setting = setting_new(
		store, workspace ? workspace : "", set_paused_work, cb, arg);

	setting->paused = paused;
	request_write(&setting->request);
}

void store_put_meta(struct store *store, const char *key, const char *value,
	store_done_cb cb, void *arg)
{
	struct setting *setting = setting_new(store, key, put_meta_work, cb, arg);

	setting->value = mem_strdup(value);
	request_write(&setting->request);
}
