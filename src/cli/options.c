/*
 * One pass that copies what is not an option downward.
 */
#include <config.h>

#include "cli/options.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define OPTIONS_MAX  16
#define NAME_MAX_LEN 32 /* of words that are compared for suggestions */

static const struct option_spec *find_spec(
	const char *arg, const struct option_spec *specs, size_t n, const char **value)
{
	size_t len = strncmp(arg, "--", 2) == 0 ? strcspn(arg, "=") : strlen(arg);

	*value = arg[len] == '=' ? arg + len + 1 : NULL;
	for (size_t i = 0; i < n; i++)
		if (strlen(specs[i].name) == len &&
			memcmp(specs[i].name, arg, len) == 0)
			return &specs[i];
	return NULL;
}

/* Insertions, deletions and replacements that make @b of @a. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[NAME_MAX_LEN + 1];
	size_t width = strlen(b);

	if (strlen(a) > NAME_MAX_LEN || width > NAME_MAX_LEN)
		return UINT_MAX;
	for (unsigned k = 0; k <= width; k++)
		row[k] = k;
	for (unsigned i = 1; *a; a++, i++) {
		unsigned diagonal = row[0];
		row[0] = i;
		for (size_t k = 1; k <= width; k++) {
			unsigned best = diagonal + (*a != b[k - 1]);
			diagonal = row[k];
			if (row[k] + 1 < best)
				best = row[k] + 1;
			if (row[k - 1] + 1 < best)
				best = row[k - 1] + 1;
			row[k] = best;
		}
	}
	return row[width];
}

const char *options_suggest(const char *text, const char *const *names, size_t n)
{
	const char *best = NULL;
	unsigned nearest = 3; /* farther away is not a slip of the finger */

	for (size_t i = 0; i < n; i++) {
		unsigned d = distance(text, names[i]);
		if (d < nearest && d < strlen(names[i])) {
			nearest = d;
			best = names[i];
		}
	}
	return best;
}

static int refuse(
	const char *arg, const struct option_spec *specs, size_t n, struct err *err)
{
	const char *names[OPTIONS_MAX];
	char name[NAME_MAX_LEN + 1];
	const char *meant;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(arg, "="), arg);
	for (size_t i = 0; i < n && i < OPTIONS_MAX; i++)
		names[i] = specs[i].name;
	/* Of one letter any other is as near. */
	meant = strlen(name) > 2 ? options_suggest(name, names,
					   n < OPTIONS_MAX ? n : OPTIONS_MAX)
				 : NULL;
	if (meant)
		return err_set(err, ERR_INPUT,
			"there is no option %s; did you mean %s?", arg, meant);
	return err_set(err, ERR_INPUT, "there is no option %s", arg);
}

/* How many arguments the option took (1 or 2), or a negative error. */
static int take_one(const struct option_spec *spec, const char *inline_value,
	const char *next, struct err *err)
{
	if (!spec->value) {
		if (inline_value)
			return err_set(err, ERR_INPUT, "%s takes no value", spec->name);
		++*spec->count;
		return 1;
	}
	if (!inline_value && !next)
		return err_set(err, ERR_INPUT, "%s needs a value", spec->name);
	*spec->value = inline_value ? inline_value : next;
	return inline_value ? 1 : 2;
}

int options_take(int *argc, char **argv, const struct option_spec *specs, size_t n,
	bool pass_unknown, struct err *err)
{
	int kept = *argc > 0 ? 1 : 0;
	int i = kept;

	while (i < *argc) {
		const char *value;
		const struct option_spec *spec;
		int taken;

		if (strcmp(argv[i], "--") == 0)
			break;
		spec = argv[i][0] == '-' ? find_spec(argv[i], specs, n, &value) : NULL;
		if (!spec && argv[i][0] == '-' && argv[i][1] && !pass_unknown)
			return refuse(argv[i], specs, n, err);
		if (!spec) {
			argv[kept++] = argv[i++];
			continue;
		}
		taken = take_one(spec, value, i + 1 < *argc ? argv[i + 1] : NULL, err);
		if (taken < 0)
			return taken;
		i += taken;
	}
	if (i < *argc && !pass_unknown)
		i++; /* the "--" itself */
	while (i < *argc)
		argv[kept++] = argv[i++];
	argv[kept] = NULL;
	*argc = kept;
	return 0;
}
