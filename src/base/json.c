/*
 * JSON in and out. Before cJSON sees a text it is scanned once, for what cJSON would
 * get wrong: nesting deep enough to exhaust the stack, NUL bytes, and the escapes
 * \u0000 and lone surrogates, which real titles contain (text cut in the middle of an
 * emoji). cJSON would truncate or refuse them; they become U+FFFD. Bytes that are not
 * UTF-8 are let in and replaced on the way out.
 *
 * Numbers are doubles, as everywhere in JSON: integers are exact up to 2^53.
 */
#include <config.h>

#include "base/json.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX   64
#define PLAIN_LIMIT INT64_C(1000000000000000) /* below, cJSON prints all digits */

#define ESCAPE_LEN 6 /* \uXXXX */

/* The value of the "\uXXXX" at @text, or -1. */
static int32_t unicode_escape(const char *text, size_t len)
{
	int32_t value = 0;

	if (len < ESCAPE_LEN || text[0] != '\\' || text[1] != 'u')
		return -1;
	for (int i = 2; i < ESCAPE_LEN; i++) {
		char c = text[i];
		value <<= 4;
		if (c >= '0' && c <= '9')
			value |= c - '0';
		else if (c >= 'a' && c <= 'f')
			value |= c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			value |= c - 'A' + 10;
		else
			return -1;
	}
	return value;
}

/* How long the escape at @text is; *lossy when cJSON cannot hold what it stands for. */
static size_t escape_length(const char *text, size_t len, bool *lossy)
{
	int32_t first = unicode_escape(text, len);

	*lossy = first == 0 || (first >= 0xDC00 && first <= 0xDFFF);
	if (first < 0)
		return 2;
	if (first >= 0xD800 && first <= 0xDBFF) {
		int32_t second = unicode_escape(text + ESCAPE_LEN, len - ESCAPE_LEN);
		if (second >= 0xDC00 && second <= 0xDFFF)
			return 2 * (size_t)ESCAPE_LEN;
		*lossy = true;
	}
	return ESCAPE_LEN;
}

/* Check depth and NULs; count lossy escapes, and replace them when @patch (a copy of
 * @text) is given. */
