/*
 * Text for people and terminals: clean, cut, padded, in columns. Titles come from
 * strangers: nothing here lets a control character through. Pure.
 */
#ifndef VODKEEP_CLI_TEXT_H
#define VODKEEP_CLI_TEXT_H

#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>

/* What is written on. */
struct text_page {
	size_t width;  /* columns */
	size_t height; /* lines; 0: as many as it takes */
	bool color;
};

/* Append @text (NULL: "-"), with whatever could steer a terminal or is not UTF-8
 * replaced by U+FFFD, and piles of combining marks made lower. */
void text_clean(struct buf *out, const char *text);
/* Append @before and cleaned @text, or nothing where @text is NULL. */
void text_if(struct buf *out, const char *before, const char *text);
/* Columns a terminal gives to cleaned @text. */
size_t text_width(const char *text);
/* Append @path so that a shell takes it for one word: as it is where that does, else in
 * quotation marks; what could steer a terminal is escaped. */
void text_quoted(struct buf *out, const char *path);
/* Append cleaned @text, cut to @width columns with an ellipsis where it is longer. */
void text_fit(struct buf *out, const char *text, size_t width);
/* Append cleaned @text, broken at blanks into lines of at most @width columns; of the
 * first line @used are taken already, the others begin with @indent blanks. */
void text_wrap(
	struct buf *out, const char *text, size_t used, size_t indent, size_t width);
enum text_style { TEXT_PLAIN, TEXT_BOLD, TEXT_GOOD, TEXT_ALARM };
/* What follows is shown in this style; appends nothing unless @color. */
void text_style(struct buf *out, bool color, enum text_style style);
/* "[#####.....]" of @width columns in all. */
void text_bar(struct buf *out, int64_t done, int64_t total, size_t width);
/* "42s", "3m 10s", "2h 05m", "3d 4h". */
void text_span(int64_t seconds, char out[32]);
/* RFC 3339 as local time with zone; "-" for NULL or what is not a time. */
void text_time(const char *rfc3339, char out[40]);
/* "1.4 GiB", "-" for a negative size. */
void text_size(int64_t bytes, char out[32]);

#define TABLE_COLUMNS 8

/* Rows of cells; the last column takes the room that is left, and is dropped where that
 * is less than TABLE_REST_MIN columns. */
#define TABLE_REST_MIN 8
struct table {
	size_t n_columns;
	unsigned right; /* bit set: column is aligned to the right */
	char **cells;   /* cleaned; row by row */
	size_t n_cells;
};
void table_init(struct table *table, size_t n_columns, unsigned right);
/* The next cell, cleaned; rows fill from the left. */
void table_cell(struct table *table, const char *text);
/* Append the rows, each after @indent spaces, at most @width columns: where the last
 * column is not enough, the widest of the others are cut too. */
void table_print(
	const struct table *table, size_t indent, size_t width, struct buf *out);
void table_release(struct table *table);

#endif
