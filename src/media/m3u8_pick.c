/*
 * Choosing a variant is ordering: each gets a rank in a few numbers, and the greatest
 * wins. A variant that says nothing of what is in it counts as video: most do, and a
 * wrong guess is only heard of where a better described one is beside it.
 */
#include <config.h>

#include "media/m3u8_pick.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum content { AUDIO_ONLY, UNTOLD, VIDEO };

static bool is_audio_codec(const char *codec, size_t len)
{
	static const char *const audio[] = { "mp4a", "ac-3", "ec-3", "ac-4", "opus",
		"fLaC", "alac", "dts", "mp3", "vorbis", "stpp", "wvtt" };

	for (size_t i = 0; i < sizeof(audio) / sizeof(audio[0]); i++)
		if (len >= strlen(audio[i]) &&
			strncasecmp(codec, audio[i], strlen(audio[i])) == 0)
			return true;
	return false;
}

/* Whether CODECS names nothing but sound (and text). */
static bool only_audio(const char *codecs)
{
	size_t named = 0;

	while (*codecs) {
		codecs += strspn(codecs, ", ");
		size_t len = strcspn(codecs, ", ");
		if (len && !is_audio_codec(codecs, len))
			return false;
		named += len > 0;
		codecs += len;
	}
	return named > 0;
}

static enum content content_of(const struct m3u8_variant *variant)
{
	if (variant->height > 0)
		return VIDEO;
	if (!variant->codecs || !*variant->codecs)
		return UNTOLD;
	return only_audio(variant->codecs) ? AUDIO_ONLY : VIDEO;
}

/* Whether @a is to be had rather than @b. */
static bool is_better(
	const struct m3u8_variant *a, const struct m3u8_variant *b, int max_height)
{
	enum content a_content = content_of(a);
	enum content b_content = content_of(b);
	bool a_fits = max_height == 0 || a->height <= max_height;
	bool b_fits = max_height == 0 || b->height <= max_height;

	if (a_content != b_content)
		return a_content > b_content;
	if (a_fits != b_fits)
		return a_fits;
	if (a->height != b->height)
		return a_fits ? a->height > b->height : a->height < b->height;
	return a->bandwidth > b->bandwidth;
}

static bool same_group(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* Renditions of @type in @group that have media of their own, each of them once. */
static size_t collect(const struct m3u8 *master, enum m3u8_media_type type,
	const char *group, const char *variant_uri, size_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < master->n_renditions; i++) {
		const struct m3u8_rendition *rendition = &master->renditions[i];
		bool known = false;
		if (rendition->type != type || !rendition->uri ||
			!same_group(rendition->group, group) ||
			strcmp(rendition->uri, variant_uri) == 0)
			continue;
		for (size_t j = 0; j < n; j++)
			if (strcmp(master->renditions[out[j]].uri, rendition->uri) == 0)
				known = true;
		if (!known)
			out[n++] = i;
	}
	return n;
}

int m3u8_pick(const struct m3u8 *master, int max_height, struct m3u8_choice *out,
	struct err *err)
{
	const struct m3u8_variant *best = NULL;

	for (size_t i = 0; i < master->n_variants; i++) {
		const struct m3u8_variant *variant = &master->variants[i];
		if (!variant->iframes &&
			(!best || is_better(variant, best, max_height)))
			best = variant;
	}
	if (!best)
		return err_set(err, ERR_PERMANENT,
			"the playlist offers no variant that plays");
	memset(out, 0, sizeof(*out));
	out->variant = (size_t)(best - master->variants);
	out->audio_only = content_of(best) == AUDIO_ONLY;
	out->n_audio = collect(master, M3U8_AUDIO, best->audio, best->uri, out->audio);
	out->n_subtitles = collect(
		master, M3U8_SUBTITLES, best->subtitles, best->uri, out->subtitles);
	if (max_height && best->height > max_height)
		snprintf(out->note, sizeof(out->note),
			"every variant is higher than %d lines, so the lowest, of %d, "
			"was taken",
			max_height, best->height);
	return 0;
}
