/*
 * Single values of the configuration: text, numbers, sizes, durations, words, secrets,
 * addresses. Each kind reads, writes and frees itself; none knows the option it serves
 * beyond its range and words.
 */
#include <config.h> /* not core/config.h: the build's */

#include "core/config_table.h"

#include "base/clock.h"
#include "base/http.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SHOWN_MAX 60

void *value_field(const struct config_option *option, void *base)
{
	return (char *)base + option->offset;
}

const void *value_field_const(const struct config_option *option, const void *base)
{
	return (const char *)base + option->offset;
}

int value_shown(const char *text)
{
	return (int)utf8_trim(text, strnlen(text, SHOWN_MAX));
}

int value_bad(struct err *err, const char *text, const char *what)
{
	return err_set(err, ERR_INPUT, "\"%.*s\" %s", value_shown(text), text, what);
}

static int range_error(
	const struct config_option *option, const char *text, bool low, struct err *err)
{
	(void)option;
	return value_bad(err, text, low ? "is too small" : "is too large");
}

/* ---- text -------------------------------------------------------------------- */

static int text_set(const struct config_option *option, const char *text, void *base)
{
	mem_replace(value_field(option, base), *text ? text : NULL);
	return 0;
}

static const char *text_of(const struct config_option *option, const void *base)
{
	const char *text = *(char *const *)value_field_const(option, base);
	return text ? text : "";
}

int value_text_parse(const struct config_option *option, const char *text, void *base,
	const struct config_source *source, struct err *err)
{
	(void)source;
	(void)err;
	return text_set(option, text, base);
}

void value_text_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	buf_str(out, text_of(option, base));
}

void value_text_release(const struct config_option *option, void *base)
{
	mem_replace(value_field(option, base), NULL);
}

const struct value_type type_text = {
	.name = "text",
	.expects = "a value",
	.parse = value_text_parse,
	.print = value_text_print,
	.release = value_text_release,
};

/* The word VERSION stands for this program's. */
static int user_agent_parse(const struct config_option *option, const char *text,
	void *base, const struct config_source *source, struct err *err)
{
	(void)source;
	for (const char *at = text; *at; at++)
		if (*at < ' ' || *at > '~')
			return value_bad(err, text, "holds a character outside ASCII");
	const char *word = strstr(text, "VERSION");
	if (!word)
		return text_set(option, text, base);
	char *whole = mem_printf("%.*s%s%s", (int)(word - text), text, PACKAGE_VERSION,
		word + strlen("VERSION"));
	text_set(option, whole, base);
	free(whole);
	return 0;
}

const struct value_type type_user_agent = {
	.name = "text",
	.expects = "printable ASCII such as vodkeep/VERSION",
	.parse = user_agent_parse,
	.print = value_text_print,
	.release = value_text_release,
};

/* ---- numbers ----------------------------------------------------------------- */

static int int_parse(const struct config_option *option, const char *text, void *base,
	const struct config_source *source, struct err *err)
{
	int64_t value = 0;
	bool negative = *text == '-';
	const char *digits = text + negative;

	(void)source;
	if (!*digits || digits[strspn(digits, "0123456789")])
		return value_bad(err, text, "is not a whole number");
	for (const char *at = digits; *at; at++)
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, *at - '0', &value))
			return range_error(option, text, negative, err);
	if (negative)
		value = -value;
	if (value < option->min || value > option->max)
		return range_error(option, text, value < option->min, err);
	*(int *)value_field(option, base) = (int)value;
	return 0;
}

static void int_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	buf_printf(out, "%d", *(const int *)value_field_const(option, base));
}

const struct value_type type_int = {
	.name = "number",
	.parse = int_parse,
	.print = int_print,
};

/* ---- words ------------------------------------------------------------------- */

static const struct word *word_find(const struct word *words, const char *text)
{
	for (; words && words->name; words++)
		if (strcasecmp(words->name, text) == 0)
			return words;
	return NULL;
}

static int word_parse(const struct config_option *option, const char *text, void *base,
	const struct config_source *source, struct err *err)
{
	const struct word *word = word_find(option->words, text);

	(void)source;
	if (!word)
		return value_bad(err, text, "is not known here");
	*(unsigned *)value_field(option, base) = word->value;
	return 0;
}

static void word_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	unsigned value = *(const unsigned *)value_field_const(option, base);
	for (const struct word *word = option->words; word->name; word++) {
		if (word->value == value) {
			buf_str(out, word->name);
			return;
		}
	}
}

const struct value_type type_word = {
	.name = "word",
	.parse = word_parse,
	.print = word_print,
};

static const struct word bool_words[] = {
	{ "yes", true },
	{ "no", false },
	{ "true", true },
	{ "false", false },
	{ "on", true },
	{ "off", false },
	{ NULL, 0 },
};

