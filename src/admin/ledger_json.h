/*
 * A row of the ledger as JSON and back, exactly: who reads the ledger page by page can
 * follow its chain by himself.
 */
#ifndef VODKEEP_ADMIN_LEDGER_JSON_H
#define VODKEEP_ADMIN_LEDGER_JSON_H

#include "core/ledger.h"
#include <cjson/cJSON.h>

cJSON *ledger_entry_json(const struct ledger_entry *entry);
/* What is missing in @json is "" or 0, and no row's hash. Release it. */
void ledger_entry_read(const cJSON *json, struct ledger_entry *entry);
/* {"row": …, "hash": …} */
cJSON *ledger_head_json(const struct ledger_chain *head);

#endif
