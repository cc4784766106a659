/*
 * The option table for people: the sample file (etc/vodkeep.ini) and the OPTIONS
 * section of vodkeep.ini(5). Reads no configuration.
 *
 * In the sample "# " begins a remark and "#key" an option at its default, so that
 * taking one character away sets it.
 */
#include "core/config_table.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_WIDTH 78

/* @text in lines that begin with @prefix and stay within TEXT_WIDTH. */
static void wrap(struct buf *out, const char *prefix, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t word = strcspn(text, " ");
		if (column > 0 && column + 1 + word > TEXT_WIDTH) {
			buf_char(out, '\n');
			column = 0;
		}
		if (column == 0) {
			buf_str(out, prefix);
			column = strlen(prefix);
		} else {
			buf_char(out, ' ');
			column++;
		}
		buf_append(out, text, word);
		column += word;
		text += word;
		text += strspn(text, " ");
	}
	buf_char(out, '\n');
}

/* The sample value with NAME replaced by the section's name; caller frees. */
static char *sample_value(const struct config_option *option, const char *name)
{
	const char *word = strstr(option->sample, "NAME");

	if (!word)
		return mem_strdup(option->sample);
	return mem_printf("%.*s%s%s", (int)(word - option->sample), option->sample,
		name, word + strlen("NAME"));
}

static void print_setting(
	struct buf *out, const char *mark, const char *key, const char *value)
{
	buf_printf(out, "%s%s =%s%s\n", mark, key, *value ? " " : "", value);
}

/* What is still to come of the option, as a sentence. */
static void later_remark(const struct config_option *option, struct buf *out)
{
	buf_printf(
		out, "%s is not available yet: %s.", option->later_for, option->later);
}

static void sample_option(
	const struct config_option *option, const char *name, struct buf *out)
{
	buf_char(out, '\n');
	wrap(out, "# ", option->help);
	if (option->later_for) {
		struct buf remark;
		buf_init(&remark, 1024);
		later_remark(option, &remark);
		wrap(out, "# ", buf_text(&remark));
		buf_release(&remark);
	}
	if (option->flags & OPTION_PREFIX) {
		buf_printf(out, "#%s.KEY =\n", option->key);
	} else if (option->sample) {
		char *value = sample_value(option, name);
		print_setting(out, "", option->key, value);
		free(value);
	} else {
		print_setting(out, "#", option->key,
			option_default(option, PLATFORM_FASTPIX));
	}
}

static void sample_section(enum section_kind kind, const char *name, struct buf *out)
{
	buf_char(out, '\n');
	wrap(out, "# ", config_sections[kind].help);
	buf_printf(
		out, "[%s%s%s]\n", config_sections[kind].name, *name ? " " : "", name);
	for (size_t i = 0; i < config_n_options; i++)
		if (config_options[i].section == kind)
			sample_option(&config_options[i], name, out);
}

/* The second platform: no more than it needs. */
static void sample_optiview(const char *name, struct buf *out)
{
	buf_str(out, "\n\n");
	wrap(out, "# ",
		"An OptiView account needs no more than this; the other keys are as above.");
	buf_printf(out, "[workspace %s]\n", name);
	for (size_t i = 0; i < config_n_options; i++) {
		const struct config_option *option = &config_options[i];
		if (option->section != SECTION_WORKSPACE ||
			!(option->flags & OPTION_REQUIRED))
			continue;
		char *value = option->type == &type_word ? mem_strdup("optiview")
							 : sample_value(option, name);
		print_setting(out, "", option->key, value);
		free(value);
	}
}

void config_sample(struct buf *out)
{
	wrap(out, "# ",
		"Configuration of vodkeep, see vodkeep.ini(5). Lines with \"#key\" show the "
		"defaults. What has to be filled in is in the [workspace] sections; delete "
		"the one you do not need. Then: vodkeep check.");
	buf_str(out, "#\n");
	wrap(out, "# ",
		"A line has at most 198 bytes. Sizes take K, M, G or T, durations ms, s, m, "
		"h, d or w. A secret may be written here, or taken from elsewhere: "
		"env:NAME, file:PATH or credential:NAME (systemd).");
	for (int kind = 0; kind < SECTIONS && !config_sections[kind].named; kind++)
		sample_section((enum section_kind)kind, "", out);
	sample_section(SECTION_WORKSPACE, "production", out);
	sample_optiview("live", out);
	sample_section(SECTION_RULE, "everything", out);
	buf_str(out,
		"\n# Another rule, for example. It would have to stand before the one above,\n"
		"# which matches everything.\n"
		"#[rule drafts]\n"
		"#workspace = production\n"
		"#title = draft*, test*\n"
		"#action = ignore\n");
}

/* ---- manual ------------------------------------------------------------------ */

/* @text for troff: no escape, request or hyphen of it takes effect. */
static void troff(struct buf *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		buf_str(out, "\\&");
	for (; *text; text++) {
		if (*text == '\\')
			buf_str(out, "\\e");
		else if (*text == '-')
			buf_str(out, "\\-");
		else
			buf_char(out, *text);
	}
}

static void man_option(const struct config_option *option, struct buf *out)
{
	const char *dflt = option->dflt;

	buf_str(out, ".TP\n\\fB");
	troff(out, option->key);
	buf_printf(out, "%s\\fP = \\fI", option->flags & OPTION_PREFIX ? ".KEY" : "");
	troff(out, option->type->name);
	buf_str(out, "\\fP\n");
	troff(out, option->help);
	buf_char(out, '\n');
	if (option->flags & (OPTION_REQUIRED | OPTION_REQUIRED_FASTPIX))
		buf_str(out, "Required.\n");
	if (dflt && *dflt) {
		buf_str(out, "Default: ");
		troff(out, dflt);
		if (option->dflt_fastpix) {
			buf_str(out, "; for FastPix ");
			troff(out, option->dflt_fastpix);
		}
		buf_str(out, ".\n");
	} else if (option->dflt_fastpix) {
		buf_str(out, "Default for FastPix: ");
		troff(out, option->dflt_fastpix);
		buf_str(out, ".\n");
	}
	if (option->later_for) {
		struct buf remark;
		buf_init(&remark, 1024);
		later_remark(option, &remark);
		troff(out, buf_text(&remark));
		buf_release(&remark);
		buf_char(out, '\n');
	}
}

void config_man(struct buf *out)
{
	for (int kind = 0; kind < SECTIONS; kind++) {
		const struct section_info *info = &config_sections[kind];
		buf_printf(out, ".SS [%s%s]\n", info->name, info->named ? " NAME" : "");
		troff(out, info->help);
		buf_char(out, '\n');
		for (size_t i = 0; i < config_n_options; i++)
			if (config_options[i].section == (enum section_kind)kind)
				man_option(&config_options[i], out);
	}
}
