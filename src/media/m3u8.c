/*
 * A playlist, line by line: a tag is looked up and read, what is neither tag nor
 * comment is a URI, and the first tag that only one kind of playlist has says which
 * kind it is.
 */
#include <config.h>

#include "media/m3u8.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "media/m3u8_priv.h"
#include <stdlib.h>
#include <string.h>

static int on_version(struct m3u8_reader *reader, char *value)
{
	int64_t version;

	if (m3u8_to_number(value, &version) && version < 1000)
		reader->list->version = (int)version;
	return 0;
}

static int on_independent(struct m3u8_reader *reader, char *value)
{
	(void)value;
	reader->list->independent = true;
	return 0;
}

static const struct m3u8_tag common_tags[] = {
	{ "EXT-X-VERSION", 0, on_version },
	{ "EXT-X-INDEPENDENT-SEGMENTS", 0, on_independent },
	{ "EXT-X-DEFINE", 0, m3u8_define },
	{ NULL, 0, NULL },
};

static const struct m3u8_tag *find_tag(const char *name, size_t len)
{
	static const struct m3u8_tag *const tables[] = { m3u8_media_tags,
		m3u8_master_tags, common_tags };

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct m3u8_tag *tag = tables[i]; tag->name; tag++)
			if (strlen(tag->name) == len &&
				memcmp(tag->name, name, len) == 0)
				return tag;
	return NULL;
}

/* @line begins with "#". */
static int read_tag(struct m3u8_reader *reader, char *line)
{
	size_t len = strcspn(line + 1, ":");
	char *value = line + 1 + len;
	const struct m3u8_tag *tag = find_tag(line + 1, len);

	if (!tag)
		return 0;
	if (strlen(line) > M3U8_LINE_MAX)
		return m3u8_beyond(reader, "bytes in a line", M3U8_LINE_MAX);
	if (tag->kind && reader->list->kind && tag->kind != reader->list->kind)
		return m3u8_bad(
			reader, "mixes a playlist of variants with one of segments");
	if (tag->kind)
		reader->list->kind = tag->kind;
	value += *value == ':';
	return tag->read(reader, value + strspn(value, " \t"));
}

static int read_uri(struct m3u8_reader *reader, const char *line)
{
	const char *uri;

	if (strlen(line) > M3U8_LINE_MAX)
		return m3u8_beyond(reader, "bytes in a line", M3U8_LINE_MAX);
	int rc = m3u8_expand(reader, line, &uri);
	if (rc)
		return rc;
	if (!*uri)
		return m3u8_bad(reader, "is a URI of variables that are empty");
	if (reader->list->kind == M3U8_MEDIA)
		return m3u8_media_uri(reader, uri);
	return m3u8_master_uri(reader, uri);
}

/* The line at *at, without what ends it and spaces around it; *at moves behind it. */
static char *next_line(char **at, char *end)
{
	char *line = *at;
	char *stop = memchr(line, '\n', (size_t)(end - line));

	*at = stop ? stop + 1 : end;
	if (!stop)
		stop = end;
	while (stop > line && strchr("\r \t", stop[-1]))
		stop--;
	*stop = '\0';
	return line + strspn(line, " \t");
}

static int read_lines(struct m3u8_reader *reader, char *at, char *end)
{
	if (end - at >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0)
		at += 3;
	reader->line = 1;
	if (strcmp(next_line(&at, end), "#EXTM3U") != 0)
		return m3u8_bad(reader, "is not \"#EXTM3U\", so it is none");
	while (at < end) {
		char *line = next_line(&at, end);
		int rc = 0;
		reader->line++;
		if (*line == '#')
			rc = read_tag(reader, line);
		else if (*line)
			rc = read_uri(reader, line);
		if (rc)
			return rc;
	}
	return 0;
}

static int64_t longest_segment(const struct m3u8 *list)
{
	int64_t longest = 0;

	for (size_t i = 0; i < list->n_segments; i++)
		if (list->segments[i].duration_us > longest)
			longest = list->segments[i].duration_us;
	return longest;
}

/* What can only be said at the end. */
static int finish(struct m3u8_reader *reader)
{
	struct m3u8 *list = reader->list;
	const struct m3u8_pending *next = &reader->next;

	if (!list->kind)
		return err_set(reader->err, ERR_TRANSIENT,
			"the playlist has neither variants nor segments");
	if (reader->wants_variant || next->has_duration || next->has_range)
		return err_set(reader->err, ERR_TRANSIENT,
			"the playlist ends before the URI that its last tag is about");
	if (!list->target_duration_us)
		list->target_duration_us = longest_segment(list);
	return 0;
}

/* A copy that may be shown and stored: "?" for each byte that is no UTF-8 and for
 * control characters. */
static char *clean_copy(const char *data, size_t len)
{
	char *copy = mem_alloc(len + 1);
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = utf8_sequence(data + i, len - i, NULL);
		bool control =
			n == 1 && ((unsigned char)data[i] < 0x20 || data[i] == 0x7F);
		if (n && (!control || strchr("\t\r\n", data[i]))) {
			memcpy(copy + i, data + i, n);
			continue;
		}
		copy[i] = '?';
		n = 1;
	}
	return copy;
}

int m3u8_parse_from(const struct m3u8_origin *origin, const char *data, size_t len,
	struct m3u8 *out, struct err *err)
{
	struct m3u8 list = { 0 };
	struct m3u8_reader reader = {
		.origin = origin, .list = &list, .err = err, .key = -1, .map = -1
	};

	if (len > M3U8_BYTES_MAX)
		return m3u8_beyond(&reader, "bytes", M3U8_BYTES_MAX);
	if (len && memchr(data, '\0', len))
		return err_set(err, ERR_TRANSIENT, "the playlist is not text");
	list.text = mem_alloc(sizeof(*list.text));
	list.text->copy = clean_copy(data, len);
	int rc = read_lines(&reader, list.text->copy, list.text->copy + len);
	if (rc == 0)
		rc = finish(&reader);
	if (rc) {
		m3u8_release(&list);
		return rc;
	}
	*out = list;
	return 0;
}

int m3u8_parse(const char *data, size_t len, struct m3u8 *out, struct err *err)
{
	return m3u8_parse_from(NULL, data, len, out, err);
}

void m3u8_release(struct m3u8 *list)
{
	free(list->variants);
	free(list->renditions);
	free(list->session_keys);
	free(list->segments);
	free(list->keys);
	free(list->maps);
	m3u8_text_free(list->text);
	memset(list, 0, sizeof(*list));
}
