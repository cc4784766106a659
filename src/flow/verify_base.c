/*
 * What both halves of a run stand on: its thread, whether the archive is there, and its
 * end.
 */
#include <config.h>

#include "flow/verify_parts.h"

#include <stdlib.h>

const char *verify_kind_name(enum verify_kind kind)
{
	static const char *const names[] = {
#define VERIFY_NAME(id, name) [id] = (name),
		VERIFY_KINDS_X(VERIFY_NAME)
#undef VERIFY_NAME
	};

	return names[kind];
}

const struct verify_counts *verify_counts(const struct verify *verify)
{
	return &verify->counts;
}

/* ---- the worker ---- */

void verify_post(struct verify *verify, void (*run)(struct message *message))
{
	verify->message.run = run;
	mailbox_post(worker_mailbox(verify->worker), &verify->message);
}

void verify_answer(struct verify *verify, void (*then)(struct message *message))
{
	verify->message.run = then;
	mailbox_post(verify->back, &verify->message);
}

int verify_archive_there(struct verify *verify)
{
	return archive_check_reading(
		verify->o.archive, verify->o.archive_id, &verify->err);
}

/* ---- the end ---- */

void verify_page_clear(struct verify *verify)
{
	for (size_t i = 0; i < verify->n_refs; i++) {
		free(verify->refs[i].workspace);
		free(verify->refs[i].id);
	}
	free(verify->refs);
	verify->refs = NULL;
	verify->n_refs = verify->next_ref = 0;
}

void verify_asset_clear(struct verify *verify)
{
	asset_free(verify->asset);
	free(verify->checks);
	verify->asset = NULL;
	verify->checks = NULL;
}

void verify_strays_clear(struct verify *verify)
{
	for (size_t i = 0; i < verify->n_strays; i++)
		free(verify->strays[i].path);
	verify->n_strays = 0;
}

void verify_end(struct verify *verify)
{
	worker_stop(verify->worker); /* it has nothing to do: this does not wait */
	mailbox_close(verify->back);
	verify->o.done(verify->o.arg, &verify->err, &verify->counts);
	verify_page_clear(verify);
	verify_asset_clear(verify);
	verify_strays_clear(verify);
	archive_walk_free(verify->walk);
	for (size_t i = 0; i < verify->o.n_assets; i++)
		free(verify->names[i]);
	free(verify->names);
	free(verify->workspace);
	free(verify);
}

void verify_stop(struct verify *verify)
{
	atomic_store(&verify->stop, true);
}
