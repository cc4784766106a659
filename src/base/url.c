/*
 * RFC 3986 §5.2, on the five parts of a reference. Everything is done on slices of the
 * two texts, and written once.
 */
#include <config.h>

#include "base/url.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/http.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define URL_MAX (64u << 10)

struct slice {
	const char *at; /* NULL: the part is missing, which differs from empty */
	size_t len;
};

struct parts {
	struct slice scheme;
	struct slice authority;
	struct slice path;
	struct slice query;
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Length of the scheme @ref begins with, without its colon; 0: it has none. */
static size_t scheme_len(const char *ref)
{
	size_t len = 0;

	if (!is_letter(*ref))
		return 0;
	while (is_letter(ref[len]) || is_digit(ref[len]) ||
		(ref[len] && strchr("+-.", ref[len])))
		len++;
	return ref[len] == ':' ? len : 0;
}

bool url_has_scheme(const char *ref)
{
	return scheme_len(ref) > 0;
}

static struct slice take(const char **at, const char *until)
{
	struct slice slice = { *at, strcspn(*at, until) };

	*at += slice.len;
	return slice;
}

static struct parts split(const char *ref)
{
	struct parts parts = { 0 };
	size_t scheme = scheme_len(ref);

	if (scheme) {
		parts.scheme = (struct slice){ ref, scheme };
		ref += scheme + 1;
	}
	if (strncmp(ref, "//", 2) == 0) {
		ref += 2;
		parts.authority = take(&ref, "/?#");
	}
	parts.path = take(&ref, "?#");
	if (*ref == '?') {
		ref++;
		parts.query = take(&ref, "#");
	}
	return parts;
}

static bool is_http(struct slice scheme)
{
	return (scheme.len == 4 && strncasecmp(scheme.at, "http", 4) == 0) ||
	       (scheme.len == 5 && strncasecmp(scheme.at, "https", 5) == 0);
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7F;
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if (is_control(*text))
			return true;
	return false;
}

static void put(struct buf *out, struct slice slice)
{
	for (size_t i = 0; i < slice.len; i++) {
		unsigned char c = (unsigned char)slice.at[i];
		if (c == ' ' || c >= 0x80)
			http_escape_byte(c, out);
		else
			buf_char(out, (char)c);
	}
}

/* Take the last component off what was written since @start, as "/.." does. */
static void drop_component(struct buf *out, size_t start)
{
	while (out->len > start && out->data[out->len - 1] != '/')
		out->len--;
	if (out->len > start)
		out->len--;
	out->data[out->len] = '\0';
}

/* §5.2.4, a component at a time. @path begins with "/" or is empty. */
static void put_without_dots(struct buf *out, struct slice path)
{
	size_t start = out->len;
	size_t at = 0;

	while (at < path.len && !out->overflow) {
		size_t next = at + 1;
		while (next < path.len && path.at[next] != '/')
			next++;
		struct slice part = { path.at + at, next - at };
		bool last = next == path.len;
		bool up = part.len == 3 && memcmp(part.at, "/..", 3) == 0;
		if (up)
			drop_component(out, start);
		if (!up && !(part.len == 2 && memcmp(part.at, "/.", 2) == 0))
			put(out, part);
		else if (last)
			buf_char(out, '/');
		at = next;
	}
}

/* §5.2.3: what @base's path says up to its last "/", then @ref. */
static void put_merged(struct buf *out, struct slice base, struct slice ref)
{
	struct buf path;
	const char *slash = base.len ? memrchr(base.at, '/', base.len) : NULL;

	buf_init(&path, URL_MAX);
	if (slash)
		buf_append(&path, base.at, (size_t)(slash - base.at) + 1);
	else
		buf_char(&path, '/');
	buf_append(&path, ref.at, ref.len);
	if (path.overflow)
		out->overflow = true;
	else
		put_without_dots(out, (struct slice){ path.data, path.len });
	buf_release(&path);
}

static void put_path(struct buf *out, const struct parts *base, const struct parts *ref)
{
	if (ref->path.len == 0 && !ref->authority.at)
		put_without_dots(out, base->path);
	else if (ref->authority.at || ref->path.at[0] == '/')
		put_without_dots(out, ref->path);
	else
		put_merged(out, base->path, ref->path);
}

static void put_query(
	struct buf *out, const struct parts *base, const struct parts *ref)
{
	struct slice query = ref->query;

	if (!query.at && ref->path.len == 0 && !ref->authority.at)
		query = base->query;
	if (!query.at)
		return;
	buf_char(out, '?');
	put(out, query);
}

char *url_resolve(const char *base_url, const char *ref_text)
{
	struct parts base = split(base_url);
	struct parts ref = split(ref_text);
	struct buf out;

	if (!is_http(base.scheme) || !base.authority.len || has_control(base_url) ||
		has_control(ref_text))
		return NULL;
	if (ref.scheme.at && (!is_http(ref.scheme) || !ref.authority.len))
		return NULL;
	if (ref.authority.at && !ref.authority.len)
		return NULL;
	buf_init(&out, URL_MAX);
	put(&out, ref.scheme.at ? ref.scheme : base.scheme);
	buf_str(&out, "://");
	put(&out, ref.authority.at ? ref.authority : base.authority);
	put_path(&out, &base, &ref);
	put_query(&out, &base, &ref);
	if (out.overflow) {
		buf_release(&out);
		return NULL;
	}
	return buf_steal(&out);
}

/* Where the component before @end begins: behind a "/", or at @start. */
static const char *component(const char *start, const char *end)
{
	while (end > start && end[-1] == '/')
		end--;
	while (end > start && end[-1] != '/')
		end--;
	return end;
}

char *url_tail(const char *url)
{
	struct slice path = split(url).path;
	const char *end = path.at + path.len;

	while (end > path.at && end[-1] == '/')
		end--;
	const char *from = component(path.at, component(path.at, end));
	while (from < end && *from == '/')
		from++;
	return mem_strndup(from, (size_t)(end - from));
}

/* @value percent-decoded; NULL where that gives a control character. */
static char *decoded(struct slice value)
{
	char *text = mem_alloc(value.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < value.len; i++) {
		int high = -1;
		int low = -1;
		text[n] = value.at[i];
		if (value.at[i] == '%' && i + 2 < value.len) {
			high = hex_value(value.at[i + 1]);
			low = hex_value(value.at[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			text[n] = (char)(high << 4 | low);
			i += 2;
		}
		if (is_control(text[n++])) {
			free(text);
			return NULL;
		}
	}
	return text;
}

char *url_query_value(const char *url, const char *name)
{
	struct slice query = split(url).query;
	size_t name_len = strlen(name);

	while (query.len) {
		const char *amp = memchr(query.at, '&', query.len);
		size_t len = amp ? (size_t)(amp - query.at) : query.len;
		if (len > name_len && query.at[name_len] == '=' &&
			strncmp(query.at, name, name_len) == 0)
			return decoded((struct slice){
				query.at + name_len + 1, len - name_len - 1 });
		len += amp != NULL;
		query.at += len;
		query.len -= len;
	}
	return NULL;
}
