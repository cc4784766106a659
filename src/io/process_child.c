/*
 * Between fork and exec. libuv's uv_spawn() has no place for setrlimit(2), and limits
 * set from outside (prlimit(2) on the pid) come when the program is already running; a
 * launcher that sets its own limits and executes the next would be one exec more, and
 * would have to be found and trusted. So the fork is made here, as uv_spawn() makes it:
 * all signals blocked around it, because libuv's handlers would write to the agent's
 * pipes from the child, and in the child nothing but calls that are safe after a fork
 * of a program with threads. Everything that allocates is done before.
 */
#include <config.h>

#include "io/process_priv.h"

#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What select(2) can count; the agent itself may hold more. */
#define CHILD_DESCRIPTORS 1024
#define STATUS_FD         3

static const char *const inherited[] = { "PATH", "LANG", "LC_ALL", "TZ" };

static bool names(const char *entry, const char *name, size_t len)
{
	return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

static bool is_inherited(const char *entry)
{
	for (size_t i = 0; i < sizeof(inherited) / sizeof(*inherited); i++)
		if (names(entry, inherited[i], strlen(inherited[i])))
			return true;
	return false;
}

/* What is given stands in for what would be inherited. */
static bool is_given(const struct process_options *options, const char *entry)
{
	const char *const *env = options->env;
	for (size_t i = 0; env && env[i]; i++)
		if (names(entry, env[i], strcspn(env[i], "=")))
			return true;
	return false;
}

static size_t count(const char *const *list)
{
	size_t n = 0;
	while (list && list[n])
		n++;
	return n;
}

const char **child_environment(const struct process_options *options)
{
	size_t given = count(options->env), n = 0;
	const char **envp = mem_array(
		count((const char *const *)environ) + given + 1, sizeof(*envp));
	for (size_t i = 0; i < given; i++)
		envp[n++] = options->env[i];
	for (char **at = environ; at && *at; at++)
		if ((options->inherit_env || is_inherited(*at)) &&
			!is_given(options, *at))
			envp[n++] = *at;
	return envp;
}

/* prlimit(2), because the sandbox of the service forbids setrlimit(2). */
static int set_limit(int resource, int64_t soft, int64_t hard)
{
	struct rlimit limit;
	if (prlimit(0, (__rlimit_resource_t)resource, NULL, &limit) != 0)
		return -1;
	if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > (rlim_t)hard)
		limit.rlim_max = (rlim_t)hard;
	limit.rlim_cur = (rlim_t)soft;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	return prlimit(0, (__rlimit_resource_t)resource, &limit, NULL);
}

static int set_limits(const struct process_options *options)
{
	int64_t memory = options->max_memory, file = options->max_file_size;
	int64_t cpu = options->max_cpu_s;
	int failed = set_limit(RLIMIT_CORE, 0, 0);
	failed |= set_limit(RLIMIT_NOFILE, CHILD_DESCRIPTORS, INT64_MAX);
	if (memory)
		failed |= set_limit(RLIMIT_AS, memory, memory);
	if (file)
		failed |= set_limit(RLIMIT_FSIZE, file, file);
	if (cpu) /* SIGXCPU first, which has a name; a second later SIGKILL */
		failed |= set_limit(RLIMIT_CPU, cpu, cpu + 1);
	return failed;
}

/* Wishes, not limits: a kernel without them runs the program all the same. */
static void set_priorities(const struct process_options *options)
{
	if (options->nice)
		(void)nice(options->nice);
	if (options->idle_io)
		(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
			IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
}

static void reset_signals(void)
{
	struct sigaction action;
	sigset_t none;
	memset(&action, 0, sizeof(action));
	action.sa_handler = SIG_DFL;
	for (int i = 1; i < NSIG; i++)
		sigaction(i, &action, NULL); /* fails for SIGKILL and the like */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_descriptors(const struct child_fds *fds)
{
	if (dup2(fds->in, 0) < 0 || dup2(fds->out, 1) < 0 || dup2(fds->err, 2) < 0 ||
		dup3(fds->status, STATUS_FD, O_CLOEXEC) < 0)
		return -1;
	closefrom(STATUS_FD + 1);
	return 0;
}

/* As execve(2) declares them; it does not write there. */
static char *const *writable(const char *const *list)
{
	return (char *const *)(uintptr_t)list;
}

static void child_main(const char *path, const struct process_options *options,
	const char *const *envp, const struct child_fds *fds, pid_t agent)
	__attribute__((noreturn));

static void child_main(const char *path, const struct process_options *options,
	const char *const *envp, const struct child_fds *fds, pid_t agent)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != agent) /* it died before the line above */
		_exit(127);
	if (set_descriptors(fds) == 0 && set_limits(options) == 0 &&
		chdir(options->directory ? options->directory : "/") == 0) {
		set_priorities(options);
		reset_signals();
		execve(path, writable(options->argv), writable(envp));
	}
	int why = errno;
	ssize_t told = write(STATUS_FD, &why, sizeof(why));
	(void)told;
	_exit(127);
}

pid_t child_fork(const char *path, const struct process_options *options,
	const char *const *envp, const struct child_fds *fds)
{
	sigset_t all, before;
	pid_t agent = getpid();
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	pid_t pid = fork();
	if (pid == 0)
		child_main(path, options, envp, fds, agent);
	int why = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (pid > 0)
		setpgid(pid, pid); /* whoever is first; both make sure */
	errno = why;
	return pid;
}
