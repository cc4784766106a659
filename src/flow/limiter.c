/*
 * Token buckets in an open-addressed table; a full neighbourhood gives up its oldest
 * entry.
 */
#include <config.h>

#include "flow/limiter.h"

#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES 1024
#define PROBES  8

struct entry {
	char address[64];
	int64_t at_ms; /* when tokens was right */
	double tokens;
};

struct limiter {
	struct entry entries[ENTRIES];
};

struct limiter *limiter_new(void)
{
	return mem_alloc(sizeof(struct limiter));
}

void limiter_free(struct limiter *limiter)
{
	free(limiter);
}

static unsigned hash(const char *text)
{
	unsigned value = 2166136261u;

	while (*text)
		value = (value ^ (unsigned char)*text++) * 16777619u;
	return value;
}

static struct entry *entry_of(
	struct limiter *limiter, const char *address, int64_t now_ms)
{
	unsigned start = hash(address);
	struct entry *oldest = NULL;

	for (unsigned i = 0; i < PROBES; i++) {
		struct entry *entry = &limiter->entries[(start + i) % ENTRIES];

		if (strncmp(entry->address, address, sizeof(entry->address) - 1) == 0)
			return entry;
		if (!oldest || entry->at_ms < oldest->at_ms)
			oldest = entry;
	}
	snprintf(oldest->address, sizeof(oldest->address), "%s", address);
	oldest->tokens = LIMITER_BURST;
	oldest->at_ms = now_ms;
	return oldest;
}

bool limiter_allow(struct limiter *limiter, const char *address, int64_t now_ms)
{
	struct entry *entry = entry_of(limiter, address, now_ms);

	entry->tokens += (double)(now_ms - entry->at_ms) / LIMITER_REFILL_MS;
	if (entry->tokens > LIMITER_BURST)
		entry->tokens = LIMITER_BURST;
	entry->at_ms = now_ms;
	if (entry->tokens < 1)
		return false;
	entry->tokens -= 1;
	return true;
}
