/*
 * The archive as a whole: opening it, its marker, free space, and reading what lies in
 * it. The marker tells a mounted archive from the empty directory it is mounted on, so
 * nothing here makes one unless told to. Staging, placing and removing have files of
 * their own.
 */
#include <config.h>

#include "archive/archive.h"

#include "archive/archive_priv.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARKER       "archive-id"
#define MARKER_PATH  ARCHIVE_OWN "/" MARKER
#define MARKER_BYTES 16
#define MARKER_HEX   (2 * MARKER_BYTES)
#define READ_BYTES   (256 * 1024)

static int root_open(const char *dir, int *fd, struct err *err)
{
	int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(err, ERR_LOCAL, errno,
			"cannot open the archive %s (is its disk mounted? if it is "
			"new, make the directory)",
			dir);
	*fd = root;
	return 0;
}

int archive_open(struct archive **out, const char *dir, struct err *err)
{
	int root = -1;
	int rc = root_open(dir, &root, err);
	if (rc)
		return rc;
	struct archive *archive = mem_alloc(sizeof(*archive));
	archive->dir = mem_strdup(dir);
	archive->root = root;
	*out = archive;
	return 0;
}

void archive_close(struct archive *archive)
{
	if (!archive)
		return;
	close(archive->root);
	free(archive->dir);
	free(archive);
}

const char *archive_dir(const struct archive *archive)
{
	return archive->dir;
}

