/*
 * Whether the first import is still to be done is a fact in the store, so that an agent
 * that is stopped half-way begins with it again.
 */
#include <config.h>

#include "flow/first_import.h"

#include "base/clock.h"
#include "base/log.h"
#include "flow/import.h"
#include <string.h>

#define META     "first_import"
#define WARNING  "import"
#define AGAIN_MS 2000 /* while the archive is not there */

static void on_stored(void *arg, const struct err *err)
{
	(void)arg;
	if (err->class != ERR_NONE)
		log_warn(NULL,
			"that the archive is (to be) adopted could not be stored: %s",
			err->text);
}

void first_import_want(struct first_import *first, struct store *store, bool anew)
{
	first->wanted = true;
	first->anew = anew;
	store_put_meta(store, META, "wanted", on_stored, NULL);
}

static void on_ended(void *arg, const struct chore_report *report)
{
	struct first_import *first = arg;

	if (report->dry_run || !first->wanted)
		return;
	if (report->err.class == ERR_LOCAL) {
		first->again_ms = clock_system.mono_ms() + AGAIN_MS;
		warnings_set(first->env.warnings, WARNING, NULL, true,
			"the state is new, and what lies in the archive could not be "
			"adopted: %s; tried again, and nothing is downloaded or deleted "
			"until then",
			report->err.text);
		return;
	}
	if (report->err.class != ERR_NONE) {
		warnings_set(first->env.warnings, WARNING, NULL, true,
			"the state is new, and what lies in the archive could not be "
			"adopted: %s; nothing is downloaded or deleted until `vodkeep "
			"import' has been through it",
			report->err.text);
		return;
	}
	first->wanted = false;
	warnings_clear(first->env.warnings, WARNING);
	if (report->counts[IMPORT_ADOPTED])
		log_info(NULL,
			"the state is new: %lld assets in the archive were adopted by their "
			"sizes, `vodkeep verify' reads their files",
			(long long)report->counts[IMPORT_ADOPTED]);
	store_put_meta(first->env.store, META, "done", on_stored, NULL);
	keeper_hold(first->env.keeper, false);
}

static void begin(struct first_import *first)
{
	const struct chore_order order = { .sizes_only = true, .quiet = true };
	struct err err = { 0 };

	first->again_ms = 0;
	if (chores_begin(first->chores, CHORE_IMPORT, &order, &err) == 0)
		return;
	first->again_ms = clock_system.mono_ms() + AGAIN_MS;
	warnings_set(first->env.warnings, WARNING, NULL, true,
		"what lies in the archive cannot be adopted: %s; tried again, and nothing "
		"is downloaded or deleted until then",
		err.text);
}

void first_import_begin(struct first_import *first, const struct archive_env *env,
	struct chores *chores)
{
	const char *wanted = store_meta(env->store, META);

	first->env = *env;
	first->chores = chores;
	first->wanted |= wanted && strcmp(wanted, "wanted") == 0;
	if (!first->wanted)
		return;
	keeper_hold(env->keeper, true);
	if (!first->anew)
		warnings_set(env->warnings, WARNING, NULL, false,
			"the state is new, and what lies in the archive is being adopted: "
			"nothing is downloaded or deleted until that is done");
	chores_after(chores, CHORE_IMPORT, on_ended, first);
	begin(first);
}

void first_import_turn(struct first_import *first)
{
	if (first->wanted && first->again_ms &&
		clock_system.mono_ms() >= first->again_ms)
		begin(first);
}
