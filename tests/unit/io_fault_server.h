/*
 * An HTTP server with faults, on the test's own loop: for each path a text to send, and
 * what to do after it. It understands just enough of requests to find their end.
 */
#ifndef VODKEEP_TESTS_IO_FAULT_SERVER_H
#define VODKEEP_TESTS_IO_FAULT_SERVER_H

#include <stddef.h>
#include <uv.h>

enum fault_then {
	FAULT_KEEP,    /* wait for the next request */
	FAULT_CLOSE,   /* orderly */
	FAULT_RESET,   /* RST */
	FAULT_STALL,   /* stay silent */
	FAULT_TRICKLE, /* a byte every 20 ms */
	FAULT_DELAY    /* send only after 50 ms, then keep */
};

struct fault_answer {
	const char *path; /* up to "?" or space */
	const char *text;
	enum fault_then then;
	size_t len; /* of text; 0: strlen() */
};

struct fault_peer;

struct fault_server {
	uv_tcp_t listener;
	uv_loop_t *loop;
	const struct fault_answer *answers; /* until a NULL path */
	struct fault_peer *peers;
	int port;
	int connections, requests, busy, most_busy;
	char last[8192]; /* the last request, whole */
};

void fault_server_open(struct fault_server *server, uv_loop_t *loop,
	const struct fault_answer *answers);
/* Closes all; the loop has to run for it. */
void fault_server_close(struct fault_server *server);

#endif
