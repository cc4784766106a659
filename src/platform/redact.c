/*
 * Redaction by structure. A list of known secrets would miss the next one, so names are
 * matched by how they end, and any string is searched for URLs: platforms put signed
 * links into fields and into error messages alike (fastpix.md §1 "Sensitive content",
 * optiview.md §8.12).
 */
#include <config.h>

#include "platform/redact.h"

#include "base/buf.h"
#include "base/utf8.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HIDDEN            "***"
#define RESPONSE_BODY_MAX 256
#define NAME_MAX_LEN      64

/* Ends of member names, in lower case without '_' and '-': srtSecret, stream_key. */
static const char *const secret_names[] = {
	"accesskey",
	"apikey",
	"authorization",
	"cookie",
	"credential",
	"credentials",
	"downloadurl",
	"jwt",
	"passphrase",
	"passwd",
	"password",
	"privatekey",
	"secret",
	"secretkey",
	"signature",
	"signingkey",
	"streamkey",
	"token",
};
#define SECRET_NAMES (sizeof(secret_names) / sizeof(secret_names[0]))

/* Transports whose address carries the stream key in its path. */
static const char *const keyed_schemes[] = { "rtmp", "rtmps", "rtmpe", "srt", "rist" };
#define KEYED_SCHEMES (sizeof(keyed_schemes) / sizeof(keyed_schemes[0]))

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_scheme(char c)
{
	return is_alpha(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
	       c == '.';
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_secret_name(const char *name)
{
	char plain[NAME_MAX_LEN + 1];
	size_t len = strlen(name);
	size_t used = 0;

	if (len > NAME_MAX_LEN) /* the end is what counts */
		name += len - NAME_MAX_LEN;
	for (; *name; name++)
		if (*name != '_' && *name != '-')
			plain[used++] = lower(*name);
	plain[used] = '\0';
	for (size_t i = 0; i < SECRET_NAMES; i++) {
		size_t end = strlen(secret_names[i]);
		if (used >= end && strcmp(plain + used - end, secret_names[i]) == 0)
			return true;
	}
	return false;
}

static bool is_keyed_scheme(const char *scheme, size_t len)
{
	for (size_t i = 0; i < KEYED_SCHEMES; i++)
		if (strlen(keyed_schemes[i]) == len &&
			strncasecmp(scheme, keyed_schemes[i], len) == 0)
			return true;
	return false;
}

/* Where the scheme of the "://" at @colon begins, not before @floor; NULL none. */
static const char *scheme_of(const char *floor, const char *colon)
{
	const char *start = colon;
	while (start > floor && is_scheme(start[-1]))
		start--;
	while (start < colon && !is_alpha(*start))
		start++;
	return start < colon ? start : NULL;
}

/* The first of @set in [@at, @end), or @end. */
static const char *find(const char *at, const char *end, const char *set)
{
	while (at < end && !strchr(set, *at))
		at++;
	return at;
}

/* Append the URL whose scheme is [@scheme, @colon) and which ends at @end. */
static void append_url(struct buf *out, const char *scheme, const char *colon,
	const char *end, bool hide_path)
{
	const char *host = colon + 3;
	const char *path = find(host, end, "/?#\\");
	const char *at = memrchr(host, '@', (size_t)(path - host));
	if (at)
		host = at + 1;
	buf_append(out, scheme, (size_t)(colon + 3 - scheme));
	buf_append(out, host, (size_t)(path - host));
	if (hide_path) {
		buf_str(out, path < end ? "/" HIDDEN : "");
		return;
	}
	const char *query = find(path, end, "?#");
	buf_append(out, path, (size_t)(query - path));
	if (query < end && *query == '?')
		buf_str(out, "?" HIDDEN);
}

/* The "://" of the first URL in [@at, @end), whose scheme begins at *scheme; NULL none.
 */
static const char *next_url(const char *at, const char *end, const char **scheme)
{
	const char *colon;

	while ((colon = memmem(at, (size_t)(end - at), "://", 3))) {
		*scheme = scheme_of(at, colon);
		if (*scheme)
			return colon;
		at = colon + 3;
	}
	return NULL;
}

/* Append a URL that ends at @end and those within it: in the path, as a proxy's, or in
 * the words behind it. What a query holds is hidden with it. */
static void append_urls(struct buf *out, const char *scheme, const char *colon,
	const char *end, bool hide_path)
{
	const char *query = find(colon + 3, end, "?#");
	const char *next_scheme = NULL;
	const char *next = NULL;

	for (;; colon = next, scheme = next_scheme) {
		bool hide =
			hide_path || is_keyed_scheme(scheme, (size_t)(colon - scheme));
		next = hide ? NULL : next_url(colon + 3, query, &next_scheme);
		append_url(out, scheme, colon, next ? next_scheme : end, hide);
		if (!next)
			return;
	}
}

/* Linear in the length of @text, which may be a megabyte of nothing but "a://". */
static char *redact(const char *text, bool hide_path)
{
	const char *text_end = text + strlen(text);
	const char *from = text;
	const char *scheme;
	const char *colon;
	struct buf out;

	buf_init(&out, 2 * strlen(text) + 64);
	while ((colon = next_url(from, text_end, &scheme))) {
		/* A string that is a URL is one to its end, even where its query holds
		 * a blank; one inside a sentence ends with the word. */
		const char *end = scheme == text
					  ? text_end
					  : find(colon + 3, text_end, " \t\r\n\"'<>`");
		buf_append(&out, from, (size_t)(scheme - from));
		append_urls(&out, scheme, colon, end, hide_path);
		from = end;
	}
	buf_str(&out, from);
	return buf_steal(&out);
}

char *redact_text(const char *text)
{
	return text ? redact(text, false) : NULL;
}

static void set_string(cJSON *node, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = cJSON_malloc(size);
	if (!copy)
		abort();
	memcpy(copy, text, size);
	cJSON_free(node->valuestring);
	node->valuestring = copy;
}

/* Turn any value into the string "***", keeping its name and place. */
static void hide(cJSON *node)
{
	cJSON_Delete(node->child);
	node->child = NULL;
	node->type = cJSON_String | (node->type & cJSON_StringIsConst);
	set_string(node, HIDDEN);
}

static void redact_string(cJSON *node, bool hide_path)
{
	if (strstr(node->valuestring, "://")) {
		char *clean = redact(node->valuestring, hide_path);
		set_string(node, clean);
		free(clean);
	}
	/* Our own earlier answers come back in attempts[] (fastpix.md §9.10). */
	if (node->string && strcasecmp(node->string, "responseBody") == 0 &&
		strlen(node->valuestring) > RESPONSE_BODY_MAX)
		node->valuestring[utf8_trim(node->valuestring, RESPONSE_BODY_MAX)] =
			'\0';
}

/* Recursion is bounded: json_parse() refuses deep nesting. */
void redact_json(cJSON *node)
{
	if (node->string && is_secret_name(node->string) && !cJSON_IsNull(node) &&
		!cJSON_IsBool(node)) {
		hide(node);
		return;
	}
	if (cJSON_IsString(node))
		redact_string(node, false);
	for (cJSON *child = node->child; child; child = child->next)
		redact_json(child);
}

void redact_url_path(cJSON *node)
{
	if (cJSON_IsString(node))
		redact_string(node, true);
}
