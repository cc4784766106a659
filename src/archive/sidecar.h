/*
 * The sidecar: an asset in vodkeep's own stable schema "vodkeep.asset/1" (INTERFACE
 * §7), so that the archive can be read, moved and imported without vodkeep's database.
 * Pure.
 */
#ifndef VODKEEP_ARCHIVE_SIDECAR_H
#define VODKEEP_ARCHIVE_SIDECAR_H

#include "core/asset.h"
#include <cjson/cJSON.h>

#define SIDECAR_MAX (8u << 20) /* bytes; longer is nobody's */

/* Indented JSON with a final newline; caller frees. The sidecar's own file entry (role
 * metadata) is left out of "files". */
char *sidecar_text(const struct asset *asset, const char *platform);
/* The same as JSON without what the platform said, for whoever is told of the asset;
 * the caller's. */
cJSON *sidecar_json(const struct asset *asset, const char *platform);
/* Whether @text is a sidecar, of any version of the schema, of this very asset. */
bool sidecar_is_of(const char *text, size_t len, const char *workspace, const char *id);

/* Whether @text is a sidecar, of any version of the schema, of any asset that lists a
 * file called @name (without directories: the archive may have been moved); with NULL
 * whether it is a sidecar at all. */
bool sidecar_lists(const char *text, size_t len, const char *name);

#endif
