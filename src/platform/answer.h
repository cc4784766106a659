/*
 * What is common to reading any platform's API answers: whether it was the API that
 * spoke, which class an HTTP status belongs to, and sentences about it. Each platform
 * reads its own envelope.
 */
#ifndef VODKEEP_PLATFORM_ANSWER_H
#define VODKEEP_PLATFORM_ANSWER_H

#include "platform/platform.h"

/* ERR_NONE for success; ERR_NOT_FOUND, AUTH, TRANSIENT, PERMANENT. */
enum err_class answer_class(int status);
/* The JSON object in @answer; caller owns *out. What is not one was not written by the
 * API: TRANSIENT (a proxy's page, a cut connection), or AUTH for a bare 401 or 403. */
int answer_json(const char *title, const struct http_response *answer, cJSON **out,
	struct err *err);
/* Fill @err with @class, a sentence with the API's own @message (or NULL), and the wait
 * the answer asks for. Returns -class. */
int answer_refused(const char *title, const struct http_response *answer,
	enum err_class class, const char *message, struct err *err);

/* Case-insensitive equality; NULL equals nothing. */
bool answer_is(const char *text, const char *word);
/* A language tag as files and players take it ("en-US"), or NULL for none, "und" and
 * anything that is not a tag; caller frees. */
char *answer_language(const char *text);
/* Seconds that may be fractional to milliseconds; -1 when out of reason. */
int64_t answer_duration_ms(double seconds);
#define ANSWER_PIXELS_MAX 100000
/* A width or height; 0 when absent or out of reason. */
int answer_pixels(const cJSON *node, const char *name);
/* The lines that name a resolution: the shorter side, as facts_resolution() has it. */
int answer_lines(int width, int height);
/* Append an entry with initialised record. */
struct list_entry *list_page_add(struct list_page *page, const char *id);

#endif
