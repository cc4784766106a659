/*
 * Staging: the .part files of downloads that have begun, on the archive's own
 * filesystem. A name here is a claim of the store's; archive_part_sweep() removes what
 * its caller does not know. Knows nothing of what the bytes are.
 */
#include <config.h>

#include "archive/archive_priv.h"
#include "base/digest.h"
#include "base/fs.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART_FLAGS (O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
#define KEY_MAX    100
#define KEY_SAFE   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

void archive_part_name(int64_t row, const char *key, char out[256])
{
	char hex[DIGEST_SHA256_HEX];
	size_t len = strlen(key);

	if (len > 0 && len <= KEY_MAX && strspn(key, KEY_SAFE) == len) {
		snprintf(out, 256, "%" PRId64 ".%s.part", row, key);
		return;
	}
	sha256_hex_of(key, len, hex);
	snprintf(out, 256, "%" PRId64 ".~%.32s.part", row, hex);
}

bool archive_part_owner(const char *name, char out[256])
{
	const char *mark = strstr(name, ".hls.");

	if (!mark || mark - name > 240)
		return false;
	snprintf(out, 256, "%.*s.hls.part", (int)(mark - name), name);
	return true;
}

/* A part that also lies in the archive (a crash between link and unlink) is not ours to
 * write to: give the name a file of its own. */
static int own_file(int dir, const char *name, int *fd, struct stat *st)
{
	if (st->st_nlink <= 1)
		return 0;
	close(*fd);
	*fd = -1;
	if (unlinkat(dir, name, 0))
		return -1;
	*fd = openat(dir, name, PART_FLAGS | O_EXCL, 0644);
	return *fd < 0 ? -1 : fstat(*fd, st);
}

int archive_part_open(const struct archive *archive, const char *name, int *fd,
	int64_t *size, struct err *err)
{
	struct stat st;
	int dir;
	int rc = archive_staging_open(archive, &dir, err);
	if (rc)
		return rc;
	int part = openat(dir, name, PART_FLAGS, 0644);
	if (part < 0 || fstat(part, &st))
		rc = archive_sys(err, "cannot open the staging file %s", name);
	else if (!S_ISREG(st.st_mode))
		rc = err_set(err, ERR_PERMANENT,
			"the staging file %s is not a regular file", name);
	else if (own_file(dir, name, &part, &st))
		rc = archive_sys(err, "cannot renew the staging file %s", name);
	close(dir);
	if (rc == 0) {
		*fd = part;
		*size = st.st_size;
	} else if (part >= 0) {
		close(part);
	}
	return rc;
}

int archive_part_sync(const struct archive *archive, struct err *err)
{
	int dir;
	int rc = archive_staging_open(archive, &dir, err);
	if (rc)
		return rc;
	rc = fs_sync_dir(dir, err);
	close(dir);
	return rc;
}

int archive_part_remove(
	const struct archive *archive, const char *name, struct err *err)
{
	int dir;
	int rc = archive_staging_open(archive, &dir, err);
	if (rc)
		return rc;
	if (unlinkat(dir, name, 0) && errno != ENOENT)
		rc = archive_sys(err, "cannot remove the staging file %s", name);
	close(dir);
	return rc;
}

/* Only plain files: a directory here is another module's business. */
static int sweep_one(int dir, const char *name, int *removed, struct err *err)
{
	struct stat st;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) || S_ISDIR(st.st_mode))
		return 0;
	if (unlinkat(dir, name, 0) && errno != ENOENT)
		return archive_sys(err, "cannot remove the staging file %s", name);
	++*removed;
	return 0;
}

int archive_part_sweep(const struct archive *archive,
	bool (*known)(void *arg, const char *name), void *arg, int *removed,
	struct err *err)
{
	int count = 0;
	int fd;
	int rc = archive_staging_open(archive, &fd, err);
	if (rc)
		return rc;
	DIR *dir = fdopendir(fd);
	if (!dir) {
		rc = archive_sys(err, "cannot list the staging folder");
		close(fd);
		return rc;
	}
	struct dirent *entry;
	while (rc == 0 && (entry = readdir(dir))) {
		const char *name = entry->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
			known(arg, name))
			continue;
		rc = sweep_one(fd, name, &count, err);
	}
	closedir(dir);
	*removed = count;
	return rc;
}

/* Whether @name of staging is gone, or is @st under its old name (and then goes). */
static int part_is_placed(int dir, const char *name, const struct stat *st)
{
	struct stat part;
	if (fstatat(dir, name, &part, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -1;
	if (part.st_dev == st->st_dev && part.st_ino == st->st_ino)
		return unlinkat(dir, name, 0);
	errno = ENOENT;
	return -1;
}

int archive_placed_open(const struct archive *archive, const char *name,
	const char *rel, int *fd, int64_t *size, struct err *err)
{
	struct stat st;
	int dir, file;
	int rc = archive_read_open(archive, rel, &file, err);
	if (rc)
		return rc;
	rc = archive_staging_open(archive, &dir, err);
	if (rc) {
		close(file);
		return rc;
	}
	if (fstat(file, &st) || part_is_placed(dir, name, &st))
		rc = archive_sys(err, "%s is not the staged %s", rel, name);
	close(dir);
	if (rc) {
		close(file);
		return rc;
	}
	*fd = file;
	*size = st.st_size;
	return 0;
}
