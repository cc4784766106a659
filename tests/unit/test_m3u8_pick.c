/*
 * Which variant and renditions are kept.
 */
#include <config.h>

#include "media/m3u8_pick.h"
#include "unit.h"
#include <stdio.h>
#include <string.h>

#define V(attributes, uri) "#EXT-X-STREAM-INF:" attributes "\n" uri "\n"

static struct m3u8 master_of(const char *body)
{
	char text[4096];
	struct m3u8 list = { 0 };
	struct err err = { 0 };

	snprintf(text, sizeof(text), "#EXTM3U\n%s", body);
	if (m3u8_parse(text, strlen(text), &list, &err))
		fail_msg("%s", err.text);
	return list;
}

static void picks_a_variant(void **state)
{
#define LADDER                                      \
	V("BANDWIDTH=800,RESOLUTION=640x360", "a")  \
	V("BANDWIDTH=900,RESOLUTION=640x360", "b")  \
	V("BANDWIDTH=500,RESOLUTION=1280x720", "c") \
	V("BANDWIDTH=100,RESOLUTION=1920x1080", "d")
	static const struct {
		const char *body;
		int max_height;
		const char *uri;
	} rows[] = {
		{ LADDER, 0, "d" },
		{ LADDER, 1080, "d" },
		{ LADDER, 1079, "c" },
		{ LADDER, 720, "c" },
		{ LADDER, 719, "b" },
		{ LADDER, 144, "b" }, /* the lowest height, of it the most bandwidth */
		{ V("BANDWIDTH=1", "a") V("BANDWIDTH=3", "b") V("BANDWIDTH=2", "c"),
			720, "b" },
		{ V("BANDWIDTH=9,CODECS=\"mp4a.40.2\"", "a") V("BANDWIDTH=1", "b"), 0,
			"b" },
		{ V("BANDWIDTH=9,CODECS=\"mp4a.40.2,ec-3\"", "a")
				V("BANDWIDTH=1,CODECS=\"avc1.4d,mp4a.40.2\"", "b"),
			0, "b" },
		{ V("BANDWIDTH=9", "a") V("BANDWIDTH=1,CODECS=\"hvc1.2\"", "b"), 0,
			"b" },
		{ "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=9,RESOLUTION=1920x1080,URI="
		  "\"i\"\n" V("BANDWIDTH=1,RESOLUTION=64x36", "a"),
			0, "a" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct m3u8 list = master_of(rows[i].body);
		struct m3u8_choice choice;
		struct err err = { 0 };
		assert_int_equal(
			m3u8_pick(&list, rows[i].max_height, &choice, &err), 0);
		assert_string_equal(list.variants[choice.variant].uri, rows[i].uri);
		assert_false(choice.audio_only);
		assert_int_equal(choice.note[0] != '\0', rows[i].max_height == 144);
		m3u8_release(&list);
	}
}

static void says_when_all_are_too_high(void **state)
{
	struct m3u8 list = master_of(LADDER);
	struct m3u8_choice choice;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(m3u8_pick(&list, 144, &choice, &err), 0);
	assert_non_null(strstr(choice.note, "144"));
	assert_non_null(strstr(choice.note, "360"));
	m3u8_release(&list);
}

static void takes_audio_alone(void **state)
{
	struct m3u8 list = master_of(V("BANDWIDTH=1,CODECS=\"mp4a.40.2\"", "low")
			V("BANDWIDTH=2,CODECS=\"mp4a.40.5\"", "high"));
	struct m3u8_choice choice;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(m3u8_pick(&list, 0, &choice, &err), 0);
	assert_int_equal(choice.variant, 1);
	assert_true(choice.audio_only);
	m3u8_release(&list);
}

#define M(type, group, uri)                                  \
	"#EXT-X-MEDIA:TYPE=" type ",GROUP-ID=\"" group "\"," \
	"NAME=\"n\",URI=\"" uri "\"\n"

/* No CODECS anywhere: the audio is in a group all the same. */
static void keeps_every_language(void **state)
{
	struct m3u8 list = master_of(M("AUDIO", "a", "en") M("AUDIO", "a", "de")
			M("AUDIO", "a", "en") /* the same again */
		M("AUDIO", "b", "other")      /* another group */
		M("AUDIO", "a", "v")          /* what the variant is itself */
		"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"muxed\"\n" M(
			"SUBTITLES", "s", "en.vtt") M("SUBTITLES", "s", "de.vtt")
			M("SUBTITLES", "a", "no") M("VIDEO", "a", "angle")
				V("BANDWIDTH=1,AUDIO=\"a\",SUBTITLES=\"s\"", "v"));
	struct m3u8_choice choice;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(m3u8_pick(&list, 0, &choice, &err), 0);
	assert_int_equal(choice.n_audio, 2);
	assert_string_equal(list.renditions[choice.audio[0]].uri, "en");
	assert_string_equal(list.renditions[choice.audio[1]].uri, "de");
	assert_int_equal(choice.n_subtitles, 2);
	assert_string_equal(list.renditions[choice.subtitles[1]].uri, "de.vtt");
	m3u8_release(&list);
}

static void a_variant_may_have_no_groups(void **state)
{
	struct m3u8 list = master_of(M("AUDIO", "a", "en") V("BANDWIDTH=1", "v"));
	struct m3u8_choice choice;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(m3u8_pick(&list, 0, &choice, &err), 0);
	assert_int_equal(choice.n_audio, 0);
	m3u8_release(&list);
}

static void says_when_nothing_plays(void **state)
{
	struct m3u8 list = master_of("#EXT-X-I-FRAME-STREAM-INF:URI=\"i\"\n");
	struct m3u8_choice choice = { .variant = 42 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(m3u8_pick(&list, 0, &choice, &err), -(int)ERR_PERMANENT);
	assert_int_equal(choice.variant, 42);
	assert_non_null(strstr(err.text, "no variant"));
	m3u8_release(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(picks_a_variant),
		cmocka_unit_test(says_when_all_are_too_high),
		cmocka_unit_test(takes_audio_alone),
		cmocka_unit_test(keeps_every_language),
		cmocka_unit_test(a_variant_may_have_no_groups),
		cmocka_unit_test(says_when_nothing_plays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
