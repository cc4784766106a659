/*
 * Places for files: at most `transfer.concurrency` at once, fair between workspaces,
 * most urgent first within one (core/urgency), and no host more than `per_host` of
 * them, so that a slow one does not keep others from moving. Where several workspaces
 * share them, the last place is kept for a workspace that has none: it need not wait
 * until another's long download ends. Control loop only.
 */
#ifndef VODKEEP_FLOW_FILE_SLOTS_H
#define VODKEEP_FLOW_FILE_SLOTS_H

#include "core/urgency.h"
#include <sys/queue.h>

struct file_slots;

/* Who wants a place; its owner's, which fills in the first part and keeps it until it
 * has given the place back or left the line. Zeroed before. */
struct slot_claim {
	const char *workspace; /* borrowed for as long */
	const char *host;      /* likewise; NULL unknown, which is never too many */
	struct urgency urgency;
	bool main; /* of its look's files, the one that counts (file_slots_stuck()) */
	void (*granted)(struct slot_claim *claim);

	enum { SLOT_NONE, SLOT_WAITS, SLOT_HELD } state;
	TAILQ_ENTRY(slot_claim) link;
};

struct file_slots *file_slots_new(void);
void file_slots_free(struct file_slots *slots); /* with no claim; NULL allowed */
/* @per_host 0: no limit; @workspaces: how many share them. May grant. */
void file_slots_configure(
	struct file_slots *slots, int limit, int per_host, size_t workspaces);
/* granted() comes at once, within the call, or from a later call that makes room. */
void file_slots_take(struct file_slots *slots, struct slot_claim *claim);
/* Give a place back, or leave the line: whichever @claim is in. May grant to others
 * before it returns; a claim in neither is left alone. */
void file_slots_leave(struct file_slots *slots, struct slot_claim *claim);
size_t file_slots_waiting(const struct file_slots *slots); /* claims in line */
int file_slots_limit(const struct file_slots *slots);
/* Of @workspace, main claims in line that wait for their host's other files only. */
size_t file_slots_stuck(const struct file_slots *slots, const char *workspace);

#endif
