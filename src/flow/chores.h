/*
 * The chores that go on: one of each at a time. Loop thread only.
 */
#ifndef VODKEEP_FLOW_CHORES_H
#define VODKEEP_FLOW_CHORES_H

#include "flow/chore.h"

enum chore { CHORE_IMPORT, CHORE_REFILE, CHORE_REPLAY, CHORES };
const struct chore_type *chore_type(enum chore chore);

struct chores;
/* All in @env is borrowed, and outlives the chores. */
struct chores *chores_new(const struct archive_env *env);
/* ERR_EXISTS while another run of this kind goes on. @order is copied. */
int chores_begin(struct chores *chores, enum chore chore,
	const struct chore_order *order, struct err *err);
/* The run that goes on, or the last one. Borrowed to the next turn of the loop. */
const struct chore_report *chores_report(const struct chores *chores, enum chore chore);
/* Have ended() called after each run of @chore, but not while closing. */
void chores_after(struct chores *chores, enum chore chore,
	void (*ended)(void *arg, const struct chore_report *report), void *arg);
/* End the run that goes on, if there is one. */
void chores_cancel(struct chores *chores, enum chore chore);
/* Ends what goes on, frees, then closed(arg); before keeper and store are closed. */
void chores_close(struct chores *chores, void (*closed)(void *arg), void *arg);

#endif
