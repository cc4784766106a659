/*
 * What a station's jobs draw on, on its worker thread: its HTTP client and its blocks.
 *
 * Changed client options (reload) open a new client for later calls; the old one is
 * retired and closes when its last call has ended.
 */
#include <config.h>

#include "flow/transfer_priv.h"

#include "base/mem.h"
#include <assert.h>
#include <stdlib.h>

#define BLOCKS_FULL \
	64 /* in use by all jobs; beyond it each keeps those its calls fill */

struct outlet {
	struct http_client *client;
	int calls;
	struct outlet *next; /* among the retired */
};

/* ---- HTTP clients ---- */

int outlet_open(struct outlet **out, uv_loop_t *loop, const char *user_agent,
	int per_host, struct err *err)
{
	struct http_client_options options = {
		.user_agent = user_agent,
		.per_host = per_host,
	};
	struct outlet *outlet = mem_alloc(sizeof(*outlet));
	int rc = http_client_open(&outlet->client, loop, &options, err);
	if (rc) {
		free(outlet);
		return rc;
	}
	*out = outlet;
	return 0;
}

static void on_outlet_closed(void *arg)
{
	free(arg);
}

void outlet_close(struct outlet *outlet)
{
	http_client_close(outlet->client, on_outlet_closed, outlet);
}

struct http_client *outlet_take(struct station *station, struct outlet **outlet)
{
	*outlet = station->outlet;
	station->outlet->calls++;
	return station->outlet->client;
}

void outlet_give_back(struct outlet *outlet)
{
	assert(outlet->calls > 0);
	outlet->calls--;
}

bool outlet_renew(struct station *station, const char *user_agent, int per_host)
{
	struct outlet *outlet;

	if (outlet_open(&outlet, station->loop, user_agent, per_host, NULL))
		return false;
	station->per_host = per_host;
	station->outlet->next = station->retired;
	station->retired = station->outlet;
	station->outlet = outlet;
	return true;
}

void outlets_close_retired(struct station *station, bool all)
{
	struct outlet **at = &station->retired;
	while (*at) {
		struct outlet *outlet = *at;
		if (outlet->calls > 0 && !all) {
			at = &outlet->next;
			continue;
		}
		*at = outlet->next;
		outlet_close(outlet);
	}
}

/* ---- blocks ---- */

bool blocks_scarce(const struct job *job)
{
	return job->station->blocks >= BLOCKS_FULL;
}

struct block *block_take(struct range *range)
{
	struct job *job = range->job;
	struct station *station = job->station;
	struct block *block = station->spare;

	if (block) {
		station->spare = block->next;
	} else {
		block = mem_alloc(sizeof(*block));
	}
	block->job = job;
	block->range = range;
	block->len = 0;
	station->blocks++;
	job->blocks++;
	return block;
}

void block_give_back(struct block *block)
{
	struct job *job = block->job;
	struct station *station = job->station;

	job->blocks--;
	station->blocks--;
	block->next = station->spare;
	station->spare = block;
}

void blocks_trim(struct station *station, unsigned keep)
{
	struct block **at = &station->spare;
	while (*at && keep > 0) {
		at = &(*at)->next;
		keep--;
	}
	while (*at) {
		struct block *block = *at;
		*at = block->next;
		free(block);
	}
}
