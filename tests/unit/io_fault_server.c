/*
 * The faults are made with plain uv: an answer, then silence, a close, or a reset.
 */
#include <config.h>

#include "io_fault_server.h"

#include "base/mem.h"
#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MS_OF_TRICKLE 20
#define MS_OF_DELAY   50

struct fault_peer {
	uv_tcp_t tcp;
	uv_timer_t timer;
	uv_write_t write;
	struct fault_server *server;
	struct fault_peer *prev, *next;
	const struct fault_answer *answer;
	int open;
	bool closing, busy;
	size_t len;
	char in[8192];
};

static void on_closed(uv_handle_t *handle)
{
	struct fault_peer *peer = handle->data;
	if (--peer->open == 0)
		free(peer);
}

static void set_busy(struct fault_peer *peer, bool busy)
{
	struct fault_server *server = peer->server;
	server->busy += busy - peer->busy;
	peer->busy = busy;
	if (server->busy > server->most_busy)
		server->most_busy = server->busy;
}

static void drop(struct fault_peer *peer, bool reset)
{
	if (peer->closing)
		return;
	peer->closing = true;
	set_busy(peer, false);
	if (peer->prev)
		peer->prev->next = peer->next;
	else
		peer->server->peers = peer->next;
	if (peer->next)
		peer->next->prev = peer->prev;
	if (!reset || uv_tcp_close_reset(&peer->tcp, (uv_close_cb)on_closed))
		uv_close((uv_handle_t *)&peer->tcp, on_closed);
	uv_close((uv_handle_t *)&peer->timer, on_closed);
}

static void on_trickle(uv_timer_t *timer)
{
	struct fault_peer *peer = timer->data;
	uv_buf_t byte = uv_buf_init((char[]){ 'x' }, 1);
	uv_try_write((uv_stream_t *)&peer->tcp, &byte, 1);
}

static void on_written(uv_write_t *write, int status)
{
	struct fault_peer *peer = write->data;
	if (peer->closing)
		return;
	switch (status ? FAULT_CLOSE : peer->answer->then) {
	case FAULT_CLOSE:
		drop(peer, false);
		break;
	case FAULT_RESET:
		drop(peer, true);
		break;
	case FAULT_TRICKLE:
		uv_timer_start(&peer->timer, on_trickle, MS_OF_TRICKLE, MS_OF_TRICKLE);
		break;
	default:
		set_busy(peer, peer->answer->then == FAULT_STALL);
	}
}

static void send_answer(struct fault_peer *peer)
{
	union {
		const char *in;
		char *out;
	} text = { .in = peer->answer->text };
	size_t len = peer->answer->len ? peer->answer->len : strlen(text.in);
	uv_buf_t buf = uv_buf_init(text.out, (unsigned)len);
	peer->write.data = peer;
	uv_write(&peer->write, (uv_stream_t *)&peer->tcp, &buf, 1, on_written);
}

static void on_delay(uv_timer_t *timer)
{
	send_answer(timer->data);
}

static const struct fault_answer *find(struct fault_server *server, const char *request)
{
	const struct fault_answer *answer = server->answers;
	const char *path = strchr(request, ' ');
	const char *slashes = path ? strstr(path, "://") : NULL;
	if (slashes && slashes < strchr(path + 1, ' ')) /* asked as a proxy */
		path = strchr(slashes + 3, '/') - 1;
	size_t len = strcspn(++path, "? ");
	while (answer->path &&
		(strlen(answer->path) != len || strncmp(answer->path, path, len) != 0))
		answer++;
	assert(answer->path);
	return answer;
}

/* Bytes of the first request in @peer, 0 while it is incomplete. */
static size_t whole(const struct fault_peer *peer)
{
	const char *end = strstr(peer->in, "\r\n\r\n");
	const char *field = strstr(peer->in, "Content-Length: ");
	if (!end)
		return 0;
	size_t need = (size_t)(end - peer->in) + 4;
	if (field && field < end)
		need += (size_t)atoi(field + 16);
	return peer->len >= need ? need : 0;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct fault_peer *peer = stream->data;
	struct fault_server *server = peer->server;
	(void)buf;
	if (n < 0) {
		drop(peer, false);
		return;
	}
	peer->len += (size_t)n;
	peer->in[peer->len] = '\0';
	size_t used = whole(peer);
	if (!used)
		return;
	server->requests++;
	memcpy(server->last, peer->in, used);
	server->last[used] = '\0';
	peer->answer = find(server, peer->in);
	peer->len -= used;
	memmove(peer->in, peer->in + used, peer->len + 1);
	set_busy(peer, true);
	if (peer->answer->then == FAULT_DELAY)
		uv_timer_start(&peer->timer, on_delay, MS_OF_DELAY, 0);
	else
		send_answer(peer);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	struct fault_peer *peer = handle->data;
	(void)size;
	*buf = uv_buf_init(
		peer->in + peer->len, (unsigned)(sizeof(peer->in) - 1 - peer->len));
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct fault_server *server = stream->data;
	struct fault_peer *peer = mem_alloc(sizeof(*peer));
	assert(status == 0);
	(void)status;
	server->connections++;
	peer->server = server;
	peer->open = 2;
	uv_tcp_init(server->loop, &peer->tcp);
	uv_timer_init(server->loop, &peer->timer);
	peer->tcp.data = peer->timer.data = peer;
	peer->next = server->peers;
	if (peer->next)
		peer->next->prev = peer;
	server->peers = peer;
	uv_accept(stream, (uv_stream_t *)&peer->tcp);
	uv_read_start((uv_stream_t *)&peer->tcp, on_alloc, on_read);
}

void fault_server_open(struct fault_server *server, uv_loop_t *loop,
	const struct fault_answer *answers)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int size = sizeof(name);
	memset(server, 0, sizeof(*server));
	server->loop = loop;
	server->answers = answers;
	uv_tcp_init(loop, &server->listener);
	server->listener.data = server;
	int rc = uv_tcp_bind(&server->listener, (struct sockaddr *)&name, 0);
	assert(rc == 0);
	rc = uv_listen((uv_stream_t *)&server->listener, 64, on_connection);
	assert(rc == 0);
	(void)rc;
	uv_tcp_getsockname(&server->listener, (struct sockaddr *)&name, &size);
	server->port = ntohs(name.sin_port);
}

void fault_server_close(struct fault_server *server)
{
	while (server->peers)
		drop(server->peers, false);
	uv_close((uv_handle_t *)&server->listener, NULL);
}
