/*
 * A circuit breaker: whether a host that keeps failing is to be left alone. Pure; times
 * are monotonic milliseconds, the randomness is a parameter.
 *
 *   closed ── failures in a row ──► open ── delay over ──► (one probe) ── answers ──►
 * closed ▲                         │ └──── fails: longer ──────┘
 *
 * Nobody answering at all is the host's own failure. A bad answer (5xx, a cut) may be
 * the trouble of one file, so such failures open it only when more than one subject met
 * them. Requests that began before it opened may still come back: their failure changes
 * nothing, their answer closes it.
 */
#ifndef VODKEEP_CORE_BREAKER_H
#define VODKEEP_CORE_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define BREAKER_FAILURES 3

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_PROBING };

struct breaker_limits {
	int64_t min_ms, max_ms; /* of the delay, which doubles */
};

struct breaker {
	enum breaker_state state;
	int failures;     /* in a row, while closed */
	int opened;       /* times in a row without an answer between */
	uint64_t subject; /* that met the first of these failures */
	bool others;      /* … and another one met one too */
	bool silent;      /* nobody answered any of them */
	int64_t again_ms; /* open: when a probe may be sent */
	int64_t delay_ms; /* open: how long it waits this time */
};

/* What a request may do. */
enum breaker_pass {
	BREAKER_GO,
	BREAKER_PROBE, /* go, and the answer decides: tell it with this pass */
	BREAKER_WAIT,
};
/* The pass a request would be given now; changes nothing. */
enum breaker_pass breaker_look(const struct breaker *breaker, int64_t now_ms);
/* A request begins, unless it gets BREAKER_WAIT. Whoever gets BREAKER_PROBE tells how
 * it ended by one of those below. */
enum breaker_pass breaker_begin(struct breaker *breaker, int64_t now_ms);
/* It answered. True when that closes the breaker. */
bool breaker_answered(struct breaker *breaker);
/* It failed. @subject: what was asked for; @silent: nobody answered. True when the
 * breaker opens, or stays open for longer. */
bool breaker_failed(struct breaker *breaker, enum breaker_pass pass, uint64_t subject,
	bool silent, const struct breaker_limits *limits, int64_t now_ms,
	uint64_t random);
/* The probe asked for a pause (Retry-After): open for so long, and no longer next time.
 */
void breaker_postponed(struct breaker *breaker, enum breaker_pass pass, int64_t wait_ms,
	int64_t now_ms);
/* The probe ended without saying anything of the host: another may be sent. */
void breaker_dropped(struct breaker *breaker, enum breaker_pass pass);
/* A probe may be sent at once. */
void breaker_hurry(struct breaker *breaker, int64_t now_ms);

#endif
