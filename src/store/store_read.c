/*
 * The store's reads as requests: what each carries to the read worker, which slot of
 * the back end it is, and what it brings back.
 */
#include <config.h>

#include "store/request.h"

#include "base/mem.h"
#include <stdlib.h>

#define REQUEST(type) container_of(request, struct type, request)

/* ---- one asset ---- */

struct read_asset {
	struct request request;
	int64_t row;
	struct asset *asset;
	void (*cb)(void *arg, const struct err *err, struct asset *asset);
	void *arg;
};

static int load_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct read_asset *read = REQUEST(read_asset);

	return backend->load(conn, read->row, &read->asset, err);
}

static void load_answer(struct request *request)
{
	struct read_asset *read = REQUEST(read_asset);

	read->cb(read->arg, &request->err, read->asset);
}

void store_load(struct store *store, int64_t row,
	void (*cb)(void *arg, const struct err *err, struct asset *asset), void *arg)
{
	struct read_asset *read =
		request_new(store, sizeof(*read), load_work, load_answer);

	read->row = row;
	read->cb = cb;
	read->arg = arg;
	request_read(&read->request);
}

struct read_story {
	struct request request;
	int64_t row;
	struct story story;
	void (*cb)(void *arg, const struct err *err, const struct story *story);
	void *arg;
};

static int story_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct read_story *read = REQUEST(read_story);

	return backend->story(conn, read->row, &read->story, err);
}

static void story_answer(struct request *request)
{
	struct read_story *read = REQUEST(read_story);

	read->cb(read->arg, &request->err, request->err.class ? NULL : &read->story);
	story_release(&read->story);
}

void store_story(struct store *store, int64_t row,
	void (*cb)(void *arg, const struct err *err, const struct story *story),
	void *arg)
{
	struct read_story *read =
		request_new(store, sizeof(*read), story_work, story_answer);

	read->row = row;
	read->cb = cb;
	read->arg = arg;
	request_read(&read->request);
}

/* ---- lists ---- */

struct read_names {
	struct request request;
	struct name_list list;
	void (*cb)(void *arg, const struct err *err, char *const *names, size_t n);
	void *arg;
};

static int part_names_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	return backend->part_names(conn, &REQUEST(read_names)->list, err);
}

static void names_answer(struct request *request)
{
	struct read_names *read = REQUEST(read_names);

	if (request->err.class)
		name_list_release(&read->list);
	read->cb(read->arg, &request->err, read->list.items, read->list.count);
	name_list_release(&read->list);
}

void store_part_names(struct store *store,
	void (*cb)(void *arg, const struct err *err, char *const *names, size_t n),
	void *arg)
{
	struct read_names *read =
		request_new(store, sizeof(*read), part_names_work, names_answer);

	read->cb = cb;
	read->arg = arg;
	request_read(&read->request);
}

struct read_due {
	struct request request;
	char *workspace;
	int64_t now_ns;
	size_t limit;
	struct due_list list;
	void (*cb)(void *arg, const struct err *err, const struct due_asset *due,
		size_t n, int64_t next_ns);
	void *arg;
};

static int due_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct read_due *read = REQUEST(read_due);

	return backend->due(
		conn, read->workspace, read->now_ns, read->limit, &read->list, err);
}

static void due_answer(struct request *request)
{
	struct read_due *read = REQUEST(read_due);

	if (request->err.class)
		due_list_release(&read->list);
	read->cb(read->arg, &request->err, read->list.items, read->list.count,
		read->list.next_ns);
	due_list_release(&read->list);
	free(read->workspace);
}

void store_due(struct store *store, const char *workspace, int64_t now_ns, size_t limit,
	void (*cb)(void *arg, const struct err *err, const struct due_asset *due,
		size_t n, int64_t next_ns),
	void *arg)
{
	struct read_due *read = request_new(store, sizeof(*read), due_work, due_answer);

	read->workspace = mem_strdup(workspace);
	read->now_ns = now_ns;
	read->limit = limit;
	read->cb = cb;
	read->arg = arg;
	request_read(&read->request);
}

struct read_refs {
	struct request request;
	char *text;
	struct ref_list list;
	void (*cb)(void *arg, const struct err *err, const struct asset_ref *refs,
		size_t n);
	void *arg;
};

