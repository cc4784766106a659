/*
 * The loop side of the client: libcurl's sockets and timer on uv, and a queue of calls
 * for which something is due.
 *
 * Nothing re-enters. libcurl's callbacks and the functions of the header only note what
 * they want and make the call due. settle() acts on it from the loop: after each
 * curl_multi_socket_action(), whose messages are always drained, or from an idle
 * handle. It takes as many calls as were due when it began, so that calls started by
 * done() cannot keep it from returning.
 *
 * "At once" is the idle handle too. A timer of 0 ms that is set from a timer's callback
 * would run again before any socket is looked at.
 *
 * What a call is made of is not known here: it brings hooks to be advanced by.
 *
 * A socket's watcher is made afresh each time: the number of a closed socket can come
 * back before the close callback of its watcher has run.
 *
 * The end: every call is cancelled; when the last is gone the multi handle is cleaned
 * up (its callbacks still run then), and the handles are closed and counted down.
 */
#include <config.h>

#include "io/http_client_priv.h"

#include "base/mem.h"
#include <assert.h>
#include <stdlib.h>

#define WATCH_MS 100
#define LATE_MS  (3 * WATCH_MS)

#define CONNECTIONS_KEPT 32L

struct watcher {
	uv_poll_t poll;
	struct http_client *client;
	curl_socket_t fd;
	int events; /* as libcurl wants them */
};

static void settle(struct http_client *client);
static void act(struct http_client *client, curl_socket_t fd, int events);

/* Due calls */

static void on_later(uv_idle_t *idle)
{
	struct http_client *client = container_of(idle, struct http_client, later);
	uv_idle_stop(idle);
	if (client->timed_out)
		act(client, CURL_SOCKET_TIMEOUT, 0);
	else
		settle(client);
}

void http_client_due(struct http_client *client, struct http_call *call)
{
	if (call->due)
		return;
	call->due = true;
	call->due_next = NULL;
	*client->due_tail = call;
	client->due_tail = &call->due_next;
	uv_idle_start(&client->later, on_later);
}

void http_call_cancel(struct http_call *call)
{
	call->cancelled = true;
	http_client_due(call->client, call);
}

static void forget_due(struct http_client *client, struct http_call *call)
{
	struct http_call **at = &client->due;
	while (*at != call)
		at = &(*at)->due_next;
	*at = call->due_next;
	if (!*at)
		client->due_tail = at;
	call->due = false;
}

static struct http_call *take_due(struct http_client *client)
{
	struct http_call *call = client->due;
	forget_due(client, call);
	return call;
}

static unsigned count_due(const struct http_client *client)
{
	unsigned n = 0;
	for (const struct http_call *call = client->due; call; call = call->due_next)
		n++;
	return n;
}

static void shut(struct http_client *client);

static void settle(struct http_client *client)
{
	for (unsigned n = count_due(client); n > 0 && client->due; n--) {
		struct http_call *call = take_due(client);
		call->hooks->advance(call);
	}
	if (!client->due && !client->timed_out)
		uv_idle_stop(&client->later);
	if (client->closing && !client->calls)
		shut(client);
}

/* libcurl on uv */

static void drain(struct http_client *client)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
		struct http_call *call;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
		call->finished = true;
		call->result = message->data.result;
		http_client_due(client, call);
	}
}

static void act(struct http_client *client, curl_socket_t fd, int events)
{
	int running;
	if (fd == CURL_SOCKET_TIMEOUT)
		client->timed_out = false;
	curl_multi_socket_action(client->multi, fd, events, &running);
	drain(client);
	settle(client);
}

static void on_timer(uv_timer_t *timer)
{
	act(container_of(timer, struct http_client, timer), CURL_SOCKET_TIMEOUT, 0);
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct http_client *client = arg;
	(void)multi;
	client->timed_out = timeout_ms == 0;
	if (timeout_ms > 0)
		uv_timer_start(&client->timer, on_timer, (uint64_t)timeout_ms, 0);
	else
		uv_timer_stop(&client->timer);
	if (timeout_ms == 0)
		uv_idle_start(&client->later, on_later);
	return 0;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	const struct watcher *watcher = container_of(poll, struct watcher, poll);
	int flags = 0;
	if (status < 0) {
		/* Reset, most likely. libcurl would give up unread what has arrived,
		 * and not ask again over a connection of its own: it shall find out
		 * itself. libuv has stopped watching. */
		events = watcher->events;
		uv_poll_start(poll, events, on_poll);
	}
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	act(watcher->client, watcher->fd, flags);
}

static void drop_handle(struct http_client *client)
{
	assert(client->open_handles > 0);
	if (--client->open_handles > 0)
		return;
	void (*closed)(void *arg) = client->closed;
	void *arg = client->closed_arg;
	ca_bundles_free(client);
	free(client->user_agent);
	free(client);
	if (closed)
		closed(arg);
}

static void on_watcher_closed(uv_handle_t *handle)
{
	struct watcher *watcher = container_of(handle, struct watcher, poll);
	struct http_client *client = watcher->client;
	free(watcher);
	drop_handle(client);
}

