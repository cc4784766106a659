/*
 * The files of an asset as evidence, the same in every decision that rests on them.
 */
#include <config.h>

#include "core/evidence.h"

#include "base/json.h"

#define FILES_TOLD 32

void evidence_add_files(cJSON *json, const struct asset *asset)
{
	cJSON *list;

	if (!asset->n_files)
		return;
	list = cJSON_AddArrayToObject(json, "files");
	for (size_t i = 0; i < asset->n_files && i < FILES_TOLD; i++) {
		cJSON *file = cJSON_CreateObject();

		json_add_text(file, "path", asset->files[i].path);
		json_add_int(file, "bytes", asset->files[i].bytes);
		json_add_text(file, "sha256", asset->files[i].sha256);
		cJSON_AddItemToArray(list, file);
	}
	if (asset->n_files > FILES_TOLD)
		json_add_int(json, "files_in_all", (int64_t)asset->n_files);
}
