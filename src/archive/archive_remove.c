/*
 * Removing: a file and the directories it leaves empty, moving to the trash, and
 * purging the trash. Only regular files go, only by name relative to a directory that
 * was walked to without following a symlink. Whether something may go is decided
 * elsewhere.
 */
#include <config.h>

#include "archive/archive_priv.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/utf8.h"
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATE_LEN     10
#define TRASH_NAMES  1000 /* "~2" to "~999" */
#define PURGE_LEVELS 128  /* more components than a path can have that we make */

/* Open the directory of @rel if there is a regular file of that name in it. An absent
 * file or directory is success with *fd -1. */
static int find_file(const struct archive *archive, const char *rel, int *fd,
	const char **base, struct err *err)
{
	struct stat st;
	int dir;

	*fd = -1;
	int rc = archive_rel_check(rel, err);
	if (rc == 0)
		rc = fs_open_parent(archive->root, rel, false, &dir, base, err);
	if (rc == -(int)ERR_NOT_FOUND) {
		err_clear(err);
		return 0;
	}
	if (rc)
		return rc;
	bool there = fstatat(dir, *base, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (!there && errno != ENOENT)
		rc = archive_sys(err, "cannot look at %s", rel);
	else if (there && !S_ISREG(st.st_mode))
		rc = err_set(err, ERR_PERMANENT,
			"%s is not a regular file: it is left alone", rel);
	if (rc == 0 && there)
		*fd = dir;
	else
		close(dir);
	return rc;
}

int archive_remove(const struct archive *archive, const char *rel, bool *was_there,
	struct err *err)
{
	const char *base;
	int dir;
	bool removed = false;
	int rc = find_file(archive, rel, &dir, &base, err);
	if (rc)
		return rc;
	if (dir >= 0) {
		removed = unlinkat(dir, base, 0) == 0;
		if (!removed && errno != ENOENT)
			rc = archive_sys(err, "cannot remove %s", rel);
		if (rc == 0)
			rc = fs_sync_dir(dir, err);
		close(dir);
	}
	if (rc)
		return rc;
	archive_prune(archive, rel);
	if (was_there)
		*was_there = removed;
	return 0;
}

static bool is_date(const char *text)
{
	for (int i = 0; i < DATE_LEN; i++) {
		bool dash = i == 4 || i == 7;
		if (dash ? text[i] != '-' : text[i] < '0' || text[i] > '9')
			return false;
	}
	return text[DATE_LEN] == '\0';
}

/* Where the @n-th file of the name @rel goes in the trash. Caller frees. */
static char *trash_path(const char *rel, const char *date, int n)
{
	char suffix[16] = "";
	const char *slash = strrchr(rel, '/');
	size_t dir_len = slash ? (size_t)(slash + 1 - rel) : 0;
	const char *base = rel + dir_len;
	size_t base_len = strlen(base);

	if (n > 1)
		snprintf(suffix, sizeof(suffix), "~%d", n);
	if (base_len + strlen(suffix) > NAME_MAX)
		base_len = utf8_trim(base, NAME_MAX - strlen(suffix));
	return mem_printf("%s/%s/%.*s%.*s%s", ARCHIVE_TRASH, date, (int)dir_len, rel,
		(int)base_len, base, suffix);
}

int archive_trash(const struct archive *archive, const char *rel, const char *date,
	struct err *err)
{
	const char *base;
	int dir;
	if (!is_date(date))
		return err_set(err, ERR_INPUT, "\"%s\" is not a date", date);
	int rc = find_file(archive, rel, &dir, &base, err);
	if (rc || dir < 0)
		return rc;
	rc = -(int)ERR_EXISTS;
	for (int n = 1; rc == -(int)ERR_EXISTS && n < TRASH_NAMES; n++) {
		char *path = trash_path(rel, date, n);
		rc = archive_rename(archive, dir, base, path, false, err);
		free(path);
	}
	if (rc == 0)
		rc = fs_sync_dir(dir, err);
	close(dir);
	if (rc == 0)
		archive_prune(archive, rel);
	else
		err_wrap(err, "cannot move %s to the trash", rel);
	return rc;
}

/* A walk down a tree of the trash that removes on the way up. */
struct purge {
	struct {
		DIR *dir;
		char name[NAME_MAX + 1]; /* in the level above */
	} levels[PURGE_LEVELS];
	int depth;
	int top; /* the trash folder */
	int removed, max;
	int64_t freed, enough; /* bytes */
};

static int level_fd(const struct purge *purge)
{
	return purge->depth ? dirfd(purge->levels[purge->depth - 1].dir) : purge->top;
}

static int purge_enter(struct purge *purge, const char *name, struct err *err)
{
	if (purge->depth == PURGE_LEVELS)
		return err_set(err, ERR_PERMANENT, "the trash is nested too deeply");
	int fd = openat(
		level_fd(purge), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		int rc = archive_sys(err, "cannot open %s in the trash", name);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	purge->levels[purge->depth].dir = dir;
	snprintf(purge->levels[purge->depth].name,
		sizeof(purge->levels[purge->depth].name), "%s", name);
	purge->depth++;
	return 0;
}

static void purge_leave(struct purge *purge)
{
	assert(purge->depth > 0);
	int level = purge->depth - 1;
	closedir(purge->levels[level].dir);
	purge->depth = level;
}

/* Of a regular file; 0 for anything else. */
static int64_t bytes_of(int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return 0;
	return st.st_size;
}

static bool purged_enough(const struct purge *purge)
{
	return purge->removed >= purge->max || purge->freed >= purge->enough;
}

/* Remove the entry, or go down into it when it is a directory. */
static int purge_entry(struct purge *purge, const char *name, struct err *err)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	int64_t bytes = bytes_of(level_fd(purge), name);
	if (unlinkat(level_fd(purge), name, 0) == 0) {
		purge->removed++;
		purge->freed += bytes;
		return 0;
	}
	if (errno == EISDIR || errno == EPERM)
		return purge_enter(purge, name, err);
	return archive_sys(err, "cannot remove %s from the trash", name);
}

static int purge_tree(struct purge *purge, const char *name, struct err *err)
{
	int rc = purge_enter(purge, name, err);
	while (rc == 0 && purge->depth > 0 && !purged_enough(purge)) {
		int level = purge->depth - 1;
		struct dirent *entry = readdir(purge->levels[level].dir);
		if (entry) {
			rc = purge_entry(purge, entry->d_name, err);
			continue;
		}
		purge_leave(purge);
		unlinkat(level_fd(purge), purge->levels[level].name, AT_REMOVEDIR);
	}
	while (purge->depth > 0)
		purge_leave(purge);
	return rc;
}

/* *dir is NULL where there is no trash. */
static int open_trash(const struct archive *archive, DIR **dir, struct err *err)
{
	int fd;
	int rc = fs_open_dir(archive->root, ARCHIVE_TRASH, false, &fd, err);

	*dir = NULL;
	if (rc == -(int)ERR_NOT_FOUND) {
		err_clear(err);
		return 0;
	}
	if (rc)
		return rc;
	*dir = fdopendir(fd);
	if (*dir)
		return 0;
	rc = archive_sys(err, "cannot list the trash");
	close(fd);
	return rc;
}

static struct purge *purge_new(DIR *trash, int max, int64_t enough)
{
	struct purge *purge = mem_alloc(sizeof(*purge));

	purge->top = dirfd(trash);
	purge->max = max;
	purge->enough = enough;
	return purge;
}

int archive_trash_purge(const struct archive *archive, const char *date, int max_files,
	int *removed, struct err *err)
{
	struct dirent *entry;
	DIR *dir;
	if (!is_date(date))
		return err_set(err, ERR_INPUT, "\"%s\" is not a date", date);
	int rc = open_trash(archive, &dir, err);
	*removed = 0;
	if (rc || !dir)
		return rc;
	struct purge *purge = purge_new(dir, max_files, INT64_MAX);
	while (rc == 0 && !purged_enough(purge) && (entry = readdir(dir)))
		if (is_date(entry->d_name) && strcmp(entry->d_name, date) < 0)
			rc = purge_tree(purge, entry->d_name, err);
	*removed = purge->removed;
	free(purge);
	closedir(dir);
	return rc;
}

/* ---- the trash's size ---- */

/* What lies in the folder @name of @parent, and below. */
static int64_t tree_bytes(int parent, const char *name, int levels)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int64_t bytes = 0;
	struct dirent *entry;

	if (!dir && fd >= 0)
		close(fd);
	while (dir && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (entry->d_type == DT_DIR && levels > 0)
			bytes += tree_bytes(fd, entry->d_name, levels - 1);
		else
			bytes += bytes_of(fd, entry->d_name);
	}
	if (dir)
		closedir(dir);
	return bytes;
}

