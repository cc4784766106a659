/*
 * Which rule an archived asset is under, written anew where the rules have changed: a
 * bounded stretch of rows in each call.
 */
#include <config.h>

#include "store/sqlite.h"

#include <string.h>

#define STEP_ASSETS 200
#define STEP_ROWS   5000 /* looked at in one step */

/* The archived assets of the next stretch, and where it ends. */
static int rows_behind(struct backend_conn *conn, int64_t after,
	int64_t rows[STEP_ASSETS], size_t *n, struct assign_step *step, struct err *err)
{
	int64_t last = 0;
	struct query query;
	int rc = sqlite_asset_last(conn, &last, err);

	if (rc)
		return rc;
	query = query_begin(conn, SQL_ASSIGN_ROWS,
		"SELECT row FROM assets NOT INDEXED WHERE row>? AND row<=?"
		" AND archived_ns > 0 AND files > 0 ORDER BY row LIMIT ?");
	query_int(&query, after);
	query_int(&query, after + STEP_ROWS);
	query_int(&query, STEP_ASSETS);
	while ((rc = query_step(&query, err)) > 0)
		rows[(*n)++] = column_int(&query);
	query_end(&query);
	step->row = *n == STEP_ASSETS ? rows[STEP_ASSETS - 1] : after + STEP_ROWS;
	step->more = step->row < last;
	return rc;
}

static int set_rule(
	struct backend_conn *conn, int64_t row, const char *rule, struct err *err)
{
	struct query query = query_begin(
		conn, SQL_ASSIGN_SET, "UPDATE assets SET rule=? WHERE row=?");

	query_text(&query, rule);
	query_int(&query, row);
	return query_run(&query, err);
}

static int assign(struct backend_conn *conn, int64_t row, assign_choose_cb choose,
	void *arg, struct assign_step *step, struct err *err)
{
	struct asset *asset = NULL;
	int rc = sqlite_asset_by_row(conn, row, &asset, err);
	const char *rule;

	if (rc || !asset)
		return rc;
	rule = choose(arg, asset->workspace, &asset->facts);
	if (!asset->rule || strcmp(asset->rule, rule) != 0) {
		rc = set_rule(conn, row, rule, err);
		step->changed++;
	}
	asset_free(asset);
	return rc;
}

int sqlite_assign(struct backend_conn *conn, int64_t after_row, assign_choose_cb choose,
	void *arg, struct assign_step *step, struct err *err)
{
	int64_t rows[STEP_ASSETS];
	size_t n = 0;
	int rc;

	memset(step, 0, sizeof(*step));
	rc = rows_behind(conn, after_row, rows, &n, step, err);
	for (size_t i = 0; !rc && i < n; i++)
		rc = assign(conn, rows[i], choose, arg, step, err);
	return rc;
}
