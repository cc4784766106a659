/*
 * Comparing a file with what was archived. It reads, and changes nothing: what follows
 * from damage is decided above. The pages it brings into the cache are given back, so
 * that reading a whole archive does not push out what others need.
 */
#include <config.h>

#include "archive/archive.h"

#include "archive/archive_priv.h"
#include "base/digest.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK (256 * 1024)

/* 0, or the errno of a read that failed, or ECANCELED. */
static int hash_blocks(int fd, const atomic_bool *stop, struct sha256 *hash)
{
	char *block = mem_alloc(BLOCK);
	int64_t at = 0;
	int errnum = 0;

	while (!errnum) {
		if (atomic_load_explicit(stop, memory_order_relaxed)) {
			errnum = ECANCELED;
			break;
		}
		ssize_t n = pread(fd, block, BLOCK, at);
		if (n == 0)
			break;
		if (n < 0) {
			errnum = errno == EINTR ? 0 : errno;
			continue;
		}
		sha256_update(hash, block, (size_t)n);
		posix_fadvise(fd, at, n, POSIX_FADV_DONTNEED);
		at += n;
	}
	free(block);
	return errnum;
}

static int compare_hash(int fd, const char *rel, const char *sha256,
	const atomic_bool *stop, enum archive_verdict *verdict, char *what, size_t size,
	struct err *err)
{
	struct sha256 *hash = sha256_new();
	char found[DIGEST_SHA256_HEX];
	int errnum = hash_blocks(fd, stop, hash);

	sha256_hex(hash, found);
	sha256_free(hash);
	if (errnum == ECANCELED)
		return err_set(err, ERR_CANCELLED, "stopped");
	if (errnum == EIO) {
		*verdict = ARCHIVE_DAMAGED;
		snprintf(what, size, "the disk cannot read it back (%s)",
			strerror(errnum));
		return 0;
	}
	errno = errnum;
	if (errnum)
		return archive_sys(err, "cannot read %s", rel);
	if (strcmp(found, sha256) != 0) {
		*verdict = ARCHIVE_DAMAGED;
		snprintf(what, size,
			"its content has changed (SHA-256 %.16s…, archived as %.16s…)",
			found, sha256);
	}
	return 0;
}

static int compare_open(int fd, const char *rel, int64_t bytes, const char *sha256,
	const atomic_bool *stop, enum archive_verdict *verdict, char *what, size_t size,
	struct err *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return archive_sys(err, "cannot look at %s", rel);
	if (st.st_size != bytes) {
		*verdict = ARCHIVE_DAMAGED;
		snprintf(what, size, "it has %lld bytes, archived were %lld",
			(long long)st.st_size, (long long)bytes);
		return 0;
	}
	return sha256 ? compare_hash(fd, rel, sha256, stop, verdict, what, size, err)
		      : 0;
}

int archive_compare(const struct archive *archive, const char *rel, int64_t bytes,
	const char *sha256, const atomic_bool *stop, enum archive_verdict *verdict,
	char *what, size_t size, struct err *err)
{
	struct err open_err = { 0 };
	int fd;
	int rc = archive_read_open(archive, rel, &fd, &open_err);

	what[0] = '\0';
	*verdict = ARCHIVE_SOUND;
	if (rc == -(int)ERR_NOT_FOUND) {
		*verdict = ARCHIVE_MISSING;
		snprintf(what, size, "nothing is there");
		return 0;
	}
	if (rc == -(int)ERR_PERMANENT) { /* a directory, a symbolic link */
		*verdict = ARCHIVE_MISSING;
		snprintf(what, size, "something else is there (%.300s)", open_err.text);
		return 0;
	}
	if (rc) {
		if (err)
			*err = open_err;
		return rc;
	}
	rc = compare_open(fd, rel, bytes, sha256, stop, verdict, what, size, err);
	close(fd);
	return rc;
}
