/*
 * Path templates: parsed anew for each use (they are short), checked and expanded by
 * the same parser so that what passed the check cannot fail later.
 *
 * A template is components between '/'; a component is literal text and {fields}; a
 * field is alternatives between '|'. While expanding, every value is first made a safe
 * component by itself. A component that is then too long loses bytes of its longest
 * values; literal text and the id are the last to be cut, so two assets with one long
 * title stay apart. Nothing here asks whether a path is taken: see
 * template_alternative().
 */
#include "core/template.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PIECES_MAX     32 /* literals and fields of one component */
#define COMPONENTS_MAX 16
#define KEY_MAX        64  /* bytes of a name, metadata key or time format */
#define CREATED_MAX    320 /* KEY_MAX / 2 conversions of "Wednesday" */

enum field_kind {
	FIELD_WORKSPACE,
	FIELD_ID,
	FIELD_TITLE,
	FIELD_STREAM,
	FIELD_CHANNEL,
	FIELD_CREATOR,
	FIELD_TYPE,
	FIELD_PLATFORM,
	FIELD_RESOLUTION,
	FIELD_CREATED,
	FIELD_METADATA,
};

static const struct {
	const char *name;
	enum field_kind kind;
	char separator; /* before the argument; 0: takes none */
} fields[] = {
	{ "workspace", FIELD_WORKSPACE, 0 },
	{ "id", FIELD_ID, 0 },
	{ "title", FIELD_TITLE, 0 },
	{ "stream", FIELD_STREAM, 0 },
	{ "channel", FIELD_CHANNEL, 0 },
	{ "creator", FIELD_CREATOR, 0 },
	{ "type", FIELD_TYPE, 0 },
	{ "platform", FIELD_PLATFORM, 0 },
	{ "resolution", FIELD_RESOLUTION, 0 },
	{ "created", FIELD_CREATED, ':' },
	{ "metadata", FIELD_METADATA, '.' },
};

/* strftime conversions that are short and the same in every locale C runs in. */
static const char time_conversions[] = "YymdeHMSjuGVFbBaA%";

struct alternative {
	enum field_kind kind;
	char argument[KEY_MAX + 1]; /* time format or metadata key */
};

/* A stretch of text within the template. */
struct span {
	const char *text;
	size_t len;
};

struct piece {
	struct span text; /* a literal, or the inside of a field's braces */
	bool field;
};

/* ---- parsing ----------------------------------------------------------------- */

static int check_time_format(const char *format, struct err *err)
{
	if (!*format)
		return err_set(err, ERR_INPUT,
			"{created} needs a format, such as {created:%%Y-%%m-%%d}");
	for (const char *at = format; *at; at++) {
		if (*at == '/')
			return err_set(err, ERR_INPUT,
				"{created:%s} holds a '/'; use one field for each "
				"folder, such as {created:%%Y}/{created:%%m}",
				format);
		if (*at != '%')
			continue;
		at++;
		if (!*at || !strchr(time_conversions, *at))
			return err_set(err, ERR_INPUT,
				"{created:%s} uses %%%c, which is not one of the "
				"conversions %s",
				format, *at ? *at : ' ', time_conversions);
	}
	return 0;
}

static int parse_alternative(struct span span, struct alternative *out, struct err *err)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t n = strlen(fields[i].name);
		bool whole = span.len == n && !fields[i].separator;
		bool bare = span.len == n && fields[i].separator;
		bool argument = span.len > n && fields[i].separator &&
				span.text[n] == fields[i].separator;

		if (span.len < n || memcmp(span.text, fields[i].name, n) != 0 ||
			!(whole || bare || argument))
			continue;
		size_t len = argument ? span.len - n - 1 : 0;
		if (len > KEY_MAX)
			return err_set(err, ERR_INPUT,
				"{%.*s…} is longer than %d bytes", 40, span.text,
				KEY_MAX);
		out->kind = fields[i].kind;
		memcpy(out->argument, span.text + span.len - len, len);
		out->argument[len] = '\0';
		if (out->kind == FIELD_CREATED)
			return check_time_format(out->argument, err);
		if (out->kind == FIELD_METADATA && len == 0)
			return err_set(err, ERR_INPUT,
				"{metadata} needs a key, such as {metadata.team}");
		return 0;
	}
	return err_set(err, ERR_INPUT,
		"{%.*s} is not a field; the fields are workspace, id, title, stream, "
		"channel, creator, type, platform, resolution, created:FORMAT and "
		"metadata.KEY",
		(int)(span.len < 60 ? span.len : 60), span.text);
}

