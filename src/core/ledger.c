/*
 * Hashing a row of the ledger, and following the chain. It reads and stores nothing.
 */
#include <config.h>

#include "core/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ledger_entry_release(struct ledger_entry *entry)
{
	free(entry->workspace);
	free(entry->id);
	free(entry->kind);
	free(entry->decision);
	free(entry->cause);
	free(entry->evidence);
}

static void take_text(struct sha256 *hash, const char *text)
{
	size_t len = text ? strlen(text) : 0;
	char head[32];
	int n = snprintf(head, sizeof(head), "%zu:", len);

	sha256_update(hash, head, (size_t)n);
	sha256_update(hash, text ? text : "", len);
	sha256_update(hash, ",", 1);
}

static void take_number(struct sha256 *hash, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, number);
	take_text(hash, text);
}

void ledger_hash(const char *previous, const struct ledger_entry *entry,
	char out[DIGEST_SHA256_HEX])
{
	struct sha256 *hash = sha256_new();

	sha256_update(hash, previous, strlen(previous));
	take_number(hash, entry->row);
	take_number(hash, entry->at_ns);
	take_number(hash, entry->asset);
	take_text(hash, entry->workspace);
	take_text(hash, entry->id);
	take_text(hash, entry->kind);
	take_text(hash, entry->decision);
	take_text(hash, entry->cause);
	take_text(hash, entry->evidence);
	sha256_hex(hash, out);
	sha256_free(hash);
}

void ledger_chain_begin(struct ledger_chain *chain)
{
	chain->row = 0;
	memset(chain->hash, '0', sizeof(chain->hash) - 1);
	chain->hash[sizeof(chain->hash) - 1] = '\0';
}

int ledger_follow(struct ledger_chain *chain, const struct ledger_entry *entry,
	char *why, size_t size)
{
	char hash[DIGEST_SHA256_HEX];

	if (entry->row != chain->row + 1) {
		snprintf(why, size,
			"row %" PRId64 " follows row %" PRId64
			": rows between them have been taken out",
			entry->row, chain->row);
		return -1;
	}
	ledger_hash(chain->hash, entry, hash);
	if (strcmp(hash, entry->hash) != 0) {
		snprintf(why, size,
			"the hash of row %" PRId64 " should be %.16s… and is %.16s…: "
			"this row or one before it has been changed",
			entry->row, hash, entry->hash);
		return -1;
	}
	chain->row = entry->row;
	memcpy(chain->hash, hash, sizeof(chain->hash));
	return 0;
}
