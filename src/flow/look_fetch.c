/*
 * Fetching: the files of the plan, each in its slot, each with a fresh link where links
 * expire; what comes back goes into the asset. Then: did what the archive has change at
 * its source?
 */
#include <config.h>

#include "flow/look_steps.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/rule.h"
#include "platform/playback_token.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often a refused link is resolved anew within one look (costs no attempt). */
#define RESOLVES 3
/* A link that was made longer ago than this is fetched anew before it is used. */
#define LINK_FRESH_MS 20000

static void begin(struct task *task);

/* ---- tasks ---- */

static const struct source *source_of(const struct task *task)
{
	const struct record *record = task->look->record;

	for (size_t i = 0; i < record->n_sources; i++) {
		const struct source *source = &record->sources[i];

		if (source->role == task->role && source->form == task->form &&
			source->available && source->url &&
			strcmp(source->key, task->key) == 0)
			return source;
	}
	return NULL;
}

static void after_tasks(struct look *look);

/* One of those that n_running counts has ended. */
static void one_less(struct look *look)
{
	if (--look->n_running == 0)
		after_tasks(look);
}

static void task_end(struct task *task)
{
	struct look *look = task->look;

	assert(!task->ended);
	task->ended = true;
	task->transfer = NULL;
	task->hls = NULL;
	/* Others get the place before this look may go on to its end. */
	look->n_running++;
	file_slots_leave(look->env->slots, &task->claim);
	look->n_running--;
	assert(look->n_running > 0);
	one_less(look);
}

static void task_fail(struct task *task, const struct err *err)
{
	struct look *look = task->look;
	struct err told = *err;

	if (err->class == ERR_CANCELLED) {
		task_end(task);
		return;
	}
	mem_replace(&task->why, err->text);
	err_wrap(&told, "%s", task->key);
	if (err->class == ERR_EXISTS) {
		look->exists_seen = true;
	} else if (task->main || err->class == ERR_LOCAL) {
		look_keep_worse(&look->trouble, &told);
	} else {
		look_note(look, "attempt", "%s", told.text);
		look_keep_worse(&look->minor, &told);
	}
	task_end(task);
}

/* What the asset's trouble is about, where it is the host's. */
static void blame_host(struct task *task, bool held)
{
	struct look *look = task->look;

	mem_replace(task->main ? &look->trouble_way : &look->minor_way, task->way);
	*(task->main ? &look->trouble_held : &look->minor_held) = held;
}

/* Its host is being left alone. */
static void task_hold(struct task *task)
{
	struct look *look = task->look;
	struct err err;
	int64_t again_ns;

	if (!breakers_explain(look->env->breakers, task->way, &err, &again_ns))
		err_set(&err, ERR_TRANSIENT, "%s did not answer", task->way);
	blame_host(task, true);
	look_keep_worse(task->main ? &look->trouble : &look->minor, &err);
	task_end(task);
}

/* ---- one transfer ---- */

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

/* What came of asking the task's host; NULL: it answers. */
static void tell_host(struct task *task, const struct err *err)
{
	static const struct err none = { .class = ERR_NONE };

	breakers_tell(task->look->env->breakers, task->way, task->pass,
		(uint64_t)task->look->row, err ? err : &none);
	task->pass = BREAKER_GO;
}

static void take_part(struct asset *asset, const struct part *from)
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

/* That an asset is being downloaded, and why, is stored with the first part of it: what
 * is quicker ends before anybody could ask. A copy, since the look goes on meanwhile;
 * but of no file whose name is not durable. */
static void store_progress(struct look *look, const struct part *part)
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

static void on_part(void *arg, const struct part *part)
{
	struct task *task = arg;
	struct look *look = task->look;
	const struct part *before = asset_part(look->asset, part->key);

	/* Progress that can be resumed: the trouble of earlier attempts is over. */
	if (part_bytes(part) > (before ? part_bytes(before) : 0) &&
		(part->etag || part->last_modified)) {
		look->asset->attempts = 0;
		look->asset->trouble_ns = 0;
	}
	if (part_bytes(part) > (before ? part_bytes(before) : 0) && !task->answered) {
		task->answered = true;
		tell_host(task, NULL);
	}
	take_part(look->asset, part);
	store_progress(look, part);
}

static void on_note(void *arg, const char *text)
{
	struct task *task = arg;

	look_note(task->look, "attempt", "%s: %s", task->key, text);
}

/* Its host has nothing more to do for it: the next may come. */
static void on_received(void *arg)
{
	struct task *task = arg;

	file_slots_leave(task->look->env->slots, &task->claim);
}

