/*
 * Findings: wording, order, and the guess at what was meant.
 */
#include <config.h> /* the build's, for vasprintf */

#include "core/config_read.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTES_MAX     500 /* a file that is no configuration would fill memory */
#define NAME_MAX_SEEN 40

static void note(struct reading *reading, bool warning, struct place at,
	const char *where, const char *text)
{
	struct config_notes *notes = reading->notes;

	if (!warning)
		notes->errors++;
	if (notes->count > NOTES_MAX)
		return;
	if (notes->count == NOTES_MAX) {
		where = "";
		text = "there is more to say than this";
	}
	notes->notes = mem_grow(notes->notes, notes->count + 1, sizeof(*notes->notes));
	notes->notes[notes->count++] = (struct config_note){
		.warning = warning,
		.text = at.line ? mem_printf("%s:%d: %s%s",
					  reading->config->files.items[at.file],
					  at.line, where, text)
				: mem_printf("%s: %s%s",
					  reading->config->files.items[at.file], where,
					  text),
		.file = at.file,
		.line = at.line,
	};
}

static void note_about(struct reading *reading, bool warning, struct place at,
	const char *title, const char *key, const char *fmt, va_list args)
{
	char *text = NULL;
	char *where = !title ? mem_strdup("")
		      : key  ? mem_printf("[%s] %s: ", title, key)
			     : mem_printf("[%s]: ", title);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* checked at the callers */
	if (vasprintf(&text, fmt, args) < 0)
		abort();
#pragma GCC diagnostic pop
	note(reading, warning, at, where, text);
	free(where);
	free(text);
}

void note_error(struct reading *reading, struct place at, const char *title,
	const char *key, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	note_about(reading, false, at, title, key, fmt, args);
	va_end(args);
}

void note_warning(struct reading *reading, struct place at, const char *title,
	const char *key, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	note_about(reading, true, at, title, key, fmt, args);
	va_end(args);
}

/* Insertion keeps the order of what is at one place; notes are few. */
void notes_sort(struct config_notes *notes)
{
	for (size_t i = 1; i < notes->count; i++) {
		struct config_note moving = notes->notes[i];
		size_t k = i;
		for (; k > 0; k--) {
			const struct config_note *before = &notes->notes[k - 1];
			if (before->file < moving.file ||
				(before->file == moving.file &&
					before->line <= moving.line))
				break;
			notes->notes[k] = *before;
		}
		notes->notes[k] = moving;
	}
}

void config_notes_release(struct config_notes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		free(notes->notes[i].text);
	free(notes->notes);
	*notes = (struct config_notes){ 0 };
}

/* Levenshtein's distance, by rows. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[NAME_MAX_SEEN + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t above = row[j];
			size_t best = diagonal + (a[i - 1] != b[j - 1]);
			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[b_len];
}

bool name_is_close(const char *name, const char *known)
{
	size_t name_len = strlen(name);
	size_t known_len = strlen(known);

	if (known_len < 3 || name_len > NAME_MAX_SEEN || known_len > NAME_MAX_SEEN)
		return false;
	return distance(name, name_len, known, known_len) <= (known_len < 5 ? 1 : 2);
}
