/*
 * What a task brings goes into the asset: how far its download is, and the file at
 * last. Downloading itself is look_fetch.c's.
 */
#include <config.h>

#include "flow/look_steps.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include <string.h>

/* ---- how far it is ---- */

static void warn_unstored(const struct err *err)
{
	struct log_about about = { 0 };

	if (err->class != ERR_NONE)
		log_warn(&about,
			"how far a download has come could not be stored (%s): after a "
			"restart it begins earlier",
			err->text);
}

static void on_part_stored(void *arg, const struct err *err)
{
	(void)arg;
	warn_unstored(err);
}

static void on_asset_stored(void *arg, const struct err *err)
{
	asset_free(arg);
	warn_unstored(err);
}

void look_take_part(struct asset *asset, const struct part *from)
{
	struct part *part = asset_add_part(asset, from->key);

	mem_replace(&part->name, from->name);
	mem_replace(&part->etag, from->etag);
	mem_replace(&part->last_modified, from->last_modified);
	mem_replace(&part->ranges, from->ranges);
	mem_replace(&part->placing, from->placing);
	memcpy(part->sha256, from->sha256, sizeof(part->sha256));
	part->total = from->total;
	part->held = from->held;
}

/* That an asset is being downloaded, and why, is stored with the first part of it: a
 * download of less than a second ends before anybody could ask the store. The look goes
 * on meanwhile, so the store gets a copy; but of no file whose name is not durable. */
void look_store_progress(struct look *look, const struct part *part)
{
	struct asset *copy;

	if (look->progress_stored || look->unsynced) {
		store_put_part(look->env->store, look->row, part, on_part_stored, NULL);
		return;
	}
	look->progress_stored = true;
	copy = asset_copy(look->asset);
	store_save(look->env->store, copy, look_now_ns(), &look->story, on_asset_stored,
		copy);
}

/* ---- the file ---- */

void look_take_file(struct task *task, const struct transfer_result *result,
	const char *language, const char *made)
{
	struct look *look = task->look;
	const struct file *from = &result->file;
	struct file *file = asset_add_file(look->asset, from->key);
	struct log_about about = { .workspace = look->ws->name,
		.asset = look->asset->id };
	char bytes[32];

	/* Content of another kind: the old file's name is not the new one's. */
	if (file->path && strcmp(file->path, from->path) != 0)
		look_op(look, OP_REMOVE, file->path, NULL, false);
	file->role = from->role;
	mem_replace(&file->path, from->path);
	mem_replace(&file->content_type, from->content_type);
	mem_replace(&file->language, language);
	mem_replace(&file->version, made ? NULL : task->version);
	mem_replace(&file->source_host, from->source_host);
	mem_replace(&file->etag, from->etag);
	mem_replace(&file->last_modified, from->last_modified);
	mem_replace(&file->made, made);
	file->bytes = from->bytes;
	memcpy(file->sha256, from->sha256, sizeof(file->sha256));
	file->downloaded_ns = from->downloaded_ns;
	file->damaged = file->repair = false;
	asset_drop_part(look->asset, from->key);
	look->files_changed = true;
	look->unsynced |= result->unsynced;
	size_format_human(file->bytes, bytes);
	look_note(look, "file", "%s archived as %s (%s, sha256 %.16s…)%s", from->key,
		file->path, bytes, file->sha256,
		result->found_placed ? "; it was already in place after a restart"
				     : "");
	log_info(&about, "%s: %s (%s)", from->key, file->path, bytes);
}
