/*
 * The service manager's protocols, played by the test: a datagram socket by path and by
 * abstract name, and descriptors handed over.
 */
#include <config.h>

#include "unit.h"

#include "io/systemd.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int manager(const char *path, size_t len)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	memcpy(name.sun_path, path, len);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, size), 0);
	return fd;
}

static void assert_heard(int fd, const char *text)
{
	char got[256];
	ssize_t n = recv(fd, got, sizeof(got), MSG_DONTWAIT);
	assert_int_equal(n, strlen(text));
	assert_memory_equal(got, text, (size_t)n);
}

static void test_notify_path(void **state)
{
	char dir[] = "/tmp/vodkeep-test-XXXXXX", path[64];
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/notify", dir);
	int fd = manager(path, strlen(path) + 1);
	setenv("NOTIFY_SOCKET", path, 1);
	systemd_notify("READY=1");
	systemd_notify("STATUS=two\nlines");
	assert_heard(fd, "READY=1");
	assert_heard(fd, "STATUS=two\nlines");
	close(fd);
	unlink(path);
	systemd_notify("WATCHDOG=1"); /* nobody there any more */
	rmdir(dir);
}

static void test_notify_abstract(void **state)
{
	char name[64];
	(void)state;
	int len = snprintf(name, sizeof(name), "@vodkeep-test-%d", (int)getpid());
	setenv("NOTIFY_SOCKET", name, 1);
	name[0] = '\0';
	int fd = manager(name, (size_t)len);
	systemd_notify("READY=1");
	assert_heard(fd, "READY=1");
	close(fd);
}

static void test_notify_nowhere(void **state)
{
	static const char *const names[] = { "", "relative", "@", "/", "vsock:1:2" };
	char large[300];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		systemd_notify("READY=1");
	}
	memset(large, 'x', sizeof(large));
	large[0] = '/';
	large[sizeof(large) - 1] = '\0';
	setenv("NOTIFY_SOCKET", large, 1);
	systemd_notify("READY=1");
	unsetenv("NOTIFY_SOCKET");
	systemd_notify("READY=1");
}

static void test_watchdog(void **state)
{
	char pid[16];
	(void)state;
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	assert_int_equal(systemd_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(systemd_watchdog_ms(), 15000);
	setenv("WATCHDOG_USEC", "10", 1);
	assert_int_equal(systemd_watchdog_ms(), 1);
	static const char *const bad[] = { "", "0", "-5", "x", "10x",
		"99999999999999999999999" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		setenv("WATCHDOG_USEC", bad[i], 1);
		assert_int_equal(systemd_watchdog_ms(), 0);
	}
	setenv("WATCHDOG_USEC", "4000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(systemd_watchdog_ms(), 0);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(systemd_watchdog_ms(), 2);
}

/* In a child, whose descriptors 3 and 4 are ours to set. */
static int listen_in_child(const char *pid_text, const char *count)
{
	pid_t child = fork();
	if (child == 0) {
		char pid[16];
		snprintf(pid, sizeof(pid), "%d", (int)getpid());
		setenv("LISTEN_PID", pid_text ? pid_text : pid, 1);
		setenv("LISTEN_FDS", count, 1);
		setenv("LISTEN_FDNAMES", "a:b", 1);
		int n = systemd_listen_fds();
		for (int i = 0; i < n; i++)
			if (!(fcntl(3 + i, F_GETFD) & FD_CLOEXEC))
				_exit(100);
		if (getenv("LISTEN_PID") || getenv("LISTEN_FDS") ||
			getenv("LISTEN_FDNAMES") || systemd_listen_fds() != 0)
			_exit(101);
		_exit(n);
	}
	int status;
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

static void test_listen(void **state)
{
	(void)state;
	int null = open("/dev/null", O_RDONLY);
	for (int fd = 3; fd <= 4; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			assert_int_equal(dup2(null, fd), fd);
	assert_int_equal(listen_in_child(NULL, "2"), 2);
	assert_int_equal(listen_in_child(NULL, "1"), 1);
	assert_int_equal(listen_in_child("1", "2"), 0); /* another process's */
	assert_int_equal(listen_in_child(NULL, "0"), 0);
	assert_int_equal(listen_in_child(NULL, "-1"), 0);
	assert_int_equal(listen_in_child(NULL, "1000000"), 0);
	assert_int_equal(listen_in_child(NULL, "x"), 0);
	assert_int_equal(listen_in_child("", "2"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notify_path),
		cmocka_unit_test(test_notify_abstract),
		cmocka_unit_test(test_notify_nowhere),
		cmocka_unit_test(test_watchdog),
		cmocka_unit_test(test_listen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
