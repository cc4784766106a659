/*
 * The one form in which a run is told: by the agent, and by a command without one.
 */
#include <config.h>

#include "admin/verify_json.h"

#include "base/json.h"
#include "base/mem.h"
#include <stdlib.h>

static cJSON *finding_json(const struct verify_found *found)
{
	cJSON *json = cJSON_CreateObject();
	char *name =
		found->id ? mem_printf("%s/%s", found->workspace, found->id) : NULL;

	json_add_text(json, "kind", verify_kind_name(found->kind));
	json_add_text(json, "asset", name);
	json_add_text(json, "path", found->path);
	json_add_text(json, "text", found->text);
	free(name);
	return json;
}

cJSON *verify_json(const struct verify_report *report)
{
	const struct verify_counts *counts = &report->counts;
	cJSON *json = cJSON_CreateObject();
	cJSON *list;
	int64_t findings = 0;

	json_add_int(json, "run", report->run);
	json_add_bool(json, "running", report->running);
	json_add_bool(json, "repair", report->repair);
	cJSON_AddNumberToObject(json, "sample", report->sample);
	json_add_time(json, "began", report->began_ns);
	json_add_time(json, "ended", report->ended_ns);
	json_add_int(json, "assets", counts->assets);
	json_add_int(json, "files", counts->files);
	json_add_int(json, "bytes", counts->bytes);
	for (int kind = 0; kind < VERIFY_KINDS; kind++) {
		json_add_int(json, verify_kind_name((enum verify_kind)kind),
			counts->found[kind]);
		findings += counts->found[kind];
	}
	json_add_int(json, "repairs", counts->repairs);
	json_add_text(
		json, "error", report->err.class == ERR_NONE ? NULL : report->err.text);
	json_add_text(json, "error_class",
		report->err.class == ERR_NONE ? NULL
					      : err_class_name(report->err.class));
	list = cJSON_AddArrayToObject(json, "findings");
	for (size_t i = 0; i < report->n_found; i++)
		cJSON_AddItemToArray(list, finding_json(&report->found[i]));
	json_add_bool(json, "more", findings > (int64_t)report->n_found);
	return json;
}
