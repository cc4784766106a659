/*
 * Subtitles of HLS in one piece: times moved to where the media begin, cues that go
 * over a border made one, and what is no WebVTT refused. And when media begin.
 */
#include <config.h>

#include "base/mem.h"
#include "media/pts.h"
#include "media/vtt.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAP(ticks, local)   "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:" ticks ",LOCAL:" local "\n\n"
#define CUE(from, to, text) "00:00:" from " --> 00:00:" to "\n" text "\n\n"

/* The cues alone, of @segments joined; NULL ends them. Caller frees. */
static char *joined(const char *const *segments, int64_t base_us, struct err *err)
{
	struct vtt *vtt = vtt_new();
	struct buf out;
	char *text = NULL;
	int rc = 0;

	buf_init(&out, 65536);
	for (; *segments && !rc; segments++)
		rc = vtt_add(vtt, *segments, strlen(*segments), base_us, err);
	vtt_write(vtt, &out);
	assert_memory_equal(buf_text(&out), "WEBVTT\n\n", 8);
	if (!rc)
		text = mem_strdup(buf_text(&out) + 8);
	buf_release(&out);
	vtt_free(vtt);
	return text;
}

static void segments_become_one(void **state)
{
	static const struct {
		const char *segments[4];
		int64_t base_us;
		const char *cues;
	} rows[] = {
		{ { "WEBVTT\n\n" CUE("01.000", "02.000", "a"),
			  "WEBVTT\n\n" CUE("03.000", "04.000", "b") },
			0, CUE("01.000", "02.000", "a") CUE("03.000", "04.000", "b") },
		/* without a map times stay, wherever the media begin */
		{ { "WEBVTT\n\n" CUE("01.000", "02.000", "a") }, 9000000,
			CUE("01.000", "02.000", "a") },
		/* media that begin at 10 s, which the map calls 0 */
		{ { MAP("900000", "00:00:00.000") CUE("01.000", "02.000", "a") },
			10000000, CUE("01.000", "02.000", "a") },
		{ { MAP("900000", "00:00:00.000") CUE("01.000", "02.000", "a") }, 0,
			CUE("11.000", "12.000", "a") },
		/* each segment's own map */
		{ { MAP("0", "00:00.000") CUE("01.000", "02.000", "a"),
			  MAP("540000", "00:00:00.000") CUE("01.000", "02.000", "b") },
			0, CUE("01.000", "02.000", "a") CUE("07.000", "08.000", "b") },
		{ { MAP("0", "00:00:05.000") CUE("06.000", "07.500", "a") }, 0,
			CUE("01.000", "02.500", "a") },
		/* the clock of 33 bits came round */
		{ { MAP("90000", "00:00:00.000") CUE("01.000", "02.000", "a") },
			INT64_C(95443717688) - 1000000, CUE("03.000", "04.000", "a") },
		/* once more in the next segment, or longer there */
		{ { "WEBVTT\n\n" CUE("01.000", "05.000", "a"),
			  "WEBVTT\n\n" CUE("01.000", "05.000", "a")
				  CUE("06.000", "07.000", "b") },
			0, CUE("01.000", "05.000", "a") CUE("06.000", "07.000", "b") },
		{ { "WEBVTT\n\n" CUE("01.000", "04.000", "a"),
			  "WEBVTT\n\n" CUE("04.000", "05.000", "a") },
			0, CUE("01.000", "05.000", "a") },
		/* said twice is not the same cue */
		{ { "WEBVTT\n\n" CUE("01.000", "02.000", "a"),
			  "WEBVTT\n\n" CUE("04.000", "05.000", "a") },
			0, CUE("01.000", "02.000", "a") CUE("04.000", "05.000", "a") },
		{ { "WEBVTT\n\n" CUE("01.000", "02.000", "a")
				  CUE("02.000", "03.000", "a") },
			0, CUE("01.000", "02.000", "a") CUE("02.000", "03.000", "a") },
		/* before the media begin: cut, or gone */
		{ { MAP("0", "00:00:00.000") CUE("01.000", "03.000", "a")
				  CUE("00.000", "01.000", "b") },
			2000000, CUE("00.000", "01.000", "a") },
		/* forms: BOM, CRLF, ids, settings, notes, styles, several lines */
		{ { "\xEF\xBB\xBFWEBVTT - title\r\nKind: captions\r\n\r\nNOTE x\r\ny\r\n"
		    "\r\nSTYLE\r\n::cue{}\r\n\r\n1\r\n01:02.000 --> 01:03.000 "
		    "line:0\r\nfirst\r\nsecond\r\n" },
			0,
			"STYLE\n::cue{}\n\n1\n00:01:02.000 --> 00:01:03.000 line:0\n"
			"first\nsecond\n\n" },
		/* no cues: broken times, an end before the start, nothing */
		{ { "WEBVTT\n\nx --> y\na\n\n" CUE(
			  "02.000", "01.000", "b") "id\n\n"
						   "00:01 --> 00:02\nc\n" },
			0, "" },
		{ { "WEBVTT" }, 0, "" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		char *text = joined(rows[i].segments, rows[i].base_us, &err);

		assert_non_null(text);
		assert_string_equal(text, rows[i].cues);
		free(text);
	}
}

static void what_is_no_webvtt_is_refused(void **state)
{
	static const char *const texts[] = { "", "<html>", "WEBV", "\n\nWEBVTT\n" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *segments[] = { texts[i], NULL };
		struct err err = { 0 };

		assert_null(joined(segments, 0, &err));
		assert_int_equal(err.class, ERR_TRANSIENT);
	}
}

static void too_much_is_refused(void **state)
{
	static const char head[] = "WEBVTT\n\n00:01.000 --> 00:02.000\n";
	const size_t len = VTT_BYTES_MAX + 64, n = sizeof(head) - 1;
	char *text = mem_alloc(len + 1);
	struct vtt *vtt = vtt_new();
	struct err err = { 0 };
	(void)state;
	memset(text, 'x', len);
	memcpy(text, head, n);
	/* One line as long as that is cut; many cues are not. */
	for (size_t at = n; at + 40 < len; at += 40)
		memcpy(text + at, "a\n\n00:01.000 --> 00:02.000\n0123456789abc", 40);
	assert_int_equal(vtt_add(vtt, text, len, 0, &err), -ERR_PERMANENT);
	vtt_free(vtt);
	free(text);
}

/* ---- when media begin ---- */

static void put_pes(unsigned char packet[188], uint64_t pts)
{
	static const unsigned char head[] = { 0x47, 0x41, 0x00, 0x10, 0, 0, 1, 0xE0, 0,
		0, 0x80, 0x80, 5 };

	memset(packet, 0xFF, 188);
	memcpy(packet, head, sizeof(head));
	packet[13] = (unsigned char)(0x21 | (pts >> 30 & 7) << 1);
	packet[14] = (unsigned char)(pts >> 22);
	packet[15] = (unsigned char)(1 | (pts >> 15 & 127) << 1);
	packet[16] = (unsigned char)(pts >> 7);
	packet[17] = (unsigned char)(1 | (pts & 127) << 1);
}

static void a_transport_stream_begins_at_its_least_pts(void **state)
{
	unsigned char data[3 * 188];
	(void)state;
	put_pes(data, UINT64_C(8000000000));
	put_pes(data + 188, 126000);
	put_pes(data + 376, 900000);
	assert_int_equal(media_first_us(data, sizeof(data)), 1400000);
	data[188] = 0; /* what follows is no longer in step */
	assert_true(media_first_us(data, sizeof(data)) == INT64_C(88888888888));
	data[1] = 0x01; /* no packet begins here */
	assert_int_equal(media_first_us(data, sizeof(data)), -1);
}

static size_t box(unsigned char *at, const char *type, const void *body, size_t len)
{
	size_t size = len + 8;

	memmove(at + 8, body, len); /* it may be what lies here */
	at[0] = at[1] = 0;
	at[2] = (unsigned char)(size >> 8);
	at[3] = (unsigned char)size;
	memcpy(at + 4, type, 4);
	return size;
}

static void fragments_begin_at_their_decode_time(void **state)
{
	static const unsigned char tkhd[24] = { [15] = 2 };
	static const unsigned char mdhd[24] = { [14] = 0x03, [15] = 0xE8 };
	static const unsigned char tfhd[8] = { [7] = 2 };
	static const unsigned char tfdt[12] = { 1, [10] = 0x09, [11] = 0xC4 };
	unsigned char data[512], inner[256];
	size_t n, len;
	(void)state;
	n = box(inner, "mdhd", mdhd, sizeof(mdhd));
	n = box(inner, "mdia", inner, n);
	memmove(inner + 32, inner, n);
	n += box(inner, "tkhd", tkhd, sizeof(tkhd));
	n = box(inner, "trak", inner, n);
	len = box(data, "moov", inner, n);
	n = box(inner, "tfhd", tfhd, sizeof(tfhd));
	n += box(inner + n, "tfdt", tfdt, sizeof(tfdt));
	n = box(inner, "traf", inner, n);
	len += box(data + len, "moof", inner, n);
	assert_int_equal(media_first_us(data, len), 2500000);
	for (size_t cut = 0; cut < len; cut++)
		assert_true(media_first_us(data, cut) <= 2500000);
	memset(data, 0xFF, sizeof(data));
	assert_int_equal(media_first_us(data, sizeof(data)), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_become_one),
		cmocka_unit_test(what_is_no_webvtt_is_refused),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(a_transport_stream_begins_at_its_least_pts),
		cmocka_unit_test(fragments_begin_at_their_decode_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
