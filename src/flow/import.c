/*
 * The loop's half of importing. A batch goes back and forth:
 *
 *   scan (worker) ► ask the store what is new ► check its files (worker), one asset
 *   after the other ► have the store adopt it ► next batch; at the end: strangers'
 * files
 */
#include <config.h>

#include "flow/import_parts.h"

#include "base/clock.h"
#include "base/mem.h"
#include "flow/idle.h"
#include <stdlib.h>

static void next_batch(struct import *import);
static void check_batch(struct import *import);
static void check_next(struct import *import);

static struct import *of_message(struct message *message)
{
	return container_of(message, struct import, message);
}

/* Have @run done on the worker, which answers with @then on the loop. */
static void post(struct import *import, void (*run)(struct message *message))
{
	import->message.run = run;
	mailbox_post(worker_mailbox(import->worker), &import->message);
}

static void answer(struct import *import, void (*then)(struct message *message))
{
	import->message.run = then;
	mailbox_post(import->back, &import->message);
}

/* Of those that are waited for; the last one goes on with @then. */
static void done_one(struct import *import, void (*then)(struct import *import))
{
	if (--import->waiting == 0)
		then(import);
}

static void close_worker(struct import *import)
{
	worker_stop(import->worker); /* it has nothing to do: this does not wait */
	mailbox_close(import->back);
	import->worker = NULL;
	import->back = NULL;
}

static void end(struct import *import)
{
	close_worker(import);
	import->run.ended(&import->run);
}

/* ---- what is left ---- */

static void on_stray(void *arg, const struct verify_finding *finding)
{
	struct import *import = arg;

	if (finding->kind == VERIFY_FOREIGN)
		chore_note(&import->run, IMPORT_FOREIGN, NULL, finding->path, "%s",
			finding->text);
}

static void on_strays_done(
	void *arg, const struct err *err, const struct verify_counts *counts)
{
	struct import *import = arg;

	(void)counts;
	import->strays = NULL;
	import->run.err = *err;
	end(import);
}

static void find_strays(struct import *import)
{
	const struct archive_env *env = import->run.env;
	struct verify_options options = {
		.loop = env->loop,
		.store = env->store,
		.archive = env->archive,
		.archive_id = env->archive_id,
		.sample = 100,
		.strays = true,
		.only_strays = true,
		.live = true,
		.found = on_stray,
		.done = on_strays_done,
		.arg = import,
	};

	if (verify_start(&import->strays, &options, &import->run.err))
		end(import);
}

/* ---- the store ---- */

static const char *refusal(enum adoption outcome)
{
	static const char *const texts[ADOPTIONS] = {
		[ADOPTION_COPY] = "the asset is known with files elsewhere: this is "
				  "another copy of it, which is left alone",
		[ADOPTION_REMOVED] = "the asset was removed, and stays away until "
				     "`vodkeep fetch'; these files are left alone",
		[ADOPTION_BUSY] = "the asset is being worked on: import again later",
		[ADOPTION_TAKEN] = "the place, or one of the files, is another asset's",
	};

	return texts[outcome];
}

static void note_faults(struct import *import, const struct candidate *candidate)
{
	for (size_t i = 0; i < candidate->n_faults; i++)
		chore_note(&import->run, (int)candidate->faults[i].kind,
			candidate->found, candidate->faults[i].path, "%s",
			candidate->faults[i].text);
}

static void note_adopted(struct import *import, const struct candidate *candidate)
{
	char bytes[32];

	size_format_human(candidate->bytes, bytes);
	chore_note(&import->run, IMPORT_ADOPTED, candidate->found, candidate->rel,
		"%s%s", bytes,
		candidate->order.whole ? "" : "; what is not whole is fetched again");
	note_faults(import, candidate);
	if (!import->run.order.dry_run)
		keeper_news(
			import->run.env->keeper, candidate->found->workspace, 0, false);
}

static void on_adopted(void *arg, const struct err *err, enum adoption outcome)
{
	struct candidate *candidate = arg;
	struct import *import = candidate->import;

	if (err->class != ERR_NONE)
		import->run.err = *err;
	else if (outcome == ADOPTION_NEW)
		note_adopted(import, candidate);
	else if (outcome != ADOPTION_KNOWN)
		chore_note(&import->run, IMPORT_DOUBTFUL, candidate->found,
			candidate->rel, "%s", refusal(outcome));
	done_one(import, next_batch);
}

