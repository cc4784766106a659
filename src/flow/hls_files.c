/*
 * Files made of tracks, on the pool: local playlists (for ffmpeg in staging, for a
 * package under its names in the archive), subtitles in one piece, and the check of
 * what ffmpeg wrote. A track never lies in memory.
 */
#include <config.h>

#include "flow/hls_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "core/plan.h"
#include "media/m3u8_write.h"
#include "media/pts.h"
#include "media/vtt.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_BYTES ((size_t)1 << 20)
/* Durations in playlists are rounded, and a last frame may be counted or not. */
#define SLACK_MS    1000
#define SLACK_SHARE 50

static int read_failed(struct err *err)
{
	return err_sys(err, ERR_LOCAL, errno, "cannot read a staging file");
}

/* ---- playlists ---- */

/* The track's playlist, all of it in the one file @uri; release with free_list(). */
static struct m3u8 list_of(const struct track *track, const char *uri)
{
	struct m3u8 list = track->list;
	size_t map = 0, n = 0;

	list.segments = mem_array(list.n_segments + 1, sizeof(*list.segments));
	list.maps = mem_array(track->n_pieces + 1, sizeof(*list.maps));
	list.n_keys = 0;
	list.media_sequence = 0;
	list.discontinuity_sequence = 0;
	for (size_t i = 0; i < track->n_pieces; i++) {
		const struct piece *piece = &track->pieces[i];
		struct m3u8_range range = { piece->at, piece->bytes };

		if (piece->map) {
			list.maps[map++] = (struct m3u8_map){ uri, range, -1 };
			continue;
		}
		list.segments[n] = *piece_segment(track, piece);
		list.segments[n].uri = uri;
		list.segments[n].range = range;
		list.segments[n].key = -1;
		list.segments[n++].map = map ? (int)map - 1 : -1;
	}
	list.n_maps = map;
	list.n_segments = n;
	list.text = NULL;
	return list;
}

static void free_list(struct m3u8 *list)
{
	free(list->segments);
	free(list->maps);
}

static int write_list(
	struct hls *hls, const char *name, const struct m3u8 *list, struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, M3U8_BYTES_MAX);
	m3u8_write(list, &text);
	rc = hls_write(hls, name, &text, err);
	buf_release(&text);
	return rc;
}

static int write_track_list(struct hls *hls, const struct track *track,
	const char *name, const char *uri, struct err *err)
{
	struct m3u8 list = list_of(track, uri);
	int rc = write_list(hls, name, &list, err);

	free_list(&list);
	return rc;
}

/* What names the files have that a master refers to, by track; NULL: leave it out. */
static void put_master(const struct hls *hls, char *const *names, struct buf *out)
{
	struct m3u8_rendition renditions[HLS_TRACKS];
	struct m3u8_variant variant = { .bandwidth = 1 };
	struct m3u8 master = {
		.kind = M3U8_MASTER,
		.variants = &variant,
		.n_variants = 1,
		.renditions = renditions,
	};

	if (hls->has_master)
		variant = hls->master.variants[hls->choice.variant];
	variant.uri = names[0];
	variant.audio = variant.subtitles = NULL;
	variant.video = variant.closed_captions = NULL;
	for (size_t i = 1; i < hls->n_tracks; i++) {
		const struct track *track = &hls->tracks[i];
		bool audio = track->kind == TRACK_AUDIO;

		if (!names[i])
			continue;
		renditions[master.n_renditions++] = (struct m3u8_rendition){
			.type = audio ? M3U8_AUDIO : M3U8_SUBTITLES,
			.group = audio ? "audio" : "subtitles",
			.name = track->title ? track->title : track->tag,
			.language = track->language,
			.uri = names[i],
			.is_default = track->is_default,
			.autoselect = track->autoselect,
			.forced = track->forced,
		};
		*(audio ? &variant.audio : &variant.subtitles) =
			audio ? "audio" : "subtitles";
	}
	m3u8_write(&master, out);
}

static int write_master(
	struct hls *hls, const char *name, char *const *names, struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, M3U8_BYTES_MAX);
	put_master(hls, names, &text);
	rc = hls_write(hls, name, &text, err);
	buf_release(&text);
	return rc;
}

