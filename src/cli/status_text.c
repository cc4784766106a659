/*
 * Sections without anything to tell are left out; warnings come first.
 */
#include <config.h>

#include "cli/status_text.h"

#include "base/json.h"
#include "base/mem.h"
#include "cli/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAR_WIDTH 22

static void head(const cJSON *status, struct buf *out)
{
	char span[32], used[32], space[32], total[32];

	text_span(json_int(status, "uptime_seconds", 0), span);
	buf_str(out, "vodkeep ");
	text_clean(out, json_text(status, "version"));
	buf_printf(out, ", up %s, pid %lld%s\n", span,
		(long long)json_int(status, "pid", 0),
		json_bool(status, "paused", false) ? ", PAUSED" : "");
	text_size(json_int(status, "archive.bytes", -1), used);
	text_size(json_int(status, "archive.free", -1), space);
	text_size(json_int(status, "archive.total", -1), total);
	buf_str(out, "Archive  ");
	text_clean(out, json_text(status, "archive.dir"));
	buf_printf(out, ": %s archived, %s free of %s\n", used, space, total);
}

static void states(const cJSON *status, struct buf *out)
{
	const cJSON *count;
	bool any = false;

	buf_str(out, "Assets   ");
	cJSON_ArrayForEach (count, json_at(status, "assets")) {
		if (!cJSON_IsNumber(count) || count->valuedouble < 1)
			continue;
		buf_printf(out, "%s%.0f %s", any ? ", " : "", count->valuedouble,
			count->string);
		any = true;
	}
	buf_str(out, any ? "\n" : "none yet\n");
}

/* Local time without the zone: a column is short, the zone is the reader's. */
static void short_time(const char *rfc3339, char out[40])
{
	text_time(rfc3339, out);
	if (strlen(out) > 19)
		out[19] = '\0';
}

/* "Limits   2.0 MiB/s until 2026-11-22 18:00:00", then "rule clips no limit" */
static void limits(const cJSON *status, struct buf *out)
{
	const cJSON *limit;
	const char *head = "Limits   ";
	char text[40];

	cJSON_ArrayForEach (limit, json_at(status, "bandwidth")) {
		int64_t rate = json_int(limit, "rate", 0);
		buf_str(out, head);
		if (json_text(limit, "name")) {
			text_clean(out, json_text(limit, "of"));
			buf_char(out, ' ');
			text_clean(out, json_text(limit, "name"));
			buf_char(out, ' ');
		}
		text_size(rate, text);
		buf_printf(out, "%s%s", rate > 0 ? text : "no limit",
			rate > 0 ? "/s" : "");
		if (json_text(limit, "until")) {
			short_time(json_text(limit, "until"), text);
			buf_printf(out, " until %s", text);
		}
		buf_char(out, '\n');
		head = "         ";
	}
}

static void warnings(const cJSON *status, struct buf *out)
{
	const cJSON *warning;
	char since[40];

	if (cJSON_GetArraySize(json_at(status, "warnings")) == 0)
		return;
	buf_str(out, "\nWarnings\n");
	cJSON_ArrayForEach (warning, json_at(status, "warnings")) {
		text_time(json_text(warning, "since"), since);
		buf_str(out, "  ! ");
		text_clean(out, json_text(warning, "text"));
		buf_printf(out, " (since %s)\n", since);
	}
}

static void transfer(const cJSON *json, size_t width, struct buf *out)
{
	int64_t bytes = json_int(json, "bytes", 0), total = json_int(json, "total", -1);
	int64_t eta = json_int(json, "eta_seconds", -1);
	char got[32], all[32], rate[32], left[32];
	char *name = mem_printf("%s/%s %s", json_text(json, "workspace"),
		json_text(json, "id"), json_text(json, "key"));

	text_size(bytes, got);
	text_size(total, all);
	text_size(json_int(json, "rate", 0), rate);
	buf_str(out, "  ");
	text_fit(out, name, width - 2);
	buf_str(out, "\n    ");
	if (total > 0) {
		text_bar(out, bytes, total, BAR_WIDTH);
		buf_printf(out, " %3.0f %%  %s of %s",
			100.0 * (double)bytes / (double)total, got, all);
	} else {
		buf_printf(out, "%s so far", got);
	}
	buf_printf(out, "  %s/s", rate);
	if (eta >= 0) {
		text_span(eta, left);
		buf_printf(out, "  %s left", left);
	}
	buf_char(out, '\n');
	free(name);
}

static void transfers(const cJSON *status, size_t width, struct buf *out)
{
	const cJSON *json;

	if (cJSON_GetArraySize(json_at(status, "transfers")) == 0)
		return;
	buf_str(out, "\nDownloading\n");
	cJSON_ArrayForEach (json, json_at(status, "transfers")) {
		transfer(json, width, out);
	}
}

static void workspaces(const cJSON *status, size_t width, struct buf *out)
{
	const cJSON *json;
	struct table table;
	char text[40];

	buf_str(out, "\nWorkspaces\n");
	table_init(&table, 7, 4 | 8);
	for (const char *const *name = (const char *const[]){ "NAME", "PLATFORM",
		     "ARCHIVED", "SIZE", "LAST DELIVERY", "RECONCILED", "", NULL };
		*name; name++)
		table_cell(&table, *name);
	cJSON_ArrayForEach (json, json_at(status, "workspaces")) {
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
	table_print(&table, 2, width, out);
	table_release(&table);
}

static void rejected(const cJSON *status, struct buf *out)
{
	const cJSON *json;

	cJSON_ArrayForEach (json, json_at(status, "workspaces")) {
		long long count = json_int(json, "rejected", 0);

		if (count == 0)
			continue;
		buf_printf(out, "  %lld deliver%s rejected: vodkeep explain ", count,
			count == 1 ? "y" : "ies");
		text_clean(out, json_text(json, "name"));
		buf_char(out, '\n');
	}
}

static void attention(const cJSON *status, struct buf *out)
{
	const cJSON *json;
	char due[40];

	if (cJSON_GetArraySize(json_at(status, "attention")) == 0)
		return;
	buf_str(out, "\nNeeds a look\n");
	cJSON_ArrayForEach (json, json_at(status, "attention")) {
		buf_str(out, "  ");
		text_clean(out, json_text(json, "workspace"));
		buf_char(out, '/');
		text_clean(out, json_text(json, "id"));
		buf_str(out, "  ");
		text_clean(out, json_text(json, "state"));
		if (json_text(json, "due")) {
			text_time(json_text(json, "due"), due);
			buf_printf(out, " until %s", due);
		}
		buf_str(out, "\n    ");
		text_clean(out, json_text(json, "reason"));
		buf_char(out, '\n');
	}
}

void status_text(const cJSON *status, size_t width, struct buf *out)
{
	head(status, out);
	states(status, out);
	limits(status, out);
	warnings(status, out);
	transfers(status, width, out);
	workspaces(status, width, out);
	rejected(status, out);
	attention(status, out);
}
