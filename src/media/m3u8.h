/*
 * HLS playlists (RFC 8216 and its second edition): text in, a value out. URIs stay as
 * they are written; url_resolve() makes them absolute. Nothing is fetched or decrypted.
 *
 * Tolerant where players are: CRLF, a byte order mark, blank lines, comments, unknown
 * tags and attributes, spaces round commas, no target duration. Strict where a
 * guess could lose media: a URI without a duration, a byte range from nowhere, an
 * undefined variable are errors, not segments left out.
 */
#ifndef VODKEEP_MEDIA_M3U8_H
#define VODKEEP_MEDIA_M3U8_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Beyond these a playlist is refused (ERR_PERMANENT). 24 h in segments of half a second
 * are 172,800. */
#define M3U8_BYTES_MAX      (64u << 20) /* also of what its variables expand to */
#define M3U8_LINE_MAX       (32u << 10) /* of a line that is used */
#define M3U8_SEGMENTS_MAX   200000
#define M3U8_VARIANTS_MAX   256 /* I-frame variants included */
#define M3U8_RENDITIONS_MAX 256
#define M3U8_SESSION_KEYS   32
#define M3U8_VARIABLES_MAX  128

#define M3U8_IV_BYTES 16

enum m3u8_kind { M3U8_MASTER = 1, M3U8_MEDIA };

/* Part of a resource; length -1: all of it. */
struct m3u8_range {
	int64_t offset;
	int64_t length;
};

/* Every string of these structs is borrowed from struct m3u8, is UTF-8 without control
 * characters ("?" stands for what is not), and NULL where the playlist does not say. */

struct m3u8_variant {
	const char *uri;
	int64_t bandwidth; /* bit/s, peak; 0 unknown */
	int64_t average_bandwidth;
	const char *codecs;
	int width; /* 0 unknown */
	int height;
	double frame_rate; /* 0 unknown */
	const char *audio; /* group ids */
	const char *video;
	const char *subtitles;
	const char *closed_captions; /* "NONE" is NULL too */
	bool iframes;                /* EXT-X-I-FRAME-STREAM-INF: for seeking only */
};

enum m3u8_media_type {
	M3U8_AUDIO = 1,
	M3U8_VIDEO,
	M3U8_SUBTITLES,
	M3U8_CLOSED_CAPTIONS
};

/* EXT-X-MEDIA. Without uri its media lie in the variants that name its group. */
struct m3u8_rendition {
	enum m3u8_media_type type;
	const char *group;
	const char *name; /* for people, in any language */
	const char *language;
	const char *characteristics;
	const char *channels;
	const char *uri;
	bool is_default;
	bool autoselect;
	bool forced;
};

enum m3u8_method {
	M3U8_NONE,
	M3U8_AES_128,
	M3U8_SAMPLE_AES, /* SAMPLE-AES-CTR too */
	M3U8_METHOD_UNKNOWN
};

struct m3u8_key {
	enum m3u8_method method; /* in keys[] never M3U8_NONE */
	const char *uri;
	const char *format; /* KEYFORMAT; NULL: "identity", 16 bytes at uri */
	bool has_iv;
	unsigned char iv[M3U8_IV_BYTES];
};

struct m3u8_map {
	const char *uri;
	struct m3u8_range range;
	int key; /* index in keys[] of what it is encrypted with, with an IV; -1: none
		  */
};

struct m3u8_segment {
	const char *uri;
	int64_t duration_us;
	struct m3u8_range range; /* implicit offsets are resolved */
	int64_t date_ns;         /* EXT-X-PROGRAM-DATE-TIME; 0 not said of this one */
	int key;                 /* index in keys[]; -1: in the clear */
	int map;                 /* index in maps[]; -1: none */
	bool discontinuity;      /* another encoding or timeline begins here */
	bool gap; /* EXT-X-GAP: there are no media; never to be skipped */
};

enum m3u8_life {
	M3U8_LIVE, /* a window that moves */
	M3U8_EVENT,
	M3U8_VOD
};

struct m3u8 {
	enum m3u8_kind kind;
	int version;
	bool independent; /* EXT-X-INDEPENDENT-SEGMENTS */

	struct m3u8_variant *variants; /* of a master, in its order */
	size_t n_variants;
	struct m3u8_rendition *renditions;
	size_t n_renditions;
	struct m3u8_key *session_keys;
	size_t n_session_keys;

	struct m3u8_segment *segments; /* of a media playlist */
	size_t n_segments;
	struct m3u8_key *keys;
	size_t n_keys;
	struct m3u8_map *maps;
	size_t n_maps;
	int64_t duration_us; /* sum of the segments */
	int64_t target_duration_us;
	int64_t media_sequence; /* of segments[0] */
	int64_t discontinuity_sequence;
	enum m3u8_life life; /* EXT-X-PLAYLIST-TYPE */
	bool endlist;        /* complete: nothing will be added */
	bool iframes_only;

	struct m3u8_text *text; /* where the strings live */
};

/* What a playlist may refer to besides itself, in EXT-X-DEFINE. */
struct m3u8_origin {
	const char *url;           /* its own, after redirects; NULL unknown */
	const struct m3u8 *master; /* that it was found in; NULL none */
};

/* Read @len bytes (no NUL needed behind them). 0 and *out, which m3u8_release() frees;
 * @data may go at once. ERR_TRANSIENT with a sentence that names the line: not, or not
 * a whole, playlist (an error page, cut in two); ERR_PERMANENT: beyond a limit. */
int m3u8_parse(const char *data, size_t len, struct m3u8 *out, struct err *err);
/* Likewise, for a playlist that may use variables of @origin. */
int m3u8_parse_from(const struct m3u8_origin *origin, const char *data, size_t len,
	struct m3u8 *out, struct err *err);
/* Also on a zeroed or released struct. */
void m3u8_release(struct m3u8 *list);

/* Whether @key is 16 bytes behind its uri, for AES-128 of whole segments. */
bool m3u8_key_usable(const struct m3u8_key *key);
/* Whether all that is encrypted can be decrypted with keys that are fetched: nothing
 * but AES-128 with KEYFORMAT "identity". Of a master: what its session keys say. 0, or
 * ERR_PERMANENT with the reason in a sentence. */
int m3u8_check_keys(const struct m3u8 *list, struct err *err);
/* 0, or ERR_PERMANENT and which: a segment without media (EXT-X-GAP). */
int m3u8_check_gaps(const struct m3u8 *list, struct err *err);
/* The IV of segment @index, which has a key: the key's, or its media sequence number.
 */
void m3u8_segment_iv(
	const struct m3u8 *list, size_t index, unsigned char iv[M3U8_IV_BYTES]);

/* Whether @a and @b, at the same media sequence number of two loads of a playlist, are
 * the same media, although their signed URLs differ: same duration and range, and the
 * same url_tail(). */
bool m3u8_same_segment(const struct m3u8_segment *a, const struct m3u8_segment *b);

#endif
