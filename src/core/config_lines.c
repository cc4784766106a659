/*
 * Lines of a file into sections and settings.
 *
 * inih splits "key = value ; comment" and is fed one line at a time by next_line(),
 * which does what inih does not tell us of: it counts lines, refuses what inih would
 * cut off, and knows where sections begin. A line that was refused is passed on as
 * empty. Leading blanks are removed, so that an indented line is a setting and not, as
 * in Python, more of the value above it.
 */
#include "core/config_read.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SECTIONS_MAX     1000
#define SECTION_NAME_MAX 49 /* of inih's 50 with the NUL: "[…]" */
#define NAME_MAX_LEN     (SECTION_NAME_MAX - (sizeof("workspace ") - 1))
#define METADATA_MAX     64

/* One file while inih walks through it. */
struct cursor {
	struct reading *reading;
	const char *at, *end;    /* what is left of the text */
	struct place place;      /* of the line that inih has */
	struct section *section; /* NULL: none yet, or one that was refused */
	bool refused;            /* an unusable section: its keys are not judged */
	bool awaits_setting;     /* the line should reach on_setting() */
};

/* ---- sections ---------------------------------------------------------------- */

static void section_add_named(struct cursor *cursor, enum section_kind kind,
	const char *title, const char *name)
{
	struct config *config = cursor->reading->config;
	struct section *section = section_add(cursor->reading, kind, title);

	section->at = cursor->place;
	cursor->section = section;
	if (kind == SECTION_WORKSPACE) {
		section->index = config->n_workspaces++;
		config->workspaces = mem_grow(config->workspaces, config->n_workspaces,
			sizeof(*config->workspaces));
		config->workspaces[section->index] = (struct workspace_config){
			.name = mem_strdup(name),
			.line = cursor->place.line,
			.file = config->files.items[cursor->place.file],
		};
	} else {
		section->index = config->n_rules++;
		config->rules = mem_grow(
			config->rules, config->n_rules, sizeof(*config->rules));
		config->rules[section->index] =
			(struct rule){ .name = mem_strdup(name) };
	}
}

static void begin_single(struct cursor *cursor, struct section *section)
{
	section->at = cursor->place;
	cursor->section = section;
}

static struct section *section_find(struct reading *reading, const char *title)
{
	for (size_t i = 0; i < reading->n_sections; i++)
		if (strcmp(reading->sections[i].title, title) == 0)
			return &reading->sections[i];
	return NULL;
}

static void unknown_section(struct cursor *cursor, const char *title, const char *kind)
{
	for (int i = 0; i < SECTIONS; i++) {
		const struct section_info *info = &config_sections[i];
		if (strcmp(kind, info->name) == 0 || name_is_close(kind, info->name)) {
			note_error(cursor->reading, cursor->place, title, NULL,
				"no such section; did you mean [%s%s]?", info->name,
				info->named ? " NAME" : "");
			return;
		}
	}
	note_error(cursor->reading, cursor->place, title, NULL,
		"no such section; expected agent, receiver, admin, transfer, "
		"workspace NAME or rule NAME");
}

static bool name_ok(const char *name)
{
	size_t len = strlen(name);
	return len >= 1 && len <= NAME_MAX_LEN &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789_-") == len;
}

/* Begin the section @title, "workspace production" with one blank. */
static void begin_section(struct cursor *cursor, const char *title)
{
	struct reading *reading = cursor->reading;
	const char *blank = strchr(title, ' ');
	const char *name = blank ? blank + 1 : "";
	char *kind_name = mem_strndup(title, strcspn(title, " "));
	struct section *present = section_find(reading, title);
	int kind = 0;

	while (kind < SECTIONS && (strcmp(config_sections[kind].name, kind_name) != 0 ||
					  config_sections[kind].named != !!blank))
		kind++;
	if (kind == SECTIONS)
		unknown_section(cursor, title, kind_name);
	else if (present && present->at.line)
		note_error(reading, cursor->place, title, NULL,
			"this section has begun at %s:%d; expected one of this name",
			reading->config->files.items[present->at.file],
			present->at.line);
	else if (blank && !name_ok(name))
		note_error(reading, cursor->place, title, NULL,
			"\"%.*s\" is not a name; expected 1 to %d letters, digits, - "
			"and _",
			value_shown(name), name, (int)NAME_MAX_LEN);
	else if (reading->n_sections == SECTIONS_MAX)
		note_error(reading, cursor->place, title, NULL,
			"there are over %d sections; expected fewer", SECTIONS_MAX);
	else if (!present)
		section_add_named(cursor, (enum section_kind)kind, title, name);
	else
		begin_single(cursor, present);
	free(kind_name);
}

