/*
 * One request, from its request line to its end, in the order libmicrohttpd calls:
 *
 *   http_in_start()   the request line is there
 *   access, 1st call  header complete: framing is judged, begin() decides
 *   access, with data the body arrives; chunked bodies are counted
 *   access, no data   body complete: request() is called. Answered at once, the answer
 *                     is queued; otherwise the connection is suspended
 *   http_reply()      resumes it; MHD calls access again, which queues the answer
 *   completed         answer sent, or the connection is lost, at any point above
 *
 * MHD takes an answer only in the first call (it then stops reading and closes) or
 * after the whole body. So an oversized chunked body is swallowed to its end, in no
 * memory, before its 413; one that never ends meets DROPPED_MAX or the body deadline.
 */
#include <config.h>

#include "io/http_server_priv.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DROPPED_MAX ((uint64_t)8 << 20)

/* What the header says about the body. */
struct framing {
	int lengths, codings;
	uint64_t length;
	bool chunked;
	bool bad;
};

int64_t http_in_deadline(const struct http_in *in, int64_t ms)
{
	return ms > 0 ? (int64_t)uv_now(in->server->loop) + ms : 0;
}

void http_in_renounce(struct http_in *in)
{
	if (!in->owed)
		return;
	in->owed = false;
	in->server->handler.gone(in->server->handler.arg, in);
}

void http_in_start(struct http_in *in, const char *uri)
{
	/* A first request keeps the deadline that began with the connection. */
	if (in->phase != IN_CONNECTED)
		in->deadline_ms = http_in_deadline(in, in->server->limits.header_ms);
	in->phase = IN_HEADER;
	in->bad_path = strstr(uri, "%00") != NULL;
}

void http_in_reset(struct http_in *in)
{
	http_in_renounce(in);
	if (in->stream)
		in->stream_over(in);
	if (in->response)
		MHD_destroy_response(in->response);
	buf_release(&in->body);
	in->response = NULL;
	in->method = in->path = NULL;
	in->user = NULL;
	in->suspended = in->too_large = false;
	in->dropped = 0;
	in->phase = IN_IDLE;
	in->deadline_ms = http_in_deadline(in, in->server->limits.idle_ms);
}

void http_in_completed(void *arg, struct MHD_Connection *connection, void **context,
	enum MHD_RequestTerminationCode code)
{
	struct http_in *in = *context;
	(void)arg;
	(void)connection;
	(void)code;
	if (in)
		http_in_reset(in);
}

static enum MHD_Result judge_header(
	void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct framing *framing = arg;
	(void)kind;
	if (strcasecmp(name, "Content-Length") == 0) {
		char *end;
		framing->lengths++;
		framing->length = strtoull(value ? value : "", &end, 10);
		framing->bad |= !value || value[0] < '0' || value[0] > '9' || *end;
	} else if (strcasecmp(name, "Transfer-Encoding") == 0) {
		framing->codings++;
		framing->chunked = value && strcasecmp(value, "chunked") == 0;
		framing->bad |= !framing->chunked;
	}
	return MHD_YES;
}

/* Two opinions about where a body ends are one too many. */
static struct framing judge(struct MHD_Connection *connection)
{
	struct framing framing = { 0 };
	MHD_get_connection_values(connection, MHD_HEADER_KIND, judge_header, &framing);
	framing.bad |= framing.lengths + framing.codings > 1;
	return framing;
}

static bool header_too_large(const struct http_in *in)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		in->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	return info && info->header_size > in->server->limits.header_bytes;
}

static enum MHD_Result queue(struct http_in *in)
{
	in->deadline_ms = http_in_deadline(in, in->server->limits.body_ms);
	return MHD_queue_response(in->connection, in->status, in->response);
}

/* Answer in the handler's place. */
static void refuse(struct http_in *in, int status)
{
	http_in_renounce(in);
	http_reply_text(in, status, NULL);
}

static enum MHD_Result header_complete(struct http_in *in)
{
	const struct framing framing = judge(in->connection);
	const bool has_body = framing.chunked || framing.length > 0 || framing.bad;

	in->phase = IN_BODY;
	in->deadline_ms = http_in_deadline(in, in->server->limits.body_ms);
	if (framing.bad || in->bad_path) {
		refuse(in, 400);
	} else if (header_too_large(in)) {
		refuse(in, 431);
	} else {
		int64_t max = in->server->handler.begin(in->server->handler.arg, in);
		assert((max < 0) == (in->response != NULL));
		in->owed = max >= 0;
		buf_init(&in->body, max >= 0 ? (size_t)max : 0);
		if (max >= 0 && framing.length > (uint64_t)max)
			refuse(in, 413);
	}
	if (!in->response || !has_body)
		return MHD_YES; /* the next call comes after the body, or now */
	in->linger = true;
	return queue(in);
}

