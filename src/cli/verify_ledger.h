/*
 * verify --ledger: follows the chain of the ledger from its first row to its head, page
 * by page, with or without an agent. The chain is followed here, not by the agent, so
 * that the one who is examined does not examine himself.
 */
#ifndef VODKEEP_CLI_VERIFY_LEDGER_H
#define VODKEEP_CLI_VERIFY_LEDGER_H

#include "cli/cli.h"

/* @head: a hash that the ledger showed as its head once, or NULL. The exit status; what
 * was found has been told. */
int verify_ledger(const struct cli *cli, const char *head);

#endif
