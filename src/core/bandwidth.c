/*
 * Timetables are few and short: each question walks all entries of yesterday, today
 * and tomorrow.
 */
#include <config.h>

#include "core/bandwidth.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>

#define DAY_S     INT64_C(86400)
#define MINUTE_S  60
#define ALWAYS    (-1)
#define SHOWN_MAX 60

/* ---- text ---- */

static int bad(struct err *err, const char *word, const char *what)
{
	int shown = (int)utf8_trim(word, strnlen(word, SHOWN_MAX));
	return err_set(err, ERR_INPUT, "\"%.*s\" %s", shown, word, what);
}

static bool rate_parse(const char *text, int64_t *rate)
{
	if (strcmp(text, "off") == 0) {
		*rate = 0;
		return true;
	}
	return size_parse(text, rate, NULL) == 0 && *rate > 0 && *rate <= BANDWIDTH_MAX;
}

/* "08:00,2M" */
static bool entry_parse(const char *text, struct bandwidth_entry *entry)
{
	if (strlen(text) < 7 || strspn(text, "0123456789") != 2 || text[2] != ':' ||
		strspn(text + 3, "0123456789") != 2 || text[5] != ',')
		return false;
	int hour = (text[0] - '0') * 10 + (text[1] - '0');
	int minute = (text[3] - '0') * 10 + (text[4] - '0');
	entry->minute = hour * 60 + minute;
	return hour < 24 && minute < 60 && rate_parse(text + 6, &entry->rate);
}

static struct bandwidth *append(
	struct bandwidth *bandwidth, const struct bandwidth_entry *entry)
{
	size_t n = bandwidth ? bandwidth->n : 0;

	bandwidth = mem_grow(bandwidth, 1,
		sizeof(*bandwidth) + (n + 1) * sizeof(bandwidth->entries[0]));
	bandwidth->entries[n] = *entry;
	bandwidth->n = n + 1;
	return bandwidth;
}

static int timetable_parse(const char *text, struct bandwidth **out, struct err *err)
{
	struct bandwidth *table = NULL;
	int rc = 0, last = -1;

	for (const char *at = text + strspn(text, " \t"); rc == 0 && *at;) {
		struct bandwidth_entry entry;
		size_t len = strcspn(at, " \t");
		char *word = mem_strndup(at, len);
		if (!entry_parse(word, &entry))
			rc = bad(err, word, "is neither a rate nor HH:MM,RATE");
		else if (entry.minute <= last)
			rc = bad(err, word, "is not later than the one before");
		else
			table = append(table, &entry);
		last = entry.minute;
		free(word);
		at += len + strspn(at + len, " \t");
	}
	if (rc == 0 && !table)
		rc = bad(err, text, "is neither a rate nor HH:MM,RATE");
	if (rc) {
		free(table);
		return rc;
	}
	*out = table;
	return 0;
}

int bandwidth_parse(const char *text, struct bandwidth **out, struct err *err)
{
	struct bandwidth_entry always = { .minute = ALWAYS };

	if (!rate_parse(text, &always.rate))
		return timetable_parse(text, out, err);
	*out = always.rate > 0 ? append(NULL, &always) : NULL;
	return 0;
}

void bandwidth_format(const struct bandwidth *bandwidth, struct buf *out)
{
	char rate[32];

	if (!bandwidth)
		buf_str(out, "off");
	for (size_t i = 0; bandwidth && i < bandwidth->n; i++) {
		const struct bandwidth_entry *entry = &bandwidth->entries[i];
		if (i > 0)
			buf_char(out, ' ');
		if (entry->minute != ALWAYS)
			buf_printf(out, "%02d:%02d,", entry->minute / 60,
				entry->minute % 60);
		size_format(entry->rate, rate);
		buf_str(out, entry->rate > 0 ? rate : "off");
	}
}

struct bandwidth *bandwidth_copy(const struct bandwidth *bandwidth)
{
	struct bandwidth *copy = NULL;

	for (size_t i = 0; bandwidth && i < bandwidth->n; i++)
		copy = append(copy, &bandwidth->entries[i]);
	return copy;
}

/* ---- time ---- */

static int64_t day_of(int64_t s)
{
	return s >= 0 ? s / DAY_S : -((DAY_S - 1 - s) / DAY_S);
}

/* When the zone's offset changes between @from and @to, which have different ones: the
 * first instant with the later one. */
static int64_t change_between(int64_t from, int64_t to, int (*utc_offset)(int64_t s))
{
	const int before = utc_offset(from);

	while (to - from > 1) {
		int64_t middle = from + (to - from) / 2;
		if (utc_offset(middle) == before)
			from = middle;
		else
			to = middle;
	}
	return to;
}

/* The first instant at which the local clock shows @wall (seconds since the epoch, were
 * it UTC) or has skipped it. A day and a half holds the furthest zones, and no zone
 * changes twice in three days. */
static int64_t instant_of(int64_t wall, int (*utc_offset)(int64_t s))
{
	const int64_t early = wall - DAY_S * 3 / 2, late = wall + DAY_S * 3 / 2;
	const int before = utc_offset(early), after = utc_offset(late);

	if (before == after)
		return wall - before;
	int64_t change = change_between(early, late, utc_offset);
	if (wall - before < change)
		return wall - before;
	return wall - after > change ? wall - after : change;
}

int64_t bandwidth_at(const struct bandwidth *bandwidth, int64_t now_s,
	int (*utc_offset)(int64_t s), int64_t *until_s)
{
	int64_t rate, today;

	*until_s = 0;
	if (!bandwidth)
		return 0;
	rate = bandwidth->entries[bandwidth->n - 1].rate;
	if (bandwidth->n == 1)
		return rate;
	today = day_of(now_s + utc_offset(now_s));
	for (int64_t day = today - 1; day <= today + 1; day++) {
		for (size_t i = 0; i < bandwidth->n; i++) {
			const struct bandwidth_entry *entry = &bandwidth->entries[i];
			int64_t at = instant_of(
				day * DAY_S + (int64_t)entry->minute * MINUTE_S,
				utc_offset);
			if (at <= now_s) {
				rate = entry->rate;
			} else if (entry->rate != rate) {
				*until_s = at;
				return rate;
			}
		}
	}
	return rate;
}
