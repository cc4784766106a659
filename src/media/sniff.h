/*
 * What bytes really are, told from their beginning. An extension or Content-Type is a
 * claim; this is the check. Reads no file.
 */
#ifndef VODKEEP_MEDIA_SNIFF_H
#define VODKEEP_MEDIA_SNIFF_H

#include <stddef.h>

enum media_kind {
	MEDIA_UNKNOWN,
	MEDIA_MP4,  /* video/mp4, .mp4 */
	MEDIA_M4A,  /* ISO-BMFF with an audio brand (M4A, M4B): audio/mp4, .m4a */
	MEDIA_WEBM, /* EBML with doctype webm (or matroska): .webm (.mkv) */
	MEDIA_MKV,
	MEDIA_MOV,  /* ISO-BMFF with QuickTime's brand: .mov */
	MEDIA_WEBA, /* WebM with sound alone, of which the bytes tell nothing: see
		     * media_as_audio() */
	MEDIA_TS,   /* MPEG transport stream: .ts */
	MEDIA_JPEG,
	MEDIA_PNG,
	MEDIA_WEBP,
	MEDIA_GIF,
	MEDIA_VTT,
	MEDIA_SRT,
	MEDIA_M3U8,
	MEDIA_MP3,
	MEDIA_AAC, /* ADTS */
	MEDIA_AC3, /* AC-3 or E-AC-3 */
	MEDIA_OGG,
	MEDIA_HTML, /* an error page in place of media */
	MEDIA_XML,  /* a store's error document */
	MEDIA_JSON, /* an API's error envelope */
};

#define SNIFF_BYTES 4096 /* as much as sniffing ever looks at */

/* @len may be less than the file; text may begin with a BOM and white space. */
enum media_kind media_sniff(const void *data, size_t len);
/* What a file is that is known to hold sound alone: of an MP4 file an M4A file, of WebM
 * audio/webm; anything else is what it is. */
enum media_kind media_as_audio(enum media_kind kind);
/* "mp4", "jpg", "vtt", …; "bin" for unknown. */
const char *media_extension(enum media_kind kind);
/* "video/mp4", …; "application/octet-stream" for unknown. */
const char *media_content_type(enum media_kind kind);
const char *media_kind_name(enum media_kind kind); /* for sentences: "an HTML page" */

#endif
