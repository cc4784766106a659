/*
 * Options wherever they stand, and what a mistyped command was meant to be.
 */
#include <config.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parsed {
	const char *since, *file;
	int failed, json;
};

/* Take @line apart at spaces, then parse it. Returns options_take()'s result. */
static int parse(
	const char *line, bool pass_unknown, struct parsed *out, char rest[256])
{
	static char words[256];
	char *argv[16] = { 0 };
	int argc = 0, rc;
	const struct option_spec specs[] = {
		{ "--since", &out->since, NULL },
		{ "-c", &out->file, NULL },
		{ "--failed", NULL, &out->failed },
		{ "--json", NULL, &out->json },
	};
	struct err err = { 0 };
	char *save = NULL;

	*out = (struct parsed){ 0 };
	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok_r(words, " ", &save); word;
		word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	rc = options_take(&argc, argv, specs, ARRAY_LEN(specs), pass_unknown, &err);
	assert_int_equal(rc < 0, err.text[0] != '\0');
	rest[0] = '\0';
	for (int i = 0; rc == 0 && i < argc; i++) {
		strcat(rest, i ? " " : "");
		strcat(rest, argv[i]);
	}
	return rc;
}

static void takes_options(void **state)
{
	struct parsed parsed;
	char rest[256];

	(void)state;
	assert_int_equal(parse("ls a --since 2h b --failed", false, &parsed, rest), 0);
	assert_string_equal(rest, "ls a b");
	assert_string_equal(parsed.since, "2h");
	assert_int_equal(parsed.failed, 1);
	assert_int_equal(parse("ls --since=7d -", false, &parsed, rest), 0);
	assert_string_equal(rest, "ls -");
	assert_string_equal(parsed.since, "7d");
	assert_int_equal(parse("ls -- --failed", false, &parsed, rest), 0);
	assert_string_equal(rest, "ls --failed");
	assert_int_equal(parsed.failed, 0);
	assert_int_equal(parse("ls --since=", false, &parsed, rest), 0);
	assert_string_equal(parsed.since, "");
}

static void refuses_options(void **state)
{
	static const char *const lines[] = { "ls --sinc 2h", "ls --since",
		"ls --failed=1", "ls -x", "ls --sincere=1" };
	struct parsed parsed;
	char rest[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_int_equal(parse(lines[i], false, &parsed, rest), -ERR_INPUT);
}

static void passes_unknown(void **state)
{
	struct parsed parsed;
	char rest[256];

	(void)state;
	assert_int_equal(
		parse("vodkeep -c f ls --state x --json -- -c g", true, &parsed, rest),
		0);
	assert_string_equal(rest, "vodkeep ls --state x -- -c g");
	assert_string_equal(parsed.file, "f");
	assert_int_equal(parsed.json, 1);
}

static void suggests(void **state)
{
	static const char *const names[] = { "status", "show", "rm", "ls", "resume" };

	(void)state;
	assert_string_equal(options_suggest("sttus", names, 5), "status");
	assert_string_equal(options_suggest("shw", names, 5), "show");
	assert_string_equal(options_suggest("resum", names, 5), "resume");
	assert_string_equal(options_suggest("l", names, 5), "ls");
	assert_null(options_suggest("x", names, 5));
	assert_null(options_suggest("frobnicate", names, 5));
	assert_null(options_suggest(
		"a-word-that-is-longer-than-any-command-could-ever-be", names, 5));
}

static void commands(void **state)
{
	static const struct {
		const char *words[6];
		int status;
	} rows[] = {
		{ { "vodkeep" }, CLI_USAGE },
		{ { "vodkeep", "--help" }, CLI_OK },
		{ { "vodkeep", "--version" }, CLI_OK },
		{ { "vodkeep", "ls", "--help" }, CLI_OK },
		{ { "vodkeep", "sttus" }, CLI_USAGE },
		{ { "vodkeep", "replay", "w" }, CLI_USAGE },
		{ { "vodkeep", "reconcile", "w", "v" }, CLI_USAGE },
		{ { "vodkeep", "--frob", "ls" }, CLI_USAGE },
		{ { "vodkeep", "ls", "--state", "lost" }, CLI_USAGE },
		{ { "vodkeep", "ls", "--since", "soon" }, CLI_USAGE },
		{ { "vodkeep", "ls", "--limit", "0" }, CLI_USAGE },
		{ { "vodkeep", "ls", "--limit", "5x" }, CLI_USAGE },
		{ { "vodkeep", "show" }, CLI_USAGE },
		{ { "vodkeep", "fetch", "w" }, CLI_USAGE },
		{ { "vodkeep", "fetch", "w", "../x" }, CLI_USAGE },
		{ { "vodkeep", "retry", "--failed", "a" }, CLI_USAGE },
		{ { "vodkeep", "status", "--watch", "--json" }, CLI_USAGE },
		{ { "vodkeep", "-c", "/nowhere/vodkeep.ini", "status" }, CLI_CONFIG },
		{ { "vodkeep", "sign", "w", "-c", "/nowhere/vodkeep.ini" },
			CLI_CONFIG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *argv[8] = { 0 };
		int argc = 0;

		while (argc < 6 && rows[i].words[argc]) {
			argv[argc] = strdup(rows[i].words[argc]);
			argc++;
		}
		char *owned[8];
		memcpy(owned, argv, sizeof(owned));
		assert_int_equal(cli_main(argc, argv), rows[i].status);
		for (int k = 0; k < argc; k++)
			free(owned[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_options),
		cmocka_unit_test(refuses_options),
		cmocka_unit_test(passes_unknown),
		cmocka_unit_test(suggests),
		cmocka_unit_test(commands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