/* ffmpeg reads it from a pipe, which has no folder for names to be relative to. */
static int make_index(struct hls *hls, char *const *names, struct err *err)
{
	char *urls[HLS_TRACKS] = { NULL };
	struct buf text;
	int rc = 0;

	for (size_t i = 0; i < hls->n_tracks; i++)
		if (names[i])
			urls[i] = mem_printf("file:%s", names[i]);
	buf_init(&text, M3U8_BYTES_MAX);
	put_master(hls, urls, &text);
	if (text.overflow)
		rc = err_set(err, ERR_PERMANENT, "what is to be written is too long");
	else
		hls->index = mem_strdup(buf_text(&text));
	buf_release(&text);
	for (size_t i = 0; i < hls->n_tracks; i++)
		free(urls[i]);
	return rc;
}

void hls_step_lists(struct hls *hls, struct err *err)
{
	char *names[HLS_TRACKS] = { NULL };
	int rc = 0;

	for (size_t i = 0; i < hls->n_tracks && !rc; i++) {
		const struct track *track = &hls->tracks[i];
		char what[32];

		if (track->kind == TRACK_SUBTITLES)
			continue;
		snprintf(what, sizeof(what), "%s.m3u8", track->tag);
		names[i] = hls_file(hls, what);
		rc = write_track_list(hls, track, names[i], track->file, err);
	}
	if (!rc)
		make_index(hls, names, err);
	for (size_t i = 0; i < hls->n_tracks; i++)
		free(names[i]);
}

/* ---- subtitles ---- */

static int first_picture(struct hls *hls, struct err *err)
{
	unsigned char *data = mem_alloc(LOOK_BYTES);
	int64_t n = fs_read_at(hls->tracks[0].fd, data, LOOK_BYTES, 0);
	int rc = n < 0 ? read_failed(err) : 0;

	if (!rc)
		hls->base_us = media_first_us(data, (size_t)n);
	if (hls->base_us < 0)
		hls->base_us = 0;
	free(data);
	return rc;
}

static int join(const struct hls *hls, const struct track *track, struct vtt *vtt,
	struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < track->n_pieces && !rc; i++) {
		const struct piece *piece = &track->pieces[i];
		char *text;

		if (piece->bytes > (int64_t)VTT_BYTES_MAX)
			return err_set(err, ERR_PERMANENT,
				"a segment of the subtitles is too long");
		text = mem_alloc((size_t)piece->bytes + 1);
		if (fs_read_at(track->fd, text, (size_t)piece->bytes, piece->at) !=
			piece->bytes)
			rc = read_failed(err);
		else
			rc = vtt_add(
				vtt, text, (size_t)piece->bytes, hls->base_us, err);
		free(text);
	}
	return rc;
}

static bool is_taken(const struct hls *hls, const char *key)
{
	for (size_t i = 0; i < hls->n_outputs; i++)
		if (strcmp(hls->outputs[i].key, key) == 0)
			return true;
	return false;
}

/* "subtitle.hls.en", and ".2" for a second track of the language: told again by
 * hls_recover(). */
static void add_subtitles(struct hls *hls, const struct track *track, char *part)
{
	char suffix[64];
	char *key, *language;

	/* As a file name wants it. */
	plan_suffix(hls->spec.asset, ROLE_SUBTITLE, "", track->language, suffix);
	language = mem_strdup(suffix + 1);
	language[strcspn(language, ".")] = '\0';
	key = mem_printf("subtitle.hls.%s", language);
	for (int n = 2; is_taken(hls, key); n++) {
		free(key);
		key = mem_printf("subtitle.hls.%s.%d", language, n);
	}
	hls_add_output(
		hls, &(struct output){
			     .key = key,
			     .part = part,
			     .stem = mem_printf("%s.%s", hls->spec.transfer.path_stem,
				     key + strlen("subtitle.hls.")),
			     .language = mem_strdup(track->language),
			     .role = ROLE_SUBTITLE,
			     .content = CONTENT_SUBTITLE,
		     });
	free(language);
}

