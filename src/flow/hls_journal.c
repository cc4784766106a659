/*
 * Reading and writing the journal's lines. A line counts when it is whole, in its form,
 * and the next one of its track.
 */
#include <config.h>

#include "flow/hls_journal.h"

#include "base/mem.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD       "vodkeep-hls 1\n"
#define LINE       128
#define TRACKS_MAX 256

static size_t find(const struct journal *journal, const char *tag)
{
	size_t i = 0;

	while (i < journal->n_tracks && strcmp(journal->tracks[i].tag, tag) != 0)
		i++;
	return i;
}

const struct journal_track *journal_find(const struct journal *journal, const char *tag)
{
	size_t i = find(journal, tag);

	return i < journal->n_tracks ? &journal->tracks[i] : NULL;
}

static bool take_track(
	struct journal *journal, const char *tag, uint64_t mark, size_t count)
{
	size_t i = find(journal, tag);
	struct journal_track *track;

	if (i == journal->n_tracks) {
		if (journal->n_tracks == TRACKS_MAX)
			return false;
		journal->tracks = mem_grow(journal->tracks, journal->n_tracks + 1,
			sizeof(*journal->tracks));
		memset(&journal->tracks[i], 0, sizeof(*track));
		snprintf(journal->tracks[i].tag, sizeof(track->tag), "%s", tag);
		journal->n_tracks++;
	}
	track = &journal->tracks[i];
	track->mark = mark;
	track->count = count;
	track->n = 0;
	return true;
}

static bool take_piece(struct journal *journal, const char *tag, size_t index,
	int64_t bytes, uint64_t mark)
{
	size_t i = find(journal, tag);
	struct journal_track *track;

	if (i == journal->n_tracks)
		return false;
	track = &journal->tracks[i];
	if (index != track->n || index >= track->count || bytes < 0)
		return false;
	/* It doubles: there may be many thousands. */
	if ((track->n & (track->n - 1)) == 0)
		track->pieces = mem_grow(track->pieces, track->n ? 2 * track->n : 1,
			sizeof(*track->pieces));
	track->pieces[track->n++] =
		(struct journal_piece){ .bytes = bytes, .mark = mark };
	return true;
}

static bool take_line(struct journal *journal, const char *line)
{
	char tag[JOURNAL_TAG];
	uint64_t mark;
	int64_t bytes;
	size_t number;
	int end = 0;

	if (sscanf(line, "track %7s %16" SCNx64 " %zu%n", tag, &mark, &number, &end) ==
			3 &&
		line[end] == '\0')
		return take_track(journal, tag, mark, number);
	if (sscanf(line, "piece %7s %zu %" SCNd64 " %16" SCNx64 "%n", tag, &number,
		    &bytes, &mark, &end) == 4 &&
		line[end] == '\0')
		return take_piece(journal, tag, number, bytes, mark);
	return false;
}

void journal_parse(const char *text, size_t len, struct journal *out)
{
	const size_t head = strlen(HEAD);
	char line[LINE];

	memset(out, 0, sizeof(*out));
	if (len < head || memcmp(text, HEAD, head) != 0)
		return;
	out->good = head;
	while (out->good < len) {
		const char *from = text + out->good;
		const char *end = memchr(from, '\n', len - out->good);
		size_t n = end ? (size_t)(end - from) : 0;

		if (!end || n >= sizeof(line) || memchr(from, '\0', n))
			return;
		memcpy(line, from, n);
		line[n] = '\0';
		if (!take_line(out, line))
			return;
		out->good += n + 1;
	}
}

void journal_release(struct journal *journal)
{
	for (size_t i = 0; i < journal->n_tracks; i++)
		free(journal->tracks[i].pieces);
	free(journal->tracks);
	memset(journal, 0, sizeof(*journal));
}

void journal_put_head(struct buf *out)
{
	buf_str(out, HEAD);
}

void journal_put_track(struct buf *out, const char *tag, uint64_t mark, size_t count)
{
	buf_printf(out, "track %s %016" PRIx64 " %zu\n", tag, mark, count);
}

void journal_put_piece(
	struct buf *out, const char *tag, size_t index, int64_t bytes, uint64_t mark)
{
	buf_printf(out, "piece %s %zu %" PRId64 " %016" PRIx64 "\n", tag, index, bytes,
		mark);
}
