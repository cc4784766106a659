/*
 * File work of a look: operations on the pool, the asset's path, its sidecar. Every
 * batch of operations first makes sure that the archive is there and ours.
 */
#include <config.h>

#include "flow/look_steps.h"

#include "archive/sidecar.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "core/place.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- operations ---- */

void look_op(struct look *look, enum file_op_kind kind, const char *path,
	const char *to, bool replace)
{
	look->ops = mem_grow(look->ops, look->n_ops + 1, sizeof(*look->ops));
	look->ops[look->n_ops++] = (struct file_op){
		.kind = kind,
		.path = mem_strdup(path),
		.to = mem_strdup(to),
		.replace = replace,
	};
}

/* Also of a download that had just begun, of which no part has been stored yet. */
static bool is_of_another_asset(void *arg, const char *name)
{
	const struct look *look = arg;
	char *end;

	return strtoll(name, &end, 10) != look->row || *end != '.';
}

static int remove_parts(struct look *look, struct err *err)
{
	int removed;

	return archive_part_sweep(
		look->env->archive, is_of_another_asset, look, &removed, err);
}

static struct file *file_at(const struct asset *asset, const char *path)
{
	for (size_t i = 0; i < asset->n_files; i++)
		if (strcmp(asset->files[i].path, path) == 0)
			return &asset->files[i];
	return NULL;
}

/* Whether the very file that @op moves lies at its new place already: a crash came
 * between moving and recording it. */
static bool is_moved(const struct look *look, const struct file_op *op)
{
	const struct file *file = file_at(look->asset, op->path);
	struct err err = { 0 };
	char sha256[DIGEST_SHA256_HEX];
	int64_t size;

	return file &&
	       archive_stat(look->env->archive, op->to, &size, sha256, &err) == 0 &&
	       size == file->bytes && strcmp(sha256, file->sha256) == 0;
}

static int move(const struct look *look, const struct file_op *op, struct err *err)
{
	int rc = archive_move(look->env->archive, op->path, op->to, err);

	if (rc != -(int)ERR_NOT_FOUND || !is_moved(look, op))
		return rc;
	err_clear(err);
	return archive_remove(look->env->archive, op->path, NULL, err);
}

/* Whether the file at @rel is a sidecar of this very asset: a crash came between
 * writing and recording it, or the database was lost. */
static bool is_own_sidecar(const struct look *look, const char *rel)
{
	struct err err = { 0 };
	struct buf text;
	bool own = false;

	buf_init(&text, SIDECAR_MAX);
	if (archive_read(look->env->archive, rel, &text, &err) == 0)
		own = sidecar_is_of(buf_text(&text), text.len, look->asset->workspace,
			look->asset->id);
	buf_release(&text);
	return own;
}

static int put(const struct look *look, const struct file_op *op, struct err *err)
{
	size_t len = strlen(op->to);
	int rc = archive_put(look->env->archive, op->path, op->to, len,
		look->ops_mtime_ns, op->replace, err);

	if (rc != -(int)ERR_EXISTS || op->replace || !is_own_sidecar(look, op->path))
		return rc;
	err_clear(err);
	return archive_put(look->env->archive, op->path, op->to, len,
		look->ops_mtime_ns, true, err);
}

static int run_op(struct look *look, const struct file_op *op, struct err *err)
{
	const struct archive *archive = look->env->archive;

	switch (op->kind) {
	case OP_MOVE:
		return move(look, op, err);
	case OP_REMOVE:
		return archive_remove(archive, op->path, NULL, err);
	case OP_TRASH:
		return archive_trash(archive, op->path, op->to, err);
	case OP_PARTS_REMOVE:
		return remove_parts(look, err);
	case OP_PUT:
		return put(look, op, err);
	}
	return 0;
}

static void ops_work(uv_work_t *work)
{
	struct look *look = container_of(work, struct look, work);

	err_clear(&look->ops_err);
	look->ops_done = 0;
	if (!archive_is_there(look->env->archive) &&
		archive_check(
			look->env->archive, look->env->archive_id, &look->ops_err) < 0)
		return;
	while (look->ops_done < look->n_ops) {
		if (run_op(look, &look->ops[look->ops_done], &look->ops_err) < 0)
			return;
		look->ops_done++;
	}
}

static void ops_done(uv_work_t *work, int status)
{
	struct look *look = container_of(work, struct look, work);

	(void)status;
	look->ops_then(look);
}

