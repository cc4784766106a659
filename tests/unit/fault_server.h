/*
 * A small HTTP server with scripted sins, on the test's own loop. It serves one file
 * with ranges and validators as it should, except for what the script says.
 */
#ifndef VODKEEP_TESTS_FAULT_SERVER_H
#define VODKEEP_TESTS_FAULT_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct fault_script {
	const void *body;
	size_t len;
	const char *etag;          /* NULL: none */
	const char *last_modified; /* NULL: none */
	int status;                /* not 0: this, with body, whatever was asked */
	const char *headers;       /* more lines, each with CRLF; NULL none */
	bool no_length;            /* the body ends with the connection */
	bool ignore_range;
	bool ignore_if_range; /* 206 though the validator is another */
	int range_shift;      /* Content-Range is off by so much */
	int total_shift;
	size_t cut_after;   /* not 0: the connection closes after so much body */
	size_t stall_after; /* not 0: nothing more comes after so much */
	bool stalls_first;  /* … and that is the first answer's only */
	int latency_ms;     /* before each answer */
	int later_ms;       /* … but the first */
	size_t rate;        /* not 0: bytes of body a second, for each connection */
	size_t first_rate;  /* not 0: of the first connection */
	int most;           /* not 0: of more answers at once the rest gets … */
	int answers;        /* not 0: after so many all get … */
	int refusal;        /* … this status */
	int changes_after;  /* not 0: after so many answers it is "another" file */
};

struct fault_server {
	struct fault_script script;
	int requests;
	int serving, peak;             /* answers under way; the most there ever were */
	char range[64], if_range[128]; /* of the last request */
	char url[128];                 /* of the file, with a secret query */
	uv_loop_t *loop;
	uv_tcp_t listener;
	struct fault_client *clients;
};

void fault_server_open(struct fault_server *server, uv_loop_t *loop);
void fault_server_close(struct fault_server *server);

#endif
