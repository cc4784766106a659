/*
 * FastPix, between its own files: fastpix_event.c reads deliveries, fastpix_api.c talks
 * about calls and answers, fastpix_media.c reads the media object that both hold,
 * fastpix_sources.c says what of it can be fetched. Nobody else includes this.
 */
#ifndef VODKEEP_PLATFORM_FASTPIX_H
#define VODKEEP_PLATFORM_FASTPIX_H

#include "platform/platform.h"

#define FASTPIX_API_URL    "https://api.fastpix.com/v1"
#define FASTPIX_STREAM_URL "https://stream.fastpix.com"
#define FASTPIX_IMAGE_URL  "https://images.fastpix.com"
#define FASTPIX_LIST_LIMIT 50 /* more is answered with 422 (fastpix.md §3) */

/* fastpix_event.c */
enum delivery_verdict fastpix_parse(const struct workspace_config *ws,
	const struct delivery_input *in, struct event *event, char **redacted,
	struct err *err);

/* fastpix_api.c */
void fastpix_details_request(
	const struct workspace_config *ws, const char *id, struct http_request *out);
int fastpix_details_response(const struct workspace_config *ws, const char *id,
	const struct http_response *answer, struct record *record, struct err *err);
void fastpix_list_request(const struct workspace_config *ws, int page, int limit,
	struct http_request *out);
int fastpix_list_response(const struct workspace_config *ws,
	const struct http_response *answer, int limit, struct list_page *page,
	struct err *err);
void fastpix_ask_request(const struct workspace_config *ws, const char *id,
	const char *what, struct http_request *out);
int fastpix_ask_response(
	const struct http_response *answer, bool *had, struct err *err);
void fastpix_delete_request(
	const struct workspace_config *ws, const char *id, struct http_request *out);
int fastpix_delete_response(const struct http_response *answer, struct err *err);

/* fastpix_media.c: the media object, whatever generation of the API wrote it. */
/* What it tells; an event's object may be partial, so that nothing is guessed. */
void fastpix_media_facts(const cJSON *media, struct facts *facts);
bool fastpix_media_trial(const cJSON *media);
/* The platform's words about a failure, redacted, or NULL; caller frees. */
char *fastpix_media_reason(const cJSON *media);
/* Status and facts of a whole object from the API, without sources. */
void fastpix_media_record(const cJSON *media, struct record *record);
/* Walk a member that is an array of objects, or, in old bodies, one such object. */
const cJSON *fastpix_next(const cJSON *list, const cJSON *previous);

/* fastpix_sources.c */
void fastpix_media_sources(
	const struct workspace_config *ws, const cJSON *media, struct record *record);

#endif
