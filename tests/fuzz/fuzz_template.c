/*
 * Path templates. Line by line: template, id, title, and a JSON object of metadata. A
 * template that passes its check gives a path that stays in the archive, whatever the
 * values are.
 */
#include <config.h>

#include "base/fs.h"
#include "base/json.h"
#include "core/template.h"
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>

static bool has_controls(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7F)
			return true;
	return false;
}

static void path_holds(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	HOLDS(fs_rel_ok(path));
	HOLDS(strlen(path) <= TEMPLATE_PATH_MAX);
	HOLDS(strlen(name) <= TEMPLATE_BASE_MAX);
	HOLDS(fuzz_is_utf8(path));
	HOLDS(!has_controls(path));
	HOLDS(path[0] != '.' && !strstr(path, "/."));
}

static void component_holds(const char *text, size_t max)
{
	char *safe = template_component(text, max);
	char *again = template_component(safe, max);
	size_t len = strlen(safe);

	HOLDS(len <= max);
	HOLDS(!strchr(safe, '/') && safe[0] != '.' && !has_controls(safe));
	HOLDS(len == 0 || (safe[len - 1] != ' ' && safe[len - 1] != '.'));
	HOLDS(fuzz_is_utf8(safe));
	HOLDS(strcmp(safe, again) == 0);
	free(again);
	free(safe);
}

static void expansion_holds(const char *text, const struct template_input *input)
{
	char *path = template_expand(text, input);
	char *again = template_expand(text, input);
	char *other = template_alternative(path, input->id);

	path_holds(path);
	HOLDS(strcmp(path, again) == 0);
	HOLDS(fs_rel_ok(other));
	HOLDS(strncmp(other, path, strlen(path)) == 0);
	free(other);
	free(again);
	free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char *text = fuzz_line(&in);
	char *id = fuzz_line(&in);
	char *title = fuzz_line(&in);
	cJSON *metadata = NULL;
	struct err err = { 0 };

	if (json_parse((const char *)in.data, in.size, &metadata, NULL) == 0 &&
		!cJSON_IsObject(metadata)) {
		cJSON_Delete(metadata);
		metadata = NULL;
	}
	const struct facts facts = {
		.type = title,
		.title = title,
		.stream = title,
		.channel = id,
		.creator = title,
		.created_ns = (int64_t)((uint64_t)size << 55 | (uint64_t)size << 40),
		.duration_ms = -1,
		.width = (int)(size % 4000),
		.height = 1080,
		.metadata = metadata,
	};
	const struct template_input input = { "production", id, "fastpix", &facts };

	component_holds(title, TEMPLATE_BASE_MAX);
	component_holds(title, size % 16);
	int rc = template_check(text, &err);
	fuzz_result_holds(rc, &err);
	if (rc == 0)
		expansion_holds(text, &input);
	cJSON_Delete(metadata);
	free(title);
	free(id);
	free(text);
	return 0;
}
