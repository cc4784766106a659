/*
 * libmicrohttpd on a uv loop.
 *
 * MHD runs when its epoll descriptor is readable, and from an idle handle: when it says
 * that something is pending, and after http_reply() from outside, which only marks the
 * connection (in this mode MHD has no descriptor to wake itself). So all answers of one
 * loop iteration leave in one run. A server is closed from that handle too, never
 * inside MHD_run().
 *
 * During a TLS handshake MHD says "pending" although it waits for the client. Obeying
 * would spin; so after a few runs without an event, it is asked again only now and
 * then.
 *
 * MHD's own timeout restarts with every byte, which a slow client exploits. Here each
 * connection has one absolute deadline for its phase, kept by one timer. Who misses it
 * has its socket shut down; MHD sees that as the client's end and cleans up.
 */
#include <config.h>

#include "io/http_server_priv.h"

#include "base/mem.h"
#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINGER_MS      5000
#define ANSWER_ROOM    ((size_t)16 << 10) /* of a connection's memory, past the header */
#define SPINS_MAX      4
#define HANDSHAKE_MS   5
#define SWEEP_MS_MOST  1000
#define SWEEP_MS_LEAST 20
#define SWEEPS_A_LIMIT 8

const struct http_server_limits http_server_default_limits = {
	.header_ms = 10 * 1000,
	.body_ms = 30 * 1000,
	.idle_ms = 75 * 1000,
	.stream_ms = (int64_t)5 * 60 * 1000,
	.connections = 512,
	.per_address = 128,
	.header_bytes = (size_t)16 << 10,
};

/* Connections */

static struct http_in *in_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info->socket_context;
}

static void peer_address(struct MHD_Connection *connection, char *out, size_t size)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info ? info->client_addr : NULL;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (address && address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof(v4));
		inet_ntop(AF_INET, &v4.sin_addr, out, (socklen_t)size);
	} else if (address && address->sa_family == AF_INET6) {
		memcpy(&v6, address, sizeof(v6));
		inet_ntop(AF_INET6, &v6.sin6_addr, out, (socklen_t)size);
	} else {
		snprintf(out, size, "unix");
	}
}

static void on_sweep(uv_timer_t *timer);

/* Often enough that a deadline is missed by an eighth at most. */
static void start_sweep(struct http_server *server)
{
	if (uv_is_active((uv_handle_t *)&server->sweep) || server->closing)
		return;
	const int64_t limits[] = { server->limits.header_ms, server->limits.body_ms,
		server->limits.idle_ms, server->limits.stream_ms };
	int64_t period = SWEEP_MS_MOST;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (limits[i] > 0 && limits[i] / SWEEPS_A_LIMIT < period)
			period = limits[i] / SWEEPS_A_LIMIT;
	if (period < SWEEP_MS_LEAST)
		period = SWEEP_MS_LEAST;
	uv_timer_start(&server->sweep, on_sweep, (uint64_t)period, (uint64_t)period);
}

static void connected(
	struct http_server *server, struct MHD_Connection *connection, void **context)
{
	struct http_in *in = mem_alloc(sizeof(*in));
	in->server = server;
	in->connection = connection;
	in->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
			 ->connect_fd;
	peer_address(connection, in->address, sizeof(in->address));
	if (server->limits.header_ms > 0)
		in->deadline_ms =
			(int64_t)uv_now(server->loop) + server->limits.header_ms;
	in->next = server->connections;
	if (in->next)
		in->next->prev = in;
	server->connections = in;
	*context = in;
	server->handshakes += server->tls;
	start_sweep(server);
}

static void disconnected(struct http_in *in)
{
	struct http_server *server = in->server;
	if (in->linger && !server->closing) {
		http_linger(&server->lingerers, server->loop, in->fd,
			(int64_t)uv_now(server->loop) + LINGER_MS);
		start_sweep(server);
	}
	if (in->phase == IN_CONNECTED)
		server->handshakes -= server->tls;
	if (in->prev)
		in->prev->next = in->next;
	else
		server->connections = in->next;
	if (in->next)
		in->next->prev = in->prev;
	buf_release(&in->body);
	free(in);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
	enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		connected(arg, connection, context);
	else if (*context)
		disconnected(*context);
}

