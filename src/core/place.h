/*
 * Where an asset belongs: its path template filled in, and the names next to it for
 * when that is taken. Pure.
 */
#ifndef VODKEEP_CORE_PLACE_H
#define VODKEEP_CORE_PLACE_H

#include "core/asset.h"

struct place {
	char *natural;     /* the base path that the template gives */
	char *alternative; /* the same with "~" and the beginning of the id */
};

/* By @template, of an asset of @platform; place_release() it. */
void place_make(struct place *place, const struct asset *asset, const char *template,
	const char *platform);
/* Whether @base is there, a collision's "~" or "-2" aside. */
bool place_fits(const struct place *place, const char *base);
void place_release(struct place *place);

#endif
