/*
 * The command line (INTERFACE §2): global options, the table of commands, exit
 * statuses, and how messages are given. A command prints its result on standard output,
 * as text or as one JSON document; everything else goes to standard error.
 */
#ifndef VODKEEP_CLI_CLI_H
#define VODKEEP_CLI_CLI_H

#include "base/buf.h"
#include "base/err.h"
#include "core/config.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_CONFIG = 3,
	CLI_NO_AGENT = 4,
	CLI_DIFFERENT = 5, /* damage or differences were found */
	CLI_NO_ASSET = 6,
};

/* Largest text a command prints at once. */
#define CLI_TEXT_MAX (16 * 1024 * 1024)

struct cli {
	const char *config_path;
	bool json;
	int verbosity; /* -q is below 0, -v above */
	const struct cli_command *command;
};

/* A command: argv[0] is its name, global options are taken out. Returns a cli_exit. */
struct cli_command {
	const char *name;
	const char *args; /* as the usage line shows them */
	const char *help; /* one line */
	int (*run)(struct cli *cli, int argc, char **argv);
};

/* All commands, in the order of the help text. */
const struct cli_command *cli_commands(size_t *n);
/* An option that stands before or behind any command. */
struct cli_global {
	const char *name, *arg; /* arg: NULL for a flag */
	const char *help;
};
const struct cli_global *cli_globals(size_t *n);

int cli_main(int argc, char **argv);

/* cli_say.c. Say what went wrong on standard error, with --json also as {"error": …} on
 * standard output. Returns @status. */
int cli_fail(const struct cli *cli, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Wrong arguments: the sentence and the usage line; returns CLI_USAGE. */
int cli_usage(const struct cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Only the usage line. */
void cli_print_usage(FILE *to, const struct cli_command *command);
/* Print the one document. */
void cli_print_json(const cJSON *json);
/* Print text; its control characters have been dealt with by the caller. */
void cli_print(const struct buf *text);
/* Columns of the terminal; 80 where standard output is none. */
size_t cli_width(void);
/* Lines of the terminal; 24 where it does not say. */
size_t cli_height(void);
/* Standard output is a terminal that can be drawn on, and one where colors are wanted
 * (NO_COLOR). */
bool cli_terminal(void);
bool cli_color(void);
/* Read the configuration; says what is wrong. The caller frees *out. CLI_OK or
 * CLI_CONFIG. */
int cli_config(const struct cli *cli, struct config **out);

/* The commands, by family: cmd_status.c, cmd_assets.c, cmd_control.c,
 * cmd_verify.c, cmd_chores.c, cmd_backup.c, cmd_sign.c, cmd_doctor.c. */
int cmd_status(struct cli *cli, int argc, char **argv);
int cmd_ls(struct cli *cli, int argc, char **argv);
int cmd_show(struct cli *cli, int argc, char **argv);
int cmd_explain(struct cli *cli, int argc, char **argv);
int cmd_fetch(struct cli *cli, int argc, char **argv);
int cmd_retry(struct cli *cli, int argc, char **argv);
int cmd_rm(struct cli *cli, int argc, char **argv);
int cmd_hold(struct cli *cli, int argc, char **argv);
int cmd_unhold(struct cli *cli, int argc, char **argv);
int cmd_pause(struct cli *cli, int argc, char **argv);
int cmd_reconcile(struct cli *cli, int argc, char **argv);
int cmd_resume(struct cli *cli, int argc, char **argv);
int cmd_verify(struct cli *cli, int argc, char **argv);
int cmd_import(struct cli *cli, int argc, char **argv);
int cmd_refile(struct cli *cli, int argc, char **argv);
int cmd_replay(struct cli *cli, int argc, char **argv);
int cmd_backup(struct cli *cli, int argc, char **argv);
int cmd_sign(struct cli *cli, int argc, char **argv);
int cmd_doctor(struct cli *cli, int argc, char **argv);

#endif