static int find_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct read_refs *read = REQUEST(read_refs);

	return backend->find(conn, read->text, &read->list, err);
}

static void find_answer(struct request *request)
{
	struct read_refs *read = REQUEST(read_refs);

	if (request->err.class)
		ref_list_release(&read->list);
	read->cb(read->arg, &request->err, read->list.items, read->list.count);
	ref_list_release(&read->list);
	free(read->text);
}

void store_find(struct store *store, const char *text,
	void (*cb)(void *arg, const struct err *err, const struct asset_ref *refs,
		size_t n),
	void *arg)
{
	struct read_refs *read =
		request_new(store, sizeof(*read), find_work, find_answer);

	read->text = mem_strdup(text);
	read->cb = cb;
	read->arg = arg;
	request_read(&read->request);
}

struct read_summaries {
	struct request request;
	struct asset_filter filter;
	char *workspace;
	struct summary_list list;
	void (*cb)(void *arg, const struct err *err, const struct asset_summary *list,
		size_t n);
	void *arg;
};

static int list_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct read_summaries *read = REQUEST(read_summaries);

	return backend->list(conn, &read->filter, &read->list, err);
}

static void list_answer(struct request *request)
{
	struct read_summaries *read = REQUEST(read_summaries);

	if (request->err.class)
		summary_list_release(&read->list);
	read->cb(read->arg, &request->err, read->list.items, read->list.count);
	summary_list_release(&read->list);
	free(read->workspace);
}

void store_list(struct store *store, const struct asset_filter *filter,
	void (*cb)(void *arg, const struct err *err, const struct asset_summary *list,
		size_t n),
	void *arg)
{
	struct read_summaries *read =
		request_new(store, sizeof(*read), list_work, list_answer);

	read->filter = *filter;
	read->workspace = mem_strdup(filter->workspace);
	read->filter.workspace = read->workspace;
	read->cb = cb;
	read->arg = arg;
	request_read(&read->request);
}

/* ---- browsing ---- */

struct read_browse {
	struct request request;
	struct asset_filter filter;
	char *workspace, *text, *type;
	struct summary_list list;
	int64_t next_row;
	void (*cb)(void *arg, const struct err *err, const struct asset_summary *list,
		size_t n, int64_t next_row);
	void *arg;
};

static int browse_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct read_browse *read = REQUEST(read_browse);

	return backend->browse(conn, &read->filter, &read->list, &read->next_row, err);
}

static void browse_answer(struct request *request)
{
	struct read_browse *read = REQUEST(read_browse);

	if (request->err.class)
		summary_list_release(&read->list);
	read->cb(read->arg, &request->err, read->list.items, read->list.count,
		request->err.class ? 0 : read->next_row);
	summary_list_release(&read->list);
	free(read->workspace);
	free(read->text);
	free(read->type);
}

void store_browse(struct store *store, const struct asset_filter *filter,
	void (*cb)(void *arg, const struct err *err, const struct asset_summary *list,
		size_t n, int64_t next_row),
	void *arg)
{
	struct read_browse *read =
		request_new(store, sizeof(*read), browse_work, browse_answer);

	read->filter = *filter;
	read->filter.workspace = read->workspace = mem_strdup(filter->workspace);
	read->filter.text = read->text = mem_strdup(filter->text);
	read->filter.type = read->type = mem_strdup(filter->type);
	read->cb = cb;
	read->arg = arg;
	request_read(&read->request);
}

struct read_deliveries {
	struct request request;
	struct delivery_filter filter;
	char *workspace;
	struct stored_list list;
	void (*cb)(void *arg, const struct err *err, const struct stored_delivery *list,
		size_t n);
	void *arg;
};

static int deliveries_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct read_deliveries *read = REQUEST(read_deliveries);

	return backend->deliveries(conn, &read->filter, &read->list, err);
}

static void deliveries_answer(struct request *request)
{
	struct read_deliveries *read = REQUEST(read_deliveries);

	if (request->err.class)
		stored_list_release(&read->list);
	read->cb(read->arg, &request->err, read->list.items, read->list.count);
	stored_list_release(&read->list);
	free(read->workspace);
}

