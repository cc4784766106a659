/*
 * When media begin, on their own clock: what subtitles of HLS are timed against. Pure.
 */
#ifndef VODKEEP_MEDIA_PTS_H
#define VODKEEP_MEDIA_PTS_H

#include <stddef.h>
#include <stdint.h>

/* The earliest presentation time in the beginning of an MPEG transport stream or of
 * fragmented MP4 (initialisation and first fragment's head), in microseconds; -1: none
 * found. */
int64_t media_first_us(const void *data, size_t len);

#endif
