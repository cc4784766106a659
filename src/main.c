/*
 * Entry: sets what must be set before anything runs, and hands over to the commands.
 */
#include <config.h>

#include "cli/cli.h"
#include <locale.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	/* fsync and file work of many transfers at once; process-wide, so set here. */
	setenv("UV_THREADPOOL_SIZE", "16", 0);
	setlocale(LC_CTYPE, "");
	return cli_main(argc, argv);
}