static void on_replaceable(struct task *task, const struct err *err)
{
	struct look *look = task->look;

	/* Where the look was stopped meanwhile, the transfer has ended by itself. */
	if (task->transfer && err->class == ERR_NONE) {
		transfer_place(task->transfer);
	} else if (task->transfer) {
		if (err->class != ERR_CANCELLED)
			look_keep_worse(&look->trouble, err);
		transfer_cancel(task->transfer, err->class == ERR_CANCELLED);
	}
	one_less(look);
}

static void task_cancel(struct task *task)
{
	if (task->hls)
		hls_cancel(task->hls);
	else if (task->transfer)
		transfer_cancel(task->transfer, false);
}

static void on_sealed_stored(void *arg, const struct err *err)
{
	struct task *task = arg;

	if (!task->transfer && !task->hls)
		return;
	if (err->class != ERR_NONE) {
		look_keep_worse(&task->look->trouble, err);
		task_cancel(task);
	} else if (task->hls) {
		hls_place(task->hls);
	} else {
		task->look->n_running++;
		look_replace(task, on_replaceable);
	}
}

static void on_sealed(void *arg, const struct part *part)
{
	struct task *task = arg;

	take_part(task->look->asset, part);
	store_put_part(
		task->look->env->store, task->look->row, part, on_sealed_stored, task);
}

