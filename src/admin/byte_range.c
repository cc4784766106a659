/*
 * "bytes=FIRST-LAST", "bytes=FIRST-" and "bytes=-LENGTH", as RFC 9110 §14 has them.
 */
#include <config.h>

#include "admin/byte_range.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define UNIT "bytes="

/* Digits; what is too large for a file is as good as the largest. */
static bool number(const char **text, int64_t *value)
{
	const char *begin = *text;

	for (*value = 0; **text >= '0' && **text <= '9'; ++*text)
		*value = *value > (INT64_MAX - 9) / 10 ? INT64_MAX / 16
						       : *value * 10 + (**text - '0');
	return *text > begin;
}

enum range_kind byte_range_parse(
	const char *header, int64_t size, struct byte_range *range)
{
	int64_t first = -1, last = -1;

	*range = (struct byte_range){ 0, size };
	if (!header || strncasecmp(header, UNIT, strlen(UNIT)) != 0)
		return RANGE_WHOLE;
	header += strlen(UNIT);
	if (!number(&header, &first))
		first = -1;
	if (*header++ != '-')
		return RANGE_WHOLE;
	if (!number(&header, &last))
		last = -1;
	if (*header || (first < 0 && last < 0) || (last >= 0 && first > last))
		return RANGE_WHOLE;
	if (first < 0) {
		first = last < size ? size - last : 0;
		last = last > 0 ? size - 1 : -1;
	} else if (last < 0 || last >= size) {
		last = size - 1;
	}
	if (first >= size || last < first)
		return RANGE_NONE;
	*range = (struct byte_range){ first, last - first + 1 };
	return RANGE_PART;
}
