/*
 * Options of the command line: "--name VALUE", "--name=VALUE", flags, in any place
 * before
 * "--". Pure.
 */
#ifndef VODKEEP_CLI_OPTIONS_H
#define VODKEEP_CLI_OPTIONS_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

struct option_spec {
	const char *name;   /* "--since", "-c" */
	const char **value; /* set to the argument; NULL for a flag */
	int *count;         /* flags: how often it was given */
};

/* Take the known options out of @argv (argv[0] stays) and lower *argc. Unknown ones are
 * ERR_INPUT, or stay in place with @pass_unknown; then "--" stays too. */
int options_take(int *argc, char **argv, const struct option_spec *specs, size_t n,
	bool pass_unknown, struct err *err);

/* The name of @names (@n of them) that @text was probably meant to be, or NULL. */
const char *options_suggest(const char *text, const char *const *names, size_t n);

#endif
