/*
 * Finding the command that is meant and handing it its arguments. Global options are
 * accepted before and behind the command's name.
 */
#include <config.h>

#include "cli/cli.h"

#include "cli/agent.h"
#include "cli/check.h"
#include "cli/options.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_CONFIG SYSCONFDIR "/vodkeep/vodkeep.ini"
#define OPTION_COLUMNS 12 /* of the help text */

static int run_agent(struct cli *cli, int argc, char **argv)
{
	if (argc > 1)
		return cli_usage(cli, "%s is one word too many", argv[1]);
	return agent_run(cli->config_path, cli->verbosity);
}

static int run_check(struct cli *cli, int argc, char **argv)
{
	int dump = 0;
	const struct option_spec specs[] = { { "--dump", NULL, &dump } };
	struct err err = { 0 };

	if (options_take(&argc, argv, specs, 1, false, &err) < 0)
		return cli_usage(cli, "%s", err.text);
	if (argc > 1)
		return cli_usage(cli, "%s is one word too many", argv[1]);
	return check_main(cli->config_path, dump > 0, cli->json);
}

/* clang-format off */
static const struct cli_command commands[] = {
	{ "run",     "",                          "the agent, in the foreground",            run_agent },
	{ "check",   "[--dump]",                  "read the configuration, report errors",   run_check },
	{ "doctor",  "",                          "check everything the agent needs",        cmd_doctor },
	{ "sign",    "WORKSPACE [FILE]",          "print the signature header of a delivery", cmd_sign },
	{ "status",  "[--watch]",                 "the agent at a glance",                   cmd_status },
	{ "ls",      "[--workspace W] [--state S] [--since T] [--limit N]",
	                                          "assets, newest first",                    cmd_ls },
	{ "show",    "ASSET",                     "one asset",                               cmd_show },
	{ "explain", "ASSET",                     "the whole story of one asset",            cmd_explain },
	{ "fetch",   "WORKSPACE ID...",           "archive this media now",                  cmd_fetch },
	{ "retry",   "ASSET... | --failed",       "try again at once",                       cmd_retry },
	{ "rm",      "ASSET...",                  "remove the local copy",                   cmd_rm },
	{ "hold",    "ASSET...",                  "never remove it, whatever comes",         cmd_hold },
	{ "unhold",  "ASSET...",                  "end a hold",                              cmd_unhold },
	{ "pause",   "[WORKSPACE]",               "stop downloading",                        cmd_pause },
	{ "resume",  "[WORKSPACE]",               "go on; confirm deletions that wait",      cmd_resume },
	{ "reconcile", "[WORKSPACE] [--dry-run]", "compare the archive with the platform",   cmd_reconcile },
	{ "verify",  "[ASSET...] [--sample N%] [--repair] | --ledger [--head HASH]",
	                                          "compare files with what was archived",    cmd_verify },
	{ "replay",  "[--since T] [--workspace W] [--dry-run]",
	                                          "run stored deliveries through the rules", cmd_replay },
	{ "import",  "[--dry-run] [--sizes]",
	                                          "adopt what lies in the archive already",  cmd_import },
	{ "refile",  "[--dry-run]",               "move assets to where the rules put them", cmd_refile },
	{ "backup",  "FILE",                      "a consistent copy of the state",          cmd_backup },
};
/* clang-format on */
#define N_COMMANDS (sizeof(commands) / sizeof(*commands))

static const struct cli_global globals[] = {
	{ "-c", "FILE", "read this configuration" },
	{ "--json", NULL, "one JSON document on standard output" },
	{ "-v", NULL, "say more" },
	{ "-q", NULL, "say less" },
	{ "--help", NULL, "list the commands, or show how one is used" },
	{ "--version", NULL, "print the version" },
};
#define N_GLOBALS (sizeof(globals) / sizeof(*globals))

const struct cli_command *cli_commands(size_t *n)
{
	*n = N_COMMANDS;
	return commands;
}

const struct cli_global *cli_globals(size_t *n)
{
	*n = N_GLOBALS;
	return globals;
}

