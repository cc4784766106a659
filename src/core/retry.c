/*
 * Retry delays and the outcome table (DESIGN §4.8). Holds no timers and no state.
 */
#include <config.h>

#include "core/retry.h"

#define DAY_MS           (INT64_C(24) * 3600 * 1000)
#define SCHEDULE_MOST_MS (INT64_C(5) * 60 * 1000)
#define NS_IN_MS         INT64_C(1000000)

static const enum retry_kind retry_kinds[ERR_CLASSES] = {
	[ERR_NONE] = RETRY_NEVER,
	[ERR_TRANSIENT] = RETRY_BACKOFF,
	[ERR_STALE] = RETRY_NOW,
	[ERR_NOT_YET] = RETRY_SCHEDULE,
	[ERR_PERMANENT] = RETRY_NEVER,
	[ERR_LOCAL] = RETRY_WHEN_WELL,
	[ERR_NO_ROOM] = RETRY_WHEN_WELL,
	[ERR_CANCELLED] = RETRY_NEVER,
	[ERR_AUTH] = RETRY_WHEN_WELL,
	[ERR_INPUT] = RETRY_NEVER,
	[ERR_NOT_FOUND] = RETRY_NEVER,
	[ERR_EXISTS] = RETRY_NOW,
};

enum retry_kind retry_kind_of(enum err_class class)
{
	return retry_kinds[class];
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
	if (value < low)
		return low;
	return value > high ? high : value;
}

int64_t retry_backoff_ms(const struct retry_limits *limits, int attempt,
	int64_t asked_ms, uint64_t random)
{
	int64_t low = limits->min_ms / 2;
	int64_t ceiling = limits->min_ms;
	int64_t delay;

	for (int i = 0; i < attempt && ceiling < limits->max_ms; i++)
		ceiling *= 2;
	ceiling = clamp(ceiling, 1, limits->max_ms);
	low = clamp(low, 0, ceiling);
	delay = low + (int64_t)(random % (uint64_t)(ceiling - low + 1));
	asked_ms = clamp(asked_ms, 0, DAY_MS);
	return delay < asked_ms ? asked_ms : delay;
}

int64_t retry_schedule_ms(const struct retry_limits *limits, int64_t waited_ms)
{
	int64_t most =
		limits->max_ms < SCHEDULE_MOST_MS ? limits->max_ms : SCHEDULE_MOST_MS;

	return clamp(
		waited_ms / 4, limits->min_ms < most ? limits->min_ms : most, most);
}

bool retry_given_up(const struct retry_limits *limits, int64_t since_ns, int64_t now_ns)
{
	return since_ns > 0 && (now_ns - since_ns) / NS_IN_MS > limits->for_ms;
}
