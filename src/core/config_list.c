/*
 * Values that are lists: addresses, globs, hosts, secrets, words. A list is written
 * with commas, or by giving a repeatable key again.
 */
#include "core/config_table.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define REPEAT_MAX 64

void text_list_add(struct text_list *list, const char *text)
{
	list->items = mem_grow(list->items, list->count + 1, sizeof(*list->items));
	list->items[list->count++] = mem_strdup(text);
}

void text_list_release(struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct text_list){ 0 };
}

void text_list_move(struct text_list *to, struct text_list *from)
{
	text_list_release(to);
	*to = *from;
	*from = (struct text_list){ 0 };
}

int value_split(const char *text, struct text_list *out, struct err *err)
{
	if (!*text)
		return 0;
	for (;;) {
		size_t len = strcspn(text, ",");
		const char *end = text + len;
		const char *begin = text + strspn(text, " \t");
		const char *stop = end;
		while (stop > begin && (stop[-1] == ' ' || stop[-1] == '\t'))
			stop--;
		if (stop <= begin)
			return err_set(err, ERR_INPUT, "the list has an empty item");
		char *item = mem_strndup(begin, (size_t)(stop - begin));
		text_list_add(out, item);
		free(item);
		if (!*end)
			return 0;
		text = end + 1;
	}
}

static void list_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	const struct text_list *list = value_field_const(option, base);
	for (size_t i = 0; i < list->count; i++)
		buf_printf(out, "%s%s", i ? ", " : "", list->items[i]);
}

static void list_release(const struct config_option *option, void *base)
{
	text_list_release(value_field(option, base));
}

static bool list_has(const struct text_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

/* ---- repeatable: one item each time ------------------------------------------ */

static int repeat_parse(const struct config_option *option, const char *text,
	void *base, const struct config_source *source, struct err *err)
{
	struct text_list *list = value_field(option, base);

	(void)source;
	if (!*text)
		return 0;
	if (list_has(list, text))
		return value_bad(err, text, "is given twice");
	if (list->count == REPEAT_MAX)
		return value_bad(err, text, "is one too many");
	text_list_add(list, text);
	return 0;
}

const struct value_type type_text_list = {
	.name = "text",
	.expects = "a path or glob such as /etc/vodkeep/conf.d/*.ini",
	.parse = repeat_parse,
	.print = list_print,
	.release = list_release,
};

static bool port_ok(const char *text)
{
	size_t len = strlen(text);
	return len >= 1 && len <= 5 && strspn(text, "0123456789") == len &&
	       atol(text) <= 65535;
}

static bool ipv4_ok(const char *text, size_t len)
{
	int parts = 0;

	for (size_t i = 0; i < len; parts++) {
		int value = 0;
		size_t digits = 0;
		while (i < len && isdigit((unsigned char)text[i]) && digits < 4) {
			value = value * 10 + (text[i++] - '0');
			digits++;
		}
		if (digits == 0 || digits > 3 || value > 255)
			return false;
		if (i < len && (text[i++] != '.' || i == len))
			return false;
	}
	return parts == 4;
}

/* Roughly: what is not an address is found when binding; this finds the slips. */
static bool ipv6_ok(const char *text, size_t len)
{
	size_t colons = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == ':')
			colons++;
		else if (text[i] == '%' && colons)
			return i + 1 < len; /* a scope: any interface name */
		else if (!isxdigit((unsigned char)text[i]) && text[i] != '.')
			return false;
	}
	return colons >= 2 && colons <= 7;
}

static int address_check(const char *text, struct err *err)
{
	if (strncmp(text, "unix:", 5) == 0) {
		if (text[5] != '/')
			return value_bad(err, text, "names no absolute path");
		if (strlen(text + 5) > 107)
			return value_bad(
				err, text, "is longer than a socket's name may be");
		return 0;
	}
	const char *colon = strrchr(text, ':');
	if (!colon || !port_ok(colon + 1))
		return value_bad(err, text, "has no port number from 0 to 65535");
	size_t len = (size_t)(colon - text);
	bool v6 = len > 2 && text[0] == '[' && text[len - 1] == ']' &&
		  ipv6_ok(text + 1, len - 2);
	if (!v6 && !ipv4_ok(text, len))
		return value_bad(err, text, "has no IP address before the port");
	return 0;
}

static int listen_list_parse(const struct config_option *option, const char *text,
	void *base, const struct config_source *source, struct err *err)
{
	int rc = *text ? address_check(text, err) : 0;
	return rc ? rc : repeat_parse(option, text, base, source, err);
}

#define LISTEN_EXPECTS "127.0.0.1:PORT, [::1]:PORT or unix:/PATH"

