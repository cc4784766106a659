/*
 * Playlists as text. Written for a reader of any age: no tag that its version does not
 * need.
 */
#include <config.h>

#include "media/m3u8_write.h"

#include "base/clock.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define US_PER_S INT64_C(1000000)

/* @us as decimal seconds, as short as is exact. */
static void put_seconds(struct buf *out, int64_t us)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%" PRId64 ".%06" PRId64, us / US_PER_S,
		us % US_PER_S);

	while (text[len - 1] == '0')
		text[--len] = '\0';
	if (text[len - 1] == '.')
		text[--len] = '\0';
	buf_append(out, text, (size_t)len);
}

/* ,NAME="@value", or nothing without a value. */
static void put_text(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(out, ",%s=\"", name);
	for (; *value; value++) {
		char c = *value;
		if (c == '"')
			c = '\'';
		else if ((unsigned char)c < 0x20 || c == 0x7F)
			c = ' ';
		buf_char(out, c);
	}
	buf_char(out, '"');
}

static void put_number(struct buf *out, const char *name, int64_t value)
{
	if (value > 0)
		buf_printf(out, ",%s=%" PRId64, name, value);
}

/* ----- a master ----- */

static void put_rendition(struct buf *out, const struct m3u8_rendition *rendition)
{
	static const char *const types[] = { [M3U8_AUDIO] = "AUDIO",
		[M3U8_VIDEO] = "VIDEO",
		[M3U8_SUBTITLES] = "SUBTITLES",
		[M3U8_CLOSED_CAPTIONS] = "CLOSED-CAPTIONS" };

	buf_printf(out, "#EXT-X-MEDIA:TYPE=%s", types[rendition->type]);
	put_text(out, "GROUP-ID", rendition->group);
	put_text(out, "NAME", rendition->name ? rendition->name : "");
	put_text(out, "LANGUAGE", rendition->language);
	put_text(out, "CHARACTERISTICS", rendition->characteristics);
	put_text(out, "CHANNELS", rendition->channels);
	buf_str(out, rendition->is_default ? ",DEFAULT=YES" : ",DEFAULT=NO");
	if (rendition->autoselect || rendition->is_default)
		buf_str(out, ",AUTOSELECT=YES");
	if (rendition->forced)
		buf_str(out, ",FORCED=YES");
	put_text(out, "URI", rendition->uri);
	buf_char(out, '\n');
}

static void put_variant(struct buf *out, const struct m3u8_variant *variant)
{
	buf_printf(out, "#EXT-X-%sSTREAM-INF:BANDWIDTH=%" PRId64,
		variant->iframes ? "I-FRAME-" : "", variant->bandwidth);
	put_number(out, "AVERAGE-BANDWIDTH", variant->average_bandwidth);
	put_text(out, "CODECS", variant->codecs);
	if (variant->height > 0)
		buf_printf(out, ",RESOLUTION=%dx%d", variant->width, variant->height);
	if (variant->frame_rate > 0) {
		buf_str(out, ",FRAME-RATE=");
		put_seconds(out, llround(variant->frame_rate * US_PER_S));
	}
	put_text(out, "AUDIO", variant->audio);
	put_text(out, "VIDEO", variant->video);
	put_text(out, "SUBTITLES", variant->subtitles);
	put_text(out, "CLOSED-CAPTIONS", variant->closed_captions);
	if (variant->iframes)
		put_text(out, "URI", variant->uri);
	buf_char(out, '\n');
	if (!variant->iframes)
		buf_printf(out, "%s\n", variant->uri);
}

static void put_master(struct buf *out, const struct m3u8 *list)
{
	for (size_t i = 0; i < list->n_renditions; i++)
		put_rendition(out, &list->renditions[i]);
	for (size_t i = 0; i < list->n_variants; i++)
		put_variant(out, &list->variants[i]);
}

/* ----- a media playlist ----- */

