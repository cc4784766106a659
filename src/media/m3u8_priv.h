/*
 * What the files of the playlist reader share. From the bottom: m3u8_text.c (strings,
 * variables, attribute lists), m3u8_value.c (single values), m3u8_master.c and
 * m3u8_media.c (tags), m3u8.c (lines).
 */
#ifndef VODKEEP_MEDIA_M3U8_PRIV_H
#define VODKEEP_MEDIA_M3U8_PRIV_H

#include "media/m3u8.h"

#define M3U8_KEYS_AT_ONCE 8 /* KEYFORMATs that one segment may be given keys in */

struct m3u8_variable {
	const char *name;
	const char *value;
};

/* Strings point into a copy of the playlist, cut up in place; what variables expand to
 * is in blocks of its own. */
struct m3u8_text {
	char *copy;
	char **more;
	size_t n_more;
	size_t more_bytes;
	struct m3u8_variable variables[M3U8_VARIABLES_MAX];
	size_t n_variables;
};

/* What tags have said of the segment that comes next. */
struct m3u8_pending {
	bool has_duration;
	int64_t duration_us;
	bool has_range;
	bool has_offset;
	struct m3u8_range range;
	int64_t date_ns;
	bool discontinuity;
	bool gap;
};

struct m3u8_reader {
	const struct m3u8_origin *origin;
	struct m3u8 *list;
	struct err *err;
	int line; /* from 1 */
	bool wants_variant;
	struct m3u8_pending next;
	int keys[M3U8_KEYS_AT_ONCE]; /* in force, one for each KEYFORMAT */
	size_t n_keys;
	int key; /* of these the one that could be used; -1 none */
	int map;
};

struct m3u8_tag {
	const char *name;    /* without "#" */
	enum m3u8_kind kind; /* 0: either */
	int (*read)(struct m3u8_reader *reader, char *value);
};

/* An attribute, and where its value goes. A value that read() refuses is an error if
 * @strict, else as if it had not been given. */
struct m3u8_field {
	const char *name;
	bool (*read)(const char *value, void *to);
	size_t offset;
	bool strict;
};

/* -ERR_TRANSIENT, "line N of the playlist " and what is wrong with it. */
int m3u8_bad(struct m3u8_reader *reader, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* -ERR_PERMANENT: more than @max @what. */
int m3u8_beyond(struct m3u8_reader *reader, const char *what, size_t max);
/* @array, grown where @n elements of @size fill it, with a zeroed element @n. */
void *m3u8_slot(void *array, size_t n, size_t size);

/* @text with variables replaced, in *out; borrowed from the list. */
int m3u8_expand(struct m3u8_reader *reader, const char *text, const char **out);
/* EXT-X-DEFINE. */
int m3u8_define(struct m3u8_reader *reader, char *value);
/* Read the attribute list @text, which is cut up, into @out. Ends of @fields: no name.
 */
int m3u8_read_fields(struct m3u8_reader *reader, char *text,
	const struct m3u8_field *fields, void *out);
void m3u8_text_free(struct m3u8_text *text);

/* Readers of values: whether @value is one. */
bool m3u8_to_string(const char *value, void *to);  /* const char *; "" is NULL */
bool m3u8_to_number(const char *value, void *to);  /* int64_t, not negative */
bool m3u8_to_decimal(const char *value, void *to); /* double, not negative */
bool m3u8_to_flag(const char *value, void *to);    /* bool: YES, NO */
bool m3u8_to_iv(const char *value, void *to);      /* unsigned char[M3U8_IV_BYTES] */
/* "LENGTH[@OFFSET]"; *has_offset tells whether the latter was there. */
bool m3u8_to_range(const char *value, struct m3u8_range *to, bool *has_offset);
/* Seconds at the beginning of @value, in µs; *rest is what follows. */
bool m3u8_to_us(const char *value, int64_t *us, const char **rest);

/* Tables that end with a tag without name, and what a line that is no tag means. */
extern const struct m3u8_tag m3u8_master_tags[];
extern const struct m3u8_tag m3u8_media_tags[];
int m3u8_master_uri(struct m3u8_reader *reader, const char *uri);
int m3u8_media_uri(struct m3u8_reader *reader, const char *uri);
int m3u8_read_key(struct m3u8_reader *reader, char *value, struct m3u8_key *key);

#endif