void hls_step_subtitles(struct hls *hls, struct err *err)
{
	if (hls->n_tracks && first_picture(hls, err))
		return;
	for (size_t i = 0; i < hls->n_tracks; i++) {
		const struct track *track = &hls->tracks[i];
		struct vtt *vtt;
		struct buf text;
		char what[32];
		char *name;
		int rc;

		if (track->kind != TRACK_SUBTITLES)
			continue;
		vtt = vtt_new();
		buf_init(&text, 2 * VTT_BYTES_MAX);
		snprintf(what, sizeof(what), "%s.whole.vtt", track->tag);
		name = hls_file(hls, what);
		rc = join(hls, track, vtt, err);
		if (!rc) {
			vtt_write(vtt, &text);
			rc = hls_write(hls, name, &text, err);
		}
		if (!rc && vtt_cues(vtt) > 0) {
			hls->subtitles[i] = name;
			add_subtitles(hls, track, name);
		} else {
			free(name);
		}
		buf_release(&text);
		vtt_free(vtt);
		if (rc)
			return;
	}
}

/* ---- one MP4 ---- */

static bool is_about(int64_t is_ms, int64_t should_ms)
{
	int64_t slack = should_ms / SLACK_SHARE;
	int64_t off = is_ms > should_ms ? is_ms - should_ms : should_ms - is_ms;

	return off <= (slack > SLACK_MS ? slack : SLACK_MS);
}

/* What is wrong goes to remux_err: then it becomes a package. */
void hls_step_check(struct hls *hls, struct err *err)
{
	struct transfer_checked checked;
	int64_t should_ms = hls->tracks[0].list.duration_us / 1000;
	char *name = hls_file(hls, "whole.mp4");
	int64_t size;
	int fd;

	if (archive_part_open(hls->env.archive, name, &fd, &size, err)) {
		free(name);
		return;
	}
	if (check_file(content_of(hls->spec.transfer.role), fd, size, &checked,
		    &hls->remux_err) == 0 &&
		!is_about(checked.duration_ms, should_ms))
		err_set(&hls->remux_err, ERR_PERMANENT,
			"it is %.1f s long, and the playlist %.1f s",
			(double)checked.duration_ms / 1000, (double)should_ms / 1000);
	close(fd);
	free(name);
}

/* ---- a package ---- */

static const char *track_extension(const struct track *track, struct err *err)
{
	unsigned char beginning[SNIFF_BYTES];
	int64_t n = fs_read_at(track->fd, beginning, sizeof(beginning), 0);

	if (n < 0) {
		read_failed(err);
		return NULL;
	}
	return media_extension(media_sniff(beginning, (size_t)n));
}

/* "video", "audio-en", "audio-2": letters that mean nothing to a playlist or path. */
static char *track_name(const struct hls *hls, size_t index)
{
	const struct track *track = &hls->tracks[index];
	char suffix[64];
	char *name;

	if (track->kind == TRACK_MAIN)
		return mem_strdup(
			hls->spec.transfer.role == ROLE_AUDIO ? "audio" : "video");
	plan_suffix(hls->spec.asset, ROLE_SUBTITLE, "", track->language, suffix);
	suffix[1 + strcspn(suffix + 1, ".")] = '\0';
	name = mem_printf("%s-%s-%zu",
		track->kind == TRACK_AUDIO ? "audio" : "subtitles", suffix + 1, index);
	return name;
}

static void add_packaged(struct hls *hls, const char *what, const char *name,
	char *part, enum role role, enum content content, const char *language)
{
	const struct transfer_spec *spec = &hls->spec.transfer;

	hls_add_output(
		hls, &(struct output){
			     .key = mem_printf("%s.%s", spec->key, what),
			     .part = part,
			     .stem = mem_printf("%s.hls/%s", spec->path_stem, name),
			     .language = mem_strdup(language),
			     .role = role,
			     .content = content,
		     });
}

