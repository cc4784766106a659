/*
 * Choosing a rule, and the globs it is chosen by.
 *
 * A fact that is not known is the empty text: it matches "*" and nothing else that has
 * a letter in it. A duration that is not known satisfies no bound.
 */
#include "core/rule.h"

#include "base/utf8.h"

#include <string.h>

/* The next character of @text, folded to lower case where that is one to one: ASCII,
 * Latin, Greek, Cyrillic. A byte that is not UTF-8 is a character of its own. */
static const char *next_char(const char *text, uint32_t *code)
{
	uint32_t c;
	size_t n = utf8_sequence(text, strnlen(text, 4), &c);

	if (n == 0) {
		*code = 0xDC00 + (unsigned char)*text;
		return text + 1;
	}
	if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) ||
		(c >= 0x391 && c <= 0x3AB && c != 0x3A2) || (c >= 0x410 && c <= 0x42F))
		c += 32;
	else if (c >= 0x400 && c <= 0x40F)
		c += 80;
	else if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E))
		c += c & 1;
	else if ((c >= 0x100 && c <= 0x12F) || (c >= 0x132 && c <= 0x137) ||
		 (c >= 0x14A && c <= 0x177))
		c |= 1;
	*code = c;
	return text + n;
}

/* One literal of a glob; a backslash makes the next character literal. */
static const char *next_literal(const char *glob, uint32_t *code)
{
	return next_char(glob[0] == '\\' && glob[1] ? glob + 1 : glob, code);
}

/* @set is behind '['. Returns what follows its ']' and *in, or NULL when it is not a
 * set: no ']' closes it. */
static const char *match_set(const char *set, uint32_t c, bool *in)
{
	bool negated = *set == '!' || *set == '^';
	bool found = false;
	const char *at = set + negated;

	do { /* a ']' that comes first is a member */
		uint32_t low, high;
		if (!*at)
			return NULL;
		at = next_literal(at, &low);
		high = low;
		if (at[0] == '-' && at[1] && at[1] != ']')
			at = next_literal(at + 1, &high);
		found = found || (low <= c && c <= high);
	} while (*at != ']');
	*in = found != negated;
	return at + 1;
}

/* Match one character of @text with what @glob begins with (not '*'). Returns the rest
 * of the glob, or NULL when it does not match. */
static const char *match_one(const char *glob, uint32_t c)
{
	uint32_t literal;

	if (*glob == '?')
		return glob + 1;
	if (*glob == '[') {
		bool in;
		const char *rest = match_set(glob + 1, c, &in);
		if (rest)
			return in ? rest : NULL;
	}
	if (!*glob)
		return NULL;
	const char *rest = next_literal(glob, &literal);
	return literal == c ? rest : NULL;
}

/* On a mismatch only the last '*' takes one more character: never worse than the
 * product of both lengths. */
bool glob_match(const char *glob, const char *text)
{
	const char *star = NULL;
	const char *star_text = NULL;

	while (*text) {
		uint32_t c;
		if (*glob == '*') {
			star = ++glob;
			star_text = text;
			continue;
		}
		const char *text_rest = next_char(text, &c);
		const char *glob_rest = match_one(glob, c);
		if (glob_rest) {
			glob = glob_rest;
			text = text_rest;
		} else if (star) {
			star_text = next_char(star_text, &c);
			glob = star;
			text = star_text;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return *glob == '\0';
}

bool glob_list_match(const struct text_list *globs, const char *text)
{
	if (globs->count == 0)
		return true;
	for (size_t i = 0; i < globs->count; i++)
		if (glob_match(globs->items[i], text ? text : ""))
			return true;
	return false;
}

/* A list of values matches when any of them does. */
static bool metadata_match(
	const struct metadata_match *match, const struct facts *facts)
{
	const cJSON *value = facts_metadata(facts, match->key);
	const cJSON *item;
	char scratch[32];

	if (!cJSON_IsArray(value))
		return glob_list_match(&match->globs, facts_scalar(value, scratch));
	cJSON_ArrayForEach (item, value) {
		const char *text = facts_scalar(item, scratch);
		if (text && glob_list_match(&match->globs, text))
			return true;
	}
	return false;
}

static bool duration_match(const struct rule *rule, int64_t duration_ms)
{
	if (rule->min_duration_ms < 0 && rule->max_duration_ms < 0)
		return true;
	return duration_ms >= 0 && duration_ms >= rule->min_duration_ms &&
	       (rule->max_duration_ms < 0 || duration_ms <= rule->max_duration_ms);
}

static bool rule_match(
	const struct rule *rule, const char *workspace, const struct facts *facts)
{
	if (!glob_list_match(&rule->workspaces, workspace) ||
		!glob_list_match(&rule->types, facts->type) ||
		!glob_list_match(&rule->titles, facts->title) ||
		!glob_list_match(&rule->streams, facts->stream) ||
		!glob_list_match(&rule->channels, facts->channel) ||
		!glob_list_match(&rule->creators, facts->creator) ||
		!duration_match(rule, facts->duration_ms))
		return false;
	for (size_t i = 0; i < rule->n_metadata; i++)
		if (!metadata_match(&rule->metadata[i], facts))
			return false;
	return true;
}

const struct rule *rule_choose(
	const struct config *config, const char *workspace, const struct facts *facts)
{
	for (size_t i = 0; i < config->n_rules; i++)
		if (rule_match(&config->rules[i], workspace, facts))
			return &config->rules[i];
	return &config->builtin;
}

/* With its NUL, so that texts do not run into each other. */
static void take_text(struct sha256 *hash, const char *text)
{
	sha256_update(hash, text, strlen(text) + 1);
}

static void take_globs(struct sha256 *hash, const struct text_list *globs)
{
	for (size_t i = 0; i < globs->count; i++)
		take_text(hash, globs->items[i]);
	take_text(hash, "");
}

static void take_rule(struct sha256 *hash, const struct rule *rule)
{
	const struct text_list *lists[] = { &rule->workspaces, &rule->types,
		&rule->titles, &rule->streams, &rule->channels, &rule->creators };
	const int64_t bounds[] = { rule->min_duration_ms, rule->max_duration_ms };

	take_text(hash, rule->name);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		take_globs(hash, lists[i]);
	for (size_t i = 0; i < rule->n_metadata; i++) {
		take_text(hash, rule->metadata[i].key);
		take_globs(hash, &rule->metadata[i].globs);
	}
	take_text(hash, "");
	sha256_update(hash, bounds, sizeof(bounds));
}

void rule_fingerprint(const struct config *config, char out[DIGEST_SHA256_HEX])
{
	struct sha256 *hash = sha256_new();

	for (size_t i = 0; i < config->n_rules; i++)
		take_rule(hash, &config->rules[i]);
	sha256_hex(hash, out);
	sha256_free(hash);
}
