/*
 * The dashboard's files, which the build has put into the program (web/embed makes
 * admin/web_files.h of them). A browser keeps them and asks whether they have changed.
 */
#include <config.h>

#include "admin/call.h"

#include "base/digest.h"

#include <stdio.h>
#include <string.h>

struct web_file {
	const char *name, *type;
	const unsigned char *data;
	size_t len;
};
#include "admin/web_files.h"

#define ETAG_MAX (DIGEST_SHA256_HEX + 2)

static const struct web_file *find_file(const char *name)
{
	for (size_t i = 0; i < sizeof(web_files) / sizeof(*web_files); i++)
		if (strcmp(web_files[i].name, name) == 0)
			return &web_files[i];
	return NULL;
}

static void reply_file(struct admin_call *call, const char *name)
{
	const struct web_file *file = find_file(name);
	char hex[DIGEST_SHA256_HEX], etag[ETAG_MAX];
	struct http_reply reply = { .status = 200 };

	if (!file) {
		call_fail(call, 404, "there is nothing here");
		return;
	}
	sha256_hex_of(file->data, file->len, hex);
	snprintf(etag, sizeof(etag), "\"%s\"", hex);
	reply.headers[0] = (struct http_reply_header){ "ETag", etag };
	reply.headers[1] = (struct http_reply_header){ "Cache-Control", "no-cache" };
	if (call_has_etag(call, etag)) {
		reply.status = 304;
	} else {
		reply.content_type = file->type;
		reply.body = file->data;
		reply.len = file->len;
	}
	call_reply(call, &reply);
}

void admin_web(struct admin_call *call)
{
	reply_file(call, call->args.id);
}

void admin_page(struct admin_call *call)
{
	reply_file(call, "index.html");
}

void admin_login_page(struct admin_call *call)
{
	reply_file(call, "login.html");
}
