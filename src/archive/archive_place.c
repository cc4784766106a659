/*
 * Giving files their final names: by rename within the filesystem, never over a file
 * that is not known to be the asset's own, and durable before success is told, or
 * before the caller tells it.
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

/* Set the modification time of an open file. Nothing is done when it has it already: a
 * transfer sets it before its own fsync. */
static int set_mtime(
	int fd, int64_t mtime_ns, bool *changed, const char *name, struct err *err)
{
	struct timespec times[2] = {
		{ .tv_nsec = UTIME_OMIT },
		{ .tv_sec = mtime_ns / NS_PER_S, .tv_nsec = mtime_ns % NS_PER_S },
	};
	struct stat st;

	*changed = false;
	if (fstat(fd, &st))
		return archive_sys(err, "cannot look at %s", name);
	if (st.st_mtim.tv_sec == times[1].tv_sec &&
		st.st_mtim.tv_nsec == times[1].tv_nsec)
		return 0;
	if (futimens(fd, times))
		return archive_sys(err, "cannot set the time of %s", name);
	*changed = true;
	return 0;
}

static int part_set_mtime(int dir, const char *name, int64_t mtime_ns, struct err *err)
{
	bool changed;

	if (mtime_ns <= 0)
		return 0;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return archive_sys(err, "cannot open the staging file %s", name);
	int rc = set_mtime(fd, mtime_ns, &changed, name, err);
	if (rc == 0 && changed && fsync(fd))
		rc = archive_sys(err, "cannot sync the staging file %s", name);
	close(fd);
	return rc;
}

int archive_place_unsynced(const struct archive *archive, const char *part,
	const char *rel, int64_t mtime_ns, bool replace, struct err *err)
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
		rc = archive_rename_unsynced(archive, staging, part, rel, replace, err);
	close(staging);
	return rc;
}

int archive_place(const struct archive *archive, const char *part, const char *rel,
	int64_t mtime_ns, bool replace, struct err *err)
{
	int rc = archive_place_unsynced(archive, part, rel, mtime_ns, replace, err);
	return rc ? rc : archive_sync_folder(archive, rel, err);
}

int archive_sync_folder(const struct archive *archive, const char *rel, struct err *err)
{
	const char *base;
	int dir;
	int rc = archive_rel_check(rel, err);
	if (rc == 0)
		rc = fs_open_parent(archive->root, rel, false, &dir, &base, err);
	if (rc)
		return rc;
	rc = fs_sync_dir(dir, err);
	close(dir);
	if (rc)
		err_wrap(err, "the folder of %s", rel);
	return rc;
}

static int write_temporary(int staging, const char *name, const void *data, size_t len,
	int64_t mtime_ns, struct err *err)
{
	bool changed;
	int rc = 0;
	int fd = openat(staging, name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return archive_sys(err, "cannot make a file in the staging folder");
	if (fs_write_all(fd, data, len))
		rc = archive_sys(err, "cannot write to the staging folder");
	else if (mtime_ns > 0)
		rc = set_mtime(fd, mtime_ns, &changed, name, err);
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
