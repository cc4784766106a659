/*
 * Runs a command and writes what it cost: wall seconds, CPU seconds of user and system,
 * peak RSS in KiB of the largest process, exit status. A program of its own because the
 * kernel counts the memory of whoever forked as the child's until it execs: under
 * Python no peer would ever need less than Python.
 *
 *	meter FILE COMMAND [ARG…]
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;

	if (argc < 3) {
		fprintf(stderr, "usage: meter FILE COMMAND [ARG…]\n");
		return 2;
	}
	FILE *out = fopen(argv[1], "we");
	if (!out) {
		fprintf(stderr, "meter: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	double begun = now();
	pid_t pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		fprintf(stderr, "meter: %s: %s\n", argv[2], strerror(errno));
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		fprintf(stderr, "meter: %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	double wall = now() - begun;
	getrusage(RUSAGE_CHILDREN, &usage);
	fprintf(out, "%.6f %.6f %.6f %ld %d\n", wall, seconds(usage.ru_utime),
		seconds(usage.ru_stime), usage.ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return fclose(out) != 0;
}