static int package_track(struct hls *hls, size_t index, char **list, struct err *err)
{
	const struct track *track = &hls->tracks[index];
	const char *extension = track_extension(track, err);
	char *name = track_name(hls, index);
	char *uri = mem_printf("%s.%s", name, extension ? extension : "");
	char what[32];
	char *part;
	int rc = extension ? 0 : -(int)err->class;

	snprintf(what, sizeof(what), "%s.package.m3u8", track->tag);
	part = hls_file(hls, what);
	if (!rc)
		rc = write_track_list(hls, track, part, uri, err);
	if (rc) {
		free(part);
	} else {
		enum role role = track->kind == TRACK_AUDIO ? ROLE_AUDIO
							    : hls->spec.transfer.role;

		*list = mem_printf("%s.m3u8", name);
		add_packaged(hls, track->tag, name, mem_strdup(track->file), role,
			CONTENT_TRACK, track->language);
		snprintf(what, sizeof(what), "%s.list", track->tag);
		add_packaged(
			hls, what, name, part, role, CONTENT_PLAYLIST, track->language);
	}
	free(uri);
	free(name);
	return rc;
}

/* A player counts them from the clock's beginning unless it is told otherwise. */
static int write_mapped(
	struct hls *hls, const char *from, const char *to, struct err *err)
{
	static const char head[] = "WEBVTT\n";
	struct buf text;
	int64_t size;
	char *data;
	int fd;
	int rc = archive_part_open(hls->env.archive, from, &fd, &size, err);

	if (rc)
		return rc;
	data = mem_alloc((size_t)size + 1);
	if (fs_read_at(fd, data, (size_t)size, 0) != size)
		rc = read_failed(err);
	close(fd);
	buf_init(&text, 3 * VTT_BYTES_MAX);
	buf_printf(&text, "%sX-TIMESTAMP-MAP=MPEGTS:%lld,LOCAL:00:00:00.000\n%s", head,
		(long long)(hls->base_us * 9 / 100), data + strlen(head));
	if (!rc)
		rc = hls_write(hls, to, &text, err);
	buf_release(&text);
	free(data);
	return rc;
}

static int package_subtitles(
	struct hls *hls, size_t index, char **list, struct err *err)
{
	const struct track *track = &hls->tracks[index];
	char *name = track_name(hls, index);
	char *uri = mem_printf("%s.vtt", name);
	struct m3u8_segment whole = { .uri = uri,
		.duration_us = hls->tracks[0].list.duration_us,
		.range = { 0, -1 },
		.key = -1,
		.map = -1 };
	const struct m3u8 media = {
		.kind = M3U8_MEDIA, .segments = &whole, .n_segments = 1, .endlist = true
	};
	char what[32];
	char *text, *playlist;
	int rc;

	snprintf(what, sizeof(what), "%s.package.vtt", track->tag);
	text = hls_file(hls, what);
	snprintf(what, sizeof(what), "%s.package.m3u8", track->tag);
	playlist = hls_file(hls, what);
	rc = write_mapped(hls, hls->subtitles[index], text, err);
	if (!rc)
		rc = write_list(hls, playlist, &media, err);
	if (rc) {
		free(text);
		free(playlist);
	} else {
		*list = mem_printf("%s.m3u8", name);
		add_packaged(hls, track->tag, name, text, hls->spec.transfer.role,
			CONTENT_SUBTITLE, track->language);
		snprintf(what, sizeof(what), "%s.list", track->tag);
		add_packaged(hls, what, name, playlist, hls->spec.transfer.role,
			CONTENT_PLAYLIST, track->language);
	}
	free(uri);
	free(name);
	return rc;
}

void hls_step_package(struct hls *hls, struct err *err)
{
	char *lists[HLS_TRACKS] = { NULL };
	char *index = hls_file(hls, "package.m3u8");
	int rc = 0;

	for (size_t i = 0; i < hls->n_tracks && !rc; i++)
		if (hls->tracks[i].kind != TRACK_SUBTITLES)
			rc = package_track(hls, i, &lists[i], err);
		else if (hls->subtitles[i])
			rc = package_subtitles(hls, i, &lists[i], err);
	if (!rc)
		rc = write_master(hls, index, lists, err);
	if (!rc)
		hls_add_output(hls, &(struct output){
					    .key = mem_strdup(hls->spec.transfer.key),
					    .part = mem_strdup(index),
					    .stem = mem_printf("%s.hls/index",
						    hls->spec.transfer.path_stem),
					    .role = hls->spec.transfer.role,
					    .content = CONTENT_PLAYLIST,
				    });
	for (size_t i = 0; i < hls->n_tracks; i++)
		free(lists[i]);
	free(index);
}