static void on_asked(void *arg, const struct err *err, enum adoption outcome)
{
	struct candidate *candidate = arg;
	struct import *import = candidate->import;

	candidate->outcome = outcome;
	if (err->class != ERR_NONE)
		import->run.err = *err;
	else if (outcome == ADOPTION_KNOWN)
		import->run.report->counts[IMPORT_KNOWN]++;
	else if (outcome != ADOPTION_NEW)
		chore_note(&import->run, IMPORT_DOUBTFUL, candidate->found,
			candidate->rel, "%s", refusal(outcome));
	done_one(import, check_batch);
}

/* ---- files ---- */

static void on_checked(struct message *message)
{
	struct import *import = of_message(message);
	struct candidate *candidate = &import->batch[import->next - 1];

	import->run.report->bytes += candidate->bytes;
	if (import->trouble.class != ERR_NONE) {
		import->run.err = import->trouble;
	} else if (import->run.order.dry_run) {
		note_adopted(import, candidate);
	} else { /* while the next is being checked: the store gathers */
		candidate->order.dry_run = false;
		import->waiting++;
		store_adopt(import->run.env->store, &candidate->order, on_adopted,
			candidate);
	}
	check_next(import);
}

static void check(struct message *message)
{
	struct import *import = of_message(message);

	import_check(import, &import->batch[import->next - 1]);
	answer(import, on_checked);
}

/* The next of the batch that is new. */
static void check_next(struct import *import)
{
	while (import->run.err.class == ERR_NONE && import->next < import->n) {
		const struct candidate *candidate = &import->batch[import->next++];

		if (candidate->found && candidate->outcome == ADOPTION_NEW) {
			post(import, check);
			return;
		}
	}
	done_one(import, next_batch);
}

static void check_batch(struct import *import)
{
	import->waiting = 1; /* the checks */
	check_next(import);
}

/* ---- the walk ---- */

static void on_scanned(struct message *message)
{
	struct import *import = of_message(message);

	if (import->trouble.class != ERR_NONE)
		import->run.err = import->trouble;
	import->run.report->seen += (int64_t)import->n;
	import->waiting = 1; /* this loop */
	for (size_t i = 0; i < import->n; i++) {
		struct candidate *candidate = &import->batch[i];

		if (!candidate->found) {
			note_faults(import, candidate);
			continue;
		}
		candidate->order.found = candidate->found;
		candidate->order.quiet = import->run.order.quiet;
		candidate->order.dry_run = true;
		import->waiting++;
		store_adopt(
			import->run.env->store, &candidate->order, on_asked, candidate);
	}
	done_one(import, check_batch);
}

static void scan(struct message *message)
{
	struct import *import = of_message(message);

	import_scan(import);
	answer(import, on_scanned);
}

static void next_batch(struct import *import)
{
	import_batch_clear(import);
	if (atomic_load(&import->stop) && import->run.err.class == ERR_NONE)
		err_set(&import->run.err, ERR_CANCELLED, "stopped");
	if (import->run.err.class == ERR_NONE && !import->walked)
		post(import, scan);
	else if (import->run.err.class == ERR_NONE && !import->run.order.quiet)
		find_strays(import);
	else
		end(import);
}

/* ---- as a chore ---- */

static void begin_work(struct message *message)
{
	next_batch(of_message(message));
}

static struct chore_run *import_make(void)
{
	struct import *import = mem_alloc(sizeof(*import));

	return &import->run;
}

static struct import *of_run(struct chore_run *run)
{
	return container_of(run, struct import, run);
}

static int import_begin(struct chore_run *run, struct err *err)
{
	struct import *import = of_run(run);
	int rc = mailbox_open(&import->back, run->env->loop, err);

	if (rc)
		return rc;
	rc = worker_start(&import->worker, "import", &idle_worker_hooks, NULL, err);
	if (rc)
		mailbox_close(import->back);
	else
		answer(import, begin_work);
	return rc;
}

static void import_stop(struct chore_run *run)
{
	struct import *import = of_run(run);

	atomic_store(&import->stop, true);
	if (import->strays)
		verify_stop(import->strays);
}

static void import_release(struct chore_run *run)
{
	struct import *import = of_run(run);

	import_batch_clear(import);
	archive_walk_free(import->walk);
	free(import);
}

const struct chore_type import_chore = {
	.name = "import",
	.kinds = {
		[IMPORT_ADOPTED] = "adopted",
		[IMPORT_KNOWN] = "known",
		[IMPORT_MISSING] = "missing",
		[IMPORT_DAMAGED] = "damaged",
		[IMPORT_DOUBTFUL] = "doubtful",
		[IMPORT_FOREIGN] = "foreign",
	},
	.make = import_make,
	.begin = import_begin,
	.stop = import_stop,
	.release = import_release,
};
