/*
 * The configuration from this machine: files, globs, environment and credentials behind
 * core/config's source. Blocks; for start, check and reload.
 */
#ifndef VODKEEP_CLI_CONFIG_LOAD_H
#define VODKEEP_CLI_CONFIG_LOAD_H

#include "core/config.h"

extern const struct config_source config_source_system;

/* Read @path. As config_read(). */
int config_load(const char *path, struct config **out, struct config_notes *notes);

/* As config_socket(); secrets stay unread, so that whoever may use the socket need not
 * be able to read them. */
char *config_load_socket(const char *path);

#endif
