/*
 * A small world for reading configurations in tests: files and globs from a table,
 * "env:NAME" from another. Not thread-safe; one reading at a time.
 */
#ifndef VODKEEP_TESTS_CONFIG_WORLD_H
#define VODKEEP_TESTS_CONFIG_WORLD_H

#include "base/mem.h"
#include "core/config.h"
#include "core/rule.h"
#include "rsa_vector.h"
#include <string.h>

#define MAIN_INI "etc/main.ini"

struct world_file {
	const char *path;
	const char *text;
	size_t len; /* 0: strlen(text) */
};

struct world {
	const struct world_file *files; /* ends with a NULL path */
};

static int world_read(void *arg, const char *path, struct buf *out, struct err *err)
{
	const struct world *world = arg;
	for (const struct world_file *file = world->files; file->path; file++)
		if (strcmp(file->path, path) == 0)
			return buf_append(out, file->text,
				file->len ? file->len : strlen(file->text));
	return err_set(
		err, ERR_INPUT, "cannot open %s: No such file or directory", path);
}

static int world_glob(void *arg, const char *base, const char *pattern,
	struct text_list *out, struct err *err)
{
	const struct world *world = arg;
	char *whole = *pattern == '/' ? mem_strdup(pattern)
				      : mem_printf("%s/%s", base, pattern);
	(void)err;
	for (const struct world_file *file = world->files; file->path; file++)
		if (glob_match(whole, file->path))
			text_list_add(out, file->path);
	free(whole);
	return 0;
}

static int world_secret(void *arg, const char *text, char **out, struct err *err)
{
	(void)arg;
	if (strncmp(text, "env:", 4) != 0) {
		*out = mem_strdup(text);
		return 0;
	}
	if (strcmp(text, "env:SECRET") == 0) {
		*out = mem_strdup("c2VjcmV0LW9mLWVudg==");
		return 0;
	}
	if (strcmp(text, "env:RSA_KEY") == 0) {
		*out = mem_strdup(RSA_VECTOR_PEM);
		return 0;
	}
	if (strcmp(text, "env:EMPTY") == 0) {
		*out = mem_strdup("");
		return 0;
	}
	if (strcmp(text, "env:LINES") == 0) {
		*out = mem_strdup("one\ntwo");
		return 0;
	}
	return err_set(err, ERR_INPUT, "%s is not set in the environment", text + 4);
}

static int world_config(
	const struct world_file *files, struct config **out, struct config_notes *notes)
{
	struct world world = { files };
	const struct config_source source = { world_read, world_glob, world_secret,
		&world };
	*notes = (struct config_notes){ 0 };
	return config_read(MAIN_INI, &source, out, notes);
}

static int world_text(const char *text, struct config **out, struct config_notes *notes)
{
	const struct world_file files[] = { { MAIN_INI, text, 0 }, { 0 } };
	return world_config(files, out, notes);
}

#endif