/* RFC 8216 §7: the lowest version that has what the list uses. */
static int version_of(const struct m3u8 *list)
{
	int version = 3; /* durations with decimals */

	for (size_t i = 0; i < list->n_segments; i++)
		if (list->segments[i].range.length >= 0)
			version = 4;
	if (list->iframes_only)
		version = 4;
	if (list->n_maps)
		version = list->iframes_only ? 5 : 6;
	return version;
}

/* No segment may be longer, rounded to whole seconds. */
static int64_t target_of(const struct m3u8 *list)
{
	int64_t longest = 1;

	for (size_t i = 0; i < list->n_segments; i++) {
		int64_t s = (list->segments[i].duration_us + US_PER_S / 2) / US_PER_S;
		if (s > longest)
			longest = s;
	}
	return longest;
}

static void put_map(struct buf *out, const struct m3u8_map *map)
{
	buf_str(out, "#EXT-X-MAP:URI=\"");
	buf_str(out, map->uri);
	buf_char(out, '"');
	if (map->range.length >= 0)
		buf_printf(out, ",BYTERANGE=\"%" PRId64 "@%" PRId64 "\"",
			map->range.length, map->range.offset);
	buf_char(out, '\n');
}

static void put_segment(struct buf *out, const struct m3u8_segment *segment)
{
	char date[32];

	if (segment->date_ns) {
		time_format_utc(segment->date_ns, date);
		buf_printf(out, "#EXT-X-PROGRAM-DATE-TIME:%s\n", date);
	}
	if (segment->gap)
		buf_str(out, "#EXT-X-GAP\n");
	buf_str(out, "#EXTINF:");
	put_seconds(out, segment->duration_us);
	buf_str(out, ",\n");
	if (segment->range.length >= 0)
		buf_printf(out, "#EXT-X-BYTERANGE:%" PRId64 "@%" PRId64 "\n",
			segment->range.length, segment->range.offset);
	buf_printf(out, "%s\n", segment->uri);
}

static void put_media_head(struct buf *out, const struct m3u8 *list)
{
	buf_printf(out, "#EXT-X-TARGETDURATION:%" PRId64 "\n", target_of(list));
	buf_printf(out, "#EXT-X-MEDIA-SEQUENCE:%" PRId64 "\n", list->media_sequence);
	if (list->discontinuity_sequence)
		buf_printf(out, "#EXT-X-DISCONTINUITY-SEQUENCE:%" PRId64 "\n",
			list->discontinuity_sequence);
	if (list->endlist)
		buf_str(out, "#EXT-X-PLAYLIST-TYPE:VOD\n");
	if (list->iframes_only)
		buf_str(out, "#EXT-X-I-FRAMES-ONLY\n");
}

static void put_media(struct buf *out, const struct m3u8 *list)
{
	int map = -1;

	put_media_head(out, list);
	for (size_t i = 0; i < list->n_segments; i++) {
		const struct m3u8_segment *segment = &list->segments[i];
		if (segment->discontinuity)
			buf_str(out, "#EXT-X-DISCONTINUITY\n");
		if (segment->map >= 0 && segment->map != map) {
			map = segment->map;
			put_map(out, &list->maps[map]);
		}
		put_segment(out, segment);
	}
	if (list->endlist)
		buf_str(out, "#EXT-X-ENDLIST\n");
}

void m3u8_write(const struct m3u8 *list, struct buf *out)
{
	buf_str(out, "#EXTM3U\n");
	if (list->kind == M3U8_MASTER)
		buf_str(out, "#EXT-X-VERSION:4\n");
	else
		buf_printf(out, "#EXT-X-VERSION:%d\n", version_of(list));
	if (list->independent)
		buf_str(out, "#EXT-X-INDEPENDENT-SEGMENTS\n");
	if (list->kind == M3U8_MASTER)
		put_master(out, list);
	else
		put_media(out, list);
}
