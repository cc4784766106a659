/*
 * WebVTT of HLS: a track comes in segments, each a file of its own with its times
 * mapped to those of the media; together they are one file that begins with the media.
 * Pure.
 */
#ifndef VODKEEP_MEDIA_VTT_H
#define VODKEEP_MEDIA_VTT_H

#include "base/buf.h"
#include "base/err.h"
#include <stdint.h>

#define VTT_BYTES_MAX ((size_t)16 << 20) /* of all cues */

struct vtt;
struct vtt *vtt_new(void);
void vtt_free(struct vtt *vtt); /* NULL allowed */
/* The next segment. Where it has an X-TIMESTAMP-MAP its cues are moved so that the
 * media time @base_us (as MPEG counts it) is 0; else they stay. A cue that goes on from
 * the segment before, or is there once more, becomes one. ERR_TRANSIENT: not WebVTT;
 * ERR_PERMANENT: too much of it. */
int vtt_add(struct vtt *vtt, const char *text, size_t len, int64_t base_us,
	struct err *err);
size_t vtt_cues(const struct vtt *vtt);
/* Append the whole as one WebVTT file. */
void vtt_write(const struct vtt *vtt, struct buf *out);

#endif
