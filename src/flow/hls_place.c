/*
 * What was made, into the archive: one file after the other, the main one last, each by
 * a transfer of what lies in staging, so that hashing, sealing, placing and what a
 * crash leaves are those of any download. After a crash in between, what was sealed is
 * placed, or found in its place, without asking anybody.
 */
#include <config.h>

#include "flow/hls_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

/* ---- outputs ---- */

void hls_add_output(struct hls *hls, const struct output *output)
{
	hls->outputs =
		mem_grow(hls->outputs, hls->n_outputs + 1, sizeof(*hls->outputs));
	hls->outputs[hls->n_outputs++] = *output;
}

void hls_outputs_release(struct hls *hls)
{
	for (size_t i = 0; i < hls->n_outputs; i++) {
		free(hls->outputs[i].key);
		free(hls->outputs[i].part);
		free(hls->outputs[i].stem);
		free(hls->outputs[i].language);
	}
	for (size_t i = 0; i < hls->n_placed; i++)
		file_release(&hls->results[i].file);
	for (size_t i = 0; i < hls->n_left; i++)
		free(hls->placed[i].path);
	free(hls->placed);
	free(hls->outputs);
	free(hls->results);
}

/* ---- what a crash may have left ---- */

static bool is_ours(const struct hls *hls, const struct part *part)
{
	char owner[256];

	return part->placing && part->sha256[0] &&
	       archive_part_owner(part->name, owner) &&
	       strcmp(owner, hls->part.name) == 0;
}

/* Others than the main one may have been placed before a crash, which nobody has
 * recorded: they are made anew, and the old ones must not be in the way. */
static void remember_placed(struct hls *hls)
{
	const struct asset *asset = hls->spec.asset;

	for (size_t i = 0; i < asset->n_parts; i++) {
		const struct part *part = &asset->parts[i];
		const struct file *file = asset_file(asset, part->key);
		struct placed *placed;

		if (!is_ours(hls, part) ||
			(file && strcmp(file->path, part->placing) == 0))
			continue;
		hls->placed =
			mem_grow(hls->placed, hls->n_left + 1, sizeof(*hls->placed));
		placed = &hls->placed[hls->n_left++];
		placed->path = mem_strdup(part->placing);
		memcpy(placed->sha256, part->sha256, sizeof(placed->sha256));
	}
}

/* ---- one of them ---- */

static void take_result(struct hls *hls, const struct transfer_result *result)
{
	const struct output *output = &hls->outputs[hls->n_placed];
	struct transfer_result *kept;

	hls->results = mem_grow(hls->results, hls->n_placed + 1, sizeof(*hls->results));
	kept = &hls->results[hls->n_placed++];
	*kept = *result;
	kept->file.key = mem_strdup(result->file.key);
	kept->file.path = mem_strdup(result->file.path);
	kept->file.content_type = mem_strdup(result->file.content_type);
	kept->file.language = mem_strdup(output->language);
	kept->file.version = kept->file.made = NULL;
	kept->file.source_host = mem_strdup(hls->host);
	kept->file.etag = kept->file.last_modified = NULL;
}

/* What was recorded is not there: then from the playlists on. */
static void cannot_recover(struct hls *hls)
{
	hls_outputs_release(hls);
	hls->outputs = NULL;
	hls->results = NULL;
	hls->placed = NULL;
	hls->n_outputs = hls->n_placed = hls->n_left = 0;
	remember_placed(hls);
	hls->recovers = false;
	hls->begin(hls);
}

static void on_done(
	void *arg, const struct err *err, const struct transfer_result *result)
{
	struct hls *hls = arg;

	hls->placing = NULL;
	if (result)
		take_result(hls, result);
	else if (hls->recovers && !hls->ending && err->class != ERR_CANCELLED &&
		 err->class != ERR_LOCAL && err->class != ERR_EXISTS)
		cannot_recover(hls);
	else
		hls_fail(hls, err);
	hls->hooks->advance(hls);
}

