/*
 * Paths of the admin API against their patterns. Pure.
 */
#ifndef VODKEEP_ADMIN_ROUTE_H
#define VODKEEP_ADMIN_ROUTE_H

#include <stdbool.h>

/* What the braces of a pattern stood for; "" where it has none. */
struct route_args {
	char workspace[256];
	char id[256];
	char file[256];
};

/* Whether @path is an instance of @pattern, "/api/v1/assets/{workspace}/{id}". A brace
 * stands for one component, never an empty one. @args is overwritten on a match only.
 */
bool route_match(const char *pattern, const char *path, struct route_args *args);

#endif