static int scan(
	const char *text, size_t len, char *patch, size_t *lossy, struct err *err)
{
	bool in_string = false;
	int depth = 0;
	size_t step;

	*lossy = 0;
	for (size_t i = 0; i < len; i += step) {
		bool is_lossy = false;
		char c = text[i];
		step = 1;
		if (c == '\0')
			return err_set(
				err, ERR_INPUT, "JSON with a NUL byte at %zu", i);
		if (in_string && c == '\\') {
			step = escape_length(text + i, len - i, &is_lossy);
			if (i + 1 < len && text[i + 1] == '\0')
				step = 1;
		} else if (c == '"') {
			in_string = !in_string;
		} else if (!in_string && (c == '{' || c == '[')) {
			if (++depth > DEPTH_MAX)
				return err_set(err, ERR_INPUT,
					"JSON nested deeper than %d levels", DEPTH_MAX);
		} else if (!in_string && (c == '}' || c == ']')) {
			depth--;
		}
		if (is_lossy) {
			++*lossy;
			if (patch)
				memcpy(patch + i, "\\uFFFD", ESCAPE_LEN);
		}
	}
	return 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int json_parse(const char *text, size_t len, cJSON **out, struct err *err)
{
	const char *end = NULL;
	char *patched = NULL;
	size_t lossy;

	int rc = scan(text, len, NULL, &lossy, err);
	if (rc)
		return rc;
	if (lossy) {
		patched = mem_array(len, 1);
		memcpy(patched, text, len);
		scan(text, len, patched, &lossy, NULL);
		text = patched;
	}
	cJSON *node = cJSON_ParseWithLengthOpts(text, len, &end, false);
	size_t at = end ? (size_t)(end - text) : 0;
	while (node && at < len && is_space(text[at]))
		at++;
	free(patched);
	if (!node)
		return err_set(
			err, ERR_INPUT, "not JSON: wrong at byte %zu of %zu", at, len);
	if (at < len) {
		cJSON_Delete(node);
		return err_set(
			err, ERR_INPUT, "not JSON: something follows at byte %zu", at);
	}
	*out = node;
	return 0;
}

static const cJSON *element(const cJSON *array, const char *digits, size_t len)
{
	size_t index = 0;
	for (size_t i = 0; i < len; i++) {
		if (digits[i] < '0' || digits[i] > '9' || index > SIZE_MAX / 10 - 1)
			return NULL;
		index = index * 10 + (size_t)(digits[i] - '0');
	}
	const cJSON *child = len ? array->child : NULL;
	while (child && index-- > 0)
		child = child->next;
	return child;
}

static const cJSON *member(const cJSON *object, const char *name, size_t len)
{
	for (const cJSON *child = object->child; child; child = child->next)
		if (child->string && strncmp(child->string, name, len) == 0 &&
			child->string[len] == '\0')
			return child;
	return NULL;
}

const cJSON *json_at(const cJSON *node, const char *path)
{
	while (node && *path) {
		size_t len = strcspn(path, ".");
		if (cJSON_IsArray(node))
			node = element(node, path, len);
		else if (cJSON_IsObject(node))
			node = member(node, path, len);
		else
			node = NULL;
		path += len;
		if (*path == '.')
			path++;
	}
	return node;
}

const char *json_text(const cJSON *node, const char *path)
{
	const char *text = cJSON_GetStringValue(json_at(node, path));
	return text && *text ? text : NULL;
}

/* The text of a number that is a string, or was added raw; NULL for anything else. */
static const char *number_text(const cJSON *node)
{
	if (!node || !(cJSON_IsString(node) || cJSON_IsRaw(node)) || !node->valuestring)
		return NULL;
	const char *text = node->valuestring;
	size_t sign = *text == '-' || *text == '+';
	if (text[sign] < '0' || text[sign] > '9' ||
		text[strspn(text, "+-.0123456789eE")] != '\0')
		return NULL;
	return text;
}

/* Any number the node stands for; false when it stands for none. */
static bool number_value(const cJSON *node, double *value)
{
	if (cJSON_IsNumber(node)) {
		*value = node->valuedouble;
		return true;
	}
	const char *text = number_text(node);
	if (!text)
		return false;
	char *end;
	*value = strtod(text, &end);
	return *end == '\0';
}

int64_t json_int(const cJSON *node, const char *path, int64_t fallback)
{
	node = json_at(node, path);
	const char *text = number_text(node);
	if (text) {
		char *end;
		errno = 0;
		long long exact = strtoll(text, &end, 10);
		if (*end == '\0')
			return errno == 0 ? exact : fallback;
	}
	double value;
	if (!number_value(node, &value) ||
		!(value >= (double)INT64_MIN && value < -(double)INT64_MIN))
		return fallback;
	return (int64_t)value;
}

double json_number(const cJSON *node, const char *path, double fallback)
{
	double value;
	return number_value(json_at(node, path), &value) ? value : fallback;
}

bool json_bool(const cJSON *node, const char *path, bool fallback)
{
	node = json_at(node, path);
	return cJSON_IsBool(node) ? cJSON_IsTrue(node) : fallback;
}

int64_t json_time_ns(const cJSON *node, const char *path)
{
	int64_t ns = 0;
	node = json_at(node, path);
	const char *text = cJSON_GetStringValue(node);
	if (text && time_parse(text, strlen(text), &ns, NULL) == 0)
		return ns;

	/* Each unit is told by a magnitude that the next coarser one reaches only in
	 * the year 5138 and the next finer one left in 1973. */
	int64_t value = json_int(node, "", 0);
	int64_t unit = value < INT64_C(100000000000)         ? NS_PER_S
		       : value < INT64_C(100000000000000)    ? NS_PER_MS
		       : value < INT64_C(100000000000000000) ? 1000
							     : 1;
	if (value <= 0 || __builtin_mul_overflow(value, unit, &ns))
		return 0;
	return ns;
}

/* cJSON fails for lack of memory only. */
static void added(const cJSON *node)
{
	if (!node)
		abort();
}

void json_add_text(cJSON *object, const char *name, const char *text)
{
	if (text)
		added(cJSON_AddStringToObject(object, name, text));
	else
		added(cJSON_AddNullToObject(object, name));
}

void json_add_int(cJSON *object, const char *name, int64_t value)
{
	if (value > -PLAIN_LIMIT && value < PLAIN_LIMIT) {
		added(cJSON_AddNumberToObject(object, name, (double)value));
		return;
	}
	char digits[32];
	snprintf(digits, sizeof(digits), "%" PRId64, value);
	added(cJSON_AddRawToObject(object, name, digits));
}

void json_add_amount(cJSON *object, const char *name, int64_t value)
{
	if (value < 0)
		added(cJSON_AddNullToObject(object, name));
	else
		json_add_int(object, name, value);
}

void json_add_bool(cJSON *object, const char *name, bool value)
{
	added(cJSON_AddBoolToObject(object, name, value));
}

void json_add_time(cJSON *object, const char *name, int64_t ns)
{
	char text[32];
	if (ns)
		time_format_utc(ns, text);
	json_add_text(object, name, ns ? text : NULL);
}

/* @text with every byte that is not UTF-8 replaced; takes @text, returns what to free.
 */
static char *valid_utf8(char *text)
{
	size_t len = strlen(text);
	size_t bad = 0;
	size_t n;

	for (size_t i = 0; i < len; i += n ? n : 1) {
		n = utf8_sequence(text + i, len - i, NULL);
		bad += n == 0;
	}
	if (bad == 0)
		return text;
	char *clean = mem_array(len + bad * (sizeof(UTF8_REPLACEMENT) - 2) + 1, 1);
	char *to = clean;
	for (size_t i = 0; i < len; i += n ? n : 1) {
		n = utf8_sequence(text + i, len - i, NULL);
		if (n)
			to = mempcpy(to, text + i, n);
		else
			to = mempcpy(
				to, UTF8_REPLACEMENT, sizeof(UTF8_REPLACEMENT) - 1);
	}
	free(text);
	return clean;
}

char *json_print(const cJSON *node, bool indented)
{
	char *text = indented ? cJSON_Print(node) : cJSON_PrintUnformatted(node);
	if (!text)
		abort();
	return valid_utf8(text);
}
