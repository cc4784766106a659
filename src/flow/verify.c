/*
 * One asset after the other:
 *
 *   name or page ► load ► compare (own thread) ► load again, if something is wrong and
 *   a keeper is at work ► remember ► next
 *
 * What a keeper replaces, moves or removes while it is being read looks damaged and is
 * not: a finding counts only if the store still says the same of the file afterwards,
 * and it cannot come from work that is under way.
 */
#include <config.h>

#include "flow/verify_parts.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/metrics.h"
#include <stdlib.h>
#include <string.h>

#define PAGE 64

static void next(struct verify *verify);

/* ---- what was found ---- */

static enum verify_kind kind_of(const struct verify_check *check)
{
	if (check->unreadable)
		return VERIFY_UNREADABLE;
	return check->verdict == ARCHIVE_MISSING ? VERIFY_MISSING : VERIFY_DAMAGED;
}

static void tell(struct verify *verify, const struct file *file,
	const struct verify_check *check)
{
	struct verify_finding finding = {
		.kind = kind_of(check),
		.workspace = verify->asset->workspace,
		.id = verify->asset->id,
		.path = file->path,
		.text = check->what,
	};

	verify->counts.found[finding.kind]++;
	verify->o.found(verify->o.arg, &finding);
}

static void on_remembered(void *arg, const struct err *err)
{
	struct verify *verify = arg;

	if (err->class != ERR_NONE) {
		verify->err = *err;
		err_wrap(&verify->err, "what was found cannot be remembered");
	} else if (verify->damaged && verify->o.repair) {
		verify->counts.repairs++;
		if (verify->o.repaired)
			verify->o.repaired(verify->o.arg, verify->asset->workspace,
				verify->asset->row);
	}
	next(verify);
}

/* Damage goes to the store where there is some, or was. */
static void remember(struct verify *verify)
{
	const struct asset *asset = verify->asset;
	struct verify_mark *marks = mem_array(asset->n_files, sizeof(*marks));
	size_t n = 0;
	bool news = false;

	for (size_t i = 0; i < asset->n_files; i++) {
		const struct file *file = &asset->files[i];
		const struct verify_check *check = &verify->checks[i];

		news |= file->damaged;
		metric_add(METRIC_VERIFIED,
			check->sound ? "sound" : verify_kind_name(kind_of(check)), 1);
		if (check->sound)
			continue;
		tell(verify, file, check);
		if (check->unreadable && !file->damaged) /* nothing is known anew */
			continue;
		marks[n++] = (struct verify_mark){
			.key = file->key,
			.downloaded_ns = file->downloaded_ns,
			.text = mem_printf("%s is %s: %s%s", file->path,
				verify_kind_name(kind_of(check)), check->what,
				verify->o.repair ? "; it is fetched again" : ""),
		};
	}
	verify->damaged = n > 0;
	if (n || news)
		store_verified(verify->o.store, asset->row, marks, n, verify->o.repair,
			on_remembered, verify);
	for (size_t i = 0; i < n; i++)
		free(marks[i].text);
	free(marks);
	if (!n && !news)
		next(verify);
}

static bool same_file(const struct file *was, const struct file *is)
{
	return is && strcmp(was->path, is->path) == 0 &&
	       strcmp(was->sha256, is->sha256) == 0 &&
	       was->downloaded_ns == is->downloaded_ns;
}

/* Whether what is wrong with @file may come from a look that is under way: a file that
 * is being replaced, moved or removed, or a sidecar that is being written. An asset can
 * be due for long, where its host is away or its workspace paused; that alone hides
 * nothing. */
static bool is_in_work(const struct asset *now, const struct file *file,
	const struct verify_check *check)
{
	const struct part *part = asset_part(now, file->key);

	if (!now->due_ns || now->due_ns > clock_system.wall_ns())
		return false;
	if ((part && part->placing) || file->role == ROLE_METADATA)
		return true;
	if (check->verdict != ARCHIVE_MISSING)
		return false;
	return now->wish == WISH_REMOVE ||
	       now->times.deleted > now->answered_deleted_ns || !now->base_path ||
	       strncmp(file->path, now->base_path, strlen(now->base_path)) != 0;
}

static void on_loaded_again(void *arg, const struct err *err, struct asset *now)
{
	struct verify *verify = arg;
	const struct asset *asset = verify->asset;
	bool busy = !now;

	if (!now && err->class != ERR_NOT_FOUND) {
		verify->err = *err;
		next(verify);
		return;
	}
	for (size_t i = 0; i < asset->n_files && !busy; i++) {
		struct verify_check *check = &verify->checks[i];
		const struct file *file = &asset->files[i];

		if (check->sound)
			continue;
		busy = is_in_work(now, file, check);
		check->sound = !same_file(file, asset_file(now, file->key));
	}
	asset_free(now);
	if (busy)
		next(verify);
	else
		remember(verify);
}

/* ---- one asset ---- */

static void on_compared(struct message *message)
{
	struct verify *verify = container_of(message, struct verify, message);
	const struct asset *asset = verify->asset;
	int64_t before = verify->counts.bytes;
	bool sound = true;

	if (verify->err.class != ERR_NONE) {
		next(verify);
		return;
	}
	verify->counts.assets++;
	verify->counts.last_row = asset->row;
	for (size_t i = 0; i < asset->n_files; i++) {
		verify->counts.files++;
		verify->counts.passed += asset->files[i].bytes;
		if (verify->checks[i].verdict != ARCHIVE_MISSING)
			verify->counts.bytes += asset->files[i].bytes;
		sound &= verify->checks[i].sound;
	}
	metric_add(
		METRIC_VERIFIED_BYTES, NULL, (double)(verify->counts.bytes - before));
	if (!sound && verify->o.live)
		store_load(verify->o.store, asset->row, on_loaded_again, verify);
	else
		remember(verify);
}

