/*
 * Names are given before they are durable: one fsync of their folder then does for the
 * files of an asset and its sidecar. This is that fsync where no sidecar came last.
 */
#include <config.h>

#include "flow/look_steps.h"

#include "base/mem.h"
#include <string.h>

static bool same_folder(const char *a, const char *b)
{
	size_t len = (size_t)(strrchr(b, '/') ? strrchr(b, '/') - b : 0);

	return strncmp(a, b, len) == 0 &&
	       (len ? a[len] == '/' && !strchr(a + len + 1, '/') : !strchr(a, '/'));
}

/* A file that has gone with its folder meanwhile has no name to keep. */
static void sync_work(uv_work_t *work)
{
	struct look *look = container_of(work, struct look, work);
	const struct asset *asset = look->asset;
	const char *last = NULL;

	err_clear(&look->ops_err);
	for (size_t i = 0; i < asset->n_files; i++) {
		const char *path = asset->files[i].path;
		int rc;

		if (!path || (last && same_folder(path, last)))
			continue;
		last = path;
		rc = archive_sync_folder(look->env->archive, path, &look->ops_err);
		if (rc && rc != -(int)ERR_NOT_FOUND)
			return;
		err_clear(&look->ops_err);
	}
}

static void sync_done(uv_work_t *work, int status)
{
	struct look *look = container_of(work, struct look, work);
	struct err err = look->ops_err;

	(void)status;
	if (err.class == ERR_NONE)
		look->unsynced = false;
	look->sync_then(look, &err);
}

void look_sync(
	struct look *look, void (*then)(struct look *look, const struct err *err))
{
	look->sync_then = then;
	uv_queue_work(look->env->loop, &look->work, sync_work, sync_done);
}
