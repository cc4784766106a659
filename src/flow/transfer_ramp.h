/*
 * How many connections one file is worth. Pure: figures in, a number out.
 *
 * It begins with one. Behind a long round trip a connection is held back by its window
 * whatever the line could do, so there all that may be are opened as soon as the first
 * has answered. Elsewhere their number is doubled as long as that raises the
 * throughput, this end has time to spare, and enough is left to be worth it. What a
 * server sends at the very first (a burst it allows before its limit counts) is left
 * out of each measurement; and where after it next to nothing comes, the server paces
 * each connection: then all that may be are worth it, and the sooner they begin the
 * better.
 */
#ifndef VODKEEP_FLOW_TRANSFER_RAMP_H
#define VODKEEP_FLOW_TRANSFER_RAMP_H

#include <stdbool.h>
#include <stdint.h>

struct ramp {
	int want;          /* connections, at present */
	int most;          /* … that the server and the settings allow */
	bool settled;      /* more would not help */
	uint64_t began_ms; /* the first answer */
	uint64_t from_ms;  /* the measurement's beginning; 0: none is under way */
	bool measuring;    /* it has begun */
	int64_t from_bytes;
	double from_idle_s;
	double rate; /* of the measurement before, with fewer; bytes/s, 0 none */
};

struct ramp_view {
	uint64_t now_ms;
	int calls;     /* answered ones */
	int64_t bytes; /* received so far, by all of them */
	int64_t left;  /* still missing */
	double idle_s; /* how long this end has had nothing to do, ever */
};

void ramp_init(struct ramp *ramp, int most);
/* A call was answered, @after_ms after it was made: measure anew. */
void ramp_answered(struct ramp *ramp, uint64_t now_ms, uint64_t after_ms);
/* The server refuses more than @calls at once. */
void ramp_refused(struct ramp *ramp, int calls);
/* How many are wanted now. */
int ramp_want(struct ramp *ramp, const struct ramp_view *view);

#endif
