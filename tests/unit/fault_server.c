/*
 * One request for each connection: read its head, answer, close. Any mistake of the
 * server itself ends the test program.
 */
#include <config.h>

#include "fault_server.h"

#include "base/buf.h"
#include "base/mem.h"
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MUST(call)                                                           \
	do {                                                                 \
		if (call) {                                                  \
			fprintf(stderr, "fault server: %s failed\n", #call); \
			abort();                                             \
		}                                                            \
	} while (0)

#define PIECE_MS 20

struct fault_client {
	uv_tcp_t tcp;
	uv_write_t write;
	struct fault_server *server;
	struct fault_client *next;
	char request[4096];
	size_t len;
	struct buf answer;
	size_t sent;
	uv_timer_t timer; /* latency, rate */
	size_t rate;
	bool serving;
	bool stalls;
	bool closing;
};

static void on_closed(uv_handle_t *handle)
{
	struct fault_client *client = container_of(handle, struct fault_client, tcp);
	buf_release(&client->answer);
	free(client);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct fault_client *client =
		container_of((uv_timer_t *)(void *)handle, struct fault_client, timer);
	uv_close((uv_handle_t *)&client->tcp, on_closed);
}

static void client_close(struct fault_client *client)
{
	struct fault_client **at = &client->server->clients;
	if (client->closing)
		return;
	client->closing = true;
	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	client->server->serving -= client->serving;
	uv_close((uv_handle_t *)&client->timer, on_timer_closed);
}

static void send_on(uv_timer_t *timer);

static void on_written(uv_write_t *write, int status)
{
	struct fault_client *client = container_of(write, struct fault_client, write);
	if (client->closing)
		return;
	if (!status && client->sent < client->answer.len)
		MUST(uv_timer_start(&client->timer, send_on, PIECE_MS, 0));
	else if (status || !client->stalls)
		client_close(client);
}

static void send_on(uv_timer_t *timer)
{
	struct fault_client *client = container_of(timer, struct fault_client, timer);
	size_t rate = client->rate;
	size_t piece = client->answer.len - client->sent;

	if (rate > 0 && piece > rate * PIECE_MS / 1000)
		piece = rate * PIECE_MS / 1000;
	uv_buf_t buf = uv_buf_init(client->answer.data + client->sent, (unsigned)piece);
	client->sent += piece;
	MUST(uv_write(
		&client->write, (uv_stream_t *)&client->tcp, &buf, 1, on_written));
}

/* The value of a request header, "" when it is not there. */
static void header(const char *request, const char *name, char *out, size_t size)
{
	size_t len = strlen(name);
	out[0] = '\0';
	for (const char *line = strstr(request, "\r\n"); line && line[2] != '\r';
		line = strstr(line + 2, "\r\n")) {
		if (strncasecmp(line + 2, name, len) || line[2 + len] != ':')
			continue;
		const char *value = line + 2 + len + 1;
		while (*value == ' ')
			value++;
		snprintf(out, size, "%.*s", (int)strcspn(value, "\r"), value);
		return;
	}
}

static bool may_resume(const struct fault_server *server)
{
	const struct fault_script *script = &server->script;
	if (!server->range[0] || script->ignore_range)
		return false;
	if (script->ignore_if_range || !server->if_range[0])
		return true;
	return (script->etag && strcmp(server->if_range, script->etag) == 0) ||
	       (script->last_modified &&
		       strcmp(server->if_range, script->last_modified) == 0);
}

static void put_head(
	struct buf *out, const struct fault_script *script, int status, size_t length)
{
	buf_printf(out, "HTTP/1.1 %d Whatever\r\nConnection: close\r\n", status);
	if (!script->no_length)
		buf_printf(out, "Content-Length: %zu\r\n", length);
	if (!script->ignore_range)
		buf_str(out, "Accept-Ranges: bytes\r\n");
	if (script->etag)
		buf_printf(out, "ETag: %s\r\n", script->etag);
	if (script->last_modified)
		buf_printf(out, "Last-Modified: %s\r\n", script->last_modified);
	buf_str(out, script->headers ? script->headers : "");
}

static void put_body(struct fault_client *client, size_t from, size_t end)
{
	const struct fault_script *script = &client->server->script;
	size_t len = end - from;

	if (script->cut_after && script->cut_after < len)
		len = script->cut_after;
	if (script->stall_after && script->stall_after < len &&
		(!script->stalls_first || client->server->requests == 1)) {
		len = script->stall_after;
		client->stalls = true;
	}
	buf_append(&client->answer, (const char *)script->body + from, len);
}

static void put_file(struct fault_client *client)
{
	struct fault_server *server = client->server;
	const struct fault_script *script = &server->script;
	struct buf *out = &client->answer;
	size_t from = 0, last = script->len - 1;

	if (script->status || !may_resume(server)) {
		put_head(out, script, script->status ? script->status : 200,
			script->len);
		buf_str(out, "\r\n");
		put_body(client, 0, script->len);
		return;
	}
	sscanf(server->range, "bytes=%zu-%zu", &from, &last);
	long long total = (long long)script->len + script->total_shift;
	if (from >= script->len) {
		put_head(out, script, 416, 0);
		buf_printf(out, "Content-Range: bytes */%lld\r\n\r\n", total);
		return;
	}
	if (last >= script->len)
		last = script->len - 1;
	put_head(out, script, 206, last + 1 - from);
	buf_printf(out, "Content-Range: bytes %lld-%lld/%lld\r\n\r\n",
		(long long)from + script->range_shift,
		(long long)last + script->total_shift, total);
	put_body(client, from, last + 1);
}

static bool refused(const struct fault_server *server)
{
	const struct fault_script *script = &server->script;
	return (script->most && server->serving > script->most) ||
	       (script->answers && server->requests > script->answers);
}

static void answer(struct fault_client *client)
{
	struct fault_server *server = client->server;

	server->requests++;
	header(client->request, "Range", server->range, sizeof(server->range));
	header(client->request, "If-Range", server->if_range, sizeof(server->if_range));
	client->serving = true;
	client->rate = server->requests == 1 && server->script.first_rate
			       ? server->script.first_rate
			       : server->script.rate;
	if (++server->serving > server->peak)
		server->peak = server->serving;
	if (server->script.changes_after &&
		server->requests > server->script.changes_after)
		server->script.etag = "\"another\"";
	if (refused(server))
		buf_printf(&client->answer,
			"HTTP/1.1 %d No\r\nContent-Length: 0\r\n"
			"Connection: close\r\n\r\n",
			server->script.refusal);
	else
		put_file(client);
	MUST(uv_timer_start(&client->timer, send_on,
		(uint64_t)(server->requests > 1 && server->script.later_ms
				   ? server->script.later_ms
				   : server->script.latency_ms),
		0));
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct fault_client *client = container_of(handle, struct fault_client, tcp);
	(void)suggested;
	*buf = uv_buf_init(client->request + client->len,
		(unsigned)(sizeof(client->request) - 1 - client->len));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct fault_client *client = container_of(stream, struct fault_client, tcp);
	(void)buf;
	if (n < 0) {
		client_close(client);
		return;
	}
	client->len += (size_t)n;
	client->request[client->len] = '\0';
	if (client->answer.len == 0 && strstr(client->request, "\r\n\r\n"))
		answer(client);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct fault_server *server =
		container_of(listener, struct fault_server, listener);
	struct fault_client *client = mem_alloc(sizeof(*client));

	MUST(status);
	client->server = server;
	client->next = server->clients;
	server->clients = client;
	buf_init(&client->answer, (size_t)1 << 30);
	MUST(uv_tcp_init(server->loop, &client->tcp));
	MUST(uv_timer_init(server->loop, &client->timer));
	MUST(uv_accept(listener, (uv_stream_t *)&client->tcp));
	MUST(uv_read_start((uv_stream_t *)&client->tcp, on_alloc, on_read));
}

void fault_server_open(struct fault_server *server, uv_loop_t *loop)
{
	struct sockaddr_in address;
	int len = sizeof(address);

	signal(SIGPIPE, SIG_IGN); /* clients leave as they like */
	memset(server, 0, sizeof(*server));
	server->loop = loop;
	MUST(uv_tcp_init(loop, &server->listener));
	MUST(uv_ip4_addr("127.0.0.1", 0, &address));
	MUST(uv_tcp_bind(&server->listener, (const struct sockaddr *)&address, 0));
	MUST(uv_listen((uv_stream_t *)&server->listener, 64, on_connection));
	MUST(uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address, &len));
	snprintf(server->url, sizeof(server->url),
		"http://127.0.0.1:%d/media/file.bin?token=s3cr3t",
		ntohs(address.sin_port));
}

void fault_server_close(struct fault_server *server)
{
	while (server->clients)
		client_close(server->clients);
	uv_close((uv_handle_t *)&server->listener, NULL);
}
