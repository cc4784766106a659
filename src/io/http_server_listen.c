/*
 * Listening sockets: made here rather than by libmicrohttpd, because the rights of a
 * unix socket must be set before anybody can connect to it, and a socket file may be
 * replaced only when it is certain that nobody serves it.
 */
#include <config.h>

#include "io/http_server_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096

static int new_socket(int family)
{
	return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Cut "host:port" or "[v6]:port" in two. */
static bool split(const char *listen, char host[64], char port[8])
{
	const char *colon = strrchr(listen, ':');
	if (!colon || colon == listen || strlen(colon + 1) >= 8 || !colon[1])
		return false;
	const char *begin = listen, *end = colon;
	if (*begin == '[') {
		begin++;
		end--;
		if (*end != ']')
			return false;
	} else if (memchr(begin, ':', (size_t)(end - begin))) {
		return false; /* an IPv6 address needs its brackets */
	}
	if (end <= begin || end - begin >= 64)
		return false;
	snprintf(host, 64, "%.*s", (int)(end - begin), begin);
	snprintf(port, 8, "%s", colon + 1);
	return strspn(port, "0123456789") == strlen(port) && atoi(port) <= 65535;
}

static int listen_tcp(const char *listen_on, int *out, struct err *err)
{
	char host[64], port[8];
	struct addrinfo hints = { .ai_flags =
					  AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *info;
	const int on = 1;

	if (!split(listen_on, host, port) || getaddrinfo(host, port, &hints, &info))
		return err_set(err, ERR_INPUT,
			"cannot listen on \"%s\": neither ADDRESS:PORT, "
			"[ADDRESS]:PORT nor unix:/PATH",
			listen_on);
	int fd = new_socket(info->ai_family);
	int rc = fd < 0 ? -1 : 0;
	if (rc == 0)
		rc = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (rc == 0 && info->ai_family == AF_INET6)
		rc = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (rc == 0)
		rc = bind(fd, info->ai_addr, info->ai_addrlen);
	if (rc == 0)
		rc = listen(fd, BACKLOG);
	int saved = errno;
	freeaddrinfo(info);
	if (rc == 0) {
		*out = fd;
		return 0;
	}
	if (fd >= 0)
		close(fd);
	return err_sys(err, ERR_LOCAL, saved, "cannot listen on %s", listen_on);
}

/* Make the name free: absent, or a socket that refuses connections. */
static int clear_stale(const struct sockaddr_un *address, struct err *err)
{
	const char *path = address->sun_path;
	struct stat st;
	if (lstat(path, &st))
		return errno == ENOENT ? 0
				       : err_sys(err, ERR_LOCAL, errno,
						 "cannot listen on unix:%s", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, ERR_EXISTS,
			"cannot listen on unix:%s: the file exists and is not a socket",
			path);
	int fd = new_socket(AF_UNIX);
	if (fd < 0)
		return err_sys(err, ERR_LOCAL, errno, "cannot make a socket");
	int rc = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	int saved = errno;
	close(fd);
	if (rc == 0 || saved != ECONNREFUSED)
		return err_set(err, ERR_EXISTS,
			"cannot listen on unix:%s: another process serves it", path);
	if (unlink(path) && errno != ENOENT)
		return err_sys(err, ERR_LOCAL, errno,
			"cannot replace the stale socket %s", path);
	return 0;
}

static int listen_unix(struct http_listener *listener, const char *path, unsigned mode,
	struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;
	if (path[0] != '/' || strlen(path) >= sizeof(address.sun_path))
		return err_set(err, ERR_INPUT,
			"cannot listen on \"unix:%s\": the path must be absolute and "
			"shorter than %zu bytes",
			path, sizeof(address.sun_path));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	int rc = clear_stale(&address, err);
	if (rc)
		return rc;
	int fd = new_socket(AF_UNIX);
	bool bound =
		fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	/* Nobody can connect before listen(), so the rights are right from the start.
	 */
	if (bound && chmod(path, mode) == 0 && lstat(path, &st) == 0 &&
		listen(fd, BACKLOG) == 0) {
		snprintf(listener->path, sizeof(listener->path), "%s", path);
		listener->dev = st.st_dev;
		listener->ino = st.st_ino;
		listener->fd = fd;
		return 0;
	}
	err_sys(err, ERR_LOCAL, errno, "cannot listen on unix:%s", path);
	if (bound)
		unlink(path);
	if (fd >= 0)
		close(fd);
	return -ERR_LOCAL;
}

/* The address as bound, in the form that "listen" takes. */
static int describe(struct http_listener *listener, struct err *err)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un local;
	} name = { 0 };
	socklen_t size = sizeof(name);
	char *text = listener->address, ip[INET6_ADDRSTRLEN] = "";
	const size_t room = sizeof(listener->address);

	if (getsockname(listener->fd, &name.any, &size))
		return err_sys(err, ERR_LOCAL, errno, "cannot tell a socket's name");
	if (name.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &name.v4.sin_addr, ip, sizeof(ip));
		snprintf(text, room, "%s:%d", ip, ntohs(name.v4.sin_port));
	} else if (name.any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &name.v6.sin6_addr, ip, sizeof(ip));
		snprintf(text, room, "[%s]:%d", ip, ntohs(name.v6.sin6_port));
	} else {
		snprintf(text, room, "unix:%.*s", (int)sizeof(name.local.sun_path),
			name.local.sun_path); /* a full one has no NUL */
	}
	return 0;
}

int http_listener_open(struct http_listener *listener, const char *listen,
	unsigned unix_mode, struct err *err)
{
	int rc;
	memset(listener, 0, sizeof(*listener));
	if (strncmp(listen, "unix:", 5) == 0)
		rc = listen_unix(listener, listen + 5, unix_mode, err);
	else
		rc = listen_tcp(listen, &listener->fd, err);
	if (rc == 0 && (rc = describe(listener, err)) != 0) {
		http_listener_unlink(listener);
		close(listener->fd);
	}
	return rc;
}

int http_listener_adopt(struct http_listener *listener, int fd, struct err *err)
{
	int listens = 0;
	socklen_t size = sizeof(listens);
	memset(listener, 0, sizeof(*listener));
	listener->fd = fd;
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) || !listens)
		return err_set(err, ERR_INPUT,
			"descriptor %d was handed over but is no listening socket", fd);
	return describe(listener, err);
}

void http_listener_unlink(const struct http_listener *listener)
{
	struct stat st;
	if (listener->path[0] && lstat(listener->path, &st) == 0 &&
		st.st_dev == listener->dev && st.st_ino == listener->ino)
		unlink(listener->path);
}
