/*
 * Behind each other: what has come into the slots goes to the ends of the tracks, in
 * the order of the playlist, decrypted on the way. Twice a second all of it is synced,
 * and only then the journal gets its lines: it never claims bytes that a power cut can
 * take.
 */
#include <config.h>

#include "flow/hls_priv.h"

#include "base/mem.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)256 << 10)

static int file_failed(struct err *err, const char *doing)
{
	int errnum = errno;

	return err_sys(err, err_class_of_errno(errnum), errnum,
		"cannot %s a staging file", doing);
}

static int write_all(int fd, const void *data, size_t len, int64_t at, struct err *err)
{
	const char *from = data;

	while (len > 0) {
		ssize_t n = pwrite(fd, from, len, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return file_failed(err, "write");
		from += n;
		len -= (size_t)n;
		at += n;
	}
	return 0;
}

int hls_journal_write(struct hls *hls, const struct buf *text, struct err *err)
{
	int rc = text->overflow ? err_set(err, ERR_PERMANENT,
					  "the journal of this playlist is too long")
				: write_all(hls->journal_fd, buf_text(text), text->len,
					  hls->journal_size, err);

	if (!rc)
		hls->journal_size += (int64_t)text->len;
	return rc;
}

int hls_journal_sync(struct hls *hls, struct err *err)
{
	if (!hls->names_synced && archive_part_sync(hls->env.archive, err))
		return -(int)err->class;
	hls->names_synced = true;
	return fdatasync(hls->journal_fd) ? file_failed(err, "sync") : 0;
}

int hls_write(
	struct hls *hls, const char *name, const struct buf *text, struct err *err)
{
	int64_t size;
	int fd;
	int rc = archive_part_open(hls->env.archive, name, &fd, &size, err);

	if (rc)
		return rc;
	if (text->overflow)
		rc = err_set(err, ERR_PERMANENT, "what is to be written is too long");
	if (!rc)
		rc = write_all(fd, buf_text(text), text->len, 0, err);
	if (!rc && ftruncate(fd, (off_t)text->len))
		rc = file_failed(err, "cut");
	close(fd);
	return rc;
}

/* A slot's bytes on their way to the track's end. */
struct pour {
	int from, to;
	int64_t at; /* in the track */
	struct cipher *cipher;
	bool checked;
};

static int put(
	struct pour *pour, const unsigned char *data, size_t len, struct err *err)
{
	int rc = 0;

	if (len == 0)
		return 0;
	/* The wrong key makes noise of a segment, now and then with good padding. */
	if (pour->cipher && !pour->checked)
		rc = check_beginning(CONTENT_SEGMENT, data,
			len < SNIFF_BYTES ? len : SNIFF_BYTES, err);
	if (rc)
		return err_wrap(err, "decrypted");
	pour->checked = true;
	rc = write_all(pour->to, data, len, pour->at, err);
	pour->at += (int64_t)len;
	return rc;
}

static int pour_all(struct pour *pour, struct err *err)
{
	unsigned char *data = mem_alloc(CHUNK);
	unsigned char *plain = pour->cipher ? mem_alloc(CHUNK + CIPHER_BLOCK) : NULL;
	int64_t from = 0;
	size_t rest = 0;
	int rc = 0;

	while (!rc) {
		ssize_t n = pread(pour->from, data, CHUNK, from);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = file_failed(err, "read");
		if (n <= 0)
			break;
		from += n;
		rc = pour->cipher ? put(pour, plain,
					    cipher_update(pour->cipher, data, (size_t)n,
						    plain),
					    err)
				  : put(pour, data, (size_t)n, err);
	}
	if (!rc && pour->cipher)
		rc = cipher_finish(pour->cipher, plain, &rest, err);
	if (!rc && pour->cipher)
		rc = put(pour, plain, rest, err);
	free(data);
	free(plain);
	return rc;
}

static struct cipher *cipher_of(
	const struct hls *hls, const struct track *track, const struct piece *piece)
{
	unsigned char iv[CIPHER_BLOCK];
	const struct hls_key *key;
	struct m3u8_range range;
	const char *uri;
	int index;

	piece_source(track, piece, &uri, &range, &index);
	if (index < 0)
		return NULL;
	key = hls_key_of(hls, track, index);
	if (!key || !key->have)
		return NULL;
	if (piece->map)
		memcpy(iv, track->list.keys[index].iv, sizeof(iv));
	else
		m3u8_segment_iv(&track->list, piece->index, iv);
	return cipher_new(key->bytes, iv);
}

static int append_slot(struct hls *hls, struct slot *slot, struct err *err)
{
	struct track *track = slot->track;
	struct pour pour = { .to = track->fd, .at = track->held };
	int64_t size;
	char what[96];
	int rc =
		archive_part_open(hls->env.archive, slot->name, &pour.from, &size, err);

	if (rc)
		return rc;
	pour.cipher = cipher_of(hls, track, &track->pieces[slot->piece]);
	rc = pour_all(&pour, err);
	if (!rc && pour.at == track->held)
		rc = err_set(err, ERR_TRANSIENT, "it is empty");
	cipher_free(pour.cipher);
	close(pour.from);
	if (rc) {
		piece_name(track, slot->piece, what);
		return err_wrap(err, "%s", what);
	}
	track_hold(track, pour.at - track->held);
	return 0;
}

static int sync_track(const struct track *track, struct buf *lines, struct err *err)
{
	if (track->n_safe == track->n_held)
		return 0;
	if (fdatasync(track->fd))
		return file_failed(err, "sync");
	for (size_t i = track->n_safe; i < track->n_held; i++)
		journal_put_piece(lines, track->tag, i, track->pieces[i].bytes,
			track->pieces[i].mark);
	return 0;
}

void hls_step_sync(struct hls *hls, struct err *err)
{
	struct buf lines;
	int rc = 0;

	buf_init(&lines, JOURNAL_MAX);
	for (size_t i = 0; i < hls->n_tracks && !rc; i++)
		rc = sync_track(&hls->tracks[i], &lines, err);
	if (!rc)
		rc = hls_journal_write(hls, &lines, err);
	buf_release(&lines);
	if (rc || hls_journal_sync(hls, err))
		return;
	for (size_t i = 0; i < hls->n_tracks; i++)
		track_safe(&hls->tracks[i]);
}

/* The batch is in order. What of it was appended before a failure is kept. */
void hls_step_append(struct hls *hls, struct err *err)
{
	for (size_t i = 0; i < hls->n_batch; i++)
		if (append_slot(hls, hls->batch[i], err))
			return;
	if (hls->sync)
		hls_step_sync(hls, err);
}
