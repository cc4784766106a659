/*
 * The ledger by pages: the rows behind one, oldest first, so that a reader who comes
 * again goes on where he was.
 */
#include <config.h>

#include "admin/call.h"

#include "admin/ledger_json.h"
#include "base/json.h"

#include <stdlib.h>

#define PAGE_ROWS 200
#define PAGE_MAX  1000

static void on_page(void *arg, const struct err *err,
	const struct ledger_entry *entries, size_t n, const struct ledger_chain *head)
{
	struct admin_call *call = arg;
	cJSON *json, *list;

	if (call_failed(call, err))
		return;
	json = cJSON_CreateObject();
	list = cJSON_AddArrayToObject(json, "entries");
	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(list, ledger_entry_json(&entries[i]));
	cJSON_AddItemToObject(json, "head", ledger_head_json(head));
	call_reply_json(call, 200, json);
}

/* A whole number from 0 to @max, or -1. */
static int64_t number(const char *text, int64_t max)
{
	char *end;
	long long value = strtoll(text, &end, 10);

	return *end || value < 0 || value > max ? -1 : value;
}

void admin_ledger(struct admin_call *call)
{
	const char *after = call_query(call, "after");
	const char *limit = call_query(call, "limit");
	int64_t after_row = after ? number(after, INT64_MAX) : 0;
	int64_t rows = limit ? number(limit, PAGE_MAX) : PAGE_ROWS;

	if (after_row < 0 || rows < 1)
		call_fail(call, 400,
			"after is the number of a row, limit 1 to %d: the ledger is read "
			"from the first row behind after",
			PAGE_MAX);
	else
		store_ledger(
			call->admin->on.store, after_row, (size_t)rows, on_page, call);
}
