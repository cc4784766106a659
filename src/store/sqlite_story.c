/*
 * The story of an asset: its own lines, numbered, and the deliveries that named it,
 * merged by time. A story keeps its newest STORY_MAX lines.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/clock.h"
#include "base/mem.h"
#include <stdlib.h>

#define STORY_MAX 5000

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
		rc = add_line(conn, row, number++, &story->lines[i], err);
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

/* Both in time order already, as far as the clock was; a delivery comes before what it
 * caused at the same time. Takes the lines of both over. */
static void merge(struct story *deliveries, struct story *lines, struct story *out)
{
	size_t d = 0, l = 0;

	out->count = deliveries->count + lines->count;
	out->lines = mem_array(out->count, sizeof(*out->lines));
	for (size_t i = 0; i < out->count; i++) {
		bool first = l == lines->count ||
			     (d < deliveries->count && deliveries->lines[d].at_ns <=
							       lines->lines[l].at_ns);
		out->lines[i] = first ? deliveries->lines[d++] : lines->lines[l++];
	}
	deliveries->count = lines->count = 0;
}

static void keep_newest(struct story *story)
{
	if (story->count <= STORY_MAX)
		return;
	size_t surplus = story->count - STORY_MAX;
	for (size_t i = 0; i < surplus; i++) {
		free(story->lines[i].kind);
		free(story->lines[i].text);
	}
	for (size_t i = 0; i < STORY_MAX; i++)
		story->lines[i] = story->lines[i + surplus];
	story->count = STORY_MAX;
}

int sqlite_story(
	struct backend_conn *conn, int64_t row, struct story *story, struct err *err)
{
	struct story deliveries = { 0 }, lines = { 0 };
	int rc = read_deliveries(conn, row, &deliveries, err);

	if (!rc)
		rc = read_lines(conn, row, &lines, err);
	if (!rc) {
		merge(&deliveries, &lines, story);
		keep_newest(story);
	}
	story_release(&deliveries);
	story_release(&lines);
	return rc;
}
