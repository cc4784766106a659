/*
 * A sidecar as hostile input: anybody may have written it, and its archive may have
 * been moved. What it says is checked member by member; nothing here touches a file.
 */
#include <config.h>

#include "archive/sidecar.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/version.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 4096
#define PATH_LEN  4000
#define KEY_LEN   300

static char *copy_of(const cJSON *object, const char *name)
{
	return mem_strdup(json_text(object, name));
}

/* UTF-8 without control characters: what vodkeep's names are made of. */
static bool is_clean(const char *text)
{
	size_t len = strlen(text), n;

	for (; len; text += n, len -= n) {
		n = utf8_sequence(text, len, NULL);
		if (n == 0 || iscntrl((unsigned char)*text))
			return false;
	}
	return true;
}

/* ---- where the files are ---- */

/* Components that lead nowhere else. */
static bool is_plain(const char *path)
{
	if (!*path || strlen(path) > PATH_LEN || !is_clean(path))
		return false;
	while (true) {
		size_t len = strcspn(path, "/");

		if (len == 0 || path[0] == '.')
			return false;
		if (!path[len])
			return true;
		path += len + 1;
	}
}

/* What follows the base path in @path: of the last component that begins with @name,
 * the base path's last one. NULL: it lies elsewhere. */
static const char *behind_base(const char *path, const char *name)
{
	size_t len = strlen(name);
	const char *found = NULL;

	for (const char *at = path; at; at = strchr(at, '/')) {
		at += *at == '/';
		if (strncmp(at, name, len) == 0 && (at[len] == '.' || at[len] == '/'))
			found = at + len;
	}
	return found;
}

/* Where @path is now, beside the sidecar whose base path is @base. */
static char *place_of(const char *path, const char *base)
{
	const char *slash = strrchr(base, '/');
	const char *rest = behind_base(path, slash ? slash + 1 : base);
	char *place = rest ? mem_printf("%s%s", base, rest) : NULL;

	if (!place || is_plain(place))
		return place;
	free(place);
	return NULL;
}

/* ---- keys ---- */

/* "thumbnail.2" of "goal.2.jpg": the key of a file is told by its name. */
static char *thumbnail_key(const char *path, const char *base)
{
	const char *number = path + strlen(base) + 1;
	size_t len = strspn(number, "0123456789");

	if (len == 0 || len > 6 || number[len] != '.')
		return mem_strdup("thumbnail.1");
	return mem_printf("thumbnail.%.*s", (int)len, number);
}

static char *key_of(
	const cJSON *object, enum role role, const char *path, const char *base)
{
	const char *key = json_text(object, "key");

	if (key)
		return mem_strdup(key);
	if (role == ROLE_THUMBNAIL)
		return thumbnail_key(path, base);
	if (role == ROLE_SUBTITLE)
		return mem_printf(
			SIDECAR_KEY_UNKNOWN "%.250s", path + strlen(base) + 1);
	return mem_strdup(role_name(role));
}

static bool key_ok(const char *key)
{
	return *key && strlen(key) <= KEY_LEN && is_clean(key) && !strchr(key, '/') &&
	       strcmp(key, "metadata") != 0;
}

/* ---- files ---- */

