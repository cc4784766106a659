/*
 * The hasher thread. It keeps nothing: a block brings its hash along and takes it home.
 */
#include <config.h>

#include "flow/transfer_hash.h"

#include "base/mem.h"
#include <stdlib.h>

struct hasher {
	struct worker *worker;
};

static const struct worker_hooks hasher_hooks = { 0 };

int hasher_start(struct hasher **out, struct err *err)
{
	struct hasher *hasher = mem_alloc(sizeof(*hasher));
	int rc = worker_start(&hasher->worker, "hasher", &hasher_hooks, hasher, err);
	if (rc) {
		free(hasher);
		return rc;
	}
	*out = hasher;
	return 0;
}

void hasher_stop(struct hasher *hasher)
{
	if (!hasher)
		return;
	worker_stop(hasher->worker);
	free(hasher);
}

static void run_home(struct message *message)
{
	struct block *block = container_of(message, struct block, message);
	block->hashed(block);
}

static void run_hash(struct message *message)
{
	struct block *block = container_of(message, struct block, message);
	sha256_update(block->hash, block->data, block->len);
	message->run = run_home;
	mailbox_post(block->reply, message);
}

void hasher_post(struct hasher *hasher, struct block *block)
{
	block->message.run = run_hash;
	mailbox_post(worker_mailbox(hasher->worker), &block->message);
}
