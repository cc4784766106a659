/*
 * What the playlists mean, and what staging holds of it: texts become values on the
 * pool (a day of segments is megabytes of text), pieces are compared with the journal,
 * and tracks that are others now begin anew. Room is looked for before a byte comes.
 */
#include <config.h>

#include "flow/hls_priv.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/url.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- the journal ---- */

/* Only if it is that very file: what was recorded, and sealed, was vodkeep's own. */
static int remove_placed(struct hls *hls, struct err *err)
{
	struct archive *archive = hls->env.archive;
	char sha256[65];
	int64_t size;
	int rc = 0;

	for (size_t i = 0; i < hls->n_left && !rc; i++)
		if (archive_stat(archive, hls->placed[i].path, &size, sha256, NULL) ==
				0 &&
			strcmp(sha256, hls->placed[i].sha256) == 0)
			rc = archive_remove(archive, hls->placed[i].path, NULL, err);
	return rc;
}

void hls_step_open(struct hls *hls, struct err *err)
{
	int64_t size;

	if (remove_placed(hls, err))
		return;
	if (archive_part_open(
		    hls->env.archive, hls->part.name, &hls->journal_fd, &size, err))
		return;
	if (size > 0 && size <= (int64_t)JOURNAL_MAX) {
		char *text = mem_alloc((size_t)size);

		if (fs_read_at(hls->journal_fd, text, (size_t)size, 0) == size)
			journal_parse(text, (size_t)size, &hls->journal);
		free(text);
	}
	hls->journal_size = (int64_t)hls->journal.good;
	if (ftruncate(hls->journal_fd, hls->journal_size))
		err_sys(err, err_class_of_errno(errno), errno,
			"cannot cut the staging file %s", hls->part.name);
}

/* ---- the master ---- */

void hls_step_pick(struct hls *hls, struct err *err)
{
	m3u8_release(&hls->master);
	if (m3u8_parse(hls->master_body, hls->master_len, &hls->master, err)) {
		err_wrap(err, "%s", hls->host);
		return;
	}
	hls->has_master = hls->master.kind == M3U8_MASTER;
	if (!hls->has_master)
		m3u8_release(&hls->master);
	else if (m3u8_check_keys(&hls->master, err) == 0)
		m3u8_pick(&hls->master, hls->spec.max_height, &hls->choice, err);
}

struct wanted {
	struct track tracks[HLS_TRACKS];
	size_t n;
};

static uint64_t mark_text(uint64_t mark, const char *text)
{
	return mark_of(mark, text ? text : "", (text ? strlen(text) : 0) + 1);
}

static struct track *want(
	struct hls *hls, struct wanted *wanted, enum track_kind kind, const char *uri)
{
	struct track *track;
	struct err err;
	char *tail;

	if (wanted->n == HLS_TRACKS) {
		err_set(&err, ERR_PERMANENT, "the playlist has more than %d tracks",
			HLS_TRACKS);
		hls_fail(hls, &err);
		return NULL;
	}
	track = &wanted->tracks[wanted->n++];
	*track = (struct track){ .kind = kind, .fd = -1, .mark = MARK_BEGIN };
	track->url = url_resolve(hls->master_base, uri);
	if (!track->url) {
		err_set(&err, ERR_PERMANENT,
			"the playlist leads to where nothing can be fetched");
		hls_fail(hls, &err);
		return NULL;
	}
	tail = url_tail(uri);
	track->mark = mark_text(track->mark + kind, tail);
	mem_free_secret(tail);
	return track;
}

static void want_rendition(
	struct hls *hls, struct wanted *wanted, enum track_kind kind, size_t index)
{
	const struct m3u8_rendition *from = &hls->master.renditions[index];
	struct track *track = want(hls, wanted, kind, from->uri);

	if (!track)
		return;
	snprintf(track->tag, sizeof(track->tag), "%c%u",
		kind == TRACK_AUDIO ? 'a' : 's', (unsigned)(wanted->n % 1000));
	track->title = mem_strdup(from->name);
	track->language = mem_strdup(from->language);
	track->is_default = from->is_default;
	track->autoselect = from->autoselect;
	track->forced = from->forced;
	track->mark = mark_text(mark_text(track->mark, from->name), from->language);
}

