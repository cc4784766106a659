/*
 * The store's writes as requests: what each carries to the write worker, which slot of
 * the back end it is, and what it brings back.
 */
#include <config.h>

#include "store/request.h"

#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

#define REQUEST(type) container_of(request, struct type, request)

/* ---- deliveries ---- */

struct put_delivery {
	struct request request;
	struct delivery *delivery;
	struct delivery_result result;
	void (*cb)(
		void *arg, const struct err *err, const struct delivery_result *result);
	void *arg;
};

static int put_delivery_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct put_delivery *put = REQUEST(put_delivery);

	return backend->put_delivery(conn, put->delivery, &put->result, err);
}

static void put_delivery_answer(struct request *request)
{
	struct put_delivery *put = REQUEST(put_delivery);

	put->cb(put->arg, &request->err, request->err.class ? NULL : &put->result);
	delivery_free(put->delivery);
}

void store_put_delivery(struct store *store, struct delivery *delivery,
	void (*cb)(
		void *arg, const struct err *err, const struct delivery_result *result),
	void *arg)
{
	struct put_delivery *put = request_new(
		store, sizeof(*put), put_delivery_work, put_delivery_answer);

	put->delivery = delivery;
	put->cb = cb;
	put->arg = arg;
	request_write(&put->request);
}

/* ---- one asset ---- */

struct save {
	struct request request;
	const struct asset *asset;
	int64_t due_ns, now_ns;
	struct story story;
	const struct notices *notices;
	store_done_cb cb;
	void *arg;
};

static int save_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct save *save = REQUEST(save);
	int rc = backend->save(conn, save->asset, save->due_ns, save->now_ns, err);

	if (!rc)
		rc = backend->put_story(conn, save->asset->row, &save->story, err);
	if (!rc)
		rc = backend->outbox_put(conn, save->asset->row, save->notices, err);
	return rc;
}

static void save_answer(struct request *request)
{
	struct save *save = REQUEST(save);

	save->cb(save->arg, &request->err);
	story_release(&save->story);
}

static void move_story(struct story *to, struct story *from)
{
	if (!from)
		return;
	*to = *from;
	*from = (struct story){ 0 };
}

void store_save(struct store *store, const struct asset *asset, int64_t due_ns,
	struct story *story, store_done_cb cb, void *arg)
{
	store_save_telling(store, asset, due_ns, story, NULL, cb, arg);
}

void store_save_telling(struct store *store, const struct asset *asset, int64_t due_ns,
	struct story *story, const struct notices *notices, store_done_cb cb, void *arg)
{
	struct save *save = request_new(store, sizeof(*save), save_work, save_answer);

	save->asset = asset;
	save->due_ns = due_ns;
	save->now_ns = store_now_ns(store);
	move_story(&save->story, story);
	save->notices = notices;
	save->cb = cb;
	save->arg = arg;
	request_write(&save->request);
}

struct put_story {
	struct request request;
	int64_t row;
	struct story story;
};

static int put_story_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct put_story *put = REQUEST(put_story);

	return backend->put_story(conn, put->row, &put->story, err);
}

static void put_story_answer(struct request *request)
{
	story_release(&REQUEST(put_story)->story);
}

void store_put_story(struct store *store, int64_t row, struct story *story)
{
	struct put_story *put =
		request_new(store, sizeof(*put), put_story_work, put_story_answer);

	put->row = row;
	move_story(&put->story, story);
	request_write(&put->request);
}

struct put_part {
	struct request request;
	int64_t row;
	struct part part;
	store_done_cb cb;
	void *arg;
};

static int put_part_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct put_part *put = REQUEST(put_part);

	return backend->put_part(conn, put->row, &put->part, err);
}

static void put_part_answer(struct request *request)
{
	struct put_part *put = REQUEST(put_part);

	put->cb(put->arg, &request->err);
	free(put->part.key);
	free(put->part.name);
	free(put->part.etag);
	free(put->part.last_modified);
	free(put->part.ranges);
	free(put->part.placing);
}

void store_put_part(struct store *store, int64_t row, const struct part *part,
	store_done_cb cb, void *arg)
{
	struct put_part *put =
		request_new(store, sizeof(*put), put_part_work, put_part_answer);

	put->row = row;
	put->part = *part;
	put->part.key = mem_strdup(part->key);
	put->part.name = mem_strdup(part->name);
	put->part.etag = mem_strdup(part->etag);
	put->part.last_modified = mem_strdup(part->last_modified);
	put->part.ranges = mem_strdup(part->ranges);
	put->part.placing = mem_strdup(part->placing);
	put->cb = cb;
	put->arg = arg;
	request_write(&put->request);
}

struct claim_path {
	struct request request;
	int64_t row;
	char *base, *alternative, *claimed;
	bool force;
	void (*cb)(void *arg, const struct err *err, const char *claimed);
	void *arg;
};

static int claim_path_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct claim_path *claim = REQUEST(claim_path);

	return backend->claim_path(conn, claim->row, claim->base, claim->alternative,
		claim->force, &claim->claimed, err);
}

static void claim_path_answer(struct request *request)
{
	struct claim_path *claim = REQUEST(claim_path);

	claim->cb(
		claim->arg, &request->err, request->err.class ? NULL : claim->claimed);
	free(claim->base);
	free(claim->alternative);
	free(claim->claimed);
}

void store_claim_path(struct store *store, int64_t row, const char *base,
	const char *alternative, bool force,
	void (*cb)(void *arg, const struct err *err, const char *claimed), void *arg)
{
	struct claim_path *claim =
		request_new(store, sizeof(*claim), claim_path_work, claim_path_answer);

	claim->row = row;
	claim->base = mem_strdup(base);
	claim->alternative = mem_strdup(alternative);
	claim->force = force;
	claim->cb = cb;
	claim->arg = arg;
	request_write(&claim->request);
}
