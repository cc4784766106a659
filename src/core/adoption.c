/*
 * Adopting as a value. The platform is not asked: what the sidecar tells stands for a
 * look, and reconciling finds what has changed since.
 */
#include <config.h>

#include "core/adoption.h"

#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

enum adoption adoption_decide(const struct asset *known, const struct asset *found,
	bool quiet, int64_t now_ns)
{
	if (!known)
		return ADOPTION_NEW;
	if (known->n_files)
		return known->base_path &&
				       strcmp(known->base_path, found->base_path) == 0
			       ? ADOPTION_KNOWN
			       : ADOPTION_COPY;
	if (known->tombstone)
		return ADOPTION_REMOVED;
	/* Whoever looks at it has loaded it without these files, and would save it so.
	 */
	if (!quiet && known->due_ns > 0 && known->due_ns <= now_ns)
		return ADOPTION_BUSY;
	return ADOPTION_NEW;
}

static void take_text(char **to, char **from)
{
	if (*to)
		return;
	*to = *from;
	*from = NULL;
}

static bool has_main(const struct asset *asset)
{
	for (size_t i = 0; i < asset->n_files; i++)
		if (asset->files[i].role == ROLE_VIDEO ||
			asset->files[i].role == ROLE_AUDIO)
			return true;
	return false;
}

static void take_files(struct asset *known, struct asset *found)
{
	while (known->n_parts)
		asset_drop_part(known, known->parts[0].key);
	free(known->files);
	known->files = found->files;
	known->n_files = found->n_files;
	found->files = NULL;
	found->n_files = 0;
	mem_replace(&known->base_path, found->base_path);
}

int64_t adoption_apply(
	struct asset *known, struct asset *found, bool whole, int64_t now_ns)
{
	/* A rule may fetch no video: a sidecar is written when all is there. */
	bool archived = whole || has_main(found), news = known->due_ns > 0;

	if (!known->first_seen_ns)
		known->first_seen_ns = found->archived_ns ? found->archived_ns : now_ns;
	if (!known->looked_ns) {
		facts_merge(&found->facts, &known->facts);
		facts_copy(&known->facts, &found->facts);
		known->looked_ns = found->looked_ns;
		known->trial |= found->trial;
	}
	take_text(&known->platform_status, &found->platform_status);
	take_text(&known->platform_data, &found->platform_data);
	take_text(&known->rule, &found->rule);
	mem_replace(&known->path_template, found->path_template);
	take_files(known, found);
	if (!known->delete_asked_ns)
		known->delete_asked_ns = found->delete_asked_ns;
	mem_replace(&known->reason, NULL);
	mem_replace(&known->waits_for, NULL);
	known->attempts = 0;
	known->trouble_ns = 0;
	known->archived_ns = 0;
	if (archived)
		known->archived_ns = found->archived_ns ? found->archived_ns : now_ns;
	asset_move(known, ASSET_FETCHING);
	asset_move(known, archived ? ASSET_ARCHIVED : ASSET_QUEUED);
	return archived && whole && !news ? 0 : now_ns;
}
