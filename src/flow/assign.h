/*
 * Assigning: when the rules are others than they were, which of them each archived
 * asset is now under. Nothing is asked of a platform, moved or fetched for it: only the
 * name of the rule in the asset's row follows, by which retention and pressure find
 * what is theirs. It goes through the assets in small steps, and on after a restart
 * where it was. Control loop only.
 */
#ifndef VODKEEP_FLOW_ASSIGN_H
#define VODKEEP_FLOW_ASSIGN_H

#include "flow/settings.h"
#include "store/store.h"

struct assign;

/* Begins with @settings where that is wanted; done(arg) whenever all have been gone
 * through. */
struct assign *assign_new(uv_loop_t *loop, struct store *store,
	struct settings *settings, void (*done)(void *arg), void *arg);
void assign_reload(struct assign *assign, struct settings *settings);
/* No step begins any more. */
void assign_stop(struct assign *assign);
/* Frees when nothing is under way any more, then closed(arg). */
void assign_close(struct assign *assign, void (*closed)(void *arg), void *arg);

#endif