/* "[workspace  production ] ; comment" into "workspace production". */
static bool section_title(const char *line, char title[SECTION_NAME_MAX + 1])
{
	size_t len = strcspn(line + 1, "]");
	const char *at = line + 1;
	const char *end = at + len;
	size_t n = 0;

	while (at < end) {
		at += strspn(at, " \t");
		size_t word = strcspn(at, " \t]");
		if (word == 0)
			break;
		if (n + (n > 0) + word > SECTION_NAME_MAX)
			return false;
		if (n > 0)
			title[n++] = ' ';
		memcpy(title + n, at, word);
		n += word;
		at += word;
	}
	title[n] = '\0';
	return true;
}

static void section_line(struct cursor *cursor, const char *line)
{
	char title[SECTION_NAME_MAX + 1];
	const char *close = strchr(line, ']');
	const char *rest = close ? close + 1 + strspn(close + 1, " \t") : "";

	cursor->section = NULL;
	cursor->refused = true;
	if (!close)
		note_error(cursor->reading, cursor->place, NULL, NULL,
			"a section's name is not closed; expected ']'");
	else if (*rest && *rest != ';' && *rest != '#')
		note_error(cursor->reading, cursor->place, NULL, NULL,
			"text follows the section's name; expected it on a line of its "
			"own");
	else if (!section_title(line, title))
		note_error(cursor->reading, cursor->place, NULL, NULL,
			"the section's name is too long; expected at most %d bytes",
			SECTION_NAME_MAX);
	else
		begin_section(cursor, title);
	cursor->refused = !cursor->section;
}

/* ---- settings ---------------------------------------------------------------- */

static void unknown_key(struct cursor *cursor, const char *key)
{
	const struct section *section = cursor->section;

	for (size_t i = 0; i < config_n_options; i++) {
		const struct config_option *option = &config_options[i];
		if (option->section == section->kind &&
			name_is_close(key, option->key)) {
			note_error(cursor->reading, cursor->place, section->title, key,
				"no such key; did you mean %s%s?", option->key,
				option->flags & OPTION_PREFIX ? ".KEY" : "");
			return;
		}
	}
	for (int i = 0; i < SECTIONS; i++) {
		if (option_find((enum section_kind)i, key)) {
			note_error(cursor->reading, cursor->place, section->title, key,
				"no such key here; expected it in [%s%s]",
				config_sections[i].name,
				config_sections[i].named ? " NAME" : "");
			return;
		}
	}
	note_error(cursor->reading, cursor->place, section->title, key,
		"no such key; expected one of vodkeep.ini(5)");
}

/* What one may have forgotten to replace. */
static bool is_unfilled(const char *text)
{
	return strstr(text, "…") || strcmp(text, "...") == 0 ||
	       strcasecmp(text, "changeme") == 0;
}

static void looks_odd(struct cursor *cursor, const char *key, const char *text)
{
	size_t len = strlen(text);
	const char *hash = strstr(text, " #");

	if (len >= 2 && text[0] == '"' && text[len - 1] == '"')
		note_warning(cursor->reading, cursor->place, cursor->section->title,
			key,
			"the quotation marks are part of the value; leave them out if "
			"that is not meant");
	else if (hash)
		note_warning(cursor->reading, cursor->place, cursor->section->title,
			key,
			"\" #\" does not begin a comment within a line; use \" ;\" if "
			"that is meant");
}

/* Parse @text into the section's struct. False after noting why not. */
static bool apply(struct cursor *cursor, const struct config_option *option,
	const char *key, const char *text)
{
	struct reading *reading = cursor->reading;
	struct err err = { 0 };
	struct buf expected;
	bool may_be_empty = (option->dflt && !*option->dflt) ||
			    option->flags & (OPTION_EMPTY | OPTION_PREFIX);

	if (!*text && !may_be_empty)
		err_set(&err, ERR_INPUT, "is empty");
	else if (is_unfilled(text) && !(option->flags & OPTION_FREE_TEXT))
		err_set(&err, ERR_INPUT, "is not filled in yet");
	else if (option->type->parse(option, text,
			 section_base(reading, cursor->section), reading->source,
			 &err) == 0)
		return true;
	buf_init(&expected, 1024);
	value_expected(option, &expected);
	note_error(reading, cursor->place, cursor->section->title, key,
		"%s; expected %s", err.text, buf_text(&expected));
	buf_release(&expected);
	return false;
}

