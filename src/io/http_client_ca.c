/*
 * A CA of one's own besides the system's. libcurl takes one file or one text, so the
 * two are joined; as a text rather than through an SSL_CTX callback, because libcurl
 * compares the text when it reuses a connection: what was verified by the extra CA is
 * not given to a call without it.
 */
#include <config.h>

#include "io/http_client_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

#define CA_MAX ((size_t)4 << 20)

struct ca_bundle {
	struct ca_bundle *next;
	char *path;
	struct buf pem;
};

static int load(struct buf *pem, const char *path, struct err *err)
{
	const char *system = curl_version_info(CURLVERSION_NOW)->cainfo;
	if (system && fs_read(system, CA_MAX, pem, NULL))
		buf_reset(pem); /* a system without CAs */
	buf_char(pem, '\n');
	size_t before = pem->len;
	if (fs_read(path, CA_MAX, pem, err)) {
		err_wrap(err, "CA file %s", path);
		if (err)
			err->class = ERR_PERMANENT;
		return -ERR_PERMANENT;
	}
	if (!strstr(buf_text(pem) + before, "-----BEGIN CERTIFICATE-----"))
		return err_set(err, ERR_PERMANENT,
			"CA file %s: there is no PEM certificate in it", path);
	return 0;
}

int ca_bundle_get(struct http_client *client, const char *path, struct curl_blob *blob,
	struct err *err)
{
	struct ca_bundle *bundle = client->bundles;
	while (bundle && strcmp(bundle->path, path) != 0)
		bundle = bundle->next;
	if (!bundle) {
		struct buf pem;
		buf_init(&pem, 2 * CA_MAX + 1);
		int rc = load(&pem, path, err);
		if (rc) {
			buf_release(&pem);
			return rc;
		}
		bundle = mem_alloc(sizeof(*bundle));
		bundle->path = mem_strdup(path);
		bundle->pem = pem;
		bundle->next = client->bundles;
		client->bundles = bundle;
	}
	blob->data = bundle->pem.data;
	blob->len = bundle->pem.len;
	blob->flags = CURL_BLOB_NOCOPY; /* it lives as long as the client */
	return 0;
}

void ca_bundles_free(struct http_client *client)
{
	while (client->bundles) {
		struct ca_bundle *bundle = client->bundles;
		client->bundles = bundle->next;
		buf_release(&bundle->pem);
		free(bundle->path);
		free(bundle);
	}
}