const struct value_type type_listen_list = {
	.name = "address",
	.expects = LISTEN_EXPECTS,
	.parse = listen_list_parse,
	.print = list_print,
	.release = list_release,
};

static int listen_parse(const struct config_option *option, const char *text,
	void *base, const struct config_source *source, struct err *err)
{
	int rc = *text ? address_check(text, err) : 0;
	return rc ? rc : value_text_parse(option, text, base, source, err);
}

const struct value_type type_listen = {
	.name = "address",
	.expects = LISTEN_EXPECTS ", or nothing",
	.parse = listen_parse,
	.print = value_text_print,
	.release = value_text_release,
};

/* ---- with commas ------------------------------------------------------------- */

/* Split, let @check look at (and change) each item, and store. */
static int list_parse(const struct config_option *option, const char *text, void *base,
	int (*check)(const struct config_option *, char *item, struct err *),
	struct err *err)
{
	struct text_list list = { 0 };
	int rc = value_split(text, &list, err);

	for (size_t i = 0; rc == 0 && check && i < list.count; i++)
		rc = check(option, list.items[i], err);
	if (rc == 0)
		text_list_move(value_field(option, base), &list);
	text_list_release(&list);
	return rc;
}

static int globs_parse(const struct config_option *option, const char *text, void *base,
	const struct config_source *source, struct err *err)
{
	(void)source;
	return list_parse(option, text, base, NULL, err);
}

const struct value_type type_globs = {
	.name = "globs",
	.expects = "names or globs such as news*, with commas between",
	.parse = globs_parse,
	.print = list_print,
	.release = list_release,
};

static int media_type_check(
	const struct config_option *option, char *item, struct err *err)
{
	if (strpbrk(item, "*?["))
		return 0;
	for (const struct word *word = option->words; word->name; word++)
		if (strcasecmp(word->name, item) == 0)
			return 0;
	return value_bad(err, item, "is not a type of media");
}

static int media_types_parse(const struct config_option *option, const char *text,
	void *base, const struct config_source *source, struct err *err)
{
	(void)source;
	return list_parse(option, text, base, media_type_check, err);
}

const struct value_type type_media_types = {
	.name = "globs",
	.parse = media_types_parse,
	.print = list_print,
	.release = list_release,
};

static int host_check(const struct config_option *option, char *item, struct err *err)
{
	(void)option;
	if (strchr(item, '/'))
		return value_bad(err, item, "is not a host but a URL or path");
	for (char *at = item; *at; at++) {
		*at = (char)tolower((unsigned char)*at);
		if (!isalnum((unsigned char)*at) && !strchr("-_.:*?", *at))
			return value_bad(err, item, "holds a character no host has");
	}
	const char *colon = strchr(item, ':');
	if (colon && !strchr(colon + 1, ':'))
		return value_bad(
			err, item, "has a port; any port of the host is meant");
	if (item[0] == '.' || strstr(item, ".."))
		return value_bad(err, item, "has an empty part between dots");
	return 0;
}

static int hosts_parse(const struct config_option *option, const char *text, void *base,
	const struct config_source *source, struct err *err)
{
	(void)source;
	return list_parse(option, text, base, host_check, err);
}

const struct value_type type_hosts = {
	.name = "globs",
	.expects = "host names or globs such as *.example.com, with commas between",
	.parse = hosts_parse,
	.print = list_print,
	.release = list_release,
};

/* ---- secrets ----------------------------------------------------------------- */

static void secret_list_release(const struct config_option *option, void *base)
{
	struct text_list *list = value_field(option, base);

	for (size_t i = 0; i < list->count; i++) {
		mem_free_secret(list->items[i]);
		list->items[i] = NULL;
	}
	text_list_release(list);
}

static int secret_list_parse(const struct config_option *option, const char *text,
	void *base, const struct config_source *source, struct err *err)
{
	struct text_list references = { 0 };
	struct text_list secrets = { 0 };
	int rc = value_split(text, &references, err);

	for (size_t i = 0; rc == 0 && i < references.count; i++) {
		char *secret = NULL;
		rc = value_secret(source, references.items[i], &secret, err);
		if (rc == 0)
			text_list_add(&secrets, secret);
		mem_free_secret(secret);
	}
	for (size_t i = 0; i < references.count; i++) {
		mem_free_secret(references.items[i]);
		references.items[i] = NULL;
	}
	text_list_release(&references);
	if (rc == 0) {
		secret_list_release(option, base);
		*(struct text_list *)value_field(option, base) = secrets;
		return 0;
	}
	for (size_t i = 0; i < secrets.count; i++) {
		mem_free_secret(secrets.items[i]);
		secrets.items[i] = NULL;
	}
	text_list_release(&secrets);
	return rc;
}

