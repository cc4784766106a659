/*
 * Cutting inputs up, and the promises that several modules make.
 */
#include <config.h>

#include "fuzz.h"

#include "base/mem.h"
#include "base/utf8.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void fuzz_broken(const char *file, int line, const char *promise)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, promise);
	abort();
}

char *fuzz_text(const uint8_t *data, size_t size)
{
	return size ? mem_strndup((const char *)data, size) : mem_strdup("");
}

char *fuzz_line(struct fuzz_input *in)
{
	const uint8_t *end = in->size ? memchr(in->data, '\n', in->size) : NULL;
	size_t len = end ? (size_t)(end - in->data) : in->size;
	char *line = fuzz_text(in->data, len);

	len += end != NULL;
	in->data += len;
	in->size -= len;
	return line;
}

bool fuzz_is_utf8(const char *text)
{
	size_t len = strlen(text);
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = utf8_sequence(text + i, len - i, NULL);
		if (n == 0)
			return false;
	}
	return true;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Whether a scheme ends at @end; it begins at @text or later. */
static bool has_scheme(const char *text, const char *end)
{
	while (end > text && (is_letter(end[-1]) || strchr("0123456789+-.", end[-1]))) {
		if (is_letter(end[-1]))
			return true;
		end--;
	}
	return false;
}

/* @query follows a '?'; a sentence may have been cut within the stars. */
static bool is_hidden(const char *query, size_t len)
{
	return len >= 3 ? memcmp(query, "***", 3) == 0
			: memcmp(query, "***", len) == 0 && query[len] == '\0';
}

bool fuzz_urls_are_harmless(const char *text)
{
	const char *from = text;
	const char *at;

	while (from && (at = strstr(from, "://"))) {
		const char *authority = at + 3;
		size_t word = strcspn(authority, " \t\r\n\"'<>`");
		size_t host = strcspn(authority, "/?#\\");
		const char *query = memchr(authority, '?', word);

		from = authority;
		if (!has_scheme(text, at))
			continue;
		if (memchr(authority, '@', host < word ? host : word) ||
			memchr(authority, '#', word))
			return false;
		if (query &&
			!is_hidden(query + 1, word - (size_t)(query + 1 - authority)))
			return false;
	}
	return true;
}

void fuzz_result_holds(int rc, const struct err *err)
{
	if (rc == 0)
		return;
	HOLDS(rc < 0 && -rc < ERR_CLASSES);
	HOLDS((int)err->class == -rc);
	HOLDS(err->text[0] != '\0');
	HOLDS(strlen(err->text) < sizeof(err->text));
}
