/*
 * Answers in pieces. libmicrohttpd asks for bytes when the connection has room for
 * them: it gets what is pending, or the connection is suspended until something is
 * written. So a slow client holds one bounded buffer and no thread.
 *
 * While nothing is pending there is no deadline: the silence is ours, and a client that
 * went away is noticed with the next piece.
 */
#include <config.h>

#include "io/http_server_priv.h"

#include "base/mem.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK ((size_t)64 << 10) /* of an answer, handed over at a time */

struct http_stream {
	struct http_stream_handler handler;
	struct buf out;
	size_t taken; /* of out */
	bool asked;   /* wants() was called, and nothing was written since */
	bool finished, broken;
};

static size_t pending(const struct http_stream *stream)
{
	return stream->out.len - stream->taken;
}

static size_t take(struct http_stream *stream, char *to, size_t max)
{
	size_t len = pending(stream) < max ? pending(stream) : max;

	memcpy(to, stream->out.data + stream->taken, len);
	stream->taken += len;
	if (pending(stream) == 0) {
		buf_reset(&stream->out);
		stream->taken = 0;
	}
	return len;
}

static ssize_t on_room(void *arg, uint64_t position, char *to, size_t max)
{
	struct http_in *in = arg;
	struct http_stream *stream = in->stream;

	(void)position;
	if (pending(stream) == 0 && !stream->finished && !stream->asked &&
		stream->handler.wants) {
		stream->asked = true;
		stream->handler.wants(stream->handler.arg);
	}
	in->deadline_ms = http_in_deadline(in, in->server->limits.stream_ms);
	if (stream->broken)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (pending(stream) > 0)
		return (ssize_t)take(stream, to, max);
	if (stream->finished)
		return MHD_CONTENT_READER_END_OF_STREAM;
	in->deadline_ms = 0;
	in->suspended = true;
	MHD_suspend_connection(in->connection);
	return 0;
}

/* There is something to hand over, or the end to tell. */
static void go_on(struct http_in *in)
{
	if (!in->suspended)
		return;
	in->suspended = false;
	in->deadline_ms = http_in_deadline(in, in->server->limits.stream_ms);
	MHD_resume_connection(in->connection);
	in->server->run_soon(in->server);
}

static void on_over(struct http_in *in)
{
	struct http_stream *stream = in->stream;

	in->stream = NULL;
	stream->handler.ended(stream->handler.arg);
	buf_release(&stream->out);
	free(stream);
}

void http_reply_stream(struct http_in *in, const struct http_reply *reply, int64_t len,
	const struct http_stream_handler *handler)
{
	struct MHD_Response *response = MHD_create_response_from_callback(
		len < 0 ? MHD_SIZE_UNKNOWN : (uint64_t)len, BLOCK, on_room, in, NULL);

	if (!response)
		abort(); /* out of memory: decided once, as in base/mem */
	http_in_add_headers(response, reply);
	in->stream = mem_alloc(sizeof(*in->stream));
	in->stream->handler = *handler;
	in->stream_over = on_over;
	buf_init(&in->stream->out, HTTP_STREAM_MAX);
	http_in_answer(in, (unsigned)reply->status, response);
}

bool http_stream_write(struct http_in *in, const void *data, size_t len)
{
	struct http_stream *stream = in->stream;

	assert(!stream->finished);
	if (stream->out.len + len > HTTP_STREAM_MAX)
		return false;
	buf_append(&stream->out, data, len);
	stream->asked = false;
	go_on(in);
	return true;
}

size_t http_stream_pending(const struct http_in *in)
{
	return pending(in->stream);
}

void http_stream_end(struct http_in *in, bool broken)
{
	in->stream->finished = true;
	in->stream->broken = broken;
	go_on(in);
}
