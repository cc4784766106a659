/*
 * The terminal on standard output while something is redrawn on it: the alternate
 * screen, so that what was there before comes back; no cursor; no wrapping, so that a
 * line that is wider than it was thought to be cannot push the others down. Nothing but
 * escape sequences that every terminal in use knows.
 */
#ifndef VODKEEP_CLI_SCREEN_H
#define VODKEEP_CLI_SCREEN_H

#include "base/buf.h"

void screen_enter(void);
/* As it was before screen_enter(). */
void screen_leave(void);
/* @text instead of what is there, without flicker: no more lines than there are. */
void screen_draw(const struct buf *text);

#endif