/* Cut the part up to @stop off the front of @span. False when nothing was left. */
static bool span_split(struct span *span, char stop, struct span *part)
{
	if (!span->text)
		return false;
	const char *end = memchr(span->text, stop, span->len);
	*part = (struct span){ span->text,
		end ? (size_t)(end - span->text) : span->len };
	if (end) {
		span->len -= part->len + 1;
		span->text = end + 1;
	} else {
		span->text = NULL;
	}
	return true;
}

static int check_literal(struct span literal, struct err *err)
{
	for (size_t i = 0; i < literal.len; i++) {
		unsigned char c = (unsigned char)literal.text[i];
		if (c < 0x20 || c == 0x7F)
			return err_set(err, ERR_INPUT, "it holds a control character");
		if (c == '}')
			return err_set(err, ERR_INPUT, "a '}' has no '{' before it");
	}
	return 0;
}

static int check_field(struct span inside, struct err *err)
{
	struct alternative alternative;
	struct span part;

	while (span_split(&inside, '|', &part)) {
		int rc = parse_alternative(part, &alternative, err);
		if (rc)
			return rc;
	}
	return 0;
}

/* The next piece of *at up to the '/' or the end of the component. False at its end;
 * also on an error, which is then in @err. */
static bool next_piece(const char **at, struct piece *piece, struct err *err)
{
	const char *text = *at;

	if (*text == '\0' || *text == '/')
		return false;
	piece->field = *text == '{';
	if (piece->field) {
		size_t n = strcspn(text + 1, "{}");
		piece->text = (struct span){ text + 1, n };
		if (text[1 + n] != '}') {
			err_set(err, ERR_INPUT, "a '{' is not closed");
			return false;
		}
		*at = text + n + 2;
		return check_field(piece->text, err) == 0;
	}
	piece->text = (struct span){ text, strcspn(text, "{/") };
	*at = text + piece->text.len;
	return check_literal(piece->text, err) == 0;
}

/* Pieces of the component at *at, which moves behind its '/'. Returns how many, or -1.
 */
static int parse_component(
	const char **at, struct piece pieces[PIECES_MAX], struct err *err)
{
	struct err problem = { 0 };
	struct piece piece;
	int n = 0;

	while (next_piece(at, &piece, &problem)) {
		if (n == PIECES_MAX) {
			err_set(err, ERR_INPUT, "one folder of it has over %d parts",
				PIECES_MAX);
			return -1;
		}
		pieces[n++] = piece;
	}
	if (problem.class != ERR_NONE) {
		err_set(err, problem.class, "%s", problem.text);
		return -1;
	}
	if (**at == '/')
		(*at)++;
	return n;
}

int template_check(const char *text, struct err *err)
{
	struct piece pieces[PIECES_MAX];
	const char *at = text;
	int components = 0;

	if (!*text)
		return err_set(err, ERR_INPUT, "it is empty");
	if (*text == '/')
		return err_set(err, ERR_INPUT,
			"it begins with '/'; paths are relative to archive_dir");
	if (text[strlen(text) - 1] == '/')
		return err_set(err, ERR_INPUT, "it ends with '/' and so names no file");
	while (*at) {
		int n = parse_component(&at, pieces, err);
		if (n < 0)
			return -(int)ERR_INPUT;
		if (n == 0)
			return err_set(err, ERR_INPUT, "it has an empty folder name");
		if (!pieces[0].field && pieces[0].text.text[0] == '.')
			return err_set(
				err, ERR_INPUT, "one of its names begins with a dot");
		if (++components > COMPONENTS_MAX)
			return err_set(err, ERR_INPUT, "it is over %d folders deep",
				COMPONENTS_MAX);
	}
	return 0;
}

