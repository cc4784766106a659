/*
 * What the evidence of a decision says of an asset's files. Pure.
 */
#ifndef VODKEEP_CORE_EVIDENCE_H
#define VODKEEP_CORE_EVIDENCE_H

#include "core/asset.h"
#include <cjson/cJSON.h>

/* Add "files" to @json: path, bytes and sha256 of the first 32, and "files_in_all"
 * where there are more. Nothing where there are none. */
void evidence_add_files(cJSON *json, const struct asset *asset);

#endif
