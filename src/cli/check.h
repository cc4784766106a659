/*
 * vodkeep check: every finding about the configuration, and with --dump what it amounts
 * to. Opens no socket, writes no file.
 */
#ifndef VODKEEP_CLI_CHECK_H
#define VODKEEP_CLI_CHECK_H

#include <stdbool.h>

#define CHECK_INVALID 3 /* exit status: the configuration is invalid */

/* Returns the exit status: 0, CHECK_INVALID, or 1 when standard output fails. */
int check_main(const char *config_path, bool dump, bool json);

#endif
