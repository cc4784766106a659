/*
 * JSON. What is read can be printed, as UTF-8, and reads again as what was printed; the
 * getters take any tree.
 */
#include <config.h>

#include "base/json.h"
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64

static int depth_of(const cJSON *node)
{
	int deepest = 0;
	for (const cJSON *child = node->child; child; child = child->next) {
		int depth = depth_of(child);
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest + (cJSON_IsObject(node) || cJSON_IsArray(node));
}

static void getters_hold(const cJSON *node)
{
	static const char *const paths[] = { "", "data", "data.id", "0", "data.0.id",
		"createdAt", ".", "..", "99999999999999999999" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const char *text = json_text(node, paths[i]);
		HOLDS(!text || *text);
		json_int(node, paths[i], 0);
		json_number(node, paths[i], 0);
		json_bool(node, paths[i], false);
		json_time_ns(node, paths[i]);
	}
}

static void print_holds(const cJSON *node, bool indented)
{
	char *first = json_print(node, indented);
	cJSON *again;

	HOLDS(fuzz_is_utf8(first));
	HOLDS(json_parse(first, strlen(first), &again, NULL) == 0);
	char *second = json_print(again, indented);
	HOLDS(strcmp(first, second) == 0);
	free(second);
	free(first);
	cJSON_Delete(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	cJSON *root = NULL;

	int rc = json_parse((const char *)data, size, &root, &err);
	fuzz_result_holds(rc, &err);
	HOLDS((rc == 0) == (root != NULL));
	if (rc)
		return 0;
	HOLDS(depth_of(root) <= DEPTH_MAX);
	getters_hold(root);
	print_holds(root, false);
	print_holds(root, true);
	cJSON_Delete(root);
	return 0;
}
