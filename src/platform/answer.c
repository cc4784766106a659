/*
 * API answers. Platforms sit behind proxies that answer in their place: an HTML page
 * with status 200, a bare 404, half a body. None of that says anything about a media,
 * so only JSON objects count, and everything else is asked again.
 */
#include <config.h>

#include "platform/answer.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "platform/redact.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MESSAGE_MAX    240
#define LANGUAGE_MAX   35 /* RFC 5646 §4.4.1 */
#define DURATION_MAX_S 1e9
#define MS_PER_SECOND  1000.0

enum err_class answer_class(int status)
{
	switch (status) {
	case 401:
	case 403: /* Dolby answers 403 to a bad secret, never 401 (optiview.md §3.3) */
		return ERR_AUTH;
	case 404:
	case 410:
		return ERR_NOT_FOUND;
	case 408:
	case 425:
	case 429:
		return ERR_TRANSIENT;
	default:
		break;
	}
	if (status >= 200 && status < 300)
		return ERR_NONE;
	/* An API does not redirect: somebody in between does (a login page). */
	return status >= 400 && status < 500 ? ERR_PERMANENT : ERR_TRANSIENT;
}

static bool is_html(const struct http_response *answer)
{
	const char *body = answer->body ? answer->body : "";
	return strcmp(answer->content_type, "text/html") == 0 ||
	       body[strspn(body, " \t\r\n")] == '<';
}

int answer_json(const char *title, const struct http_response *answer, cJSON **out,
	struct err *err)
{
	const char *what = "something that is not JSON";
	cJSON *root = NULL;

	if (answer->body_len > 0 && !is_html(answer) &&
		json_parse(answer->body, answer->body_len, &root, NULL) == 0) {
		if (cJSON_IsObject(root)) {
			*out = root;
			return 0;
		}
		cJSON_Delete(root);
		what = "JSON that is not an object";
	}
	if (answer->status == 401 || (answer->status == 403 && !is_html(answer)))
		return answer_refused(title, answer, ERR_AUTH, NULL, err);
	if (answer->body_len == 0)
		what = "nothing";
	else if (is_html(answer))
		what = "an HTML page instead of JSON";
	err_set(err, ERR_TRANSIENT, "%s answered %s (HTTP %d)", title, what,
		answer->status);
	if (err)
		err->retry_after_ms = answer->retry_after_ms;
	return -ERR_TRANSIENT;
}

static const char *verdict_of(enum err_class class, int status)
{
	switch (class) {
	case ERR_AUTH:
		return "refuses the API credentials";
	case ERR_NOT_FOUND:
		return "does not know it";
	case ERR_PERMANENT:
		return "refuses the request";
	default:
		return status == 429 ? "asks to be called less often"
				     : "failed to answer";
	}
}

int answer_refused(const char *title, const struct http_response *answer,
	enum err_class class, const char *message, struct err *err)
{
	char *clean = redact_text(message);
	size_t len = clean ? utf8_trim(clean, strnlen(clean, MESSAGE_MAX)) : 0;

	err_set(err, class, "%s %s (HTTP %d%s%.*s)", title,
		verdict_of(class, answer->status), answer->status, len ? ": " : "",
		(int)len, len ? clean : "");
	if (err)
		err->retry_after_ms = answer->retry_after_ms;
	free(clean);
	return -(int)class;
}

bool answer_is(const char *text, const char *word)
{
	return text && strcasecmp(text, word) == 0;
}

char *answer_language(const char *text)
{
	if (!text || answer_is(text, "und") || strlen(text) > LANGUAGE_MAX)
		return NULL;
	char *tag = mem_strdup(text);
	for (char *c = tag; *c; c++) {
		if (*c == '_')
			*c = '-';
		if (!strchr("-0123456789"
			    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
			    *c)) {
			free(tag);
			return NULL;
		}
	}
	return tag;
}

int64_t answer_duration_ms(double seconds)
{
	if (!(seconds >= 0 && seconds <= DURATION_MAX_S))
		return -1;
	return (int64_t)(seconds * MS_PER_SECOND + 0.5);
}

int answer_pixels(const cJSON *node, const char *name)
{
	int64_t value = json_int(node, name, 0);
	return value > 0 && value <= ANSWER_PIXELS_MAX ? (int)value : 0;
}

int answer_lines(int width, int height)
{
	return width > 0 && width < height ? width : height;
}

struct list_entry *list_page_add(struct list_page *page, const char *id)
{
	page->entries =
		mem_grow(page->entries, page->count + 1, sizeof(*page->entries));
	struct list_entry *entry = &page->entries[page->count++];
	entry->id = mem_strdup(id);
	record_init(&entry->record);
	return entry;
}

void list_page_release(struct list_page *page)
{
	for (size_t i = 0; i < page->count; i++) {
		free(page->entries[i].id);
		record_release(&page->entries[i].record);
	}
	free(page->entries);
	memset(page, 0, sizeof(*page));
}

char *platform_data_workspace(const char *data)
{
	struct err err = { 0 };
	cJSON *root;
	char *id;

	if (!data || json_parse(data, strlen(data), &root, &err))
		return NULL;
	id = mem_strdup(json_text(root, "workspaceId"));
	cJSON_Delete(root);
	return id;
}