static void take_file(struct task *task, const struct transfer_result *result,
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

static void on_resolved(void *arg, const struct err *err, struct record *record)
{
	struct task *task = arg;
	struct look *look = task->look;
	struct err gone;

	if (!record) {
		look_api_failed(look, task->main);
		task_fail(task, err);
		return;
	}
	if (record->status != RECORD_READY) {
		err_set(&gone, ERR_NOT_YET,
			"the platform no longer says that it is ready (%s)",
			record_status_name(record->status));
		record_free(record);
		task_fail(task, &gone);
		return;
	}
	look_take_record(look, record);
	begin(task);
}

static void resolve(struct task *task)
{
	struct look *look = task->look;

	look->resolves++;
	api_details(look->env->api, look->settings, look->ws, look->asset->id,
		on_resolved, task);
}

/* It was good when the download began: a new one is made at once. */
static bool token_ran_out(const struct task *task)
{
	return task->token_ns && !task->look->stopping &&
	       playback_token_is_spent(task->token_ns, look_now_ns());
}

static void task_failed(struct task *task, const struct err *err)
{
	struct look *look = task->look;
	struct err told = *err;

	if (err->class == ERR_TRANSIENT && err->retry_after_ms == 0)
		blame_host(task, false);
	if (err->class == ERR_STALE && look->resolves < RESOLVES && !look->stopping &&
		look->record->links_expire) {
		look_note(look, "retry", "%s: %s; a new link is asked for", task->key,
			err->text);
		resolve(task);
		return;
	}
	if (err->class == ERR_STALE && token_ran_out(task)) {
		begin(task);
		return;
	}
	if (told.class == ERR_STALE) {
		told.class = ERR_TRANSIENT;
		if (task->token_ns)
			err_wrap(&told,
				"a token signed with signing_key (id %s) is refused; is it a "
				"key of this workspace?",
				look->ws->signing_key_id);
	}
	task_fail(task, &told);
}

static void on_done(
	void *arg, const struct err *err, const struct transfer_result *result)
{
	struct task *task = arg;

	task->transfer = NULL;
	if (result || !task->answered)
		tell_host(task, err);
	if (result) {
		take_file(task, result, task->language, NULL);
		if (task->main)
			look_drop_package(task->look, task->key);
		task_end(task);
	} else {
		task_failed(task, err);
	}
}

static void on_hls_done(
	void *arg, const struct err *err, const struct hls_result *result)
{
	struct task *task = arg;

	task->hls = NULL;
	if (result || !task->answered)
		tell_host(task, err);
	if (!result) {
		task_failed(task, err);
		return;
	}
	/* The main one first: it is what the asset's path is. */
	for (size_t i = result->n_files; i > 0; i--) {
		const struct transfer_result *one = &result->files[i - 1];

		take_file(task, one, one->file.language,
			one->file.role == ROLE_SUBTITLE ? "segments of HLS"
							: result->made);
	}
	look_drop_package(task->look, task->key);
	task_end(task);
}

static void find_way(struct task *task, const struct source *source)
{
	free(task->way);
	task->way = source ? breakers_way(source->url, task->look->ws->proxy) : NULL;
}

static bool link_is_old(const struct look *look)
{
	return look->record->links_expire &&
	       clock_system.mono_ms() - look->record_at_ms > LINK_FRESH_MS;
}

static void start(struct task *task, const struct source *source, const char *url)
{
	const struct transfer_events events = {
		.part = on_part,
		.note = on_note,
		.received = on_received,
		.sealed = on_sealed,
		.done = on_done,
		.arg = task,
	};

	task->answered = false;
	look_task_start(task, source, url, &events, on_hls_done);
}

static void begin(struct task *task)
{
	struct look *look = task->look;
	const struct source *source;
	char *url = NULL;
	struct err err;

	if (look->stopping) {
		task_end(task);
		return;
	}
	if (link_is_old(look) && look->resolves < RESOLVES) {
		resolve(task);
		return;
	}
	source = source_of(task);
	if (!source) {
		err_set(&err, ERR_NOT_YET,
			"the platform offers no link to it any more");
		task_fail(task, &err);
		return;
	}
	task->token_ns = playback_wants_token(look->ws, source) ? look_now_ns() : 0;
	if (playback_url(look->ws, source, look_now_ns(), &url, &err) < 0) {
		err.class = ERR_TRANSIENT; /* a person puts it right */
		task_fail(task, &err);
		return;
	}
	find_way(task, source);
	task->pass = breakers_begin(look->env->breakers, task->way);
	if (task->pass == BREAKER_WAIT) {
		task_hold(task);
	} else {
		start(task, source, url);
	}
	mem_free_secret(url);
}

static void on_slot(struct slot_claim *claim)
{
	begin(container_of(claim, struct task, claim));
}

static void take_slot(struct task *task)
{
	struct look *look = task->look;

	find_way(task, source_of(task));
	if (breakers_look(look->env->breakers, task->way) == BREAKER_WAIT) {
		task_hold(task);
		return;
	}
	mem_replace(&task->slot_way, task->way);
	task->claim = (struct slot_claim){
		.workspace = look->ws->name,
		.host = task->slot_way,
		.urgency = urgency_of(look->asset, look->asset->due_ns),
		.main = task->main,
		.granted = on_slot,
	};
	file_slots_take(look->env->slots, &task->claim);
}

void look_tasks_stop(struct look *look)
{
	if (look->n_running == 0) /* not in this step */
		return;
	/* Ending the last task may end the look: hold it until the walk is over. */
	look->n_running++;
	for (size_t i = 0; i < look->n_tasks; i++) {
		struct task *task = look->tasks[i];

		if (task->ended)
			continue;
		if (task->claim.state == SLOT_WAITS)
			task_end(task);
		else
			task_cancel(task);
	}
	one_less(look);
}

/* ---- all of them ---- */

static void run_tasks(struct look *look)
{
	if (look->asset->state != ASSET_DOWNLOADING) {
		asset_move(look->asset, ASSET_DOWNLOADING);
		mem_replace(&look->asset->reason, NULL);
	}
	/* Starting may end tasks at once (no link, stopping): the extra count keeps the
	 * look from going on before all of them have begun. */
	look->n_running = 1;
	for (size_t i = 0; i < look->n_tasks; i++)
		if (!look->tasks[i]->ended)
			look->n_running++;
	for (size_t i = 0; i < look->n_tasks; i++) {
		struct task *task = look->tasks[i];

		if (!task->ended)
			take_slot(task);
	}
	one_less(look);
}

/* After a new claim only what is still missing. */
static bool fetched_in_this_look(const struct look *look, const char *key)
{
	const struct file *file = asset_file(look->asset, key);

	return file && file->downloaded_ns >= look->started_ns;
}

void look_fetch(struct look *look, void (*then)(struct look *look))
{
	struct plan *plan = &look->plan;

	look->fetch_then = then;
	look_tasks_free(look);
	for (size_t i = 0; i < plan->n_fetches; i++) {
		const struct plan_fetch *fetch = &plan->fetches[i];

		if (!fetched_in_this_look(look, fetch->source->key))
			look_task_add(look, fetch->source, fetch->main);
	}
	look->exists_seen = false;
	if (look->stopping || look->n_tasks == 0) {
		after_tasks(look);
		return;
	}
	run_tasks(look);
}

/* ---- did it change? ---- */

static void on_rechecked(struct look *look)
{
	bool more = false;

	for (size_t i = 0; i < look->n_tasks; i++)
		more |= !look->tasks[i]->ended;
	if (more && !look->stopping)
		run_tasks(look);
	else
		look->fetch_then(look);
}

static void on_leftovers(struct look *look)
{
	look_ops_clear(look);
	if (look->ops_err.class != ERR_NONE)
		look_keep_worse(&look->minor, &look->ops_err);
	after_tasks(look);
}

static void after_tasks(struct look *look)
{
	if (look->n_ops)
		look_run_ops(look, on_leftovers);
	else if (look->rechecks_done < look->plan.n_rechecks && !look->stopping &&
		 !look->exists_seen && look->trouble.class == ERR_NONE)
		look_recheck(look, on_rechecked);
	else
		look->fetch_then(look);
}
