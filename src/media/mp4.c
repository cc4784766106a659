/*
 * Walking the boxes of an ISO base media file. Only headers and a few small fixed boxes
 * are read, never media data: a file of a terabyte costs as many small reads as it has
 * boxes. Every size comes from a stranger, so a box is checked against what contains it
 * before anything is computed from it.
 *
 *	check ── next_box ─┬─ ftyp/styp   brand
 *	                   ├─ moov ── mvhd, trak, mvex ── mehd
 *	                   ├─ sidx        durations
 *	                   └─ moof, mdat  seen
 */
#include <config.h>

#include "media/mp4.h"

#include "media/be.h"
#include <inttypes.h>
#include <string.h>

#define BOXES_MAX      1000000
#define HEADER         8
#define HEADER_LARGE   16
#define SIDX_ENTRY     12
#define SIDX_AT_A_TIME 256

struct box {
	int64_t start;
	int64_t body;
	int64_t end;
	char type[5]; /* printable, for sentences; compare with is() */
};

struct walk {
	mp4_read read;
	void *arg;
	int64_t size;
	struct err *err;
	int boxes;
	bool has_moov;
	bool has_media;
	bool moof_waits; /* a moof whose mdat has not come yet */
	bool sidx_seen;
	uint32_t sidx_reference;
	uint32_t timescale;
	uint64_t duration;          /* of mvhd */
	uint64_t fragment_duration; /* of mehd, same scale */
	int64_t sidx_ms;
	struct mp4_info info;
};

static bool is(const struct box *box, const char *type)
{
	return memcmp(box->type, type, 4) == 0;
}

static int read_at(struct walk *walk, int64_t offset, void *data, size_t len)
{
	int64_t n = walk->read(walk->arg, offset, data, len);
	if (n < 0)
		return err_set(walk->err, ERR_LOCAL,
			"cannot read %zu bytes at %" PRId64 " of the file", len,
			offset);
	if ((uint64_t)n < len)
		return err_set(walk->err, ERR_TRANSIENT,
			"the file ends before byte %" PRId64 " of its %" PRId64,
			offset + (int64_t)len, walk->size);
	return 0;
}

static void set_type(struct box *box, const unsigned char *type)
{
	for (int i = 0; i < 4; i++)
		box->type[i] =
			(char)(type[i] >= 0x20 && type[i] < 0x7F ? type[i] : '?');
	box->type[4] = '\0';
}

/* The box at @offset, which must end by @limit. */
static int next_box(struct walk *walk, int64_t offset, int64_t limit, struct box *box)
{
	unsigned char head[HEADER_LARGE];
	int64_t left = limit - offset;

	if (++walk->boxes > BOXES_MAX)
		return err_set(
			walk->err, ERR_TRANSIENT, "more than %d boxes", BOXES_MAX);
	if (left < HEADER)
		return err_set(walk->err, ERR_TRANSIENT,
			"%" PRId64 " bytes at %" PRId64 " are too few for a box", left,
			offset);
	size_t there = left < HEADER_LARGE ? HEADER : HEADER_LARGE;
	int rc = read_at(walk, offset, head, there);
	if (rc)
		return rc;
	uint64_t size = be32(head);
	int64_t header = HEADER;
	set_type(box, head + 4);
	if (size == 0) { /* to the end of what contains it */
		size = (uint64_t)left;
	} else if (size == 1) {
		if (there < HEADER_LARGE)
			return err_set(walk->err, ERR_TRANSIENT,
				"the header of box \"%s\" at %" PRId64 " is cut",
				box->type, offset);
		size = be64(head + HEADER);
		header = HEADER_LARGE;
	}
	if (size < (uint64_t)header)
		return err_set(walk->err, ERR_TRANSIENT,
			"box \"%s\" at %" PRId64 " says it is %" PRIu64
			" bytes long, less than its header",
			box->type, offset, size);
	if (size > (uint64_t)left)
		return err_set(walk->err, ERR_TRANSIENT,
			"box \"%s\" at %" PRId64 " is cut: it needs %" PRIu64
			" bytes and %" PRId64 " are there",
			box->type, offset, size, left);
	box->start = offset;
	box->body = offset + header;
	box->end = offset + (int64_t)size;
	return 0;
}

