/*
 * What must not be kept of a platform's JSON: secrets by name, and whatever lets a URL
 * be used. Structure, ids and words stay, so that stored deliveries can be explained
 * and replayed.
 */
#ifndef VODKEEP_PLATFORM_REDACT_H
#define VODKEEP_PLATFORM_REDACT_H

#include <cjson/cJSON.h>

/* In place: members named like secrets become "***"; in every string, URLs lose user,
 * query and fragment; attempts[].responseBody is cut to 256 bytes. */
void redact_json(cJSON *node);
/* The URL that the string @node holds (NULL allowed) keeps its scheme and host only:
 * for links whose path is the secret. */
void redact_url_path(cJSON *node);
/* @text (NULL gives NULL) with its URLs redacted as above; caller frees. */
char *redact_text(const char *text);

#endif
