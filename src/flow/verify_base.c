/*
 * What both halves of a run stand on: its thread, whether the archive is there, and its
 * end.
 */
#include <config.h>

#include "flow/verify_parts.h"

#include <linux/ioprio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NICE 10

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

/* Both concern this thread alone. What the system refuses is a pity, no failure. */
static int on_worker_begin(void *arg, uv_loop_t *loop, struct err *err)
{
	(void)arg, (void)loop, (void)err;
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
	setpriority(PRIO_PROCESS, 0, NICE);
	return 0;
}

const struct worker_hooks verify_worker_hooks = { .begin = on_worker_begin };

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

/* Not archive_check(): an archive that is mounted read-only can be verified. */
int verify_archive_there(struct verify *verify)
{
	const struct archive *archive = verify->o.archive;
	struct err *err = &verify->err;
	char id[33];

	if (!archive_is_there(archive) || archive_marker_read(archive, id, NULL) < 0)
		return err_set(err, ERR_LOCAL,
			"the archive %s is not there (is its disk mounted?): nothing can "
			"be told about its files",
			archive_dir(archive));
	if (strcmp(id, verify->o.archive_id) != 0)
		return err_set(err, ERR_LOCAL,
			"%s is another archive (%.8s…, expected %.8s…): a different disk "
			"is mounted there",
			archive_dir(archive), id, verify->o.archive_id);
	return 0;
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
