/*
 * Pages come from the agent or, where none answers, from the database; either way they
 * go through follow(), one row after the other, and are forgotten.
 */
#include <config.h>

#include "cli/verify_ledger.h"

#include "admin/ledger_json.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/client.h"
#include "store/store.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE_ROWS 500

struct walk {
	struct ledger_chain chain;
	const char *kept; /* a head that was noted down; NULL none */
	int64_t kept_row; /* where it was found; 0 not */
	bool broken;
	char why[512];
};

static void walk_begin(struct walk *walk, const char *kept)
{
	memset(walk, 0, sizeof(*walk));
	ledger_chain_begin(&walk->chain);
	walk->kept = kept;
}

static void follow(struct walk *walk, const struct ledger_entry *entry)
{
	if (walk->broken)
		return;
	walk->broken =
		ledger_follow(&walk->chain, entry, walk->why, sizeof(walk->why)) < 0;
	if (!walk->broken && walk->kept && strcmp(walk->kept, entry->hash) == 0)
		walk->kept_row = entry->row;
}

/* ---- the result ---- */

static cJSON *walk_json(const struct walk *walk)
{
	cJSON *json = cJSON_CreateObject(), *broken = NULL;

	json_add_int(json, "rows", walk->chain.row);
	cJSON_AddItemToObject(json, "head", ledger_head_json(&walk->chain));
	if (walk->broken) {
		broken = cJSON_AddObjectToObject(json, "broken");
		json_add_int(broken, "row", walk->chain.row + 1);
		json_add_text(broken, "text", walk->why);
	} else {
		cJSON_AddNullToObject(json, "broken");
	}
	json_add_text(json, "kept_head", walk->kept);
	json_add_amount(json, "kept_head_row", walk->kept_row ? walk->kept_row : -1);
	return json;
}

static void print_walk(const struct cli *cli, const struct walk *walk)
{
	long long rows = (long long)walk->chain.row;

	if (walk->broken)
		printf("the ledger is broken at row %lld: %s\n", rows + 1, walk->why);
	if (walk->kept && !walk->kept_row)
		printf("the head that you kept is not in the ledger%s: rows have been taken "
		       "out at its end or written anew\n",
			walk->broken ? " up to there" : "");
	if (cli->verbosity < 0)
		return;
	if (!walk->broken)
		printf("%lld rows of the ledger follow from each other; head %s\n",
			rows, walk->chain.hash);
	if (walk->kept_row)
		printf("the head that you kept is row %lld\n",
			(long long)walk->kept_row);
}

static int finish(const struct cli *cli, const struct walk *walk)
{
	if (cli->json) {
		cJSON *json = walk_json(walk);

		cli_print_json(json);
		cJSON_Delete(json);
	} else {
		print_walk(cli, walk);
	}
	return walk->broken || (walk->kept && !walk->kept_row) ? CLI_DIFFERENT : CLI_OK;
}

/* ---- by way of the agent ---- */

/* 1: there may be more; 0: the end; else a cli_exit, negated. */
static int next_page(struct client *client, struct walk *walk, struct err *err)
{
	char *path = mem_printf("/api/v1/ledger?after=%lld&limit=%d",
		(long long)walk->chain.row, PAGE_ROWS);
	cJSON *page = NULL;
	const cJSON *json;
	int n = 0, rc = client_get(client, path, &page, err);

	free(path);
	if (rc != CLI_OK)
		return -rc;
	cJSON_ArrayForEach (json, json_at(page, "entries")) {
		struct ledger_entry entry;

		ledger_entry_read(json, &entry);
		follow(walk, &entry);
		ledger_entry_release(&entry);
		n++;
	}
	cJSON_Delete(page);
	return n > 0 && !walk->broken;
}

static int by_agent(const struct cli *cli, struct walk *walk, struct err *err)
{
	struct client *client = NULL;
	int rc = client_open(&client, cli);

	if (rc != CLI_OK)
		return rc;
	while ((rc = next_page(client, walk, err)) > 0)
		;
	client_close(client);
	return -rc;
}

/* ---- without an agent ---- */

struct offline {
	struct store *store;
	struct walk *walk;
	struct err err;
};

static void on_closed(void *arg)
{
	(void)arg;
}

static void on_page(void *arg, const struct err *err,
	const struct ledger_entry *entries, size_t n, const struct ledger_chain *head)
{
	struct offline *offline = arg;
	struct walk *walk = offline->walk;

	(void)head;
	offline->err = *err;
	for (size_t i = 0; i < n; i++)
		follow(walk, &entries[i]);
	if (n && !walk->broken)
		store_ledger(
			offline->store, walk->chain.row, PAGE_ROWS, on_page, offline);
	else
		store_close(offline->store, on_closed, NULL);
}

static int open_state(
	struct offline *offline, uv_loop_t *loop, const char *path, struct err *err)
{
	/* Opening would make one. */
	if (access(path, F_OK))
		return err_set(err, ERR_PERMANENT,
			"there is no state database %s, so there is no ledger", path);
	return store_open(&offline->store, loop, path, err);
}

static int by_hand(const struct cli *cli, struct walk *walk)
{
	struct offline offline = { .walk = walk };
	struct config *config;
	uv_loop_t loop;
	int rc = cli_config(cli, &config);

	if (rc != CLI_OK)
		return rc;
	log_configure(LOG_LEVEL_WARN, config->agent.log_format);
	uv_loop_init(&loop);
	if (open_state(&offline, &loop, config->agent.state, &offline.err) == 0)
		store_ledger(offline.store, 0, PAGE_ROWS, on_page, &offline);
	uv_run(&loop, UV_RUN_DEFAULT);
	rc = uv_loop_close(&loop);
	assert(rc == 0);
	config_free(config);
	return offline.err.class == ERR_NONE
		       ? CLI_OK
		       : cli_fail(cli, CLI_FAILED, "%s", offline.err.text);
}

int verify_ledger(const struct cli *cli, const char *head)
{
	struct walk walk;
	struct err err = { 0 };
	int rc;

	walk_begin(&walk, head);
	rc = by_agent(cli, &walk, &err);
	if (rc == CLI_NO_AGENT && walk.chain.row == 0)
		rc = by_hand(cli, &walk);
	else if (rc != CLI_OK && err.class != ERR_NONE)
		cli_fail(cli, rc, "%s", err.text);
	return rc == CLI_OK ? finish(cli, &walk) : rc;
}
