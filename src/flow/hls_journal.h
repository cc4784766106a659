/*
 * The journal of an HLS job, as text: which pieces (segments and their maps) the tracks
 * in staging hold. It is only ever appended to; a piece's line is written once its
 * bytes are durable. Pure: no file is touched here.
 *
 *   vodkeep-hls 1
 *   track v 9c1185a5c5e9fc54 120        of 120 pieces, and what it is a track of
 *   piece v 0 188188 21e5ba2c01a7d3f0   the first of them, its bytes, what it is
 *
 * A later "track" line of the same name begins it anew. What cannot be read, and all
 * behind it, counts as not written: a crash may have cut it.
 */
#ifndef VODKEEP_FLOW_HLS_JOURNAL_H
#define VODKEEP_FLOW_HLS_JOURNAL_H

#include "base/buf.h"
#include <stdint.h>

#define JOURNAL_TAG 8
#define JOURNAL_MAX ((size_t)64 << 20)

struct journal_piece {
	int64_t bytes;
	uint64_t mark;
};

struct journal_track {
	char tag[JOURNAL_TAG];
	uint64_t mark;
	size_t count;
	struct journal_piece *pieces; /* the first n of count */
	size_t n;
};

struct journal {
	struct journal_track *tracks;
	size_t n_tracks;
	size_t good; /* bytes of the text that were read: what follows is to be cut */
};

void journal_parse(const char *text, size_t len, struct journal *out);
void journal_release(struct journal *journal); /* also zeroed */
/* NULL: not in it. */
const struct journal_track *journal_find(
	const struct journal *journal, const char *tag);

void journal_put_head(struct buf *out);
void journal_put_track(struct buf *out, const char *tag, uint64_t mark, size_t count);
void journal_put_piece(
	struct buf *out, const char *tag, size_t index, int64_t bytes, uint64_t mark);

#endif
