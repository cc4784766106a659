/*
 * What happens to a file whose successor has been fetched: nothing, if both are the
 * same; it is kept as an old version, if the rule says so and it is the main file; else
 * it goes when the successor takes its name. The order makes each of these survive a
 * crash: the new file's seal is stored before, the old version's row before the new one
 * is placed.
 */
#include <config.h>

#include "flow/look_steps.h"

#include "base/mem.h"
#include "core/version.h"
#include <stdlib.h>
#include <string.h>

#define NAMES 1000 /* so many are tried where foreign files lie */

/* An old version on its way, on the pool and then in the store. */
struct keeping {
	uv_work_t work;
	struct task *task;
	struct file old; /* a copy of its row, and then the old version's */
	char *to, *base, *suffix;
	int number;
	struct err err;
	void (*then)(struct task *task, const struct err *err);
};

static void keeping_free(struct keeping *keeping)
{
	file_release(&keeping->old);
	free(keeping->to);
	free(keeping->base);
	free(keeping->suffix);
	free(keeping);
}

static void end(struct keeping *keeping)
{
	keeping->then(keeping->task, &keeping->err);
	keeping_free(keeping);
}

static void on_stored(void *arg, const struct err *err)
{
	struct keeping *keeping = arg;

	keeping->err = *err;
	end(keeping);
}

static void keep_work(uv_work_t *work)
{
	struct keeping *keeping = container_of(work, struct keeping, work);
	const struct archive *archive = keeping->task->look->env->archive;
	int rc = -(int)ERR_EXISTS;

	for (int i = 0; rc == -(int)ERR_EXISTS && i < NAMES; i++) {
		keeping->number += i ? 1 : 0;
		free(keeping->to);
		keeping->to = mem_printf(
			"%s.v%d%s", keeping->base, keeping->number, keeping->suffix);
		err_clear(&keeping->err);
		rc = archive_keep(archive, keeping->old.path, keeping->to,
			keeping->old.bytes, keeping->old.sha256, &keeping->err);
	}
}

static void on_kept(uv_work_t *work, int status)
{
	struct keeping *keeping = container_of(work, struct keeping, work);
	struct look *look = keeping->task->look;
	struct file *file;

	(void)status;
	if (keeping->err.class == ERR_NOT_FOUND) {
		look_note(look, "file", "%s is not there any more and cannot be kept",
			keeping->old.path);
		err_clear(&keeping->err);
		end(keeping);
		return;
	}
	if (keeping->err.class != ERR_NONE) {
		end(keeping);
		return;
	}
	version_name(&keeping->old, keeping->number, keeping->to, look_now_ns());
	look_note(look, "file", "the old %s is kept as %s", keeping->task->key,
		keeping->to);
	file = asset_add_file(look->asset, keeping->old.key);
	file_release(file);
	file_copy(file, &keeping->old);
	store_put_file(look->env->store, look->row, &keeping->old, on_stored, keeping);
}

static void keep(struct task *task, const struct file *file,
	void (*then)(struct task *task, const struct err *err))
{
	struct look *look = task->look;
	struct keeping *keeping = mem_alloc(sizeof(*keeping));
	const char *dot = strrchr(file->path, '.');

	keeping->task = task;
	keeping->then = then;
	keeping->number = version_next(look->asset, file->key);
	file_copy(&keeping->old, file);
	keeping->base = mem_strdup(look->asset->base_path);
	keeping->suffix = mem_strdup(dot ? dot : "");
	uv_queue_work(look->env->loop, &keeping->work, keep_work, on_kept);
}

/* Whether what has come is what the archive has under the same name. */
static bool is_unchanged(const struct file *file, const struct part *part)
{
	return file && part->placing && !file->repair && !file->damaged &&
	       strcmp(file->sha256, part->sha256) == 0 &&
	       strcmp(file->path, part->placing) == 0;
}

static void leave(struct task *task, struct file *file, const struct part *part)
{
	struct look *look = task->look;

	look_note(look, "file", "%s is the same as before: the copy stays as it is",
		task->key);
	if (part->etag)
		mem_replace(&file->etag, part->etag);
	if (part->last_modified)
		mem_replace(&file->last_modified, part->last_modified);
	mem_replace(&file->version, task->version);
	asset_drop_part(look->asset, task->key);
}

/* What was made here is the same media in another form, not another version of it. */
static bool is_to_be_kept(const struct task *task, const struct file *file)
{
	const struct look *look = task->look;

	return task->main && look->rule->on_update == UPDATE_VERSION && !file->made &&
	       !file->repair && !file->damaged &&
	       !version_with(look->asset, file->key, file->sha256);
}

void look_replace(
	struct task *task, void (*then)(struct task *task, const struct err *err))
{
	struct file *file = asset_file(task->look->asset, task->key);
	const struct part *part = asset_part(task->look->asset, task->key);
	struct err err = { .class = ERR_NONE };

	if (is_unchanged(file, part)) {
		leave(task, file, part);
		err_set(&err, ERR_CANCELLED, "it is the same as before");
	} else if (file && strcmp(file->sha256, part->sha256) != 0 &&
		   is_to_be_kept(task, file)) {
		keep(task, file, then);
		return;
	}
	then(task, &err);
}
