/*
 * The worker's half of importing: sidecars and files.
 */
#include <config.h>

#include "flow/import_parts.h"

#include "archive/sidecar.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/place.h"
#include "core/rule.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fault(struct candidate *candidate, enum import_kind kind, const char *path,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static void fault(struct candidate *candidate, enum import_kind kind, const char *path,
	const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	candidate->faults = mem_grow(
		candidate->faults, candidate->n_faults + 1, sizeof(*candidate->faults));
	candidate->faults[candidate->n_faults++] = (struct import_fault){
		.kind = kind,
		.path = mem_strdup(path),
		.text = mem_strdup(text),
	};
}

static void candidate_clear(struct candidate *candidate)
{
	for (size_t i = 0; i < candidate->n_faults; i++) {
		free(candidate->faults[i].path);
		free(candidate->faults[i].text);
	}
	for (size_t i = 0; i < candidate->order.n_marks; i++) {
		free(candidate->order.marks[i].key);
		free(candidate->order.marks[i].text);
	}
	free(candidate->faults);
	free(candidate->order.marks);
	free(candidate->rel);
	asset_free(candidate->found);
	*candidate = (struct candidate){ 0 };
}

void import_batch_clear(struct import *import)
{
	for (size_t i = 0; i < import->n; i++)
		candidate_clear(&import->batch[i]);
	import->n = import->next = 0;
}

/* ---- sidecars ---- */

static struct file *unnamed(struct asset *asset, const char *language)
{
	for (size_t i = 0; i < asset->n_files; i++) {
		struct file *file = &asset->files[i];

		if (strncmp(file->key, SIDECAR_KEY_UNKNOWN,
			    strlen(SIDECAR_KEY_UNKNOWN)) == 0 &&
			file->language && strcmp(file->language, language) == 0)
			return file;
	}
	return NULL;
}

/* Older sidecars do not tell the keys of subtitles; what the platform said of them,
 * which is in the sidecar as well, does. */
static void name_subtitles(
	const struct workspace_config *ws, const cJSON *data, struct asset *asset)
{
	struct record record;

	if (!data)
		return;
	record_init(&record);
	platform_of(ws->platform)->data_sources(ws, data, &record);
	for (size_t i = 0; i < record.n_sources; i++) {
		const struct source *source = &record.sources[i];
		struct file *file;

		if (source->role != ROLE_SUBTITLE || !source->language ||
			asset_file(asset, source->key))
			continue;
		file = unnamed(asset, source->language);
		if (!file)
			continue;
		mem_replace(&file->version, source->version);
		asset_rekey_file(asset, file, source->key);
	}
	record_release(&record);
}

static void add_sidecar(struct candidate *candidate, const struct buf *text)
{
	struct asset *asset = candidate->found;
	struct file *file = asset_add_file(asset, "metadata");

	file->role = ROLE_METADATA;
	file->path = mem_strdup(candidate->rel);
	file->content_type = mem_strdup("application/json");
	file->bytes = (int64_t)text->len;
	sha256_hex_of(text->data, text->len, file->sha256);
	file->downloaded_ns = asset->looked_ns;
}

/* A path that today's rule would give goes on following the facts; any other stays. */
static void name_template(const struct import *import,
	const struct workspace_config *ws, struct asset *asset)
{
	const char *template =
		rule_choose(import->run.settings->config, ws->name, &asset->facts)
			->path;
	struct place place;

	place_make(&place, asset, template, platform_of(ws->platform)->name);
	if (place_fits(&place, asset->base_path))
		asset->path_template = mem_strdup(template);
	place_release(&place);
}

static int check_workspace(const struct import *import, const struct asset *asset,
	const char *platform, struct err *err)
{
	const struct workspace_config *ws =
		config_workspace(import->run.settings->config, asset->workspace);

	if (!ws)
		return err_set(err, ERR_INPUT,
			"it is of workspace %.100s, which is not configured",
			asset->workspace);
	if (platform && strcmp(platform, platform_of(ws->platform)->name) != 0)
		return err_set(err, ERR_INPUT,
			"it is of %.60s, but workspace %s is of %s", platform, ws->name,
			platform_of(ws->platform)->name);
	return 0;
}

static int read_candidate(
	struct import *import, struct candidate *candidate, struct buf *text)
{
	struct err err = { 0 };
	char *platform = NULL;
	int rc = archive_read(import->run.env->archive, candidate->rel, text, &err);

	if (!rc)
		rc = sidecar_read(buf_text(text), text->len, candidate->rel,
			&candidate->found, &platform, &err);
	if (!rc)
		rc = check_workspace(import, candidate->found, platform, &err);
	free(platform);
	if (rc && rc != -(int)ERR_NOT_FOUND) {
		fault(candidate, IMPORT_DOUBTFUL, candidate->rel, "%s", err.text);
		asset_free(candidate->found);
		candidate->found = NULL;
	}
	return rc;
}