static struct watcher *watch(struct http_client *client, CURL *easy, curl_socket_t fd)
{
	struct watcher *watcher = mem_alloc(sizeof(*watcher));
	struct http_call *call;
	int rc = uv_poll_init_socket(client->loop, &watcher->poll, fd);
	if (rc == 0) {
		client->open_handles++;
		watcher->client = client;
		watcher->fd = fd;
		curl_multi_assign(client->multi, fd, watcher);
		return watcher;
	}
	/* Saying -1 to libcurl would fail every transfer: only this one is blind. */
	free(watcher);
	if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, &call) == CURLE_OK && call) {
		err_set(&call->stop, ERR_LOCAL, "%s: cannot watch a socket: %s",
			call->origin.host, uv_strerror(rc));
		http_client_due(client, call);
	}
	return NULL;
}

static int on_curl_socket(
	CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
	struct http_client *client = arg;
	struct watcher *watcher = assigned;
	int events = 0;

	if (what == CURL_POLL_REMOVE) {
		if (watcher) {
			curl_multi_assign(client->multi, fd, NULL);
			uv_close((uv_handle_t *)&watcher->poll, on_watcher_closed);
		}
		return 0;
	}
	if (!watcher)
		watcher = watch(client, easy, fd);
	if (!watcher)
		return 0;
	if (what & CURL_POLL_IN)
		events |= UV_READABLE;
	if (what & CURL_POLL_OUT)
		events |= UV_WRITABLE;
	watcher->events = events;
	uv_poll_start(&watcher->poll, events, on_poll);
	return 0;
}

/* Time */

static void on_watch(uv_timer_t *timer)
{
	struct http_client *client = container_of(timer, struct http_client, watch);
	const int64_t now = (int64_t)uv_now(client->loop);
	/* Bytes may be waiting that the loop had no time to read. */
	const bool late = now - client->watched_ms > LATE_MS;
	client->watched_ms = now;
	for (struct http_call *call = client->calls; call; call = call->next)
		call->hooks->watch(call, now, late);
	if (!client->calls)
		uv_timer_stop(timer);
}

/* Calls */

void http_client_link(struct http_client *client, struct http_call *call)
{
	call->next = client->calls;
	if (call->next)
		call->next->prev = call;
	client->calls = call;
	if (!uv_is_active((uv_handle_t *)&client->watch)) {
		client->watched_ms = (int64_t)uv_now(client->loop);
		uv_timer_start(&client->watch, on_watch, WATCH_MS, WATCH_MS);
	}
	if (client->closing)
		http_call_cancel(call);
	http_client_due(client, call);
}

void http_client_unlink(struct http_client *client, struct http_call *call)
{
	if (call->prev)
		call->prev->next = call->next;
	else
		client->calls = call->next;
	if (call->next)
		call->next->prev = call->prev;
	if (call->due)
		forget_due(client, call);
	call->due = true; /* nothing makes it due again */
}

/* Life */

static CURLcode global_result;

static void global_init(void)
{
	global_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int http_client_global_init(struct err *err)
{
	static uv_once_t once = UV_ONCE_INIT;
	uv_once(&once, global_init);
	if (global_result == CURLE_OK)
		return 0;
	return err_set(err, ERR_LOCAL, "cannot initialise libcurl: %s",
		curl_easy_strerror(global_result));
}

/* libcurl would keep four for each call there is: most of them were closed whenever
 * there is little to do, and made again for the next burst. */
static long connections_kept(const struct http_client_options *options)
{
	const long wanted = 4L * options->per_host;
	return wanted > CONNECTIONS_KEPT ? wanted : CONNECTIONS_KEPT;
}

int http_client_open(struct http_client **out, uv_loop_t *loop,
	const struct http_client_options *options, struct err *err)
{
	int rc = http_client_global_init(err);
	if (rc)
		return rc;
	CURLM *multi = curl_multi_init();
	CURLSH *share = curl_share_init();
	if (!multi || !share) {
		curl_multi_cleanup(multi);
		curl_share_cleanup(share);
		return err_set(err, ERR_LOCAL, "cannot open an HTTP client");
	}
	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);

	struct http_client *client = mem_alloc(sizeof(*client));
	client->loop = loop;
	client->multi = multi;
	client->share = share;
	client->due_tail = &client->due;
	client->user_agent = mem_strdup(options->user_agent);
	uv_timer_init(loop, &client->timer);
	uv_timer_init(loop, &client->watch);
	uv_idle_init(loop, &client->later);
	client->open_handles = 3;
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, client);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, client);
	curl_multi_setopt(
		multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)options->max_connections);
	curl_multi_setopt(
		multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)options->per_host);
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, connections_kept(options));
	*out = client;
	return 0;
}

static void on_handle_closed(uv_handle_t *handle)
{
	drop_handle(handle->data);
}

static void close_handle(struct http_client *client, uv_handle_t *handle)
{
	handle->data = client;
	uv_close(handle, on_handle_closed);
}

static void shut(struct http_client *client)
{
	if (!client->multi)
		return;
	curl_multi_cleanup(client->multi);
	curl_share_cleanup(client->share);
	client->multi = NULL;
	close_handle(client, (uv_handle_t *)&client->timer);
	close_handle(client, (uv_handle_t *)&client->watch);
	close_handle(client, (uv_handle_t *)&client->later);
}

void http_client_close(struct http_client *client, void (*closed)(void *arg), void *arg)
{
	assert(!client->closing);
	client->closing = true;
	client->closed = closed;
	client->closed_arg = arg;
	for (struct http_call *call = client->calls; call; call = call->next)
		http_call_cancel(call);
	uv_idle_start(&client->later, on_later);
}
