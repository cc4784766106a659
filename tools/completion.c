/*
 * Prints what a shell completes for vodkeep, from the table of commands: "bash", "zsh"
 * or "fish". Options are read off the usage text, "[--since T]" and the like. A build
 * tool; not installed.
 */
#include <config.h>

#include "cli/cli.h"
#include "core/asset.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct option {
	char name[32];
	char arg[32]; /* "" for a flag */
};

/* The next option of a usage text from *@at on; false after the last. */
static bool next_option(const char **at, struct option *out)
{
	const char *name = strstr(*at, "--");
	size_t len, arg;

	if (!name)
		return false;
	len = strcspn(name, " ]|");
	arg = name[len] == ' ' && isupper((unsigned char)name[len + 1])
		      ? strcspn(name + len + 1, " ]|")
		      : 0;
	snprintf(out->name, sizeof(out->name), "%.*s", (int)len, name);
	snprintf(out->arg, sizeof(out->arg), "%.*s", (int)arg, name + len + 1);
	*at = name + len;
	return true;
}

static void put_states(const char *between)
{
	for (int s = 0; s < ASSET_STATE_COUNT; s++)
		printf("%s%s", s ? between : "", asset_state_name((enum asset_state)s));
}

/* Does a command read files of the user's? */
static bool takes_file(const struct cli_command *command)
{
	return strstr(command->args, "FILE") != NULL;
}

/* ---- bash ---- */

static void bash_commands(const struct cli_command *commands, size_t n)
{
	struct option option;

	for (size_t i = 0; i < n; i++) {
		const char *at = commands[i].args;

		printf("\t%s)", commands[i].name);
		printf("\n\t\twords=\"$words");
		while (next_option(&at, &option))
			printf(" %s", option.name);
		printf("\"\n");
		if (takes_file(&commands[i]))
			printf("\t\tfiles=yes\n");
		printf("\t\t;;\n");
	}
}

static void bash(const struct cli_command *commands, size_t n,
	const struct cli_global *globals, size_t n_globals)
{
	printf("# bash completion for vodkeep; made from its table of commands.\n"
	       "_vodkeep()\n{\n"
	       "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
	       "\tlocal command= files= i words=\"");
	for (size_t i = 0; i < n_globals; i++)
		printf("%s%s", i ? " " : "", globals[i].name);
	printf("\"\n\tCOMPREPLY=()\n"
	       "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	       "\t\tcase ${COMP_WORDS[i]} in\n"
	       "\t\t-c) i=$((i + 1)) ;;\n"
	       "\t\t-*) ;;\n"
	       "\t\t*) command=${COMP_WORDS[i]}; break ;;\n"
	       "\t\tesac\n\tdone\n"
	       "\tcase $before in\n"
	       "\t-c) mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); return ;;\n"
	       "\t--state) mapfile -t COMPREPLY < <(compgen -W \"");
	put_states(" ");
	printf("\" -- \"$word\"); return ;;\n"
	       "\tesac\n"
	       "\tcase $command in\n"
	       "\t'')\n\t\twords=\"$words");
	for (size_t i = 0; i < n; i++)
		printf(" %s", commands[i].name);
	printf("\"\n\t\t;;\n");
	bash_commands(commands, n);
	printf("\tesac\n"
	       "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
	       "\tif [[ $files && ${#COMPREPLY[@]} -eq 0 ]]; then\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
	       "\tfi\n}\n"
	       "complete -o filenames -F _vodkeep vodkeep\n");
}

/* ---- zsh ---- */

/* A word of an _arguments specification, in single quotes. */
static void zsh_option(const char *name, const char *arg, const char *help)
{
	printf(" \\\n\t\t'*%s", name);
	if (help)
		printf("[%s]", help);
	if (arg && *arg) {
		printf(":%s:", arg);
		if (strcmp(arg, "FILE") == 0) {
			printf("_files");
		} else if (strcmp(name, "--state") == 0) {
			printf("(");
			put_states(" ");
			printf(")");
		}
	}
	printf("'");
}

static void zsh(const struct cli_command *commands, size_t n,
	const struct cli_global *globals, size_t n_globals)
{
	struct option option;

	printf("#compdef vodkeep\n"
	       "# Made from vodkeep's table of commands.\n"
	       "local curcontext=$curcontext state line\n"
	       "local -a commands globals\n"
	       "commands=(\n");
	for (size_t i = 0; i < n; i++)
		printf("\t'%s:%s'\n", commands[i].name, commands[i].help);
	printf(")\n"
	       "_arguments -C");
	for (size_t i = 0; i < n_globals; i++)
		zsh_option(globals[i].name, globals[i].arg, globals[i].help);
	printf(" \\\n\t\t'1:command:->command' '*::argument:->argument'\n"
	       "case $state in\n"
	       "command) _describe command commands ;;\n"
	       "argument)\n\tcase $line[1] in\n");
	for (size_t i = 0; i < n; i++) {
		const char *at = commands[i].args;

		printf("\t%s)\n\t\t_arguments", commands[i].name);
		while (next_option(&at, &option))
			zsh_option(option.name, option.arg, NULL);
		printf(" '*:argument:%s'\n\t\t;;\n",
			takes_file(&commands[i]) ? "_files" : "");
	}
	printf("\tesac\n\t;;\nesac\n");
}

/* ---- fish ---- */

static void fish_option(const char *name, const char *arg)
{
	if (name[1] == '-')
		printf(" -l %s", name + 2);
	else
		printf(" -s %s", name + 1);
	if (!arg || !*arg)
		return;
	if (strcmp(arg, "FILE") == 0) {
		printf(" -r -F");
		return;
	}
	printf(" -x");
	if (strcmp(name, "--state") == 0) {
		printf(" -a '");
		put_states(" ");
		printf("'");
	}
}

static void fish(const struct cli_command *commands, size_t n,
	const struct cli_global *globals, size_t n_globals)
{
	struct option option;

	printf("# fish completion for vodkeep; made from its table of commands.\n"
	       "complete -c vodkeep -f\n");
	for (size_t i = 0; i < n_globals; i++) {
		printf("complete -c vodkeep");
		fish_option(globals[i].name, globals[i].arg);
		printf(" -d '%s'\n", globals[i].help);
	}
	for (size_t i = 0; i < n; i++) {
		const char *at = commands[i].args;

		printf("complete -c vodkeep -n __fish_use_subcommand -a %s -d '%s'\n",
			commands[i].name, commands[i].help);
		if (takes_file(&commands[i]))
			printf("complete -c vodkeep -n '__fish_seen_subcommand_from %s' "
			       "-F\n",
				commands[i].name);
		while (next_option(&at, &option)) {
			printf("complete -c vodkeep -n '__fish_seen_subcommand_from %s'",
				commands[i].name);
			fish_option(option.name, option.arg);
			printf("\n");
		}
	}
}

int main(int argc, char **argv)
{
	size_t n, n_globals;
	const struct cli_command *commands = cli_commands(&n);
	const struct cli_global *globals = cli_globals(&n_globals);

	if (argc == 2 && strcmp(argv[1], "bash") == 0) {
		bash(commands, n, globals, n_globals);
	} else if (argc == 2 && strcmp(argv[1], "zsh") == 0) {
		zsh(commands, n, globals, n_globals);
	} else if (argc == 2 && strcmp(argv[1], "fish") == 0) {
		fish(commands, n, globals, n_globals);
	} else {
		fprintf(stderr, "usage: completion bash|zsh|fish\n");
		return 2;
	}
	return fflush(stdout) ? 1 : 0;
}