void store_deliveries(struct store *store, const struct delivery_filter *filter,
	void (*cb)(void *arg, const struct err *err, const struct stored_delivery *list,
		size_t n),
	void *arg)
{
	struct read_deliveries *read =
		request_new(store, sizeof(*read), deliveries_work, deliveries_answer);

	read->filter = *filter;
	read->workspace = mem_strdup(filter->workspace);
	read->filter.workspace = read->workspace;
	read->cb = cb;
	read->arg = arg;
	request_read(&read->request);
}

/* ---- workspaces and counts ---- */

struct read_workspaces {
	struct request request;
	struct workspace_list list;
	void (*cb)(void *arg, const struct err *err,
		const struct workspace_state *states, size_t n);
	void *arg;
};

static int workspaces_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	return backend->workspaces(conn, &REQUEST(read_workspaces)->list, err);
}

static void workspaces_answer(struct request *request)
{
	struct read_workspaces *read = REQUEST(read_workspaces);

	if (request->err.class)
		workspace_list_release(&read->list);
	read->cb(read->arg, &request->err, read->list.items, read->list.count);
	workspace_list_release(&read->list);
}

void store_workspaces(struct store *store,
	void (*cb)(void *arg, const struct err *err,
		const struct workspace_state *states, size_t n),
	void *arg)
{
	struct read_workspaces *read =
		request_new(store, sizeof(*read), workspaces_work, workspaces_answer);

	read->cb = cb;
	read->arg = arg;
	request_read(&read->request);
}

struct read_stats {
	struct request request;
	int64_t removed_since_ns;
	struct stats_list list;
	void (*cb)(void *arg, const struct err *err,
		const struct workspace_stats *stats, size_t n);
	void *arg;
};

static int stats_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct read_stats *read = REQUEST(read_stats);

	return backend->stats(conn, read->removed_since_ns, &read->list, err);
}

static void stats_answer(struct request *request)
{
	struct read_stats *read = REQUEST(read_stats);

	if (request->err.class)
		stats_list_release(&read->list);
	read->cb(read->arg, &request->err, read->list.items, read->list.count);
	stats_list_release(&read->list);
}

void store_stats(struct store *store, int64_t removed_since_ns,
	void (*cb)(void *arg, const struct err *err,
		const struct workspace_stats *stats, size_t n),
	void *arg)
{
	struct read_stats *read =
		request_new(store, sizeof(*read), stats_work, stats_answer);

	read->removed_since_ns = removed_since_ns;
	read->cb = cb;
	read->arg = arg;
	request_read(&read->request);
}

struct read_removals {
	struct request request;
	char *workspace;
	int64_t since_ns;
	struct removal_counts counts;
	void (*cb)(
		void *arg, const struct err *err, const struct removal_counts *counts);
	void *arg;
};

static int removals_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	struct read_removals *read = REQUEST(read_removals);

	return backend->removals(
		conn, read->workspace, read->since_ns, &read->counts, err);
}

static void removals_answer(struct request *request)
{
	struct read_removals *read = REQUEST(read_removals);

	read->cb(read->arg, &request->err, &read->counts);
	free(read->workspace);
}

void store_removals(struct store *store, const char *workspace, int64_t since_ns,
	void (*cb)(
		void *arg, const struct err *err, const struct removal_counts *counts),
	void *arg)
{
	struct read_removals *read =
		request_new(store, sizeof(*read), removals_work, removals_answer);

	read->workspace = mem_strdup(workspace);
	read->since_ns = since_ns;
	read->cb = cb;
	read->arg = arg;
	request_read(&read->request);
}

struct backup {
	struct request request;
	char *path;
	store_done_cb cb;
	void *arg;
};

static int backup_work(struct request *request, const struct backend *backend,
	struct backend_conn *conn, struct err *err)
{
	return backend->backup(conn, REQUEST(backup)->path, err);
}

static void backup_answer(struct request *request)
{
	struct backup *backup = REQUEST(backup);

	backup->cb(backup->arg, &request->err);
	free(backup->path);
}

void store_backup(struct store *store, const char *path, store_done_cb cb, void *arg)
{
	struct backup *backup =
		request_new(store, sizeof(*backup), backup_work, backup_answer);

	backup->path = mem_strdup(path);
	backup->cb = cb;
	backup->arg = arg;
	request_read_long(&backup->request);
}
