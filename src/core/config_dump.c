/*
 * A configuration as a value: finding in it, writing it down, freeing it. All by the
 * option table.
 */
#include "core/config_table.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

const struct workspace_config *config_workspace(
	const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_workspaces; i++)
		if (strcmp(config->workspaces[i].name, name) == 0)
			return &config->workspaces[i];
	return NULL;
}

/* ---- writing ----------------------------------------------------------------- */

static void dump_line(const char *key, const char *value, struct buf *out)
{
	buf_printf(out, "%s =%s%s\n", key, *value ? " " : "", value);
}

static void dump_repeated(
	const struct config_option *option, const void *base, struct buf *out)
{
	const struct text_list *list = value_field_const(option, base);

	for (size_t i = 0; i < list->count; i++)
		dump_line(option->key, list->items[i], out);
	if (list->count == 0)
		dump_line(option->key, "", out);
}

static void dump_metadata(const struct rule *rule, struct buf *out)
{
	for (size_t i = 0; i < rule->n_metadata; i++) {
		const struct text_list *globs = &rule->metadata[i].globs;
		buf_printf(out, "metadata.%s =", rule->metadata[i].key);
		for (size_t k = 0; k < globs->count; k++)
			buf_printf(out, "%s%s", k ? ", " : " ", globs->items[k]);
		buf_char(out, '\n');
	}
}

static void dump_option(
	const struct config_option *option, const void *base, struct buf *out)
{
	struct buf value;

	if (option->flags & OPTION_REPEAT) {
		dump_repeated(option, base, out);
	} else if (option->flags & OPTION_PREFIX) {
		dump_metadata(base, out);
	} else {
		buf_init(&value, 64 * 1024);
		option->type->print(option, base, &value);
		dump_line(option->key, buf_text(&value), out);
		buf_release(&value);
	}
}

static void dump_section(enum section_kind kind, const char *name, const void *base,
	unsigned without, struct buf *out)
{
	buf_printf(out, "%s[%s%s%s]\n", out->len ? "\n" : "",
		config_sections[kind].name, *name ? " " : "", name);
	for (size_t i = 0; i < config_n_options; i++)
		if (config_options[i].section == kind &&
			!(config_options[i].flags & without))
			dump_option(&config_options[i], base, out);
}

void config_dump(const struct config *config, struct buf *out)
{
	for (int kind = 0; kind < SECTIONS && !config_sections[kind].named; kind++)
		dump_section((enum section_kind)kind, "", config, 0, out);
	for (size_t i = 0; i < config->n_workspaces; i++) {
		const struct workspace_config *ws = &config->workspaces[i];
		dump_section(SECTION_WORKSPACE, ws->name, ws,
			ws->platform == PLATFORM_FASTPIX ? 0 : OPTION_FASTPIX, out);
	}
	for (size_t i = 0; i < config->n_rules; i++)
		dump_section(
			SECTION_RULE, config->rules[i].name, &config->rules[i], 0, out);
}

/* ---- freeing ----------------------------------------------------------------- */

static void release_options(enum section_kind kind, void *base)
{
	for (size_t i = 0; i < config_n_options; i++) {
		const struct config_option *option = &config_options[i];
		if (option->section == kind && option->type->release)
			option->type->release(option, base);
	}
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (int kind = 0; kind < SECTIONS && !config_sections[kind].named; kind++)
		release_options((enum section_kind)kind, config);
	for (size_t i = 0; i < config->n_workspaces; i++) {
		release_options(SECTION_WORKSPACE, &config->workspaces[i]);
		free(config->workspaces[i].name);
	}
	for (size_t i = 0; i < config->n_rules; i++) {
		release_options(SECTION_RULE, &config->rules[i]);
		free(config->rules[i].name);
	}
	release_options(SECTION_RULE, &config->builtin);
	free(config->builtin.name);
	free(config->workspaces);
	free(config->rules);
	text_list_release(&config->files);
	free(config);
}
