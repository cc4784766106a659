/*
 * Sections without anything to tell are left out; warnings come first. Where lines are
 * counted, sentences are broken into them and the files in flight get those that the
 * rest leaves; elsewhere sentences stay whole, for grep and for copying.
 */
#include <config.h>

#include "cli/status_text.h"

#include "base/json.h"
#include "base/mem.h"
#include "cli/progress_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTION_MAX (1024 * 1024)
#define FILES_MIN   4 /* lines for files in flight, however much else there is */

/* A section: what it shows, where, how. */
struct section {
	const cJSON *status;
	const struct text_page *page;
	struct buf *out;
};

/* @text and a line's end; @text that is too wide goes on below, @indent blanks in. */
static void put(const struct section *to, struct buf *text, size_t indent)
{
	if (to->page->height > 0)
		text_wrap(to->out, buf_text(text), 0, indent, to->page->width);
	else
		buf_append(to->out, buf_text(text), text->len);
	buf_char(to->out, '\n');
	buf_reset(text);
}

static void title(const struct section *to, const char *text)
{
	buf_char(to->out, '\n');
	text_style(to->out, to->page->color, TEXT_BOLD);
	buf_str(to->out, text);
	text_style(to->out, to->page->color, TEXT_PLAIN);
	buf_char(to->out, '\n');
}

static void head(const struct section *to, struct buf *line)
{
	const cJSON *status = to->status;
	char span[32], used[32], space[32], total[32];

	text_span(json_int(status, "uptime_seconds", 0), span);
	buf_str(line, "vodkeep ");
	text_clean(line, json_text(status, "version"));
	buf_printf(line, ", up %s, pid %lld%s", span,
		(long long)json_int(status, "pid", 0),
		json_bool(status, "paused", false) ? ", PAUSED" : "");
	put(to, line, 2);
	text_size(json_int(status, "archive.bytes", -1), used);
	text_size(json_int(status, "archive.free", -1), space);
	text_size(json_int(status, "archive.total", -1), total);
	buf_str(line, "Archive  ");
	text_clean(line, json_text(status, "archive.dir"));
	buf_printf(line, ": %s archived, %s free of %s", used, space, total);
	put(to, line, 9);
}

void status_states(const cJSON *status, struct buf *out)
{
	const cJSON *count;
	bool any = false;

	cJSON_ArrayForEach (count, json_at(status, "assets")) {
		if (!cJSON_IsNumber(count) || count->valuedouble < 1)
			continue;
		buf_printf(out, "%s%.0f ", any ? ", " : "", count->valuedouble);
		text_clean(out, count->string);
		any = true;
	}
	if (!any)
		buf_str(out, "none yet");
}

/* Local time without the zone: a column is short, the zone is the reader's. */
static void short_time(const char *rfc3339, char out[40])
{
	text_time(rfc3339, out);
	if (strlen(out) > 19)
		out[19] = '\0';
}

/* "Limits   2.0 MiB/s until 2026-11-22 18:00:00", then "rule clips no limit" */
static void limits(const struct section *to, struct buf *line)
{
	const cJSON *limit;
	const char *head = "Limits   ";
	char text[40];

	cJSON_ArrayForEach (limit, json_at(to->status, "bandwidth")) {
		int64_t rate = json_int(limit, "rate", 0);
		buf_str(line, head);
		if (json_text(limit, "name")) {
			text_clean(line, json_text(limit, "of"));
			buf_char(line, ' ');
			text_clean(line, json_text(limit, "name"));
			buf_char(line, ' ');
		}
		text_size(rate, text);
		buf_printf(line, "%s%s", rate > 0 ? text : "no limit",
			rate > 0 ? "/s" : "");
		if (json_text(limit, "until")) {
			short_time(json_text(limit, "until"), text);
			buf_printf(line, " until %s", text);
		}
		put(to, line, 9);
		head = "         ";
	}
}

static void warnings(const struct section *to, struct buf *line)
{
	const cJSON *warning;
	char since[40];

	if (cJSON_GetArraySize(json_at(to->status, "warnings")) == 0)
		return;
	title(to, "Warnings");
	text_style(to->out, to->page->color, TEXT_ALARM);
	cJSON_ArrayForEach (warning, json_at(to->status, "warnings")) {
		text_time(json_text(warning, "since"), since);
		buf_str(line, "  ! ");
		text_clean(line, json_text(warning, "text"));
		buf_printf(line, " (since %s)", since);
		put(to, line, 4);
	}
	text_style(to->out, to->page->color, TEXT_PLAIN);
}

/* A table may be wider than a narrow page. */
static void put_rows(const struct section *to, const struct buf *rows)
{
	const char *at = buf_text(rows);

	while (to->page->height > 0 && *at) {
		size_t len = strcspn(at, "\n");
		char *row = mem_strndup(at, len);

		text_fit(to->out, row, to->page->width);
		buf_char(to->out, '\n');
		free(row);
		at += len + (at[len] == '\n');
	}
	buf_str(to->out, at);
}

static void workspaces(const struct section *to)
{
	const cJSON *json;
	struct table table;
	struct buf rows;
	char text[40];

	title(to, "Workspaces");
	table_init(&table, 7, 4 | 8);
	for (const char *const *name = (const char *const[]){ "NAME", "PLATFORM",
		     "ARCHIVED", "SIZE", "LAST DELIVERY", "RECONCILED", "", NULL };
		*name; name++)
		table_cell(&table, *name);
	cJSON_ArrayForEach (json, json_at(to->status, "workspaces")) {
		table_cell(&table, json_text(json, "name"));
		table_cell(&table, json_text(json, "platform"));
		snprintf(text, sizeof(text), "%lld",
			(long long)json_int(json, "assets.archived", 0));
		table_cell(&table, text);
		text_size(json_int(json, "bytes", -1), text);
		table_cell(&table, text);
		short_time(json_text(json, "last_delivery"), text);
		table_cell(&table, text);
		short_time(json_text(json, "last_reconcile"), text);
		table_cell(&table, text);
		table_cell(&table, json_bool(json, "paused", false) ? "paused" : "");
	}
	buf_init(&rows, SECTION_MAX);
	table_print(&table, 2, to->page->width, &rows);
	put_rows(to, &rows);
	buf_release(&rows);
	table_release(&table);
}

