/*
 * What HLS leaves behind when a main file has been archived: the files of a package
 * that the new one has not, and whatever was staged.
 */
#include <config.h>

#include "flow/look_steps.h"

#include <stdlib.h>
#include <string.h>

static bool is_below(const char *key, const char *main)
{
	size_t len = strlen(main);

	return strncmp(key, main, len) == 0 && key[len] == '.';
}

static void drop_files(struct look *look, const char *key)
{
	struct asset *asset = look->asset;

	for (size_t i = asset->n_files; i > 0; i--) {
		struct file *file = &asset->files[i - 1];

		if (!is_below(file->key, key) ||
			file->downloaded_ns >= look->started_ns)
			continue;
		look_op(look, OP_REMOVE, file->path, NULL, false);
		asset_drop_file(asset, file->key);
	}
}

void look_drop_package(struct look *look, const char *key)
{
	struct asset *asset = look->asset;
	char owner[256];
	bool staged = false;

	drop_files(look, key);
	for (size_t i = asset->n_parts; i > 0; i--) {
		struct part *part = &asset->parts[i - 1];

		if (!archive_part_owner(part->name, owner))
			continue;
		staged = true;
		asset_drop_part(asset, part->key);
	}
	if (staged)
		look_op(look, OP_PARTS_REMOVE, "", NULL, false);
}