/* Returns whether there is a candidate, believed or not. */
static bool take_sidecar(struct import *import, const char *rel, size_t *bytes)
{
	struct candidate *candidate = &import->batch[import->n];
	const struct workspace_config *ws;
	struct buf text;
	cJSON *data = NULL;
	int rc;

	candidate->import = import;
	candidate->rel = mem_strdup(rel);
	buf_init(&text, SIDECAR_MAX);
	rc = read_candidate(import, candidate, &text);
	*bytes += text.len;
	if (!rc) {
		const char *json = candidate->found->platform_data;

		ws = config_workspace(
			import->run.settings->config, candidate->found->workspace);
		if (json)
			json_parse(json, strlen(json), &data, NULL);
		name_subtitles(ws, data, candidate->found);
		name_template(import, ws, candidate->found);
		cJSON_Delete(data);
		add_sidecar(candidate, &text);
	}
	buf_release(&text);
	if (rc == -(int)ERR_NOT_FOUND)
		candidate_clear(candidate);
	return rc != -(int)ERR_NOT_FOUND;
}

static bool is_json(const char *rel)
{
	size_t len = strlen(rel);

	return len > 5 && strcmp(rel + len - 5, ".json") == 0;
}

void import_scan(struct import *import)
{
	const struct archive_env *env = import->run.env;
	size_t bytes = 0;
	int rc = archive_check_reading(env->archive, env->archive_id, &import->trouble);

	if (rc)
		return;
	if (!import->walk)
		import->walk = archive_walk_new(env->archive);
	while (import->n < IMPORT_BATCH && bytes < IMPORT_BATCH_BYTES &&
		!atomic_load(&import->stop)) {
		bool regular = false;
		char *rel = NULL;

		rc = archive_walk_next(import->walk, &rel, &regular, &import->trouble);
		if (rc != 1) {
			import->walked = true;
			return;
		}
		if (regular && is_json(rel))
			import->n += take_sidecar(import, rel, &bytes);
		free(rel);
	}
}

/* ---- files ---- */

/* 0, or what keeps it from being known. */
static int compare(struct import *import, struct file *file,
	enum archive_verdict *verdict, char *what, size_t size, struct err *err)
{
	const struct archive *archive = import->run.env->archive;
	bool hash = !import->run.order.sizes_only && file->sha256[0];
	int64_t bytes;
	int rc = archive_compare(archive, file->path, file->bytes,
		hash ? file->sha256 : NULL, &import->stop, verdict, what, size, err);

	if (rc == 0 && *verdict == ARCHIVE_SOUND && !file->sha256[0])
		rc = archive_stat(archive, file->path, &bytes, file->sha256, err);
	return rc;
}

static void mark_damaged(struct adoption_order *order, const struct file *file,
	enum archive_verdict verdict)
{
	order->marks =
		mem_grow(order->marks, order->n_marks + 1, sizeof(*order->marks));
	order->marks[order->n_marks++] = (struct verify_mark){
		.key = mem_strdup(file->key),
		.downloaded_ns = file->downloaded_ns,
		.text = mem_printf("%s is %s; it is fetched again", file->path,
			verdict == ARCHIVE_MISSING ? "missing"
						   : "not what was archived"),
	};
}

/* Returns whether the asset keeps the file. */
static bool check_one(
	struct import *import, struct candidate *candidate, struct file *file)
{
	enum archive_verdict verdict = ARCHIVE_SOUND;
	struct err err = { 0 };
	char what[512];
	int rc = compare(import, file, &verdict, what, sizeof(what), &err);

	if (rc == -(int)ERR_CANCELLED) {
		import->trouble = err;
	} else if (rc) {
		fault(candidate, IMPORT_DOUBTFUL, file->path, "%s", err.text);
	} else if (verdict == ARCHIVE_MISSING) {
		fault(candidate, IMPORT_MISSING, file->path, "%s", what);
		candidate->order.whole = false;
		/* Without its row nobody would know that a package is not whole. */
		if (!asset_is_piece(candidate->found, file))
			return false;
		mark_damaged(&candidate->order, file, verdict);
		return true;
	} else if (verdict == ARCHIVE_DAMAGED) {
		fault(candidate, IMPORT_DAMAGED, file->path, "%s", what);
		mark_damaged(&candidate->order, file, verdict);
		candidate->order.whole = false;
	}
	candidate->bytes += file->bytes;
	return true;
}

void import_check(struct import *import, struct candidate *candidate)
{
	const struct archive_env *env = import->run.env;
	struct asset *asset = candidate->found;
	size_t i = 0;

	candidate->order.whole = !asset->missing;
	while (i < asset->n_files && import->trouble.class == ERR_NONE) {
		struct file *file = &asset->files[i];

		if (file->role == ROLE_METADATA || check_one(import, candidate, file))
			i++;
		else
			asset_drop_file(asset, file->key);
	}
	/* An archive that has gone meanwhile proves nothing about its files. */
	if (!candidate->order.whole && import->trouble.class == ERR_NONE)
		archive_check_reading(env->archive, env->archive_id, &import->trouble);
}
