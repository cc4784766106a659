/*
 * What a task begins with: everything about one file that a transfer, or an HLS job,
 * has to know. Whether it may begin is look_fetch.c's.
 */
#include <config.h>

#include "flow/look_steps.h"

#include <string.h>
#include <strings.h>

/* What was made of HLS, and not yet placed, is nothing to go on with for a download. */
static const struct part *own_part(const struct task *task)
{
	const struct part *part = asset_part(task->look->asset, task->key);
	char owner[256];

	return part && archive_part_owner(part->name, owner) ? NULL : part;
}

static struct transfer_spec spec_of(
	const struct task *task, const struct source *source, const char *url)
{
	static const struct text_list any_host = { 0 };
	struct look *look = task->look;

	return (struct transfer_spec){
		.workspace = look->ws->name,
		.asset_id = look->asset->id,
		.title = look->asset->facts.title,
		.deadline_ns = asset_deadline_ns(look->asset),
		.rule = look->rule->name,
		.row = look->row,
		.role = task->role,
		.key = task->key,
		.url = url,
		.part = own_part(task),
		.expected_bytes = source->bytes,
		.path_stem = task->stem,
		.replaces = task->replaces,
		.mtime_ns = look->asset->facts.created_ns,
		.keep_free_bytes = guard_keep_free(look->env->guard),
		.media_hosts = look->ws->media_hosts.count ? &look->ws->media_hosts
							   : &any_host,
		.allow_private = look->ws->allow_private,
		.ca_file = look->ws->ca_file,
		.proxy = look->ws->proxy,
	};
}

static bool same_language(const char *a, const char *b)
{
	return a == b || (a && b && strcasecmp(a, b) == 0);
}

/* Those that the platform's own list has are fetched as files of their own. */
static bool wants_subtitles(void *arg, const char *language)
{
	const struct task *task = arg;
	const struct record *record = task->look->record;

	if (!(task->look->rule->fetch & FETCH_SUBTITLES))
		return false;
	for (size_t i = 0; i < record->n_sources; i++) {
		const struct source *source = &record->sources[i];

		if (source->role == ROLE_SUBTITLE && source->available &&
			same_language(source->language, language))
			return false;
	}
	return true;
}

static void start_hls(struct task *task, const struct source *source, const char *url,
	const struct transfer_events *events, hls_done_cb hls_done)
{
	struct look *look = task->look;
	struct hls_env env = {
		.loop = look->env->loop,
		.archive = look->env->archive,
		.transfers = look->env->transfers,
		.client = look->env->client,
	};
	struct hls_spec spec = {
		.transfer = spec_of(task, source, url),
		.asset = look->asset,
		.config = look->settings->config,
		.as = look->rule->hls_as,
		.max_height = look->rule->max_height,
		.wants_subtitles = wants_subtitles,
	};
	struct hls_events hls_events = {
		.part = events->part,
		.note = events->note,
		.sealed = events->sealed,
		.done = hls_done,
		.arg = events->arg,
	};

	task->hls = hls_start(&env, &spec, &hls_events);
}

void look_task_start(struct task *task, const struct source *source, const char *url,
	const struct transfer_events *events, hls_done_cb hls_done)
{
	if (task->form == FORM_HLS) {
		start_hls(task, source, url, events, hls_done);
		return;
	}
	struct transfer_spec spec = spec_of(task, source, url);
	/* The sidecar that follows is put into the same folder, and syncs it. What
	 * takes the place of another is made durable before that goes; and a small
	 * file at once, or the look could store nothing while the main one comes. */
	spec.sync_later = task->main && task->look->plan.sidecar && !task->replaces;
	task->transfer = transfer_start(task->look->env->transfers, &spec, events);
}
