/*
 * The agent: `vodkeep run`. Wires the floors together, handles signals, and ends by
 * closing everything in order until the loop runs dry.
 */
#ifndef VODKEEP_CLI_AGENT_H
#define VODKEEP_CLI_AGENT_H

/* Runs until SIGTERM or SIGINT. @verbosity > 0 logs debug, < 0 only warnings, 0 as
 * configured. Returns the process's exit status (INTERFACE §2). */
int agent_run(const char *config_path, int verbosity);

#endif
