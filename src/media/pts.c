/*
 * Of a transport stream the earliest PTS of a PES packet; of fMP4 the earliest decode
 * time of a fragment in its track's timescale. All lengths come from a stranger.
 */
#include <config.h>

#include "media/pts.h"

#include "media/be.h"
#include <stdbool.h>
#include <string.h>

#define TS_PACKET 188
#define TRACKS    16
#define DEPTH     5

/* ---- MPEG-TS ---- */

static int64_t pes_us(const unsigned char *p, size_t len)
{
	if (len < 14 || p[0] != 0 || p[1] != 0 || p[2] != 1 || p[3] < 0xBD ||
		p[3] > 0xEF || !(p[7] & 0x80))
		return -1;
	uint64_t pts = (uint64_t)(p[9] >> 1 & 7) << 30 | (uint64_t)p[10] << 22 |
		       (uint64_t)(p[11] >> 1) << 15 | (uint64_t)p[12] << 7 | p[13] >> 1;
	return (int64_t)(pts * 100 / 9);
}

static int64_t ts_first_us(const unsigned char *data, size_t len)
{
	int64_t first = -1;

	for (size_t at = 0; at + TS_PACKET <= len && data[at] == 0x47;
		at += TS_PACKET) {
		const unsigned char *packet = data + at;
		size_t head = packet[3] & 0x20 ? 5 + (size_t)packet[4] : 4;

		if (!(packet[1] & 0x40) || !(packet[3] & 0x10) || head >= TS_PACKET)
			continue;
		int64_t us = pes_us(packet + head, TS_PACKET - head);
		if (us >= 0 && (first < 0 || us < first))
			first = us;
	}
	return first;
}

/* ---- fragmented MP4 ---- */

struct clock {
	uint32_t id, timescale;
};
struct walk {
	struct clock clocks[TRACKS];
	size_t n;
	uint32_t id; /* of the track or fragment that is being read */
	int64_t first;
};

static bool is(const unsigned char *type, const char *name)
{
	return memcmp(type, name, 4) == 0;
}

static void take_tfdt(struct walk *walk, const unsigned char *body, size_t len)
{
	if (len < (body[0] == 1 ? 12U : 8U))
		return;
	uint64_t at = body[0] == 1 ? be64(body + 4) : be32(body + 4);
	for (size_t i = 0; i < walk->n; i++) {
		uint32_t scale = walk->clocks[i].timescale;

		if (walk->clocks[i].id != walk->id || scale == 0 ||
			at / scale > INT64_MAX / 2000000)
			continue;
		int64_t us =
			(int64_t)(at / scale * 1000000 + at % scale * 1000000 / scale);
		if (walk->first < 0 || us < walk->first)
			walk->first = us;
	}
}

static void take_box(struct walk *walk, const unsigned char *type,
	const unsigned char *body, size_t len)
{
	if (is(type, "tkhd") && len >= 24)
		walk->id = be32(body + (body[0] == 1 ? 20 : 12));
	else if (is(type, "mdhd") && len >= 24 && walk->n < TRACKS)
		walk->clocks[walk->n++] = (struct clock){ walk->id,
			be32(body + (body[0] == 1 ? 20 : 12)) };
	else if (is(type, "tfhd") && len >= 8)
		walk->id = be32(body + 4);
	else if (is(type, "tfdt") && len >= 8)
		take_tfdt(walk, body, len);
}

static void walk_boxes(
	struct walk *walk, const unsigned char *data, size_t len, int depth)
{
	static const char *const inner[] = { "moov", "trak", "mdia", "moof", "traf" };

	while (len >= 8) {
		size_t size = be32(data);
		bool container = false;

		if (size < 8)
			return;
		if (size > len) /* of the file more is not here */
			size = len;
		for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++)
			container |= is(data + 4, inner[i]);
		if (container && depth < DEPTH)
			walk_boxes(walk, data + 8, size - 8, depth + 1);
		else
			take_box(walk, data + 4, data + 8, size - 8);
		data += size;
		len -= size;
	}
}

int64_t media_first_us(const void *data, size_t len)
{
	struct walk walk = { .first = -1 };
	const unsigned char *bytes = data;

	if (len >= TS_PACKET && bytes[0] == 0x47)
		return ts_first_us(bytes, len);
	walk_boxes(&walk, bytes, len, 0);
	return walk.first;
}