static void want_all(struct hls *hls, struct wanted *wanted)
{
	const struct m3u8_variant *variant = &hls->master.variants[hls->choice.variant];
	struct track *track = want(hls, wanted, TRACK_MAIN, variant->uri);

	if (!track)
		return;
	strcpy(track->tag, "v");
	track->mark =
		mark_of(track->mark, &variant->bandwidth, sizeof(variant->bandwidth));
	track->mark = mark_of(track->mark, &variant->height, sizeof(variant->height));
	track->mark = mark_text(track->mark, variant->codecs);
	for (size_t i = 0; i < hls->choice.n_audio; i++)
		want_rendition(hls, wanted, TRACK_AUDIO, hls->choice.audio[i]);
	for (size_t i = 0; i < hls->choice.n_subtitles; i++) {
		size_t index = hls->choice.subtitles[i];

		if (hls->spec.wants_subtitles(
			    hls->events.arg, hls->master.renditions[index].language))
			want_rendition(hls, wanted, TRACK_SUBTITLES, index);
	}
}

static void describe(struct hls *hls)
{
	const struct m3u8_variant *variant = &hls->master.variants[hls->choice.variant];
	char resolution[32] = "";

	if (!hls->has_master) {
		snprintf(hls->choice_text, sizeof(hls->choice_text), "a single stream");
		return;
	}
	if (variant->height > 0)
		snprintf(resolution, sizeof(resolution), "%dx%d, ", variant->width,
			variant->height);
	snprintf(hls->choice_text, sizeof(hls->choice_text),
		"%s%lld kbit/s, one of %zu variants; %zu audio and %zu subtitle tracks "
		"apart",
		resolution, (long long)(variant->bandwidth / 1000),
		hls->master.n_variants, hls->choice.n_audio, hls->choice.n_subtitles);
}

/* A manifest fetched anew must lead to the same tracks, by other links. */
static void renew_links(struct hls *hls, struct wanted *wanted)
{
	bool same = wanted->n == hls->n_tracks;
	struct err err;

	for (size_t i = 0; same && i < wanted->n; i++)
		same = wanted->tracks[i].mark == hls->tracks[i].mark;
	if (!same) {
		err_set(&err, ERR_TRANSIENT,
			"the playlist offers other tracks now than when it was begun");
		hls_fail(hls, &err);
		return;
	}
	for (size_t i = 0; i < wanted->n; i++) {
		char *url = hls->tracks[i].url;

		hls->tracks[i].url = wanted->tracks[i].url;
		wanted->tracks[i].url = url;
	}
}

static void take_tracks(struct hls *hls, struct wanted *wanted)
{
	hls->tracks = mem_array(wanted->n, sizeof(*hls->tracks));
	memcpy(hls->tracks, wanted->tracks, wanted->n * sizeof(*hls->tracks));
	hls->n_tracks = wanted->n;
	wanted->n = 0;
}

void hls_take_pick(struct hls *hls)
{
	struct wanted *wanted = mem_alloc(sizeof(*wanted));

	if (hls->has_master) {
		want_all(hls, wanted);
	} else {
		wanted->tracks[0] = (struct track){ .tag = "v", .fd = -1 };
		wanted->n = 1;
	}
	describe(hls);
	if (!hls->ending && hls->tracks)
		renew_links(hls, wanted);
	else if (!hls->ending)
		take_tracks(hls, wanted);
	for (size_t i = 0; i < wanted->n; i++)
		track_release(&wanted->tracks[i]);
	free(wanted);
	if (hls->ending)
		return;
	if (!hls->has_master) {
		struct track *track = &hls->tracks[0];

		mem_free_secret(track->body);
		mem_free_secret(track->base);
		track->body = hls->master_body;
		track->body_len = hls->master_len;
		track->base = mem_strdup(hls->master_base);
		hls->master_body = NULL;
	}
	mem_free_secret(hls->master_body);
	hls->master_body = NULL;
}

/* ---- the tracks ---- */

/* What its segments are called says what is in them; with a map it is fMP4. */
static const char *extension_of(const struct m3u8 *list)
{
	static const char *const known[] = { "ts", "aac", "mp3", "ac3", "ec3", "vtt",
		"mp4" };
	const char *found = list->n_maps > 0 ? "mp4" : "ts";
	char *tail;
	const char *dot;

	if (list->n_maps > 0 || list->n_segments == 0)
		return found;
	tail = url_tail(list->segments[0].uri);
	dot = strrchr(tail, '.');
	for (size_t i = 0; dot && i < sizeof(known) / sizeof(known[0]); i++)
		if (strcasecmp(dot + 1, known[i]) == 0)
			found = known[i];
	if (strncasecmp(dot ? dot : "", ".webvtt", 7) == 0)
		found = "vtt";
	mem_free_secret(tail);
	return found;
}

static int read_list(
	struct hls *hls, struct track *track, struct m3u8 *list, struct err *err)
{
	const struct m3u8_origin origin = {
		.url = track->base,
		.master = hls->has_master ? &hls->master : NULL,
	};
	int rc = m3u8_parse_from(&origin, track->body, track->body_len, list, err);

