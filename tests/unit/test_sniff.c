/*
 * Formats told from their first bytes, and the ones that only look alike.
 */
#include <config.h>

#include "media/sniff.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

#define BYTES(s) s, sizeof(s) - 1

struct row {
	const char *data;
	size_t len;
	enum media_kind kind;
};

/* From a copy of exactly this length, so that a sanitizer sees every overrun. */
static enum media_kind sniff(const char *data, size_t len)
{
	char *copy = malloc(len ? len : 1);
	assert_non_null(copy);
	memcpy(copy, data, len);
	enum media_kind kind = media_sniff(copy, len);
	free(copy);
	return kind;
}

static void check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum media_kind kind = sniff(rows[i].data, rows[i].len);
		if (kind != rows[i].kind)
			fail_msg("row %zu: %s, expected %s", i, media_kind_name(kind),
				media_kind_name(rows[i].kind));
		for (size_t cut = 0; cut < rows[i].len; cut++)
			sniff(rows[i].data, cut);
	}
}

static void tells_binary_formats(void **state)
{
	static const struct row rows[] = {
		{ BYTES("\0\0\0\x20"
			"ftypisom\0\0\2\0"),
			MEDIA_MP4 },
		{ BYTES("\0\0\0\x18"
			"stypmsdh\0\0\0\0"),
			MEDIA_MP4 },
		{ BYTES("\0\0\0\x14"
			"ftypqt  \0\0\0\0"),
			MEDIA_MOV },
		{ BYTES("\0\0\1\0moof\0\0\0\x10mfhd"), MEDIA_MP4 },
		{ BYTES("\0\0\0\x20"
			"ftypM4A \0\0\0\0"),
			MEDIA_M4A },
		{ BYTES("\0\0\0\x20"
			"ftypM4B \0\0\0\0"),
			MEDIA_M4A },
		{ BYTES("\0\0\0\x20"
			"ftypavif\0\0\0\0"),
			MEDIA_UNKNOWN },
		{ BYTES("\0\0\0\x20"
			"ftypheic\0\0\0\0"),
			MEDIA_UNKNOWN },
		{ BYTES("\0\0\0\x20"
			"ftyp"),
			MEDIA_UNKNOWN },
		{ BYTES("\x1A\x45\xDF\xA3\x9F\x42\x86\x81\x01\x42\x82\x84webm"),
			MEDIA_WEBM },
		{ BYTES("\x1A\x45\xDF\xA3\xA3\x42\x86\x81\x01\x42\x82\x88matroska"),
			MEDIA_MKV },
		{ BYTES("\x1A\x45\xDF\xA3\xA3\x42\x86\x81\x01\x42\x82\x84wxyz"),
			MEDIA_UNKNOWN },
		{ BYTES("\xFF\xD8\xFF\xE0\0\x10JFIF"), MEDIA_JPEG },
		{ BYTES("\x89PNG\r\n\x1A\n\0\0\0\rIHDR"), MEDIA_PNG },
		{ BYTES("RIFF\0\0\0\0WEBPVP8 "), MEDIA_WEBP },
		{ BYTES("RIFF\0\0\0\0WAVEfmt "), MEDIA_UNKNOWN },
		{ BYTES("GIF89a\1\0\1\0"), MEDIA_GIF },
		{ BYTES("OggS\0\2"), MEDIA_OGG },
		{ BYTES("Ogg"), MEDIA_UNKNOWN },
		{ BYTES("ID3\4\0\0\0\0\0\x0A"), MEDIA_MP3 },
		{ BYTES("ID3\4\0\0\0\0\0\2xx\xFF\xF1\x50\x80\1\x7F\xFC"), MEDIA_AAC },
		{ BYTES("ID3\4\0\0\0\0\0\2xx\xFF\xFB\x90\x64"), MEDIA_MP3 },
		{ BYTES("ID3\4\0\0\x7F\x7F\x7F\x7F"), MEDIA_MP3 },
		{ BYTES("\xFF\xFB\x90\x64"), MEDIA_MP3 },
		{ BYTES("\xFF\xF1\x50\x80\1\x7F\xFC"), MEDIA_AAC },
		{ BYTES("\xFF\xF1\x50\x80\1\1\xFC\0zzzz"), MEDIA_UNKNOWN },
		{ BYTES("\xFF\xFE<\0h\0t\0m\0l\0"), MEDIA_UNKNOWN },
		{ BYTES("\0\0\0\0\0\0\0\0"), MEDIA_UNKNOWN },
		{ BYTES("PK\3\4"), MEDIA_UNKNOWN },
		{ "", 0, MEDIA_UNKNOWN },
	};
	(void)state;
	check(rows, ARRAY_LEN(rows));
	assert_int_equal(media_sniff(NULL, 0), MEDIA_UNKNOWN);
}

