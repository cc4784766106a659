/*
 * The Range header of HTTP for one file. Pure.
 */
#ifndef VODKEEP_ADMIN_BYTE_RANGE_H
#define VODKEEP_ADMIN_BYTE_RANGE_H

#include <stdint.h>

enum range_kind {
	RANGE_WHOLE, /* none was asked for, or in a way that is not understood */
	RANGE_PART,
	RANGE_NONE, /* the file holds no such byte: 416 */
};

struct byte_range {
	int64_t begin, len;
};

/* What "bytes=…" asks of a file of @size bytes; @header may be NULL. Of several ranges
 * none is given: the whole file is a right answer too. */
enum range_kind byte_range_parse(
	const char *header, int64_t size, struct byte_range *range);

#endif