static void lost(const struct section *to, struct buf *line)
{
	const cJSON *json;
	char since[40];

	cJSON_ArrayForEach (json, json_at(to->status, "workspaces")) {
		long long count = json_int(json, "lost", 0);

		if (count == 0)
			continue;
		text_time(json_text(json, "lost_oldest"), since);
		buf_printf(
			line, "  %lld deliver%s of ", count, count == 1 ? "y" : "ies");
		text_clean(line, json_text(json, "name"));
		buf_printf(line,
			" never came, repaired by reconciling; the oldest of %s",
			since);
		put(to, line, 4);
	}
}

static void rejected(const struct section *to, struct buf *line)
{
	const cJSON *json;

	cJSON_ArrayForEach (json, json_at(to->status, "workspaces")) {
		long long count = json_int(json, "rejected", 0);

		if (count == 0)
			continue;
		buf_printf(line, "  %lld deliver%s rejected: vodkeep explain ", count,
			count == 1 ? "y" : "ies");
		text_clean(line, json_text(json, "name"));
		put(to, line, 4);
	}
}

static void attention(const struct section *to, struct buf *line)
{
	const cJSON *json;
	char due[40];

	if (cJSON_GetArraySize(json_at(to->status, "attention")) == 0)
		return;
	title(to, "Needs a look");
	cJSON_ArrayForEach (json, json_at(to->status, "attention")) {
		buf_str(line, "  ");
		text_clean(line, json_text(json, "workspace"));
		buf_char(line, '/');
		text_clean(line, json_text(json, "id"));
		buf_str(line, "  ");
		text_clean(line, json_text(json, "state"));
		if (json_text(json, "due")) {
			text_time(json_text(json, "due"), due);
			buf_printf(line, " until %s", due);
		}
		put(to, line, 4);
		buf_str(line, "    ");
		text_clean(line, json_text(json, "reason"));
		put(to, line, 4);
	}
}

/* "notify of rule clips: 3 wait, the oldest since 2026-11-22 …" */
static void outbox(const struct section *to, struct buf *line)
{
	const cJSON *json;
	char since[40];

	if (cJSON_GetArraySize(json_at(to->status, "outbox")) == 0)
		return;
	title(to, "To be told");
	cJSON_ArrayForEach (json, json_at(to->status, "outbox")) {
		long long count = json_int(json, "waiting", 0);

		text_time(json_text(json, "oldest"), since);
		buf_str(line, "  ");
		text_clean(line, json_text(json, "kind"));
		buf_str(line, " of rule ");
		text_clean(line, json_text(json, "rule"));
		buf_printf(line, ": %lld wait%s, the oldest since %s", count,
			count == 1 ? "s" : "", since);
		put(to, line, 4);
	}
}

static size_t count_lines(const struct buf *text)
{
	size_t lines = 0;

	for (const char *at = buf_text(text); (at = strchr(at, '\n')); at++)
		lines++;
	return lines;
}

/* @height lines of @text at most; the last says what is missing. */
static void put_page(const struct buf *text, size_t height, struct buf *out)
{
	size_t lines = count_lines(text), left = height - 1;
	const char *end = buf_text(text);

	if (height == 0 || lines <= height) {
		buf_append(out, buf_text(text), text->len);
		return;
	}
	for (; left > 0; left--)
		end = strchr(end, '\n') + 1;
	buf_append(out, buf_text(text), (size_t)(end - buf_text(text)));
	buf_printf(out, "\xE2\x80\xA6 %zu more lines: vodkeep status\n",
		lines - height + 1);
}

/* The files in flight get what @used lines leave of the page. */
static void downloads(const struct section *to, size_t used)
{
	size_t height = to->page->height;

	if (cJSON_GetArraySize(json_at(to->status, "transfers")) == 0)
		return;
	buf_char(to->out, '\n');
	progress_sum(to->status, to->page, to->out);
	used += count_lines(to->out);
	progress_files(to->status, to->page,
		height > used + FILES_MIN ? height - used : FILES_MIN, to->out);
}

void status_text(const cJSON *status, const struct text_page *page, struct buf *out)
{
	struct buf line, above, middle, below;

	buf_init(&line, SECTION_MAX);
	buf_init(&above, SECTION_MAX);
	buf_init(&middle, SECTION_MAX);
	buf_init(&below, SECTION_MAX);

	struct section to = { status, page, &above };
	head(&to, &line);
	buf_str(&line, "Assets   ");
	status_states(status, &line);
	put(&to, &line, 9);
	limits(&to, &line);
	warnings(&to, &line);
	to.out = &below;
	workspaces(&to);
	rejected(&to, &line);
	lost(&to, &line);
	outbox(&to, &line);
	attention(&to, &line);
	to.out = &middle;
	downloads(&to, count_lines(&above) + count_lines(&below));
	buf_append(&above, buf_text(&middle), middle.len);
	buf_append(&above, buf_text(&below), below.len);
	put_page(&above, page->height, out);

	buf_release(&line);
	buf_release(&above);
	buf_release(&middle);
	buf_release(&below);
}
