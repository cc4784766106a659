/*
 * Tracks as values: which pieces a playlist makes, and when two playlists mean the
 * same.
 */
#include <config.h>

#include "flow/hls_priv.h"

#include "base/mem.h"
#include "base/url.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FNV_PRIME UINT64_C(1099511628211)

uint64_t mark_of(uint64_t mark, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++)
		mark = (mark ^ bytes[i]) * FNV_PRIME;
	return mark;
}

void track_release(struct track *track)
{
	if (track->fd >= 0)
		close(track->fd);
	track->fd = -1;
	free(track->file);
	free(track->title);
	free(track->language);
	mem_free_secret(track->url);
	mem_free_secret(track->base);
	mem_free_secret(track->body);
	m3u8_release(&track->list);
	free(track->pieces);
}

/* Of a signed URL only the path's tail stays the same. */
static uint64_t mark_source(
	uint64_t mark, const char *uri, const struct m3u8_range *range)
{
	char *tail = url_tail(uri);

	mark = mark_of(mark, tail, strlen(tail));
	mark = mark_of(mark, &range->offset, sizeof(range->offset));
	mark = mark_of(mark, &range->length, sizeof(range->length));
	mem_free_secret(tail);
	return mark;
}

static struct piece segment_piece(const struct m3u8 *list, size_t i)
{
	const struct m3u8_segment *segment = &list->segments[i];
	struct piece piece = { .index = (uint32_t)i };

	piece.mark = mark_source(MARK_BEGIN, segment->uri, &segment->range);
	piece.mark = mark_of(
		piece.mark, &segment->duration_us, sizeof(segment->duration_us));
	return piece;
}

static struct piece map_piece(const struct m3u8 *list, int i)
{
	const struct m3u8_map *map = &list->maps[i];
	struct piece piece = { .index = (uint32_t)i, .map = true };

	piece.mark = mark_source(MARK_BEGIN + 1, map->uri, &map->range);
	return piece;
}

struct piece *track_pieces(const struct m3u8 *list, size_t *n)
{
	struct piece *pieces = mem_array(2 * list->n_segments + 1, sizeof(*pieces));
	int map = -1;

	*n = 0;
	for (size_t i = 0; i < list->n_segments; i++) {
		if (list->segments[i].map >= 0 && list->segments[i].map != map) {
			map = list->segments[i].map;
			pieces[(*n)++] = map_piece(list, map);
		}
		pieces[(*n)++] = segment_piece(list, i);
	}
	return pieces;
}

bool track_is_same(const struct track *track, const struct piece *pieces, size_t n)
{
	if (n != track->n_pieces)
		return false;
	for (size_t i = 0; i < n; i++)
		if (pieces[i].mark != track->pieces[i].mark)
			return false;
	return true;
}

const struct m3u8_segment *piece_segment(
	const struct track *track, const struct piece *piece)
{
	return piece->map ? NULL : &track->list.segments[piece->index];
}

void piece_source(const struct track *track, const struct piece *piece,
	const char **uri, struct m3u8_range *range, int *key)
{
	const struct m3u8_segment *segment = piece_segment(track, piece);
	const struct m3u8_map *map = segment ? NULL : &track->list.maps[piece->index];

	*uri = segment ? segment->uri : map->uri;
	*range = segment ? segment->range : map->range;
	*key = segment ? segment->key : map->key;
}

void track_hold(struct track *track, int64_t bytes)
{
	struct piece *piece = &track->pieces[track->n_held++];

	piece->at = track->held;
	piece->bytes = bytes;
	track->held += bytes;
	if (!piece->map)
		track->held_us += piece_segment(track, piece)->duration_us;
}

void track_safe(struct track *track)
{
	track->n_safe = track->n_held;
	track->safe = track->held;
}

static const char *kind_name(enum track_kind kind)
{
	return kind == TRACK_MAIN    ? "main"
	       : kind == TRACK_AUDIO ? "audio"
				     : "subtitles";
}

void piece_name(const struct track *track, size_t index, char out[96])
{
	const struct piece *piece = &track->pieces[index];
	const char *language = track->language ? track->language : "";

	if (piece->map)
		snprintf(out, 96, "the initialisation of the %s track%s%.16s",
			kind_name(track->kind), *language ? " " : "", language);
	else
		snprintf(out, 96, "segment %u of %zu of the %s track%s%.16s",
			piece->index + 1, track->list.n_segments,
			kind_name(track->kind), *language ? " " : "", language);
}
