/*
 * Telling media by its first bytes. Signatures are tried from the surest to the
 * vaguest: magic numbers, then framed streams (which must show a second frame when
 * there is room for one), then text. Rather unknown than wrong: a file gets its final
 * name by this.
 */
#include <config.h>

#include "media/sniff.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define TS_PACKET 188

/* clang-format off */
static const struct {
	const char *extension;
	const char *content_type;
	const char *name;
} kinds[] = {
	[MEDIA_UNKNOWN] = { "bin",  "application/octet-stream",      "unknown data" },
	[MEDIA_MP4]     = { "mp4",  "video/mp4",                     "an MP4 file" },
	[MEDIA_M4A]     = { "m4a",  "audio/mp4",                     "an M4A audio file" },
	[MEDIA_WEBM]    = { "webm", "video/webm",                    "a WebM file" },
	[MEDIA_MKV]     = { "mkv",  "video/x-matroska",              "a Matroska file" },
	[MEDIA_MOV]     = { "mov",  "video/quicktime",               "a QuickTime file" },
	[MEDIA_WEBA]    = { "webm", "audio/webm",                    "a WebM audio file" },
	[MEDIA_TS]      = { "ts",   "video/mp2t",                    "an MPEG transport stream" },
	[MEDIA_JPEG]    = { "jpg",  "image/jpeg",                    "a JPEG image" },
	[MEDIA_PNG]     = { "png",  "image/png",                     "a PNG image" },
	[MEDIA_WEBP]    = { "webp", "image/webp",                    "a WebP image" },
	[MEDIA_GIF]     = { "gif",  "image/gif",                     "a GIF image" },
	[MEDIA_VTT]     = { "vtt",  "text/vtt",                      "WebVTT subtitles" },
	[MEDIA_SRT]     = { "srt",  "application/x-subrip",          "SubRip subtitles" },
	[MEDIA_M3U8]    = { "m3u8", "application/vnd.apple.mpegurl", "an HLS playlist" },
	[MEDIA_MP3]     = { "mp3",  "audio/mpeg",                    "an MP3 file" },
	[MEDIA_AAC]     = { "aac",  "audio/aac",                     "an AAC file" },
	[MEDIA_OGG]     = { "ogg",  "audio/ogg",                     "an Ogg file" },
	[MEDIA_AC3]     = { "ac3",  "audio/ac3",                     "an AC-3 file" },
	[MEDIA_HTML]    = { "html", "text/html",                     "an HTML page" },
	[MEDIA_XML]     = { "xml",  "application/xml",               "an XML document" },
	[MEDIA_JSON]    = { "json", "application/json",              "a JSON document" },
};
/* clang-format on */

struct bytes {
	const unsigned char *at;
	size_t len;
};

/* Whether @magic stands at @offset; its length is given because it may hold NULs. */
static bool has(struct bytes b, size_t offset, const char *magic, size_t len)
{
	return b.len >= offset + len && memcmp(b.at + offset, magic, len) == 0;
}

#define HAS(b, offset, magic) has(b, offset, magic, sizeof(magic) - 1)

static bool one_of(struct bytes b, size_t offset, const char *const *tags)
{
	for (; *tags; tags++)
		if (has(b, offset, *tags, 4))
			return true;
	return false;
}

static enum media_kind sniff_iso(struct bytes b)
{
	static const char *const named[] = { "ftyp", "styp", NULL };
	static const char *const segment[] = { "moof", "sidx", "emsg", "prft", NULL };
	static const char *const audio[] = { "M4A ", "M4B ", "M4P ", NULL };
	static const char *const image[] = { "avif", "avis", "heic", "heix", "heim",
		"heis", "hevc", "hevx", "mif1", "msf1", NULL };

	if (one_of(b, 4, segment))
		return MEDIA_MP4;
	if (!one_of(b, 4, named) || b.len < 12 || one_of(b, 8, image))
		return MEDIA_UNKNOWN;
	if (HAS(b, 8, "qt  "))
		return MEDIA_MOV;
	return one_of(b, 8, audio) ? MEDIA_M4A : MEDIA_MP4;
}

/* The DocType element (42 82, one byte of size) is among the first of the EBML header.
 */
static enum media_kind sniff_ebml(struct bytes b)
{
	if (!HAS(b, 0, "\x1A\x45\xDF\xA3"))
		return MEDIA_UNKNOWN;
	for (size_t i = 4; i < 128 && i < b.len; i++) {
		if (HAS(b, i, "\x42\x82\x84webm"))
			return MEDIA_WEBM;
		if (HAS(b, i, "\x42\x82\x88matroska"))
			return MEDIA_MKV;
	}
	return MEDIA_UNKNOWN;
}