void look_run_ops(struct look *look, void (*then)(struct look *look))
{
	look->ops_then = then;
	look->ops_mtime_ns = look->asset->facts.created_ns;
	uv_queue_work(look->env->loop, &look->work, ops_work, ops_done);
}

void look_ops_clear(struct look *look)
{
	for (size_t i = 0; i < look->n_ops; i++) {
		free(look->ops[i].path);
		free(look->ops[i].to);
	}
	free(look->ops);
	look->ops = NULL;
	look->n_ops = 0;
}

/* ---- the path ---- */

/* Where a file belongs under the asset's present base path. */
static char *home_of(const struct asset *asset, const struct file *file)
{
	const char *dot = strrchr(file->path, '.');
	const char *name = strrchr(file->path, '/');
	char suffix[64];

	/* Within a package's folder names stay: its playlists name them. */
	if (name && name - file->path > 4 && memcmp(name - 4, ".hls", 4) == 0)
		return mem_printf("%s.hls%s", asset->base_path, name);
	plan_suffix(asset, file->role, file->key, file->language, suffix);
	return mem_printf("%s%s%s", asset->base_path, suffix, dot ? dot : "");
}

/* A track's language may be corrected at the platform: its file is renamed. */
static void follow_languages(struct look *look)
{
	const struct record *record = look->record;

	for (size_t i = 0; record && i < record->n_sources; i++) {
		const struct source *source = &record->sources[i];
		struct file *file = asset_file(look->asset, source->key);

		if (file && source->role == ROLE_SUBTITLE && source->language)
			mem_replace(&file->language, source->language);
	}
}

static void move_home(struct look *look);

static void on_marked(void *arg, const struct err *err)
{
	struct look *look = arg;

	if (err->class != ERR_NONE)
		look_rest(look, err);
	else
		move_home(look);
}

/* All that is known to be damaged, since the store forgets the rest. */
static void mark_damaged(struct look *look)
{
	const struct asset *asset = look->asset;
	struct verify_mark *marks = mem_array(asset->n_files, sizeof(*marks));
	size_t n = 0;

	for (size_t i = 0; i < asset->n_files; i++) {
		const struct file *file = &asset->files[i];

		if (file->damaged)
			marks[n++] = (struct verify_mark){
				.key = file->key,
				.downloaded_ns = file->downloaded_ns,
				.text = mem_printf("%s is missing or damaged%s",
					file->path,
					file->replaced_ns ? ""
							  : "; it is fetched again"),
			};
	}
	store_verified(look->env->store, look->row, marks, n, true, on_marked, look);
	for (size_t i = 0; i < n; i++)
		free(marks[i].text);
	free(marks);
}

/* A file that is neither at its old nor at its new place: it belongs to the asset as
 * before, or nobody would miss it, and a package would be taken for whole. */
static void miss_file(struct look *look, struct file *file, const char *to)
{
	look_note(look, "file", "%s has gone from the archive", file->path);
	mem_replace(&file->path, to);
	file->damaged = file->repair = true;
	look->files_changed = true;
	mark_damaged(look);
}

static void note_moved(struct look *look)
{
	for (size_t i = 0; i < look->ops_done; i++) {
		struct file *file = file_at(look->asset, look->ops[i].path);

		if (!file)
			continue;
		look_note(look, "file", "moved %s to %s", file->path, look->ops[i].to);
		mem_replace(&file->path, look->ops[i].to);
		look->files_changed = true;
	}
}

static void on_moved(struct look *look)
{
	struct file *missing = NULL;

	note_moved(look);
	if (look->ops_err.class == ERR_NOT_FOUND) {
		const struct file_op *op = &look->ops[look->ops_done];

		missing = file_at(look->asset, op->path);
		if (missing)
			miss_file(look, missing, op->to);
	}
	look_ops_clear(look);
	if (missing)
		return;
	if (look->ops_err.class == ERR_EXISTS && look->path_rounds < LOOK_PATH_ROUNDS) {
		look->force_claim = true;
		look_path(look, look->path_then);
	} else if (look->ops_err.class != ERR_NONE) {
		look_rest(look, &look->ops_err);
	} else {
		move_home(look); /* those that had to stand back */
	}
}

static bool is_target(const struct look *look, const char *path)
{
	for (size_t i = 0; i < look->n_ops; i++)
		if (strcmp(look->ops[i].to, path) == 0)
			return true;
	return false;
}

/* Of two files that want one name the second stands back: what it is to be called is
 * seen when the first has it. */