static void on_sealed(void *arg, const struct part *part)
{
	struct hls *hls = arg;

	hls->events.sealed(hls->events.arg, part);
}

/* How it ended, without success: what is stored must not claim more. */
static void on_part(void *arg, const struct part *part)
{
	struct hls *hls = arg;

	hls->events.part(hls->events.arg, part);
}

static void on_note(void *arg, const char *text)
{
	struct hls *hls = arg;

	hls_note(hls, "%s", text);
}

static void place(struct hls *hls, const struct output *output)
{
	struct transfer_spec spec = hls->spec.transfer;
	struct part staged = { .key = output->key, .name = output->part, .total = -1 };
	const struct file *present = asset_file(hls->spec.asset, output->key);
	struct transfer_events events = {
		.part = on_part,
		.note = on_note,
		.sealed = on_sealed,
		.done = on_done,
		.arg = hls,
	};

	spec.mode = TRANSFER_STAGED;
	spec.content = output->content;
	spec.role = output->role;
	spec.key = output->key;
	spec.url = "";
	spec.expected_bytes = -1;
	spec.path_stem = output->stem;
	spec.replaces = present ? present->path : NULL;
	spec.part = hls->recovers ? asset_part(hls->spec.asset, output->key) : &staged;
	hls->placing = transfer_start(hls->env.transfers, &spec, &events);
}

void hls_place_next(struct hls *hls)
{
	struct err none = { 0 };

	if (hls->n_placed < hls->n_outputs) {
		place(hls, &hls->outputs[hls->n_placed]);
		return;
	}
	hls_fail(hls, &none); /* ends, and well */
}

/* ---- after a crash ---- */

static enum role role_of(const struct hls *hls, const char *key)
{
	return strncmp(key, "subtitle.", 9) == 0 ? ROLE_SUBTITLE
						 : hls->spec.transfer.role;
}

/* Under the present path, should it not be in its place yet. */
static char *stem_of(const struct hls *hls, const struct part *part)
{
	const char *stem = hls->spec.transfer.path_stem;
	const char *packaged = strstr(part->placing, ".hls/");
	const char *name = packaged ? packaged + strlen(".hls/") : NULL;
	const char *dot = name ? strrchr(name, '.') : NULL;

	if (name)
		return mem_printf("%s.hls/%.*s", stem,
			dot ? (int)(dot - name) : (int)strlen(name), name);
	if (role_of(hls, part->key) == ROLE_SUBTITLE)
		return mem_printf("%s.%s", stem, part->key + strlen("subtitle.hls."));
	return mem_strdup(stem);
}

static void add_sealed(struct hls *hls, const struct part *part)
{
	const char *language =
		strncmp(part->key, "subtitle.hls.", 13) == 0 ? part->key + 13 : NULL;
	bool list = strlen(part->placing) > 5 &&
		    strcmp(part->placing + strlen(part->placing) - 5, ".m3u8") == 0;

	hls_add_output(hls,
		&(struct output){
			.key = mem_strdup(part->key),
			.part = mem_strdup(part->name),
			.stem = stem_of(hls, part),
			.language =
				language ? mem_strndup(language, strcspn(language, "."))
					 : NULL,
			.role = role_of(hls, part->key),
			.content = list ? CONTENT_PLAYLIST
				   : role_of(hls, part->key) == ROLE_SUBTITLE
					   ? CONTENT_SUBTITLE
					   : CONTENT_TRACK,
		});
}

/* The main one is sealed last: with it, all are. */
bool hls_recover(struct hls *hls)
{
	const struct asset *asset = hls->spec.asset;
	const struct part *main = asset_part(asset, hls->spec.transfer.key);

	if (!main || !is_ours(hls, main)) {
		remember_placed(hls);
		return false;
	}
	for (size_t i = 0; i < asset->n_parts; i++)
		if (&asset->parts[i] != main && is_ours(hls, &asset->parts[i]))
			add_sealed(hls, &asset->parts[i]);
	add_sealed(hls, main);
	hls->recovers = true;
	hls->made = mem_strdup("HLS");
	return true;
}