/* A regular file below @root, refusing symlinks and anything that could block. */
static int regular_open(
	int root, const char *rel, int *fd, struct stat *st, struct err *err)
{
	const char *base;
	int dir;
	int rc = fs_open_parent(root, rel, false, &dir, &base, err);
	if (rc)
		return rc;
	int file = openat(dir, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		rc = archive_sys(err, "cannot open %s", rel);
	else if (fstat(file, st))
		rc = archive_sys(err, "cannot look at %s", rel);
	else if (!S_ISREG(st->st_mode))
		rc = err_set(err, ERR_PERMANENT, "%s is not a regular file", rel);
	close(dir);
	if (rc == 0)
		*fd = file;
	else if (file >= 0)
		close(file);
	return rc;
}

static int marker_read_at(int root, char id[33], struct err *err)
{
	char text[MARKER_HEX + 2];
	struct stat st;
	int fd;
	int rc = regular_open(root, MARKER_PATH, &fd, &st, err);
	if (rc)
		return rc;
	ssize_t n = pread(fd, text, sizeof(text), 0);
	if (n < 0)
		rc = archive_sys(err, "cannot read %s", MARKER_PATH);
	close(fd);
	if (rc)
		return rc;
	if (n > 0 && text[n - 1] == '\n')
		n--;
	if (n != MARKER_HEX)
		return err_set(err, ERR_LOCAL,
			"the archive's marker %s is damaged: it must be %d hex digits",
			MARKER_PATH, MARKER_HEX);
	text[MARKER_HEX] = '\0';
	if (strspn(text, "0123456789abcdef") != MARKER_HEX)
		return err_set(err, ERR_LOCAL,
			"the archive's marker %s is damaged: it must be %d hex digits",
			MARKER_PATH, MARKER_HEX);
	memcpy(id, text, MARKER_HEX + 1);
	return 0;
}

int archive_marker_read(const struct archive *archive, char id[33], struct err *err)
{
	return marker_read_at(archive->root, id, err);
}

static int make_dir(const struct archive *archive, const char *rel, struct err *err)
{
	int fd;
	int rc = fs_open_dir(archive->root, rel, true, &fd, err);
	if (rc == 0)
		close(fd);
	return rc;
}

/* Write the marker beside its place and link it there, so that two agents that start at
 * once cannot both believe theirs counts. */
static int marker_write(int own, const char *id, struct err *err)
{
	char text[MARKER_HEX + 2];
	char name[64];
	snprintf(text, sizeof(text), "%s\n", id);
	snprintf(name, sizeof(name), MARKER ".%s", id);
	int rc = fs_write_atomic(own, name, text, strlen(text), 0644, err);
	if (rc)
		return rc;
	if (archive_rename_new(own, name, own, MARKER)) {
		rc = archive_sys(err, "cannot make the marker %s", MARKER_PATH);
		unlinkat(own, name, 0);
		return rc;
	}
	return fs_sync_dir(own, err);
}

int archive_marker_create(const struct archive *archive, char id[33], struct err *err)
{
	unsigned char bytes[MARKER_BYTES];
	char fresh[33];
	int own;

	int rc = make_dir(archive, ARCHIVE_STAGING, err);
	if (rc == 0)
		rc = make_dir(archive, ARCHIVE_TRASH, err);
	if (rc == 0)
		rc = fs_open_dir(archive->root, ARCHIVE_OWN, false, &own, err);
	if (rc) {
		err_wrap(err, "cannot prepare the archive %s", archive->dir);
		return rc;
	}
	random_bytes(bytes, sizeof(bytes));
	hex_encode(bytes, sizeof(bytes), fresh);
	rc = marker_write(own, fresh, err);
	close(own);
	if (rc == 0)
		memcpy(id, fresh, sizeof(fresh));
	return rc;
}

/* Whether two descriptors are one directory. */
static bool same_dir(int a, int b)
{
	struct stat st_a, st_b;
	return fstat(a, &st_a) == 0 && fstat(b, &st_b) == 0 &&
	       st_a.st_dev == st_b.st_dev && st_a.st_ino == st_b.st_ino;
}

int archive_check(struct archive *archive, const char *id, struct err *err)
{
	char found[33];
	int now = -1;
	int rc = root_open(archive->dir, &now, err);
	if (rc)
		return rc;
	rc = marker_read_at(now, found, err);
	if (rc == -(int)ERR_NOT_FOUND)
		rc = err_set(err, ERR_LOCAL,
			"the archive %s has no marker %s: its disk is not mounted, or "
			"this is not the archive",
			archive->dir, MARKER_PATH);
	else if (rc)
		rc = err_set(err, ERR_LOCAL, "%s", err ? err->text : "");
	else if (strcmp(found, id) != 0)
		rc = err_set(err, ERR_LOCAL,
			"%s is another archive (%.8s…, expected %.8s…): a different "
			"disk is mounted there",
			archive->dir, found, id);
	else if (!same_dir(now, archive->root) &&
		 dup3(now, archive->root, O_CLOEXEC) < 0)
		rc = err_sys(err, ERR_LOCAL, errno, "cannot take over the archive %s",
			archive->dir);
	else if (faccessat(now, ".", R_OK | W_OK | X_OK, AT_EACCESS))
		rc = err_sys(err, ERR_LOCAL, errno,
			"cannot write to the archive %s (give it to vodkeep's user)",
			archive->dir);
	close(now);
	return rc;
}

bool archive_is_there(const struct archive *archive)
{
	struct stat named, known;

	return stat(archive->dir, &named) == 0 && fstat(archive->root, &known) == 0 &&
	       named.st_dev == known.st_dev && named.st_ino == known.st_ino &&
	       faccessat(archive->root, MARKER_PATH, F_OK, 0) == 0;
}

int archive_check_reading(
	const struct archive *archive, const char *id, struct err *err)
{
	char found[33];

	if (!archive_is_there(archive) || archive_marker_read(archive, found, NULL) < 0)
		return err_set(err, ERR_LOCAL,
			"the archive %s is not there (is its disk mounted?): nothing can "
			"be told about its files",
			archive->dir);
	if (strcmp(found, id) != 0)
		return err_set(err, ERR_LOCAL,
			"%s is another archive (%.8s…, expected %.8s…): a different disk "
			"is mounted there",
			archive->dir, found, id);
	return 0;
}

int archive_space(const struct archive *archive, int64_t *free_bytes,
	int64_t *total_bytes, struct err *err)
{
	return fs_space(archive->root, free_bytes, total_bytes, err);
}

int archive_read_open(
	const struct archive *archive, const char *rel, int *fd, struct err *err)
{
	struct stat st;
	int rc = archive_rel_check(rel, err);
	return rc ? rc : regular_open(archive->root, rel, fd, &st, err);
}

int archive_read(const struct archive *archive, const char *rel, struct buf *out,
	struct err *err)
{
	char block[4096];
	ssize_t n = 0;
	int fd;
	int rc = archive_read_open(archive, rel, &fd, err);

	if (rc)
		return rc;
	while (!out->overflow) {
		n = read(fd, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		buf_append(out, block, (size_t)n);
	}
	if (n < 0)
		rc = archive_sys(err, "cannot read %s", rel);
	else if (out->overflow)
		rc = err_set(err, ERR_PERMANENT, "%s is longer than %zu bytes", rel,
			out->max);
	close(fd);
	return rc;
}

static int hash_file(int fd, const char *rel, char sha256[65], struct err *err)
{
	char *block = mem_alloc(READ_BYTES);
	struct sha256 *hash = sha256_new();
	int64_t at = 0;
	int rc = 0;

	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	for (;;) {
		ssize_t n = pread(fd, block, READ_BYTES, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = archive_sys(err, "cannot read %s", rel);
		if (n <= 0)
			break;
		sha256_update(hash, block, (size_t)n);
		at += n;
	}
	if (rc == 0)
		sha256_hex(hash, sha256);
	sha256_free(hash);
	free(block);
	return rc;
}

int archive_stat(const struct archive *archive, const char *rel, int64_t *size,
	char sha256[65], struct err *err)
{
	struct stat st;
	int fd;
	int rc = archive_rel_check(rel, err);
	if (rc == 0)
		rc = regular_open(archive->root, rel, &fd, &st, err);
	if (rc)
		return rc;
	if (sha256)
		rc = hash_file(fd, rel, sha256, err);
	close(fd);
	if (rc == 0)
		*size = st.st_size;
	return rc;
}
