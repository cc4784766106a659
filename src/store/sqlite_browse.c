/*
 * Assets by what no index knows: a part of the title, a type, a date. Rows are numbered
 * in the order in which assets were first seen, nearly without gaps. So one question
 * looks at a span of numbers, in some milliseconds however large the archive is, and
 * says where the next one goes on: nobody waits long behind a search, and what is
 * written pays for no index that people alone use.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

#define SPAN     20000
#define LIST_MAX 1000

/* Text that LIKE takes as it stands, somewhere within. */
static char *pattern_of(const char *text)
{
	char *pattern = mem_alloc(2 * strlen(text) + 3), *out = pattern;

	*out++ = '%';
	for (; *text; text++) {
		if (strchr("%_\\", *text))
			*out++ = '\\';
		*out++ = *text;
	}
	*out++ = '%';
	*out = '\0';
	return pattern;
}

static size_t limit_of(const struct asset_filter *filter)
{
	return filter->limit < LIST_MAX ? filter->limit : LIST_MAX;
}

/* Where to begin: the newest row is looked for once, further pages name theirs. */
static int first_row(struct backend_conn *conn, const struct asset_filter *filter,
	int64_t *before, struct err *err)
{
	struct query query;

	if (filter->before_row > 0) {
		*before = filter->before_row;
		return 0;
	}
	query = query_begin(conn, SQL_BROWSE_NEWEST,
		"SELECT coalesce(max(row), 0) + 1 FROM assets");
	return query_value(&query, 1, before, err);
}

static struct query ask(struct backend_conn *conn, const struct asset_filter *filter,
	int64_t before, int64_t from, const char *pattern)
{
	struct query query = query_begin(conn, SQL_BROWSE,
		"SELECT row FROM assets NOT INDEXED WHERE row<?1 AND row>=?2"
		" AND (?3 IS NULL OR workspace="
		" (SELECT id FROM workspaces WHERE name=?3))"
		" AND (?4 IS NULL OR state=?4) AND (?5 IS NULL OR type=?5)"
		" AND updated_ns>=?6"
		" AND iif(created_ns>0, created_ns, first_seen_ns) BETWEEN ?7 AND ?8"
		" AND (?9 IS NULL OR title LIKE ?9 ESCAPE '\\'"
		" OR id LIKE ?9 ESCAPE '\\') ORDER BY row DESC LIMIT ?10");

	query_int(&query, before);
	query_int(&query, from);
	query_text(&query, filter->workspace);
	query_text(&query, filter->state < 0
				   ? NULL
				   : asset_state_name((enum asset_state)filter->state));
	query_text(&query, filter->type);
	query_int(&query, filter->since_ns);
	query_int(&query, filter->from_ns);
	query_int(&query, filter->to_ns > 0 ? filter->to_ns - 1 : INT64_MAX);
	query_text(&query, pattern);
	query_int(&query, (int64_t)limit_of(filter));
	return query;
}

int sqlite_browse(struct backend_conn *conn, const struct asset_filter *filter,
	struct summary_list *list, int64_t *next_row, struct err *err)
{
	char *pattern = filter->text ? pattern_of(filter->text) : NULL;
	int64_t before = 1, from = 1, row = 0;
	size_t found = 0;
	struct query query;
	int rc = first_row(conn, filter, &before, err);

	if (!rc) {
		from = before > SPAN ? before - SPAN : 1;
		query = ask(conn, filter, before, from, pattern);
		while ((rc = query_step(&query, err)) > 0) {
			row = column_int(&query);
			rc = sqlite_summarise(conn, row, list, err);
			if (rc)
				break;
			found++;
		}
		query_end(&query);
	}
	free(pattern);
	if (rc)
		return rc;
	*next_row = found == limit_of(filter) ? row : from;
	if (*next_row <= 1)
		*next_row = 0;
	return 0;
}