static enum media_kind sniff_image(struct bytes b)
{
	if (HAS(b, 0, "\xFF\xD8\xFF"))
		return MEDIA_JPEG;
	if (HAS(b, 0, "\x89PNG\r\n\x1A\n"))
		return MEDIA_PNG;
	if (HAS(b, 0, "RIFF") && HAS(b, 8, "WEBP"))
		return MEDIA_WEBP;
	if (HAS(b, 0, "GIF87a") || HAS(b, 0, "GIF89a"))
		return MEDIA_GIF;
	return MEDIA_UNKNOWN;
}

/* One sync byte is only a "G": a second packet must begin where the first ends. */
static enum media_kind sniff_ts(struct bytes b)
{
	if (b.len < TS_PACKET)
		return MEDIA_UNKNOWN;
	if (b.len == TS_PACKET) /* a lone packet: no error flag, and a payload */
		return b.at[0] == 0x47 && !(b.at[1] & 0x80) && (b.at[3] & 0x30)
			       ? MEDIA_TS
			       : MEDIA_UNKNOWN;
	for (size_t i = 0; i < b.len && i <= 4 * (size_t)TS_PACKET; i += TS_PACKET)
		if (b.at[i] != 0x47)
			return MEDIA_UNKNOWN;
	return MEDIA_TS;
}

static bool is_adts(struct bytes b)
{
	if (b.len < 7 || b.at[0] != 0xFF || (b.at[1] & 0xF6) != 0xF0)
		return false;
	size_t frame =
		(size_t)(b.at[3] & 3) << 11 | (size_t)b.at[4] << 3 | b.at[5] >> 5;
	if ((b.at[2] >> 2 & 15) > 12 || frame < 7)
		return false;
	return b.len < frame + 2 ||
	       (b.at[frame] == 0xFF && (b.at[frame + 1] & 0xF6) == 0xF0);
}

static bool is_mp3_frame(struct bytes b)
{
	return b.len >= 4 && b.at[0] == 0xFF &&
	       (b.at[1] & 0xE6) == 0xE2 && /* layer III */
	       (b.at[1] & 0x18) != 0x08 && (b.at[2] & 0xF0) != 0xF0 &&
	       (b.at[2] & 0xF0) != 0 && (b.at[2] & 0x0C) != 0x0C;
}

/* bsid 8 and below is AC-3, which names rate and size in one byte; 11 to 16 E-AC-3. */
static bool is_ac3(struct bytes b)
{
	if (!HAS(b, 0, "\x0B\x77") || b.len < 6)
		return false;
	unsigned bsid = b.at[5] >> 3;
	return (bsid <= 8 && (b.at[4] >> 6) != 3 && (b.at[4] & 0x3F) <= 37) ||
	       (bsid >= 11 && bsid <= 16);
}

static enum media_kind sniff_audio(struct bytes b)
{
	bool tagged = false;

	/* HLS puts ID3 before ADTS too: what follows the tag decides. */
	while (HAS(b, 0, "ID3") && b.len >= 10) {
		size_t size = (size_t)(b.at[6] & 127) << 21 |
			      (size_t)(b.at[7] & 127) << 14 |
			      (size_t)(b.at[8] & 127) << 7 | (b.at[9] & 127);
		tagged = true;
		if (size > b.len - 10)
			return MEDIA_MP3;
		b.at += 10 + size;
		b.len -= 10 + size;
	}
	if (HAS(b, 0, "OggS"))
		return MEDIA_OGG;
	if (is_adts(b))
		return MEDIA_AAC;
	if (is_ac3(b))
		return MEDIA_AC3;
	return tagged || is_mp3_frame(b) ? MEDIA_MP3 : MEDIA_UNKNOWN;
}

static bool is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static struct bytes skip(struct bytes b, size_t n)
{
	return (struct bytes){ b.at + n, b.len - n };
}

static struct bytes skip_space(struct bytes b)
{
	while (b.len && is_space(b.at[0]))
		b = skip(b, 1);
	return b;
}

static struct bytes skip_digits(struct bytes b)
{
	while (b.len && b.at[0] >= '0' && b.at[0] <= '9')
		b = skip(b, 1);
	return b;
}

static bool starts_nocase(struct bytes b, const char *text)
{
	size_t len = strlen(text);
	return b.len >= len && strncasecmp((const char *)b.at, text, len) == 0;
}

/* "<tag" and an end of the name, so that <header> is no <head>. */
static bool is_tag(struct bytes b, const char *tag)
{
	size_t len = strlen(tag);
	return starts_nocase(b, tag) && (b.len == len || is_space(b.at[len]) ||
						b.at[len] == '>' || b.at[len] == '/');
}

