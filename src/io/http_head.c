/*
 * One table of the fields that matter. Texts that do not fit are dropped rather than
 * cut: half an ETag would be another ETag.
 */
#include <config.h>

#include "io/http_head.h"

#include "base/clock.h"
#include "base/mem.h"
#include <curl/curl.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

struct value {
	const char *text;
	size_t len;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct value trim(const char *text, size_t len)
{
	while (len > 0 && is_space(text[0])) {
		text++;
		len--;
	}
	while (len > 0 && is_space(text[len - 1]))
		len--;
	return (struct value){ text, len };
}

/* Digits at the start of @value, which is advanced past them; -1 none or too many. */
static int64_t number(struct value *value)
{
	int64_t n = 0;
	size_t i = 0;
	for (; i < value->len && value->text[i] >= '0' && value->text[i] <= '9'; i++) {
		if (n > (INT64_MAX - 9) / 10)
			return -1;
		n = n * 10 + (value->text[i] - '0');
	}
	value->text += i;
	value->len -= i;
	return i > 0 ? n : -1;
}

static bool skip(struct value *value, char c)
{
	if (value->len == 0 || value->text[0] != c)
		return false;
	value->text++;
	value->len--;
	return true;
}

static void copy(char *out, size_t size, struct value value)
{
	if (value.len >= size)
		value.len = 0;
	memcpy(out, value.text, value.len);
	out[value.len] = '\0';
}

static void copy_lower(char *out, size_t size, struct value value)
{
	copy(out, size, value);
	for (; *out; out++)
		if (*out >= 'A' && *out <= 'Z')
			*out = (char)(*out + 32);
}

static void content_length(struct http_head *head, struct value value)
{
	int64_t n = number(&value);
	head->content_length = value.len == 0 ? n : -1;
}

/* "bytes 0-99/200", "bytes 0-99/" "*", "bytes " "*" "/200" */
static void content_range(struct http_head *head, struct value value)
{
	int64_t first = -1, last = -1, total = -1;
	if (value.len < 6 || strncasecmp(value.text, "bytes ", 6) != 0)
		return;
	value = trim(value.text + 6, value.len - 6);
	if (!skip(&value, '*')) {
		first = number(&value);
		if (first < 0 || !skip(&value, '-'))
			return;
		last = number(&value);
		if (last < first)
			return;
	}
	if (!skip(&value, '/'))
		return;
	if (!skip(&value, '*')) {
		total = number(&value);
		if (total < 0 || last >= total)
			return;
	}
	if (value.len > 0)
		return;
	head->range_first = first;
	head->range_last = last;
	head->range_total = total;
}

static void content_type(struct http_head *head, struct value value)
{
	const char *end = memchr(value.text, ';', value.len);
	if (end)
		value = trim(value.text, (size_t)(end - value.text));
	copy_lower(head->content_type, sizeof(head->content_type), value);
}

static void content_encoding(struct http_head *head, struct value value)
{
	copy_lower(head->content_encoding, sizeof(head->content_encoding), value);
}

static void etag(struct http_head *head, struct value value)
{
	copy(head->etag, sizeof(head->etag), value);
}

static void last_modified(struct http_head *head, struct value value)
{
	copy(head->last_modified, sizeof(head->last_modified), value);
}

static void accept_ranges(struct http_head *head, struct value value)
{
	head->accept_ranges =
		value.len == 5 && strncasecmp(value.text, "bytes", 5) == 0;
}

static void date(struct http_head *head, struct value value)
{
	char text[64];
	time_t at;

	copy(text, sizeof(text), value);
	at = text[0] ? curl_getdate(text, NULL) : -1;
	/* Beyond the year 2262 nanoseconds do not reach. */
	head->date_ns = at > 0 && at < INT64_MAX / NS_PER_S ? at * NS_PER_S : 0;
}

static const struct {
	const char *name;
	void (*read)(struct http_head *head, struct value value);
} fields[] = {
	{ "Content-Length", content_length },
	{ "Content-Range", content_range },
	{ "Content-Type", content_type },
	{ "Content-Encoding", content_encoding },
	{ "ETag", etag },
	{ "Last-Modified", last_modified },
	{ "Accept-Ranges", accept_ranges },
	{ "Date", date },
};

static bool is_field(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);
	return len > n && line[n] == ':' && strncasecmp(line, name, n) == 0;
}

bool http_head_begin(struct http_head *head, const char *line, size_t len)
{
	const char *space = memchr(line, ' ', len);
	if (len < 5 || strncmp(line, "HTTP/", 5) != 0 || !space)
		return false;
	struct value value = trim(space, len - (size_t)(space - line));
	int64_t status = number(&value);
	if (status < 100 || status > 999)
		return false;
	memset(head, 0, sizeof(*head));
	head->status = (int)status;
	head->content_length = -1;
	head->range_first = head->range_last = head->range_total = -1;
	return true;
}

void http_head_field(struct http_head *head, const char *line, size_t len)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (is_field(line, len, fields[i].name)) {
			size_t n = strlen(fields[i].name) + 1;
			fields[i].read(head, trim(line + n, len - n));
			return;
		}
}

char *http_head_value(const char *line, size_t len, const char *name)
{
	if (!is_field(line, len, name))
		return NULL;
	size_t n = strlen(name) + 1;
	struct value value = trim(line + n, len - n);
	return mem_strndup(value.text, value.len);
}
