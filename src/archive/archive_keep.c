/*
 * Keeping what is about to be replaced: the old file gets a second name, so that the
 * first one names a whole file at every moment.
 */
#include <config.h>

#include "archive/archive_priv.h"

#include "base/digest.h"
#include "base/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
	const char *rel, *name;
	int dir;
	struct stat st;
	bool there;
};

static int place_open(const struct archive *archive, const char *rel,
	struct place *place, struct err *err)
{
	int rc = archive_rel_check(rel, err);

	*place = (struct place){ .rel = rel, .dir = -1 };
	if (rc == 0)
		rc = fs_open_parent(
			archive->root, rel, false, &place->dir, &place->name, err);
	if (rc == -(int)ERR_NOT_FOUND) {
		err_clear(err);
		return 0;
	}
	if (rc)
		return rc;
	place->there =
		fstatat(place->dir, place->name, &place->st, AT_SYMLINK_NOFOLLOW) == 0;
	if (!place->there && errno != ENOENT)
		return archive_sys(err, "cannot look at %s", rel);
	if (place->there && !S_ISREG(place->st.st_mode))
		return err_set(err, ERR_EXISTS, "%s is not a regular file", rel);
	return 0;
}

static void place_close(struct place *place)
{
	if (place->dir >= 0)
		close(place->dir);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* There is nothing to be kept any more, or it has been moved before. */
static int find_moved(const struct archive *archive, const char *to, int64_t bytes,
	const char *sha256, struct err *err)
{
	char hash[DIGEST_SHA256_HEX];
	int64_t size;
	int rc = archive_stat(archive, to, &size, hash, err);

	if (rc == 0 && (size != bytes || strcmp(hash, sha256) != 0))
		rc = err_set(err, ERR_NOT_FOUND,
			"what was to be kept as %s is not there any more", to);
	return rc;
}

static int give_name(const struct place *from, const struct place *to, struct err *err)
{
	int failed = linkat(from->dir, from->name, to->dir, to->name, 0);

	if (failed && (errno == EPERM || errno == EOPNOTSUPP || errno == EMLINK ||
			      errno == ENOSYS))
		failed = archive_rename_new(from->dir, from->name, to->dir, to->name);
	if (failed && errno == EEXIST)
		return err_set(err, ERR_EXISTS, "%s is taken by another file", to->rel);
	if (failed)
		return archive_sys(err, "cannot keep %s as %s", from->rel, to->rel);
	return fs_sync_dir(to->dir, err);
}

int archive_keep(const struct archive *archive, const char *from, const char *to,
	int64_t bytes, const char *sha256, struct err *err)
{
	struct place old, new = { .dir = -1 };
	int rc = place_open(archive, from, &old, err);

	if (rc == 0)
		rc = place_open(archive, to, &new, err);
	if (rc)
		goto out;
	if (!old.there)
		rc = find_moved(archive, to, bytes, sha256, err);
	else if (new.there)
		rc = is_same(&old.st, &new.st)
			     ? fs_sync_dir(new.dir, err)
			     : err_set(err, ERR_EXISTS, "%s is taken by another file",
				       to);
	else
		rc = give_name(&old, &new, err);
out:
	place_close(&old);
	place_close(&new);
	return rc;
}
