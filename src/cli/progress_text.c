/*
 * Two layouts: a file has two lines where there is room for any number of them, and one
 * line, in columns that keep their places, where lines are counted.
 */
#include <config.h>

#include "cli/progress_text.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Columns of the one-line layout, and from which width on it is used, and has the
 * amount too. */
#define PERCENT_COLUMNS 5  /* "100 %" */
#define AMOUNT_COLUMNS  24 /* "1023.9 MiB of 1023.9 MiB" */
#define RATE_COLUMNS    12 /* "1023.9 MiB/s" */
#define LEFT_COLUMNS    8  /* "checking" */
#define GAPS            9  /* between and before them */
#define COMPACT_WIDTH   70
#define AMOUNT_WIDTH    106
#define BAR_MIN         11
#define BAR_MAX         24
#define LONG_NAME       44 /* has room for the workspace */

/* Of the two-line layout: what stands round the bar at most, with the amount and
 * without, and from which width on there are amount and bar. */
#define WITH_AMOUNT  69
#define WITHOUT      43
#define WORDS_WIDTH  78
#define BARE_WIDTH   52
#define ID_SHORT     8
#define ID_SHORTENED 12 /* ids longer than this are shortened */
#define NAME_MAX     8192

struct figures {
	int64_t bytes, total; /* total: 0 unknown */
	char percent[8];      /* "" unknown */
	char amount[72];
	char rate[40];
	char left[32]; /* "" unknown */
	bool complete; /* only being checked and put in its place */
};

static void read_figures(const cJSON *json, struct figures *out)
{
	int64_t total = json_int(json, "total", -1), eta;
	char got[32], all[32], rate[32];

	memset(out, 0, sizeof(*out));
	out->bytes = json_int(json, "bytes", 0);
	out->total = total > 0 ? total : 0;
	text_size(out->bytes, got);
	text_size(out->total, all);
	text_size(json_int(json, "rate", 0), rate);
	snprintf(out->rate, sizeof(out->rate), "%s/s", rate);
	if (out->total) {
		double part = (double)out->bytes / (double)out->total;
		int percent = part >= 1 ? 100 : part > 0 ? (int)(100 * part) : 0;

		snprintf(out->percent, sizeof(out->percent), "%d %%", percent);
		snprintf(out->amount, sizeof(out->amount), "%s of %s", got, all);
	} else {
		snprintf(out->amount, sizeof(out->amount), "%s so far", got);
	}
	out->complete = out->total && out->bytes >= out->total;
	eta = json_int(json, "eta_seconds", -1);
	if (eta >= 0)
		text_span(eta, out->left);
}

static void put_words(const struct figures *figures, const char *gap, struct buf *out)
{
	buf_printf(out, "%s%s%s%s", figures->amount, gap, figures->rate, gap);
	if (figures->complete)
		buf_str(out, "checking");
	else if (figures->left[0])
		buf_printf(out, "%s left", figures->left);
	else
		buf_str(out, "time left unknown");
}

void progress_name(const cJSON *transfer, struct buf *out)
{
	char *name = mem_printf("%s/%s %s", json_text(transfer, "workspace"),
		json_text(transfer, "id"), json_text(transfer, "key"));

	text_clean(out, name);
	free(name);
}

void progress_figures(const cJSON *transfer, struct buf *out)
{
	struct figures figures;

	read_figures(transfer, &figures);
	if (figures.percent[0])
		buf_printf(out, "%s, ", figures.percent);
	put_words(&figures, ", ", out);
}

/* ---- the sum ---- */

/* What comes after the files in flight, state by state. */
static void put_waiting(const cJSON *status, struct buf *out)
{
	static const char *const states[] = { "queued", "fetching", "waiting",
		"announced", "deletion-held" };
	long long files = json_int(status, "in_flight.waiting", 0);
	const char *before = "; to come: ";

	if (files > 0) {
		buf_printf(
			out, "%s%lld %s", before, files, files == 1 ? "file" : "files");
		before = ", ";
	}
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		char path[32];
		long long count;

		snprintf(path, sizeof(path), "assets.%s", states[i]);
		count = json_int(status, path, 0);
		if (count < 1)
			continue;
		buf_printf(out, "%s%lld %s", before, count, states[i]);
		before = ", ";
	}
}

void progress_sum(const cJSON *status, const struct text_page *page, struct buf *out)
{
	const cJSON *sum = json_at(status, "in_flight");
	long long files = json_int(sum, "files", 0);
	struct figures figures;
	struct buf line;

	buf_init(&line, NAME_MAX);
	buf_printf(&line, "%lld %s: ", files, files == 1 ? "file" : "files");
	read_figures(sum, &figures);
	put_words(&figures, ", ", &line);
	put_waiting(status, &line);
	text_style(out, page->color, TEXT_BOLD);
	buf_str(out, "Downloading ");
	text_style(out, page->color, TEXT_PLAIN);
	if (page->height > 0)
		text_wrap(out, buf_text(&line), strlen("Downloading "), 2, page->width);
	else
		buf_str(out, buf_text(&line));
	buf_char(out, '\n');
	buf_release(&line);
}

/* ---- one file ---- */

/* Cut to @width, or filled up to it: also where half a character would have fitted. */
static void put_field(struct buf *out, const char *text, size_t width, bool right)
{
	struct buf fitted;
	size_t own;

	buf_init(&fitted, NAME_MAX);
	text_fit(&fitted, text, width);
	own = text_width(buf_text(&fitted));
	if (right)
		buf_printf(out, "%*s", (int)(width - own), "");
	buf_str(out, buf_text(&fitted));
	if (!right)
		buf_printf(out, "%*s", (int)(width - own), "");
	buf_release(&fitted);
}

