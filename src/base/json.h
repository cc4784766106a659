/*
 * JSON on cJSON: parsing with limits, getters that tolerate what platforms really send,
 * and a writer that never fails half-way. Not a schema language.
 *
 * A path is dot-separated member names ("data.workspace.id"); an element that is all
 * digits indexes an array. Getters return the fallback when anything on the way is
 * absent, null or of another type: nullable everything is the platforms' habit.
 */
#ifndef VODKEEP_BASE_JSON_H
#define VODKEEP_BASE_JSON_H

#include "base/err.h"
#include <cjson/cJSON.h>
#include <stddef.h>

/* Parse exactly @len bytes (trailing white space allowed, other trailing bytes are
 * not). Depth above 64 and NUL bytes are refused; escapes of NUL and of lone surrogates
 * become U+FFFD. Caller owns *out (cJSON_Delete). ERR_INPUT on failure. */
int json_parse(const char *text, size_t len, cJSON **out, struct err *err);

/* The node at @path (one that is null included) or NULL; borrowed. "" is @node itself,
 * which may be NULL. Member names compare exactly. */
const cJSON *json_at(const cJSON *node, const char *path);
/* A non-empty string, or NULL. Borrowed. */
const char *json_text(const cJSON *node, const char *path);
/* A number (also one in a string) within int64, or @fallback. Fractions are cut. */
int64_t json_int(const cJSON *node, const char *path, int64_t fallback);
double json_number(const cJSON *node, const char *path, double fallback);
/* true/false, or @fallback. */
bool json_bool(const cJSON *node, const char *path, bool fallback);
/* A time: RFC 3339 text with 0–9 fractional digits, or an integer in s, ms, µs or ns
 * since the epoch (told apart by magnitude). 0 when absent or not a time. */
int64_t json_time_ns(const cJSON *node, const char *path);

/* Builders: add to an object; a NULL text adds null. */
void json_add_text(cJSON *object, const char *name, const char *text);
void json_add_int(cJSON *object, const char *name, int64_t value);
/* The same, but a negative value, which stands for unknown, adds null. */
void json_add_amount(cJSON *object, const char *name, int64_t value);
void json_add_bool(cJSON *object, const char *name, bool value);
/* RFC 3339 UTC with milliseconds; 0 adds null. */
void json_add_time(cJSON *object, const char *name, int64_t ns);

/* Compact (or indented) text, valid UTF-8; caller frees with free(). Never NULL. */
char *json_print(const cJSON *node, bool indented);

#endif
