/*
 * Content against what it is to be: by the bytes, never by name or Content-Type. A page
 * where a video should be is an answer that may be right next time, so it is transient.
 */
#include <config.h>

#include "flow/transfer_check.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "media/mp4.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB           (INT64_C(1) << 20)
#define SUBTITLE_MAX  (16 * MIB)
#define THUMBNAIL_MAX (64 * MIB)
#define TEXT_READ     65536
#define BAD_TEXT_SHARE                                                \
	20 /* one byte in so many may be no UTF-8 (SubRip in Latin-1) \
	    */

#define K(kind) (1u << (unsigned)(kind))
/* What segments of HLS are. */
#define PIECES                                                                     \
	(K(MEDIA_TS) | K(MEDIA_MP4) | K(MEDIA_M4A) | K(MEDIA_AAC) | K(MEDIA_MP3) | \
		K(MEDIA_AC3) | K(MEDIA_VTT))
#define CIPHER_LOOK 256

static const struct {
	const char *wanted; /* for sentences */
	unsigned kinds;
	int64_t max;
} contents[CONTENTS] = {
	[CONTENT_VIDEO] = { "a video",
		K(MEDIA_MP4) | K(MEDIA_WEBM) | K(MEDIA_MKV) | K(MEDIA_MOV) |
			K(MEDIA_TS),
		INT64_MAX },
	[CONTENT_AUDIO] = { "an audio file",
		K(MEDIA_M4A) | K(MEDIA_MP4) | K(MEDIA_MP3) | K(MEDIA_AAC) |
			K(MEDIA_OGG) | K(MEDIA_WEBM),
		INT64_MAX },
	[CONTENT_THUMBNAIL] = { "an image",
		K(MEDIA_JPEG) | K(MEDIA_PNG) | K(MEDIA_WEBP) | K(MEDIA_GIF),
		THUMBNAIL_MAX },
	[CONTENT_SUBTITLE] = { "subtitles", K(MEDIA_VTT) | K(MEDIA_SRT), SUBTITLE_MAX },
	[CONTENT_METADATA] = { "metadata", K(MEDIA_JSON), SUBTITLE_MAX },
	[CONTENT_SEGMENT] = { "a segment", PIECES, INT64_MAX },
	[CONTENT_CIPHER] = { "an encrypted segment", ~0U, INT64_MAX },
	[CONTENT_TRACK] = { "a track", PIECES, INT64_MAX },
	[CONTENT_PLAYLIST] = { "a playlist", K(MEDIA_M3U8), INT64_MAX },
};

enum content content_of(enum role role)
{
	static const enum content of[ROLES] = {
		[ROLE_VIDEO] = CONTENT_VIDEO,
		[ROLE_AUDIO] = CONTENT_AUDIO,
		[ROLE_THUMBNAIL] = CONTENT_THUMBNAIL,
		[ROLE_SUBTITLE] = CONTENT_SUBTITLE,
		[ROLE_METADATA] = CONTENT_METADATA,
	};
	return of[role];
}

int64_t content_max_bytes(enum content content)
{
	return contents[content].max;
}

static int check_kind(enum content content, enum media_kind kind, struct err *err)
{
	if (contents[content].kinds & K(kind))
		return 0;
	return err_set(err, ERR_TRANSIENT, "answered %s instead of %s",
		media_kind_name(kind), contents[content].wanted);
}

/* Of an encrypted file only this can be told: whether it is plain text. Few bytes of
 * cipher look like anything, but none look like a page. */
static bool is_text(const unsigned char *data, size_t len)
{
	if (len > CIPHER_LOOK)
		len = CIPHER_LOOK;
	for (size_t i = 0; i < len; i++)
		if ((data[i] < 0x20 && !strchr("\t\n\f\r", data[i])) ||
			data[i] >= 0x7F || data[i] == 0)
			return false;
	return true;
}