static enum MHD_Result body_part(struct http_in *in, const char *data, size_t len)
{
	if (!in->too_large && buf_append(&in->body, data, len)) {
		in->too_large = true;
		buf_release(&in->body);
	}
	if (!in->too_large)
		return MHD_YES;
	in->dropped += len;
	return in->dropped > DROPPED_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result body_complete(struct http_in *in)
{
	assert(in->phase == IN_BODY);
	if (in->too_large) {
		refuse(in, 413);
		MHD_add_response_header(in->response, "Connection", "close");
		return queue(in);
	}
	in->phase = IN_ASKED;
	in->deadline_ms = 0;
	in->server->handler.request(in->server->handler.arg, in);
	if (in->response)
		return queue(in);
	in->suspended = true;
	MHD_suspend_connection(in->connection);
	return MHD_YES;
}

enum MHD_Result http_in_access(void *arg, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version, const char *upload,
	size_t *upload_size, void **context)
{
	struct http_in *in = *context;
	(void)arg;
	(void)version;

	if (in->server->closing && !in->response)
		return MHD_NO;
	if (in->phase == IN_HEADER) {
		in->connection = connection;
		in->method = method;
		in->path = url;
		return header_complete(in);
	}
	if (*upload_size > 0) {
		size_t len = *upload_size;
		*upload_size = 0;
		return body_part(in, upload, len);
	}
	return in->response ? queue(in) : body_complete(in);
}

void http_in_add_headers(struct MHD_Response *response, const struct http_reply *reply)
{
	if (reply->content_type)
		MHD_add_response_header(response, "Content-Type", reply->content_type);
	for (int i = 0; i < HTTP_REPLY_HEADERS && reply->headers[i].name; i++)
		MHD_add_response_header(
			response, reply->headers[i].name, reply->headers[i].value);
}

static struct MHD_Response *make_response(const struct http_reply *reply)
{
	/* MHD copies, and only reads from what it is given. */
	union {
		const void *in;
		void *out;
	} body = { .in = reply->len ? reply->body : "" };
	struct MHD_Response *response = MHD_create_response_from_buffer(
		reply->len, body.out, MHD_RESPMEM_MUST_COPY);
	if (!response)
		abort(); /* out of memory: decided once, as in base/mem */
	http_in_add_headers(response, reply);
	return response;
}

void http_in_answer(struct http_in *in, unsigned status, struct MHD_Response *response)
{
	assert(!in->response);
	assert(in->phase == IN_BODY || in->phase == IN_ASKED);
	in->response = response;
	in->status = status;
	in->phase = IN_ANSWERED;
	in->owed = false;
	if (in->suspended) {
		in->suspended = false;
		MHD_resume_connection(in->connection);
		in->server->run_soon(in->server);
	}
}

void http_reply(struct http_in *in, const struct http_reply *reply)
{
	http_in_answer(in, (unsigned)reply->status, make_response(reply));
}

void http_reply_text(struct http_in *in, int status, const char *text)
{
	char line[512];
	struct http_reply reply = { .status = status };
	if (text) {
		int len = snprintf(line, sizeof(line), "%s\n", text);
		reply.content_type = "text/plain; charset=utf-8";
		reply.body = line;
		reply.len = (size_t)len < sizeof(line) ? (size_t)len : sizeof(line) - 1;
	}
	http_reply(in, &reply);
}

const char *http_in_method(const struct http_in *in)
{
	return in->method;
}

const char *http_in_path(const struct http_in *in)
{
	return in->path;
}

const char *http_in_query(const struct http_in *in, const char *name)
{
	return MHD_lookup_connection_value(in->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *http_in_header(const struct http_in *in, const char *name)
{
	return MHD_lookup_connection_value(in->connection, MHD_HEADER_KIND, name);
}

struct count {
	const char *name;
	int n;
};

static enum MHD_Result count_header(
	void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct count *count = arg;
	(void)kind;
	(void)value;
	count->n += strcasecmp(name, count->name) == 0;
	return MHD_YES;
}

int http_in_header_count(const struct http_in *in, const char *name)
{
	struct count count = { .name = name };
	MHD_get_connection_values(
		in->connection, MHD_HEADER_KIND, count_header, &count);
	return count.n;
}

const char *http_in_address(const struct http_in *in)
{
	return in->address;
}

const void *http_in_body(const struct http_in *in, size_t *len)
{
	*len = in->body.len;
	return buf_text(&in->body);
}

void http_in_set_user(struct http_in *in, void *user)
{
	in->user = user;
}

void *http_in_user(const struct http_in *in)
{
	return in->user;
}