	mem_free_secret(track->body);
	track->body = NULL;
	if (rc)
		return rc;
	if (list->kind != M3U8_MEDIA)
		rc = err_set(err, ERR_PERMANENT,
			"a variant of the playlist leads to another master playlist");
	else if (!list->endlist)
		rc = err_set(err, ERR_NOT_YET,
			"the HLS playlist still grows (it has no EXT-X-ENDLIST)");
	else if (list->n_segments == 0)
		rc = err_set(err, ERR_TRANSIENT, "the HLS playlist has no segments");
	if (!rc)
		rc = m3u8_check_keys(list, err);
	return rc ? rc : m3u8_check_gaps(list, err);
}

/* As many of the pieces as the journal has and the file holds. */
static void restore(
	struct track *track, const struct journal_track *known, int64_t size)
{
	for (size_t i = 0; i < known->n; i++)
		if (known->pieces[i].mark != track->pieces[i].mark)
			return;
	for (size_t i = 0; i < known->n; i++) {
		if (track->held + known->pieces[i].bytes > size)
			return;
		track_hold(track, known->pieces[i].bytes);
	}
	track_safe(track);
}

/* Before anything of the file is cut or overwritten, the journal says that it no longer
 * holds what it did. */
static int adopt(struct hls *hls, struct track *track, struct err *err)
{
	const struct journal_track *known = journal_find(&hls->journal, track->tag);
	struct buf text;
	int64_t size;
	int rc;

	track->file = mem_printf("%.*s.%s.%s",
		(int)(strlen(hls->part.name) - strlen(".part")), hls->part.name,
		track->tag, extension_of(&track->list));
	rc = archive_part_open(hls->env.archive, track->file, &track->fd, &size, err);
	if (rc)
		return rc;
	if (known && known->mark == track->mark && known->count == track->n_pieces)
		restore(track, known, size);
	track->n_asked = track->n_held;
	if (!known || known->n != track->n_held) {
		buf_init(&text, JOURNAL_MAX);
		if (hls->journal_size == 0)
			journal_put_head(&text);
		journal_put_track(&text, track->tag, track->mark, track->n_pieces);
		for (size_t i = 0; i < track->n_held; i++)
			journal_put_piece(&text, track->tag, i, track->pieces[i].bytes,
				track->pieces[i].mark);
		rc = hls_journal_write(hls, &text, err);
		buf_release(&text);
	}
	if (!rc && known && known->n != track->n_held)
		rc = hls_journal_sync(hls, err);
	if (!rc && ftruncate(track->fd, track->held))
		rc = err_sys(err, err_class_of_errno(errno), errno,
			"cannot cut the staging file %s", track->file);
	return rc;
}

static int match_track(struct hls *hls, struct track *track, struct err *err)
{
	struct m3u8 list = { 0 };
	struct piece *pieces;
	size_t n;
	int rc = read_list(hls, track, &list, err);

	if (rc) {
		m3u8_release(&list);
		return rc;
	}
	pieces = track_pieces(&list, &n);
	if (!track->pieces) {
		track->list = list;
		track->pieces = pieces;
		track->n_pieces = n;
		return adopt(hls, track, err);
	}
	if (track_is_same(track, pieces, n)) {
		m3u8_release(&track->list);
		track->list = list;
	} else {
		rc = err_set(err, ERR_TRANSIENT,
			"the playlist has other segments now than when it was begun");
		m3u8_release(&list);
	}
	free(pieces);
	return rc;
}

/* The tracks, and for an MP4 that once more: both are there when it is checked. */
static int check_room(struct hls *hls, struct err *err)
{
	int64_t keep = hls->spec.transfer.keep_free_bytes;
	int64_t held, total, free_bytes, all;
	char need_text[32], free_text[32], keep_text[32];
	int rc = archive_space(hls->env.archive, &free_bytes, &all, err);

	hls_amount(hls, &held, &total);
	if (rc || total < 0)
		return rc;
	if (hls->spec.as == HLS_AS_MP4)
		total += total;
	if (total - held <= free_bytes - keep)
		return 0;
	size_format_human(total - held, need_text);
	size_format_human(free_bytes, free_text);
	size_format_human(keep, keep_text);
	return err_set(err, free_bytes < keep ? ERR_LOCAL : ERR_NO_ROOM,
		"there is no room for it on the archive's disk: about %s are needed, %s "
		"are free, and %s of them are to stay free",
		need_text, free_text, keep_text);
}

void hls_step_match(struct hls *hls, struct err *err)
{
	for (size_t i = 0; i < hls->n_tracks; i++)
		if (match_track(hls, &hls->tracks[i], err))
			return;
	journal_release(&hls->journal);
	check_room(hls, err);
}
