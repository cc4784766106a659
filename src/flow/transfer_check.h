/*
 * Is it what it should be? What an answer's head means for a download, whether bytes
 * suit the role they were fetched for, whether a staged file is whole. Knows no loop,
 * no call.
 */
#ifndef VODKEEP_FLOW_TRANSFER_CHECK_H
#define VODKEEP_FLOW_TRANSFER_CHECK_H

#include "core/asset.h"
#include "io/http_client.h"
#include "media/sniff.h"

enum answer {
	ANSWER_BODY,    /* the whole file follows */
	ANSWER_REST,    /* the file follows from where we are */
	ANSWER_HAVE,    /* what we have is the whole file */
	ANSWER_ANEW,    /* of no use: ask again, from the beginning; see why */
	ANSWER_READ,    /* the body tells what is wrong: see answer_explained() */
	ANSWER_REFUSED, /* see err */
};

/* @part: what is held, when @from > 0 bytes of it were left out of the request. */
enum answer answer_judge(const struct http_head *head, const struct part *part,
	int64_t from, const char **why, struct err *err);
/* The answer to a request for @bytes at @first of a larger file, as if they were the
 * file: @head is rewritten so. -(int)class when it has other bytes. */
int answer_slice(struct http_head *head, int64_t first, int64_t bytes, struct err *err);
/* What a 400 with this body means. Returns -(int)class. */
int answer_explained(const struct http_head *head, const char *body, struct err *err);

/* What an answer of this status, other than 2xx, means for who asked for media. */
enum err_class answer_status_class(int status);
/* Whether @etag may prove that a range is of the same file. */
bool etag_is_strong(const char *etag);
/* "1,234,567" */
void bytes_format(int64_t bytes, char out[32]);

/* What bytes are to be. */
enum content {
	CONTENT_BY_ROLE, /* whatever the file's role says */
	CONTENT_VIDEO,
	CONTENT_AUDIO,
	CONTENT_THUMBNAIL,
	CONTENT_SUBTITLE,
	CONTENT_METADATA,
	CONTENT_SEGMENT,  /* a piece of HLS: media or subtitles, no box need be whole */
	CONTENT_CIPHER,   /* the same, encrypted: anything but a page of text */
	CONTENT_TRACK,    /* pieces of HLS behind each other */
	CONTENT_PLAYLIST, /* of HLS */
	CONTENTS
};
enum content content_of(enum role role);
/* The most such a file may have. */
int64_t content_max_bytes(enum content content);
/* Whether a file that begins with @data is what is wanted; else ERR_TRANSIENT. */
int check_beginning(
	enum content content, const void *data, size_t len, struct err *err);
/* Whether @size (of the file, or as announced) can be right. @expected -1: unknown. */
int check_size(enum content content, int64_t size, int64_t expected, struct err *err);

struct transfer_checked {
	enum media_kind kind;
	int64_t duration_ms; /* -1 unknown */
};
/* The whole staged file. Blocks. ERR_TRANSIENT: it is not what it should be. */
int check_file(enum content content, int fd, int64_t size,
	struct transfer_checked *checked, struct err *err);

#endif