static int bool_parse(const struct config_option *option, const char *text, void *base,
	const struct config_source *source, struct err *err)
{
	const struct word *word = word_find(bool_words, text);

	(void)source;
	if (!word)
		return value_bad(err, text, "is neither yes nor no");
	*(bool *)value_field(option, base) = word->value;
	return 0;
}

static void bool_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	buf_str(out, *(const bool *)value_field_const(option, base) ? "yes" : "no");
}

const struct value_type type_bool = {
	.name = "yes or no",
	.expects = "yes or no",
	.parse = bool_parse,
	.print = bool_print,
};

/* The word that @value stands for, if it is one of the option's. */
static const char *word_of(const struct config_option *option, int64_t value)
{
	for (const struct word *word = option->words; word && word->name; word++)
		if (value == (int64_t)word->value)
			return word->name;
	return NULL;
}

/* A size, or one of the option's words. */
static int size_value_parse(const struct config_option *option, const char *text,
	void *base, const struct config_source *source, struct err *err)
{
	const struct word *word = word_find(option->words, text);
	int64_t value = word ? (int64_t)word->value : 0;

	(void)source;
	if (!word && size_parse(text, &value, NULL))
		return value_bad(err, text, "is not a size");
	if (!word && (value < option->min || value > option->max))
		return range_error(option, text, value < option->min, err);
	*(int64_t *)value_field(option, base) = value;
	return 0;
}

static void size_value_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	int64_t value = *(const int64_t *)value_field_const(option, base);
	const char *word = word_of(option, value);
	char text[32];

	size_format(value, text);
	buf_str(out, word ? word : text);
}

const struct value_type type_size = {
	.name = "size",
	.parse = size_value_parse,
	.print = size_value_print,
};

/* A duration, one of the option's words, or nothing: -1. */
static int duration_value_parse(const struct config_option *option, const char *text,
	void *base, const struct config_source *source, struct err *err)
{
	const struct word *word = word_find(option->words, text);
	int64_t value = word ? (int64_t)word->value : -1;

	(void)source;
	if (!word && *text) {
		struct err why = { 0 };
		if (duration_parse(text, &value, &why))
			return value_bad(err, text,
				strstr(why.text, "over") ? "is too long"
							 : "is not a duration");
		if (value < option->min || value > option->max)
			return range_error(option, text, value < option->min, err);
	}
	*(int64_t *)value_field(option, base) = value;
	return 0;
}

static void duration_value_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	int64_t value = *(const int64_t *)value_field_const(option, base);
	const char *word = word_of(option, value);
	char text[32] = "";

	if (!word && value >= 0)
		duration_format(value, text);
	buf_str(out, word ? word : text);
}

const struct value_type type_duration = {
	.name = "duration",
	.parse = duration_value_parse,
	.print = duration_value_print,
};

/* ---- secrets ----------------------------------------------------------------- */

int value_secret(const struct config_source *source, const char *text, char **out,
	struct err *err)
{
	char *secret = NULL;
	const char *problem = NULL;
	int rc = source->secret(source->arg, text, &secret, err);

	if (rc)
		return rc;
	if (!*secret)
		problem = "is empty";
	else if (secret[strcspn(secret, "\r\n\t")] && !strstr(secret, "-----BEGIN "))
		problem = "holds a line break";
	if (!problem) {
		*out = secret;
		return 0;
	}
	/* What was written is shown where it only says where the secret is. */
	bool elsewhere = strcmp(secret, text) != 0;
	mem_free_secret(secret);
	return elsewhere ? err_set(err, ERR_INPUT, "%.*s %s", value_shown(text), text,
				   problem)
			 : err_set(err, ERR_INPUT, "the value %s", problem);
}

static int secret_parse(const struct config_option *option, const char *text,
	void *base, const struct config_source *source, struct err *err)
{
	char **field = value_field(option, base);
	char *secret = NULL;

	if (*text) {
		int rc = value_secret(source, text, &secret, err);
		if (rc)
			return rc;
	}
	mem_free_secret(*field);
	*field = secret;
	return 0;
}

static void secret_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	if (*text_of(option, base))
		buf_str(out, "***");
}

static void secret_release(const struct config_option *option, void *base)
{
	char **field = value_field(option, base);
	mem_free_secret(*field);
	*field = NULL;
}

const struct value_type type_secret = {
	.name = "secret",
	.expects = "the value, env:NAME, file:PATH or credential:NAME",
	.parse = secret_parse,
	.print = secret_print,
	.release = secret_release,
};

/* ---- addresses --------------------------------------------------------------- */