static void compare_file(
	struct verify *verify, const struct file *file, struct verify_check *check)
{
	struct err err = { 0 };
	int rc = archive_compare(verify->o.archive, file->path, file->bytes,
		file->sha256, &verify->stop, &check->verdict, check->what,
		sizeof(check->what), &err);

	check->unreadable = rc != 0;
	check->sound = rc == 0 && check->verdict == ARCHIVE_SOUND;
	if (err.class == ERR_CANCELLED)
		verify->err = err;
	else if (rc)
		snprintf(check->what, sizeof(check->what), "%.500s", err.text);
}

/* On the worker. An archive that has gone meanwhile proves nothing about its files. */
static void compare(struct message *message)
{
	struct verify *verify = container_of(message, struct verify, message);
	const struct asset *asset = verify->asset;
	bool sound = true;
	int rc = verify_archive_there(verify);

	for (size_t i = 0; i < asset->n_files && verify->err.class == ERR_NONE; i++) {
		compare_file(verify, &asset->files[i], &verify->checks[i]);
		sound &= verify->checks[i].sound;
	}
	if (rc == 0 && !sound && verify->err.class == ERR_NONE)
		verify_archive_there(verify);
	verify_answer(verify, on_compared);
}

static void on_loaded(void *arg, const struct err *err, struct asset *asset)
{
	struct verify *verify = arg;

	if (!asset && err->class != ERR_NOT_FOUND)
		verify->err = *err;
	if (!asset || !asset->n_files) {
		asset_free(asset);
		next(verify);
		return;
	}
	verify->asset = asset;
	verify->checks = mem_array(asset->n_files, sizeof(*verify->checks));
	verify_post(verify, compare);
}

/* ---- which asset ---- */

static void on_found(
	void *arg, const struct err *err, const struct asset_ref *refs, size_t n)
{
	struct verify *verify = arg;
	const char *name = verify->names[verify->next_name++];

	if (err->class != ERR_NONE && err->class != ERR_NOT_FOUND)
		verify->err = *err;
	else if (n == 0)
		err_set(&verify->err, ERR_NOT_FOUND, "there is no asset %s", name);
	else if (n > 1)
		err_set(&verify->err, ERR_INPUT,
			"%s may be %s/%s, %s/%s or more: say which", name,
			refs[0].workspace, refs[0].id, refs[1].workspace, refs[1].id);
	if (verify->err.class != ERR_NONE)
		next(verify);
	else
		store_load(verify->o.store, refs[0].row, on_loaded, verify);
}

static void on_page(
	void *arg, const struct err *err, const struct asset_ref *refs, size_t n)
{
	struct verify *verify = arg;

	verify_page_clear(verify);
	if (err->class != ERR_NONE)
		verify->err = *err;
	verify->refs = mem_array(n, sizeof(*verify->refs));
	for (; verify->n_refs < n; verify->n_refs++)
		verify->refs[verify->n_refs].row = refs[verify->n_refs].row;
	verify->last_page = n < PAGE;
	if (n)
		verify->o.after_row = refs[n - 1].row;
	next(verify);
}

static bool is_chosen(const struct verify *verify)
{
	return verify->o.sample >= 100 ||
	       (double)(random_u64() % 1000000) < verify->o.sample * 10000;
}

/* The next of the page that is chosen; 0 none. */
static int64_t next_of_page(struct verify *verify)
{
	while (verify->next_ref < verify->n_refs) {
		int64_t row = verify->refs[verify->next_ref++].row;

		if (is_chosen(verify))
			return row;
	}
	return 0;
}

static void next_of_all(struct verify *verify)
{
	int64_t row = next_of_page(verify);

	if (row) {
		store_load(verify->o.store, row, on_loaded, verify);
	} else if (!verify->last_page) {
		store_verify_page(verify->o.store, verify->workspace,
			verify->o.after_row, PAGE, on_page, verify);
	} else {
		verify->counts.all = true;
		if (verify->o.strays)
			verify_strays(verify);
		else
			verify_end(verify);
	}
}

static void next(struct verify *verify)
{
	verify_asset_clear(verify);
	if (atomic_load(&verify->stop) && verify->err.class == ERR_NONE)
		err_set(&verify->err, ERR_CANCELLED, "stopped");
	if (verify->err.class != ERR_NONE ||
		(verify->o.max_bytes && verify->counts.passed >= verify->o.max_bytes))
		verify_end(verify);
	else if (!verify->names)
		next_of_all(verify);
	else if (verify->next_name < verify->o.n_assets)
		store_find(verify->o.store, verify->names[verify->next_name], on_found,
			verify);
	else
		verify_end(verify);
}

static void begin(struct message *message)
{
	next(container_of(message, struct verify, message));
}

int verify_start(
	struct verify **out, const struct verify_options *options, struct err *err)
{
	struct verify *verify = mem_alloc(sizeof(*verify));
	int rc = mailbox_open(&verify->back, options->loop, err);

	if (rc == 0)
		rc = worker_start(
			&verify->worker, "verify", &verify_worker_hooks, NULL, err);
	if (rc) {
		if (verify->back)
			mailbox_close(verify->back);
		free(verify);
		return rc;
	}
	verify->o = *options;
	verify->counts.last_row = options->after_row;
	verify->workspace = mem_strdup(options->workspace);
	if (options->n_assets)
		verify->names = mem_array(options->n_assets, sizeof(*verify->names));
	for (size_t i = 0; i < options->n_assets; i++)
		verify->names[i] = mem_strdup(options->assets[i]);
	*out = verify;
	verify_answer(verify, begin);
	return 0;
}
