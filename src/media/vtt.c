/*
 * Blocks between blank lines: the header, styles and regions (the first of each kept),
 * notes (dropped), cues. Times are microseconds throughout.
 */
#include <config.h>

#include "media/vtt.h"

#include "base/mem.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_BACK 64 /* how many cues back a repeated one may be */
#define JOIN_US   1000
#define MPEG_HZ   90000
/* MPEG's clock has 33 bits; a stream may have come round. */
#define MPEG_TURN_US ((INT64_C(1) << 33) * 100 / 9)

struct cue {
	int64_t start, end;
	char *id, *settings, *text; /* id NULL: none */
	size_t segment;
};

struct vtt {
	struct cue *cues;
	size_t n, room, segment, bytes;
	char *styles; /* blocks before the first cue, or NULL */
};

struct line {
	const char *at;
	size_t len;
};

struct reader {
	const char *at, *end;
};

struct vtt *vtt_new(void)
{
	return mem_alloc(sizeof(struct vtt));
}

void vtt_free(struct vtt *vtt)
{
	if (!vtt)
		return;
	for (size_t i = 0; i < vtt->n; i++) {
		free(vtt->cues[i].id);
		free(vtt->cues[i].settings);
		free(vtt->cues[i].text);
	}
	free(vtt->cues);
	free(vtt->styles);
	free(vtt);
}

size_t vtt_cues(const struct vtt *vtt)
{
	return vtt->n;
}

static bool next_line(struct reader *reader, struct line *line)
{
	const char *end;

	if (reader->at >= reader->end)
		return false;
	line->at = reader->at;
	for (end = reader->at; end < reader->end && *end != '\n' && *end != '\r'; end++)
		;
	line->len = (size_t)(end - reader->at);
	if (end + 1 < reader->end && end[0] == '\r' && end[1] == '\n')
		end++;
	reader->at = end + 1;
	return true;
}

static bool begins(const struct line *line, const char *word)
{
	size_t len = strlen(word);

	return line->len >= len && memcmp(line->at, word, len) == 0;
}

/* "[hh:]mm:ss.mmm", up to what is no part of it: *after. */
static bool read_time(const char *text, int64_t *us, const char **after)
{
	uint64_t part[3], ms;
	int n = 0, chars = 0;

	while (n < 3 && sscanf(text, "%9" SCNu64 "%n", &part[n], &chars) == 1) {
		text += chars;
		n++;
		if (*text != ':')
			break;
		text++;
	}
	if (n < 2 || *text != '.' ||
		sscanf(text + 1, "%3" SCNu64 "%n", &ms, &chars) != 1 || chars != 3)
		return false;
	*after = text + 1 + chars;
	uint64_t s = n == 3 ? (part[0] * 60 + part[1]) * 60 + part[2]
			    : part[0] * 60 + part[1];
	*us = (int64_t)(s * 1000 + ms) * 1000;
	return true;
}

/* X-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000, in either order: what is added to a
 * cue's time to make it media time. */
static bool read_map(const char *text, int64_t *shift_us)
{
	const char *mpeg = strstr(text, "MPEGTS:"), *local = strstr(text, "LOCAL:");
	const char *after;
	int64_t local_us;
	uint64_t ticks;

	if (!mpeg || !local || !read_time(local + 6, &local_us, &after) ||
		sscanf(mpeg + 7, "%18" SCNu64, &ticks) != 1)
		return false;
	*shift_us = (int64_t)(ticks / MPEG_HZ) * 1000000 +
		    (int64_t)(ticks % MPEG_HZ * 1000000 / MPEG_HZ) - local_us;
	return true;
}

