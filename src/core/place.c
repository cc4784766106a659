/*
 * Places as values; who may have one is the store's to say.
 */
#include <config.h>

#include "core/place.h"

#include "core/template.h"
#include <stdlib.h>
#include <string.h>

void place_make(struct place *place, const struct asset *asset, const char *template,
	const char *platform)
{
	struct template_input in = {
		.workspace = asset->workspace,
		.id = asset->id,
		.platform = platform,
		.facts = &asset->facts,
	};

	place->natural = template_expand(template, &in);
	place->alternative = template_alternative(place->natural, asset->id);
}

bool place_fits(const struct place *place, const char *base)
{
	size_t len = strlen(place->alternative);

	if (strcmp(base, place->natural) == 0)
		return true;
	return strncmp(base, place->alternative, len) == 0 &&
	       (base[len] == '\0' || base[len] == '-');
}

void place_release(struct place *place)
{
	free(place->natural);
	free(place->alternative);
}
