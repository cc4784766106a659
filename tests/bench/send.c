/*
 * Sends signed deliveries, each exactly once, as fast as they are answered: a thread
 *for each keep-alive connection, the next line of the file to whoever is free.
 *
 *	send FILE ADDRESS PORT PATH CONNECTIONS
 *
 * A line of FILE is the FastPix-Signature, a tab, and the body. Fails unless every
 * delivery was answered 200.
 */
#include <config.h>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define ANSWER_MAX      4096

struct request {
	char *text;
	size_t len;
};

static struct request *requests;
static size_t n_requests;
static atomic_size_t next_request, n_refused;
static struct sockaddr_in address = { .sin_family = AF_INET };

static void add_request(const char *path, char *line, size_t len)
{
	char *tab = memchr(line, '\t', len);

	if (!tab)
		return;
	*tab = '\0';
	size_t body = len - (size_t)(tab + 1 - line);
	size_t room = len + strlen(path) + 200;
	char *text = malloc(room);
	requests = realloc(requests, (n_requests + 1) * sizeof(*requests));
	if (!text || !requests)
		abort();
	int head = snprintf(text, room,
		"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
		"FastPix-Signature: %s\r\nContent-Length: %zu\r\n\r\n",
		path, line, body);
	memcpy(text + head, tab + 1, body);
	requests[n_requests++] =
		(struct request){ .text = text, .len = (size_t)head + body };
}

static int read_requests(const char *file, const char *path)
{
	FILE *in = fopen(file, "re");
	size_t room = 0;
	char *line = NULL;
	ssize_t len;

	if (!in)
		return -1;
	while ((len = getline(&line, &room, in)) > 0) {
		if (line[len - 1] == '\n')
			len--;
		add_request(path, line, (size_t)len);
	}
	free(line);
	fclose(in);
	return 0;
}

static bool send_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* Read one answer to its end; its status, or -1. */
static int read_answer(int fd)
{
	char text[ANSWER_MAX + 1];
	size_t have = 0;

	for (;;) {
		ssize_t n = recv(fd, text + have, ANSWER_MAX - have, 0);
		if (n <= 0)
			return -1;
		have += (size_t)n;
		text[have] = '\0';
		const char *end = strstr(text, "\r\n\r\n");
		if (!end)
			continue;
		const char *length = strcasestr(text, "\r\nContent-Length:");
		size_t body =
			length && length < end ? strtoul(length + 17, NULL, 10) : 0;
		if (have >= (size_t)(end + 4 - text) + body)
			return (int)strtol(text + sizeof("HTTP/1.1"), NULL, 10);
	}
}

static void *send_some(void *arg)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	bool works = fd >= 0 &&
		     connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

	(void)arg;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	for (;;) {
		size_t i = atomic_fetch_add(&next_request, 1);
		if (i >= n_requests)
			break;
		works = works && send_all(fd, requests[i].text, requests[i].len);
		if (!works || read_answer(fd) != 200)
			atomic_fetch_add(&n_refused, 1);
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[CONNECTIONS_MAX];

	if (argc != 6) {
		fprintf(stderr, "usage: send FILE ADDRESS PORT PATH CONNECTIONS\n");
		return 2;
	}
	int n = atoi(argv[5]);
	address.sin_port = htons((uint16_t)atoi(argv[3]));
	if (n < 1 || n > CONNECTIONS_MAX ||
		inet_pton(AF_INET, argv[2], &address.sin_addr) != 1 ||
		read_requests(argv[1], argv[4])) {
		fprintf(stderr,
			"send: a number of connections up to %d, an IPv4 "
			"address and a file that can be read are needed\n",
			CONNECTIONS_MAX);
		return 2;
	}
	for (int i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, send_some, NULL))
			abort();
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	if (n_refused)
		fprintf(stderr, "send: %zu of %zu deliveries were not answered 200\n",
			(size_t)n_refused, n_requests);
	return n_refused != 0;
}