/* ---- one safe component ------------------------------------------------------ */

enum treatment { TAKE, DROP, AS_SPACE, AS_UNDERSCORE };

/* What becomes of a code point: text that a terminal, a shell listing or a reader could
 * take for something else has no place in a file name. */
static enum treatment treatment_of(uint32_t c)
{
	if (c == '/')
		return AS_UNDERSCORE;
	if ((c >= '\t' && c <= '\r') || c == ' ' || c == 0x85 || c == 0x2028 ||
		c == 0x2029)
		return AS_SPACE;
	if (c < 0x20 || (c >= 0x7F && c <= 0x9F))
		return DROP;
	if (c == 0x61C || c == 0x200B || c == 0x200E || c == 0x200F || c == 0xFEFF ||
		(c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2069) ||
		(c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F))
		return DROP;
	return TAKE;
}

static bool is_trimmed(char c)
{
	return c == ' ' || c == '.';
}

/* Cut @text to @max bytes on a character, and what may not end a name. */
static void cut(char *text, size_t max)
{
	size_t len = strlen(text);

	if (len > max)
		len = utf8_trim(text, max);
	while (len > 0 && is_trimmed(text[len - 1]))
		len--;
	text[len] = '\0';
}

char *template_component(const char *text, size_t max)
{
	/* An invalid byte becomes the three of U+FFFD. Four times max bounds the work
	 * on a text of any size and still leaves max bytes when spaces collapse. */
	size_t limit = 4 * max + 64;
	size_t len = strnlen(text, limit);
	if (len == limit)
		len = utf8_trim(text, len);
	char *out = mem_alloc(3 * len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		uint32_t c = 0;
		size_t bytes = utf8_sequence(text + i, len - i, &c);
		enum treatment treatment = bytes ? treatment_of(c) : TAKE;

		if (treatment == AS_UNDERSCORE) {
			out[n++] = '_';
		} else if (treatment == AS_SPACE) {
			if (n > 0 && out[n - 1] != ' ')
				out[n++] = ' ';
		} else if (treatment == TAKE && !(n == 0 && c == '.')) {
			const char *from = bytes ? text + i : UTF8_REPLACEMENT;
			size_t size = bytes ? bytes : sizeof(UTF8_REPLACEMENT) - 1;
			memcpy(out + n, from, size);
			n += size;
		}
		i += bytes ? bytes : 1;
	}
	out[n] = '\0';
	cut(out, max);
	return out;
}

/* ---- expansion --------------------------------------------------------------- */

static char *created_text(int64_t created_ns, const char *format)
{
	char text[CREATED_MAX];
	time_t seconds = (time_t)(created_ns / NS_PER_S);
	struct tm tm;

	if (created_ns == 0 || !gmtime_r(&seconds, &tm))
		return NULL;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* check_time_format() saw it */
	size_t n = strftime(text, sizeof(text), format, &tm);
#pragma GCC diagnostic pop
	return n ? mem_strdup(text) : NULL;
}

static char *metadata_text(const struct facts *facts, const char *key)
{
	char scratch[32];
	return mem_strdup(facts_scalar(facts_metadata(facts, key), scratch));
}

/* The raw value, or NULL when it is not known; caller frees. */
static char *value_of(
	const struct alternative *field, const struct template_input *input)
{
	const struct facts *facts = input->facts;
	char resolution[16];

	switch (field->kind) {
	case FIELD_WORKSPACE:
		return mem_strdup(input->workspace);
	case FIELD_ID:
		return mem_strdup(input->id);
	case FIELD_TITLE:
		return mem_strdup(facts->title);
	case FIELD_STREAM:
		return mem_strdup(facts->stream);
	case FIELD_CHANNEL:
		return mem_strdup(facts->channel);
	case FIELD_CREATOR:
		return mem_strdup(facts->creator);
	case FIELD_TYPE:
		return mem_strdup(facts->type);
	case FIELD_PLATFORM:
		return mem_strdup(input->platform);
	case FIELD_RESOLUTION:
		facts_resolution(facts, resolution);
		return mem_strdup(resolution);
	case FIELD_CREATED:
		return created_text(facts->created_ns, field->argument);
	case FIELD_METADATA:
		return metadata_text(facts, field->argument);
	}
	return NULL;
}

