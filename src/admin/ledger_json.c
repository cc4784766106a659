/*
 * The time goes as text in nanoseconds as well, and the evidence as the text it is:
 * neither a number in JSON nor a document written anew would be sure to be the same.
 */
#include <config.h>

#include "admin/ledger_json.h"

#include "base/json.h"
#include "base/mem.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

cJSON *ledger_entry_json(const struct ledger_entry *entry)
{
	cJSON *json = cJSON_CreateObject();
	char at_ns[24];

	snprintf(at_ns, sizeof(at_ns), "%" PRId64, entry->at_ns);
	json_add_int(json, "row", entry->row);
	json_add_time(json, "at", entry->at_ns);
	json_add_text(json, "at_ns", at_ns);
	json_add_int(json, "asset", entry->asset);
	json_add_text(json, "workspace", entry->workspace);
	json_add_text(json, "id", entry->id);
	json_add_text(json, "kind", entry->kind);
	json_add_text(json, "decision", entry->decision);
	json_add_text(json, "cause", entry->cause);
	json_add_text(json, "evidence", entry->evidence);
	json_add_text(json, "hash", entry->hash);
	return json;
}

static char *text_of(const cJSON *json, const char *name)
{
	const char *text = json_text(json, name);

	return mem_strdup(text ? text : "");
}

void ledger_entry_read(const cJSON *json, struct ledger_entry *entry)
{
	const char *hash = json_text(json, "hash");

	memset(entry, 0, sizeof(*entry));
	entry->row = json_int(json, "row", 0);
	entry->at_ns = json_int(json, "at_ns", 0);
	entry->asset = json_int(json, "asset", 0);
	entry->workspace = text_of(json, "workspace");
	entry->id = text_of(json, "id");
	entry->kind = text_of(json, "kind");
	entry->decision = text_of(json, "decision");
	entry->cause = text_of(json, "cause");
	entry->evidence = text_of(json, "evidence");
	snprintf(entry->hash, sizeof(entry->hash), "%s", hash ? hash : "");
}

cJSON *ledger_head_json(const struct ledger_chain *head)
{
	cJSON *json = cJSON_CreateObject();

	json_add_int(json, "row", head->row);
	json_add_text(json, "hash", head->hash);
	return json;
}