int check_beginning(enum content content, const void *data, size_t len, struct err *err)
{
	if (content != CONTENT_CIPHER)
		return check_kind(content, media_sniff(data, len), err);
	if (!is_text(data, len))
		return 0;
	return err_set(err, ERR_TRANSIENT, "answered text instead of %s",
		contents[content].wanted);
}

int check_size(enum content content, int64_t size, int64_t expected, struct err *err)
{
	char is[32], should[32];

	bytes_format(size, is);
	if (size == 0)
		return err_set(err, ERR_TRANSIENT, "the file is empty");
	if (expected >= 0 && size != expected) {
		bytes_format(expected, should);
		return err_set(err, ERR_TRANSIENT,
			"the file is %s bytes, but the platform says %s", is, should);
	}
	if (size > contents[content].max) {
		bytes_format(contents[content].max, should);
		return err_set(err, ERR_PERMANENT,
			"the file is %s bytes: more than the %s that %s may have", is,
			should, contents[content].wanted);
	}
	return 0;
}

static int64_t read_at(void *arg, int64_t offset, void *data, size_t len)
{
	const int *fd = arg;

	return fs_read_at(*fd, data, len, offset);
}

static int read_failed(struct err *err)
{
	return err_sys(err, ERR_LOCAL, errno, "cannot read the staging file");
}

/* Text: no NUL, and UTF-8 but for some stray bytes, counted in *bad. *used stops before
 * a sequence that the end of the chunk cuts. */
static int check_text_chunk(const char *text, size_t len, bool last, size_t *used,
	int64_t *bad, struct err *err)
{
	size_t i = 0;
	while (i < len) {
		size_t n = utf8_sequence(text + i, len - i, NULL);
		if (text[i] == '\0')
			return err_set(err, ERR_TRANSIENT,
				"the subtitles are not text: they contain NUL bytes");
		if (n == 0 && !last && len - i < 4)
			break;
		*bad += n == 0;
		i += n ? n : 1;
	}
	*used = i;
	return 0;
}

static int check_text(int fd, int64_t size, struct err *err)
{
	char *text = mem_alloc(TEXT_READ);
	int64_t at = 0, bad = 0;
	int rc = 0;

	while (rc == 0 && at < size) {
		size_t used = 0;
		int64_t n = read_at(&fd, at, text, TEXT_READ);
		if (n <= 0) {
			rc = read_failed(err);
			break;
		}
		rc = check_text_chunk(
			text, (size_t)n, at + n >= size, &used, &bad, err);
		at += (int64_t)used;
	}
	free(text);
	if (rc == 0 && bad > size / BAD_TEXT_SHARE + 1)
		rc = err_set(err, ERR_TRANSIENT,
			"the subtitles are not text: %lld of %lld bytes are no UTF-8",
			(long long)bad, (long long)size);
	return rc;
}

int check_file(enum content content, int fd, int64_t size,
	struct transfer_checked *checked, struct err *err)
{
	unsigned char beginning[SNIFF_BYTES];
	struct mp4_info mp4 = { .duration_ms = -1 };
	int64_t n = read_at(&fd, 0, beginning, sizeof(beginning));
	if (n < 0)
		return read_failed(err);
	enum media_kind kind = media_sniff(beginning, (size_t)n);
	int rc = check_beginning(content, beginning, (size_t)n, err);
	if (rc == 0 && (kind == MEDIA_MP4 || kind == MEDIA_M4A || kind == MEDIA_MOV) &&
		content != CONTENT_SEGMENT && content != CONTENT_CIPHER)
		rc = mp4_check(read_at, &fd, size, &mp4, err);
	if (rc == 0 && content == CONTENT_SUBTITLE)
		rc = check_text(fd, size, err);
	if (rc)
		return rc;
	/* Beside a video its name must not be the video's. */
	checked->kind = content == CONTENT_AUDIO ? media_as_audio(kind) : kind;
	checked->duration_ms = mp4.duration_ms;
	return 0;
}
