/*
 * Values with a shape of their own: shares, rates, timetables, limits, path templates.
 * The types here know which member of the configuration they fill.
 */
#include "core/config_table.h"

#include "base/clock.h"
#include "base/mem.h"
#include "core/bandwidth.h"
#include "core/template.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool value_percent(const char *text, double *percent, const char **end)
{
	double value = 0, place = 1;
	const char *at = text;
	bool fraction = false;

	for (; isdigit((unsigned char)*at) || (*at == '.' && !fraction); at++) {
		if (*at == '.') {
			fraction = true;
			continue;
		}
		value = value * 10 + (*at - '0');
		place *= fraction ? 10 : 1;
		if (at - text > 12)
			return false;
	}
	if (at == text || *text == '.' || at[-1] == '.' || *at != '%')
		return false;
	value /= place;
	if (value > 100)
		return false;
	*percent = value;
	*end = at + 1;
	return true;
}

/* ---- "5%" or "10G" ----------------------------------------------------------- */

static int amount_parse(const struct config_option *option, const char *text,
	void *base, const struct config_source *source, struct err *err)
{
	struct amount amount = { 0 };
	const char *end;

	(void)source;
	if (strchr(text, '%')) {
		if (!value_percent(text, &amount.percent, &end) || *end)
			return value_bad(err, text, "is not a share from 0% to 100%");
	} else if (size_parse(text, &amount.bytes, NULL)) {
		return value_bad(err, text, "is neither a share nor a size");
	}
	*(struct amount *)value_field(option, base) = amount;
	return 0;
}

static void amount_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	const struct amount *amount = value_field_const(option, base);
	char text[32];

	if (amount->percent > 0) {
		buf_printf(out, "%g%%", amount->percent);
		return;
	}
	size_format(amount->bytes, text);
	buf_str(out, text);
}

const struct value_type type_amount = {
	.name = "share or size",
	.expects = "a share such as 5% or a size such as 10G",
	.parse = amount_parse,
	.print = amount_print,
};

/* ---- bandwidth --------------------------------------------------------------- */

static int bandwidth_read(const struct config_option *option, const char *text,
	void *base, const struct config_source *source, struct err *err)
{
	struct bandwidth **field = value_field(option, base);
	struct bandwidth *bandwidth;
	int rc = bandwidth_parse(text, &bandwidth, err);

	(void)source;
	if (rc)
		return rc;
	free(*field);
	*field = bandwidth;
	return 0;
}

static void bandwidth_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	bandwidth_format(
		*(struct bandwidth *const *)value_field_const(option, base), out);
}

static void bandwidth_release(const struct config_option *option, void *base)
{
	struct bandwidth **field = value_field(option, base);
	free(*field);
	*field = NULL;
}

const struct value_type type_bandwidth = {
	.name = "rate",
	.expects = "off, bytes a second such as 10M (at most 1T), or a timetable such "
		   "as 08:00,2M 18:00,20M 23:00,off",
	.parse = bandwidth_read,
	.print = bandwidth_print,
	.release = bandwidth_release,
};

/* ---- "1K/30s" ---------------------------------------------------------------- */

static int low_speed_parse(const struct config_option *option, const char *text,
	void *base, const struct config_source *source, struct err *err)
{
	struct config *config = base;
	const char *slash = strchr(text, '/');
	char *size = mem_strndup(text, slash ? (size_t)(slash - text) : 0);
	int64_t bytes = 0, ms = 0;
	bool ok = slash && size_parse(size, &bytes, NULL) == 0 &&
		  duration_parse(slash + 1, &ms, NULL) == 0;

	(void)option;
	(void)source;
	free(size);
	if (!ok)
		return value_bad(err, text, "is not a size and a duration");
	if (bytes < 1 || ms < 1)
		return value_bad(err, text, "has nothing to measure by");
	if (ms > INT64_C(24) * 3600 * MS_PER_S)
		return value_bad(err, text, "waits for over a day");
	config->transfer.low_speed_bytes = bytes;
	config->transfer.low_speed_ms = ms;
	return 0;
}

static void low_speed_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	const struct config *config = base;
	char bytes[32], ms[32];

	(void)option;
	size_format(config->transfer.low_speed_bytes, bytes);
	duration_format(config->transfer.low_speed_ms, ms);
	buf_printf(out, "%s/%s", bytes, ms);
}

const struct value_type type_low_speed = {
	.name = "size/duration",
	.expects = "a size and a duration such as 1K/30s",
	.parse = low_speed_parse,
	.print = low_speed_print,
};

/* ---- workspaces -------------------------------------------------------------- */

