/*
 * Of tracks one MP4, by ffmpeg as a child: it reads local files alone, under limits,
 * and encodes nothing. Where there is no ffmpeg, or what it makes is not what the
 * playlist promises, the tracks become a package instead: nothing is lost by it.
 *
 * Half of its time for a short video goes into its start. So it is started when the
 * last segments are on their way, and waits for its playlist, which comes by a pipe.
 */
#include <config.h>

#include "flow/hls_priv.h"

#include "base/mem.h"
#include "media/language.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GIB           (INT64_C(1) << 30)
#define MEMORY_MAX    (4 * GIB)
#define TIME_MS       (INT64_C(600) * 1000)
#define SLOWEST_BYTES (INT64_C(2) << 20) /* a second */
#define ARGS_MAX      (32 + 4 * HLS_TRACKS)

/* ---- a package ---- */

static void packaged(struct hls *hls)
{
	hls->made = mem_printf("HLS (%s), %zu segments, as a package", hls->choice_text,
		hls->tracks[0].list.n_segments);
	hls->state = HLS_PLACE;
}

static void make_package(struct hls *hls)
{
	hls_queue(hls, hls_step_package, packaged);
}

/* ---- one MP4 ---- */

static void remux(struct hls *hls);

static void no_mp4(struct hls *hls)
{
	hls_note(hls, "no MP4 could be made of it (%.180s): it becomes a package",
		hls->remux_err.text);
	make_package(hls);
}

static void checked(struct hls *hls)
{
	if (hls->remux_err.class != ERR_NONE) {
		err_wrap(&hls->remux_err, "what ffmpeg wrote");
		no_mp4(hls);
		return;
	}
	hls_add_output(hls, &(struct output){
				    .key = mem_strdup(hls->spec.transfer.key),
				    .part = hls_file(hls, "whole.mp4"),
				    .stem = mem_strdup(hls->spec.transfer.path_stem),
				    .role = hls->spec.transfer.role,
			    });
	hls->made = mem_printf("HLS (%s), %zu segments, remuxed by ffmpeg",
		hls->choice_text, hls->tracks[0].list.n_segments);
	hls->state = HLS_PLACE;
}

static const char *last_line(const char *text)
{
	const char *end = text + strlen(text), *from;

	while (end > text && (end[-1] == '\n' || end[-1] == ' '))
		end--;
	for (from = end; from > text && from[-1] != '\n'; from--)
		;
	return from;
}

static void on_remuxed(void *arg, const struct process_result *result)
{
	struct hls *hls = arg;

	hls->process = NULL;
	if (!hls->fed) {
		/* It did not last until it was needed: then another one. */
		if (hls->index && !hls->ending)
			remux(hls);
		hls->hooks->advance(hls);
		return;
	}
	if (!hls->ending && process_ok(result)) {
		hls_queue(hls, hls_step_check, checked);
		return;
	}
	if (!hls->ending) {
		const char *line = last_line(result->errors);

		err_set(&hls->remux_err, ERR_PERMANENT, "%s: %.*s", result->text,
			(int)strcspn(line, "\n"), line);
		no_mp4(hls);
	}
	hls->hooks->advance(hls);
}

/* Arguments, those that are made here freed at the end. */
struct args {
	const char *list[ARGS_MAX];
	char *made[ARGS_MAX];
	size_t n, n_made;
};

static void add(struct args *args, const char *arg)
{
	args->list[args->n++] = arg;
}

static void add_made(struct args *args, char *arg)
{
	args->made[args->n_made++] = arg;
	add(args, arg);
}

/* ffmpeg takes the renditions in the order of the playlist it reads. */
static void add_languages(const struct hls *hls, struct args *args)
{
	int n = 0;

	for (size_t i = 0; i < hls->n_tracks; i++) {
		const struct track *track = &hls->tracks[i];

		if (track->kind != TRACK_AUDIO)
			continue;
		add_made(args, mem_printf("-metadata:s:a:%d", n));
		add_made(args,
			mem_printf("language=%s", language_code(track->language)));
		add_made(args, mem_printf("-disposition:a:%d", n));
		add(args, track->is_default ? "default" : "0");
		n++;
	}
}

static int start_ffmpeg(struct hls *hls, int64_t bytes, struct err *err)
{
	static const char *const before[] = { "ffmpeg", "-nostdin", "-hide_banner",
		"-loglevel", "error", "-y", "-protocol_whitelist", "file,pipe", "-f",
		"hls", "-i", "pipe:0" };
	static const char *const after[] = { "-map", "0:v?", "-map", "0:a?", "-c",
		"copy", "-movflags", "+faststart", "-max_muxing_queue_size", "8192" };
	struct args args = { .n = 0 };
	char *staging =
		mem_printf("%s/.vodkeep/staging", archive_dir(hls->env.archive));
	struct process_options options = {
		.argv = args.list,
		.directory = staging,
		.fed_later = true,
		.timeout_ms = TIME_MS + bytes / SLOWEST_BYTES * 1000,
		.max_file_size = 2 * bytes + GIB,
		.keep_errors = 4096,
		.max_memory = MEMORY_MAX,
		.nice = 5,
	};
	int rc;

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		add(&args, before[i]);
	for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++)
		add(&args, after[i]);
	add_languages(hls, &args);
	add(&args, "-f");
	add(&args, hls->spec.transfer.role == ROLE_AUDIO ? "ipod" : "mp4");
	add_made(&args, hls_file(hls, "whole.mp4"));
	hls->process_bytes = bytes;
	rc = process_start(
		&hls->process, hls->env.loop, &options, on_remuxed, hls, err);
	if (rc)
		hls->process = NULL;
	for (size_t i = 0; i < args.n_made; i++)
		free(args.made[i]);
	free(staging);
	return rc;
}

/* What cannot be started now is told when it is needed. */
void hls_make_ready(struct hls *hls)
{
	struct err err;

	if (hls->prepared || hls->spec.as != HLS_AS_MP4)
		return;
	hls->prepared = true;
	start_ffmpeg(hls, hls->part.total > 0 ? hls->part.total : 0, &err);
}

static void remux(struct hls *hls)
{
	int64_t held, total;

	hls_amount(hls, &held, &total);
	if (hls->process && held > 2 * hls->process_bytes + GIB / 2) {
		process_cancel(hls->process); /* its limits are too narrow */
		return;
	}
	if (!hls->process && start_ffmpeg(hls, held, &hls->remux_err)) {
		no_mp4(hls);
		return;
	}
	process_feed(hls->process, hls->index, strlen(hls->index));
	hls->fed = true;
}

static void joined(struct hls *hls)
{
	if (hls->spec.as == HLS_AS_PACKAGE)
		make_package(hls);
	else
		hls_queue(hls, hls_step_lists, remux);
}

void hls_make(struct hls *hls)
{
	hls_queue(hls, hls_step_subtitles, joined);
}
