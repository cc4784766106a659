/*
 * Walking through the archive. One directory is open for each level, so memory does not
 * depend on how much there is; directories are opened without following symbolic links.
 */
#include <config.h>

#include "archive/archive.h"

#include "archive/archive_priv.h"
#include "base/fs.h"
#include "base/mem.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEVELS_MAX 32 /* templates make a few; deeper is told, not entered */

struct level {
	DIR *dir;
	char *rel; /* "" at the root */
};

struct archive_walk {
	const struct archive *archive;
	struct level levels[LEVELS_MAX];
	int depth;
	bool begun;
};

struct archive_walk *archive_walk_new(const struct archive *archive)
{
	struct archive_walk *walk = mem_alloc(sizeof(*walk));

	walk->archive = archive;
	return walk;
}

static void leave(struct archive_walk *walk)
{
	struct level *level = &walk->levels[--walk->depth];

	closedir(level->dir);
	free(level->rel);
}

void archive_walk_free(struct archive_walk *walk)
{
	if (!walk)
		return;
	while (walk->depth > 0)
		leave(walk);
	free(walk);
}

static int enter(struct archive_walk *walk, const char *rel, struct err *err)
{
	DIR *dir;
	int fd;
	int rc = fs_open_dir(walk->archive->root, rel, false, &fd, err);

	if (rc)
		return rc;
	dir = fdopendir(fd);
	if (!dir) {
		rc = archive_sys(err, "cannot list %s", rel);
		close(fd);
		return rc;
	}
	walk->levels[walk->depth++] =
		(struct level){ .dir = dir, .rel = mem_strdup(rel) };
	return 0;
}

static unsigned char type_of(int dir, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
		return DT_UNKNOWN; /* gone */
	return (unsigned char)IFTODT(st.st_mode);
}

static bool is_own(const struct archive_walk *walk, const char *name)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return true;
	if (walk->depth == 1 &&
		(strcmp(name, ARCHIVE_OWN) == 0 || strcmp(name, "lost+found") == 0))
		return true;
	return archive_series_is(name);
}

/* 1: *rel is set; 0: nothing to tell about this entry. */
static int take_entry(struct archive_walk *walk, const struct dirent *entry, char **rel,
	bool *regular, struct err *err)
{
	const struct level *level = &walk->levels[walk->depth - 1];
	unsigned char type = type_of(dirfd(level->dir), entry);
	char *path;
	int rc = 0;

	if (type == DT_UNKNOWN || is_own(walk, entry->d_name))
		return 0;
	path = *level->rel ? mem_printf("%s/%s", level->rel, entry->d_name)
			   : mem_strdup(entry->d_name);
	if (type == DT_DIR && walk->depth < LEVELS_MAX) {
		rc = enter(walk, path, err);
		free(path);
		return rc == -(int)ERR_NOT_FOUND ? 0 : rc;
	}
	*rel = path;
	*regular = type == DT_REG;
	return 1;
}

int archive_walk_next(
	struct archive_walk *walk, char **rel, bool *regular, struct err *err)
{
	int rc = 0;

	if (!walk->begun) {
		walk->begun = true;
		rc = enter(walk, "", err);
	}
	while (rc == 0 && walk->depth > 0) {
		errno = 0;
		const struct dirent *entry = readdir(walk->levels[walk->depth - 1].dir);

		if (entry)
			rc = take_entry(walk, entry, rel, regular, err);
		else if (errno)
			rc = archive_sys(err, "cannot list %s",
				walk->levels[walk->depth - 1].rel);
		else
			leave(walk);
	}
	return rc;
}
