/*
 * The guard: is the archive there, is it ours, and is there room? Looks every few
 * seconds on the libuv pool, and after trouble. While it says no nothing downloads, and
 * no attempt is burnt; while the archive is away nothing is deleted either. Control
 * loop only.
 */
#ifndef VODKEEP_FLOW_GUARD_H
#define VODKEEP_FLOW_GUARD_H

#include "archive/archive.h"
#include "core/config.h"
#include "flow/warnings.h"
#include <uv.h>

struct guard;
struct guard_events {
	/* The answer changed: may work begin (again)? */
	void (*changed)(void *arg, bool well);
	void *arg;
};
int guard_open(struct guard **out, uv_loop_t *loop, struct archive *archive,
	const char *archive_id, const struct amount *min_free,
	struct warnings *warnings, const struct guard_events *events, struct err *err);
void guard_configure(struct guard *guard, const struct amount *min_free);
void guard_close(struct guard *guard, void (*closed)(void *arg), void *arg);
/* Whether the archive is present, ours, and has room. False until the first look. */
bool guard_well(const struct guard *guard);
/* Whether it is present and ours: enough for removals, which make room. */
bool guard_present(const struct guard *guard);
/* Whether it is present and has less room than min_free; and how many looks there have
 * been: what has been made room since is known two looks later. */
bool guard_lacks_room(const struct guard *guard);
uint64_t guard_looks(const struct guard *guard);
/* Something local failed (disk full, read-only): stop, look again soon. */
void guard_trouble(struct guard *guard, const struct err *err);
void guard_space(const struct guard *guard, int64_t *free_bytes, int64_t *total_bytes);
/* Bytes of a filesystem of @total_bytes (-1 unknown) that @min_free keeps free. */
int64_t guard_need(const struct amount *min_free, int64_t total_bytes);
/* Bytes that have to stay free. */
int64_t guard_keep_free(const struct guard *guard);

#endif