static void print_help(FILE *to)
{
	fputs("usage: vodkeep [-c FILE] [--json] [-v|-q] COMMAND [ARG...]\n\n", to);
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(to, "  %-9s %s\n", commands[i].name, commands[i].help);
	fputc('\n', to);
	for (size_t i = 0; i < N_GLOBALS; i++) {
		int len = fprintf(to, "  %s %s", globals[i].name,
			globals[i].arg ? globals[i].arg : "");

		fprintf(to, "%*s %s\n", len < OPTION_COLUMNS ? OPTION_COLUMNS - len : 0,
			"", globals[i].help);
	}
	fputs("\nThe configuration is $VODKEEP_CONFIG, else " DEFAULT_CONFIG ".\n"
	      "ASSET is workspace/id, an id, or the beginning of one. See vodkeep(1).\n",
		to);
}

static const struct cli_command *find_command(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int unknown_command(const struct cli *cli, const char *name)
{
	const char *names[N_COMMANDS];
	const char *meant;

	for (size_t i = 0; i < N_COMMANDS; i++)
		names[i] = commands[i].name;
	meant = options_suggest(name, names, N_COMMANDS);
	if (meant)
		return cli_usage(
			cli, "there is no command %s; did you mean %s?", name, meant);
	return cli_usage(
		cli, "there is no command %s; `vodkeep --help' lists them", name);
}

static int unknown_option(const struct cli *cli, const char *name)
{
	const char *names[N_GLOBALS];
	const char *meant;

	for (size_t i = 0; i < N_GLOBALS; i++)
		names[i] = globals[i].name;
	meant = strlen(name) > 2 ? options_suggest(name, names, N_GLOBALS) : NULL;
	if (meant)
		return cli_usage(
			cli, "there is no option %s; did you mean %s?", name, meant);
	return cli_usage(
		cli, "there is no option %s; `vodkeep --help' lists them", name);
}

static int run_command(struct cli *cli, int argc, char **argv)
{
	const struct cli_command *command = find_command(argv[0]);
	int status;

	if (!command)
		return unknown_command(cli, argv[0]);
	cli->command = command;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	status = command->run(cli, argc, argv);
	curl_global_cleanup();
	if (fflush(stdout) != 0 && status == CLI_OK)
		status = CLI_FAILED;
	return status;
}

static const char *default_config(void)
{
	const char *path = getenv("VODKEEP_CONFIG");

	return path && *path ? path : DEFAULT_CONFIG;
}

int cli_main(int argc, char **argv)
{
	struct cli cli = { .config_path = default_config() };
	int json = 0, verbose = 0, quiet = 0, help = 0, version = 0;
	const struct option_spec specs[] = {
		{ "-c", &cli.config_path, NULL },
		{ "--json", NULL, &json },
		{ "-v", NULL, &verbose },
		{ "-q", NULL, &quiet },
		{ "--help", NULL, &help },
		{ "-h", NULL, &help },
		{ "--version", NULL, &version },
	};
	struct err err = { 0 };
	int rc = options_take(
		&argc, argv, specs, sizeof(specs) / sizeof(*specs), true, &err);

	cli.json = json > 0;
	cli.verbosity = verbose - quiet;
	if (rc < 0)
		return cli_usage(&cli, "%s", err.text);
	if (version) {
		puts("vodkeep " PACKAGE_VERSION);
		return CLI_OK;
	}
	if (argc > 1 && strcmp(argv[1], "help") == 0) { /* as many type it */
		help = 1;
		argc--;
		argv++;
	}
	const struct cli_command *command = argc > 1 ? find_command(argv[1]) : NULL;
	if (help && command) {
		cli_print_usage(stdout, command);
		puts(command->help);
		return CLI_OK;
	}
	if (help || argc < 2) {
		print_help(help ? stdout : stderr);
		return help ? CLI_OK : CLI_USAGE;
	}
	if (argv[1][0] == '-')
		return unknown_option(&cli, argv[1]);
	return run_command(&cli, argc - 1, argv + 1);
}
