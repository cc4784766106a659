/*
 * The ledger's chain: each row's hash is over the hash before it and the whole row, so
 * a row that is changed, taken out or put in breaks what follows it. What the chain
 * cannot tell by itself is that its last rows are missing: for that somebody must have
 * kept the head's hash elsewhere. Pure.
 *
 * The hash is SHA-256 over the previous hash (64 hex digits; zeros before the first
 * row), followed by each field as "LENGTH:BYTES," in the order of struct ledger_entry,
 * numbers in decimal. vodkeep-api(7) documents it: anybody can follow the chain.
 */
#ifndef VODKEEP_CORE_LEDGER_H
#define VODKEEP_CORE_LEDGER_H

#include "base/digest.h"
#include <stddef.h>
#include <stdint.h>

struct ledger_entry {
	int64_t row; /* 1, 2, 3 … without a gap */
	int64_t at_ns;
	int64_t asset;         /* its number in the database; 0: of none */
	char *workspace, *id;  /* "" none */
	char *kind, *decision; /* kind as in a story */
	char *cause;           /* one sentence */
	char *evidence;        /* a JSON object, compact */
	char hash[DIGEST_SHA256_HEX];
};
void ledger_entry_release(struct ledger_entry *entry);
/* What @entry's hash has to be behind @previous. */
void ledger_hash(const char *previous, const struct ledger_entry *entry,
	char out[DIGEST_SHA256_HEX]);

/* How far a chain has been followed. */
struct ledger_chain {
	int64_t row; /* 0: nothing yet */
	char hash[DIGEST_SHA256_HEX];
};
void ledger_chain_begin(struct ledger_chain *chain);
/* Follow it to @entry, the next row. 0, or -1 and what is wrong in @why, with @chain
 * where it was. */
int ledger_follow(struct ledger_chain *chain, const struct ledger_entry *entry,
	char *why, size_t size);

#endif
