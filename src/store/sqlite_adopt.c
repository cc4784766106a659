/*
 * Adopting an asset that was found in the archive: the decision is core/adoption's,
 * this file finds what is known already, and writes both halves of the row.
 */
#include <config.h>

#include "store/sqlite.h"

#include "base/json.h"
#include "base/mem.h"
#include "core/evidence.h"
#include <stdlib.h>
#include <string.h>

static int load_known(struct backend_conn *conn, const struct tally *tally,
	const struct asset *found, struct asset **known, struct err *err)
{
	struct asset *row = NULL;
	int rc = tally ? sqlite_asset_by_id(conn, tally->id, found->workspace,
				 found->id, &row, err)
		       : 0;

	if (!rc && row)
		rc = sqlite_load(conn, row->row, known, err);
	asset_free(row);
	return rc;
}

/* Whether the place, or one of the files, is another asset's. A place that the asset
 * has claimed itself is nobody else's, nor is what lies there. */
static int is_taken(struct backend_conn *conn, const struct asset *known,
	const struct asset *found, bool *taken, struct err *err)
{
	int rc = 0;

	*taken = false;
	if (known && known->base_path && !strcmp(known->base_path, found->base_path))
		return 0;
	for (size_t i = 0; !rc && i < found->n_files; i++)
		rc = sqlite_claimed_by_name(conn, found->files[i].path, taken, err);
	if (!rc && !*taken) {
		int64_t owner = 0;

		rc = sqlite_path_owner(conn, found->base_path, &owner, err);
		*taken = owner != 0;
	}
	return rc;
}

/* Adopting decides that the files are vodkeep's from now on: a row of the ledger. */
static int tell(struct backend_conn *conn, const struct asset *asset,
	const struct adoption_order *order, int64_t now_ns, struct err *err)
{
	struct story story = { 0 };
	cJSON *evidence = cJSON_CreateObject();
	char bytes[32];

	json_add_text(evidence, "compared", order->quiet ? "sizes" : "content");
	if (asset->archived_ns)
		json_add_time(evidence, "archived", asset->archived_ns);
	if (asset->delete_asked_ns)
		json_add_time(evidence, "delete_remote", asset->delete_asked_ns);
	evidence_add_files(evidence, asset);
	size_format_human(asset_bytes(asset), bytes);
	story_decide(&story, now_ns, "file", "adopted", json_print(evidence, false),
		"adopted from its sidecar %s.json: %zu files, %s%s", asset->base_path,
		asset->n_files, bytes,
		order->whole ? "" : "; what is not whole is fetched again");
	int rc = sqlite_put_story(conn, asset->row, &story, err);
	cJSON_Delete(evidence);
	story_release(&story);
	return rc;
}

/* @asset, new or known, takes over what was found. */
static int adopt(struct backend_conn *conn, struct tally *tally, struct asset *asset,
	struct adoption_order *order, int64_t now_ns, struct err *err)
{
	bool is_new = !asset->row;
	enum asset_state before = asset->state;
	char *claimed = NULL;
	int64_t due_ns;
	int rc = is_new ? sqlite_asset_number(conn, asset, err) : 0;

	if (rc)
		return rc;
	if (asset->due_ns) /* the save leaves what news and wishes had made due */
		asset->seq = -1;
	due_ns = adoption_apply(asset, order->found, order->whole, now_ns);
	enum asset_state after = asset->state;
	asset->state = before; /* the save tells of the move */
	if (is_new)
		rc = sqlite_asset_add(conn, tally, asset, now_ns, err);
	asset->state = after;
	if (!rc)
		rc = sqlite_claim_path(conn, asset->row, asset->base_path,
			asset->base_path, false, &claimed, err);
	free(claimed);
	if (!rc)
		rc = sqlite_save(conn, asset, due_ns, now_ns, err);
	if (!rc && order->n_marks)
		rc = sqlite_verified(conn, asset->row, order->marks, order->n_marks,
			true, now_ns, err);
	return rc ? rc : tell(conn, asset, order, now_ns, err);
}

int sqlite_adopt(struct backend_conn *conn, struct adoption_order *order,
	int64_t now_ns, enum adoption *outcome, struct err *err)
{
	const struct asset *found = order->found;
	struct tally *tally = NULL;
	struct asset *known = NULL;
	bool taken = false;
	int rc = sqlite_tally(conn, found->workspace, !order->dry_run, &tally, err);

	if (!rc)
		rc = load_known(conn, tally, found, &known, err);
	if (!rc) {
		*outcome = adoption_decide(known, found, order->quiet, now_ns);
		if (*outcome == ADOPTION_NEW)
			rc = is_taken(conn, known, found, &taken, err);
	}
	if (taken)
		*outcome = ADOPTION_TAKEN;
	if (!rc && *outcome == ADOPTION_NEW && !order->dry_run) {
		if (!known)
			known = asset_new(found->workspace, found->id);
		rc = adopt(conn, tally, known, order, now_ns, err);
	}
	asset_free(known);
	return rc;
}
