/*
 * Text and back. What was not written by ranges_format() is refused as a whole: a part
 * that is not sure of its bytes has none.
 */
#include <config.h>

#include "core/ranges.h"

#include "base/buf.h"
#include "base/mem.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

static int parse_number(const char **text, int64_t *out)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return -1;
	errno = 0;
	*out = strtoll(*text, &end, 10);
	*text = end;
	return errno || *out == INT64_MAX ? -1 : 0;
}

static int parse_one(const char **text, struct byte_range *range)
{
	int64_t last;

	if (parse_number(text, &range->first) || *(*text)++ != '-' ||
		parse_number(text, &last) || last < range->first)
		return -1;
	range->end = last + 1;
	return 0;
}

int ranges_parse(const char *text, struct byte_range out[RANGES_MAX])
{
	int64_t from = 0;
	int n = 0;

	if (!text || !text[0])
		return 0;
	do {
		if (n == RANGES_MAX || parse_one(&text, &out[n]) || out[n].first < from)
			return -1;
		from = out[n++].end;
	} while (*text == ',' && text++);
	return *text ? -1 : n;
}

char *ranges_format(const struct byte_range *ranges, size_t n)
{
	struct buf text;
	char *out;

	if (n == 0)
		return NULL;
	buf_init(&text, RANGES_MAX * 48);
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%s%" PRId64 "-%" PRId64, i ? "," : "",
			ranges[i].first, ranges[i].end - 1);
	out = mem_strdup(buf_text(&text));
	buf_release(&text);
	return out;
}
