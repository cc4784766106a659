/*
 * Old versions of a file, kept beside the current one where the rule says so: of
 * NAME.mp4, which has the key "video", they are NAME.v1.mp4, NAME.v2.mp4 … with the
 * keys "video~v0001", "video~v0002" …, behind it and the oldest first. Pure.
 */
#ifndef VODKEEP_CORE_VERSION_H
#define VODKEEP_CORE_VERSION_H

#include "core/asset.h"

/* The number in the key of an old version; 0: it is the key of a current file. */
int version_number(const char *key);
/* The number for the next version of the file of @key: above all that it has. */
int version_next(const struct asset *asset, const char *key);
/* An old version of the file of @key with these bytes, or NULL. */
const struct file *version_with(
	const struct asset *asset, const char *key, const char *sha256);
/* Make a copy of a current file its version @number, which is at @path and was replaced
 * at @now_ns. */
void version_name(struct file *old, int number, const char *path, int64_t now_ns);

#endif
