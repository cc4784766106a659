/*
 * Shared by the files of the archive and its tests; nobody else includes it.
 */
#ifndef VODKEEP_ARCHIVE_ARCHIVE_PRIV_H
#define VODKEEP_ARCHIVE_ARCHIVE_PRIV_H

#include "archive/archive.h"

#define ARCHIVE_OWN     ".vodkeep"
#define ARCHIVE_STAGING ".vodkeep/staging"
#define ARCHIVE_TRASH   ".vodkeep/trash"

struct archive {
	char *dir;
	/* The number never changes; archive_check() may put another directory behind it
	 * in one step (dup3), so that threads need no lock. */
	int root;
};

/* Fill @err from errno; the class is that of the errno value. */
int archive_sys(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* 0 when @rel is a plain relative path outside the archive's own folder. */
int archive_rel_check(const char *rel, struct err *err);
/* Make ARCHIVE_OWN/staging if only that is missing; ERR_LOCAL when ARCHIVE_OWN is. */
int archive_staging_open(const struct archive *archive, int *fd, struct err *err);
/* Give @name of @dir the name @rel, never over another file (ERR_EXISTS), or with
 * @replace over a regular one. Makes directories and syncs the one @rel is in. */
int archive_rename(const struct archive *archive, int dir, const char *name,
	const char *rel, bool replace, struct err *err);
/* The same, but @rel's own directory is not synced. */
int archive_rename_unsynced(const struct archive *archive, int dir, const char *name,
	const char *rel, bool replace, struct err *err);
/* renameat2(RENAME_NOREPLACE), by way of a hard link where the filesystem lacks it.
 * 0 or -1 with errno. */
int archive_rename_new(int dir, const char *name, int to_dir, const char *to_name);
int archive_rename_by_link(int dir, const char *name, int to_dir, const char *to_name);
/* Remove the directories above @rel that are empty, up to the root. */
void archive_prune(const struct archive *archive, const char *rel);

#endif
