/*
 * Playlists written: to the letter where readers are picky, and the same value again
 * when they are read.
 */
#include <config.h>

#include "media/m3u8_write.h"
#include "unit.h"
#include <string.h>

static void written_is(const struct m3u8 *list, const char *expected)
{
	struct buf out;

	buf_init(&out, 1 << 16);
	m3u8_write(list, &out);
	assert_false(out.overflow);
	assert_string_equal(buf_text(&out), expected);
	buf_release(&out);
}

static void writes_a_package(void **state)
{
	struct m3u8_variant variant = { .uri = "video.m3u8",
		.bandwidth = 2000000,
		.codecs = "avc1.64001f,mp4a.40.2",
		.width = 1280,
		.height = 720,
		.frame_rate = 29.97,
		.audio = "audio",
		.subtitles = "subs" };
	struct m3u8_rendition renditions[] = {
		{ .type = M3U8_AUDIO,
			.group = "audio",
			.name = "Say \"hi\"\n#EXT",
			.language = "en",
			.is_default = true,
			.uri = "audio-en.m3u8" },
		{ .type = M3U8_SUBTITLES,
			.group = "subs",
			.name = "Deutsch",
			.language = "de",
			.forced = true,
			.uri = "subs-de.m3u8" },
	};
	struct m3u8 list = { .kind = M3U8_MASTER,
		.independent = true,
		.variants = &variant,
		.n_variants = 1,
		.renditions = renditions,
		.n_renditions = 2 };

	(void)state;
	written_is(&list,
		"#EXTM3U\n"
		"#EXT-X-VERSION:4\n"
		"#EXT-X-INDEPENDENT-SEGMENTS\n"
		"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"Say 'hi' #EXT\","
		"LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,URI=\"audio-en.m3u8\"\n"
		"#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"subs\",NAME=\"Deutsch\","
		"LANGUAGE=\"de\",DEFAULT=NO,FORCED=YES,URI=\"subs-de.m3u8\"\n"
		"#EXT-X-STREAM-INF:BANDWIDTH=2000000,CODECS=\"avc1.64001f,mp4a.40.2\","
		"RESOLUTION=1280x720,FRAME-RATE=29.97,AUDIO=\"audio\",SUBTITLES=\"subs\"\n"
		"video.m3u8\n");
}

static void writes_a_track_in_one_file(void **state)
{
	struct m3u8_map maps[] = { { "video.mp4", { 0, 700 }, -1 },
		{ "video.mp4", { 2200, 650 }, -1 } };
	struct m3u8_segment segments[] = {
		{ .uri = "video.mp4",
			.duration_us = 6006000,
			.range = { 700, 1000 },
			.date_ns = INT64_C(1795341600) * 1000000000,
			.key = -1 },
		{ .uri = "video.mp4",
			.duration_us = 5500000,
			.range = { 1700, 500 },
			.key = -1 },
		{ .uri = "video.mp4",
			.duration_us = 400000,
			.range = { 2850, 90 },
			.key = -1,
			.map = 1,
			.discontinuity = true },
	};
	struct m3u8 list = { .kind = M3U8_MEDIA,
		.segments = segments,
		.n_segments = 3,
		.maps = maps,
		.n_maps = 2,
		.endlist = true };

	(void)state;
	written_is(&list, "#EXTM3U\n"
			  "#EXT-X-VERSION:6\n"
			  "#EXT-X-TARGETDURATION:6\n"
			  "#EXT-X-MEDIA-SEQUENCE:0\n"
			  "#EXT-X-PLAYLIST-TYPE:VOD\n"
			  "#EXT-X-MAP:URI=\"video.mp4\",BYTERANGE=\"700@0\"\n"
			  "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T10:00:00.000Z\n"
			  "#EXTINF:6.006,\n"
			  "#EXT-X-BYTERANGE:1000@700\n"
			  "video.mp4\n"
			  "#EXTINF:5.5,\n"
			  "#EXT-X-BYTERANGE:500@1700\n"
			  "video.mp4\n"
			  "#EXT-X-DISCONTINUITY\n"
			  "#EXT-X-MAP:URI=\"video.mp4\",BYTERANGE=\"650@2200\"\n"
			  "#EXTINF:0.4,\n"
			  "#EXT-X-BYTERANGE:90@2850\n"
			  "video.mp4\n"
			  "#EXT-X-ENDLIST\n");
}

/* The version is the lowest that has what is used, the target the longest duration
 * rounded as RFC 8216 §4.3.3.1 rounds. */
