/*
 * Names and numbers of old versions. Nothing is kept or dropped here.
 */
#include <config.h>

#include "core/version.h"

#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

#define NUMBER_DIGITS 8

int version_number(const char *key)
{
	const char *mark = strrchr(key, '~');
	size_t digits = mark && mark[1] == 'v' ? strspn(mark + 2, "0123456789") : 0;

	if (digits == 0 || digits > NUMBER_DIGITS || mark[2 + digits])
		return 0;
	return (int)strtol(mark + 2, NULL, 10);
}

static bool is_version_of(const struct file *file, const char *key)
{
	size_t len = strlen(key);

	return file->replaced_ns && strncmp(file->key, key, len) == 0 &&
	       file->key[len] == '~' && version_number(file->key) > 0;
}

int version_next(const struct asset *asset, const char *key)
{
	int next = 1;

	for (size_t i = 0; i < asset->n_files; i++) {
		const struct file *file = &asset->files[i];

		if (is_version_of(file, key) && version_number(file->key) >= next)
			next = version_number(file->key) + 1;
	}
	return next;
}

const struct file *version_with(
	const struct asset *asset, const char *key, const char *sha256)
{
	for (size_t i = 0; i < asset->n_files; i++)
		if (is_version_of(&asset->files[i], key) &&
			strcmp(asset->files[i].sha256, sha256) == 0)
			return &asset->files[i];
	return NULL;
}

void version_name(struct file *old, int number, const char *path, int64_t now_ns)
{
	char *key = mem_printf("%s~v%04d", old->key, number);

	free(old->key);
	old->key = key;
	mem_replace(&old->path, path);
	old->replaced_ns = now_ns;
}
