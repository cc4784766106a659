/*
 * Prints what the option table says: "sample" is etc/vodkeep.ini, "man" the OPTIONS
 * section of vodkeep.ini(5). A build tool; not installed.
 */
#include <config.h>

#include "core/config.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX (1024 * 1024)

int main(int argc, char **argv)
{
	struct buf text;

	buf_init(&text, TEXT_MAX);
	if (argc == 2 && strcmp(argv[1], "sample") == 0) {
		config_sample(&text);
	} else if (argc == 2 && strcmp(argv[1], "man") == 0) {
		config_man(&text);
	} else {
		fprintf(stderr, "usage: optiondoc sample|man\n");
		return 2;
	}
	fputs(buf_text(&text), stdout);
	buf_release(&text);
	return fflush(stdout) ? 1 : 0;
}
