/*
 * The text of a playlist cut up: attribute lists, the variables that strings may hold,
 * and where the strings live.
 */
#include <config.h>

#include "media/m3u8_priv.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/url.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 8

int m3u8_bad(struct m3u8_reader *reader, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(reader->err, ERR_TRANSIENT, "line %d of the playlist %s",
		reader->line, what);
}

int m3u8_beyond(struct m3u8_reader *reader, const char *what, size_t max)
{
	return err_set(reader->err, ERR_PERMANENT,
		"the playlist has more than %zu %s, which is beyond what vodkeep reads",
		max, what);
}

void *m3u8_slot(void *array, size_t n, size_t size)
{
	bool full = n == 0 || (n >= SLOTS_FIRST && (n & (n - 1)) == 0);

	if (full)
		array = mem_grow(array, n ? 2 * n : SLOTS_FIRST, size);
	memset((char *)array + n * size, 0, size);
	return array;
}

void m3u8_text_free(struct m3u8_text *text)
{
	if (!text)
		return;
	for (size_t i = 0; i < text->n_more; i++)
		free(text->more[i]);
	free(text->more);
	free(text->copy);
	free(text);
}

/* Hand @text, owned, to the list. NULL when it holds too much then. */
static const char *keep(struct m3u8_reader *reader, char *owned)
{
	struct m3u8_text *text = reader->list->text;

	text->more = m3u8_slot(text->more, text->n_more, sizeof(*text->more));
	text->more[text->n_more++] = owned;
	text->more_bytes += strlen(owned) + 1;
	return text->more_bytes > M3U8_BYTES_MAX ? NULL : owned;
}

static const char *value_of(const struct m3u8_text *text, const char *name, size_t len)
{
	for (size_t i = 0; i < text->n_variables; i++)
		if (strlen(text->variables[i].name) == len &&
			memcmp(text->variables[i].name, name, len) == 0)
			return text->variables[i].value;
	return NULL;
}

/* Length of the name in "{$name}" at @at; 0: that is none. */
static size_t reference_len(const char *at)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	size_t len = strspn(at + 2, allowed);

	return at[2 + len] == '}' ? len : 0;
}

/* Append @text to @out, each variable replaced. */
static int put_expanded(struct m3u8_reader *reader, const char *text, struct buf *out)
{
	const char *at;

	while ((at = strstr(text, "{$"))) {
		size_t len = reference_len(at);
		const char *value;
		buf_append(out, text, (size_t)(at - text));
		text = at + 2;
		if (len == 0) {
			buf_str(out, "{$");
			continue;
		}
		value = value_of(reader->list->text, text, len);
		if (!value)
			return m3u8_bad(reader,
				"uses the variable \"%.*s\", which nothing defines",
				len < 64 ? (int)len : 64, text);
		buf_str(out, value);
		text += len + 1;
	}
	buf_str(out, text);
	return 0;
}

int m3u8_expand(struct m3u8_reader *reader, const char *text, const char **out)
{
	struct buf buf;

	*out = text;
	if (!strstr(text, "{$"))
		return 0;
	buf_init(&buf, M3U8_LINE_MAX);
	int rc = put_expanded(reader, text, &buf);
	if (rc == 0 && buf.overflow)
		rc = m3u8_beyond(reader, "bytes in a line", M3U8_LINE_MAX);
	if (rc == 0) {
		*out = keep(reader, buf_steal(&buf));
		if (!*out)
			rc = m3u8_beyond(reader, "bytes of variables", M3U8_BYTES_MAX);
	}
	buf_release(&buf);
	return rc;
}

struct attribute {
	char *name;
	char *value;
	bool quoted;
};

static char *skip_spaces(char *at)
{
	return at + strspn(at, " \t");
}

static void cut_spaces(char *text)
{
	size_t len = strlen(text);

	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		text[--len] = '\0';
}

/* The attribute at *at, NUL-terminated in place; *at moves to the next. 1, 0 at the
 * end, or a negative class. */
