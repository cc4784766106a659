/*
 * ISO base media: is the file whole, and how long does it play? Walks top-level boxes
 * and looks into moov for mvhd; decodes nothing. Reads through a callback so that it
 * stays pure, in O(boxes) reads and bounded memory however large the file.
 */
#ifndef VODKEEP_MEDIA_MP4_H
#define VODKEEP_MEDIA_MP4_H

#include "base/err.h"
#include <stddef.h>

/* Read up to @len bytes at @offset; returns how many (fewer only at the end), or -1. */
typedef int64_t (*mp4_read)(void *arg, int64_t offset, void *data, size_t len);

struct mp4_info {
	char brand[5];
	bool fragmented;     /* has moof boxes */
	int64_t duration_ms; /* of mvhd (or mvex/mehd, or the sum of sidx); -1: none */
	int tracks;
};

/* Walk a file of @size bytes. Complete means: begins with ftyp (or styp), has moov,
 * media data (mdat, or moof+mdat), every box ends inside the file and the last ends
 * exactly at its end (size 0 = to the end is accepted for the last). ERR_TRANSIENT with
 * a sentence that says which box is cut or missing; ERR_LOCAL when reading fails. At
 * most 1,000,000 top-level boxes. */
int mp4_check(
	mp4_read read, void *arg, int64_t size, struct mp4_info *info, struct err *err);

#endif
