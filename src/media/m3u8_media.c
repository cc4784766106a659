/*
 * The tags of a media playlist. A segment is made where its URI is, of what the tags
 * before have said of it and of the key and map that are in force there.
 */
#include <config.h>

#include "media/m3u8_priv.h"

#include "base/clock.h"
#include <string.h>

/* ----- keys ----- */

struct key_text {
	struct m3u8_key key;
	bool has_method;
};

static bool to_method(const char *value, void *to)
{
	static const struct {
		const char *name;
		enum m3u8_method method;
	} methods[] = { { "NONE", M3U8_NONE }, { "AES-128", M3U8_AES_128 },
		{ "SAMPLE-AES", M3U8_SAMPLE_AES },
		{ "SAMPLE-AES-CTR", M3U8_SAMPLE_AES } };
	struct key_text *text = to;

	text->has_method = true;
	text->key.method = M3U8_METHOD_UNKNOWN;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(value, methods[i].name) == 0)
			text->key.method = methods[i].method;
	return true;
}

static bool to_iv(const char *value, void *to)
{
	struct key_text *text = to;

	text->key.has_iv = m3u8_to_iv(value, text->key.iv);
	return text->key.has_iv;
}

static bool to_format(const char *value, void *to)
{
	return strcmp(value, "identity") == 0 || m3u8_to_string(value, to);
}

/* clang-format off */
static const struct m3u8_field key_fields[] = {
	{ "METHOD",    to_method,      0,                                    true },
	{ "URI",       m3u8_to_string, offsetof(struct key_text, key.uri),    true },
	{ "IV",        to_iv,          0,                                    true },
	{ "KEYFORMAT", to_format,      offsetof(struct key_text, key.format), true },
	{ NULL, NULL, 0, false },
};
/* clang-format on */

