/*
 * The sidecar's members, in their fixed order. Unknown values are null, so that a
 * reader finds every member; only "expires" is left out where nothing expires.
 */
#include <config.h>

#include "archive/sidecar.h"

#include "base/json.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

#define SCHEMA_ANY "vodkeep.asset/"
#define SCHEMA     SCHEMA_ANY "1"

static const char *or_null(const char *text)
{
	return text && *text ? text : NULL;
}

static cJSON *checked(cJSON *node)
{
	if (!node)
		abort();
	return node;
}

static void add_node(cJSON *object, const char *name, cJSON *node)
{
	if (!cJSON_AddItemToObject(object, name, checked(node)))
		abort();
}

static void add_duration(cJSON *object, int64_t ms)
{
	add_node(object, "duration",
		ms < 0 ? cJSON_CreateNull() : cJSON_CreateNumber((double)ms / 1000));
}

static cJSON *files_of(const struct asset *asset)
{
	cJSON *files = checked(cJSON_CreateArray());
	for (size_t i = 0; i < asset->n_files; i++) {
		const struct file *file = &asset->files[i];
		if (file->role == ROLE_METADATA)
			continue;
		cJSON *object = checked(cJSON_CreateObject());
		json_add_text(object, "role", role_name(file->role));
		json_add_text(object, "path", file->path);
		json_add_int(object, "bytes", file->bytes);
		json_add_text(object, "sha256", or_null(file->sha256));
		json_add_text(object, "content_type", file->content_type);
		json_add_text(object, "language", file->language);
		json_add_time(object, "downloaded_at", file->downloaded_ns);
		json_add_text(object, "source_host", file->source_host);
		cJSON_AddItemToArray(files, object);
	}
	return files;
}

static cJSON *platform_data_of(const struct asset *asset)
{
	cJSON *data;
	const char *text = asset->platform_data;
	if (!text || json_parse(text, strlen(text), &data, NULL))
		return cJSON_CreateNull();
	return data;
}

static void add_facts(cJSON *object, const struct facts *facts)
{
	char resolution[16];

	facts_resolution(facts, resolution);
	json_add_text(object, "title", facts->title);
	json_add_text(object, "type", facts->type);
	json_add_time(object, "created", facts->created_ns);
	if (facts->expires_ns)
		json_add_time(object, "expires", facts->expires_ns);
	add_duration(object, facts->duration_ms);
	json_add_text(object, "resolution", or_null(resolution));
	json_add_text(object, "stream", facts->stream);
	json_add_text(object, "channel", facts->channel);
	json_add_text(object, "creator", facts->creator);
	add_node(object, "metadata",
		facts->metadata ? cJSON_Duplicate(facts->metadata, true)
				: cJSON_CreateObject());
}

cJSON *sidecar_json(const struct asset *asset, const char *platform)
{
	cJSON *object = checked(cJSON_CreateObject());

	json_add_text(object, "schema", SCHEMA);
	json_add_text(object, "workspace", asset->workspace);
	json_add_text(object, "platform", platform);
	json_add_text(object, "id", asset->id);
	add_facts(object, &asset->facts);
	json_add_text(object, "rule", asset->rule);
	add_node(object, "files", files_of(asset));
	json_add_time(object, "archived_at", asset->archived_ns);
	return object;
}

char *sidecar_text(const struct asset *asset, const char *platform)
{
	cJSON *object = sidecar_json(asset, platform);
	add_node(object, "platform_data", platform_data_of(asset));
	char *json = json_print(object, true);
	char *text = mem_printf("%s\n", json);
	free(json);
	cJSON_Delete(object);
	return text;
}

bool sidecar_is_of(const char *text, size_t len, const char *workspace, const char *id)
{
	struct err err = { 0 };
	cJSON *root;

	if (json_parse(text, len, &root, &err))
		return false;
	const char *schema = json_text(root, "schema");
	const char *its_workspace = json_text(root, "workspace");
	const char *its_id = json_text(root, "id");
	bool same = schema && its_workspace && its_id &&
		    strncmp(schema, SCHEMA_ANY, strlen(SCHEMA_ANY)) == 0 &&
		    strcmp(its_workspace, workspace) == 0 && strcmp(its_id, id) == 0;
	cJSON_Delete(root);
	return same;
}

static bool lists(const cJSON *root, const char *name)
{
	const cJSON *file;

	cJSON_ArrayForEach (file, json_at(root, "files")) {
		const char *path = json_text(file, "path");
		const char *slash = path ? strrchr(path, '/') : NULL;

		if (path && strcmp(slash ? slash + 1 : path, name) == 0)
			return true;
	}
	return false;
}

bool sidecar_lists(const char *text, size_t len, const char *name)
{
	struct err err = { 0 };
	cJSON *root;

	if (json_parse(text, len, &root, &err))
		return false;
	const char *schema = json_text(root, "schema");
	bool found = schema && strncmp(schema, SCHEMA_ANY, strlen(SCHEMA_ANY)) == 0 &&
		     (!name || lists(root, name));
	cJSON_Delete(root);
	return found;
}