static void *on_request_line(
	void *arg, const char *uri, struct MHD_Connection *connection)
{
	struct http_server *server = arg;
	struct http_in *in = in_of(connection);
	if (in->phase == IN_CONNECTED)
		server->handshakes -= server->tls;
	http_in_start(in, uri);
	return in;
}

static void on_sweep(uv_timer_t *timer)
{
	struct http_server *server = container_of(timer, struct http_server, sweep);
	const int64_t now = (int64_t)uv_now(server->loop);

	for (struct http_in *in = server->connections; in; in = in->next)
		if (in->deadline_ms && now >= in->deadline_ms) {
			in->deadline_ms = 0;
			shutdown(in->fd, SHUT_RDWR);
		}
	http_lingerers_sweep(&server->lingerers, now);
	if (!server->connections && !server->lingerers.head)
		uv_timer_stop(timer);
}

/* Running MHD */

static void tear_down(struct http_server *server);
static void run(struct http_server *server);

static void on_soon(uv_idle_t *idle)
{
	struct http_server *server = container_of(idle, struct http_server, soon);
	uv_idle_stop(idle);
	if (server->closing)
		tear_down(server);
	else
		run(server);
}

static void run_soon(struct http_server *server)
{
	uv_idle_start(&server->soon, on_soon);
}

static void on_handshake(uv_timer_t *timer)
{
	run_soon(container_of(timer, struct http_server, handshake));
}

static void run(struct http_server *server)
{
	MHD_UNSIGNED_LONG_LONG wait_ms; /* 0: it was given no timeout of its own */
	MHD_run(server->daemon);
	if (MHD_get_timeout(server->daemon, &wait_ms) != MHD_YES)
		return;
	if (server->handshakes > 0 && ++server->spins > SPINS_MAX)
		uv_timer_start(&server->handshake, on_handshake, HANDSHAKE_MS, 0);
	else
		run_soon(server);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct http_server *server = container_of(poll, struct http_server, poll);
	(void)status;
	(void)events;
	server->spins = 0;
	run(server);
}

/* MHD explains a failed start only in its messages. Everything later is noise that
 * clients can cause. */
__attribute__((format(printf, 2, 0))) static void on_message(
	void *arg, const char *fmt, va_list ap)
{
	struct http_server *server = arg;
	if (server->muted || server->trouble[0])
		return;
	vsnprintf(server->trouble, sizeof(server->trouble), fmt, ap);
	server->trouble[strcspn(server->trouble, "\n")] = '\0';
}

static int start_daemon(
	struct http_server *server, const struct http_server_options *options)
{
	const struct http_server_limits *limits = &server->limits;
	/* MHD wants writable text but only reads it, and only now. */
	union {
		const char *in[2];
		char *out[2];
	} pem = { .in = { options->tls_cert, options->tls_key } };
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, pem.out[0] },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, pem.out[1] },
		{ MHD_OPTION_END, 0, NULL },
	};
	/* TURBO leaves out shutdown(), which is how a TLS stream says that it ends. */
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
			 (options->tls_cert ? MHD_USE_TLS : MHD_USE_TURBO);

	server->daemon = MHD_start_daemon(flags, 0, NULL, NULL, http_in_access, server,
		MHD_OPTION_EXTERNAL_LOGGER, on_message, server,
		MHD_OPTION_LISTEN_SOCKET, server->listener.fd,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
		MHD_OPTION_NOTIFY_COMPLETED, http_in_completed, server,
		MHD_OPTION_URI_LOG_CALLBACK, on_request_line, server,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits->header_bytes + ANSWER_ROOM,
		MHD_OPTION_CONNECTION_LIMIT, limits->connections,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, limits->per_address,
		MHD_OPTION_ARRAY, options->tls_cert ? tls : &tls[2], MHD_OPTION_END);
	server->muted = true;
	return server->daemon ? 0 : -1;
}

