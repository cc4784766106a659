/*
 * delete_remote: the media goes from the platform once it is archived and its files
 * have been read again. In two looks: the first remembers that vodkeep is about to ask
 * (delete_asked_ns) and saves it, the second verifies and asks. So a deletion that
 * comes from the platform is known for the echo of our own, whenever either of us
 * stopped, and never costs the copy.
 */
#include <config.h>

#include "flow/look_steps.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include <stdio.h>
#include <stdlib.h>

#define AFTER_TROUBLE_NS (INT64_C(3600) * NS_PER_S)
#define AFTER_REFUSAL_NS (INT64_C(24) * 3600 * NS_PER_S)

/* The files of an asset, compared on the pool. */
struct comparison {
	uv_work_t work;
	struct look *look;
	enum archive_verdict verdict;
	const char *path; /* of what is not sound */
	char what[256];
	struct err err;
};

static bool wanted(const struct look *look)
{
	const struct asset *asset = look->asset;

	return look->ws->delete_remote && look->record->status == RECORD_READY &&
	       look->minor.class == ERR_NONE && asset->n_files && !asset->held &&
	       !asset->contradicted;
}

static void warn_key(const struct look *look, char key[96])
{
	snprintf(key, 96, "delete/%s", look->ws->name);
}

static void warn(const struct look *look, const char *why)
{
	char key[96];

	warn_key(look, key);
	warnings_set(look->env->warnings, key, look->ws->name, false,
		"archived media of workspace %s is not removed from %s (delete_remote): %s",
		look->ws->name, look->platform->title, why);
}

static void forget(struct look *look, const char *why)
{
	look->asset->delete_asked_ns = 0;
	look->again_ns = look_now_ns() + AFTER_REFUSAL_NS;
	look_note(look, "api", "not removed from %s: %s", look->platform->title, why);
	warn(look, why);
}

static void warn_no_more(const struct look *look)
{
	char key[96];

	warn_key(look, key);
	warnings_clear(look->env->warnings, key);
}

static void removed(struct look *look)
{
	struct asset *asset = look->asset;

	warn_no_more(look);
	metric_add(METRIC_REMOVALS, "remote", 1);
	mem_replace(&asset->platform_status, record_status_name(RECORD_DELETED));
	/* Lists that do not name it any more are no news. */
	asset->answered_deleted_ns = asset->times.deleted ? asset->times.deleted : 1;
	look_decided(look, "api", "removed-remote", look_evidence(look),
		"removed from %s, as delete_remote says: the copy here was read again and is "
		"what was archived",
		look->platform->title);
}

static void on_asked(void *arg, const struct err *err)
{
	struct look *look = arg;

	if (err->class == ERR_NONE || err->class == ERR_NOT_FOUND) {
		removed(look);
	} else if (err->class == ERR_PERMANENT || err->class == ERR_AUTH) {
		forget(look, err->text);
	} else { /* it may have been done: it stays remembered */
		look->again_ns = look_now_ns() + AFTER_TROUBLE_NS;
		look_note(look, "api", "removing it from %s failed: %s; tried again",
			look->platform->title, err->text);
	}
	look->delete_then(look);
}

static void compare(uv_work_t *work)
{
	struct comparison *comparison = container_of(work, struct comparison, work);
	struct look *look = comparison->look;
	const struct asset *asset = look->asset;
	struct archive *archive = look->env->archive;

	if (archive_check(archive, look->env->archive_id, &comparison->err))
		return;
	for (size_t i = 0; i < asset->n_files && !comparison->err.class; i++) {
		const struct file *file = &asset->files[i];

		comparison->path = file->path;
		archive_compare(archive, file->path, file->bytes, file->sha256,
			&look->stop_reading, &comparison->verdict, comparison->what,
			sizeof(comparison->what), &comparison->err);
		if (comparison->verdict != ARCHIVE_SOUND)
			return;
	}
}

static void on_compared(uv_work_t *work, int status)
{
	struct comparison *comparison = container_of(work, struct comparison, work);
	struct look *look = comparison->look;
	char why[1024];

	(void)status;
	if (comparison->err.class)
		snprintf(why, sizeof(why), "the copy could not be read again: %s",
			comparison->err.text);
	else
		snprintf(why, sizeof(why), "%s %s", comparison->path, comparison->what);
	bool sound = !comparison->err.class && comparison->verdict == ARCHIVE_SOUND;
	free(comparison);
	if (look->stopping) {
		look_parked(look);
		return;
	}
	if (sound) {
		api_delete(look->env->api, look->settings, look->ws, look->asset->id,
			on_asked, look);
		return;
	}
	forget(look, why);
	look->delete_then(look);
}

void look_delete(struct look *look, void (*then)(struct look *look))
{
	struct comparison *comparison;

	if (!look->ws->delete_remote)
		warn_no_more(look);
	if (!wanted(look)) {
		then(look);
		return;
	}
	if (!look->asset->delete_asked_ns) {
		look->asset->delete_asked_ns = look->again_ns = look_now_ns();
		look_note(look, "rule", "delete_remote: it is to be removed from %s",
			look->platform->title);
		then(look);
		return;
	}
	look->delete_then = then;
	comparison = mem_alloc(sizeof(*comparison));
	comparison->look = look;
	uv_queue_work(look->env->loop, &comparison->work, compare, on_compared);
}
