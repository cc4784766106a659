/*
 * The hasher: a thread that runs blocks through their file's hash, in the order they
 * were posted, and sends them back. Hashing beside the worker instead of on it doubles
 * what two cores archive (BASELINES §2.3).
 */
#ifndef VODKEEP_FLOW_TRANSFER_HASH_H
#define VODKEEP_FLOW_TRANSFER_HASH_H

#include "base/digest.h"
#include "base/err.h"
#include "io/worker.h"
#include <sys/queue.h>

#define BLOCK_BYTES (128 * 1024)

struct job;
struct range;

struct block {
	struct message message;
	STAILQ_ENTRY(block) queue;
	struct block *next; /* among the spare ones */
	struct job *job;
	struct range *range; /* until it is written */
	/* For the hasher. The hash is its alone until the block is back. */
	struct sha256 *hash;
	struct mailbox *reply;
	void (*hashed)(struct block *block); /* on the reply's loop */
	size_t len;
	unsigned char data[BLOCK_BYTES];
};

struct hasher;
int hasher_start(struct hasher **out, struct err *err);
void hasher_stop(struct hasher *hasher); /* no block may be out; NULL allowed */
void hasher_post(struct hasher *hasher, struct block *block);

#endif
