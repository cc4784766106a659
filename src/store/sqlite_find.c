/*
 * What a person means by ASSET: "workspace/id", an id, or the beginning of one.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

#define FIND_MAX   10
#define PREFIX_MIN 4

struct workspace {
	int64_t id;
	const char *name;
};

static int add_refs(struct query *query, const char *workspace, struct ref_list *list,
	struct err *err)
{
	int rc;

	while ((rc = query_step(query, err)) > 0 && list->count < FIND_MAX) {
		list->items =
			mem_grow(list->items, list->count + 1, sizeof(*list->items));
		struct asset_ref *ref = &list->items[list->count++];
		ref->row = column_int(query);
		ref->id = column_copy(query);
		ref->workspace = mem_strdup(workspace);
	}
	query_end(query);
	return rc < 0 ? rc : 0;
}

static int find_exact(struct backend_conn *conn, const struct workspace *workspace,
	const char *id, struct ref_list *list, struct err *err)
{
	struct query query = query_begin(conn, SQL_FIND_ID,
		"SELECT row, id FROM assets WHERE workspace=? AND id=?");

	query_int(&query, workspace->id);
	query_text(&query, id);
	return add_refs(&query, workspace->name, list, err);
}

static int find_prefix(struct backend_conn *conn, const struct workspace *workspace,
	const char *prefix, struct ref_list *list, struct err *err)
{
	char *end = mem_strdup(prefix);
	struct query query = query_begin(conn, SQL_FIND_PREFIX,
		"SELECT row, id FROM assets WHERE workspace=? AND id>=? AND id<?"
		" ORDER BY id LIMIT ?");

	end[strlen(end) - 1]++; /* ids are ASCII: the first text behind the prefix */
	query_int(&query, workspace->id);
	query_text(&query, prefix);
	query_text(&query, end);
	query_int(&query, FIND_MAX);
	int rc = add_refs(&query, workspace->name, list, err);
	free(end);
	return rc;
}

/* Look in the workspace called @name, or with NULL in all. */
static int find_in(struct backend_conn *conn, const char *name, const char *id,
	int (*look)(struct backend_conn *conn, const struct workspace *workspace,
		const char *id, struct ref_list *list, struct err *err),
	struct ref_list *list, struct err *err)
{
	struct query query = query_begin(conn, SQL_FIND_WORKSPACES,
		"SELECT id, name FROM workspaces WHERE ?1 IS NULL OR name=?1"
		" ORDER BY name");
	int rc;

	query_text(&query, name);
	while ((rc = query_step(&query, err)) > 0) {
		struct workspace workspace = { .id = column_int(&query) };
		workspace.name = column_text(&query);
		rc = look(conn, &workspace, id, list, err);
		if (rc)
			break;
	}
	query_end(&query);
	return rc;
}

int sqlite_find(struct backend_conn *conn, const char *text, struct ref_list *list,
	struct err *err)
{
	const char *slash = strrchr(text, '/');
	const char *id = slash ? slash + 1 : text;
	char *name = slash ? mem_strndup(text, (size_t)(slash - text)) : NULL;
	int rc = 0;

	if (asset_id_ok(id))
		rc = find_in(conn, name, id, find_exact, list, err);
	if (!rc && !list->count && asset_id_ok(id) && strlen(id) >= PREFIX_MIN)
		rc = find_in(conn, name, id, find_prefix, list, err);
	free(name);
	return rc;
}
