/*
 * An archive with its marker, on a temporary directory of its own.
 */
#ifndef VODKEEP_TESTS_ARCHIVE_WORLD_H
#define VODKEEP_TESTS_ARCHIVE_WORLD_H

#include "archive/archive.h"

struct world {
	char dir[64];
	struct archive *archive;
	char id[33];
	struct err err;
};

/* cmocka's setup and teardown; *state is the world. */
int world_set_up(void **state);
int world_tear_down(void **state);

#endif
