/*
 * File-system steps. Directories are walked by descriptor, one component at a time with
 * O_NOFOLLOW, so a symlink that appears between two steps is refused like one that was
 * there before. A name is durable only after fsync of its directory: whoever makes one
 * here syncs it here. Decides nothing about what is stored where.
 */
#include <config.h>

#include "base/fs.h"

#include "base/digest.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DIR_MODE   0755
#define OPEN_DIR   (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define READ_CHUNK 16384

bool fs_rel_ok(const char *rel)
{
	do {
		size_t len = strcspn(rel, "/");
		if (len == 0 || (len == 1 && rel[0] == '.') ||
			(len == 2 && rel[0] == '.' && rel[1] == '.'))
			return false;
		rel += len;
	} while (*rel++ == '/');
	return true;
}

static int sys_failed(struct err *err, const char *doing, const char *name)
{
	int errnum = errno;
	return err_sys(err, err_class_of_errno(errnum), errnum, "%s %s", doing, name);
}

/* Make @name in @parent durable; losing the race to make it is fine. */
static int make_dir(int parent, const char *name, struct err *err)
{
	if (mkdirat(parent, name, DIR_MODE) && errno != EEXIST)
		return sys_failed(err, "cannot make the directory", name);
	return fs_sync_dir(parent, err);
}

static int open_child(
	int parent, const char *name, bool create, int *fd, struct err *err)
{
	int child = openat(parent, name, OPEN_DIR);
	if (child < 0 && errno == ENOENT && create) {
		int rc = make_dir(parent, name, err);
		if (rc)
			return rc;
		child = openat(parent, name, OPEN_DIR);
	}
	if (child < 0 && (errno == ENOTDIR || errno == ELOOP))
		return err_set(err, ERR_PERMANENT,
			"%s is not a directory (symbolic links are not followed)",
			name);
	if (child < 0)
		return sys_failed(err, "cannot open the directory", name);
	*fd = child;
	return 0;
}

