/*
 * Findings go to standard error, one a line; the verdict or the dump to standard
 * output. With --json all of it is one document on standard output.
 */
#include <config.h>

#include "cli/check.h"

#include "base/json.h"
#include "base/mem.h"
#include "cli/config_load.h"

#include <stdio.h>
#include <stdlib.h>

#define DUMP_MAX (16 * 1024 * 1024)

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static cJSON *note_texts(const struct config_notes *notes, bool warnings)
{
	cJSON *array = cJSON_CreateArray();

	for (size_t i = 0; i < notes->count; i++)
		if (notes->notes[i].warning == warnings)
			cJSON_AddItemToArray(
				array, cJSON_CreateString(notes->notes[i].text));
	return array;
}

static void print_json(
	const struct config *config, const struct config_notes *notes, const char *dump)
{
	cJSON *root = cJSON_CreateObject();

	json_add_bool(root, "valid", config != NULL);
	cJSON_AddItemToObject(root, "errors", note_texts(notes, false));
	cJSON_AddItemToObject(root, "warnings", note_texts(notes, true));
	if (dump)
		json_add_text(root, "config", dump);
	char *text = json_print(root, true);
	puts(text);
	free(text);
	cJSON_Delete(root);
}

static void print_text(const char *path, const struct config *config,
	const struct config_notes *notes, const char *dump)
{
	for (size_t i = 0; i < notes->count; i++)
		fprintf(stderr, "%s\n", notes->notes[i].text);
	if (!config)
		fprintf(stderr, "%s: not valid, %zu error%s\n", path, notes->errors,
			plural(notes->errors));
	else if (dump)
		fputs(dump, stdout);
	else
		printf("%s: valid, %zu workspace%s, %zu rule%s\n", path,
			config->n_workspaces, plural(config->n_workspaces),
			config->n_rules, plural(config->n_rules));
}

int check_main(const char *config_path, bool dump, bool json)
{
	struct config *config = NULL;
	struct config_notes notes = { 0 };
	struct buf text;

	buf_init(&text, DUMP_MAX);
	bool valid = config_load(config_path, &config, &notes) == 0;
	bool dumped = valid && dump;
	if (dumped)
		config_dump(config, &text);
	if (json)
		print_json(config, &notes, dumped ? buf_text(&text) : NULL);
	else
		print_text(
			config_path, config, &notes, dumped ? buf_text(&text) : NULL);
	buf_release(&text);
	config_notes_release(&notes);
	config_free(config);
	if (fflush(stdout) || ferror(stdout))
		return 1;
	return valid ? 0 : CHECK_INVALID;
}
