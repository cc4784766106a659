/*
 * The story of an asset: its own lines, numbered, the deliveries that named it, and
 * what the ledger says was decided of it, merged by time. Each is kept in one place
 * only: a line that is a decision goes to the ledger and not among the story's own,
 * which are the newest STORY_MAX.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/clock.h"
#include "base/mem.h"
#include <stdlib.h>

#define STORY_MAX 5000
#define SOURCES   3 /* deliveries, lines, ledger */

static int next_line(
	struct backend_conn *conn, int64_t row, int64_t *line, struct err *err)
{
	struct query query = query_begin(conn, SQL_STORY_NEXT,
		"SELECT coalesce(max(line), 0) + 1 FROM story WHERE asset=?");

	query_int(&query, row);
	return query_value(&query, 1, line, err);
}

static int trim_story(
	struct backend_conn *conn, int64_t row, int64_t newest, struct err *err)
{
	struct query query = query_begin(
		conn, SQL_STORY_TRIM, "DELETE FROM story WHERE asset=? AND line<=?");

	query_int(&query, row);
	query_int(&query, newest - STORY_MAX);
	return query_run(&query, err);
}

static int add_line(struct backend_conn *conn, int64_t row, int64_t number,
	const struct story_line *line, struct err *err)
{
	struct query query = query_begin(conn, SQL_STORY_ADD,
		"INSERT INTO story(asset, line, at_ns, kind, text) VALUES(?,?,?,?,?)");

	query_int(&query, row);
	query_int(&query, number);
	query_int(&query, line->at_ns);
	query_text(&query, line->kind);
	query_text(&query, line->text);
	return query_run(&query, err);
}

int sqlite_put_story(struct backend_conn *conn, int64_t row, const struct story *story,
	struct err *err)
{
	int64_t number = 0;
	int rc;

	if (!story->count)
		return 0;
	rc = next_line(conn, row, &number, err);
	for (size_t i = 0; !rc && i < story->count; i++)
		rc = story->lines[i].decision
			     ? sqlite_ledger_add(conn, row, &story->lines[i], err)
			     : add_line(conn, row, number++, &story->lines[i], err);
	if (!rc && number > STORY_MAX)
		rc = trim_story(conn, row, number - 1, err);
	return rc;
}

/* ---- reading ---- */

static int read_lines(
	struct backend_conn *conn, int64_t row, struct story *story, struct err *err)
{
	struct query query = query_begin(conn, SQL_STORY_LIST,
		"SELECT at_ns, kind, text FROM story WHERE asset=? ORDER BY line");
	int rc;

	query_int(&query, row);
	while ((rc = query_step(&query, err)) > 0) {
		int64_t at_ns = column_int(&query);
		const char *kind = column_text(&query);
		story_take(story, at_ns, kind, column_copy(&query));
	}
	query_end(&query);
	return rc;
}

/* "video.media.ready (event time T, key K) accepted; delivered 3 times: NOTE" */
static char *delivery_text(struct query *query)
{
	const char *type = column_text(query);
	int64_t event_ns = column_int(query);
	const char *key = column_text(query);
	const char *outcome = column_text(query);
	int64_t times = column_int(query) + 1;
	const char *note = column_text(query);
	char when[32] = "unknown", repeated[48] = "";

	if (event_ns)
		time_format_utc(event_ns, when);
	if (times > 1)
		snprintf(repeated, sizeof(repeated), "; delivered %lld times",
			(long long)times);
	return mem_printf("%s (event time %s, key %s) %s%s%s%s",
		type ? type : "delivery", when, key, outcome, repeated,
		note ? ": " : "", note ? note : "");
}

static int read_deliveries(
	struct backend_conn *conn, int64_t row, struct story *story, struct err *err)
{
	struct query query = query_begin(conn, SQL_STORY_DELIVERIES,
		"SELECT received_ns, type, event_ns, key, outcome, duplicates, note FROM"
		" (SELECT * FROM deliveries WHERE asset=? ORDER BY row DESC LIMIT ?)"
		" ORDER BY row");
	int rc;

	query_int(&query, row);
	query_int(&query, STORY_MAX);
	while ((rc = query_step(&query, err)) > 0) {
		int64_t at_ns = column_int(&query);
		story_take(story, at_ns, "delivery", delivery_text(&query));
	}
	query_end(&query);
	return rc;
}

/* Each in time order already, as far as the clock was; at the same time a delivery
 * comes before what it caused, and what was done before what was decided of it. Takes
 * the lines of all over, but for what a story has no room for: the oldest. */
static void merge(struct story *sources, size_t n, struct story *out)
{
	size_t at[SOURCES] = { 0 }, total = 0, surplus;

	for (size_t s = 0; s < n; s++)
		total += sources[s].count;
	surplus = total > STORY_MAX ? total - STORY_MAX : 0;
	out->lines = mem_array(total - surplus, sizeof(*out->lines));
	for (size_t i = 0; i < total; i++) {
		struct story_line *first = NULL;
		size_t from = 0;

		for (size_t s = 0; s < n; s++) {
			struct story_line *line = &sources[s].lines[at[s]];
			if (at[s] < sources[s].count &&
				(!first || line->at_ns < first->at_ns)) {
				first = line;
				from = s;
			}
		}
		at[from]++;
		if (i < surplus)
			story_line_release(first);
		else
			out->lines[out->count++] = *first;
	}
	for (size_t s = 0; s < n; s++)
		sources[s].count = 0;
}

int sqlite_story(
	struct backend_conn *conn, int64_t row, struct story *story, struct err *err)
{
	struct story sources[SOURCES] = { 0 };
	int rc = read_deliveries(conn, row, &sources[0], err);

	if (!rc)
		rc = read_lines(conn, row, &sources[1], err);
	if (!rc)
		rc = sqlite_ledger_story(conn, row, STORY_MAX, &sources[2], err);
	if (!rc)
		merge(sources, SOURCES, story);
	for (size_t s = 0; s < SOURCES; s++)
		story_release(&sources[s]);
	return rc;
}
