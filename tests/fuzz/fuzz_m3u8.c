/*
 * HLS playlists. The input is one playlist. What is read points only at what is there;
 * the choices made of it exist; what is written of it is read again, and is the same.
 */
#include <config.h>

#include "base/url.h"
#include "fuzz.h"
#include "media/m3u8_pick.h"
#include "media/m3u8_write.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void uri_holds(const char *uri)
{
	HOLDS(*uri && fuzz_is_utf8(uri));
	char *url = url_resolve("https://host.example/a/b.m3u8?x", uri);
	char *tail = url_tail(uri);
	HOLDS(*tail != '/' && !strpbrk(tail, "?#"));
	if (url) {
		HOLDS(strncasecmp(url, "http", 4) == 0);
		HOLDS(strcspn(url, " #\r\n\t\x7F") == strlen(url));
		char *again = url_resolve(url, "");
		HOLDS(again && strcmp(again, url) == 0);
		free(again);
	}
	free(tail);
	free(url);
}

static void range_holds(struct m3u8_range range)
{
	HOLDS(range.length == -1 || range.length > 0);
	HOLDS(range.offset >= 0);
	HOLDS(range.length < 0 || range.offset <= INT64_MAX - range.length);
}

static void media_holds(const struct m3u8 *list)
{
	int64_t sum = 0;
	unsigned char iv[M3U8_IV_BYTES];

	HOLDS(list->n_segments <= M3U8_SEGMENTS_MAX);
	for (size_t i = 0; i < list->n_segments; i++) {
		const struct m3u8_segment *segment = &list->segments[i];
		uri_holds(segment->uri);
		range_holds(segment->range);
		HOLDS(segment->duration_us >= 0);
		HOLDS(segment->key >= -1 && segment->key < (int)list->n_keys);
		HOLDS(segment->map >= -1 && segment->map < (int)list->n_maps);
		m3u8_segment_iv(list, i, iv);
		HOLDS(m3u8_same_segment(segment, segment));
		sum += segment->duration_us;
	}
	HOLDS(sum == list->duration_us);
	for (size_t i = 0; i < list->n_maps; i++) {
		range_holds(list->maps[i].range);
		HOLDS(list->maps[i].key >= -1 && list->maps[i].key < (int)list->n_keys);
	}
	for (size_t i = 0; i < list->n_keys; i++)
		HOLDS(list->keys[i].method != M3U8_NONE);
}

static void master_holds(const struct m3u8 *list)
{
	static const int limits[] = { 0, 360, 1080 };

	for (size_t i = 0; i < list->n_variants; i++)
		uri_holds(list->variants[i].uri);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct m3u8_choice choice;
		struct err err = { 0 };
		int rc = m3u8_pick(list, limits[i], &choice, &err);
		fuzz_result_holds(rc, &err);
		if (rc)
			continue;
		HOLDS(choice.variant < list->n_variants);
		HOLDS(!list->variants[choice.variant].iframes);
		HOLDS(choice.n_audio + choice.n_subtitles <= list->n_renditions);
		for (size_t j = 0; j < choice.n_audio; j++)
			HOLDS(list->renditions[choice.audio[j]].uri);
	}
}

/* What the format can say: names that are safe, as m3u8_write() wants them. */
static bool can_be_written(const struct m3u8 *list)
{
	for (size_t i = 0; i < list->n_segments; i++)
		if (strstr(list->segments[i].uri, "{$"))
			return false;
	for (size_t i = 0; i < list->n_maps; i++)
		if (strpbrk(list->maps[i].uri, "\"{"))
			return false;
	return list->kind == M3U8_MEDIA;
}

static void writing_holds(const struct m3u8 *list)
{
	struct m3u8 again;
	struct buf out;
	struct err err = { 0 };

	buf_init(&out, M3U8_BYTES_MAX);
	m3u8_write(list, &out);
	HOLDS(!out.overflow);
	if (can_be_written(list)) {
		int rc = m3u8_parse(buf_text(&out), out.len, &again, &err);
		HOLDS(rc == 0);
		HOLDS(again.n_segments == list->n_segments);
		HOLDS(again.duration_us == list->duration_us);
		HOLDS(again.endlist == list->endlist);
		HOLDS(again.n_keys == 0);
		for (size_t i = 0; i < list->n_segments; i++) {
			HOLDS(m3u8_same_segment(
				&again.segments[i], &list->segments[i]));
			HOLDS((again.segments[i].map < 0) ==
				(list->segments[i].map < 0));
			HOLDS(again.segments[i].gap == list->segments[i].gap);
		}
		m3u8_release(&again);
	}
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct m3u8 list = { .version = -7 };
	struct err err = { 0 };
	int rc = m3u8_parse((const char *)data, size, &list, &err);

	fuzz_result_holds(rc, &err);
	if (rc) {
		HOLDS(rc == -ERR_TRANSIENT || rc == -ERR_PERMANENT);
		HOLDS(list.version == -7 && !list.text);
		return 0;
	}
	HOLDS(list.kind == M3U8_MASTER || list.kind == M3U8_MEDIA);
	fuzz_result_holds(m3u8_check_keys(&list, &err), &err);
	fuzz_result_holds(m3u8_check_gaps(&list, &err), &err);
	media_holds(&list);
	master_holds(&list);
	writing_holds(&list);
	m3u8_release(&list);
	return 0;
}