static bool has_userinfo(const char *url)
{
	const char *host = strstr(url, "://");
	host = host ? host + 3 : url;
	return memchr(host, '@', strcspn(host, "/?#")) != NULL;
}

static int endpoint_parse(const struct config_option *option, const char *text,
	void *base, const struct config_source *source, struct err *err)
{
	char host[256];

	(void)source;
	if (has_userinfo(text)) /* not shown: it may be a password */
		return err_set(err, ERR_INPUT, "the URL holds a user name or password");
	if (*text && http_url_host(text, host, sizeof(host), NULL))
		return value_bad(err, text, "is not an http(s) URL");
	return text_set(option, text, base);
}

/* What paths are appended to: no slash at the end. */
static int url_parse(const struct config_option *option, const char *text, void *base,
	const struct config_source *source, struct err *err)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '/')
		len--;
	char *trimmed = mem_strndup(text, len);
	int rc = strpbrk(trimmed, "?#")
			 ? err_set(err, ERR_INPUT, "the URL has a query")
			 : endpoint_parse(option, trimmed, base, source, err);
	free(trimmed);
	return rc;
}

void value_print_url(const char *url, struct buf *out)
{
	const char *scheme_end = strstr(url, "://");
	const char *host = scheme_end ? scheme_end + 3 : url;
	size_t authority = strcspn(host, "/?#");
	const char *at = memrchr(host, '@', authority);
	const char *colon = at ? memchr(host, ':', (size_t)(at - host)) : NULL;

	if (colon) {
		buf_append(out, url, (size_t)(colon - url) + 1);
		buf_str(out, "***");
		url = at;
	}
	const char *query = strchr(url, '?');
	buf_append(out, url, query ? (size_t)(query - url) : strlen(url));
	if (query)
		buf_str(out, "?***");
}

static void url_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	value_print_url(text_of(option, base), out);
}

const struct value_type type_url = {
	.name = "URL",
	.expects = "a URL such as https://api.example.com",
	.parse = url_parse,
	.print = url_print,
	.release = value_text_release,
};

/* Stored as it is written. */
const struct value_type type_endpoint = {
	.name = "URL",
	.expects = "a URL such as https://example.com/hook",
	.parse = endpoint_parse,
	.print = url_print,
	.release = value_text_release,
};

static int proxy_parse(const struct config_option *option, const char *text, void *base,
	const struct config_source *source, struct err *err)
{
	static const char *const schemes[] = { "http://", "https://", "socks5://",
		"socks5h://", "socks4://", "socks4a://" };

	(void)source;
	if (!*text)
		return text_set(option, text, base);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t n = strlen(schemes[i]);
		if (strncasecmp(text, schemes[i], n) == 0 && text[n] && text[n] != '/')
			return text_set(option, text, base);
	}
	return err_set(err, ERR_INPUT, "is not a proxy address");
}

const struct value_type type_proxy = {
	.name = "URL",
	.expects = "http://, https://, socks5:// or socks5h:// with host and port",
	.parse = proxy_parse,
	.print = url_print,
	.release = value_text_release,
};

static int state_parse(const struct config_option *option, const char *text, void *base,
	const struct config_source *source, struct err *err)
{
	(void)source;
	if (strstr(text, "://") && strncmp(text, "postgresql://", 13) != 0)
		return err_set(err, ERR_INPUT, "is a URL of an unknown kind");
	return text_set(option, text, base);
}

const struct value_type type_state = {
	.name = "path",
	.expects = "the path of a SQLite file, or postgresql://…",
	.parse = state_parse,
	.print = url_print,
	.release = value_text_release,
};

/* ---- what is expected -------------------------------------------------------- */

static void expected_words(const struct config_option *option, struct buf *out)
{
	for (const struct word *word = option->words; word && word->name; word++) {
		bool last = !word[1].name;
		buf_str(out, word == option->words ? "" : last ? " or " : ", ");
		buf_str(out, word->name);
	}
}

void value_expected(const struct config_option *option, struct buf *out)
{
	char min[32], max[32];

	if (option->expects) {
		buf_str(out, option->expects);
	} else if (option->type == &type_int) {
		buf_printf(out, "a whole number from %" PRId64 " to %" PRId64,
			option->min, option->max);
	} else if (option->type == &type_size) {
		size_format(option->min, min);
		size_format(option->max, max);
		expected_words(option, out);
		buf_printf(out, "%sa size from %s to %s", option->words ? " or " : "",
			min, max);
	} else if (option->type == &type_duration) {
		duration_format(option->min, min);
		duration_format(option->max, max);
		expected_words(option, out);
		buf_printf(out, "%sa duration from %s to %s",
			option->words ? " or " : "", min, max);
	} else if (option->type->expects) {
		buf_str(out, option->type->expects);
	} else {
		expected_words(option, out);
	}
}
