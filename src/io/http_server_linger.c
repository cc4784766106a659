/*
 * Lingering: after an early answer (413, 401 before the body) the client is often still
 * sending. Closing now would make the kernel answer its bytes with a reset, and the
 * client would see that instead of the answer. So a duplicate of the socket stays: shut
 * for writing, read and thrown away, until the client closes or its time or bytes run
 * out. libmicrohttpd takes its own descriptor out of its epoll set explicitly, so the
 * duplicate does not keep a dead connection registered there.
 */
#include <config.h>

#include "io/http_server_priv.h"

#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGERERS_MAX 64
#define BYTES_MAX     ((int64_t)8 << 20)
#define READS_A_TURN  8

struct lingerer {
	uv_poll_t poll;
	struct http_lingerers *set;
	struct lingerer *prev, *next;
	int fd;
	int64_t deadline_ms;
	int64_t bytes_left;
};

static void on_closed(uv_handle_t *handle)
{
	struct lingerer *lingerer = container_of(handle, struct lingerer, poll);
	close(lingerer->fd);
	free(lingerer);
}

static void drop(struct lingerer *lingerer)
{
	struct http_lingerers *set = lingerer->set;
	if (lingerer->prev)
		lingerer->prev->next = lingerer->next;
	else
		set->head = lingerer->next;
	if (lingerer->next)
		lingerer->next->prev = lingerer->prev;
	set->count--;
	uv_close((uv_handle_t *)&lingerer->poll, on_closed);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct lingerer *lingerer = container_of(poll, struct lingerer, poll);
	char waste[16 * 1024];
	(void)events;
	for (int i = 0; status == 0 && i < READS_A_TURN; i++) {
		ssize_t n = recv(lingerer->fd, waste, sizeof(waste), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		lingerer->bytes_left -= n;
		if (n <= 0 || lingerer->bytes_left < 0)
			status = UV_EOF;
	}
	if (status)
		drop(lingerer);
}

void http_linger(
	struct http_lingerers *set, uv_loop_t *loop, int fd, int64_t deadline_ms)
{
	if (set->count >= LINGERERS_MAX)
		return;
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return;
	struct lingerer *lingerer = mem_alloc(sizeof(*lingerer));
	if (shutdown(copy, SHUT_WR) || uv_poll_init(loop, &lingerer->poll, copy)) {
		close(copy);
		free(lingerer);
		return;
	}
	lingerer->set = set;
	lingerer->fd = copy;
	lingerer->deadline_ms = deadline_ms;
	lingerer->bytes_left = BYTES_MAX;
	lingerer->next = set->head;
	if (set->head)
		set->head->prev = lingerer;
	set->head = lingerer;
	set->count++;
	uv_poll_start(&lingerer->poll, UV_READABLE | UV_DISCONNECT, on_readable);
}

void http_lingerers_sweep(struct http_lingerers *set, int64_t now_ms)
{
	struct lingerer *next;
	for (struct lingerer *lingerer = set->head; lingerer; lingerer = next) {
		next = lingerer->next;
		if (now_ms >= lingerer->deadline_ms)
			drop(lingerer);
	}
}

void http_lingerers_close(struct http_lingerers *set)
{
	while (set->head)
		drop(set->head);
}
