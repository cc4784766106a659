/*
 * HLS: a playlist's segments, fetched and put together to what is archived.
 *
 *   open ► lists ► keys ► segments ► make ► (owner stores each part) ► place ► done
 *
 * The best variant within max_height and all renditions of its groups become tracks:
 * one staging file each, to which segments are appended in order, decrypted, as they
 * come. Of the tracks ffmpeg makes one MP4, or they become a package: a folder with
 * local playlists. A journal in staging says what the tracks hold, so that after a
 * crash only what is missing is fetched. Segments are transfers (flow/transfer.h).
 *
 * No gap is ever skipped: a segment that cannot be had fails the whole.
 */
#ifndef VODKEEP_FLOW_HLS_H
#define VODKEEP_FLOW_HLS_H

#include "flow/transfer.h"

struct http_client;

/* Outlives all of it. Control loop only. */
struct hls_env {
	uv_loop_t *loop;
	struct archive *archive;
	struct transfers *transfers;
	struct http_client *client; /* for playlists and keys */
};

/* What to fetch; borrowed until done(), but for transfer.url. */
struct hls_spec {
	struct transfer_spec transfer; /* as for a file; url is the playlist's, part the
					* one of hls_part_key(), or NULL */
	const struct asset *asset;     /* its parts and files */
	const struct config *config;
	enum hls_as as;
	int max_height; /* 0: no limit */
	/* Whether the subtitles in @language (or NULL) are to be had from here. */
	bool (*wants_subtitles)(void *arg, const char *language);
};

struct hls_result {
	const struct transfer_result *files; /* the main one last */
	size_t n_files;
	const char *made; /* of what they were made, and how: for people */
};

struct hls_events {
	/* As in struct transfer_events. The part is that of hls_part_key(), about once
	 * a second while data flows; of sealed(), that of one of the files. */
	void (*part)(void *arg, const struct part *part);
	void (*note)(void *arg, const char *text);
	void (*sealed)(void *arg, const struct part *part);
	/* Once, last. Classes as of a transfer; NOT_YET also while the playlist still
	 * grows; PERMANENT with the reason for DRM and gaps. What is in staging stays
	 * until the owner removes it with all of the asset's parts. */
	void (*done)(void *arg, const struct err *err, const struct hls_result *result);
	void *arg;
};

struct hls *hls_start(const struct hls_env *env, const struct hls_spec *spec,
	const struct hls_events *events);
/* After sealed(): go on and place. */
void hls_place(struct hls *hls);
/* done() follows with ERR_CANCELLED, on a later tick; what is held is kept. */
void hls_cancel(struct hls *hls);

/* The key of the part that stands for all that is staged for @key, whose name ends so
 * that archive_part_owner() knows what belongs to it. Caller frees. */
char *hls_part_key(const char *key);

#endif