struct part {
	char *text;
	bool may_be_cut; /* a value, and not the id */
};

/* The first alternative with something to show. Without any: "unknown-date" where a
 * date was asked for last, else nothing. */
static struct part expand_field(struct span inside, const struct template_input *input)
{
	struct alternative field = { .kind = FIELD_ID };
	struct span span;

	while (span_split(&inside, '|', &span)) {
		if (parse_alternative(span, &field, NULL))
			continue;
		char *raw = value_of(&field, input);
		char *safe = template_component(raw ? raw : "", TEMPLATE_BASE_MAX);
		free(raw);
		if (*safe)
			return (struct part){ safe, field.kind != FIELD_ID };
		free(safe);
	}
	return (struct part){
		mem_strdup(field.kind == FIELD_CREATED ? "unknown-date" : ""), false
	};
}

static size_t parts_length(const struct part *parts, int n)
{
	size_t total = 0;
	for (int i = 0; i < n; i++)
		total += strlen(parts[i].text);
	return total;
}

/* Shorten the longest value again and again until all fits, or no value is left to cut.
 */
static void fit_parts(struct part *parts, int n, size_t max)
{
	for (;;) {
		size_t total = parts_length(parts, n);
		struct part *longest = NULL;
		if (total <= max)
			return;
		for (int i = 0; i < n; i++)
			if (parts[i].may_be_cut &&
				(!longest ||
					strlen(parts[i].text) > strlen(longest->text)))
				longest = &parts[i];
		if (!longest || !*longest->text)
			return;
		size_t len = strlen(longest->text);
		size_t over = total - max;
		/* In small steps, so that several long values share the loss. */
		size_t step = over < 16 ? over : 16;
		cut(longest->text, len > step ? len - step : 0);
	}
}

/* Expand the component at *at and move behind it; caller frees. The last one is the
 * file's own name and keeps its room. */
static char *expand_component(
	const char **at, const struct template_input *input, size_t folder_max)
{
	struct piece pieces[PIECES_MAX];
	struct part parts[PIECES_MAX];
	int n = parse_component(at, pieces, NULL);
	size_t max = **at ? folder_max : TEMPLATE_BASE_MAX;

	for (int i = 0; i < n; i++) {
		if (pieces[i].field)
			parts[i] = expand_field(pieces[i].text, input);
		else
			parts[i] = (struct part){
				mem_strndup(pieces[i].text.text, pieces[i].text.len),
				false,
			};
	}
	fit_parts(parts, n, max);

	char *joined = mem_alloc((n > 0 ? parts_length(parts, n) : 0) + 1);
	char *end = joined;
	for (int i = 0; i < n; i++) {
		end = stpcpy(end, parts[i].text);
		free(parts[i].text);
	}
	char *safe = template_component(joined, max);
	free(joined);
	if (!*safe)
		mem_replace(&safe, "_");
	return safe;
}

static char *expand_within(
	const char *text, const struct template_input *input, size_t folder_max)
{
	size_t room = (size_t)COMPONENTS_MAX * (TEMPLATE_BASE_MAX + 1);
	char *path = mem_alloc(room + 1);
	char *end = path;

	for (const char *at = text; *at;) {
		char *name = expand_component(&at, input, folder_max);
		if (end != path)
			*end++ = '/';
		end = stpcpy(end, name);
		free(name);
	}
	return path;
}

char *template_expand(const char *text, const struct template_input *input)
{
	/* With COMPONENTS_MAX folders of 48 bytes the path is below TEMPLATE_PATH_MAX.
	 */
	for (size_t max = TEMPLATE_BASE_MAX;; max -= 12) {
		char *path = expand_within(text, input, max);
		if (strlen(path) <= TEMPLATE_PATH_MAX || max <= 48)
			return path;
		free(path);
	}
}

char *template_alternative(const char *base, const char *id)
{
	char *safe = template_component(id, 8);
	char *out = mem_printf("%s~%s", base, safe);
	free(safe);
	return out;
}
