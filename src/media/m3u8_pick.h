/*
 * Which of a master's variants and renditions are worth keeping. A decision over
 * values.
 */
#ifndef VODKEEP_MEDIA_M3U8_PICK_H
#define VODKEEP_MEDIA_M3U8_PICK_H

#include "media/m3u8.h"

struct m3u8_choice {
	size_t variant;                    /* index in variants[] */
	size_t audio[M3U8_RENDITIONS_MAX]; /* indexes in renditions[], with a uri … */
	size_t n_audio;                    /* … of their own: all languages */
	size_t subtitles[M3U8_RENDITIONS_MAX];
	size_t n_subtitles;
	bool audio_only; /* no variant has video */
	char note[160];  /* a sentence where the wish could not be met; "" it was */
};

/* The highest variant of at most @max_height (0: no limit), then of the most bandwidth;
 * when all are higher, the lowest, and the note says so. Variants with video go before
 * those without; those for seeking are never taken. The renditions of its groups come
 * along in the master's order, whatever CODECS says or leaves out. 0, or ERR_PERMANENT:
 * nothing to play. */
int m3u8_pick(const struct m3u8 *master, int max_height, struct m3u8_choice *out,
	struct err *err);

#endif
