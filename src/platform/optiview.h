/*
 * Dolby OptiView, between its own files: optiview_event.c reads deliveries,
 * optiview_api.c talks about calls and answers, optiview_asset.c reads the asset
 * object. Nobody else includes this.
 *
 * Recordings made before the media assets API have integer ids and an API of their own
 * (record_files, optiview.md §1.7). Here such an id is its decimal text.
 */
#ifndef VODKEEP_PLATFORM_OPTIVIEW_H
#define VODKEEP_PLATFORM_OPTIVIEW_H

#include "platform/platform.h"

#define OPTIVIEW_API_URL    "https://api.millicast.com"
#define OPTIVIEW_LIST_LIMIT 100

/* optiview_event.c */
enum delivery_verdict optiview_parse(const struct workspace_config *ws,
	const struct delivery_input *in, struct event *event, char **redacted,
	struct err *err);

/* optiview_api.c */
void optiview_details_request(
	const struct workspace_config *ws, const char *id, struct http_request *out);
int optiview_details_response(const struct workspace_config *ws, const char *id,
	const struct http_response *answer, struct record *record, struct err *err);
void optiview_list_request(const struct workspace_config *ws, int page, int limit,
	struct http_request *out);
int optiview_list_response(const struct workspace_config *ws,
	const struct http_response *answer, int limit, struct list_page *page,
	struct err *err);
void optiview_delete_request(
	const struct workspace_config *ws, const char *id, struct http_request *out);

/* optiview_hook.c */
void optiview_hook_request(const struct workspace_config *ws, struct http_request *out);
int optiview_hook_response(const struct workspace_config *ws,
	const struct http_response *answer, struct hook_state *hook, struct err *err);

/* optiview_asset.c */
/* An id that is text or integer, as text; NULL when it is neither or not usable. Caller
 * frees. */
char *optiview_id(const cJSON *node, const char *path);
/* A word of the platform in lower case (NULL gives NULL); caller frees. */
char *optiview_word(const char *text);
/* Status and facts of an asset from the API, without sources. */
void optiview_asset_record(const cJSON *asset, struct record *record);
void optiview_asset_sources(const cJSON *asset, struct record *record);

#endif
