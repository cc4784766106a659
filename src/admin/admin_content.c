/*
 * GET …/content?key=KEY and …/files/NAME: the bytes of an archived file, for watching;
 * by its name, so that the playlists of a package find each other. Only files that
 * the store knows of the asset, opened below the archive without following a link, with
 * the length that was archived. Blocks are read on the libuv pool as fast as the client
 * takes them: a sending file holds one block, and never the loop.
 *
 * The media comes from strangers. So it is sent as what it was recognised as, and as
 * plain bytes if that is nothing a player or a picture viewer takes.
 */
#include <config.h>

#include "admin/byte_range.h"
#include "admin/call.h"

#include "base/http.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTENTS_MAX  64
#define BLOCK         (128 * 1024)
#define ETAG_MAX      72
#define NAME_MAX_SENT 1024 /* a file name, escaped */

struct sending {
	struct admin *admin;
	struct admin_call *call; /* until it is answered */
	struct http_in *in;      /* while the client takes it; NULL: it is over */
	uv_work_t work;
	bool working;
	/* The file. */
	char *path, *type;
	char etag[ETAG_MAX];
	int64_t size;
	int fd;
	/* What is left to send. */
	int64_t at, left;
	/* Of the pool: opened, or read. */
	struct err err;
	char block[BLOCK];
	ssize_t got;
};

static void content_free(struct sending *content)
{
	if (content->fd >= 0)
		close(content->fd);
	content->admin->contents--;
	free(content->path);
	free(content->type);
	free(content);
}

/* ---- sending ---- */

/* On the pool. */
static void read_work(uv_work_t *work)
{
	struct sending *content = container_of(work, struct sending, work);
	size_t want = content->left < BLOCK ? (size_t)content->left : BLOCK;

	do
		content->got = pread(content->fd, content->block, want, content->at);
	while (content->got < 0 && errno == EINTR);
}

static void read_done(uv_work_t *work, int status)
{
	struct sending *content = container_of(work, struct sending, work);

	(void)status;
	content->working = false;
	if (!content->in) {
		content_free(content);
		return;
	}
	if (content->got <= 0) {
		log_warn(NULL, "%s became shorter or unreadable while it was sent",
			content->path);
		http_stream_end(content->in, true);
		return;
	}
	http_stream_write(content->in, content->block, (size_t)content->got);
	content->at += content->got;
	content->left -= content->got;
	if (content->left == 0)
		http_stream_end(content->in, false);
}

static void on_wants(void *arg)
{
	struct sending *content = arg;

	if (content->left == 0 || content->working)
		return;
	content->working = true;
	uv_queue_work(content->admin->on.loop, &content->work, read_work, read_done);
}

static void on_ended(void *arg)
{
	struct sending *content = arg;

	content->in = NULL;
	if (!content->working)
		content_free(content);
}

/* ---- answering ---- */

/* What a page may show; anything else is only for saving. */
static bool is_shown(const char *type)
{
	static const char *const shown[] = { "video/", "audio/", "image/jpeg",
		"image/png", "image/webp", "image/gif", "text/vtt",
		"application/vnd.apple.mpegurl" };

	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++)
		if (type && strncmp(type, shown[i], strlen(shown[i])) == 0)
			return true;
	return false;
}

/* inline or attachment, with the file's own name. */
static char *disposition(const struct sending *content)
{
	const char *slash = strrchr(content->path, '/');
	const char *asked = call_query(content->call, "download");
	bool save = (asked && strcmp(asked, "yes") == 0) || !is_shown(content->type);
	struct buf name;
	char *text;

	buf_init(&name, NAME_MAX_SENT);
	http_escape(slash ? slash + 1 : content->path, &name);
	text = mem_printf("%s; filename*=UTF-8''%s", save ? "attachment" : "inline",
		buf_text(&name));
	buf_release(&name);
	return text;
}

/* Which bytes; a client that holds another version gets the whole of this one. */
static enum range_kind range_of(const struct sending *content, struct byte_range *range)
{
	const char *known = call_header(content->call, "If-Range");
	const char *asked = call_header(content->call, "Range");

	if (known && strcmp(known, content->etag) != 0)
		asked = NULL;
	return byte_range_parse(asked, content->size, range);
}

