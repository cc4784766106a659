/*
 * The option table and the kinds of values: what the rooms of config share. Not for use
 * outside src/core/config_*.c; everyone else reads struct config.
 *
 * A new option is one entry in config_table.c and one member in config.h: parsing,
 * checking, the dump, the sample file and the manual follow.
 */
#ifndef VODKEEP_CORE_CONFIG_TABLE_H
#define VODKEEP_CORE_CONFIG_TABLE_H

#include "core/config.h"

enum section_kind {
	SECTION_AGENT,
	SECTION_RECEIVER,
	SECTION_ADMIN,
	SECTION_TRANSFER,
	SECTION_WORKSPACE,
	SECTION_RULE,
	SECTIONS
};

struct section_info {
	const char *name;
	bool named; /* "[workspace NAME]": any number of them */
	const char *help;
};
extern const struct section_info config_sections[SECTIONS];

enum option_flags {
	OPTION_REPEAT = 1,   /* may be given again: adds */
	OPTION_EMPTY = 2,    /* empty means something else than the default: off */
	OPTION_PREFIX = 4,   /* "key.NAME" (metadata) */
	OPTION_REQUIRED = 8, /* for every platform */
	OPTION_REQUIRED_FASTPIX = 16,
	OPTION_FASTPIX = 32,   /* without effect for other platforms */
	OPTION_FREE_TEXT = 64, /* an ellipsis is a legal value: it is filled in */
};

struct word {
	const char *name; /* NULL ends the list */
	unsigned value;
};

struct config_option {
	enum section_kind section;
	const char *key;
	const struct value_type *type;
	size_t offset; /* in struct config, workspace_config or rule */
	const char
		*dflt; /* as one would write it; "": unset; NULL: none, see required */
	const char *dflt_fastpix; /* where FastPix has another one */
	int64_t min, max;         /* of whole numbers, sizes and durations (ms) */
	const struct word *words;
	unsigned flags;
	const char *expects;   /* instead of the type's own words */
	const char *later_for; /* values that begin so need a feature still to come;
				* NULL: none do */
	const char *later;     /* what to do instead */
	const char *sample;    /* set in the sample file; NAME: the section's name */
	const char *help;      /* sentences, plain text */
};
extern const struct config_option config_options[];
extern const size_t config_n_options;

/* A kind of value. @base is the struct that option->offset counts from. */
struct value_type {
	const char *name;    /* "duration": for the manual */
	const char *expects; /* "a duration such as 15s or 7d"; NULL: see
				value_expected() */
	/* Returns 0, or -ERR_INPUT and what is wrong, with @base unchanged. "" unsets.
	 */
	int (*parse)(const struct config_option *option, const char *text, void *base,
		const struct config_source *source, struct err *err);
	/* As parse() reads it; secrets as ***. Of a repeatable option: see
	 * config_dump.c. */
	void (*print)(
		const struct config_option *option, const void *base, struct buf *out);
	void (*release)(const struct config_option *option, void *base); /* or NULL */
};

/* config_value.c */
extern const struct value_type type_text, type_int, type_size, type_duration, type_bool,
	type_word, type_secret, type_url, type_endpoint, type_proxy, type_state,
	type_user_agent;
/* config_list.c */
extern const struct value_type type_text_list, type_listen, type_listen_list,
	type_globs, type_media_types, type_hosts, type_secret_list, type_flags,
	type_video, type_metadata;
/* config_special.c */
extern const struct value_type type_amount, type_bandwidth, type_low_speed,
	type_backfill, type_scrub, type_max_delete, type_resolution, type_template;

/* The start of @text, at most 60 bytes, for messages: use with "%.*s". */
int value_shown(const char *text);
/* "\"TEXT\" is WHAT" as ERR_INPUT. */
int value_bad(struct err *err, const char *text, const char *what);
/* Items between commas, trimmed; an empty one is an error. @out is zeroed by the caller
 * and released by him also on failure. */
int value_split(const char *text, struct text_list *out, struct err *err);
/* "2", "0.5": no sign or exponent, at most 100; @end is what follows. */
bool value_percent(const char *text, double *percent, const char **end);
/* What the option expects, as in "expected …". */
void value_expected(const struct config_option *option, struct buf *out);
void *value_field(const struct config_option *option, void *base);
const void *value_field_const(const struct config_option *option, const void *base);
/* Resolve a secret and refuse one that is empty or has lines, PEM excepted. Caller
 * frees. */
int value_secret(const struct config_source *source, const char *text, char **out,
	struct err *err);
/* The steps of type_text, for kinds that are stored as text. */
int value_text_parse(const struct config_option *option, const char *text, void *base,
	const struct config_source *source, struct err *err);
void value_text_print(
	const struct config_option *option, const void *base, struct buf *out);
void value_text_release(const struct config_option *option, void *base);
/* @url without password and query. */
void value_print_url(const char *url, struct buf *out);
/* Free what @to holds and take what @from does. */
void text_list_move(struct text_list *to, struct text_list *from);

/* The option of this section with this key ("metadata.team" finds "metadata"), or NULL.
 */
const struct config_option *option_find(enum section_kind section, const char *key);
const char *option_default(
	const struct config_option *option, enum platform_kind platform);

#endif
