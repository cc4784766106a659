/*
 * The sidecar's members, in their fixed order. Unknown values are null, so that a
 * reader finds every member; only "expires" is left out where nothing expires, and
 * "trial" where the media is none, "versions" where there are none, "incomplete" where
 * nothing is missing, and "delete_remote_at" where the platform was not to lose it.
 */
#include <config.h>

#include "archive/sidecar.h"

#include "base/json.h"
#include "base/mem.h"
#include "core/version.h"
#include <stdlib.h>
#include <string.h>

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

/* In an order of their own: in memory they stand as they came. */
static int compare_files(const void *a, const void *b)
{
	const struct file *one = *(const struct file *const *)a;
	const struct file *other = *(const struct file *const *)b;

	if (one->role != other->role)
		return one->role < other->role ? -1 : 1;
	return strcmp(one->key, other->key);
}

/* The current ones, or the @old versions of them. */
static cJSON *files_of(const struct asset *asset, bool old)
{
	cJSON *files = checked(cJSON_CreateArray());
	const struct file **sorted = mem_array(asset->n_files + 1, sizeof(*sorted));

	for (size_t i = 0; i < asset->n_files; i++)
		sorted[i] = &asset->files[i];
	qsort(sorted, asset->n_files, sizeof(*sorted), compare_files);
	for (size_t i = 0; i < asset->n_files; i++) {
		const struct file *file = sorted[i];
		if (file->role == ROLE_METADATA || old != (file->replaced_ns > 0))
			continue;
		cJSON *object = checked(cJSON_CreateObject());
		json_add_text(object, "role", role_name(file->role));
		json_add_text(object, "key", file->key);
		json_add_text(object, "path", file->path);
		json_add_int(object, "bytes", file->bytes);
		json_add_text(object, "sha256", or_null(file->sha256));
		json_add_text(object, "content_type", file->content_type);
		json_add_text(object, "language", file->language);
		json_add_text(object, "version", file->version);
		json_add_text(object, "etag", file->etag);
		if (file->last_modified)
			json_add_text(object, "last_modified", file->last_modified);
		json_add_time(object, "downloaded_at", file->downloaded_ns);
		if (old) {
			json_add_int(object, "number", version_number(file->key));
			json_add_time(object, "replaced_at", file->replaced_ns);
		}
		json_add_text(object, "source_host", file->source_host);
		if (file->made)
			json_add_text(object, "made", file->made);
		cJSON_AddItemToArray(files, object);
	}
	free(sorted);
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
	json_add_amount(object, "width", facts->width ? facts->width : -1);
	json_add_amount(object, "height", facts->height ? facts->height : -1);
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
	cJSON *versions;

	json_add_text(object, "schema", SIDECAR_SCHEMA);
	json_add_text(object, "workspace", asset->workspace);
	json_add_text(object, "platform", platform);
	json_add_text(object, "id", asset->id);
	add_facts(object, &asset->facts);
	if (asset->trial)
		json_add_bool(object, "trial", true);
	json_add_text(object, "rule", asset->rule);
	add_node(object, "files", files_of(asset, false));
	versions = files_of(asset, true);
	if (cJSON_GetArraySize(versions) > 0)
		add_node(object, "versions", versions);
	else
		cJSON_Delete(versions);
	if (asset->missing)
		json_add_bool(object, "incomplete", true);
	json_add_time(object, "archived_at", asset->archived_ns);
	if (asset->delete_asked_ns)
		json_add_time(object, "delete_remote_at", asset->delete_asked_ns);
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
	bool same =
		schema && its_workspace && its_id &&
		strncmp(schema, SIDECAR_SCHEMA_ANY, strlen(SIDECAR_SCHEMA_ANY)) == 0 &&
		strcmp(its_workspace, workspace) == 0 && strcmp(its_id, id) == 0;
	cJSON_Delete(root);
	return same;
}

static bool lists(const cJSON *root, const char *member, const char *name)
{
	const cJSON *file;

	cJSON_ArrayForEach (file, json_at(root, member)) {
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
	bool found =
		schema &&
		strncmp(schema, SIDECAR_SCHEMA_ANY, strlen(SIDECAR_SCHEMA_ANY)) == 0 &&
		(!name || lists(root, "files", name) || lists(root, "versions", name));
	cJSON_Delete(root);
	return found;
}
