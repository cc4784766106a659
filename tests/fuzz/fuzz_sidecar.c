/*
 * Sidecars, which anybody may have put into the archive. Whatever is read of one lies
 * beside it, and says the same when it is written and read again.
 */
#include <config.h>

#include "archive/sidecar.h"
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>

#define REL "w/2026/goal-a1.json"

static void path_holds(const struct asset *asset, const char *path)
{
	size_t len = strlen(asset->base_path);

	HOLDS(strncmp(path, asset->base_path, len) == 0);
	HOLDS(path[len] == '.' || path[len] == '/');
	HOLDS(!strstr(path, "/.") && !strstr(path, "//"));
	HOLDS(path[strlen(path) - 1] != '/');
}

static struct asset *read_text(const char *text, size_t len)
{
	struct asset *asset = NULL;
	struct err err = { 0 };
	char *platform = NULL;

	fuzz_result_holds(sidecar_read(text, len, REL, &asset, &platform, &err), &err);
	HOLDS(asset ? err.class == ERR_NONE : !platform);
	free(platform);
	return asset;
}

static void asset_holds(const struct asset *asset)
{
	char *text = sidecar_text(asset, "fastpix");
	struct asset *again = read_text(text, strlen(text));
	char *same;

	HOLDS(asset_id_ok(asset->id) &&
		strcmp(asset->base_path, "w/2026/goal-a1") == 0);
	for (size_t i = 0; i < asset->n_files; i++) {
		HOLDS(asset->files[i].bytes >= 0);
		path_holds(asset, asset->files[i].path);
	}
	HOLDS(again != NULL);
	same = sidecar_text(again, "fastpix");
	HOLDS(strcmp(text, same) == 0);
	free(same);
	free(text);
	asset_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct asset *asset = read_text((const char *)data, size);

	if (asset)
		asset_holds(asset);
	asset_free(asset);
	return 0;
}