/* All of an existing path in one call; -1: it has to be walked, or there is none. */
static int open_at_once(int root_fd, const char *rel)
{
	struct open_how how = {
		.flags = OPEN_DIR,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	return (int)syscall(SYS_openat2, root_fd, *rel ? rel : ".", &how, sizeof(how));
}

int fs_open_dir(int root_fd, const char *rel, bool create, int *fd, struct err *err)
{
	char name[NAME_MAX + 1];

	if (*rel && !fs_rel_ok(rel))
		return err_set(
			err, ERR_INPUT, "\"%s\" is not a plain relative path", rel);
	int at = open_at_once(root_fd, rel);
	if (at >= 0) {
		*fd = at;
		return 0;
	}
	at = openat(root_fd, ".", OPEN_DIR);
	if (at < 0)
		return sys_failed(err, "cannot open the directory", "above everything");
	while (*rel) {
		int next = -1;
		int rc;
		size_t len = strcspn(rel, "/");
		if (len < sizeof(name)) {
			memcpy(name, rel, len);
			name[len] = '\0';
			rc = open_child(at, name, create, &next, err);
		} else {
			rc = err_set(err, ERR_PERMANENT,
				"a file name of %zu bytes is too long", len);
		}
		close(at);
		if (rc)
			return rc;
		at = next;
		rel += len;
		rel += *rel == '/';
	}
	*fd = at;
	return 0;
}

int fs_open_parent(int root_fd, const char *rel, bool create, int *fd,
	const char **base, struct err *err)
{
	if (!fs_rel_ok(rel))
		return err_set(
			err, ERR_INPUT, "\"%s\" is not a plain relative path", rel);
	const char *slash = strrchr(rel, '/');
	char *dir = mem_strndup(rel, slash ? (size_t)(slash - rel) : 0);
	int rc = fs_open_dir(root_fd, dir, create, fd, err);
	free(dir);
	if (rc == 0)
		*base = slash ? slash + 1 : rel;
	return rc;
}

int64_t fs_read_at(int fd, void *data, size_t len, int64_t at)
{
	size_t have = 0;

	while (have < len) {
		ssize_t n =
			pread(fd, (char *)data + have, len - have, at + (int64_t)have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (int64_t)have;
}

static int read_all(
	int fd, const char *path, size_t max, struct buf *out, struct err *err)
{
	char chunk[READ_CHUNK];
	size_t before = out->len;
	int rc = 0;

	while (rc == 0) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = sys_failed(err, "cannot read", path);
		else if ((size_t)n > max - (out->len - before) ||
			 buf_append(out, chunk, (size_t)n))
			rc = err_set(err, ERR_INPUT, "%s is larger than %zu bytes",
				path, max);
	}
	explicit_bzero(chunk, sizeof(chunk)); /* the file may be a secret */
	return rc;
}

int fs_read(const char *path, size_t max, struct buf *out, struct err *err)
{
	size_t before = out->len;
	if (max > out->max - before)
		max = out->max - before;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return sys_failed(err, "cannot open", path);
	int rc = read_all(fd, path, max, out, err);
	close(fd);
	if (rc && out->data) {
		explicit_bzero(out->data + before, out->len - before);
		out->len = before;
	}
	return rc;
}

int fs_write_all(int fd, const void *from, size_t len)
{
	const char *data = from;

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

/* A new file @name in @dir with @data, on the disk. Leaves nothing behind on failure.
 */
static int write_new(int dir, const char *name, const void *data, size_t len,
	unsigned mode, struct err *err)
{
	int rc = 0;
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		(mode_t)mode);
	if (fd < 0)
		return sys_failed(err, "cannot make the file", name);
	if (fs_write_all(fd, data, len))
		rc = sys_failed(err, "cannot write", name);
	else if (fsync(fd))
		rc = sys_failed(err, "cannot sync", name);
	if (close(fd) && rc == 0)
		rc = sys_failed(err, "cannot close", name);
	if (rc)
		unlinkat(dir, name, 0);
	return rc;
}

int fs_write_atomic(int root_fd, const char *rel, const void *data, size_t len,
	unsigned mode, struct err *err)
{
	char temporary[48];
	const char *base;
	int dir;

	int rc = fs_open_parent(root_fd, rel, true, &dir, &base, err);
	if (rc) {
		err_wrap(err, "cannot write %s", rel);
		return rc;
	}
	/* Not derived from @base, which may be as long as a name can be. */
	snprintf(temporary, sizeof(temporary), ".vodkeep-%016" PRIx64 ".tmp",
		random_u64());
	rc = write_new(dir, temporary, data, len, mode, err);
	if (rc == 0 && renameat(dir, temporary, dir, base)) {
		rc = sys_failed(err, "cannot rename a file to", base);
		unlinkat(dir, temporary, 0);
	}
	if (rc == 0)
		rc = fs_sync_dir(dir, err);
	close(dir);
	if (rc)
		err_wrap(err, "cannot write %s", rel);
	return rc;
}

int fs_sync_dir(int dir_fd, struct err *err)
{
	if (fsync(dir_fd))
		return sys_failed(err, "cannot sync", "a directory");
	return 0;
}

static int64_t bytes_of(uintmax_t blocks, uintmax_t block_size)
{
	int64_t bytes;
	return __builtin_mul_overflow(blocks, block_size, &bytes) ? INT64_MAX : bytes;
}

int fs_space(int fd, int64_t *free_bytes, int64_t *total_bytes, struct err *err)
{
	struct statvfs vfs;
	if (fstatvfs(fd, &vfs))
		return sys_failed(
			err, "cannot ask the free space of", "the filesystem");
	*free_bytes = bytes_of(vfs.f_bavail, vfs.f_frsize);
	*total_bytes = bytes_of(vfs.f_blocks, vfs.f_frsize);
	return 0;
}
