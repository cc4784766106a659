/*
 * One pass over the characters each; how wide one is says text_width.c.
 */
#include <config.h>

#include "cli/text.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/text_width.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELL_MAX  4096
#define ELLIPSIS  "\xE2\x80\xA6"
#define MARKS_MAX 8 /* on one character; piles of them run into other lines */

struct range {
	uint32_t first, last;
};

static const struct range unsafe_ranges[] = {
	{ 0x00, 0x1F },     /* C0 */
	{ 0x7F, 0x9F },     /* DEL, C1 */
	{ 0x61C, 0x61C },   /* direction mark */
	{ 0x200E, 0x200F }, /* direction marks */
	{ 0x2028, 0x202E }, /* separators, direction overrides */
	{ 0x2066, 0x2069 }, /* isolates */
	{ 0xFEFF, 0xFEFF }, { 0xFFF9, 0xFFFB }, { 0xE0000, 0xE007F }, /* tags */
};

#define IN(code, ranges) in_ranges(code, ranges, sizeof(ranges) / sizeof(*(ranges)))

static bool in_ranges(uint32_t code, const struct range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

void text_clean(struct buf *out, const char *text)
{
	size_t len, n;
	unsigned marks = 0;
	uint32_t code;

	if (!text)
		text = "-";
	for (len = strlen(text); len > 0; text += n, len -= n) {
		n = utf8_sequence(text, len, &code);
		marks = n && text_code_width(code) == 0 ? marks + 1 : 0;
		if (n == 0 || IN(code, unsafe_ranges)) {
			buf_str(out, UTF8_REPLACEMENT);
			n = n ? n : 1;
		} else if (marks <= MARKS_MAX) {
			buf_append(out, text, n);
		}
	}
}

void text_if(struct buf *out, const char *before, const char *text)
{
	if (!text)
		return;
	buf_str(out, before);
	text_clean(out, text);
}

static bool is_plain(const char *path)
{
	if (!*path || *path == '~')
		return false;
	for (const char *at = path; *at; at++)
		if (!(*at & 0x80) && !isalnum((unsigned char)*at) &&
			!strchr("_@%+=:,./-~", *at))
			return false;
	return true;
}

/* $'…', which bash, zsh and the POSIX shell of 2024 know. */
static void quote_bytes(struct buf *out, const char *path)
{
	buf_str(out, "$'");
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;

		if (c == '\'' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c < 0x20 || c >= 0x7F)
			buf_printf(out, "\\x%02X", c);
		else
			buf_char(out, (char)c);
	}
	buf_char(out, '\'');
}

void text_quoted(struct buf *out, const char *path)
{
	struct buf clean;
	bool same;

	if (!path) {
		text_clean(out, path);
		return;
	}
	buf_init(&clean, 3 * strlen(path) + 1);
	text_clean(&clean, path);
	same = strcmp(buf_text(&clean), path) == 0;
	buf_release(&clean);
	if (!same) {
		quote_bytes(out, path);
	} else if (is_plain(path)) {
		buf_str(out, path);
	} else {
		buf_char(out, '\'');
		for (; *path; path++)
			buf_printf(out, *path == '\'' ? "'\\''" : "%c", *path);
		buf_char(out, '\'');
	}
}

size_t text_width(const char *text)
{
	size_t len = strlen(text), width = 0, n;
	uint32_t code;

	for (; len > 0; text += n, len -= n) {
		n = utf8_sequence(text, len, &code);
		width += n ? text_code_width(code) : 1;
		n = n ? n : 1;
	}
	return width;
}

/* Bytes of cleaned @text that fill at most @width columns. */
static size_t prefix_bytes(const char *text, size_t width)
{
	size_t len = strlen(text), used = 0, bytes = 0;
	uint32_t code;

	while (bytes < len) {
		size_t n = utf8_sequence(text + bytes, len - bytes, &code);
		size_t w = n ? text_code_width(code) : 1;
		if (used + w > width)
			break;
		used += w;
		bytes += n ? n : 1;
	}
	return bytes;
}

void text_fit(struct buf *out, const char *text, size_t width)
{
	struct buf clean;

	buf_init(&clean, CELL_MAX);
	text_clean(&clean, text);
	if (text_width(buf_text(&clean)) <= width) {
		buf_str(out, buf_text(&clean));
	} else if (width > 0) {
		buf_append(out, clean.data, prefix_bytes(clean.data, width - 1));
		buf_str(out, ELLIPSIS);
	}
	buf_release(&clean);
}

/* Bytes of @text for one line: up to the last blank that leaves it within @width, or as
 * much as fits where a word is longer than that. */
static size_t line_bytes(const char *text, size_t width)
{
	size_t fits = prefix_bytes(text, width);
	size_t end = fits;

	if (!text[fits])
		return fits;
	while (end > 0 && text[end] != ' ')
		end--;
	if (end > 0)
		return end;
	return fits > 0 ? fits : strlen(text);
}

void text_wrap(
	struct buf *out, const char *text, size_t used, size_t indent, size_t width)
{
	size_t room = width > used ? width - used : 1;