static bool apply_metadata(struct cursor *cursor, const struct config_option *option,
	const char *key, const char *text)
{
	struct rule *rule = section_base(cursor->reading, cursor->section);

	if (rule->n_metadata == METADATA_MAX) {
		note_error(cursor->reading, cursor->place, cursor->section->title, key,
			"the rule matches on over %d keys; expected fewer",
			METADATA_MAX);
		return false;
	}
	if (!apply(cursor, option, key, text))
		return false;
	rule->metadata[rule->n_metadata - 1].key =
		mem_strdup(key + strlen(option->key) + 1);
	return true;
}

static void set(struct cursor *cursor, const char *key, const char *text)
{
	struct section *section = cursor->section;
	const struct config_option *option = option_find(section->kind, key);
	const struct setting *before = section_setting(section, key);

	if (!option) {
		unknown_key(cursor, key);
		return;
	}
	if (before && !(option->flags & OPTION_REPEAT)) {
		note_error(cursor->reading, cursor->place, section->title, key,
			"is set twice, first at %s:%d; expected it once",
			cursor->reading->config->files.items[before->at.file],
			before->at.line);
		return;
	}
	looks_odd(cursor, key, text);
	bool good = option->flags & OPTION_PREFIX
			    ? apply_metadata(cursor, option, key, text)
			    : apply(cursor, option, key, text);
	section->settings = mem_grow(
		section->settings, section->n_settings + 1, sizeof(*section->settings));
	section->settings[section->n_settings++] = (struct setting){
		.option = option,
		.key = mem_strdup(key),
		.text = mem_strdup(text),
		.at = cursor->place,
		.good = good,
	};
}

/* inih's handler. What it says of the section is cursor->section. */
static int on_setting(
	void *user, const char *section, const char *name, const char *value)
{
	struct cursor *cursor = user;

	(void)section;
	cursor->awaits_setting = false;
	if (cursor->section)
		set(cursor, name, value);
	else if (!cursor->refused)
		note_error(cursor->reading, cursor->place, NULL, NULL,
			"%.*s stands before any section; expected a line such as "
			"[agent] above it",
			value_shown(name), name);
	return 1;
}

/* ---- lines ------------------------------------------------------------------- */

/* Why the line cannot be taken, or NULL. @max is what inih takes in. */
static const char *line_problem(const char *line, size_t len, size_t max)
{
	if (len > max)
		return "the line is too long";
	for (size_t i = 0; i < len;) {
		size_t n = utf8_sequence(line + i, len - i, NULL);
		if (n == 0)
			return "the line is not UTF-8 text";
		if (((unsigned char)line[i] < 0x20 && line[i] != '\t') ||
			line[i] == 0x7F)
			return "the line holds a control character";
		i += n;
	}
	return NULL;
}

static void refuse_line(struct cursor *cursor, const char *problem, size_t max)
{
	const char *title = cursor->section ? cursor->section->title : NULL;
	note_error(cursor->reading, cursor->place, title, NULL,
		"%s; expected at most %zu bytes of plain UTF-8", problem, max);
}

static void end_line(struct cursor *cursor)
{
	if (cursor->awaits_setting)
		note_error(cursor->reading, cursor->place,
			cursor->section ? cursor->section->title : NULL, NULL,
			"the line has no '='; expected KEY = VALUE (values cannot go on "
			"in a next line)");
	cursor->awaits_setting = false;
}

/* inih's reader: the next line, as fgets() would give it into @str of @size bytes. */
static char *next_line(char *str, int size, void *stream)
{
	struct cursor *cursor = stream;
	size_t max = (size_t)size - sizeof("\n");

	end_line(cursor);
	if (cursor->at == cursor->end)
		return NULL;
	cursor->place.line++;
	const char *line = cursor->at;
	const char *stop = memchr(line, '\n', (size_t)(cursor->end - line));
	cursor->at = stop ? stop + 1 : cursor->end;
	if (!stop)
		stop = cursor->end;
	while (line < stop && (*line == ' ' || *line == '\t'))
		line++;
	while (stop > line && (stop[-1] == ' ' || stop[-1] == '\t' || stop[-1] == '\r'))
		stop--;

	size_t len = (size_t)(stop - line);
	const char *problem = line_problem(line, len, max);
	if (problem) {
		refuse_line(cursor, problem, max);
		len = 0;
	}
	memcpy(str, line, len);
	str[len] = '\0';
	if (str[0] == '[')
		section_line(cursor, str);
	else
		cursor->awaits_setting = str[0] && str[0] != ';' && str[0] != '#';
	memcpy(str + len, "\n", sizeof("\n"));
	return str;
}

void config_lines(struct reading *reading, int file, const char *text, size_t len)
{
	struct cursor cursor = {
		.reading = reading,
		.at = text,
		.end = text + len,
		.place = { .file = file },
	};

	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		cursor.at += 3;
	ini_parse_stream(next_line, &cursor, on_setting, &cursor);
}
