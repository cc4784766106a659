/*
 * The archive directory: final paths, staging, durable placement, trash, marker and
 * free space (INTERFACE §7). It never follows a symlink, never leaves its root, never
 * replaces or removes a file it is not told is its own.
 *
 * Everything here blocks: call it on the libuv pool or a transfer worker. A struct
 * archive is immutable after open and may be used by many threads at once.
 */
#ifndef VODKEEP_ARCHIVE_ARCHIVE_H
#define VODKEEP_ARCHIVE_ARCHIVE_H

#include "base/buf.h"
#include "base/err.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct archive;

/* Open an existing directory. ERR_LOCAL with a sentence and remedy when it is not
 * there. Creates nothing. */
int archive_open(struct archive **out, const char *dir, struct err *err);
void archive_close(struct archive *archive);
const char *archive_dir(const struct archive *archive);

/* The marker .vodkeep/archive-id: 32 hex digits. ERR_NOT_FOUND when it is absent. */
int archive_marker_read(const struct archive *archive, char id[33], struct err *err);
/* Make .vodkeep, staging, trash and a new marker (durably). ERR_EXISTS when one is
 * there. */
int archive_marker_create(const struct archive *archive, char id[33], struct err *err);
/* 0 when the marker is there, says @id, and the archive can be written; else ERR_LOCAL:
 * it is not mounted, is another one, or is read-only. Re-opens the root by name, so a
 * late mount or unmount is noticed. */
int archive_check(struct archive *archive, const char *id, struct err *err);
/* The same without writing: also for an archive that is mounted read-only. */
int archive_check_reading(
	const struct archive *archive, const char *id, struct err *err);
/* Whether what the last such check has found is still what has the archive's name: a
 * few system calls, for between two checks. */
bool archive_is_there(const struct archive *archive);
int archive_space(const struct archive *archive, int64_t *free_bytes,
	int64_t *total_bytes, struct err *err);

/* Staging. @name is one component, made by archive_part_name(). */
void archive_part_name(int64_t row, const char *key, char out[256]);
int archive_part_open(const struct archive *archive, const char *name, int *fd,
	int64_t *size, struct err *err); /* read-write, created when absent */
/* Of "ROW.KEY.hls.WHAT", one of the many files of an HLS download, the name of the part
 * that stands for all of them: "ROW.KEY.hls.part". False: @name is none. */
bool archive_part_owner(const char *name, char out[256]);
/* Make the names in the staging folder durable: before a part's bytes are first
 * claimed. */
int archive_part_sync(const struct archive *archive, struct err *err);
int archive_part_remove(
	const struct archive *archive, const char *name, struct err *err);
/* Remove staging files that @known does not know. Returns how many through *removed.
 * Those of transfers and archive_put() that are running are here too: know them. */
int archive_part_sweep(const struct archive *archive,
	bool (*known)(void *arg, const char *name), void *arg, int *removed,
	struct err *err);

/* Place a whole, checked, fsynced part under @rel: sets mtime, makes directories,
 * renames, fsyncs the directories. Without @replace an existing file is ERR_EXISTS and
 * nothing happens; with it the file (known to be the asset's own) is replaced
 * atomically. */
int archive_place(const struct archive *archive, const char *part, const char *rel,
	int64_t mtime_ns, bool replace, struct err *err);
/* The same, but its name is durable only after archive_sync_folder(), or archive_put()
 * into the same folder: until then nobody may be told, the store least of all. */
int archive_place_unsynced(const struct archive *archive, const char *part,
	const char *rel, int64_t mtime_ns, bool replace, struct err *err);
/* Make the names durable that the folder of @rel holds. */
int archive_sync_folder(
	const struct archive *archive, const char *rel, struct err *err);
/* After a crash while placing: open @rel for reading if it is @part, placed: it is
 * there, and @part is gone from staging or is the same file. Else ERR_NOT_FOUND. */
int archive_placed_open(const struct archive *archive, const char *part,
	const char *rel, int *fd, int64_t *size, struct err *err);
/* Durable small file (a sidecar), atomically replacing its own earlier version. */
int archive_put(const struct archive *archive, const char *rel, const void *data,
	size_t len, int64_t mtime_ns, bool replace, struct err *err);
