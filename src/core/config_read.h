/*
 * A configuration while it is being read: which section began where, which key was set
 * where, and the findings so far. Shared by config_read.c and config_lines.c (fill it),
 * config_check.c (judges the whole), and below them config_section.c (keeps sections)
 * and config_note.c (words findings); nobody else.
 */
#ifndef VODKEEP_CORE_CONFIG_READ_H
#define VODKEEP_CORE_CONFIG_READ_H

#include "core/config_table.h"

struct place {
	int file; /* index into config.files */
	int line; /* 0: the file as a whole */
};

struct setting { /* a key that was given */
	const struct config_option *option;
	char *key; /* as written: "metadata.team" */
	char *text;
	struct place at;
	bool good; /* its value was accepted */
};

struct section { /* one of the four single ones, a workspace or a rule */
	enum section_kind kind;
	size_t index; /* among workspaces or rules */
	char *title;  /* "agent", "workspace production" */
	struct place at;
	struct setting *settings;
	size_t n_settings;
};

struct reading {
	const struct config_source *source;
	struct config *config;
	struct config_notes *notes;
	struct section *sections; /* the single ones first, also where absent */
	size_t n_sections;
};

/* ---- config_section.c -------------------------------------------------------- */
/* The struct that the section's options count their offsets from. */
void *section_base(const struct reading *reading, const struct section *section);
const struct setting *section_setting(const struct section *section, const char *key);

/* A new section at no place yet. Others may move. */
struct section *section_add(
	struct reading *reading, enum section_kind kind, const char *title);
void sections_release(struct reading *reading);

/* ---- config_lines.c ---------------------------------------------------------- */
/* Take in the text of one file: sections, settings, findings. */
void config_lines(struct reading *reading, int file, const char *text, size_t len);

/* ---- config_check.c ---------------------------------------------------------- */
/* What only the whole can tell: missing, contradicting, not available yet. */
void config_check(struct reading *reading);

/* ---- config_note.c ----------------------------------------------------------- */
/* @title and @key may be NULL: the finding is then about less than a key. */
void note_error(struct reading *reading, struct place at, const char *title,
	const char *key, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void note_warning(struct reading *reading, struct place at, const char *title,
	const char *key, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* By file, line, and order of finding. */
void notes_sort(struct config_notes *notes);
/* Whether @name is a slip of the pen for @known. */
bool name_is_close(const char *name, const char *known);

#endif
