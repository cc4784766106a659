/*
 * A series: pictures of one directory, each named by the moment it shows. The name is
 * made and recognised here and nowhere else, so that pruning touches only what this
 * file has named. What is in a picture, and how many are kept, is decided above.
 */
#include <config.h>

#include "archive/archive_priv.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_DIGITS 8
/* 0 is any digit, x any hex digit. Names sort by time. */
#define MOMENT  "0000-00-00T00-00-00.000Z"
#define PLAIN   MOMENT ".jpg"
#define ANOTHER MOMENT "~xxxxxxxx.jpg"
static_assert(sizeof(ANOTHER) <= ARCHIVE_SERIES_NAME, "room for every name that fits");

void archive_series_name(
	int64_t at_ns, const char *sha256, char out[ARCHIVE_SERIES_NAME])
{
	char moment[32];

	time_format_utc(at_ns, moment);
	for (char *c = moment; *c; c++)
		if (*c == ':')
			*c = '-';
	if (sha256)
		snprintf(out, ARCHIVE_SERIES_NAME, "%s~%.*s.jpg", moment, HASH_DIGITS,
			sha256);
	else
		snprintf(out, ARCHIVE_SERIES_NAME, "%s.jpg", moment);
}

static bool fits(const char *name, const char *pattern)
{
	for (; *name && *pattern; name++, pattern++) {
		bool fine = *pattern == '0'   ? isdigit((unsigned char)*name)
			    : *pattern == 'x' ? isxdigit((unsigned char)*name)
					      : *name == *pattern;
		if (!fine)
			return false;
	}
	return *name == *pattern;
}

bool archive_series_is(const char *name)
{
	return fits(name, PLAIN) || fits(name, ANOTHER);
}

/* A regular file under a name of ours; anything else of that name is not ours. */
static bool is_picture(int dir, const struct dirent *entry)
{
	struct stat st;

	if (!archive_series_is(entry->d_name))
		return false;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_REG;
	return fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode);
}

/* The first names of all, sorted; room for @max however many there are. */
struct oldest {
	char (*names)[ARCHIVE_SERIES_NAME];
	int count, max;
};

static void remember(struct oldest *oldest, const char *name)
{
	int at = oldest->count;

	if (oldest->count < oldest->max)
		oldest->count++;
	else if (strcmp(name, oldest->names[--at]) >= 0)
		return;
	for (; at > 0 && strcmp(oldest->names[at - 1], name) > 0; at--)
		memcpy(oldest->names[at], oldest->names[at - 1], ARCHIVE_SERIES_NAME);
	memcpy(oldest->names[at], name, strlen(name) + 1);
}

static int find_oldest(
	DIR *dir, const char *rel, struct oldest *oldest, int *total, struct err *err)
{
	struct dirent *entry;

	*total = 0;
	for (errno = 0; (entry = readdir(dir)); errno = 0) {
		if (!is_picture(dirfd(dir), entry))
			continue;
		++*total;
		remember(oldest, entry->d_name);
	}
	return errno ? archive_sys(err, "cannot list %s", rel) : 0;
}

static int remove_first(int dir, const char *rel, const struct oldest *oldest,
	int wanted, int *removed, struct err *err)
{
	int rc = 0;

	for (int i = 0; rc == 0 && i < wanted && i < oldest->count; i++) {
		if (unlinkat(dir, oldest->names[i], 0) == 0)
			++*removed;
		else if (errno != ENOENT)
			rc = archive_sys(
				err, "cannot remove %s/%s", rel, oldest->names[i]);
	}
	return rc;
}

static int series_dir_open(
	const struct archive *archive, const char *rel, DIR **dir, struct err *err)
{
	int fd;
	int rc = archive_rel_check(rel, err);
	if (rc == 0)
		rc = fs_open_dir(archive->root, rel, false, &fd, err);
	if (rc)
		return rc;
	*dir = fdopendir(fd);
	if (*dir)
		return 0;
	rc = archive_sys(err, "cannot list %s", rel);
	close(fd);
	return rc;
}

/* A name that comes back after a power cut is pruned again: nothing is synced. */
int archive_series_prune(const struct archive *archive, const char *dir, int keep,
	int max_removed, int *removed, struct err *err)
{
	struct oldest oldest = { .max = max_removed };
	DIR *listing;
	int total;

	*removed = 0;
	if (keep < 0 || max_removed <= 0)
		return err_set(err, ERR_INPUT,
			"a series cannot be pruned to %d by removing %d", keep,
			max_removed);
	int rc = series_dir_open(archive, dir, &listing, err);
	if (rc == -(int)ERR_NOT_FOUND) {
		err_clear(err);
		return 0;
	}
	if (rc)
		return rc;
	oldest.names = mem_array((size_t)max_removed, sizeof(*oldest.names));
	rc = find_oldest(listing, dir, &oldest, &total, err);
	if (rc == 0)
		rc = remove_first(
			dirfd(listing), dir, &oldest, total - keep, removed, err);
	free(oldest.names);
	closedir(listing);
	return rc;
}

int archive_series_sync(const struct archive *archive, const char *dir, struct err *err)
{
	int fd;
	int rc = archive_rel_check(dir, err);
	if (rc == 0)
		rc = fs_open_dir(archive->root, dir, false, &fd, err);
	if (rc)
		return rc;
	rc = fs_sync_dir(fd, err);
	close(fd);
	return rc;
}
