/*
 * File-system steps that must be right everywhere: walking below a directory without
 * following symlinks, atomic durable writes, syncing files and directories.
 *
 * Everything here blocks: call it from the libuv pool, a worker, or before the loop
 * runs. A relative path is "a/b/c": no leading slash, no empty, "." or ".." component.
 */
#ifndef VODKEEP_BASE_FS_H
#define VODKEEP_BASE_FS_H

#include "base/buf.h"
#include "base/err.h"
#include <stdint.h>

/* Whether @rel is such a path. */
bool fs_rel_ok(const char *rel);
/* Open the directory @rel below @root_fd ("" is the root itself), refusing symlinks in
 * every component; with @create missing ones are made (0755), their parents synced. */
int fs_open_dir(int root_fd, const char *rel, bool create, int *fd, struct err *err);
/* Open the parent of @rel as above; *base points into @rel at the last component. */
int fs_open_parent(int root_fd, const char *rel, bool create, int *fd,
	const char **base, struct err *err);
/* Whole file, at most @max bytes, appended to @out. */
int fs_read(const char *path, size_t max, struct buf *out, struct err *err);
/* Read @len bytes from @at; fewer only where the file ends. The number read, or -1 with
 * errno. The file's offset stays. */
int64_t fs_read_at(int fd, void *data, size_t len, int64_t at);
/* Write all of it. 0, or -1 with errno. */
int fs_write_all(int fd, const void *from, size_t len);
/* Write beside, fsync, rename over, fsync the directory; missing directories on the way
 * are made. @mode as open(2). */
int fs_write_atomic(int root_fd, const char *rel, const void *data, size_t len,
	unsigned mode, struct err *err);
int fs_sync_dir(int dir_fd, struct err *err);
/* Free and total bytes of the filesystem that holds @fd. */
int fs_space(int fd, int64_t *free_bytes, int64_t *total_bytes, struct err *err);

#endif
