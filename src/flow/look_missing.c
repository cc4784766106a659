/*
 * What the rule wants of an asset and the archive has not, and why: of the plan what
 * the platform does not have (yet), and what it has that could not be fetched. Kept
 * with the asset as JSON: [{"role", "key", "language", "why"}].
 */
#include <config.h>

#include "flow/look_steps.h"

#include "base/json.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

static void add(cJSON **list, enum role role, const char *key, const char *language,
	const char *why)
{
	cJSON *entry = cJSON_CreateObject();

	if (!*list)
		*list = cJSON_CreateArray();
	json_add_text(entry, "role", role_name(role));
	json_add_text(entry, "key", key);
	json_add_text(entry, "language", language);
	json_add_text(entry, "why", why);
	cJSON_AddItemToArray(*list, entry);
}

static const char *why_not(const struct look *look, const char *key)
{
	for (size_t i = look->n_tasks; i-- > 0;)
		if (look->tasks[i]->why && strcmp(look->tasks[i]->key, key) == 0)
			return look->tasks[i]->why;
	return look->trouble.class != ERR_NONE ? look->trouble.text
					       : "it has not been fetched yet";
}

void look_missing(struct look *look)
{
	const struct plan *plan = &look->plan;
	cJSON *list = NULL;

	for (size_t i = 0; i < plan->n_missing; i++) {
		const struct plan_missing *missing = &plan->missing[i];

		add(&list, missing->role, missing->key, missing->language,
			missing->why);
	}
	for (size_t i = 0; i < plan->n_fetches; i++) {
		const struct source *source = plan->fetches[i].source;

		if (!asset_file(look->asset, source->key))
			add(&list, source->role, source->key, source->language,
				why_not(look, source->key));
	}
	free(look->asset->missing);
	look->asset->missing = list ? json_print(list, false) : NULL;
	cJSON_Delete(list);
}