/* Let the file at @from be found at @to too, durably, and never in place of another
 * (ERR_EXISTS): so that what replaces it at @from takes nothing away. Where the
 * filesystem knows no hard links it is moved. What lies at @to already is taken for it
 * if it is the same file or, with nothing at @from, has its size and hash: a crash came
 * after an earlier call. ERR_NOT_FOUND if it is at neither place. */
int archive_keep(const struct archive *archive, const char *from, const char *to,
	int64_t bytes, const char *sha256, struct err *err);
/* Move a file within the archive; never replaces. Empty directories left behind go. */
int archive_move(const struct archive *archive, const char *from, const char *to,
	struct err *err);
/* Remove a file and the directories that became empty (never the root or .vodkeep). An
 * absent file is success (*was_there false; may be NULL). */
int archive_remove(const struct archive *archive, const char *rel, bool *was_there,
	struct err *err);
/* Move a file to .vodkeep/trash/DATE/REL (DATE "2026-11-22"); absent is success. A
 * taken name gets "~2", "~3" … */
int archive_trash(const struct archive *archive, const char *rel, const char *date,
	struct err *err);
/* Remove trash folders dated before @date; at most @max_files. */
int archive_trash_purge(const struct archive *archive, const char *date, int max_files,
	int *removed, struct err *err);
/* Remove what was trashed first, until the trash has @max_bytes at most; at most
 * @max_files. Reads the whole trash. */
int archive_trash_cap(const struct archive *archive, int64_t max_bytes, int max_files,
	int *removed, struct err *err);
/* Regular file at @rel: *size, and its SHA-256 when @sha256 is not NULL. ERR_NOT_FOUND.
 */
int archive_stat(const struct archive *archive, const char *rel, int64_t *size,
	char sha256[65], struct err *err);
/* Open a regular file for reading (no symlink followed). */
int archive_read_open(
	const struct archive *archive, const char *rel, int *fd, struct err *err);
/* Append a small regular file to @out; one longer than its max is ERR_PERMANENT. */
int archive_read(const struct archive *archive, const char *rel, struct buf *out,
	struct err *err);

/* Compare the file at @rel with what was archived there (@sha256 NULL: its size alone),
 * for as long as *stop (any thread may set it) is false. What is wrong with it goes to
 * @what (without the path, of @size bytes). An error is what keeps that from being
 * known: ERR_CANCELLED by
 * @stop, else the file cannot be read. */
enum archive_verdict {
	ARCHIVE_SOUND,
	ARCHIVE_MISSING,
	ARCHIVE_DAMAGED,
};
int archive_compare(const struct archive *archive, const char *rel, int64_t bytes,
	const char *sha256, const atomic_bool *stop, enum archive_verdict *verdict,
	char *what, size_t size, struct err *err);

/* All there is in the archive but its own folder and series, in no order, and in
 * bounded memory: one directory is open for each level. What comes and goes meanwhile
 * may be told or not. One thread at a time. */
struct archive_walk;
struct archive_walk *archive_walk_new(const struct archive *archive);
void archive_walk_free(struct archive_walk *walk); /* NULL allowed */
/* The next one's path (caller frees), and whether it is a regular file: else it is a
 * symbolic link, a device, or a directory deeper than is looked. 1, 0 at the end, or a
 * negative class. */
int archive_walk_next(
	struct archive_walk *walk, char **rel, bool *regular, struct err *err);

/* A series: pictures in one directory, each named by its moment. @sha256 NULL:
 * "2026-11-22T10-00-00.123Z.jpg"; else "2026-11-22T10-00-00.123Z~1a2b3c4d.jpg", for
 * another picture of the same moment. */
#define ARCHIVE_SERIES_NAME 48
void archive_series_name(
	int64_t at_ns, const char *sha256, char out[ARCHIVE_SERIES_NAME]);
/* Of the files in @dir that are named so, remove the oldest beyond @keep, at most
 * @max_removed (memory and time are bounded by it, however many there are). Any other
 * file stays. An absent directory is success. *removed is set also on failure. */
int archive_series_prune(const struct archive *archive, const char *dir, int keep,
	int max_removed, int *removed, struct err *err);
/* Whether a file of this name, without directories, is a picture of a series. */
bool archive_series_is(const char *name);
/* Make the names in @dir durable: those another thread may have just given. */
int archive_series_sync(
	const struct archive *archive, const char *dir, struct err *err);

#endif
