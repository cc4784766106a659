/*
 * The line is short (the looks in flight and their files), so each grant looks at all
 * of it. A place goes to the workspace that has the fewest, and among equals to the one
 * that has waited longest for its turn.
 */
#include <config.h>

#include "flow/file_slots.h"

#include "base/clock.h"
#include "base/mem.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Fewer places than this are not divided further. */
#define KEEP_ONE_FROM 4

TAILQ_HEAD(claims, slot_claim);

/* When a workspace was last granted a place. */
struct turn {
	char *workspace;
	uint64_t number;
};

struct file_slots {
	int limit, per_host;
	size_t workspaces;
	int used;
	struct claims held, waiting;
	struct turn *turns;
	size_t n_turns;
	uint64_t number;
	bool granting;
};

static struct turn *turn_of(struct file_slots *slots, const char *workspace)
{
	struct turn *turn;

	for (size_t i = 0; i < slots->n_turns; i++)
		if (strcmp(slots->turns[i].workspace, workspace) == 0)
			return &slots->turns[i];
	slots->turns =
		mem_grow(slots->turns, slots->n_turns + 1, sizeof(*slots->turns));
	turn = &slots->turns[slots->n_turns++];
	*turn = (struct turn){ .workspace = mem_strdup(workspace) };
	return turn;
}

static int held_by(const struct file_slots *slots, const char *workspace)
{
	const struct slot_claim *claim;
	int n = 0;

	for (claim = TAILQ_FIRST(&slots->held); claim; claim = TAILQ_NEXT(claim, link))
		n += strcmp(claim->workspace, workspace) == 0;
	return n;
}

static bool host_is_full(const struct file_slots *slots, const char *host)
{
	const struct slot_claim *claim;
	int n = 0;

	if (!host || slots->per_host <= 0)
		return false;
	for (claim = TAILQ_FIRST(&slots->held); claim; claim = TAILQ_NEXT(claim, link))
		n += claim->host && strcmp(claim->host, host) == 0;
	return n >= slots->per_host;
}

static bool may_have(const struct file_slots *slots, const struct slot_claim *claim)
{
	bool last = slots->used == slots->limit - 1;

	if (slots->used >= slots->limit || host_is_full(slots, claim->host))
		return false;
	return !last || slots->workspaces < 2 || slots->limit < KEEP_ONE_FROM ||
	       held_by(slots, claim->workspace) == 0;
}

/* Whether @a is served before @b. */
static bool is_before(struct file_slots *slots, const struct slot_claim *a,
	const struct slot_claim *b, int64_t now_ns)
{
	int a_held, b_held;

	if (strcmp(a->workspace, b->workspace) == 0)
		return urgency_compare(&a->urgency, &b->urgency, now_ns) < 0;
	a_held = held_by(slots, a->workspace);
	b_held = held_by(slots, b->workspace);
	if (a_held != b_held)
		return a_held < b_held;
	return turn_of(slots, a->workspace)->number <
	       turn_of(slots, b->workspace)->number;
}

static struct slot_claim *choose(struct file_slots *slots)
{
	struct slot_claim *best = NULL, *claim;
	int64_t now_ns = clock_system.wall_ns();

	if (slots->used >= slots->limit)
		return NULL;
	for (claim = TAILQ_FIRST(&slots->waiting); claim;
		claim = TAILQ_NEXT(claim, link))
		if (may_have(slots, claim) &&
			(!best || is_before(slots, claim, best, now_ns)))
			best = claim;
	return best;
}

/* granted() may give the place back, or ask for another: the outermost call serves. */
static void grant(struct file_slots *slots)
{
	struct slot_claim *claim;

	if (slots->granting)
		return;
	slots->granting = true;
	while ((claim = choose(slots))) {
		TAILQ_REMOVE(&slots->waiting, claim, link);
		TAILQ_INSERT_TAIL(&slots->held, claim, link);
		claim->state = SLOT_HELD;
		slots->used++;
		turn_of(slots, claim->workspace)->number = ++slots->number;
		claim->granted(claim);
	}
	slots->granting = false;
}

void file_slots_take(struct file_slots *slots, struct slot_claim *claim)
{
	assert(claim->state == SLOT_NONE);
	claim->state = SLOT_WAITS;
	TAILQ_INSERT_TAIL(&slots->waiting, claim, link);
	grant(slots);
}

void file_slots_leave(struct file_slots *slots, struct slot_claim *claim)
{
	if (claim->state == SLOT_NONE)
		return;
	if (claim->state == SLOT_HELD) {
		TAILQ_REMOVE(&slots->held, claim, link);
		slots->used--;
	} else {
		TAILQ_REMOVE(&slots->waiting, claim, link);
	}
	claim->state = SLOT_NONE;
	grant(slots);
}

void file_slots_configure(
	struct file_slots *slots, int limit, int per_host, size_t workspaces)
{
	slots->limit = limit;
	slots->per_host = per_host;
	slots->workspaces = workspaces;
	grant(slots);
}

size_t file_slots_waiting(const struct file_slots *slots)
{
	const struct slot_claim *claim;
	size_t n = 0;

	for (claim = TAILQ_FIRST(&slots->waiting); claim;
		claim = TAILQ_NEXT(claim, link))
		n++;
	return n;
}

int file_slots_limit(const struct file_slots *slots)
{
	return slots->limit;
}

size_t file_slots_stuck(const struct file_slots *slots, const char *workspace)
{
	const struct slot_claim *claim;
	size_t n = 0;

	for (claim = TAILQ_FIRST(&slots->waiting); claim;
		claim = TAILQ_NEXT(claim, link))
		n += claim->main && strcmp(claim->workspace, workspace) == 0 &&
		     host_is_full(slots, claim->host);
	return n;
}

struct file_slots *file_slots_new(void)
{
	struct file_slots *slots = mem_alloc(sizeof(*slots));

	TAILQ_INIT(&slots->held);
	TAILQ_INIT(&slots->waiting);
	return slots;
}

void file_slots_free(struct file_slots *slots)
{
	if (!slots)
		return;
	assert(TAILQ_EMPTY(&slots->held) && TAILQ_EMPTY(&slots->waiting));
	for (size_t i = 0; i < slots->n_turns; i++)
		free(slots->turns[i].workspace);
	free(slots->turns);
	free(slots);
}
