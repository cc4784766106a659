/*
 * Giving files their final names: by rename within the filesystem, never over a file
 * that is not known to be the asset's own, and durable before success is told.
 *
 * A directory that is empty may be pruned by another thread between opening it and
 * renaming into it; then the rename says ENOENT and is tried again from the top.
 */
#include <config.h>

#include "archive/archive_priv.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RENAME_TRIES 8

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
	const char *rel, bool replace, bool *again, struct err *err)
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
	} else
		rc = fs_sync_dir(to_dir, err);
	close(to_dir);
	return rc;
}

int archive_rename(const struct archive *archive, int dir, const char *name,
	const char *rel, bool replace, struct err *err)
{
	bool again = true;
	int rc = 0;
	for (int i = 0; again && i < RENAME_TRIES; i++)
		rc = rename_once(archive, dir, name, rel, replace, &again, err);
	return rc;
}

/* Set the modification time of an open file, durably. Nothing is done when it has it
 * already: a transfer sets it before its own fsync. */
static int set_mtime(int fd, int64_t mtime_ns, const char *name, struct err *err)
{
	struct timespec times[2] = {
		{ .tv_nsec = UTIME_OMIT },
		{ .tv_sec = mtime_ns / NS_PER_S, .tv_nsec = mtime_ns % NS_PER_S },
	};
	struct stat st;

	if (fstat(fd, &st))
		return archive_sys(err, "cannot look at %s", name);
	if (st.st_mtim.tv_sec == times[1].tv_sec &&
		st.st_mtim.tv_nsec == times[1].tv_nsec)
		return 0;
	if (futimens(fd, times) || fsync(fd))
		return archive_sys(err, "cannot set the time of %s", name);
	return 0;
}

static int part_set_mtime(int dir, const char *name, int64_t mtime_ns, struct err *err)
{
	if (mtime_ns <= 0)
		return 0;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return archive_sys(err, "cannot open the staging file %s", name);
	int rc = set_mtime(fd, mtime_ns, name, err);
	close(fd);
	return rc;
}

int archive_place(const struct archive *archive, const char *part, const char *rel,
	int64_t mtime_ns, bool replace, struct err *err)
{
	int staging;
	int rc = archive_rel_check(rel, err);
	if (rc == 0)
		rc = archive_staging_open(archive, &staging, err);
	if (rc)
		return rc;
	/* The staging folder is not synced: a name that comes back after a power cut is
	 * recognised by archive_placed_open(), renewed by archive_part_open(), or goes
	 * with the asset. */
	rc = part_set_mtime(staging, part, mtime_ns, err);
	if (rc == 0)
		rc = archive_rename(archive, staging, part, rel, replace, err);
	close(staging);
	return rc;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_temporary(int staging, const char *name, const void *data, size_t len,
	int64_t mtime_ns, struct err *err)
{
	int rc = 0;
	int fd = openat(staging, name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return archive_sys(err, "cannot make a file in the staging folder");
	if (write_all(fd, data, len))
		rc = archive_sys(err, "cannot write to the staging folder");
	else if (mtime_ns > 0)
		rc = set_mtime(fd, mtime_ns, name, err);
	if (rc == 0 && fsync(fd))
		rc = archive_sys(err, "cannot sync a file in the staging folder");
	if (close(fd) && rc == 0)
		rc = archive_sys(err, "cannot close a file in the staging folder");
	return rc;
}

int archive_put(const struct archive *archive, const char *rel, const void *data,
	size_t len, int64_t mtime_ns, bool replace, struct err *err)
{
	char name[48];
	int staging;
	int rc = archive_rel_check(rel, err);
	if (rc == 0)
		rc = archive_staging_open(archive, &staging, err);
	if (rc)
		return rc;
	snprintf(name, sizeof(name), "put-%016" PRIx64 ".tmp", random_u64());
	rc = write_temporary(staging, name, data, len, mtime_ns, err);
	if (rc == 0)
		rc = archive_rename(archive, staging, name, rel, replace, err);
	if (rc)
		unlinkat(staging, name, 0);
	close(staging);
	if (rc)
		err_wrap(err, "cannot write %s", rel);
	return rc;
}

int archive_move(const struct archive *archive, const char *from, const char *to,
	struct err *err)
{
	const char *base;
	struct stat st;
	int dir;
	int rc = archive_rel_check(from, err);
	if (rc == 0)
		rc = archive_rel_check(to, err);
	if (rc == 0)
		rc = fs_open_parent(archive->root, from, false, &dir, &base, err);
	if (rc)
		return rc;
	if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW))
		rc = archive_sys(err, "cannot look at %s", from);
	else if (!S_ISREG(st.st_mode))
		rc = err_set(err, ERR_PERMANENT, "%s is not a regular file", from);
	if (rc == 0)
		rc = archive_rename(archive, dir, base, to, false, err);
	if (rc == 0)
		rc = fs_sync_dir(dir, err);
	close(dir);
	if (rc == 0)
		archive_prune(archive, from);
	else
		err_wrap(err, "cannot move %s", from);
	return rc;
}