static void put_bar(const struct figures *figures, const struct text_page *page,
	size_t width, struct buf *out)
{
	text_style(out, page->color, TEXT_GOOD);
	text_bar(out, figures->bytes, figures->total, width);
	text_style(out, page->color, TEXT_PLAIN);
}

/* Enough to tell it apart: the beginning of the id, for explain, and the title. */
static char *short_name(const cJSON *json, bool with_workspace)
{
	const char *id = json_text(json, "id"), *key = json_text(json, "key");
	const char *role = json_text(json, "role"), *title = json_text(json, "title");
	const char *workspace = json_text(json, "workspace");
	bool main_file = role && strcmp(role, "video") == 0;
	size_t len = id ? strlen(id) : 0;

	if (len > ID_SHORTENED)
		len = utf8_trim(id, ID_SHORT);
	return mem_printf("%s%s%.*s%s%s%s%s",
		with_workspace && workspace ? workspace : "", with_workspace ? "/" : "",
		(int)len, id ? id : "", main_file ? "" : " ",
		main_file || !key ? "" : key, title ? " " : "", title ? title : "");
}

static void put_line(const cJSON *json, const struct text_page *page, struct buf *out)
{
	bool amount = page->width >= AMOUNT_WIDTH;
	size_t room = page->width - PERCENT_COLUMNS - RATE_COLUMNS - LEFT_COLUMNS -
		      GAPS - (amount ? AMOUNT_COLUMNS + 2 : 0);
	size_t bar = room * 3 / 10, name_width;
	struct figures figures;
	struct buf clean;
	char *name;

	bar = bar < BAR_MIN ? BAR_MIN : bar > BAR_MAX ? BAR_MAX : bar;
	name_width = room - bar;
	name = short_name(json, name_width >= LONG_NAME);
	read_figures(json, &figures);
	buf_init(&clean, NAME_MAX);
	text_clean(&clean, name);
	buf_str(out, "  ");
	put_field(out, buf_text(&clean), name_width, false);
	buf_str(out, "  ");
	if (figures.total) {
		put_bar(&figures, page, bar, out);
		buf_char(out, ' ');
		put_field(out, figures.percent, PERCENT_COLUMNS, true);
	} else {
		put_field(out, amount ? "" : figures.amount, bar + 1 + PERCENT_COLUMNS,
			false);
	}
	if (amount) {
		buf_str(out, "  ");
		put_field(out, figures.amount, AMOUNT_COLUMNS, true);
	}
	buf_str(out, "  ");
	put_field(out, figures.rate, RATE_COLUMNS, true);
	buf_str(out, "  ");
	put_field(out,
		figures.complete  ? "checking"
		: figures.left[0] ? figures.left
				  : "unknown",
		LEFT_COLUMNS, true);
	buf_char(out, '\n');
	buf_release(&clean);
	free(name);
}

static void put_second_line(
	const cJSON *json, const struct text_page *page, struct buf *out)
{
	bool amount = page->width >= WORDS_WIDTH;
	size_t used = 4;
	struct figures figures;
	struct buf words;

	read_figures(json, &figures);
	buf_str(out, "    ");
	if (figures.total && page->width >= BARE_WIDTH) {
		size_t bar = page->width - (amount ? WITH_AMOUNT : WITHOUT);

		bar = bar > BAR_MAX ? BAR_MAX : bar;
		put_bar(&figures, page, bar, out);
		buf_char(out, ' ');
		used += bar + 1;
	}
	if (figures.total) {
		put_field(out, figures.percent, PERCENT_COLUMNS, true);
		buf_str(out, "  ");
		used += PERCENT_COLUMNS + 2;
		if (!amount)
			figures.amount[0] = '\0';
	}
	buf_init(&words, NAME_MAX);
	put_words(&figures, "  ", &words);
	text_fit(out, buf_text(&words) + strspn(buf_text(&words), " "),
		page->width - used);
	buf_char(out, '\n');
	buf_release(&words);
}

static void put_two_lines(
	const cJSON *json, const struct text_page *page, struct buf *out)
{
	const char *title = json_text(json, "title");
	struct buf name;

	buf_init(&name, NAME_MAX);
	progress_name(json, &name);
	if (title) {
		buf_str(&name, "  ");
		text_clean(&name, title);
	}
	buf_str(out, "  ");
	text_fit(out, buf_text(&name), page->width - 2);
	buf_char(out, '\n');
	buf_release(&name);
	put_second_line(json, page, out);
}

void progress_files(const cJSON *status, const struct text_page *page, size_t lines,
	struct buf *out)
{
	const cJSON *json;
	const cJSON *list = json_at(status, "transfers");
	bool compact = page->height > 0 && page->width >= COMPACT_WIDTH;
	size_t n = (size_t)cJSON_GetArraySize(list), each = compact ? 1 : 2;
	size_t shown = n;

	if (page->height > 0 && n * each > lines)
		shown = lines > 0 ? (lines - 1) / each : 0;
	n -= shown;
	cJSON_ArrayForEach (json, list) {
		if (shown-- == 0)
			break;
		if (compact)
			put_line(json, page, out);
		else
			put_two_lines(json, page, out);
	}
	if (n > 0)
		buf_printf(out, "  \xE2\x80\xA6 and %zu more\n", n);
}