/* Opening */

static int open_listener(struct http_server *server,
	const struct http_server_options *options, struct err *err)
{
	if (options->listen_fd >= 0)
		return http_listener_adopt(&server->listener, options->listen_fd, err);
	return http_listener_open(
		&server->listener, options->listen, options->unix_mode, err);
}

static void init_handles(struct http_server *server)
{
	uv_idle_init(server->loop, &server->soon);
	uv_timer_init(server->loop, &server->handshake);
	uv_timer_init(server->loop, &server->sweep);
	server->open_handles = 3;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct http_server *server = handle->data;
	assert(server->open_handles > 0);
	if (--server->open_handles > 0)
		return;
	void (*closed)(void *arg) = server->closed;
	void *arg = server->closed_arg;
	free(server);
	if (closed)
		closed(arg);
}

static void close_handle(struct http_server *server, uv_handle_t *handle)
{
	handle->data = server;
	uv_close(handle, on_handle_closed);
}

int http_server_open(struct http_server **out, uv_loop_t *loop,
	const struct http_server_options *options,
	const struct http_server_handler *handler, struct err *err)
{
	struct http_server *server = mem_alloc(sizeof(*server));
	server->loop = loop;
	server->run_soon = run_soon;
	server->handler = *handler;
	server->limits = options->limits;
	server->tls = options->tls_cert != NULL;
	if (!server->limits.header_bytes)
		server->limits.header_bytes = http_server_default_limits.header_bytes;
	if (!server->limits.connections)
		server->limits.connections = UINT16_MAX;

	int rc = open_listener(server, options, err);
	if (rc) {
		free(server);
		return rc;
	}
	if (start_daemon(server, options)) {
		/* MHD has closed the socket. */
		http_listener_unlink(&server->listener);
		rc = err_set(err, options->tls_cert ? ERR_INPUT : ERR_LOCAL,
			"cannot serve on %s: %s", server->listener.address,
			server->trouble[0] ? server->trouble : "no reason given");
		free(server);
		return rc;
	}
	init_handles(server);
	rc = uv_poll_init(loop, &server->poll,
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)
			->epoll_fd);
	if (rc) {
		err_set(err, ERR_LOCAL, "cannot serve on %s: %s",
			server->listener.address, uv_strerror(rc));
		server->closing = true;
		tear_down(server);
		return -ERR_LOCAL;
	}
	server->open_handles++;
	server->polling = true;
	uv_poll_start(&server->poll, UV_READABLE, on_poll);
	*out = server;
	return 0;
}

const char *http_server_address(const struct http_server *server)
{
	return server->listener.address;
}

/* Closing */

void http_server_quiesce(struct http_server *server)
{
	if (server->quiesced || server->closing)
		return;
	server->quiesced = true;
	close(MHD_quiesce_daemon(server->daemon));
}

void http_server_close(struct http_server *server, void (*closed)(void *arg), void *arg)
{
	assert(!server->closing);
	server->closing = true;
	server->closed = closed;
	server->closed_arg = arg;
	run_soon(server);
}

/* MHD must not be stopped while connections are suspended. */
static void drop_unanswered(struct http_server *server)
{
	for (struct http_in *in = server->connections; in; in = in->next) {
		http_in_renounce(in);
		if (in->suspended) {
			in->suspended = false;
			MHD_resume_connection(in->connection);
		}
	}
}

static void tear_down(struct http_server *server)
{
	MHD_run(server->daemon); /* sends the answers that are there */
	drop_unanswered(server);
	http_lingerers_close(&server->lingerers);
	if (server->polling)
		close_handle(server, (uv_handle_t *)&server->poll);
	MHD_stop_daemon(server->daemon);
	assert(!server->connections);
	http_listener_unlink(&server->listener);
	close_handle(server, (uv_handle_t *)&server->soon);
	close_handle(server, (uv_handle_t *)&server->handshake);
	close_handle(server, (uv_handle_t *)&server->sweep);
}
