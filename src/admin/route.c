/*
 * Matching walks pattern and path side by side; the first difference ends it.
 */
#include <config.h>

#include "admin/route.h"

#include <string.h>

#define WORKSPACE "{workspace}"
#define ID        "{id}"
#define FILE_NAME "{file}"

static bool take(const char **path, char *to, size_t size)
{
	size_t len = strcspn(*path, "/");

	if (len == 0 || len >= size)
		return false;
	memcpy(to, *path, len);
	to[len] = '\0';
	*path += len;
	return true;
}

bool route_match(const char *pattern, const char *path, struct route_args *args)
{
	struct route_args found = { 0 };

	while (*pattern) {
		if (strncmp(pattern, WORKSPACE, strlen(WORKSPACE)) == 0) {
			if (!take(&path, found.workspace, sizeof(found.workspace)))
				return false;
			pattern += strlen(WORKSPACE);
		} else if (strncmp(pattern, ID, strlen(ID)) == 0) {
			if (!take(&path, found.id, sizeof(found.id)))
				return false;
			pattern += strlen(ID);
		} else if (strncmp(pattern, FILE_NAME, strlen(FILE_NAME)) == 0) {
			if (!take(&path, found.file, sizeof(found.file)))
				return false;
			pattern += strlen(FILE_NAME);
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	if (*path)
		return false;
	*args = found;
	return true;
}
