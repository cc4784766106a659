/*
 * Each picture is one write: written over the old one, each line cleared behind its
 * end.
 */
#include <config.h>

#include "cli/screen.h"

#include <stdio.h>
#include <string.h>

#define ENTER    "\033[?1049h\033[?25l\033[?7l\033[H\033[2J"
#define LEAVE    "\033[0m\033[?7h\033[?25h\033[?1049l"
#define TEXT_MAX (16 * 1024 * 1024)

void screen_enter(void)
{
	fputs(ENTER, stdout);
	fflush(stdout);
}

void screen_leave(void)
{
	fputs(LEAVE, stdout);
	fflush(stdout);
}

void screen_draw(const struct buf *text)
{
	struct buf out;

	buf_init(&out, TEXT_MAX);
	buf_str(&out, "\033[H");
	for (const char *at = buf_text(text); *at;) {
		size_t len = strcspn(at, "\n");

		buf_append(&out, at, len);
		buf_str(&out, "\033[K");
		at += len + (at[len] == '\n');
		if (*at) /* a line's end on the last one would scroll */
			buf_str(&out, "\r\n");
	}
	buf_str(&out, "\033[J");
	fwrite(buf_text(&out), 1, out.len, stdout);
	fflush(stdout);
	buf_release(&out);
}