static int next_attribute(
	struct m3u8_reader *reader, char **at, struct attribute *attribute)
{
	char *end;

	*at += strspn(*at, " \t,");
	if (!**at)
		return 0;
	attribute->name = *at;
	*at += strcspn(*at, "=,");
	if (**at != '=') /* a word alone: nothing that we know has none */
		return m3u8_bad(reader, "has an attribute without a value");
	*(*at)++ = '\0';
	cut_spaces(attribute->name);
	*at = skip_spaces(*at);
	attribute->quoted = **at == '"';
	attribute->value = *at + attribute->quoted;
	end = attribute->value +
	      strcspn(attribute->value, attribute->quoted ? "\"" : ",");
	if (attribute->quoted && !*end)
		return m3u8_bad(reader, "has a quote that does not end");
	*at = *end ? end + 1 : end;
	*end = '\0';
	if (!attribute->quoted)
		cut_spaces(attribute->value);
	return 1;
}

static int read_field(struct m3u8_reader *reader, const struct attribute *attribute,
	const struct m3u8_field *field, void *out)
{
	const char *value;
	int rc = m3u8_expand(reader, attribute->value, &value);

	if (rc)
		return rc;
	if (!field->read(value, (char *)out + field->offset) && field->strict)
		return m3u8_bad(reader, "has a value of %s that is none", field->name);
	return 0;
}

int m3u8_read_fields(struct m3u8_reader *reader, char *text,
	const struct m3u8_field *fields, void *out)
{
	struct attribute attribute = { 0 };
	int rc;

	while ((rc = next_attribute(reader, &text, &attribute)) > 0) {
		const struct m3u8_field *field = fields;
		while (field->name && strcmp(field->name, attribute.name) != 0)
			field++;
		if (!field->name)
			continue;
		rc = read_field(reader, &attribute, field, out);
		if (rc)
			return rc;
	}
	return rc;
}

struct definition {
	const char *name;
	const char *value;
	const char *import;
	const char *query;
};

/* clang-format off */
static const struct m3u8_field define_fields[] = {
	{ "NAME",       m3u8_to_string, offsetof(struct definition, name),   true },
	{ "VALUE",      m3u8_to_string, offsetof(struct definition, value),  true },
	{ "IMPORT",     m3u8_to_string, offsetof(struct definition, import), true },
	{ "QUERYPARAM", m3u8_to_string, offsetof(struct definition, query),  true },
	{ NULL, NULL, 0, false },
};
/* clang-format on */

/* Where @definition has its value from, if not from itself. */
static int find_value(struct m3u8_reader *reader, struct definition *definition)
{
	const struct m3u8_origin *origin = reader->origin;
	char *value = NULL;

	if (definition->import) {
		definition->name = definition->import;
		if (origin && origin->master && origin->master->text)
			value = mem_strdup(value_of(origin->master->text,
				definition->name, strlen(definition->name)));
	} else if (definition->query) {
		definition->name = definition->query;
		if (origin && origin->url)
			value = url_query_value(origin->url, definition->name);
	}
	if (!definition->name || (!value && !definition->value))
		return m3u8_bad(reader, "defines a variable that has no value");
	if (value)
		definition->value = keep(reader, value);
	return definition->value
		       ? 0
		       : m3u8_beyond(reader, "bytes of variables", M3U8_BYTES_MAX);
}

int m3u8_define(struct m3u8_reader *reader, char *value)
{
	struct m3u8_text *text = reader->list->text;
	struct definition definition = { 0 };
	int rc = m3u8_read_fields(reader, value, define_fields, &definition);

	if (rc == 0)
		rc = find_value(reader, &definition);
	if (rc)
		return rc;
	if (text->n_variables == M3U8_VARIABLES_MAX)
		return m3u8_beyond(reader, "variables", M3U8_VARIABLES_MAX);
	text->variables[text->n_variables++] =
		(struct m3u8_variable){ definition.name, definition.value };
	return 0;
}
