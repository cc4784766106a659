/*
 * A link with a round trip: two TUN devices, one in each of two network namespaces, and
 * this program between them, which holds every packet for a while. It stands in for
 * netem, which many kernels lack. Needs root.
 *
 *	delay_link NAMESPACE-A NAMESPACE-B DEVICE DELAY-US
 *
 * Makes DEVICE in both, prints "ready", and relays until it is killed. Each direction
 * delays by DELAY-US, so the round trip is twice that.
 */
#define _GNU_SOURCE
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define PACKET_MAX 9216
#define HELD_MAX   8192 /* packets; what comes on top waits in the device */
#define NS_PER_S   1000000000LL

struct packet {
	int64_t due_ns;
	ssize_t len;
	char data[PACKET_MAX];
};

struct direction {
	int in, out;
	int64_t delay_ns;
	struct packet *held;
	size_t first, end; /* counts; the place is the remainder */
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* This thread moves into the namespace; the device stays there. */
static int open_device(const char *namespace, const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	char path[128];

	snprintf(path, sizeof(path), "/var/run/netns/%s", namespace);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	int space = open(path, O_RDONLY | O_CLOEXEC);
	if (space < 0 || setns(space, CLONE_NEWNET)) {
		fprintf(stderr, "delay_link: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	close(space);
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request)) {
		fprintf(stderr, "delay_link: a TUN device: %s\n", strerror(errno));
		exit(1);
	}
	return fd;
}

static void deliver(struct direction *way)
{
	int64_t now = now_ns();

	while (way->first != way->end) {
		struct packet *packet = &way->held[way->first % HELD_MAX];
		if (packet->due_ns > now)
			return;
		if (write(way->out, packet->data, (size_t)packet->len) < 0 &&
			errno == EAGAIN)
			return;
		way->first++;
	}
}

/* Take what is there; whether there was any. */
static int collect(struct direction *way)
{
	size_t before = way->end;

	while (way->end - way->first < HELD_MAX && way->end - before < 64) {
		struct packet *packet = &way->held[way->end % HELD_MAX];
		packet->len = read(way->in, packet->data, PACKET_MAX);
		if (packet->len <= 0)
			break;
		packet->due_ns = now_ns() + way->delay_ns;
		way->end++;
	}
	return way->end != before;
}

static void wait_for_more(const struct direction *way)
{
	struct pollfd in = { .fd = way->in, .events = POLLIN };
	struct timespec rest;
	int room = way->end - way->first < HELD_MAX;

	if (way->first == way->end) {
		ppoll(&in, 1, NULL, NULL);
		return;
	}
	int64_t left = way->held[way->first % HELD_MAX].due_ns - now_ns();
	if (left <= 0)
		return;
	rest = (struct timespec){ .tv_sec = left / NS_PER_S,
		.tv_nsec = left % NS_PER_S };
	ppoll(&in, room ? 1 : 0, &rest, NULL);
}

static void *relay(void *arg)
{
	struct direction *way = arg;

	way->held = calloc(HELD_MAX, sizeof(*way->held));
	if (!way->held)
		abort();
	for (;;) {
		deliver(way);
		if (!collect(way))
			wait_for_more(way);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc != 5) {
		fprintf(stderr, "usage: delay_link NAMESPACE-A NAMESPACE-B DEVICE "
				"DELAY-US\n");
		return 2;
	}
	int a = open_device(argv[1], argv[3]), b = open_device(argv[2], argv[3]);
	int64_t delay_ns = strtoll(argv[4], NULL, 10) * 1000;
	struct direction there = { .in = a, .out = b, .delay_ns = delay_ns };
	struct direction back = { .in = b, .out = a, .delay_ns = delay_ns };
	printf("ready\n");
	fflush(stdout);
	if (pthread_create(&thread, NULL, relay, &there))
		abort();
	relay(&back);
	return 0;
}
