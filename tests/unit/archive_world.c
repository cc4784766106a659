/*
 * An archive for tests.
 */
#include <config.h>

#include "archive_world.h"

#include "tree.h"
#include "unit.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

int world_set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	strcpy(w->dir, "/tmp/vodkeep-archive-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(archive_open(&w->archive, w->dir, &w->err), 0);
	assert_int_equal(archive_marker_create(w->archive, w->id, &w->err), 0);
	*state = w;
	return 0;
}

int world_tear_down(void **state)
{
	struct world *w = *state;

	archive_close(w->archive);
	remove_tree(AT_FDCWD, w->dir);
	free(w);
	return 0;
}