static void follows_from_what_is_in_it(void **state)
{
	static const struct {
		int64_t duration_us;
		int64_t length;
		bool map;
		bool iframes;
		const char *version;
		const char *target;
	} rows[] = {
		{ 100000, -1, false, false, "VERSION:3\n", "DURATION:1\n" },
		{ 4499999, -1, false, false, "VERSION:3\n", "DURATION:4\n" },
		{ 4500000, 5, false, false, "VERSION:4\n", "DURATION:5\n" },
		{ 4500000, -1, false, true, "VERSION:4\n", "DURATION:5\n" },
		{ 1000000, 5, true, true, "VERSION:5\n", "DURATION:1\n" },
		{ 1000000, -1, true, false, "VERSION:6\n", "DURATION:1\n" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct m3u8_map map = { "i.mp4", { 0, -1 }, -1 };
		struct m3u8_segment segment = { .uri = "s",
			.duration_us = rows[i].duration_us,
			.range = { 0, rows[i].length },
			.key = -1,
			.map = rows[i].map ? 0 : -1 };
		struct m3u8 list = { .kind = M3U8_MEDIA,
			.segments = &segment,
			.n_segments = 1,
			.maps = &map,
			.n_maps = rows[i].map,
			.iframes_only = rows[i].iframes };
		struct buf out;
		buf_init(&out, 4096);
		m3u8_write(&list, &out);
		assert_non_null(strstr(buf_text(&out), rows[i].version));
		assert_non_null(strstr(buf_text(&out), rows[i].target));
		assert_null(strstr(buf_text(&out), "ENDLIST"));
		buf_release(&out);
	}
}

#define MASTER_TEXT                                                              \
	"#EXTM3U\n#EXT-X-DEFINE:NAME=\"d\",VALUE=\"dir\"\n"                      \
	"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"E\",LANGUAGE=\"en\","     \
	"DEFAULT=YES,CHANNELS=\"6\",CHARACTERISTICS=\"x\",URI=\"{$d}/a.m3u8\"\n" \
	"#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"v\",NAME=\"angle\",URI=\"w.m3u8\"\n" \
	"#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"c\",NAME=\"cc\"\n"         \
	"#EXT-X-STREAM-INF:BANDWIDTH=7,AVERAGE-BANDWIDTH=6,CODECS=\"avc1\","     \
	"RESOLUTION=64x36,FRAME-RATE=23.976,AUDIO=\"a\",VIDEO=\"v\","            \
	"CLOSED-CAPTIONS=\"c\"\nv.m3u8\n"                                        \
	"#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=3,URI=\"i.m3u8\"\n"
#define MEDIA_TEXT                                                              \
	"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:9\n#EXT-X-DISCONTINUITY-SEQUENCE:2\n"   \
	"#EXTINF:1.000001,\na.ts\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"i\"\n" \
	"#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.678+01:00\n"              \
	"#EXT-X-GAP\n#EXTINF:2,\n#EXT-X-BYTERANGE:5@6\nb.mp4\n"                 \
	"#EXTINF:2,\n#EXT-X-BYTERANGE:7\nb.mp4\n#EXT-X-ENDLIST\n"
#define IFRAMES_TEXT                                                           \
	"#EXTM3U\n#EXT-X-I-FRAMES-ONLY\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n" \
	"#EXTINF:2,\na.ts\n"

/* What is written, read, and written again is the same text. */
static void is_read_as_it_was_written(void **state)
{
	static const char *const texts[] = { MASTER_TEXT, MEDIA_TEXT, IFRAMES_TEXT };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct m3u8 list;
		struct buf first;
		struct buf second;
		struct err err = { 0 };
		buf_init(&first, 1 << 16);
		buf_init(&second, 1 << 16);
		assert_int_equal(
			m3u8_parse(texts[i], strlen(texts[i]), &list, &err), 0);
		size_t n_segments = list.n_segments;
		size_t n_variants = list.n_variants;
		int64_t duration = list.duration_us;
		m3u8_write(&list, &first);
		m3u8_release(&list);
		assert_null(strstr(buf_text(&first), "KEY"));
		assert_int_equal(
			m3u8_parse(buf_text(&first), first.len, &list, &err), 0);
		assert_int_equal(list.n_segments, n_segments);
		assert_int_equal(list.n_variants, n_variants);
		assert_int_equal(list.duration_us, duration);
		m3u8_write(&list, &second);
		m3u8_release(&list);
		assert_string_equal(buf_text(&first), buf_text(&second));
		buf_release(&first);
		buf_release(&second);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_a_package),
		cmocka_unit_test(writes_a_track_in_one_file),
		cmocka_unit_test(follows_from_what_is_in_it),
		cmocka_unit_test(is_read_as_it_was_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
