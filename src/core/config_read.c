/*
 * Reading a configuration: the main file, what it includes, the defaults for what was
 * not set; then config_check() judges the whole and the findings are sorted. How a file
 * is taken apart is config_lines.c's business.
 */
#include "core/config_read.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX  (INT64_C(1) << 20)
#define FILES_MAX 256

/* ---- files ------------------------------------------------------------------- */

static bool read_file(struct reading *reading, const char *path)
{
	struct place place = { .file = (int)reading->config->files.count };
	struct err err = { 0 };
	struct buf text;

	text_list_add(&reading->config->files, path);
	buf_init(&text, FILE_MAX);
	bool ok = reading->source->read(reading->source->arg, path, &text, &err) == 0;
	if (ok)
		config_lines(reading, place.file, buf_text(&text), text.len);
	else
		note_error(reading, place, NULL, NULL,
			"cannot be read: %s; expected a configuration, see vodkeep.ini(5)",
			err.text);
	buf_release(&text);
	return ok;
}

static bool was_read(const struct config *config, const char *path)
{
	for (size_t i = 0; i < config->files.count; i++)
		if (strcmp(config->files.items[i], path) == 0)
			return true;
	return false;
}

static void read_include(
	struct reading *reading, const char *base, const struct setting *setting)
{
	const char *pattern = setting->text;
	struct text_list paths = { 0 };
	struct err err = { 0 };
	struct config *config = reading->config;

	if (reading->source->glob(reading->source->arg, base, pattern, &paths, &err))
		note_error(reading, setting->at, "agent", "include",
			"%s; expected files that can be listed", err.text);
	else if (paths.count == 0 && !strpbrk(pattern, "*?["))
		note_error(reading, setting->at, "agent", "include",
			"\"%.*s\" does not exist; expected a file, or a glob that may "
			"find none",
			value_shown(pattern), pattern);
	for (size_t i = 0; i < paths.count; i++) {
		if (config->files.count == FILES_MAX) {
			note_error(reading, setting->at, "agent", "include",
				"there are over %d files; expected fewer", FILES_MAX);
			break;
		}
		if (!was_read(config, paths.items[i]))
			read_file(reading, paths.items[i]);
	}
	text_list_release(&paths);
}

/* Reading a file may move the sections, but adds no setting to [agent]: that has begun.
 */
static void read_includes(struct reading *reading)
{
	const char *path = reading->config->files.items[0];
	const char *slash = strrchr(path, '/');
	char *base = !slash          ? mem_strdup(".")
		     : slash == path ? mem_strdup("/")
				     : mem_strndup(path, (size_t)(slash - path));
	size_t n = reading->sections[SECTION_AGENT].n_settings;

	for (size_t i = 0; i < n; i++) {
		const struct setting *setting =
			&reading->sections[SECTION_AGENT].settings[i];
		if (strcmp(setting->key, "include") == 0 && setting->good &&
			*setting->text)
			read_include(reading, base, setting);
	}
	free(base);
}

/* ---- defaults ---------------------------------------------------------------- */

static void set_default(const struct config_option *option, void *base,
	enum platform_kind platform, const struct config_source *source)
{
	const char *dflt = option_default(option, platform);
	if (!dflt || !option->type->parse)
		return;
	int rc = option->type->parse(option, dflt, base, source, NULL);
	assert(rc == 0);
	(void)rc;
}

/* A value that was refused is as good as not given: one mistake, one finding. */
static bool was_set(const struct section *section, const struct config_option *option)
{
	for (size_t i = 0; i < section->n_settings; i++)
		if (section->settings[i].option == option && section->settings[i].good)
			return true;
	return false;
}

static void set_defaults(struct reading *reading)
{
	struct config *config = reading->config;

	for (size_t s = 0; s < reading->n_sections; s++) {
		const struct section *section = &reading->sections[s];
		void *base = section_base(reading, section);
		enum platform_kind platform =
			section->kind == SECTION_WORKSPACE
				? config->workspaces[section->index].platform
				: PLATFORM_OPTIVIEW;
		for (size_t i = 0; i < config_n_options; i++)
			if (config_options[i].section == section->kind &&
				!was_set(section, &config_options[i]))
				set_default(&config_options[i], base, platform,
					reading->source);
	}
	config->builtin.name = mem_strdup("");
	for (size_t i = 0; i < config_n_options; i++)
		if (config_options[i].section == SECTION_RULE)
			set_default(&config_options[i], &config->builtin,
				PLATFORM_OPTIVIEW, reading->source);
}

/* ---- the whole --------------------------------------------------------------- */

/* False when @path itself cannot be read. */
static bool read_all(struct reading *reading, const char *path)
{
	for (int kind = 0; kind < SECTIONS && !config_sections[kind].named; kind++)
		section_add(
			reading, (enum section_kind)kind, config_sections[kind].name);
	if (!read_file(reading, path))
		return false;
	read_includes(reading);
	set_defaults(reading);
	return true;
}

char *config_socket(const char *path, const struct config_source *source)
{
	struct config_notes notes = { 0 };
	struct reading reading = {
		.source = source,
		.config = mem_alloc(sizeof(struct config)),
		.notes = &notes,
	};
	char *socket = NULL;

	if (read_all(&reading, path))
		socket = mem_strdup(reading.config->admin.socket);
	sections_release(&reading);
	config_notes_release(&notes);
	config_free(reading.config);
	return socket;
}

int config_read(const char *path, const struct config_source *source,
	struct config **out, struct config_notes *notes)
{
	struct reading reading = {
		.source = source,
		.config = mem_alloc(sizeof(struct config)),
		.notes = notes,
	};
	size_t errors = notes->errors;

	if (read_all(&reading, path))
		config_check(&reading);
	notes_sort(notes);
	sections_release(&reading);
	if (notes->errors != errors) {
		config_free(reading.config);
		return -(int)ERR_INPUT;
	}
	*out = reading.config;
	return 0;
}
