/*
 * Single values of playlists: numbers, times, ranges, bytes in hex. Each is read whole
 * or not at all, and none beyond what is computed with it later.
 */
#include <config.h>

#include "media/m3u8_priv.h"

#include "base/digest.h"
#include <inttypes.h>
#include <string.h>

#define SECONDS_MAX INT64_C(1000000) /* eleven days in one segment */
#define US_PER_S    INT64_C(1000000)
#define NUMBER_MAX  (INT64_MAX / 4) /* sums of two of them fit */

bool m3u8_to_string(const char *value, void *to)
{
	*(const char **)to = *value ? value : NULL;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The digits at *at, which moves behind them. */
static bool take_number(const char **at, int64_t *number)
{
	int64_t n = 0;
	const char *from = *at;

	for (; is_digit(**at); (*at)++) {
		if (n > (NUMBER_MAX - 9) / 10)
			return false;
		n = n * 10 + (**at - '0');
	}
	*number = n;
	return *at > from;
}

bool m3u8_to_number(const char *value, void *to)
{
	int64_t n;

	if (!take_number(&value, &n) || *value)
		return false;
	*(int64_t *)to = n;
	return true;
}

bool m3u8_to_us(const char *value, int64_t *us, const char **rest)
{
	int64_t seconds = 0;
	int64_t fraction = 0;
	int64_t unit = US_PER_S / 10;
	bool whole = take_number(&value, &seconds);
	bool part = false;

	if (*value == '.') {
		for (value++; is_digit(*value); value++) {
			fraction += (*value - '0') * unit;
			unit /= 10;
			part = true;
		}
	}
	if ((!whole && !part) || seconds > SECONDS_MAX)
		return false;
	*us = seconds * US_PER_S + fraction;
	*rest = value;
	return true;
}

bool m3u8_to_decimal(const char *value, void *to)
{
	int64_t us;
	const char *rest;

	if (!m3u8_to_us(value, &us, &rest) || *rest)
		return false;
	*(double *)to = (double)us / (double)US_PER_S;
	return true;
}

bool m3u8_to_flag(const char *value, void *to)
{
	bool yes = strcmp(value, "YES") == 0;

	if (!yes && strcmp(value, "NO") != 0)
		return false;
	*(bool *)to = yes;
	return true;
}

/* "0x" and up to 32 digits; fewer stand for the low bytes. */
bool m3u8_to_iv(const char *value, void *to)
{
	unsigned char iv[M3U8_IV_BYTES] = { 0 };
	size_t len;

	if (value[0] != '0' || (value[1] != 'x' && value[1] != 'X'))
		return false;
	value += 2;
	len = strlen(value);
	if (len == 0 || len > 2 * sizeof(iv))
		return false;
	for (size_t i = 0; i < len; i++) {
		size_t place = len - 1 - i;
		int digit = hex_value(value[i]);
		if (digit < 0)
			return false;
		iv[sizeof(iv) - 1 - place / 2] |=
			(unsigned char)(place % 2 ? digit << 4 : digit);
	}
	memcpy(to, iv, sizeof(iv));
	return true;
}

bool m3u8_to_range(const char *value, struct m3u8_range *to, bool *has_offset)
{
	struct m3u8_range range = { 0 };
	bool offset = false;

	if (!take_number(&value, &range.length) || range.length == 0)
		return false;
	if (*value == '@') {
		value++;
		offset = true;
		if (!take_number(&value, &range.offset))
			return false;
	}
	if (*value)
		return false;
	*to = range;
	*has_offset = offset;
	return true;
}