/* The header's lines up to the first blank one. */
static bool read_header(struct reader *reader, int64_t base_us, int64_t *shift_us)
{
	struct line line;

	*shift_us = 0;
	if (reader->end - reader->at >= 3 && memcmp(reader->at, "\xEF\xBB\xBF", 3) == 0)
		reader->at += 3;
	if (!next_line(reader, &line) || !begins(&line, "WEBVTT"))
		return false;
	while (next_line(reader, &line) && line.len > 0) {
		char text[256];
		int64_t map_us;

		if (!begins(&line, "X-TIMESTAMP-MAP=") || line.len >= sizeof(text))
			continue;
		memcpy(text, line.at, line.len);
		text[line.len] = '\0';
		if (!read_map(text, &map_us))
			continue;
		*shift_us = map_us - base_us;
		if (*shift_us < -MPEG_TURN_US / 2)
			*shift_us += MPEG_TURN_US;
	}
	return true;
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* Whether @cue is there already, or makes one of an earlier segment longer. */
static bool goes_on(struct vtt *vtt, const struct cue *cue)
{
	size_t back = vtt->n < LOOK_BACK ? vtt->n : LOOK_BACK;

	for (size_t i = vtt->n - back; i < vtt->n; i++) {
		struct cue *before = &vtt->cues[i];

		if (before->segment == cue->segment ||
			!same_text(before->text, cue->text) ||
			!same_text(before->settings, cue->settings) ||
			cue->start > before->end + JOIN_US ||
			cue->start < before->start)
			continue;
		if (cue->end > before->end)
			before->end = cue->end;
		return true;
	}
	return false;
}

static int keep(struct vtt *vtt, struct cue *cue, struct err *err)
{
	vtt->bytes += strlen(cue->text) + strlen(cue->settings) + 64;
	if (vtt->bytes > VTT_BYTES_MAX)
		return err_set(err, ERR_PERMANENT,
			"the subtitles are longer than %zu MiB", VTT_BYTES_MAX >> 20);
	if (vtt->n == vtt->room) {
		vtt->room = vtt->room ? 2 * vtt->room : 64;
		vtt->cues = mem_grow(vtt->cues, vtt->room, sizeof(*vtt->cues));
	}
	vtt->cues[vtt->n++] = *cue;
	return 0;
}

/* Lines up to a blank one. Caller frees. */
static char *read_text(struct reader *reader)
{
	struct buf text;
	struct line line;

	buf_init(&text, VTT_BYTES_MAX);
	while (next_line(reader, &line) && line.len > 0) {
		if (text.len)
			buf_char(&text, '\n');
		buf_append(&text, line.at, line.len);
	}
	char *all = mem_strdup(buf_text(&text));
	buf_release(&text);
	return all;
}

static bool read_timing(const struct line *line, struct cue *cue, int64_t shift_us)
{
	char *text = mem_strndup(line->at, line->len);
	const char *after;
	bool good = read_time(text, &cue->start, &after);

	after += good ? strspn(after, " \t") : 0;
	good = good && strncmp(after, "-->", 3) == 0;
	if (good) {
		after += 3;
		after += strspn(after, " \t");
		good = read_time(after, &cue->end, &after);
	}
	if (good) {
		cue->start += shift_us;
		cue->end += shift_us;
		cue->settings = mem_strdup(after + strspn(after, " \t"));
	}
	free(text);
	return good;
}

static int add_cue(struct vtt *vtt, struct reader *reader, const struct line *id,
	const struct line *timing, int64_t shift_us, struct err *err)
{
	struct cue cue = { .segment = vtt->segment };
	int rc = 0;

	if (!read_timing(timing, &cue, shift_us)) {
		free(read_text(reader)); /* as the standard has it: no cue */
		return 0;
	}
	cue.text = read_text(reader);
	if (cue.end > 0 && cue.end > cue.start && !goes_on(vtt, &cue)) {
		if (cue.start < 0)
			cue.start = 0;
		if (id && id->len < 256)
			cue.id = mem_strndup(id->at, id->len);
		rc = keep(vtt, &cue, err);
		if (!rc)
			return 0;
	}
	free(cue.id);
	free(cue.settings);
	free(cue.text);
	return rc;
}

static void add_style(struct vtt *vtt, struct reader *reader, const struct line *first)
{
	char *rest = read_text(reader);
	char *all = mem_printf("%s%.*s\n%s\n\n", vtt->styles ? vtt->styles : "",
		(int)first->len, first->at, rest);

	free(rest);
	free(vtt->styles);
	vtt->styles = all;
}

static bool has_arrow(const struct line *line)
{
	return memmem(line->at, line->len, "-->", 3) != NULL;
}

static int add_block(struct vtt *vtt, struct reader *reader, const struct line *first,
	int64_t shift_us, struct err *err)
{
	struct line timing;

	if (has_arrow(first))
		return add_cue(vtt, reader, NULL, first, shift_us, err);
	if (begins(first, "STYLE") || begins(first, "REGION")) {
		if (vtt->segment == 1 && vtt->n == 0 && first->len < 64)
			add_style(vtt, reader, first);
		else
			free(read_text(reader));
		return 0;
	}
	if (begins(first, "NOTE")) {
		free(read_text(reader));
		return 0;
	}
	if (!next_line(reader, &timing) || timing.len == 0)
		return 0;
	return add_cue(vtt, reader, first, &timing, shift_us, err);
}

int vtt_add(
	struct vtt *vtt, const char *text, size_t len, int64_t base_us, struct err *err)
{
	struct reader reader = { text, text + len };
	struct line line;
	int64_t shift_us;
	int rc = 0;

	if (!read_header(&reader, base_us, &shift_us))
		return err_set(err, ERR_TRANSIENT,
			"a segment of the subtitles does not begin with WEBVTT");
	vtt->segment++;
	while (!rc && next_line(&reader, &line))
		if (line.len > 0)
			rc = add_block(vtt, &reader, &line, shift_us, err);
	return rc;
}

static void write_time(struct buf *out, int64_t us)
{
	int64_t ms = us / 1000;

	buf_printf(out, "%02" PRId64 ":%02" PRId64 ":%02" PRId64 ".%03" PRId64,
		ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

void vtt_write(const struct vtt *vtt, struct buf *out)
{
	buf_str(out, "WEBVTT\n\n");
	if (vtt->styles)
		buf_str(out, vtt->styles);
	for (size_t i = 0; i < vtt->n; i++) {
		const struct cue *cue = &vtt->cues[i];

		if (cue->id)
			buf_printf(out, "%s\n", cue->id);
		write_time(out, cue->start);
		buf_str(out, " --> ");
		write_time(out, cue->end);
		if (*cue->settings)
			buf_printf(out, " %s", cue->settings);
		buf_printf(out, "\n%s\n\n", cue->text);
	}
}