static void reply_file(struct sending *content)
{
	static const struct http_stream_handler sending = { .wants = on_wants,
		.ended = on_ended };
	struct http_stream_handler handler = sending;
	struct admin_call *call = content->call;
	struct byte_range range;
	enum range_kind kind = range_of(content, &range);
	char *as = disposition(content), extent[80];
	struct http_reply reply = {
		.status = kind == RANGE_PART ? 206 : 200,
		.content_type = is_shown(content->type) ? content->type
							: "application/octet-stream",
		.headers = { { "ETag", content->etag }, { "Accept-Ranges", "bytes" },
			{ "Cache-Control", "private, no-cache" },
			{ "Content-Disposition", as } },
	};

	snprintf(extent, sizeof(extent), "bytes %lld-%lld/%lld", (long long)range.begin,
		(long long)(range.begin + range.len - 1), (long long)content->size);
	if (kind == RANGE_PART)
		reply.headers[4] =
			(struct http_reply_header){ "Content-Range", extent };
	content->at = range.begin;
	content->left = range.len;
	content->in = call->in;
	content->call = NULL;
	handler.arg = content;
	reply_harden(&reply);
	http_reply_stream(call->in, &reply, range.len, &handler);
	call_end(call);
	free(as);
}

static void refuse_range(struct sending *content)
{
	cJSON *json = cJSON_CreateObject();
	char extent[40];

	snprintf(extent, sizeof(extent), "bytes */%lld", (long long)content->size);
	json_add_text(json, "error", "the file holds no such range");
	call_reply_extra(content->call, 416, "Content-Range", extent, json);
	content_free(content);
}

/* ---- opening ---- */

/* On the pool. */
static void open_work(uv_work_t *work)
{
	struct sending *content = container_of(work, struct sending, work);
	struct stat st;

	if (archive_read_open(content->admin->on.archive, content->path, &content->fd,
		    &content->err) < 0)
		return;
	if (fstat(content->fd, &st) < 0)
		err_sys(&content->err, ERR_LOCAL, errno, "cannot read %s",
			content->path);
	else if (st.st_size != content->size)
		err_set(&content->err, ERR_NOT_FOUND,
			"%s is not as long as what was archived: `vodkeep verify "
			"--repair' fetches it again",
			content->path);
}

static void open_done(uv_work_t *work, int status)
{
	struct sending *content = container_of(work, struct sending, work);
	struct byte_range range;

	(void)status;
	content->working = false;
	if (!content->call->in) {
		call_fail(content->call, 503, "the client is gone");
		content_free(content);
	} else if (call_failed(content->call, &content->err)) {
		content_free(content);
	} else if (range_of(content, &range) == RANGE_NONE) {
		refuse_range(content);
	} else {
		reply_file(content);
	}
}

static void open_file(struct admin_call *call, const struct file *file)
{
	struct sending *content = mem_alloc(sizeof(*content));

	content->admin = call->admin;
	content->admin->contents++;
	content->call = call;
	content->path = mem_strdup(file->path);
	content->type = mem_strdup(file->content_type);
	content->size = file->bytes;
	content->fd = -1;
	snprintf(content->etag, sizeof(content->etag), "\"%s\"", file->sha256);
	content->working = true;
	uv_queue_work(content->admin->on.loop, &content->work, open_work, open_done);
}

static void send_file(struct admin_call *call, const struct file *file)
{
	char etag[ETAG_MAX];
	struct http_reply same = { .status = 304, .headers = { { "ETag", etag } } };

	snprintf(etag, sizeof(etag), "\"%s\"", file ? file->sha256 : "");
	if (!file)
		call_fail(call, 404, "%s/%s has no such file: its page names them",
			call->args.workspace, call->args.id);
	else if (call_has_etag(call, etag))
		call_reply(call, &same);
	else if (call->admin->contents >= CONTENTS_MAX)
		call_fail(call, 503, "%d files are being sent already", CONTENTS_MAX);
	else
		open_file(call, file);
}

static void content_loaded(struct admin_call *call, struct asset *asset)
{
	const char *key = call_query(call, "key");

	send_file(call, key ? asset_file(asset, key) : NULL);
	asset_free(asset);
}

static void named_loaded(struct admin_call *call, struct asset *asset)
{
	const struct file *named = NULL;

	for (size_t i = 0; i < asset->n_files; i++) {
		const char *slash = strrchr(asset->files[i].path, '/');

		if (slash && strcmp(slash + 1, call->args.file) == 0)
			named = &asset->files[i];
	}
	send_file(call, named);
	asset_free(asset);
}

void admin_content(struct admin_call *call)
{
	call_load(call, content_loaded);
}

void admin_content_named(struct admin_call *call)
{
	call_load(call, named_loaded);
}
