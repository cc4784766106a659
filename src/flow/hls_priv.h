/*
 * What the files behind flow/hls.h share; nobody else includes it.
 *
 *   hls.c            the job: its states, and what may happen next
 *   hls_lists.c      playlists and keys, fetched
 *   hls_match.c      on the pool: what the playlists mean, and what staging holds of it
 *   hls_segments.c   the segments: which is fetched next, and again
 *   hls_append.c     on the pool: what has come, behind each other and decrypted
 *   hls_make.c       of the tracks: one MP4, or a package
 *   hls_files.c      on the pool: playlists and subtitles written, results checked
 *   hls_place.c      what was made, into the archive
 *   hls_track.c      tracks and their pieces as values
 *   hls_job.c        what all of them need
 *
 * hls.c is above them all; they tell it by hooks->advance().
 *
 * The control loop owns the job. While work is busy (one step at a time on the pool)
 * it leaves alone what that step works on: descriptors, tracks' lists and pieces.
 */
#ifndef VODKEEP_FLOW_HLS_PRIV_H
#define VODKEEP_FLOW_HLS_PRIV_H

#include "base/cipher.h"
#include "flow/hls.h"
#include "flow/hls_journal.h"
#include "io/http_client.h"
#include "io/process.h"
#include "media/m3u8.h"
#include "media/m3u8_pick.h"
#include "media/sniff.h"
#include <sys/queue.h>

#define HLS_SLOTS  32 /* the most segments on their way or waiting for earlier ones */
#define HLS_TRACKS 64

/* ---- tracks ---- */

enum track_kind { TRACK_MAIN, TRACK_AUDIO, TRACK_SUBTITLES };

/* A segment, or the map (initialisation) before it. */
struct piece {
	uint64_t mark;     /* what it is: the same in every load of the playlist */
	int64_t at, bytes; /* in the track's file; once it is there */
	uint32_t index;    /* in list.segments or list.maps */
	bool map;
};

struct track {
	enum track_kind kind;
	char tag[JOURNAL_TAG];  /* "v", "a1", "s1": in names and the journal */
	char *file;             /* in staging */
	char *title, *language; /* of the rendition, or NULL */
	bool is_default, autoselect, forced;
	uint64_t mark;

	char *url;  /* of its playlist; secret */
	char *base; /* … after redirects: what URIs in it are relative to */
	char *body; /* as it came, until it is read */
	size_t body_len;
	struct m3u8 list;

	struct piece *pieces;
	size_t n_pieces;
	size_t n_held;         /* appended: the first so many */
	size_t n_safe;         /* … durable, too, and in the journal */
	size_t n_asked;        /* given to a slot, or held */
	int64_t held, held_us; /* bytes and duration of those that are held */
	int64_t safe;          /* bytes of those that are safe */
	int fd;                /* -1 closed */
};

void track_release(struct track *track);
/* The pieces of @list, in order, with marks; bytes 0. Caller frees. */
struct piece *track_pieces(const struct m3u8 *list, size_t *n);
/* Whether @pieces are those of @track. */
bool track_is_same(const struct track *track, const struct piece *pieces, size_t n);
/* The next piece lies behind those that are held. */
void track_hold(struct track *track, int64_t bytes);
void track_safe(struct track *track); /* all that is held */
const struct m3u8_segment *piece_segment(
	const struct track *track, const struct piece *piece); /* NULL: a map */
/* Where it is to be had from. */
void piece_source(const struct track *track, const struct piece *piece,
	const char **uri, struct m3u8_range *range, int *key);
/* "segment 12 of 40 (video)" */
void piece_name(const struct track *track, size_t index, char out[96]);
uint64_t mark_of(uint64_t mark, const void *data, size_t len); /* FNV-1a, goes on */
#define MARK_BEGIN UINT64_C(14695981039346656037)

/* ---- keys ---- */

struct hls_key {
	char *url; /* secret */
	unsigned char bytes[CIPHER_BLOCK];
	bool have, asked;
};

/* ---- calls ---- */

struct fetch {
	LIST_ENTRY(fetch) link;
	struct hls *hls;
	struct http_call *call;
	/* The answer's status is 200. */
	void (*then)(struct fetch *fetch, const struct http_response *answer);
	size_t index; /* of the track or key */
};

/* ---- segments ---- */

enum slot_state {
	SLOT_FREE,
	SLOT_COMING,  /* transfer runs */
	SLOT_AGAIN,   /* failed; again when due */
	SLOT_REFUSED, /* its link: with a new manifest */
	SLOT_READY,   /* here, and checked */
	SLOT_APPENDS, /* the pool has it */
};
struct slot {
	struct hls *hls;
	enum slot_state state;
	struct transfer *transfer;
	char *key, *name; /* of the transfer, in staging */
	struct track *track;
	size_t piece;
	int attempts;
	int64_t due_ms; /* monotonic */
};

/* ---- what is made ---- */

struct output {
	char *key, *part, *stem, *language;
	enum role role;
	enum content content;
};

/* A file that a run before a crash may have left in the archive. */
struct placed {
	char *path;
	char sha256[65];
};

enum hls_state {
	HLS_OPEN,     /* the pool reads the journal */
	HLS_LISTS,    /* playlists are being fetched */
	HLS_MATCH,    /* the pool reads them */
	HLS_KEYS,     /* keys are being fetched */
	HLS_SEGMENTS, /* and segments */
	HLS_MAKE,
	HLS_PLACE,
	HLS_END,
};

struct hls_hooks {
	void (*advance)(struct hls *hls);
};