static void secret_list_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	const struct text_list *list = value_field_const(option, base);
	for (size_t i = 0; i < list->count; i++)
		buf_str(out, i ? ", ***" : "***");
}

const struct value_type type_secret_list = {
	.name = "secrets",
	.expects = "secrets with commas between, each the value itself, env:NAME, "
		   "file:PATH or credential:NAME",
	.parse = secret_list_parse,
	.print = secret_list_print,
	.release = secret_list_release,
};

/* ---- words ------------------------------------------------------------------- */

/* The values of the listed words, in order. Returns how many, or -1. */
static int words_parse(const struct config_option *option, const char *text,
	unsigned *values, int max, struct err *err)
{
	struct text_list list = { 0 };
	int n = 0;

	if (value_split(text, &list, err))
		n = -1;
	for (size_t i = 0; n >= 0 && i < list.count; i++) {
		const struct word *word = option->words;
		while (word->name && strcasecmp(word->name, list.items[i]) != 0)
			word++;
		bool twice = false;
		for (int k = 0; k < n && word->name; k++)
			twice = twice || values[k] == word->value;
		if (!word->name || twice || n == max) {
			value_bad(err, list.items[i],
				word->name ? "is given twice" : "is not known here");
			n = -1;
		} else {
			values[n++] = word->value;
		}
	}
	text_list_release(&list);
	return n;
}

static int flags_parse(const struct config_option *option, const char *text, void *base,
	const struct config_source *source, struct err *err)
{
	unsigned values[32];
	unsigned flags = 0;
	int n = words_parse(option, text, values, 32, err);

	(void)source;
	if (n < 0)
		return -(int)ERR_INPUT;
	for (int i = 0; i < n; i++)
		flags |= values[i];
	*(unsigned *)value_field(option, base) = flags;
	return 0;
}

static void flags_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	unsigned flags = *(const unsigned *)value_field_const(option, base);
	bool first = true;

	for (const struct word *word = option->words; word->name; word++) {
		if (flags & word->value) {
			buf_printf(out, "%s%s", first ? "" : ", ", word->name);
			first = false;
		}
	}
}

const struct value_type type_flags = {
	.name = "words",
	.parse = flags_parse,
	.print = flags_print,
};

static int video_parse(const struct config_option *option, const char *text, void *base,
	const struct config_source *source, struct err *err)
{
	struct rule *rule = base;
	unsigned values[2];
	int n = words_parse(option, text, values, 2, err);

	(void)source;
	if (n < 0)
		return -(int)ERR_INPUT;
	rule->n_video = (size_t)n;
	for (int i = 0; i < n; i++)
		rule->video[i] = (enum video_form)values[i];
	return 0;
}

static void video_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	const struct rule *rule = base;

	for (size_t i = 0; i < rule->n_video; i++)
		for (const struct word *word = option->words; word->name; word++)
			if (word->value == (unsigned)rule->video[i])
				buf_printf(out, "%s%s", i ? ", " : "", word->name);
}

const struct value_type type_video = {
	.name = "words",
	.expects = "mp4, hls or both in order of preference",
	.parse = video_parse,
	.print = video_print,
};

/* ---- metadata.KEY ------------------------------------------------------------ */

/* One entry for each key, made by the reader: here is only how they end. */
static void metadata_release(const struct config_option *option, void *base)
{
	struct rule *rule = base;

	(void)option;
	for (size_t i = 0; i < rule->n_metadata; i++) {
		free(rule->metadata[i].key);
		text_list_release(&rule->metadata[i].globs);
	}
	free(rule->metadata);
	rule->metadata = NULL;
	rule->n_metadata = 0;
}

static int metadata_parse(const struct config_option *option, const char *text,
	void *base, const struct config_source *source, struct err *err)
{
	struct rule *rule = base;
	struct metadata_match match = { 0 };
	int rc = value_split(text, &match.globs, err);

	(void)option;
	(void)source;
	if (rc) {
		text_list_release(&match.globs);
		return rc;
	}
	rule->metadata =
		mem_grow(rule->metadata, rule->n_metadata + 1, sizeof(*rule->metadata));
	rule->metadata[rule->n_metadata++] = match;
	return 0;
}

static void metadata_print(
	const struct config_option *option, const void *base, struct buf *out)
{
	(void)option;
	(void)base;
	(void)out;
}

const struct value_type type_metadata = {
	.name = "globs",
	.expects = "globs with commas between",
	.parse = metadata_parse,
	.print = metadata_print,
	.release = metadata_release,
};
