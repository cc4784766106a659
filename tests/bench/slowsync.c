/*
 * Preloaded: every fsync and fdatasync takes SLOWSYNC_US microseconds longer, as on a
 * disk without a fast write cache. No figure of vodkeep's may rest on a cheap fsync.
 * Not a test.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static void delay(void)
{
	const char *us = getenv("SLOWSYNC_US");

	usleep(us ? (useconds_t)atoi(us) : 5000);
}

int fsync(int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
	int r = real(fd);

	delay();
	return r;
}

int fdatasync(int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
	int r = real(fd);

	delay();
	return r;
}
