/*
 * Time and sizes as text. Calendar arithmetic is done here on plain integers (proleptic
 * Gregorian, days since 1970-01-01), so that parsing never depends on TZ. Only
 * time_format_local() asks the C library for the zone.
 */
#include <config.h>

#include "base/clock.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_S      INT64_C(86400)
#define SHOWN_MAX  40
#define SPAN_MAX_S (INT64_C(36525) * DAY_S)

static int64_t system_wall_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int64_t system_mono_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

const struct clock clock_system = { system_wall_ns, system_mono_ms };

/* Years are counted from March, so that the leap day comes last; an era is 400 years.
 */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
	if (month <= 2)
		year--;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t month_from_march = month > 2 ? month - 3 : month + 9;
	int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
	int64_t day_of_era =
		year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int *year, int *month, int *day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
				      day_of_era / 146096) /
			      365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;

	*day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
	*month = (int)(month_from_march < 10 ? month_from_march + 3
					     : month_from_march - 9);
	*year = (int)(year_of_era + era * 400 + (*month <= 2));
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && leap ? 29 : days[month - 1];
}

/* What is left to read. */
struct scan {
	const char *at;
	const char *end;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exactly @width digits with a value from @min to @max. */
static bool take_number(struct scan *scan, int width, int min, int max, int *value)
{
	if (scan->end - scan->at < width)
		return false;
	int n = 0;
	for (int i = 0; i < width; i++) {
		if (!is_digit(scan->at[i]))
			return false;
		n = n * 10 + (scan->at[i] - '0');
	}
	if (n < min || n > max)
		return false;
	scan->at += width;
	*value = n;
	return true;
}

static bool take_any(struct scan *scan, const char *set)
{
	if (scan->at == scan->end || !*scan->at || !strchr(set, *scan->at))
		return false;
	scan->at++;
	return true;
}

static bool take_fraction(struct scan *scan, int64_t *ns)
{
	int64_t unit = NS_PER_S / 10;
	*ns = 0;
	if (!take_any(scan, "."))
		return true;
	const char *first = scan->at;
	for (; scan->at < scan->end && is_digit(*scan->at); scan->at++) {
		*ns += (*scan->at - '0') * unit;
		unit /= 10;
	}
	return scan->at > first;
}

static bool take_zone(struct scan *scan, int64_t *offset_s)
{
	int hours;
	int minutes;

	*offset_s = 0;
	if (take_any(scan, "Zz"))
		return true;
	bool west = scan->at < scan->end && *scan->at == '-';
	if (!take_any(scan, "+-") || !take_number(scan, 2, 0, 23, &hours) ||
		!take_any(scan, ":") || !take_number(scan, 2, 0, 59, &minutes))
		return false;
	*offset_s = (hours * 60 + minutes) * 60;
	if (west)
		*offset_s = -*offset_s;
	return true;
}

static bool take_time(struct scan *scan, int64_t *seconds, int64_t *ns)
{
	int year, month, day, hour, minute, second;
	int64_t offset;

	if (!take_number(scan, 4, 0, 9999, &year) || !take_any(scan, "-") ||
		!take_number(scan, 2, 1, 12, &month) || !take_any(scan, "-") ||
		!take_number(scan, 2, 1, days_in_month(year, month), &day))
		return false;
	*seconds = days_from_civil(year, month, day) * DAY_S;
	*ns = 0;
	if (scan->at == scan->end)
		return true;
	if (!take_any(scan, "Tt ") || !take_number(scan, 2, 0, 23, &hour) ||
		!take_any(scan, ":") || !take_number(scan, 2, 0, 59, &minute) ||
		!take_any(scan, ":") || !take_number(scan, 2, 0, 60, &second) ||
		!take_fraction(scan, ns) || !take_zone(scan, &offset))
		return false;
	if (second == 60) /* a leap second: the clocks here do not have it */
		second = 59;
	*seconds += (hour * 60 + minute) * 60 + second - offset;
	return scan->at == scan->end;
}

int time_parse(const char *text, size_t len, int64_t *ns, struct err *err)
{
	struct scan scan = { text, text + len };
	int shown = len < SHOWN_MAX ? (int)len : SHOWN_MAX;
	int64_t seconds;
	int64_t fraction;
	int64_t result;

	if (!take_time(&scan, &seconds, &fraction))
		return err_set(err, ERR_INPUT,
			"\"%.*s\" is not a time such as 2026-11-22T10:00:00Z", shown,
			text);
	if (__builtin_mul_overflow(seconds, NS_PER_S, &result) ||
		__builtin_add_overflow(result, fraction, &result))
		return err_set(err, ERR_INPUT,
			"the time \"%.*s\" is not between the years 1678 and 2261",
			shown, text);
	*ns = result;
	return 0;
}

void time_format_utc(int64_t ns, char out[32])
{
	int64_t seconds = ns / NS_PER_S;
	int64_t rest = ns % NS_PER_S;
	if (rest < 0) {
		seconds--;
		rest += NS_PER_S;
	}
	int64_t days = seconds / DAY_S;
	int64_t of_day = seconds % DAY_S;
	if (of_day < 0) {
		days--;
		of_day += DAY_S;
	}
	int year, month, day;
	civil_from_days(days, &year, &month, &day);
	int ms = (int)(rest / NS_PER_MS);
	int second = (int)of_day;
	snprintf(out, 32, "%04u-%02u-%02uT%02d:%02d:%02d.%03dZ", (unsigned)year % 10000,
		(unsigned)month % 100, (unsigned)day % 100, second / 3600,
		second / 60 % 60, second % 60, ms);
}

void time_format_local(int64_t ns, char out[40])
{
	time_t seconds = (time_t)(ns / NS_PER_S - (ns % NS_PER_S < 0));
	struct tm tm;
	char text[32];

	if (!localtime_r(&seconds, &tm)) {
		time_format_utc(ns, out);
		return;
	}
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	long offset = tm.tm_gmtoff / 60;
	char sign = offset < 0 ? '-' : '+';
	if (offset < 0)
		offset = -offset;
	snprintf(out, 40, "%.25s %c%02d:%02d", text, sign, (int)(offset / 60 % 100),
		(int)(offset % 60));
}

int clock_utc_offset(int64_t s)
{
	time_t seconds = (time_t)s;
	struct tm tm;

	tzset(); /* localtime_r() may keep to the zone it saw first */
	return localtime_r(&seconds, &tm) ? (int)tm.tm_gmtoff : 0;
}

int time_parse_since(const char *text, int64_t now_ns, int64_t *ns, struct err *err)
{
	int64_t age_ms;
	int64_t result;

	if (time_parse(text, strlen(text), ns, NULL) == 0)
		return 0;
	if (duration_parse(text, &age_ms, NULL) ||
		__builtin_sub_overflow(now_ns, age_ms * NS_PER_MS, &result))
		return err_set(err, ERR_INPUT,
			"\"%.*s\" is neither a time such as 2026-11-22T10:00:00Z nor an age "
			"such as 2h or 7d",
			SHOWN_MAX, text);
	*ns = result;
	return 0;
}

struct unit {
	const char *name;
	int64_t factor;
};

/* Largest first: the formatters take the first that fits. */
static const struct unit duration_units[] = {
	{ "w", 7 * DAY_S *MS_PER_S },
	{ "d", DAY_S *MS_PER_S },
	{ "h", 3600 * MS_PER_S },
	{ "m", 60 * MS_PER_S },
	{ "s", MS_PER_S },
	{ "ms", 1 },
	{ NULL, 0 },
};

static const struct unit size_units[] = {
	{ "T", INT64_C(1) << 40 },
	{ "G", INT64_C(1) << 30 },
	{ "M", INT64_C(1) << 20 },
	{ "K", INT64_C(1) << 10 },
	{ "", 1 },
	{ NULL, 0 },
};

/* Digits and one of the units, whatever its case. */
static bool parse_amount(const char *text, const struct unit *units, int64_t *value)
{
	int64_t n = 0;
	const char *at = text;

	for (; is_digit(*at); at++)
		if (__builtin_mul_overflow(n, 10, &n) ||
			__builtin_add_overflow(n, *at - '0', &n))
			return false;
	if (at == text)
		return false;
	for (; units->name; units++)
		if (strcasecmp(at, units->name) == 0)
			return !__builtin_mul_overflow(n, units->factor, value);
	return false;
}

#define WEEKS 1 /* units at the head of duration_units that are read, never written */

static void format_amount(int64_t value, const struct unit *units, char out[32])
{
	while (units->factor > 1 && value % units->factor != 0)
		units++;
	snprintf(out, 32, "%" PRId64 "%s", value / units->factor, units->name);
}

int duration_parse(const char *text, int64_t *ms, struct err *err)
{
	int64_t value;

	if (!parse_amount(text, duration_units, &value))
		return err_set(err, ERR_INPUT,
			"\"%.*s\" is not a duration such as 500ms, 15s, 10m, 2h, 7d or 1w",
			SHOWN_MAX, text);
	if (value > SPAN_MAX_S * MS_PER_S)
		return err_set(err, ERR_INPUT, "the duration %.*s is over 100 years",
			SHOWN_MAX, text);
	*ms = value;
	return 0;
}

void duration_format(int64_t ms, char out[32])
{
	if (ms == 0)
		memcpy(out, "0s", sizeof("0s"));
	else
		format_amount(ms, duration_units + WEEKS, out);
}

int size_parse(const char *text, int64_t *bytes, struct err *err)
{
	int64_t value;

	if (!parse_amount(text, size_units, &value))
		return err_set(err, ERR_INPUT,
			"\"%.*s\" is not a size such as 512, 10K, 16M, 2G or 1T",
			SHOWN_MAX, text);
	*bytes = value;
	return 0;
}

void size_format(int64_t bytes, char out[32])
{
	if (bytes == 0)
		memcpy(out, "0", sizeof("0"));
	else
		format_amount(bytes, size_units, out);
}

void size_format_human(int64_t bytes, char out[32])
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB",
		"EiB" };
	double value = (double)bytes;
	size_t unit = 0;

	if (bytes > -1024 && bytes < 1024) {
		snprintf(out, 32, "%d B", (int)bytes);
		return;
	}
	/* 1023.95 would be shown as 1024.0 */
	while ((value >= 1023.95 || value <= -1023.95) &&
		unit + 1 < sizeof(names) / sizeof(names[0])) {
		value /= 1024;
		unit++;
	}
	snprintf(out, 32, "%.1f %s", value, names[unit]);
}
