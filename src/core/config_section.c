/*
 * The sections of a configuration while it is read: how one is added, what belongs to
 * it, and how all are given back. It lies below the files that read and judge.
 */
#include "core/config_read.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void *section_base(const struct reading *reading, const struct section *section)
{
	if (section->kind == SECTION_WORKSPACE)
		return &reading->config->workspaces[section->index];
	if (section->kind == SECTION_RULE)
		return &reading->config->rules[section->index];
	return reading->config;
}

const struct setting *section_setting(const struct section *section, const char *key)
{
	for (size_t i = 0; i < section->n_settings; i++)
		if (strcmp(section->settings[i].key, key) == 0)
			return &section->settings[i];
	return NULL;
}

struct section *section_add(
	struct reading *reading, enum section_kind kind, const char *title)
{
	reading->sections = mem_grow(
		reading->sections, reading->n_sections + 1, sizeof(*reading->sections));
	struct section *section = &reading->sections[reading->n_sections++];
	*section = (struct section){ .kind = kind, .title = mem_strdup(title) };
	return section;
}

void sections_release(struct reading *reading)
{
	for (size_t s = 0; s < reading->n_sections; s++) {
		struct section *section = &reading->sections[s];
		for (size_t i = 0; i < section->n_settings; i++) {
			free(section->settings[i].key);
			mem_free_secret(section->settings[i].text);
		}
		free(section->settings);
		free(section->title);
	}
	free(reading->sections);
}