struct hls {
	const struct hls_hooks *hooks;
	struct hls_env env;
	struct hls_spec spec;
	struct hls_events events;
	char *url; /* secret */
	enum hls_state state;
	struct err err; /* why it ends */
	bool ending, cancelled, saved;

	LIST_HEAD(fetch_list, fetch) fetches;
	struct http_policy policy;
	char host[256];

	/* The pool's step. */
	uv_work_t work;
	bool busy;
	void (*step)(struct hls *hls, struct err *err);
	void (*step_done)(struct hls *hls);
	struct err step_err;

	uv_timer_t timer;
	struct transfer *group;
	int64_t told_ms; /* when part() was last called */
	int64_t told_safe;

	struct part part;       /* the journal's */
	struct journal journal; /* as it was found */
	int journal_fd;
	int64_t journal_size;
	bool names_synced;

	struct m3u8 master;
	char *master_base;
	char *master_body;
	size_t master_len;
	bool has_master; /* else the url was a media playlist itself */
	bool picked;     /* tracks are those of the master as it is now */
	struct m3u8_choice choice;
	char choice_text[160];
	struct track *tracks;
	size_t n_tracks;
	bool matched; /* tracks and staging are one: a later manifest must be the same
		       */

	struct hls_key *keys;
	size_t n_keys;

	struct slot slots[HLS_SLOTS];
	size_t n_slots, n_calls;
	int refreshes; /* manifests fetched anew since anything was appended */
	bool refresh;
	struct slot *batch[HLS_SLOTS]; /* with the pool */
	size_t n_batch;
	bool sync;         /* … which is to make all durable, too */
	int64_t synced_ms; /* when it last did */

	struct process *process; /* ffmpeg */
	int64_t process_bytes;   /* what its limits were made for */
	bool prepared;           /* it was started before its playlist was there */
	char *index;             /* its playlist, which it reads from its input */
	bool fed;                /* … and has been given */
	struct err remux_err;    /* why there is no MP4 */
	int64_t base_us;         /* of the first picture: what subtitles count from */
	const char *subtitles[HLS_TRACKS]; /* by track: joined, in staging; or NULL */
	char *made;
	struct output *outputs;
	size_t n_outputs, n_placed;
	struct transfer *placing;
	bool recovers;                  /* outputs are what was sealed before a crash */
	void (*begin)(struct hls *hls); /* from the playlists on */
	struct transfer_result *results;
	struct placed *placed;
	size_t n_left;
};

/* ---- hls_job.c ---- */

/* The job ends with @err once all it waits for has come back. Only marks it. */
void hls_fail(struct hls *hls, const struct err *err);
void hls_note(struct hls *hls, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Run @step on the pool, then @done on the loop unless it failed, which ends the job;
 * advance() follows in either case. */
void hls_queue(struct hls *hls, void (*step)(struct hls *hls, struct err *err),
	void (*done)(struct hls *hls));
/* "ROW.KEY.hls.WHAT", below the part's name for archive_part_owner(). Caller frees. */
char *hls_file(const struct hls *hls, const char *what);
/* Bytes held, and what they will be in all (-1 unknown). */
void hls_amount(const struct hls *hls, int64_t *held, int64_t *total);
/* Bytes that are safe. */
int64_t hls_safe(const struct hls *hls);
/* Whether anything is held that is not safe. */
bool hls_unsafe(const struct hls *hls);

/* ---- hls_lists.c ---- */
void hls_fetch_lists(struct hls *hls);
/* Whether every key that is needed is here; asks for those that are not. */
bool hls_fetch_keys(struct hls *hls);
const struct hls_key *hls_key_of(
	const struct hls *hls, const struct track *track, int key);
void hls_keys_release(struct hls *hls);
void hls_cancel_fetches(struct hls *hls);

/* ---- on the pool ---- */
void hls_step_open(struct hls *hls, struct err *err);
void hls_step_pick(struct hls *hls, struct err *err);
/* Control loop: the tracks of what was picked. */
void hls_take_pick(struct hls *hls);
void hls_step_match(struct hls *hls, struct err *err);
void hls_step_append(struct hls *hls, struct err *err);
/* Make what is held safe. */
void hls_step_sync(struct hls *hls, struct err *err);
/* Add @text to the journal. */
int hls_journal_write(struct hls *hls, const struct buf *text, struct err *err);
int hls_journal_sync(struct hls *hls, struct err *err);
/* Write all of @text as the staging file @name, in place of what it was. */
int hls_write(
	struct hls *hls, const char *name, const struct buf *text, struct err *err);

/* ---- hls_segments.c ---- */
void hls_advance_segments(struct hls *hls);
bool hls_segments_idle(const struct hls *hls);  /* none is on its way */
bool hls_segments_asked(const struct hls *hls); /* each is here or on its way */
void hls_cancel_segments(struct hls *hls);

/* ---- hls_files.c, on the pool ---- */
void hls_step_lists(struct hls *hls, struct err *err); /* what ffmpeg reads */
void hls_step_subtitles(struct hls *hls, struct err *err);
void hls_step_check(struct hls *hls, struct err *err); /* what ffmpeg wrote */
void hls_step_package(struct hls *hls, struct err *err);

/* ---- hls_make.c ---- */
void hls_make(struct hls *hls);
/* It will soon be made: what takes time to start may start. */
void hls_make_ready(struct hls *hls);

/* ---- hls_place.c ---- */
/* What was sealed before a crash. False: nothing was. */
bool hls_recover(struct hls *hls);
void hls_place_next(struct hls *hls);
void hls_outputs_release(struct hls *hls);
void hls_add_output(struct hls *hls, const struct output *output);

#endif
