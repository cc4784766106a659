/*
 * A CA of one's own besides the system's. libcurl takes one file, so the two are joined
 * in one that lives in memory and is named by its descriptor.
 *
 * As a file rather than as a text, because libcurl keeps the parsed CAs of a file: a
 * text would be parsed for every connection, which takes tens of milliseconds on the
 * loop. As a name rather than through an SSL_CTX callback, because libcurl compares the
 * name when it reuses a connection or a TLS session: what was verified by the extra CA
 * is not given to a call without it. So a name must never come to mean something else:
 * a bundle stays open as long as its client, also when the file it was made of has
 * changed and another one took its place.
 */
#include <config.h>

#include "io/http_client_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CA_MAX ((size_t)4 << 20)

struct ca_bundle {
	struct ca_bundle *next;
	char *path;        /* of the extra CA */
	struct stat found; /* as it was read */
	int fd;
	char name[32]; /* what libcurl opens */
};

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int join(struct buf *pem, const char *path, struct err *err)
{
	const char *system = curl_version_info(CURLVERSION_NOW)->cainfo;
	if (system && fs_read(system, CA_MAX, pem, NULL))
		buf_reset(pem); /* a system without CAs */
	buf_char(pem, '\n');
	size_t before = pem->len;
	int rc = fs_read(path, CA_MAX, pem, err);
	if (rc == 0 && !strstr(buf_text(pem) + before, "-----BEGIN CERTIFICATE-----"))
		rc = err_set(err, ERR_INPUT, "there is no PEM certificate in it");
	return rc;
}

static int keep(struct ca_bundle *bundle, const struct buf *pem, struct err *err)
{
	bundle->fd = memfd_create("vodkeep-ca", MFD_CLOEXEC);
	if (bundle->fd < 0 ||
		write(bundle->fd, pem->data, pem->len) != (ssize_t)pem->len)
		return err_sys(err, ERR_LOCAL, errno, "cannot keep it in memory");
	snprintf(bundle->name, sizeof(bundle->name), "/proc/self/fd/%d", bundle->fd);
	if (access(bundle->name, R_OK))
		return err_sys(err, ERR_LOCAL, errno, "cannot use it through %s",
			bundle->name);
	return 0;
}

static void bundle_free(struct ca_bundle *bundle)
{
	if (bundle->fd >= 0)
		close(bundle->fd);
	free(bundle->path);
	free(bundle);
}

static int make(struct ca_bundle *bundle, struct err *err)
{
	struct buf pem;
	buf_init(&pem, 2 * CA_MAX + 1);
	int rc = join(&pem, bundle->path, err);
	if (rc == 0)
		rc = keep(bundle, &pem, err);
	buf_release(&pem);
	return rc;
}

int ca_bundle_get(struct http_client *client, const char *path, const char **name,
	struct err *err)
{
	struct ca_bundle *bundle = client->bundles;
	struct stat found = { 0 };

	/* Unreadable: the reading below says why. */
	if (stat(path, &found))
		found.st_size = -1;
	while (bundle &&
		(strcmp(bundle->path, path) != 0 || !same_file(&bundle->found, &found)))
		bundle = bundle->next;
	if (!bundle) {
		bundle = mem_alloc(sizeof(*bundle));
		bundle->path = mem_strdup(path);
		bundle->found = found;
		bundle->fd = -1;
		if (make(bundle, err)) {
			bundle_free(bundle);
			/* A person may be putting it right: nothing fails for good. */
			err->class = ERR_TRANSIENT;
			return err_wrap(err, "CA file %s", path);
		}
		bundle->next = client->bundles;
		client->bundles = bundle;
	}
	*name = bundle->name;
	return 0;
}

void ca_bundles_free(struct http_client *client)
{
	while (client->bundles) {
		struct ca_bundle *bundle = client->bundles;
		client->bundles = bundle->next;
		bundle_free(bundle);
	}
}
