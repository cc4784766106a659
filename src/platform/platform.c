/*
 * The list of platforms.
 */
#include <config.h>

#include "platform/platform.h"

#include <stdlib.h>

static const struct platform *const platforms[] = {
	[PLATFORM_FASTPIX] = &platform_fastpix,
	[PLATFORM_OPTIVIEW] = &platform_optiview,
};

const struct platform *platform_of(enum platform_kind kind)
{
	return platforms[kind];
}
