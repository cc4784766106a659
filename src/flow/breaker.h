/*
 * Hosts that keep failing are left alone (core/breaker). What rests for one is marked
 * in the store and is no longer due; one asset at a time is let through to probe, and
 * all of them at once when the host answers.
 *
 * A breaker belongs to a way: host, port and proxy. Workspaces that go the same way
 * share it, since the host is down for all of them, and one probe tells; with another
 * proxy the same host may well answer. Nothing of this outlives the agent: after a
 * start, and after a reload, every host is tried anew. Control loop only.
 */
#ifndef VODKEEP_FLOW_BREAKER_H
#define VODKEEP_FLOW_BREAKER_H

#include "core/breaker.h"
#include "core/config.h"
#include "flow/warnings.h"
#include "store/store.h"

struct breakers;

struct breakers_options {
	struct store *store;
	struct warnings *warnings;
	/* Assets have become due, or a host may be asked again. Never inside a call. */
	void (*changed)(void *arg);
	/* Whether work is held back for @way that no asset in the store is marked with:
	 * it is the way to a workspace's API. */
	bool (*holds)(void *arg, const char *way);
	void *arg;
};
struct breakers *breakers_new(const struct breakers_options *options);
void breakers_free(struct breakers *breakers); /* changed() is called no more */
/* Forget every host, and let go on what rests for one: at start, and at each reload. */
void breakers_reset(struct breakers *breakers, const struct config *config);

/* "example.com", "example.com:8080", "example.com via proxy.lan:3128": the way to @url;
 * caller frees. NULL when it is no http(s) URL. */
char *breakers_way(const char *url, const char *proxy);

/* May it be asked? As core/breaker.h; @way may be NULL, which always may. */
enum breaker_pass breakers_look(const struct breakers *breakers, const char *way);
enum breaker_pass breakers_begin(struct breakers *breakers, const char *way);
/* Milliseconds until it may be asked, 0 now; a second while a probe is on its way. */
int64_t breakers_wait_ms(const struct breakers *breakers, const char *way);
/* How a request that began with @pass ended: class NONE is an answer. @subject is what
 * was asked for, as a number. */
void breakers_tell(struct breakers *breakers, const char *way, enum breaker_pass pass,
	uint64_t subject, const struct err *err);

/* "HOST does not answer since …; tried again at …" into @err, as TRANSIENT, and when;
 * false when it is not being left alone. */
bool breakers_explain(const struct breakers *breakers, const char *way, struct err *err,
	int64_t *again_ns);
/* An asset that rests for @way has been stored. */
void breakers_rests(struct breakers *breakers, const char *way);
/* A person wants something: each host may be probed at once. */
void breakers_hurry(struct breakers *breakers);
/* Let an asset through for each host whose time has come. Returns in how many
 * milliseconds to call again, -1 when there is no need. */
int64_t breakers_turn(struct breakers *breakers);

#endif