/* The first @len bytes of the body. */
static int read_body(struct walk *walk, const struct box *box, void *data, size_t len)
{
	if (box->end - box->body < (int64_t)len)
		return err_set(walk->err, ERR_TRANSIENT,
			"box \"%s\" at %" PRId64 " is too short to be one", box->type,
			box->start);
	return read_at(walk, box->body, data, len);
}

/* A full box begins with a version byte that says how wide its times are. */
static int read_versioned(struct walk *walk, const struct box *box, unsigned char *data,
	size_t v0, size_t v1)
{
	int rc = read_body(walk, box, data, 4);
	return rc ? rc : read_body(walk, box, data, data[0] == 1 ? v1 : v0);
}

static int read_brand(struct walk *walk, const struct box *box)
{
	unsigned char brand[4];
	struct box shown;
	int rc = read_body(walk, box, brand, sizeof(brand));
	if (rc)
		return rc;
	set_type(&shown, brand);
	memcpy(walk->info.brand, shown.type, sizeof(walk->info.brand));
	return 0;
}

/* All ones mean "unknown" in either width. */
static uint64_t duration_field(const unsigned char *at, bool wide)
{
	uint64_t value = wide ? be64(at) : be32(at);
	return value == (wide ? UINT64_MAX : UINT32_MAX) ? 0 : value;
}

static int read_mvhd(struct walk *walk, const struct box *box)
{
	unsigned char data[32];
	int rc = read_versioned(walk, box, data, 20, sizeof(data));
	if (rc)
		return rc;
	bool wide = data[0] == 1;
	walk->timescale = be32(data + (wide ? 20 : 12));
	walk->duration = duration_field(data + (wide ? 24 : 16), wide);
	return 0;
}

static int read_mehd(struct walk *walk, const struct box *box)
{
	unsigned char data[12];
	int rc = read_versioned(walk, box, data, 8, sizeof(data));
	if (rc)
		return rc;
	walk->fragment_duration = duration_field(data + 4, data[0] == 1);
	return 0;
}

/* What mvex holds. Fewer bytes than a header at the end of a container are padding. */
static int read_mvex(struct walk *walk, const struct box *mvex)
{
	struct box box;
	for (int64_t at = mvex->body; mvex->end - at >= HEADER; at = box.end) {
		int rc = next_box(walk, at, mvex->end, &box);
		if (rc == 0 && is(&box, "mehd"))
			rc = read_mehd(walk, &box);
		if (rc)
			return rc;
	}
	return 0;
}

static int read_moov(struct walk *walk, const struct box *moov)
{
	struct box box;
	bool has_mvhd = false;

	for (int64_t at = moov->body; moov->end - at >= HEADER; at = box.end) {
		int rc = next_box(walk, at, moov->end, &box);
		if (rc == 0 && is(&box, "mvhd")) {
			has_mvhd = true;
			rc = read_mvhd(walk, &box);
		} else if (rc == 0 && is(&box, "mvex")) {
			rc = read_mvex(walk, &box);
		} else if (rc == 0 && is(&box, "trak")) {
			walk->info.tracks++;
		}
		if (rc) {
			err_wrap(walk->err, "in box \"moov\"");
			return rc;
		}
	}
	if (!has_mvhd)
		return err_set(
			walk->err, ERR_TRANSIENT, "box \"moov\" has no \"mvhd\"");
	walk->has_moov = true;
	return 0;
}

/* @duration / @timescale in ms, or -1 when it is no sensible time. */
static int64_t to_ms(uint64_t duration, uint32_t timescale)
{
	if (timescale == 0 || duration / timescale > INT64_MAX / 2000)
		return -1;
	return (int64_t)(duration / timescale * 1000 +
			 duration % timescale * 1000 / timescale);
}

