/*
 * The breaker's moves. It knows neither hosts nor clocks.
 */
#include <config.h>

#include "core/breaker.h"

#include <string.h>

enum breaker_pass breaker_look(const struct breaker *breaker, int64_t now_ms)
{
	switch (breaker->state) {
	case BREAKER_CLOSED:
		return BREAKER_GO;
	case BREAKER_OPEN:
		return now_ms >= breaker->again_ms ? BREAKER_PROBE : BREAKER_WAIT;
	case BREAKER_PROBING:
		break;
	}
	return BREAKER_WAIT;
}

enum breaker_pass breaker_begin(struct breaker *breaker, int64_t now_ms)
{
	enum breaker_pass pass = breaker_look(breaker, now_ms);

	if (pass == BREAKER_PROBE)
		breaker->state = BREAKER_PROBING;
	return pass;
}

bool breaker_answered(struct breaker *breaker)
{
	bool closes = breaker->state != BREAKER_CLOSED;

	memset(breaker, 0, sizeof(*breaker));
	return closes;
}

/* Between half of the ceiling and the ceiling, which doubles each time. */
static int64_t next_delay(const struct breaker *breaker,
	const struct breaker_limits *limits, uint64_t random)
{
	int64_t ceiling = limits->min_ms > 0 ? limits->min_ms : 1;

	for (int i = 0; i < breaker->opened && ceiling < limits->max_ms; i++)
		ceiling *= 2;
	if (ceiling > limits->max_ms)
		ceiling = limits->max_ms > 0 ? limits->max_ms : 1;
	return ceiling / 2 + (int64_t)(random % (uint64_t)(ceiling - ceiling / 2 + 1));
}

static void open_breaker(struct breaker *breaker, const struct breaker_limits *limits,
	int64_t now_ms, uint64_t random)
{
	breaker->opened++;
	breaker->delay_ms = next_delay(breaker, limits, random);
	breaker->again_ms = now_ms + breaker->delay_ms;
	breaker->state = BREAKER_OPEN;
}

static void count_failure(struct breaker *breaker, uint64_t subject, bool silent)
{
	if (breaker->failures == 0) {
		breaker->subject = subject;
		breaker->others = false;
		breaker->silent = true;
	}
	breaker->failures++;
	breaker->others |= subject != breaker->subject;
	breaker->silent &= silent;
}

bool breaker_failed(struct breaker *breaker, enum breaker_pass pass, uint64_t subject,
	bool silent, const struct breaker_limits *limits, int64_t now_ms,
	uint64_t random)
{
	if (breaker->state == BREAKER_PROBING && pass == BREAKER_PROBE) {
		open_breaker(breaker, limits, now_ms, random);
		return true;
	}
	if (breaker->state != BREAKER_CLOSED)
		return false;
	count_failure(breaker, subject, silent);
	if (breaker->failures < BREAKER_FAILURES ||
		!(breaker->silent || breaker->others))
		return false;
	open_breaker(breaker, limits, now_ms, random);
	return true;
}

void breaker_postponed(struct breaker *breaker, enum breaker_pass pass, int64_t wait_ms,
	int64_t now_ms)
{
	if (breaker->state != BREAKER_PROBING || pass != BREAKER_PROBE)
		return;
	breaker->state = BREAKER_OPEN;
	breaker->delay_ms = wait_ms;
	breaker->again_ms = now_ms + wait_ms;
}

void breaker_dropped(struct breaker *breaker, enum breaker_pass pass)
{
	if (breaker->state == BREAKER_PROBING && pass == BREAKER_PROBE)
		breaker->state = BREAKER_OPEN;
}

void breaker_hurry(struct breaker *breaker, int64_t now_ms)
{
	if (breaker->state == BREAKER_OPEN && breaker->again_ms > now_ms)
		breaker->again_ms = now_ms;
}
