/*
 * What a decision rests on, for the ledger: short values that a person can check later,
 * never a link or a secret. The sentence beside it says what was decided and why.
 */
#include <config.h>

#include "flow/look_steps.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "core/evidence.h"
#include <stdarg.h>
#include <stdio.h>

static void add_when(cJSON *json, const char *name, int64_t at_ns)
{
	if (at_ns)
		json_add_time(json, name, at_ns);
}

cJSON *look_evidence(const struct look *look)
{
	const struct asset *asset = look->asset;
	cJSON *json = cJSON_CreateObject();

	json_add_text(json, "state_before", asset_state_name(look->before));
	if (asset->rule)
		json_add_text(
			json, "rule", asset->rule[0] ? asset->rule : "(built in)");
	if (look->record) {
		json_add_text(json, "platform_says",
			record_status_name(look->record->status));
		add_when(json, "asked", asset->looked_ns);
	}
	add_when(json, "deleted_event", asset->times.deleted);
	add_when(json, "archived", asset->archived_ns);
	if (asset->held)
		json_add_bool(json, "held", true);
	evidence_add_files(json, asset);
	return json;
}

void look_decided(struct look *look, const char *kind, const char *decision,
	cJSON *evidence, const char *fmt, ...)
{
	char text[1024];
	struct log_about about = { .workspace = look->ws->name,
		.asset = look->asset->id };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	story_decide(&look->story, clock_system.wall_ns(), kind, decision,
		json_print(evidence, false), "%s", text);
	cJSON_Delete(evidence);
	log_debug(&about, "%s: %s", kind, text);
}