int m3u8_read_key(struct m3u8_reader *reader, char *value, struct m3u8_key *key)
{
	struct key_text text = { 0 };
	int rc = m3u8_read_fields(reader, value, key_fields, &text);

	if (rc)
		return rc;
	if (!text.has_method)
		return m3u8_bad(reader, "has a key without METHOD");
	if (text.key.method == M3U8_AES_128 && !text.key.uri)
		return m3u8_bad(reader, "has an AES-128 key without URI");
	*key = text.key;
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_key(const struct m3u8_key *a, const struct m3u8_key *b)
{
	return a->method == b->method && same_text(a->uri, b->uri) &&
	       same_text(a->format, b->format) && a->has_iv == b->has_iv &&
	       memcmp(a->iv, b->iv, sizeof(a->iv)) == 0;
}

/* Of the keys in force, which are the same key in several formats, one that can be used
 * if there is any. */
static int effective_key(const struct m3u8_reader *reader)
{
	for (size_t i = 0; i < reader->n_keys; i++)
		if (m3u8_key_usable(&reader->list->keys[reader->keys[i]]))
			return reader->keys[i];
	return reader->n_keys ? reader->keys[0] : -1;
}

/* Where in reader->keys a key of @format is or goes. */
static size_t key_place(const struct m3u8_reader *reader, const char *format)
{
	size_t i = 0;

	while (i < reader->n_keys &&
		!same_text(reader->list->keys[reader->keys[i]].format, format))
		i++;
	return i;
}

static int on_key(struct m3u8_reader *reader, char *value)
{
	struct m3u8 *list = reader->list;
	struct m3u8_key key;
	int rc = m3u8_read_key(reader, value, &key);

	if (rc)
		return rc;
	if (key.method == M3U8_NONE) {
		reader->n_keys = 0;
		reader->key = -1;
		return 0;
	}
	size_t place = key_place(reader, key.format);
	if (place == M3U8_KEYS_AT_ONCE)
		return m3u8_beyond(
			reader, "key formats for one segment", M3U8_KEYS_AT_ONCE);
	if (place < reader->n_keys && same_key(&list->keys[reader->keys[place]], &key))
		return 0;
	if (list->n_keys == M3U8_SEGMENTS_MAX)
		return m3u8_beyond(reader, "keys", M3U8_SEGMENTS_MAX);
	list->keys = m3u8_slot(list->keys, list->n_keys, sizeof(*list->keys));
	list->keys[list->n_keys] = key;
	reader->keys[place] = (int)list->n_keys++;
	reader->n_keys += place == reader->n_keys;
	reader->key = effective_key(reader);
	return 0;
}

/* ----- maps ----- */

static bool to_map_range(const char *value, void *to)
{
	bool has_offset;

	return m3u8_to_range(value, to, &has_offset);
}

static const struct m3u8_field map_fields[] = {
	{ "URI", m3u8_to_string, offsetof(struct m3u8_map, uri), true },
	{ "BYTERANGE", to_map_range, offsetof(struct m3u8_map, range), true },
	{ NULL, NULL, 0, false },
};

static bool same_range(struct m3u8_range a, struct m3u8_range b)
{
	return a.offset == b.offset && a.length == b.length;
}

static bool same_map(const struct m3u8_map *a, const struct m3u8_map *b)
{
	return same_text(a->uri, b->uri) && same_range(a->range, b->range) &&
	       a->key == b->key;
}

static int on_map(struct m3u8_reader *reader, char *value)
{
	struct m3u8 *list = reader->list;
	struct m3u8_map map = { .range = { 0, -1 }, .key = reader->key };
	int rc = m3u8_read_fields(reader, value, map_fields, &map);

	if (rc)
		return rc;
	if (!map.uri)
		return m3u8_bad(reader, "has a map without URI");
	if (reader->map >= 0 && same_map(&list->maps[reader->map], &map))
		return 0;
	if (list->n_maps == M3U8_SEGMENTS_MAX)
		return m3u8_beyond(reader, "maps", M3U8_SEGMENTS_MAX);
	list->maps = m3u8_slot(list->maps, list->n_maps, sizeof(*list->maps));
	list->maps[list->n_maps] = map;
	reader->map = (int)list->n_maps++;
	return 0;
}

/* ----- the next segment ----- */

static int on_extinf(struct m3u8_reader *reader, char *value)
{
	const char *rest;

	if (!m3u8_to_us(value, &reader->next.duration_us, &rest) ||
		(*rest && *rest != ',' && *rest != ' '))
		return m3u8_bad(reader, "has a duration that is none");
	reader->next.has_duration = true;
	return 0;
}

static int on_byterange(struct m3u8_reader *reader, char *value)
{
	struct m3u8_pending *next = &reader->next;

	if (!m3u8_to_range(value, &next->range, &next->has_offset))
		return m3u8_bad(reader, "has a byte range that is none");
	next->has_range = true;
	return 0;
}

static int on_discontinuity(struct m3u8_reader *reader, char *value)
{
	(void)value;
	reader->next.discontinuity = true;
	return 0;
}

static int on_gap(struct m3u8_reader *reader, char *value)
{
	(void)value;
	reader->next.gap = true;
	return 0;
}

static int on_date(struct m3u8_reader *reader, char *value)
{
	int64_t ns;

	if (time_parse(value, strlen(value), &ns, NULL) == 0)
		reader->next.date_ns = ns;
	return 0;
}

/* ----- the playlist ----- */

static int on_target_duration(struct m3u8_reader *reader, char *value)
{
	const char *rest;
	int64_t us;

	if (m3u8_to_us(value, &us, &rest))
		reader->list->target_duration_us = us;
	return 0;
}

static int on_media_sequence(struct m3u8_reader *reader, char *value)
{
	if (!m3u8_to_number(value, &reader->list->media_sequence))
		return m3u8_bad(reader, "has a sequence number that is none");
	return 0;
}

static int on_discontinuity_sequence(struct m3u8_reader *reader, char *value)
{
	m3u8_to_number(value, &reader->list->discontinuity_sequence);
	return 0;
}

static int on_type(struct m3u8_reader *reader, char *value)
{
	if (strcmp(value, "VOD") == 0)
		reader->list->life = M3U8_VOD;
	else if (strcmp(value, "EVENT") == 0)
		reader->list->life = M3U8_EVENT;
	return 0;
}

static int on_endlist(struct m3u8_reader *reader, char *value)
{
	(void)value;
	reader->list->endlist = true;
	return 0;
}

static int on_iframes_only(struct m3u8_reader *reader, char *value)
{
	(void)value;
	reader->list->iframes_only = true;
	return 0;
}

static int on_skip(struct m3u8_reader *reader, char *value)
{
	(void)value;
	return m3u8_bad(reader, "leaves out segments that an earlier answer had");
}

const struct m3u8_tag m3u8_media_tags[] = {
	{ "EXTINF", M3U8_MEDIA, on_extinf },
	{ "EXT-X-BYTERANGE", M3U8_MEDIA, on_byterange },
	{ "EXT-X-DISCONTINUITY", M3U8_MEDIA, on_discontinuity },
	{ "EXT-X-GAP", M3U8_MEDIA, on_gap },
	{ "EXT-X-PROGRAM-DATE-TIME", M3U8_MEDIA, on_date },
	{ "EXT-X-KEY", M3U8_MEDIA, on_key },
	{ "EXT-X-MAP", M3U8_MEDIA, on_map },
	{ "EXT-X-TARGETDURATION", M3U8_MEDIA, on_target_duration },
	{ "EXT-X-MEDIA-SEQUENCE", M3U8_MEDIA, on_media_sequence },
	{ "EXT-X-DISCONTINUITY-SEQUENCE", M3U8_MEDIA, on_discontinuity_sequence },
	{ "EXT-X-PLAYLIST-TYPE", M3U8_MEDIA, on_type },
	{ "EXT-X-ENDLIST", M3U8_MEDIA, on_endlist },
	{ "EXT-X-I-FRAMES-ONLY", M3U8_MEDIA, on_iframes_only },
	{ "EXT-X-SKIP", M3U8_MEDIA, on_skip },
	{ NULL, 0, NULL },
};

/* The same resource, whatever its signature: the URIs up to their query. */
static bool same_resource(const char *a, const char *b)
{
	size_t len = strcspn(a, "?");

	return len == strcspn(b, "?") && memcmp(a, b, len) == 0;
}

/* Where a range without an offset begins: behind that of the segment before it. */
static int resolve_offset(struct m3u8_reader *reader, const char *uri)
{
	const struct m3u8 *list = reader->list;
	const struct m3u8_segment *last =
		list->n_segments ? &list->segments[list->n_segments - 1] : NULL;

	if (!last || last->range.length < 0 || !same_resource(last->uri, uri))
		return m3u8_bad(reader,
			"has a byte range without an offset, and none of the same "
			"file before it");
	if (last->range.offset > INT64_MAX / 2)
		return m3u8_bad(reader, "has a byte range beyond any file");
	reader->next.range.offset = last->range.offset + last->range.length;
	return 0;
}

int m3u8_media_uri(struct m3u8_reader *reader, const char *uri)
{
	struct m3u8 *list = reader->list;
	struct m3u8_pending *next = &reader->next;

	if (!next->has_duration)
		return m3u8_bad(reader, "is a segment without a duration");
	if (list->n_segments == M3U8_SEGMENTS_MAX)
		return m3u8_beyond(reader, "segments", M3U8_SEGMENTS_MAX);
	if (next->has_range && !next->has_offset) {
		int rc = resolve_offset(reader, uri);
		if (rc)
			return rc;
	}
	list->segments =
		m3u8_slot(list->segments, list->n_segments, sizeof(*list->segments));
	list->segments[list->n_segments++] = (struct m3u8_segment){
		.uri = uri,
		.duration_us = next->duration_us,
		.range = next->has_range ? next->range : (struct m3u8_range){ 0, -1 },
		.date_ns = next->date_ns,
		.key = reader->key,
		.map = reader->map,
		.discontinuity = next->discontinuity,
		.gap = next->gap,
	};
	list->duration_us += next->duration_us;
	*next = (struct m3u8_pending){ 0 };
	return 0;
}