/* Add up the media references of a segment index. Other tracks have indexes of their
 * own for the same time: only those of the first one count. */
static int read_sidx(struct walk *walk, const struct box *box)
{
	unsigned char data[SIDX_AT_A_TIME * SIDX_ENTRY];
	uint64_t sum = 0;

	int rc = read_versioned(walk, box, data, 24, 32);
	if (rc)
		return rc;
	uint32_t reference = be32(data + 4);
	uint32_t timescale = be32(data + 8);
	int64_t at = box->body + (data[0] == 1 ? 32 : 24);
	uint32_t left = be32(data + (data[0] == 1 ? 28 : 20)) & 0xFFFF;
	if (walk->sidx_seen && reference != walk->sidx_reference)
		return 0;
	if ((int64_t)left * SIDX_ENTRY > box->end - at)
		return err_set(walk->err, ERR_TRANSIENT,
			"box \"sidx\" at %" PRId64 " is too short for its %" PRIu32
			" entries",
			box->start, left);
	while (left > 0) {
		uint32_t n = left < SIDX_AT_A_TIME ? left : SIDX_AT_A_TIME;
		rc = read_at(walk, at, data, (size_t)n * SIDX_ENTRY);
		if (rc)
			return rc;
		for (uint32_t i = 0; i < n; i++)
			if (!(data[i * SIDX_ENTRY] & 0x80)) /* else: another sidx */
				sum += be32(data + i * SIDX_ENTRY + 4);
		at += (int64_t)n * SIDX_ENTRY;
		left -= n;
	}
	int64_t ms = to_ms(sum, timescale);
	if (ms > 0 && ms < INT64_MAX / 2 - walk->sidx_ms)
		walk->sidx_ms += ms;
	walk->sidx_seen = true;
	walk->sidx_reference = reference;
	return 0;
}

static int read_box(struct walk *walk, const struct box *box)
{
	if (box->start == 0) {
		if (!is(box, "ftyp") && !is(box, "styp"))
			return err_set(walk->err, ERR_TRANSIENT,
				"the file begins with \"%s\", not with \"ftyp\"",
				box->type);
		return read_brand(walk, box);
	}
	if (is(box, "moov") && !walk->has_moov)
		return read_moov(walk, box);
	if (is(box, "sidx"))
		return read_sidx(walk, box);
	if (is(box, "moof")) {
		walk->info.fragmented = true;
		walk->moof_waits = true;
	} else if (is(box, "mdat")) {
		walk->has_media |= box->end > box->body;
		walk->moof_waits = false;
	}
	return 0;
}

static int64_t duration_ms(const struct walk *walk)
{
	int64_t ms = to_ms(walk->fragment_duration, walk->timescale);
	if (ms > 0)
		return ms;
	ms = to_ms(walk->duration, walk->timescale);
	if (ms > 0)
		return ms;
	return walk->sidx_ms > 0 ? walk->sidx_ms : -1;
}

int mp4_check(
	mp4_read read, void *arg, int64_t size, struct mp4_info *info, struct err *err)
{
	struct walk walk = { .read = read, .arg = arg, .size = size, .err = err };
	struct box box;

	if (size <= 0)
		return err_set(err, ERR_TRANSIENT, "the file is empty");
	for (int64_t at = 0; at < size; at = box.end) {
		int rc = next_box(&walk, at, size, &box);
		if (rc == 0)
			rc = read_box(&walk, &box);
		if (rc)
			return rc;
	}
	if (!walk.has_moov)
		return err_set(err, ERR_TRANSIENT, "the file has no \"moov\" box");
	if (!walk.has_media)
		return err_set(
			err, ERR_TRANSIENT, "the file has no media data (\"mdat\")");
	if (walk.moof_waits)
		return err_set(err, ERR_TRANSIENT,
			"the last \"moof\" box has no media data after it");
	walk.info.duration_ms = duration_ms(&walk);
	*info = walk.info;
	return 0;
}