/* How much more than @max_bytes the trash is, and the date that was trashed first. */
static int64_t excess(DIR *trash, int64_t max_bytes, char first[DATE_LEN + 1])
{
	int64_t bytes = 0;
	struct dirent *entry;

	first[0] = '\0';
	rewinddir(trash);
	while ((entry = readdir(trash))) {
		if (!is_date(entry->d_name))
			continue;
		bytes += tree_bytes(dirfd(trash), entry->d_name, PURGE_LEVELS);
		if (!first[0] || strcmp(entry->d_name, first) < 0)
			memcpy(first, entry->d_name, DATE_LEN + 1);
	}
	return bytes - max_bytes;
}

int archive_trash_cap(const struct archive *archive, int64_t max_bytes, int max_files,
	int *removed, struct err *err)
{
	char first[DATE_LEN + 1];
	int64_t over;
	DIR *dir;
	int rc = open_trash(archive, &dir, err);

	*removed = 0;
	if (rc || !dir)
		return rc;
	while (rc == 0 && *removed < max_files &&
		(over = excess(dir, max_bytes, first)) > 0) {
		struct purge *purge = purge_new(dir, max_files - *removed, over);
		rc = purge_tree(purge, first, err);
		*removed += purge->removed;
		bool none = purge->removed == 0;
		free(purge);
		/* An empty day has gone as well; what cannot be emptied is left. */
		if (none && unlinkat(dirfd(dir), first, AT_REMOVEDIR) < 0 &&
			errno != ENOENT)
			break;
	}
	closedir(dir);
	return rc;
}
