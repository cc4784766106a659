/*
 * The tags of a master (multivariant) playlist.
 */
#include <config.h>

#include "media/m3u8_priv.h"

#include <stdlib.h>
#include <string.h>

static bool to_resolution(const char *value, void *to)
{
	struct m3u8_variant *variant = to;
	char *rest;
	long width = strtol(value, &rest, 10);

	if (*rest != 'x' && *rest != 'X')
		return false;
	long height = strtol(rest + 1, &rest, 10);
	if (*rest || width < 1 || height < 1 || width > 65536 || height > 65536)
		return false;
	variant->width = (int)width;
	variant->height = (int)height;
	return true;
}

static bool to_type(const char *value, void *to)
{
	static const struct {
		const char *name;
		enum m3u8_media_type type;
	} types[] = { { "AUDIO", M3U8_AUDIO }, { "VIDEO", M3U8_VIDEO },
		{ "SUBTITLES", M3U8_SUBTITLES },
		{ "CLOSED-CAPTIONS", M3U8_CLOSED_CAPTIONS } };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(value, types[i].name) == 0) {
			*(enum m3u8_media_type *)to = types[i].type;
			return true;
		}
	}
	return false;
}

/* "NONE" without quotes says that there are none; nobody calls a group that. */
static bool to_captions(const char *value, void *to)
{
	return strcmp(value, "NONE") == 0 || m3u8_to_string(value, to);
}

/* clang-format off */
#define VARIANT(member) offsetof(struct m3u8_variant, member)
static const struct m3u8_field variant_fields[] = {
	{ "URI",               m3u8_to_string,  VARIANT(uri),               true },
	{ "BANDWIDTH",         m3u8_to_number,  VARIANT(bandwidth),         false },
	{ "AVERAGE-BANDWIDTH", m3u8_to_number,  VARIANT(average_bandwidth), false },
	{ "CODECS",            m3u8_to_string,  VARIANT(codecs),            true },
	{ "RESOLUTION",        to_resolution,   0,                          false },
	{ "FRAME-RATE",        m3u8_to_decimal, VARIANT(frame_rate),        false },
	{ "AUDIO",             m3u8_to_string,  VARIANT(audio),             true },
	{ "VIDEO",             m3u8_to_string,  VARIANT(video),             true },
	{ "SUBTITLES",         m3u8_to_string,  VARIANT(subtitles),         true },
	{ "CLOSED-CAPTIONS",   to_captions,     VARIANT(closed_captions),   true },
	{ NULL, NULL, 0, false },
};

#define RENDITION(member) offsetof(struct m3u8_rendition, member)
static const struct m3u8_field rendition_fields[] = {
	{ "TYPE",            to_type,        RENDITION(type),            false },
	{ "GROUP-ID",        m3u8_to_string, RENDITION(group),           true },
	{ "NAME",            m3u8_to_string, RENDITION(name),            true },
	{ "LANGUAGE",        m3u8_to_string, RENDITION(language),        true },
	{ "CHARACTERISTICS", m3u8_to_string, RENDITION(characteristics), true },
	{ "CHANNELS",        m3u8_to_string, RENDITION(channels),        true },
	{ "URI",             m3u8_to_string, RENDITION(uri),             true },
	{ "DEFAULT",         m3u8_to_flag,   RENDITION(is_default),      false },
	{ "AUTOSELECT",      m3u8_to_flag,   RENDITION(autoselect),      false },
	{ "FORCED",          m3u8_to_flag,   RENDITION(forced),          false },
	{ NULL, NULL, 0, false },
};
/* clang-format on */

static int read_variant(
	struct m3u8_reader *reader, char *value, struct m3u8_variant **out)
{
	struct m3u8 *list = reader->list;

	if (list->n_variants == M3U8_VARIANTS_MAX)
		return m3u8_beyond(reader, "variants", M3U8_VARIANTS_MAX);
	list->variants =
		m3u8_slot(list->variants, list->n_variants, sizeof(*list->variants));
	*out = &list->variants[list->n_variants++];
	return m3u8_read_fields(reader, value, variant_fields, *out);
}

static int on_stream_inf(struct m3u8_reader *reader, char *value)
{
	struct m3u8_variant *variant;

	if (reader->wants_variant)
		return m3u8_bad(reader, "follows a variant that has no URI");
	int rc = read_variant(reader, value, &variant);
	if (rc)
		return rc;
	variant->uri = NULL; /* that is the next line */
	reader->wants_variant = true;
	return 0;
}

static int on_iframe_stream_inf(struct m3u8_reader *reader, char *value)
{
	struct m3u8_variant *variant;

	if (reader->wants_variant)
		return m3u8_bad(reader, "follows a variant that has no URI");
	int rc = read_variant(reader, value, &variant);
	if (rc)
		return rc;
	variant->iframes = true;
	return variant->uri ? 0 : m3u8_bad(reader, "has a variant without a URI");
}

static int on_media(struct m3u8_reader *reader, char *value)
{
	struct m3u8 *list = reader->list;
	struct m3u8_rendition rendition = { 0 };
	int rc = m3u8_read_fields(reader, value, rendition_fields, &rendition);

	if (rc)
		return rc;
	if (!rendition.type) /* of a kind that is yet to be invented */
		return 0;
	if (!rendition.group)
		return m3u8_bad(reader, "has a rendition without GROUP-ID");
	if (rendition.type == M3U8_SUBTITLES && !rendition.uri)
		return m3u8_bad(reader, "has subtitles without a URI");
	if (list->n_renditions == M3U8_RENDITIONS_MAX)
		return m3u8_beyond(reader, "renditions", M3U8_RENDITIONS_MAX);
	list->renditions = m3u8_slot(
		list->renditions, list->n_renditions, sizeof(*list->renditions));
	list->renditions[list->n_renditions++] = rendition;
	return 0;
}

static int on_session_key(struct m3u8_reader *reader, char *value)
{
	struct m3u8 *list = reader->list;
	struct m3u8_key key;
	int rc = m3u8_read_key(reader, value, &key);

	if (rc || key.method == M3U8_NONE)
		return rc;
	if (list->n_session_keys == M3U8_SESSION_KEYS)
		return m3u8_beyond(reader, "session keys", M3U8_SESSION_KEYS);
	list->session_keys = m3u8_slot(
		list->session_keys, list->n_session_keys, sizeof(*list->session_keys));
	list->session_keys[list->n_session_keys++] = key;
	return 0;
}

const struct m3u8_tag m3u8_master_tags[] = {
	{ "EXT-X-STREAM-INF", M3U8_MASTER, on_stream_inf },
	{ "EXT-X-I-FRAME-STREAM-INF", M3U8_MASTER, on_iframe_stream_inf },
	{ "EXT-X-MEDIA", M3U8_MASTER, on_media },
	{ "EXT-X-SESSION-KEY", M3U8_MASTER, on_session_key },
	{ NULL, 0, NULL },
};

int m3u8_master_uri(struct m3u8_reader *reader, const char *uri)
{
	struct m3u8 *list = reader->list;

	if (!reader->wants_variant)
		return m3u8_bad(reader, "is a URI that nothing describes");
	reader->wants_variant = false;
	list->variants[list->n_variants - 1].uri = uri;
	return 0;
}
