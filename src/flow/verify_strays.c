/*
 * Files of no asset: walks through the archive in batches, asks the store which paths
 * are claimed, and tells apart what is left. A file that a sidecar beside it lists, or
 * that is a sidecar, was vodkeep's once: orphaned, and `import` may adopt it. All else
 * is foreign.
 */
#include <config.h>

#include "flow/verify_parts.h"

#include "archive/sidecar.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

/* ---- on the worker ---- */

static bool sidecar_at(struct verify *verify, const char *path, const char *name)
{
	struct err err = { 0 };
	struct buf text;
	bool found;

	buf_init(&text, SIDECAR_MAX);
	found = archive_read(verify->o.archive, path, &text, &err) == 0 &&
		sidecar_lists(buf_text(&text), text.len, name);
	buf_release(&text);
	return found;
}

/* The sidecar of "a/b.en.vtt" is "a/b.en.json" or "a/b.json". */
static bool is_orphaned(struct verify *verify, const char *path)
{
	char *base = mem_strdup(path);
	char *slash = strrchr(base, '/');
	char *name = slash ? slash + 1 : base;
	char *end = strrchr(name, '.');
	bool orphaned =
		end && strcmp(end, ".json") == 0 && sidecar_at(verify, path, NULL);

	while (!orphaned && (end = strrchr(name, '.')) && end != name) {
		*end = '\0';
		char *sidecar = mem_printf("%s.json", base);
		orphaned = sidecar_at(verify, sidecar, path + (name - base));
		free(sidecar);
	}
	free(base);
	return orphaned;
}

static void on_classified(struct message *message);

static void classify(struct message *message)
{
	struct verify *verify = container_of(message, struct verify, message);

	for (size_t i = 0; i < verify->n_strays; i++) {
		struct verify_stray *stray = &verify->strays[i];

		if (atomic_load(&verify->stop))
			break;
		stray->orphaned = stray->regular && is_orphaned(verify, stray->path);
	}
	verify_answer(verify, on_classified);
}

static void on_walked(struct message *message);

static void walk(struct message *message)
{
	struct verify *verify = container_of(message, struct verify, message);
	struct verify_stray *stray = verify->strays;
	int rc = verify_archive_there(verify) ? 0 : 1;

	while (rc == 1 && verify->n_strays < VERIFY_BATCH) {
		rc = archive_walk_next(
			verify->walk, &stray->path, &stray->regular, &verify->err);
		if (rc == 1) {
			stray++;
			verify->n_strays++;
		}
	}
	verify->walked = rc != 1;
	verify_answer(verify, on_walked);
}

/* ---- on the loop ---- */

static void next_batch(struct verify *verify)
{
	verify_strays_clear(verify);
	if (atomic_load(&verify->stop) && verify->err.class == ERR_NONE)
		err_set(&verify->err, ERR_CANCELLED, "stopped");
	if (verify->err.class != ERR_NONE || verify->walked)
		verify_end(verify);
	else
		verify_post(verify, walk);
}

static void on_classified(struct message *message)
{
	struct verify *verify = container_of(message, struct verify, message);
	bool stopped = atomic_load(&verify->stop);

	for (size_t i = 0; i < verify->n_strays && !stopped; i++) {
		const struct verify_stray *stray = &verify->strays[i];
		struct verify_finding finding = {
			.kind = stray->orphaned ? VERIFY_ORPHANED : VERIFY_FOREIGN,
			.path = stray->path,
			.text = stray->orphaned
					? "a sidecar names it, but no asset has it"
				: stray->regular ? "vodkeep did not put it there"
						 : "it is no regular file",
		};

		verify->counts.found[finding.kind]++;
		verify->o.found(verify->o.arg, &finding);
	}
	next_batch(verify);
}

static void on_claimed(void *arg, const struct err *err, const bool *claimed, size_t n)
{
	struct verify *verify = arg;
	size_t left = 0;

	if (err->class != ERR_NONE) {
		verify->err = *err;
		next_batch(verify);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (claimed[i])
			free(verify->strays[i].path);
		else
			verify->strays[left++] = verify->strays[i];
	}
	verify->n_strays = left;
	if (left)
		verify_post(verify, classify);
	else
		next_batch(verify);
}

static void on_walked(struct message *message)
{
	struct verify *verify = container_of(message, struct verify, message);
	char *paths[VERIFY_BATCH];

	if (verify->err.class != ERR_NONE || verify->n_strays == 0) {
		next_batch(verify);
		return;
	}
	for (size_t i = 0; i < verify->n_strays; i++)
		paths[i] = verify->strays[i].path;
	store_claimed(verify->o.store, paths, verify->n_strays, on_claimed, verify);
}

void verify_strays(struct verify *verify)
{
	verify->walk = archive_walk_new(verify->o.archive);
	next_batch(verify);
}