static void tells_text_formats(void **state)
{
	static const struct row rows[] = {
		{ BYTES("WEBVTT"), MEDIA_VTT },
		{ BYTES("\xEF\xBB\xBFWEBVTT - title\n"), MEDIA_VTT },
		{ BYTES("\r\n WEBVTT\n"), MEDIA_VTT },
		{ BYTES("WEBVTTX"), MEDIA_UNKNOWN },
		{ BYTES("#EXTM3U\n#EXT-X-VERSION:3"), MEDIA_M3U8 },
		{ BYTES("\xEF\xBB\xBF#EXTM3U\r\n"), MEDIA_M3U8 },
		{ BYTES("#EXTM3U8"), MEDIA_UNKNOWN },
		{ BYTES("1\r\n00:00:01,000 --> 00:00:02,000\r\nHi"), MEDIA_SRT },
		{ BYTES("\xEF\xBB\xBF"
			"12 \n0:0:1.0-->"),
			MEDIA_SRT },
		{ BYTES("1\n00:00 --> x"), MEDIA_UNKNOWN },
		{ BYTES("1"), MEDIA_UNKNOWN },
		{ BYTES("{\"success\":false}"), MEDIA_JSON },
		{ BYTES(" {\n }"), MEDIA_JSON },
		{ BYTES("[1,2]"), MEDIA_JSON },
		{ BYTES("{not json"), MEDIA_UNKNOWN },
		{ BYTES("{\0"), MEDIA_UNKNOWN },
		{ BYTES("<!DOCTYPE html><html>"), MEDIA_HTML },
		{ BYTES("\n  <HTML lang=en>"), MEDIA_HTML },
		{ BYTES("<!-- 404 --> <html>"), MEDIA_HTML },
		{ BYTES("<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"\">"),
			MEDIA_HTML },
		{ BYTES("<head>"), MEDIA_HTML },
		{ BYTES("<header>"), MEDIA_XML },
		{ BYTES("<?xml version=\"1.0\"?><Error><Code>AccessDenied"),
			MEDIA_XML },
		{ BYTES("<Error><Code>ExpiredToken</Code>"), MEDIA_XML },
		{ BYTES("<?xml"), MEDIA_XML },
		{ BYTES("<!-- never closed"), MEDIA_UNKNOWN },
		{ BYTES("< 5"), MEDIA_UNKNOWN },
		{ BYTES("<"), MEDIA_UNKNOWN },
		{ BYTES("Access denied"), MEDIA_UNKNOWN },
		{ BYTES("   "), MEDIA_UNKNOWN },
	};
	(void)state;
	check(rows, ARRAY_LEN(rows));
}

static void tells_transport_streams_by_their_rhythm(void **state)
{
	char data[188 * 6];
	(void)state;
	memset(data, 0xFF, sizeof(data));
	for (size_t at = 0; at < sizeof(data); at += 188)
		memcpy(data + at, "\x47\x40\x00\x10", 4);
	assert_int_equal(sniff(data, sizeof(data)), MEDIA_TS);
	assert_int_equal(sniff(data, 188), MEDIA_TS);
	assert_int_equal(sniff(data, 189), MEDIA_TS);
	assert_int_equal(sniff(data, 187), MEDIA_UNKNOWN);
	data[188 * 2] = 'x';
	assert_int_equal(sniff(data, sizeof(data)), MEDIA_UNKNOWN);
}

static void looks_no_further_than_it_says(void **state)
{
	char *data = malloc(SNIFF_BYTES + 100);
	(void)state;
	assert_non_null(data);
	memset(data, ' ', SNIFF_BYTES + 100);
	memcpy(data + SNIFF_BYTES, "WEBVTT\n", 7);
	assert_int_equal(media_sniff(data, SNIFF_BYTES + 100), MEDIA_UNKNOWN);
	memcpy(data + SNIFF_BYTES - 6, "WEBVTT\n", 7);
	assert_int_equal(media_sniff(data, SNIFF_BYTES + 100), MEDIA_VTT);
	free(data);
}

static void names_every_kind(void **state)
{
	(void)state;
	for (int kind = MEDIA_UNKNOWN; kind <= MEDIA_JSON; kind++) {
		assert_non_null(media_extension((enum media_kind)kind));
		assert_non_null(strchr(media_content_type((enum media_kind)kind), '/'));
		assert_non_null(media_kind_name((enum media_kind)kind));
	}
	assert_int_equal(media_as_audio(MEDIA_MP4), MEDIA_M4A);
	assert_int_equal(media_as_audio(MEDIA_M4A), MEDIA_M4A);
	assert_int_equal(media_as_audio(MEDIA_MP3), MEDIA_MP3);
	assert_string_equal(media_extension(media_as_audio(MEDIA_WEBM)), "webm");
	assert_string_equal(
		media_content_type(media_as_audio(MEDIA_WEBM)), "audio/webm");
	assert_string_equal(media_extension(MEDIA_MP4), "mp4");
	assert_string_equal(media_content_type(MEDIA_MP4), "video/mp4");
	assert_string_equal(media_kind_name(MEDIA_HTML), "an HTML page");
	assert_string_equal(media_extension((enum media_kind)99), "bin");
	assert_string_equal(
		media_content_type(MEDIA_UNKNOWN), "application/octet-stream");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_binary_formats),
		cmocka_unit_test(tells_text_formats),
		cmocka_unit_test(tells_transport_streams_by_their_rhythm),
		cmocka_unit_test(looks_no_further_than_it_says),
		cmocka_unit_test(names_every_kind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
