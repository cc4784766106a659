/*
 * A plain table: it is walked only when somebody logs in, which costs far more. An
 * address that has not failed for the longest wait is forgotten.
 */
#include <config.h>

#include "admin/throttle.h"

#include <stdio.h>
#include <string.h>

static int64_t wait_of(unsigned failures)
{
	int64_t wait = THROTTLE_MIN_MS;

	if (failures < THROTTLE_FREE)
		return 0;
	for (; failures > THROTTLE_FREE && wait < THROTTLE_MAX_MS; failures--)
		wait *= 2;
	return wait < THROTTLE_MAX_MS ? wait : THROTTLE_MAX_MS;
}

static int find(const struct throttle *throttle, const char *address)
{
	for (int i = 0; i < THROTTLE_ADDRESSES; i++)
		if (strcmp(throttle->entries[i].address, address) == 0)
			return i;
	return -1;
}

int64_t throttle_wait_ms(
	const struct throttle *throttle, const char *address, int64_t now_ms)
{
	int i = find(throttle, address);
	int64_t until;

	if (i < 0)
		return 0;
	until = throttle->entries[i].last_ms + wait_of(throttle->entries[i].failures);
	return until > now_ms ? until - now_ms : 0;
}

/* The entry of @address: a new one takes the place of the one that failed first. */
static struct throttle_entry *entry_of(struct throttle *throttle, const char *address)
{
	struct throttle_entry *oldest = &throttle->entries[0];
	int i = find(throttle, address);

	if (i >= 0)
		return &throttle->entries[i];
	for (i = 0; i < THROTTLE_ADDRESSES; i++)
		if (throttle->entries[i].last_ms < oldest->last_ms)
			oldest = &throttle->entries[i];
	memset(oldest, 0, sizeof(*oldest));
	snprintf(oldest->address, sizeof(oldest->address), "%s", address);
	return oldest;
}

void throttle_failed(struct throttle *throttle, const char *address, int64_t now_ms)
{
	struct throttle_entry *entry = entry_of(throttle, address);

	if (now_ms - entry->last_ms > 2 * (int64_t)THROTTLE_MAX_MS)
		entry->failures = 0;
	entry->failures++;
	entry->last_ms = now_ms;
}

void throttle_succeeded(struct throttle *throttle, const char *address)
{
	int i = find(throttle, address);

	if (i >= 0)
		memset(&throttle->entries[i], 0, sizeof(throttle->entries[i]));
}