static bool is_html(struct bytes b)
{
	static const char *const tags[] = { "<!doctype html", "<html", "<head",
		"<title", "<body", "<script", "<meta", "<style", "<div", "<h1", "<p",
		"<center", NULL };
	for (const char *const *tag = tags; *tag; tag++)
		if (is_tag(b, *tag))
			return true;
	return false;
}

/* Past one "<!-- … -->" or "<? … ?>"; the length is unchanged when there is none. */
static struct bytes skip_prologue(struct bytes b)
{
	const char *close = HAS(b, 0, "<!--") ? "-->" : HAS(b, 0, "<?") ? "?>" : NULL;
	const unsigned char *end;

	if (!close)
		return b;
	end = memmem(b.at, b.len, close, strlen(close));
	return skip(b, end ? (size_t)(end - b.at) + strlen(close) : b.len);
}

static enum media_kind sniff_markup(struct bytes b)
{
	bool xml = starts_nocase(b, "<?xml");
	size_t before;

	if (!b.len || b.at[0] != '<')
		return MEDIA_UNKNOWN;
	do {
		if (is_html(b)) /* XHTML as well */
			return MEDIA_HTML;
		before = b.len;
		b = skip_space(skip_prologue(b));
	} while (b.len < before);
	bool element = b.len > 1 && b.at[0] == '<' &&
		       ((b.at[1] >= 'A' && b.at[1] <= 'Z') ||
			       (b.at[1] >= 'a' && b.at[1] <= 'z'));
	return xml || element ? MEDIA_XML : MEDIA_UNKNOWN;
}

/* A counter, a line break and "00:00:00,000 -->". */
static bool is_srt(struct bytes b)
{
	struct bytes at = skip_digits(b);
	if (at.len == b.len)
		return false;
	while (at.len && (at.at[0] == ' ' || at.at[0] == '\t' || at.at[0] == '\r'))
		at = skip(at, 1);
	if (!at.len || at.at[0] != '\n')
		return false;
	at = skip(at, 1);
	for (const char *mark = "::,"; *mark; mark++) {
		struct bytes after = skip_digits(at);
		if (after.len == at.len || !after.len ||
			(after.at[0] != *mark && !(*mark == ',' && after.at[0] == '.')))
			return false;
		at = skip(after, 1);
	}
	at = skip_digits(at);
	return HAS(at, 0, " -->") || HAS(at, 0, "-->");
}

/* An object or array whose first bytes go on like one. */
static bool is_json(struct bytes b)
{
	if (!b.len || (b.at[0] != '{' && b.at[0] != '['))
		return false;
	bool object = b.at[0] == '{';
	b = skip_space(skip(b, 1));
	return !b.len ||
	       (b.at[0] && strchr(object ? "\"}" : "{[\"]-0123456789tfn", b.at[0]));
}

static enum media_kind sniff_text(struct bytes b)
{
	if (HAS(b, 0, "\xEF\xBB\xBF"))
		b = skip(b, 3);
	b = skip_space(b);
	if (HAS(b, 0, "WEBVTT") && (b.len == 6 || is_space(b.at[6])))
		return MEDIA_VTT;
	if (HAS(b, 0, "#EXTM3U") && (b.len == 7 || is_space(b.at[7])))
		return MEDIA_M3U8;
	if (is_srt(b))
		return MEDIA_SRT;
	if (is_json(b))
		return MEDIA_JSON;
	return sniff_markup(b);
}

enum media_kind media_sniff(const void *data, size_t len)
{
	static enum media_kind (*const sniffers[])(struct bytes) = { sniff_iso,
		sniff_ebml, sniff_image, sniff_ts, sniff_audio, sniff_text };
	struct bytes b = { data, len < SNIFF_BYTES ? len : SNIFF_BYTES };

	if (len == 0)
		return MEDIA_UNKNOWN;
	for (size_t i = 0; i < sizeof(sniffers) / sizeof(sniffers[0]); i++) {
		enum media_kind kind = sniffers[i](b);
		if (kind != MEDIA_UNKNOWN)
			return kind;
	}
	return MEDIA_UNKNOWN;
}

enum media_kind media_as_audio(enum media_kind kind)
{
	switch (kind) {
	case MEDIA_MP4:
	case MEDIA_MOV:
		return MEDIA_M4A;
	case MEDIA_WEBM:
		return MEDIA_WEBA;
	default:
		return kind;
	}
}

static size_t row_of(enum media_kind kind)
{
	return (size_t)kind < sizeof(kinds) / sizeof(kinds[0]) ? (size_t)kind
							       : MEDIA_UNKNOWN;
}

const char *media_extension(enum media_kind kind)
{
	return kinds[row_of(kind)].extension;
}

const char *media_content_type(enum media_kind kind)
{
	return kinds[row_of(kind)].content_type;
}

const char *media_kind_name(enum media_kind kind)
{
	return kinds[row_of(kind)].name;
}
