/*
 * Urgency as numbers. Sizes are estimates: FastPix tells how long a media is but not
 * how large, so the length stands for it, at the rate its resolution usually has.
 */
#include <config.h>

#include "core/urgency.h"

#include <string.h>

#define NS_PER_BYTE      INT64_C(1000)
#define HANDICAP_MOST_NS (INT64_C(6) * 3600 * 1000000000)
#define MS_PER_SECOND    1000
/* Bytes a second of audio, and of video of unknown resolution. */
#define AUDIO_RATE INT64_C(16000)
#define VIDEO_RATE INT64_C(600000)
#define LINES_MOST 8192

/* Bytes a second; encoders spend about four bits a second on each pixel of a square as
 * high as the picture: 580 KB/s at 1080 lines, 260 at 720. */
static int64_t usual_rate(const struct facts *facts)
{
	int64_t lines = facts->height;

	if (facts->type && strcmp(facts->type, "audio") == 0)
		return AUDIO_RATE;
	if (facts->width > 0 && facts->width < lines)
		lines = facts->width;
	if (lines <= 0 || lines > LINES_MOST)
		return VIDEO_RATE;
	return lines * lines / 2;
}

static int64_t likely_bytes(const struct facts *facts)
{
	int64_t most = HANDICAP_MOST_NS / NS_PER_BYTE;
	int64_t rate = usual_rate(facts);

	if (facts->bytes > 0)
		return facts->bytes < most ? facts->bytes : most;
	if (facts->duration_ms <= 0)
		return 0;
	if (facts->duration_ms / MS_PER_SECOND >= most / rate)
		return most;
	return facts->duration_ms * rate / MS_PER_SECOND;
}

int64_t urgency_handicap_ns(const struct facts *facts)
{
	return likely_bytes(facts) * NS_PER_BYTE;
}

struct urgency urgency_of(const struct asset *asset, int64_t due_ns)
{
	return (struct urgency){
		.deadline_ns = asset_deadline_ns(asset),
		.priority = asset->priority,
		.turn_ns = due_ns + urgency_handicap_ns(&asset->facts),
	};
}

int64_t urgency_near_ns(int64_t now_ns)
{
	return now_ns + URGENCY_NEAR_NS;
}

static int compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int urgency_compare(const struct urgency *a, const struct urgency *b, int64_t now_ns)
{
	int64_t near_ns = urgency_near_ns(now_ns);
	int64_t a_dies = a->deadline_ns <= near_ns ? a->deadline_ns : INT64_MAX;
	int64_t b_dies = b->deadline_ns <= near_ns ? b->deadline_ns : INT64_MAX;
	int order = compare(a_dies, b_dies);

	if (!order)
		order = compare(b->priority, a->priority);
	return order ? order : compare(a->turn_ns, b->turn_ns);
}