static int backfill_parse(const struct config_option *option, const char *text,
	void *base, const struct config_source *source, struct err *err)
{
	struct workspace_config *ws = base;
	int64_t since_ns = 0;
	enum backfill kind;

	(void)option;
	(void)source;
	if (strcmp(text, "all") == 0) {
		kind = BACKFILL_ALL;
	} else if (strcmp(text, "none") == 0) {
		kind = BACKFILL_NONE;
	} else if (strncmp(text, "since:", 6) == 0) {
		const char *date = text + 6 + strspn(text + 6, " ");
		if (time_parse(date, strlen(date), &since_ns, NULL))
			return value_bad(err, date, "is not a date");
		kind = BACKFILL_SINCE;
	} else {
		return value_bad(err, text, "is not known here");
	}
	ws->backfill = kind;
	ws->backfill_since_ns = since_ns;
	return 0;
}

static void backfill_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	const struct workspace_config *ws = base;
	char since[32];

	(void)option;
	if (ws->backfill == BACKFILL_SINCE) {
		time_format_utc(ws->backfill_since_ns, since);
		buf_printf(out, "since:%s", since);
	} else {
		buf_str(out, ws->backfill == BACKFILL_ALL ? "all" : "none");
	}
}

const struct value_type type_backfill = {
	.name = "word",
	.expects = "all, none or a date as in since:2026-01-01",
	.parse = backfill_parse,
	.print = backfill_print,
};

static int scrub_parse(const struct config_option *option, const char *text, void *base,
	const struct config_source *source, struct err *err)
{
	double percent = 0;
	const char *end = "";

	(void)source;
	if (strcmp(text, "off") != 0 &&
		(!value_percent(text, &percent, &end) || strcmp(end, "/day") != 0 ||
			percent <= 0))
		return value_bad(err, text, "is not a share a day");
	*(double *)value_field(option, base) = percent;
	return 0;
}

static void scrub_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	double percent = *(const double *)value_field_const(option, base);

	if (percent > 0)
		buf_printf(out, "%g%%/day", percent);
	else
		buf_str(out, "off");
}

const struct value_type type_scrub = {
	.name = "share",
	.expects = "off or a share a day such as 2%/day, up to 100%/day",
	.parse = scrub_parse,
	.print = scrub_print,
};

/* One of "20" and "1%"; each at most once. */
static bool max_delete_item(const char *item, int64_t *count, double *percent)
{
	const char *end;

	if (strchr(item, '%'))
		return *percent < 0 && value_percent(item, percent, &end) && !*end;
	size_t len = strlen(item);
	if (*count >= 0 || len > 9 || strspn(item, "0123456789") != len)
		return false;
	*count = strtoll(item, NULL, 10);
	return true;
}

static int max_delete_parse(const struct config_option *option, const char *text,
	void *base, const struct config_source *source, struct err *err)
{
	struct workspace_config *ws = base;
	struct text_list list = { 0 };
	int64_t count = -1;
	double percent = -1;
	int rc = value_split(text, &list, err);

	(void)option;
	(void)source;
	for (size_t i = 0; rc == 0 && i < list.count; i++)
		if (!max_delete_item(list.items[i], &count, &percent))
			rc = value_bad(err, text, "is not a count and a share");
	text_list_release(&list);
	if (rc)
		return rc;
	ws->max_delete_count = count < 0 ? 0 : count;
	ws->max_delete_percent = percent < 0 ? 0 : percent;
	return 0;
}

static void max_delete_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	const struct workspace_config *ws = base;

	(void)option;
	buf_printf(
		out, "%" PRId64 ", %g%%", ws->max_delete_count, ws->max_delete_percent);
}

const struct value_type type_max_delete = {
	.name = "count, share",
	.expects = "a count and a share such as 20, 1%",
	.parse = max_delete_parse,
	.print = max_delete_print,
};

/* ---- rules ------------------------------------------------------------------- */

static int resolution_parse(const struct config_option *option, const char *text,
	void *base, const struct config_source *source, struct err *err)
{
	size_t digits = strspn(text, "0123456789");
	int height = 0;

	(void)source;
	if (strcmp(text, "unlimited") != 0) {
		if (digits < 3 || digits > 4 || strcmp(text + digits, "p") != 0 ||
			text[0] == '0')
			return value_bad(err, text, "is not a resolution");
		height = (int)strtol(text, NULL, 10);
	}
	*(int *)value_field(option, base) = height;
	return 0;
}

static void resolution_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	int height = *(const int *)value_field_const(option, base);

	if (height > 0)
		buf_printf(out, "%dp", height);
	else
		buf_str(out, "unlimited");
}

const struct value_type type_resolution = {
	.name = "resolution",
	.expects = "a resolution such as 720p, 1080p or 2160p, or unlimited",
	.parse = resolution_parse,
	.print = resolution_print,
};

static int template_parse(const struct config_option *option, const char *text,
	void *base, const struct config_source *source, struct err *err)
{
	int rc = template_check(text, err);
	return rc ? rc : value_text_parse(option, text, base, source, err);
}

const struct value_type type_template = {
	.name = "template",
	.expects = "a path such as {workspace}/{created:%Y}/{title|stream|id}-{id}",
	.parse = template_parse,
	.print = value_text_print,
	.release = value_text_release,
};
