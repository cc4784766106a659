/*
 * Thumbnail series: while a stream runs, OptiView posts a picture of it every half
 * minute (INTERFACE §4). Where the rule of the stream fetches all_thumbnails, the
 * picture becomes WORKSPACE/thumbnails/STREAM/2026-11-22T10-00-00.123Z.jpg, and is
 * durable before anybody hears of it. The newest SERIES_KEEP of a stream stay (a day's
 * worth); the oldest beyond go now and then, so a few more may lie there in between.
 *
 * OptiView does not send a picture again: one that could not be kept is a warning.
 * Control loop only; what blocks is done on the libuv pool.
 */
#ifndef VODKEEP_FLOW_SERIES_H
#define VODKEEP_FLOW_SERIES_H

#include "archive/archive.h"
#include "core/config.h"
#include "flow/warnings.h"
#include <uv.h>

#define SERIES_KEEP          2880 /* one every 30 s, for a day */
#define SERIES_IN_FLIGHT_MAX 16
#define SERIES_PRUNE_EVERY   64 /* pictures of one stream */
#define SERIES_PRUNE_MAX     128

struct series;
struct series_options {
	uv_loop_t *loop;
	struct archive *archive;
	const char *archive_id; /* borrowed, as all here */
	struct warnings *warnings;
};

/* As delivered. Only the bytes are signed: the texts may be anything, or NULL. */
struct picture {
	const char *stream_id; /* "account/stream name" */
	const char *timestamp; /* milliseconds since the epoch, or RFC 3339 */
	const void *data;
	size_t len;
};

enum series_outcome {
	SERIES_KEPT,      /* durable */
	SERIES_DUPLICATE, /* was there already, durable */
	SERIES_LOST,      /* not kept: the warning says why */
};
typedef void (*series_cb)(void *arg, enum series_outcome outcome);

struct series *series_new(const struct series_options *options);
/* When nothing is pending; NULL allowed. */
void series_free(struct series *series);

/* Whether the rule for this stream archives and fetches all_thumbnails. */
bool series_wants(
	const struct config *config, const char *workspace, const char *stream_id);
/* Keep a copy of @picture. cb runs once, on the loop, never inside this call. False
 * (with a warning) when SERIES_IN_FLIGHT_MAX are being written: cb will not run. */
bool series_keep(struct series *series, const struct config *config,
	const char *workspace, const struct picture *picture, series_cb cb, void *arg);
/* Pictures whose cb has not run yet. */
size_t series_pending(const struct series *series);

#endif
