/*
 * A copy of the database as a file of its own: a backup that somebody asked for, or the
 * one made before the schema changes.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/fs.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <unistd.h>

/* A database whose name a power cut can lose is not durable. */
int sqlite_sync_parent(const char *path, struct err *err)
{
	char *copy = mem_strdup(path);
	const char *dir = dirname(copy);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (fd < 0) {
		rc = err_sys(err, ERR_LOCAL, errno, "cannot open %s", dir);
	} else {
		rc = fs_sync_dir(fd, err);
		close(fd);
	}
	free(copy);
	return rc;
}

/* Only into an empty file: one that is there is never written over. */
static int copy_into(struct backend_conn *conn, const char *path, struct err *err)
{
	/* The guard of a reader would forbid writing to the copy as well. */
	bool reader = conn->lock_fd < 0;
	if (reader)
		sqlite3_exec(conn->db, "PRAGMA query_only=OFF", NULL, NULL, NULL);
	struct query query = query_begin(conn, SQL_BACKUP, "VACUUM INTO ?");
	query_text(&query, path);
	int rc = query_run(&query, err);
	if (reader)
		sqlite3_exec(conn->db, "PRAGMA query_only=ON", NULL, NULL, NULL);
	return rc;
}

int sqlite_backup(struct backend_conn *conn, const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_sys(err, errno == EEXIST ? ERR_EXISTS : ERR_LOCAL, errno,
			"cannot make the backup %s", path);
	int rc = copy_into(conn, path, err);
	if (!rc && fsync(fd))
		rc = err_sys(err, ERR_LOCAL, errno, "cannot sync the backup %s", path);
	close(fd);
	if (!rc)
		rc = sqlite_sync_parent(path, err);
	if (rc)
		unlink(path);
	return rc;
}
