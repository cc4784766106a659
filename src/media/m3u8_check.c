/*
 * What a playlist that was read means for an archive: whether it can be decrypted, is
 * without gaps, and is the one that was read before.
 */
#include <config.h>

#include "media/m3u8.h"

#include "base/url.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_S INT64_C(1000000)

bool m3u8_key_usable(const struct m3u8_key *key)
{
	return key->method == M3U8_AES_128 && !key->format;
}

/* The name of the system behind a KEYFORMAT, for a sentence. */
static const char *system_name(const char *format)
{
	static const struct {
		const char *part;
		const char *name;
	} systems[] = { { "com.apple.streamingkeydelivery", "FairPlay" },
		{ "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed", "Widevine" },
		{ "com.widevine", "Widevine" },
		{ "9a04f079-9840-4286-ab92-e65be0885f95", "PlayReady" },
		{ "com.microsoft.playready", "PlayReady" } };

	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++)
		if (format && strcasestr(format, systems[i].part))
			return systems[i].name;
	return NULL;
}

static int refuse_key(const struct m3u8_key *key, struct err *err)
{
	const char *system = system_name(key->format);

	if (system)
		return err_set(err, ERR_PERMANENT,
			"the stream is protected by DRM (%s) and cannot be archived",
			system);
	if (key->method == M3U8_SAMPLE_AES)
		return err_set(err, ERR_PERMANENT,
			"the stream is encrypted with SAMPLE-AES, which is meant for "
			"players with DRM, and cannot be archived");
	if (key->method == M3U8_AES_128)
		return err_set(err, ERR_PERMANENT,
			"the stream's keys come in a format (KEYFORMAT) that only "
			"players with DRM understand, and it cannot be archived");
	return err_set(err, ERR_PERMANENT,
		"the stream is encrypted with an unknown method (EXT-X-KEY) and cannot "
		"be archived");
}

/* One usable key is enough: the others are the same key for other players. */
static int check_session(const struct m3u8 *list, struct err *err)
{
	for (size_t i = 0; i < list->n_session_keys; i++)
		if (m3u8_key_usable(&list->session_keys[i]))
			return 0;
	return list->n_session_keys ? refuse_key(&list->session_keys[0], err) : 0;
}

int m3u8_check_keys(const struct m3u8 *list, struct err *err)
{
	const struct m3u8_key *key;

	for (size_t i = 0; i < list->n_segments; i++) {
		if (list->segments[i].key < 0)
			continue;
		key = &list->keys[list->segments[i].key];
		if (!m3u8_key_usable(key))
			return refuse_key(key, err);
	}
	for (size_t i = 0; i < list->n_maps; i++) {
		if (list->maps[i].key < 0)
			continue;
		key = &list->keys[list->maps[i].key];
		if (!m3u8_key_usable(key))
			return refuse_key(key, err);
		if (!key->has_iv)
			return err_set(err, ERR_PERMANENT,
				"the stream's header (EXT-X-MAP) is encrypted without "
				"an IV, so that it cannot be decrypted for certain");
	}
	return check_session(list, err);
}

int m3u8_check_gaps(const struct m3u8 *list, struct err *err)
{
	for (size_t i = 0; i < list->n_segments; i++)
		if (list->segments[i].gap)
			return err_set(err, ERR_PERMANENT,
				"segment %zu of %zu is a gap (EXT-X-GAP): the "
				"platform has no media for its %.1f s",
				i + 1, list->n_segments,
				(double)list->segments[i].duration_us / US_PER_S);
	return 0;
}

void m3u8_segment_iv(
	const struct m3u8 *list, size_t index, unsigned char iv[M3U8_IV_BYTES])
{
	int at = list->segments[index].key;
	uint64_t number = (uint64_t)list->media_sequence + index;

	if (at >= 0 && list->keys[at].has_iv) {
		memcpy(iv, list->keys[at].iv, M3U8_IV_BYTES);
		return;
	}
	memset(iv, 0, M3U8_IV_BYTES);
	for (size_t i = 0; i < sizeof(number); i++)
		iv[M3U8_IV_BYTES - 1 - i] = (unsigned char)(number >> (8 * i));
}

bool m3u8_same_segment(const struct m3u8_segment *a, const struct m3u8_segment *b)
{
	if (a->duration_us != b->duration_us || a->range.offset != b->range.offset ||
		a->range.length != b->range.length)
		return false;
	char *one = url_tail(a->uri);
	char *other = url_tail(b->uri);
	bool same = strcmp(one, other) == 0;
	free(one);
	free(other);
	return same;
}
