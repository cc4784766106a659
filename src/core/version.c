/*
 * Names and numbers of old versions. Nothing is kept or dropped here.
 */
#include <config.h>

#include "core/version.h"

#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

#define NUMBER_DIGITS 8

/* What follows the number in the key of an old version, or NULL. */
static const char *key_of(const char *key)
{
	size_t digits = *key == 'v' ? strspn(key + 1, "0123456789") : 0;

	if (digits == 0 || digits > NUMBER_DIGITS || key[1 + digits] != '.')
		return NULL;
	return key + 1 + digits + 1;
}

int version_number(const char *key)
{
	return key_of(key) ? (int)strtol(key + 1, NULL, 10) : 0;
}

static bool is_version_of(const struct file *file, const char *key)
{
	const char *its = file->replaced_ns ? key_of(file->key) : NULL;

	return its && strcmp(its, key) == 0;
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
	char *key = mem_printf("v%04d.%s", number, old->key);

	free(old->key);
	old->key = key;
	mem_replace(&old->path, path);
	old->replaced_ns = now_ns;
}