	for (;;) {
		size_t bytes = line_bytes(text, room);

		buf_append(out, text, bytes);
		text += bytes;
		text += strspn(text, " ");
		if (!*text)
			return;
		buf_printf(out, "\n%*s", (int)indent, "");
		room = width > indent ? width - indent : 1;
	}
}

void text_style(struct buf *out, bool color, enum text_style style)
{
	static const char *const codes[] = {
		[TEXT_PLAIN] = "\033[0m",
		[TEXT_BOLD] = "\033[1m",
		[TEXT_GOOD] = "\033[32m",
		[TEXT_ALARM] = "\033[33m",
	};

	if (color)
		buf_str(out, codes[style]);
}

void text_bar(struct buf *out, int64_t done, int64_t total, size_t width)
{
	size_t inside = width > 2 ? width - 2 : 0;
	size_t filled = 0;

	if (total > 0 && done > 0)
		filled = done >= total ? inside
				       : (size_t)((double)done / (double)total *
						  (double)inside);
	buf_char(out, '[');
	for (size_t i = 0; i < inside; i++)
		buf_char(out, i < filled ? '#' : '.');
	buf_char(out, ']');
}

void text_span(int64_t seconds, char out[32])
{
	long long s = seconds > 0 ? (long long)seconds : 0;

	if (s < 60)
		snprintf(out, 32, "%llds", s);
	else if (s < 3600)
		snprintf(out, 32, "%lldm %02llds", s / 60, s % 60);
	else if (s < 86400)
		snprintf(out, 32, "%lldh %02lldm", s / 3600, s % 3600 / 60);
	else
		snprintf(out, 32, "%lldd %lldh", s / 86400, s % 86400 / 3600);
}

void text_time(const char *rfc3339, char out[40])
{
	int64_t ns;

	if (rfc3339 && time_parse(rfc3339, strlen(rfc3339), &ns, NULL) == 0)
		time_format_local(ns, out);
	else
		snprintf(out, 40, "-");
}

void text_size(int64_t bytes, char out[32])
{
	if (bytes < 0)
		snprintf(out, 32, "-");
	else
		size_format_human(bytes, out);
}

void table_init(struct table *table, size_t n_columns, unsigned right)
{
	*table = (struct table){ .n_columns = n_columns, .right = right };
}

void table_cell(struct table *table, const char *text)
{
	struct buf clean;

	buf_init(&clean, CELL_MAX);
	text_clean(&clean, text);
	table->cells =
		mem_grow(table->cells, table->n_cells + 1, sizeof(*table->cells));
	table->cells[table->n_cells++] = mem_strdup(buf_text(&clean));
	buf_release(&clean);
}

static void pad(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_char(out, ' ');
}

static void print_cell(
	const char *text, size_t width, bool right, bool last, struct buf *out)
{
	size_t own = text_width(text);
	size_t room = own < width ? width - own : 0;

	if (right)
		pad(out, room);
	text_fit(out, text, width);
	if (!right && !last)
		pad(out, room);
	if (!last)
		pad(out, 2);
}

/* Without the blanks that empty cells leave behind. */
static void end_row(struct buf *out)
{
	while (out->len > 0 && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	buf_char(out, '\n');
}

/* Cut the widest of the first @n columns until they fill at most @width with their
 * gaps, or none is wider than TABLE_REST_MIN. */
static void shrink(size_t widths[TABLE_COLUMNS], size_t n, size_t width)
{
	size_t used = 0, widest = 0;

	for (size_t c = 0; c < n; c++)
		used += widths[c] + (c ? 2 : 0);
	while (used > width) {
		for (size_t c = 0; c < n; c++)
			if (widths[c] > widths[widest])
				widest = c;
		if (widths[widest] <= TABLE_REST_MIN)
			return;
		widths[widest]--;
		used--;
	}
}

void table_print(
	const struct table *table, size_t indent, size_t width, struct buf *out)
{
	size_t widths[TABLE_COLUMNS] = { 0 };
	size_t n = table->n_columns, used = indent;

	for (size_t i = 0; i < table->n_cells; i++) {
		size_t own = text_width(table->cells[i]);
		if (own > widths[i % n])
			widths[i % n] = own;
	}
	shrink(widths, n - 1, width > indent ? width - indent : 0);
	for (size_t c = 0; c + 1 < n; c++)
		used += widths[c] + 2;
	size_t rest = width > used ? width - used : 0;
	size_t shown = widths[n - 1] > rest && rest < TABLE_REST_MIN ? n - 1 : n;
	if (widths[n - 1] > rest)
		widths[n - 1] = rest;
	for (size_t i = 0; i < table->n_cells; i++) {
		size_t c = i % n;
		if (c >= shown)
			continue;
		if (c == 0)
			pad(out, indent);
		print_cell(table->cells[i], widths[c], table->right & (1u << c),
			c + 1 == shown, out);
		if (c + 1 == shown)
			end_row(out);
	}
}

void table_release(struct table *table)
{
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct table){ 0 };
}
