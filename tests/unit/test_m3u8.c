/*
 * Playlists read: everything that the archive uses, the liberties that packagers take,
 * and what must be refused rather than guessed.
 */
#include <config.h>

#include "base/buf.h"
#include "media/m3u8.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S(seconds) ((int64_t)((seconds)*1000000))

static struct m3u8 parsed(const char *text)
{
	struct m3u8 list = { 0 };
	struct err err = { 0 };

	if (m3u8_parse(text, strlen(text), &list, &err))
		fail_msg("%s", err.text);
	return list;
}

static void refused(const char *text, enum err_class class, const char *why)
{
	struct m3u8 list = { .version = 42 };
	struct err err = { 0 };

	assert_int_equal(m3u8_parse(text, strlen(text), &list, &err), -(int)class);
	assert_int_equal(list.version, 42);
	if (!strstr(err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

static void reads_a_master(void **state)
{
	struct m3u8 list = parsed(
		"#EXTM3U\n"
		"#EXT-X-VERSION:6\n"
		"#EXT-X-INDEPENDENT-SEGMENTS\n"
		"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aac\",NAME=\"Deutsch, laut\","
		"LANGUAGE=\"de\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\","
		"CHARACTERISTICS=\"public.easy-to-read\",URI=\"de/a.m3u8\"\n"
		"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aac\",NAME=\"English\",DEFAULT=NO\n"
		"#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"subs\",NAME=\"x\",FORCED=YES,"
		"URI=\"s.m3u8\"\n"
		"#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"cc\",NAME=\"c\","
		"INSTREAM-ID=\"CC1\"\n"
		"#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1500000,"
		"CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=29.970,"
		"AUDIO=\"aac\",SUBTITLES=\"subs\",CLOSED-CAPTIONS=\"cc\"\n"
		"720/v.m3u8?token=a,b\n"
		"#EXT-X-STREAM-INF:BANDWIDTH=300000,CLOSED-CAPTIONS=NONE\n"
		"low.m3u8\n"
		"#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,RESOLUTION=1920x1080,"
		"URI=\"i.m3u8\"\n"
		"#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"k\"\n");
	const struct m3u8_variant *v = list.variants;
	const struct m3u8_rendition *r = list.renditions;

	(void)state;
	assert_int_equal(list.kind, M3U8_MASTER);
	assert_int_equal(list.version, 6);
	assert_true(list.independent);
	assert_int_equal(list.n_variants, 3);
	assert_string_equal(v[0].uri, "720/v.m3u8?token=a,b");
	assert_int_equal(v[0].bandwidth, 2000000);
	assert_int_equal(v[0].average_bandwidth, 1500000);
	assert_string_equal(v[0].codecs, "avc1.64001f,mp4a.40.2");
	assert_int_equal(v[0].width, 1280);
	assert_int_equal(v[0].height, 720);
	assert_true(v[0].frame_rate > 29.969 && v[0].frame_rate < 29.971);
	assert_string_equal(v[0].audio, "aac");
	assert_string_equal(v[0].subtitles, "subs");
	assert_string_equal(v[0].closed_captions, "cc");
	assert_null(v[0].video);
	assert_string_equal(v[1].uri, "low.m3u8");
	assert_null(v[1].closed_captions);
	assert_null(v[1].codecs);
	assert_false(v[1].iframes);
	assert_true(v[2].iframes);
	assert_string_equal(v[2].uri, "i.m3u8");
	assert_int_equal(list.n_renditions, 4);
	assert_int_equal(r[0].type, M3U8_AUDIO);
	assert_string_equal(r[0].name, "Deutsch, laut");
	assert_string_equal(r[0].language, "de");
	assert_string_equal(r[0].channels, "2");
	assert_string_equal(r[0].characteristics, "public.easy-to-read");
	assert_string_equal(r[0].uri, "de/a.m3u8");
	assert_true(r[0].is_default && r[0].autoselect && !r[0].forced);
	assert_null(r[1].uri);
	assert_false(r[1].is_default);
	assert_int_equal(r[2].type, M3U8_SUBTITLES);
	assert_true(r[2].forced);
	assert_int_equal(r[3].type, M3U8_CLOSED_CAPTIONS);
	assert_int_equal(list.n_session_keys, 1);
	m3u8_release(&list);
	m3u8_release(&list);
}

static void reads_media(void **state)
{
	struct m3u8 list = parsed("#EXTM3U\n"
				  "#EXT-X-TARGETDURATION:10\n"
				  "#EXT-X-VERSION:3\n"
				  "#EXT-X-MEDIA-SEQUENCE:2680\n"
				  "#EXT-X-DISCONTINUITY-SEQUENCE:7\n"
				  "#EXT-X-PLAYLIST-TYPE:VOD\n"
				  "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T10:00:00Z\n"
				  "#EXTINF:9.009,A title, with a comma\n"
				  "first.ts\n"
				  "#EXTINF:9\n"
				  "https://cdn.example/second.ts?sig=1\n"
				  "#EXT-X-DISCONTINUITY\n"
				  "#EXT-X-GAP\n"
				  "#EXTINF:3.003003,\n"
				  "third.ts\n"
				  "#EXTINF:.5,\n"
				  "fourth.ts\n"
				  "#EXT-X-ENDLIST\n");
	const struct m3u8_segment *s = list.segments;

	(void)state;
	assert_int_equal(list.kind, M3U8_MEDIA);
	assert_int_equal(list.n_segments, 4);
	assert_int_equal(list.target_duration_us, S(10));
	assert_int_equal(list.media_sequence, 2680);
	assert_int_equal(list.discontinuity_sequence, 7);
	assert_int_equal(list.life, M3U8_VOD);
	assert_true(list.endlist);
	assert_false(list.iframes_only);
	assert_int_equal(list.duration_us, S(9.009) + S(9) + 3003003 + S(0.5));
	assert_string_equal(s[0].uri, "first.ts");
	assert_int_equal(s[0].duration_us, 9009000);
	assert_int_equal(s[0].date_ns, INT64_C(1795341600) * 1000000000);
	assert_int_equal(s[0].range.length, -1);
	assert_int_equal(s[0].key, -1);
	assert_int_equal(s[0].map, -1);
	assert_int_equal(s[1].date_ns, 0);
	assert_false(s[1].discontinuity || s[1].gap);
	assert_true(s[2].discontinuity && s[2].gap);
	assert_false(s[3].discontinuity || s[3].gap);
	m3u8_release(&list);
}

static void takes_liberties(void **state)
{
	struct m3u8 list = parsed("\xEF\xBB\xBF#EXTM3U \r\n"
				  "\r\n"
				  "# a comment\r\n"
				  "#EXT-X-NEW-IN-2031:WHATEVER=1\r\n"
				  "#EXTM3U8\r\n"
				  "#EXT-X-MAP:  URI = \"i.mp4\" , X-MORE=1,\r\n"
				  "\t#EXTINF: 2.5 ,x\r\n"
				  "#EXT-X-BITRATE:80\r\n"
				  "  s1.m4s  \r\n"
				  "#EXTINF:4,\r\n"
				  "s2.m4s");

	(void)state;
	assert_int_equal(list.n_segments, 2);
	assert_string_equal(list.segments[0].uri, "s1.m4s");
	assert_string_equal(list.segments[1].uri, "s2.m4s");
	assert_string_equal(list.maps[0].uri, "i.mp4");
	assert_false(list.endlist);
	assert_int_equal(list.life, M3U8_LIVE);
	assert_int_equal(list.target_duration_us, S(4)); /* not given: the longest */
	m3u8_release(&list);

	list = parsed("#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",LANGUAGE=\"\","
		      "NAME=\"\xE4\x1B[m \xC3\xA4\"\n");
	assert_null(list.renditions[0].language);
	assert_string_equal(list.renditions[0].name, "??[m \xC3\xA4");
	m3u8_release(&list);

	list = parsed("#EXTM3U\n#EXT-X-TARGETDURATION:2\n"); /* live, nothing yet */
	assert_int_equal(list.n_segments, 0);
	m3u8_release(&list);

	list = parsed("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=x,RESOLUTION=0x0\nv\n");
	assert_int_equal(list.variants[0].bandwidth, 0);
	assert_int_equal(list.variants[0].height, 0);
	m3u8_release(&list);
}

static void resolves_byte_ranges(void **state)
{
	struct m3u8 list = parsed("#EXTM3U\n#EXT-X-TARGETDURATION:5\n"
				  "#EXT-X-MAP:URI=\"v.mp4\",BYTERANGE=\"700@0\"\n"
				  "#EXTINF:5,\n#EXT-X-BYTERANGE:1000@700\nv.mp4?s=1\n"
				  "#EXT-X-BYTERANGE:500\n#EXTINF:5,\nv.mp4?s=2\n"
				  "#EXTINF:5,\n#EXT-X-BYTERANGE:20\nv.mp4?s=3\n"
				  "#EXTINF:5,\n#EXT-X-BYTERANGE:9@0\nw.mp4\n"
				  "#EXT-X-MAP:URI=\"v.mp4\",BYTERANGE=\"64\"\n"
				  "#EXTINF:5,\nx.mp4\n"
				  "#EXT-X-ENDLIST\n");
	const struct m3u8_segment *s = list.segments;

	(void)state;
	assert_int_equal(s[0].range.offset, 700);
	assert_int_equal(s[1].range.offset, 1700);
	assert_int_equal(s[1].range.length, 500);
	assert_int_equal(s[2].range.offset, 2200);
	assert_int_equal(s[3].range.offset, 0);
	assert_int_equal(s[4].range.length, -1);
	assert_int_equal(list.n_maps, 2);
	assert_int_equal(list.maps[0].range.length, 700);
	assert_int_equal(list.maps[1].range.length, 64);
	assert_int_equal(list.maps[1].range.offset, 0);
	assert_int_equal(s[3].map, 0);
	assert_int_equal(s[4].map, 1);
	m3u8_release(&list);
}

static void knows_the_key_of_each_segment(void **state)
{
	struct m3u8 list = parsed(
		"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXT-X-MEDIA-SEQUENCE:258\n"
		"#EXTINF:5,\nclear.ts\n"
		"#EXT-X-KEY:METHOD=AES-128,URI=\"k1\",IV=0X0102\n"
		"#EXT-X-MAP:URI=\"i.mp4\"\n"
		"#EXTINF:5,\na.ts\n"
		"#EXT-X-KEY:METHOD=AES-128,URI=\"k1\",IV=0X0102\n" /* again: no new one
								    */
		"#EXT-X-MAP:URI=\"i.mp4\"\n"
		"#EXTINF:5,\nb.ts\n"
		"#EXT-X-KEY:METHOD=AES-128,URI=\"k2\",KEYFORMAT=\"identity\"\n"
		"#EXTINF:5,\nc.ts\n"
		"#EXT-X-KEY:METHOD=AES-128,URI=\"k3\",KEYFORMAT=\"com.example.drm\"\n"
		"#EXTINF:5,\nd.ts\n"
		"#EXT-X-KEY:METHOD=NONE\n"
		"#EXTINF:5,\ne.ts\n"
		"#EXT-X-ENDLIST\n");
	const struct m3u8_segment *s = list.segments;
	static const unsigned char told[M3U8_IV_BYTES] = { [14] = 1, [15] = 2 };
	static const unsigned char counted[M3U8_IV_BYTES] = { [14] = 1, [15] = 5 };
	unsigned char iv[M3U8_IV_BYTES];
	struct err err = { 0 };

	(void)state;
	assert_int_equal(s[0].key, -1);
	assert_int_equal(s[1].key, 0);
	assert_int_equal(s[2].key, 0);
	assert_int_equal(s[3].key, 1);
	assert_int_equal(s[4].key, 1); /* the one of two formats that can be used */
	assert_int_equal(s[5].key, -1);
	assert_int_equal(list.n_keys, 3);
	assert_int_equal(list.n_maps, 1);
	assert_int_equal(list.maps[0].key, 0);
	assert_string_equal(list.keys[0].uri, "k1");
	assert_true(list.keys[0].has_iv && !list.keys[1].has_iv);
	assert_null(list.keys[1].format);
	assert_string_equal(list.keys[2].format, "com.example.drm");
	m3u8_segment_iv(&list, 1, iv);
	assert_memory_equal(iv, told, sizeof(iv));
	m3u8_segment_iv(&list, 3, iv); /* number 258 + 3 = 0x105 */
	assert_memory_equal(iv, counted, sizeof(iv));
	assert_int_equal(m3u8_check_keys(&list, &err), 0);
	m3u8_release(&list);
}

static void says_what_cannot_be_decrypted(void **state)
{
	static const struct {
		const char *tags;
		const char *why;
	} rows[] = {
		{ "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k\"", "SAMPLE-AES" },
		{ "#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"k\"", "SAMPLE-AES" },
		{ "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://k\",KEYFORMAT="
		  "\"com.apple.streamingkeydelivery\"",
			"FairPlay" },
		{ "#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"data:x\",KEYFORMAT="
		  "\"urn:uuid:EDEF8BA9-79D6-4ACE-A3C8-27DCD51D21ED\"",
			"Widevine" },
		{ "#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"data:x\",KEYFORMAT="
		  "\"com.microsoft.playready\"",
			"PlayReady" },
		{ "#EXT-X-KEY:METHOD=AES-128,URI=\"k\",KEYFORMAT=\"my\"", "KEYFORMAT" },
		{ "#EXT-X-KEY:METHOD=ROT13,URI=\"k\"", "unknown method" },
		{ "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-MAP:URI=\"i\"",
			"without an IV" },
		{ "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k\"\n#EXT-X-MAP:URI=\"i\"\n"
		  "#EXT-X-KEY:METHOD=NONE",
			"SAMPLE-AES" },
	};
	char text[512];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		snprintf(text, sizeof(text),
			"#EXTM3U\n%s\n#EXTINF:5,\na.ts\n#EXT-X-ENDLIST\n",
			rows[i].tags);
		struct m3u8 list = parsed(text);
		assert_int_equal(m3u8_check_keys(&list, &err), -(int)ERR_PERMANENT);
		if (!strstr(err.text, rows[i].why))
			fail_msg("%s", err.text);
		m3u8_release(&list);
	}
}

static void judges_session_keys(void **state)
{
#define MASTER "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n"
#define DRM                                               \
	"#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI=\"k\"," \
	"KEYFORMAT=\"com.apple.streamingkeydelivery\"\n"
	struct err err = { 0 };
	struct m3u8 list = parsed(MASTER DRM);

	(void)state;
	assert_int_equal(m3u8_check_keys(&list, &err), -(int)ERR_PERMANENT);
	assert_non_null(strstr(err.text, "FairPlay"));
	m3u8_release(&list);
	list = parsed(MASTER DRM "#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"k\"\n");
	assert_int_equal(m3u8_check_keys(&list, &err), 0);
	m3u8_release(&list);
	list = parsed(MASTER);
	assert_int_equal(m3u8_check_keys(&list, &err), 0);
	m3u8_release(&list);
}

static void tells_gaps(void **state)
{
	struct err err = { 0 };
	struct m3u8 list =
		parsed("#EXTM3U\n#EXTINF:5,\na\n#EXT-X-GAP\n#EXTINF:2.5,\nb\n");

	(void)state;
	assert_int_equal(m3u8_check_gaps(&list, &err), -(int)ERR_PERMANENT);
	assert_non_null(strstr(err.text, "segment 2 of 2"));
	assert_non_null(strstr(err.text, "2.5 s"));
	m3u8_release(&list);
	list = parsed("#EXTM3U\n#EXTINF:5,\na\n");
	assert_int_equal(m3u8_check_gaps(&list, &err), 0);
	m3u8_release(&list);
}

static void replaces_variables(void **state)
{
	static const char text[] =
		"#EXTM3U\n#EXT-X-VERSION:11\n"
		"#EXT-X-DEFINE:NAME=\"host\",VALUE=\"https://cdn.example\"\n"
		"#EXT-X-DEFINE:NAME=\"dir\",VALUE=\"{$host}/v\"\n"
		"#EXT-X-DEFINE:QUERYPARAM=\"token\"\n"
		"#EXT-X-DEFINE:IMPORT=\"who\"\n"
		"#EXT-X-MAP:URI=\"{$dir}/i.mp4\"\n"
		"#EXTINF:5,\n{$dir}/{$who}/{$}{$x/a.ts?t={$token}\n";
	struct m3u8 master = parsed("#EXTM3U\n#EXT-X-DEFINE:NAME=\"who\",VALUE=\"me\"\n"
				    "#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n");
	struct m3u8_origin origin = { "https://h/v.m3u8?token=a%2Fb", &master };
	struct m3u8 list;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(m3u8_parse_from(&origin, text, strlen(text), &list, &err), 0);
	assert_string_equal(list.maps[0].uri, "https://cdn.example/v/i.mp4");
	assert_string_equal(
		list.segments[0].uri, "https://cdn.example/v/me/{$}{$x/a.ts?t=a/b");
	m3u8_release(&list);
	m3u8_release(&master);

	refused(text, ERR_TRANSIENT, "no value"); /* without its origin */
	refused("#EXTM3U\n#EXTINF:5,\n{$nobody}/a.ts\n", ERR_TRANSIENT, "\"nobody\"");
	refused("#EXTM3U\n#EXT-X-MAP:URI=\"{$nobody}\"\n", ERR_TRANSIENT, "line 2");
	refused("#EXTM3U\n#EXT-X-DEFINE:NAME=\"x\"\n", ERR_TRANSIENT, "no value");
	refused("#EXTM3U\n#EXT-X-DEFINE:VALUE=\"x\"\n", ERR_TRANSIENT, "no value");
}

static void refuses_what_it_cannot_trust(void **state)
{
	static const struct {
		const char *text;
		const char *why;
	} rows[] = {
		{ "", "#EXTM3U" },
		{ "<!DOCTYPE html>\n<html>", "#EXTM3U" },
		{ "#EXTM3U", "neither" },
		{ "#EXTM3U\n#EXTM3U\n# nothing\n", "neither" },
		{ "#EXTM3U\na.ts\n", "line 2" },
		{ "#EXTM3U\n#EXT-X-TARGETDURATION:1\na.ts\n", "without a duration" },
		{ "#EXTM3U\n#EXTINF:abc,\na.ts\n", "duration" },
		{ "#EXTM3U\n#EXTINF:-1,\na.ts\n", "duration" },
		{ "#EXTM3U\n#EXTINF:1e3,\na.ts\n", "duration" },
		{ "#EXTM3U\n#EXTINF:99999999999999999999,\na.ts\n", "duration" },
		{ "#EXTM3U\n#EXTINF:2000000,\na.ts\n", "duration" },
		{ "#EXTM3U\n#EXTINF:1,\n", "ends before" },
		{ "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n", "ends before" },
		{ "#EXTM3U\n#EXT-X-STREAM-INF:A=1\n#EXT-X-STREAM-INF:A=1\nx\n",
			"no URI" },
		{ "#EXTM3U\n#EXT-X-STREAM-INF:A=1\nx\ny\n", "nothing describes" },
		{ "#EXTM3U\n#EXT-X-STREAM-INF:A=1\nx\n#EXTINF:1,\ny\n", "mixes" },
		{ "#EXTM3U\n#EXTINF:1,\ny\n#EXT-X-MEDIA:TYPE=AUDIO\n", "mixes" },
		{ "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI=\"x\"\n", "GROUP-ID" },
		{ "#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"x\"\n", "URI" },
		{ "#EXTM3U\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1\n", "URI" },
		{ "#EXTM3U\n#EXT-X-KEY:URI=\"k\"\n", "METHOD" },
		{ "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128\n", "URI" },
		{ "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=12\n", "IV" },
		{ "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x\n", "IV" },
		{ "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0xg\n", "IV" },
		{ "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\","
		  "IV=0x000000000000000000000000000000001\n",
			"IV" },
		{ "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\n", "quote" },
		{ "#EXTM3U\n#EXT-X-KEY:METHOD\n", "without a value" },
		{ "#EXTM3U\n#EXT-X-MAP:URI=\"\"\n", "URI" },
		{ "#EXTM3U\n#EXT-X-MAP:BYTERANGE=\"1@2\"\n", "URI" },
		{ "#EXTM3U\n#EXT-X-MAP:URI=\"i\",BYTERANGE=\"x\"\n", "BYTERANGE" },
		{ "#EXTM3U\n#EXT-X-BYTERANGE:0@0\n", "byte range" },
		{ "#EXTM3U\n#EXT-X-BYTERANGE:5@x\n", "byte range" },
		{ "#EXTM3U\n#EXT-X-BYTERANGE:5@1x\n", "byte range" },
		{ "#EXTM3U\n#EXT-X-BYTERANGE:9223372036854775807@1\n", "byte range" },
		{ "#EXTM3U\n#EXTINF:1,\n#EXT-X-BYTERANGE:5\na\n", "offset" },
		{ "#EXTM3U\n#EXTINF:1,\na\n#EXTINF:1,\n#EXT-X-BYTERANGE:5\na\n",
			"offset" },
		{ "#EXTM3U\n#EXTINF:1,\n#EXT-X-BYTERANGE:5@0\na\n#EXTINF:1,\n"
		  "#EXT-X-BYTERANGE:5\nb\n",
			"line 7" },
		{ "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:-1\n", "sequence" },
		{ "#EXTM3U\n#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n", "leaves out" },
	};
	struct m3u8 list;
	struct err err = { 0 };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		refused(rows[i].text, ERR_TRANSIENT, rows[i].why);
	assert_int_equal(
		m3u8_parse("#EXTM3U\n\0", 9, &list, &err), -(int)ERR_TRANSIENT);
	assert_non_null(strstr(err.text, "not text"));
}

/* @n times @each, after @head; %zu in it becomes the number. */
static char *repeated(const char *head, const char *each, size_t n)
{
	struct buf buf;

	buf_init(&buf, M3U8_BYTES_MAX);
	buf_str(&buf, head);
	for (size_t i = 0; i < n; i++) {
		const char *number = strstr(each, "%zu");
		size_t len = number ? (size_t)(number - each) : strlen(each);
		buf_append(&buf, each, len);
		if (number) {
			buf_printf(&buf, "%zu", i);
			buf_str(&buf, number + 3);
		}
	}
	assert_false(buf.overflow);
	return buf_steal(&buf);
}

static void is_bounded(void **state)
{
	static const struct {
		const char *head;
		const char *each;
		size_t max;
		const char *what;
	} rows[] = {
		{ "#EXTM3U\n", "#EXTINF:1,\nsegment-%zu.ts\n", M3U8_SEGMENTS_MAX,
			"segments" },
		{ "#EXTM3U\n#EXTINF:1,\na\n", "#EXT-X-KEY:METHOD=AES-128,URI=\"%zu\"\n",
			M3U8_SEGMENTS_MAX, "keys" },
		{ "#EXTM3U\n#EXTINF:1,\na\n", "#EXT-X-MAP:URI=\"%zu\"\n",
			M3U8_SEGMENTS_MAX, "maps" },
		{ "#EXTM3U\n", "#EXT-X-STREAM-INF:BANDWIDTH=1\n%zu\n",
			M3U8_VARIANTS_MAX, "variants" },
		{ "#EXTM3U\n", "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"%zu\"\n",
			M3U8_RENDITIONS_MAX, "renditions" },
		{ "#EXTM3U\n#EXT-X-STREAM-INF:A=1\nx\n",
			"#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"%zu\"\n",
			M3U8_SESSION_KEYS, "session keys" },
		{ "#EXTM3U\n#EXTINF:1,\na\n",
			"#EXT-X-DEFINE:NAME=\"%zu\",VALUE=\"x\"\n", M3U8_VARIABLES_MAX,
			"variables" },
		{ "#EXTM3U\n#EXTINF:1,\na\n",
			"#EXT-X-KEY:METHOD=AES-128,URI=\"k\",KEYFORMAT=\"%zu\"\n", 8,
			"key formats" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *text = repeated(rows[i].head, rows[i].each, rows[i].max);
		struct m3u8 list = parsed(text);
		m3u8_release(&list);
		free(text);
		text = repeated(rows[i].head, rows[i].each, rows[i].max + 1);
		refused(text, ERR_PERMANENT, rows[i].what);
		free(text);
	}
}

static void lines_are_bounded(void **state)
{
	char *uri = repeated("#EXTM3U\n#EXTINF:1,\n", "x", M3U8_LINE_MAX + 1);
	char *tag = repeated("#EXTM3U\n#EXT-X-MAP:URI=\"", "x", M3U8_LINE_MAX + 1);
	char *comment =
		repeated("#EXTM3U\n#EXTINF:1,\na\n#EXT-X-NEW:", "x", M3U8_LINE_MAX * 4);
	char *bomb = repeated("#EXTM3U\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"0123456789\"\n"
			      "#EXTINF:1,\n",
		"{$a}", M3U8_LINE_MAX / 5);
	struct m3u8 list = parsed(comment);

	(void)state;
	m3u8_release(&list);
	refused(uri, ERR_PERMANENT, "bytes in a line");
	refused(tag, ERR_PERMANENT, "bytes in a line");
	refused(bomb, ERR_PERMANENT, "bytes in a line");
	free(uri);
	free(tag);
	free(comment);
	free(bomb);
}

/* Each URI is short and stands for 30,000 bytes: together they would fill the memory.
 */
static void variables_are_bounded_together(void **state)
{
	char *value =
		repeated("#EXTM3U\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"", "x", 30000);
	char *head = repeated(value, "\"\n", 1);
	char *bomb = repeated(head, "#EXTINF:1,\n{$a}\n", M3U8_BYTES_MAX / 30000 + 1);

	(void)state;
	refused(bomb, ERR_PERMANENT, "bytes of variables");
	free(value);
	free(head);
	free(bomb);
}

static void knows_segments_again(void **state)
{
	static const struct {
		const char *text;
		bool same; /* as the first */
	} rows[] = {
		{ "#EXTINF:5,\n#EXT-X-BYTERANGE:5@0\nhttps://a/1/v/s.ts?sig=1\n",
			true },
		{ "#EXTINF:5.0,\n#EXT-X-BYTERANGE:5@0\nhttps://b/2/v/s.ts?sig=2\n",
			true },
		{ "#EXTINF:5,\n#EXT-X-BYTERANGE:5@0\nv/s.ts\n", true },
		{ "#EXTINF:5,\n#EXT-X-BYTERANGE:5@0\nv/t.ts\n", false },
		{ "#EXTINF:5,\n#EXT-X-BYTERANGE:5@0\nhttps://a/1/w/s.ts\n", false },
		{ "#EXTINF:6,\n#EXT-X-BYTERANGE:5@0\nv/s.ts\n", false },
		{ "#EXTINF:5,\n#EXT-X-BYTERANGE:5@5\nv/s.ts\n", false },
		{ "#EXTINF:5,\n#EXT-X-BYTERANGE:6@0\nv/s.ts\n", false },
		{ "#EXTINF:5,\nv/s.ts\n", false },
	};
	char text[256];
	struct m3u8 first = { 0 };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(text, sizeof(text), "#EXTM3U\n%s", rows[i].text);
		struct m3u8 list = parsed(text);
		if (i == 0)
			first = list;
		assert_int_equal(
			m3u8_same_segment(&first.segments[0], &list.segments[0]),
			rows[i].same);
		if (i)
			m3u8_release(&list);
	}
	m3u8_release(&first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_master),
		cmocka_unit_test(reads_media),
		cmocka_unit_test(takes_liberties),
		cmocka_unit_test(resolves_byte_ranges),
		cmocka_unit_test(knows_the_key_of_each_segment),
		cmocka_unit_test(says_what_cannot_be_decrypted),
		cmocka_unit_test(judges_session_keys),
		cmocka_unit_test(tells_gaps),
		cmocka_unit_test(replaces_variables),
		cmocka_unit_test(refuses_what_it_cannot_trust),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(lines_are_bounded),
		cmocka_unit_test(variables_are_bounded_together),
		cmocka_unit_test(knows_segments_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