static bool sha256_ok(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static bool has_path(const struct asset *asset, const char *path)
{
	for (size_t i = 0; i < asset->n_files; i++)
		if (strcmp(asset->files[i].path, path) == 0)
			return true;
	return false;
}

static int check_file(const cJSON *object, enum role *role, struct err *err)
{
	const char *name = json_text(object, "role");
	const char *sha256 = json_text(object, "sha256");

	if (!name || role_parse(name, role) || *role == ROLE_METADATA)
		return err_set(err, ERR_INPUT, "it lists a file without a known role");
	if (!json_text(object, "path"))
		return err_set(err, ERR_INPUT, "it lists a file without a path");
	if (json_int(object, "bytes", -1) < 0)
		return err_set(err, ERR_INPUT, "it does not tell the size of a file");
	if (sha256 && !sha256_ok(sha256))
		return err_set(err, ERR_INPUT, "it tells what is no SHA-256");
	return 0;
}

static void fill_file(struct file *file, const cJSON *object)
{
	const char *sha256 = json_text(object, "sha256");

	file->bytes = json_int(object, "bytes", 0);
	if (sha256)
		memcpy(file->sha256, sha256, sizeof(file->sha256));
	file->content_type = copy_of(object, "content_type");
	file->language = copy_of(object, "language");
	file->version = copy_of(object, "version");
	file->etag = copy_of(object, "etag");
	file->source_host = copy_of(object, "source_host");
	file->downloaded_ns = json_time_ns(object, "downloaded_at");
	file->last_modified = copy_of(object, "last_modified");
	file->made = copy_of(object, "made");
	file->replaced_ns = json_time_ns(object, "replaced_at");
}

/* A current one, or an @old version. */
static int take_file(
	struct asset *asset, const cJSON *object, bool old, struct err *err)
{
	enum role role;
	int rc = check_file(object, &role, err);

	if (rc)
		return rc;
	char *path = place_of(json_text(object, "path"), asset->base_path);
	if (!path)
		return err_set(err, ERR_INPUT,
			"it lists %.200s, which is not beside it under the same name",
			json_text(object, "path"));
	char *key = key_of(object, role, path, asset->base_path);
	if (!key_ok(key) || asset_file(asset, key) || has_path(asset, path) ||
		(version_number(key) > 0) != old ||
		(json_time_ns(object, "replaced_at") > 0) != old) {
		rc = err_set(err, ERR_INPUT,
			"it lists a file twice, or by a key that is none");
	} else {
		struct file *file = asset_add_file(asset, key);

		file->role = role;
		file->path = path;
		path = NULL;
		fill_file(file, object);
	}
	free(key);
	free(path);
	return rc;
}

static int take_files(
	struct asset *asset, const cJSON *files, bool old, struct err *err)
{
	const cJSON *file;

	if (!cJSON_IsArray(files))
		return err_set(err, ERR_INPUT, "it lists no files");
	if (cJSON_GetArraySize(files) > FILES_MAX)
		return err_set(
			err, ERR_INPUT, "it lists more than %d files", FILES_MAX);
	cJSON_ArrayForEach (file, files) {
		int rc = take_file(asset, file, old, err);

		if (rc)
			return rc;
	}
	return 0;
}

/* ---- the rest ---- */

static int lines_of(const cJSON *root, const char *name)
{
	int64_t value = json_int(root, name, 0);

	return value > 0 && value < 100000 ? (int)value : 0;
}

static void take_facts(struct facts *facts, const cJSON *root)
{
	double seconds = json_number(root, "duration", -1);
	const char *resolution = json_text(root, "resolution");
	const cJSON *metadata = json_at(root, "metadata");

	facts->title = copy_of(root, "title");
	facts->type = copy_of(root, "type");
	facts->stream = copy_of(root, "stream");
	facts->channel = copy_of(root, "channel");
	facts->creator = copy_of(root, "creator");
	facts->created_ns = json_time_ns(root, "created");
	facts->expires_ns = json_time_ns(root, "expires");
	if (seconds >= 0 && seconds < 1e9)
		facts->duration_ms = (int64_t)(seconds * 1000 + 0.5);
	facts->width = lines_of(root, "width");
	facts->height = lines_of(root, "height");
	/* Older sidecars told the lines only as "1080p". */
	if (!facts->height && resolution)
		facts->height = (int)(strtoul(resolution, NULL, 10) % 100000);
	if (cJSON_IsObject(metadata) && cJSON_GetArraySize(metadata) > 0)
		facts->metadata = cJSON_Duplicate(metadata, true);
}

static void take_rest(struct asset *asset, const cJSON *root)
{
	const cJSON *data = json_at(root, "platform_data");
	int64_t last_ns = json_time_ns(root, "archived_at");

	take_facts(&asset->facts, root);
	asset->trial = json_bool(root, "trial", false);
	/* What is missing is found anew by a look. */
	if (json_bool(root, "incomplete", false))
		asset->missing = mem_strdup("[]");
	/* "" is the built-in rule. */
	asset->rule = mem_strdup(cJSON_GetStringValue(json_at(root, "rule")));
	asset->archived_ns = last_ns;
	asset->delete_asked_ns = json_time_ns(root, "delete_remote_at");
	for (size_t i = 0; i < asset->n_files; i++)
		if (asset->files[i].downloaded_ns > last_ns)
			last_ns = asset->files[i].downloaded_ns;
	/* It was written after the platform had said that the media is ready. */
	asset->looked_ns = last_ns;
	asset->platform_status = mem_strdup(record_status_name(RECORD_READY));
	if (cJSON_IsObject(data))
		asset->platform_data = json_print(data, false);
}

static int take_all(const cJSON *root, const char *rel, struct asset **out,
	char **platform, struct err *err)
{
	const char *workspace = json_text(root, "workspace");
	const char *id = json_text(root, "id");
	const cJSON *versions;
	int rc;

	if (!workspace || !id || !asset_id_ok(id))
		return err_set(err, ERR_INPUT, "it names no asset");
	*out = asset_new(workspace, id);
	(*out)->base_path = mem_strndup(rel, strlen(rel) - strlen(".json"));
	versions = json_at(root, "versions");
	rc = take_files(*out, json_at(root, "files"), false, err);
	if (!rc && versions)
		rc = take_files(*out, versions, true, err);
	if (rc) {
		asset_free(*out);
		*out = NULL;
		return rc;
	}
	take_rest(*out, root);
	*platform = copy_of(root, "platform");
	return 0;
}

int sidecar_read(const char *text, size_t len, const char *rel, struct asset **out,
	char **platform, struct err *err)
{
	size_t name_len = strlen(rel);
	const char *schema;
	cJSON *root = NULL;
	int rc;

	if (name_len <= strlen(".json") || strcmp(rel + name_len - 5, ".json") != 0 ||
		json_parse(text, len, &root, NULL) < 0)
		return err_set(err, ERR_NOT_FOUND, "it is no sidecar");
	schema = json_text(root, "schema");
	if (!schema ||
		strncmp(schema, SIDECAR_SCHEMA_ANY, strlen(SIDECAR_SCHEMA_ANY)) != 0)
		rc = err_set(err, ERR_NOT_FOUND, "it is no sidecar");
	else if (strcmp(schema, SIDECAR_SCHEMA) != 0)
		rc = err_set(err, ERR_INPUT,
			"its schema is %.60s, this vodkeep knows " SIDECAR_SCHEMA,
			schema);
	else if (!is_plain(rel))
		rc = err_set(
			err, ERR_INPUT, "its path is none that vodkeep gives to files");
	else
		rc = take_all(root, rel, out, platform, err);
	cJSON_Delete(root);
	return rc;
}
