/*
 * Playlists written, for what the archive holds: m3u8_parse() of the text gives the
 * same value again. The caller fills a struct m3u8 by hand, with uris that are names of
 * local files; a track in one file is segments of the same uri with a range each.
 */
#ifndef VODKEEP_MEDIA_M3U8_WRITE_H
#define VODKEEP_MEDIA_M3U8_WRITE_H

#include "base/buf.h"
#include "media/m3u8.h"

/* Append @list to @out. Version, target duration and playlist type follow from what is
 * in it: of a media playlist with endlist type VOD. Keys are not written, since what is
 * archived is decrypted. Quotes and control characters in names become "'" and " ".
 * Of a segment without a map none with a map may go before: the format cannot say that.
 * @out overflows (buf.h) when its maximum is too small. */
void m3u8_write(const struct m3u8 *list, struct buf *out);

#endif
