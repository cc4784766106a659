/*
 * What every part of the archive needs: naming errors, keeping paths out of vodkeep's
 * own folder, opening staging, renaming without replacing, pruning empty directories.
 * The lowest file of the archive.
 *
 * A directory that is empty may be pruned by another thread between opening it and
 * renaming into it; then the rename says ENOENT and is tried again from the top.
 */
#include <config.h>

#include "archive/archive_priv.h"
#include "base/fs.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RENAME_TRIES 8

int archive_sys(struct err *err, const char *fmt, ...)
{
	int errnum = errno;
	char doing[400];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(doing, sizeof(doing), fmt, ap);
	va_end(ap);
	return err_sys(err, err_class_of_errno(errnum), errnum, "%s", doing);
}

int archive_rel_check(const char *rel, struct err *err)
{
	size_t own = sizeof(ARCHIVE_OWN) - 1;
	if (!fs_rel_ok(rel))
		return err_set(err, ERR_INPUT,
			"\"%s\" is not a plain path below the archive", rel);
	if (strncmp(rel, ARCHIVE_OWN, own) == 0 &&
		(rel[own] == '\0' || rel[own] == '/'))
		return err_set(err, ERR_INPUT,
			"\"%s\" is in the folder vodkeep keeps for itself", rel);
	return 0;
}

int archive_staging_open(const struct archive *archive, int *fd, struct err *err)
{
	int own;
	int rc;

	if (fs_open_dir(archive->root, ARCHIVE_STAGING, false, fd, NULL) == 0)
		return 0;
	rc = fs_open_dir(archive->root, ARCHIVE_OWN, false, &own, err);
	if (rc)
		return err_set(err, ERR_LOCAL,
			"the archive %s has no folder %s: is its disk mounted?",
			archive->dir, ARCHIVE_OWN);
	rc = fs_open_dir(own, "staging", true, fd, err);
	close(own);
	if (rc)
		err_wrap(err, "cannot use the staging folder");
	return rc;
}

void archive_prune(const struct archive *archive, const char *rel)
{
	char *dir = mem_strdup(rel);
	char *slash;
	int survivor = -1;

	while ((slash = strrchr(dir, '/'))) {
		const char *base;
		int parent;
		*slash = '\0';
		int rc =
			fs_open_parent(archive->root, dir, false, &parent, &base, NULL);
		if (rc == -(int)ERR_NOT_FOUND)
			continue;
		if (rc)
			break;
		bool removed = unlinkat(parent, base, AT_REMOVEDIR) == 0;
		bool absent = !removed && errno == ENOENT;
		if (removed && survivor >= 0)
			close(survivor);
		if (removed)
			survivor = parent;
		else
			close(parent);
		if (!removed && !absent)
			break;
	}
	if (survivor >= 0) {
		/* A directory that comes back after a power cut is empty: no harm. */
		fs_sync_dir(survivor, NULL);
		close(survivor);
	}
	free(dir);
}

int archive_rename_by_link(int dir, const char *name, int to_dir, const char *to_name)
{
	if (linkat(dir, name, to_dir, to_name, 0))
		return -1;
	if (unlinkat(dir, name, 0) == 0)
		return 0;
	int errnum = errno;
	unlinkat(to_dir, to_name, 0);
	errno = errnum;
	return -1;
}

int archive_rename_new(int dir, const char *name, int to_dir, const char *to_name)
{
	if (renameat2(dir, name, to_dir, to_name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
		return -1;
	return archive_rename_by_link(dir, name, to_dir, to_name);
}

/* Replaces a regular file only: a directory or symlink there is somebody else's. */
static int rename_over(int dir, const char *name, int to_dir, const char *to_name)
{
	struct stat st;
	if (fstatat(to_dir, to_name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? archive_rename_new(dir, name, to_dir, to_name)
				       : -1;
	if (!S_ISREG(st.st_mode)) {
		errno = EEXIST;
		return -1;
	}
	return renameat(dir, name, to_dir, to_name);
}

static bool is_there(int dir, const char *name)
{
	struct stat st;
	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* One try. *again: the directory was pruned under our feet. */
static int rename_once(const struct archive *archive, int dir, const char *name,
	const char *rel, bool replace, bool sync, bool *again, struct err *err)
{
	const char *base;
	int to_dir;

	*again = false;
	int rc = fs_open_parent(archive->root, rel, true, &to_dir, &base, err);
	if (rc) {
		*again = rc == -(int)ERR_NOT_FOUND;
		return rc;
	}
	int failed = replace ? rename_over(dir, name, to_dir, base)
			     : archive_rename_new(dir, name, to_dir, base);
	if (failed && errno == EEXIST)
		rc = err_set(err, ERR_EXISTS, "%s is taken by another file", rel);
	else if (failed) {
		rc = archive_sys(err, "cannot rename a file to %s", rel);
		*again = rc == -(int)ERR_NOT_FOUND && is_there(dir, name);
	} else if (sync)
		rc = fs_sync_dir(to_dir, err);
	close(to_dir);
	return rc;
}

static int rename_to(const struct archive *archive, int dir, const char *name,
	const char *rel, bool replace, bool sync, struct err *err)
{
	bool again = true;
	int rc = 0;
	for (int i = 0; again && i < RENAME_TRIES; i++)
		rc = rename_once(archive, dir, name, rel, replace, sync, &again, err);
	return rc;
}

int archive_rename(const struct archive *archive, int dir, const char *name,
	const char *rel, bool replace, struct err *err)
{
	return rename_to(archive, dir, name, rel, replace, true, err);
}

int archive_rename_unsynced(const struct archive *archive, int dir, const char *name,
	const char *rel, bool replace, struct err *err)
{
	return rename_to(archive, dir, name, rel, replace, false, err);
}