static void move_home(struct look *look)
{
	struct asset *asset = look->asset;

	if (look->rule->on_update != UPDATE_IGNORE)
		follow_languages(look);
	for (size_t i = 0; i < asset->n_files; i++) {
		const char *path = asset->files[i].path;
		char *home = home_of(asset, &asset->files[i]);

		if (strcmp(home, path) != 0 && !is_target(look, home))
			look_op(look, OP_MOVE, path, home, false);
		free(home);
	}
	if (look->n_ops)
		look_run_ops(look, on_moved);
	else
		look->path_then(look);
}

static void on_claimed(void *arg, const struct err *err, const char *claimed)
{
	struct look *look = arg;

	look->force_claim = false;
	if (err->class != ERR_NONE) {
		look_rest(look, err);
		return;
	}
	mem_replace(&look->asset->base_path, claimed);
	move_home(look);
}

/* What the path is made by. Another rule, or another path of the rule, does not move
 * what is archived: only `refile' does. */
static const char *template_of(const struct look *look)
{
	const struct asset *asset = look->asset;

	if (look->refile || !asset->base_path || !asset->n_files ||
		!asset->path_template)
		return look->rule->path;
	return asset->path_template;
}

/* Whether it stays though its facts, or the rule, would have it elsewhere. */
static bool may_not_move(const struct look *look)
{
	const struct asset *asset = look->asset;

	return asset->n_files && !look->refile &&
	       (look->rule->on_update == UPDATE_IGNORE || !asset->path_template);
}

void look_path(struct look *look, void (*then)(struct look *look))
{
	struct asset *asset = look->asset;
	const char *template = template_of(look);
	struct place place;
	bool natural, stays;

	place_make(&place, asset, template, look->platform->name);
	natural = asset->base_path && place_fits(&place, asset->base_path);
	stays = asset->base_path && !look->force_claim &&
		(natural || may_not_move(look));
	if (natural || !stays)
		mem_replace(&asset->path_template, template);
	look->path_then = then;
	look->path_rounds++;
	if (stays)
		move_home(look);
	else
		store_claim_path(look->env->store, look->row, place.natural,
			place.alternative, look->force_claim, on_claimed, look);
	place_release(&place);
}

/* ---- the sidecar ---- */

static void on_sidecar(struct look *look)
{
	struct asset *asset = look->asset;
	struct file *file;
	const struct file_op *op = &look->ops[0];

	if (look->ops_err.class == ERR_EXISTS && look->path_rounds < LOOK_PATH_ROUNDS) {
		look_ops_clear(look);
		look->force_claim = true;
		look->sidecar_then(look);
		return;
	}
	if (look->ops_err.class != ERR_NONE) {
		look->trouble = look->ops_err;
		look_ops_clear(look);
		look->sidecar_then(look);
		return;
	}
	look->unsynced = false; /* putting it has synced the folder of all of them */
	file = asset_add_file(asset, "metadata");
	file->role = ROLE_METADATA;
	mem_replace(&file->path, op->path);
	mem_replace(&file->content_type, "application/json");
	file->bytes = (int64_t)strlen(op->to);
	sha256_hex_of(op->to, strlen(op->to), file->sha256);
	file->downloaded_ns = look_now_ns();
	file->damaged = file->repair = false;
	look_note(look, "file", "wrote %s (%lld bytes)", file->path,
		(long long)file->bytes);
	look_ops_clear(look);
	look->sidecar_then(look);
}

void look_sidecar(struct look *look, void (*then)(struct look *look))
{
	struct asset *asset = look->asset;
	const struct file *present = asset_file(asset, "metadata");
	bool done = look->plan.state == ASSET_ARCHIVED && !look->stopping &&
		    look->trouble.class == ERR_NONE;
	char sha256[DIGEST_SHA256_HEX];
	char *text, *path;

	look->sidecar_then = then;
	if (done && !asset->archived_ns)
		asset->archived_ns = look_now_ns();
	if (!done || !look->plan.sidecar) {
		look->sidecar_then(look);
		return;
	}
	text = sidecar_text(asset, look->platform->name);
	sha256_hex_of(text, strlen(text), sha256);
	if (present && !present->repair && strcmp(present->sha256, sha256) == 0) {
		free(text);
		look->sidecar_then(look);
		return;
	}
	path = mem_printf("%s.json", asset->base_path);
	look_op(look, OP_PUT, path, text, present != NULL);
	free(path);
	free(text);
	look_run_ops(look, on_sidecar);
}
