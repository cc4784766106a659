/*
 * The protocols of sd_notify(3), sd_watchdog_enabled(3) and sd_listen_fds(3), which are
 * a few environment variables and a datagram: not worth a library. Reads the
 * environment, which nothing else below main does, because the environment is the
 * protocol.
 */
#include <config.h>

#include "io/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_FDS_FIRST 3
#define LISTEN_FDS_MAX   64

/* A path, or "@name" for an abstract socket. */
static bool notify_address(struct sockaddr_un *address, socklen_t *size)
{
	const char *name = getenv("NOTIFY_SOCKET");
	if (!name || (name[0] != '/' && name[0] != '@') || !name[1])
		return false;
	size_t len = strlen(name);
	if (len >= sizeof(address->sun_path))
		return false;
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, name, len);
	bool abstract = name[0] == '@';
	if (abstract)
		address->sun_path[0] = '\0';
	*size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + !abstract);
	return true;
}

void systemd_notify(const char *state)
{
	struct sockaddr_un address;
	socklen_t size;
	if (!notify_address(&address, &size))
		return;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	ssize_t sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL,
		(struct sockaddr *)&address, size);
	(void)sent;
	close(fd);
}

/* The variable as a positive number, or -1. */
static int64_t env_number(const char *name)
{
	const char *text = getenv(name);
	char *end;
	if (!text || text[0] < '0' || text[0] > '9')
		return -1;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	return errno || *end ? -1 : value;
}

/* A variable that names a process is meant for that process only. */
static bool meant_for_us(const char *name)
{
	return env_number(name) == getpid();
}

int64_t systemd_watchdog_ms(void)
{
	int64_t usec = env_number("WATCHDOG_USEC");
	if (usec <= 0 || (getenv("WATCHDOG_PID") && !meant_for_us("WATCHDOG_PID")))
		return 0;
	int64_t half_ms = usec / 2000;
	return half_ms > 0 ? half_ms : 1;
}

static bool set_cloexec(int fd)
{
	int flags = fcntl(fd, F_GETFD);
	return flags >= 0 && fcntl(fd, F_SETFD, flags | FD_CLOEXEC) == 0;
}

int systemd_listen_fds(void)
{
	int64_t count = meant_for_us("LISTEN_PID") ? env_number("LISTEN_FDS") : 0;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (count <= 0 || count > LISTEN_FDS_MAX)
		return 0;
	for (int i = 0; i < count; i++)
		if (!set_cloexec(LISTEN_FDS_FIRST + i))
			return 0;
	return (int)count;
}
