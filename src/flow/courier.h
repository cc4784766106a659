/*
 * The courier: takes notices out of the store's outbox and tells them, by signed POST
 * (`notify`) or by running a program (`after`). Archiving never waits for it.
 *
 * POSTs to one URL go out one after the other in the order in which they came about: a
 * target in trouble holds up its own queue and no other. A program may run for several
 * assets at once, but never twice for one. What fails in a way that may pass is tried
 * again as transfers are (retry_min, retry_max, retry_for); each attempt is in the
 * asset's story, a trouble that lasts is a warning.
 *
 * A notice is forgotten once its end is stored: what a crash comes between is told
 * again. Control loop only.
 */
#ifndef VODKEEP_FLOW_COURIER_H
#define VODKEEP_FLOW_COURIER_H

#include "flow/settings.h"
#include "flow/warnings.h"
#include "io/http_client.h"
#include "store/store.h"

struct courier;

struct courier_options {
	uv_loop_t *loop;
	struct store *store;
	struct http_client *client;
	struct warnings *warnings;
	struct settings *settings;
};
/* Begins with what the last run has left. */
struct courier *courier_new(const struct courier_options *options);
/* A new configuration may have put right what failed: all is tried at once. */
void courier_reload(struct courier *courier, struct settings *settings);
/* Notices have been stored. */
void courier_news(struct courier *courier);
/* Stop what is going on (programs get SIGTERM, and SIGKILL after a few seconds); it is
 * told after the next start. Then closed(arg), on a later tick; the store must be open
 * until then. courier_news() may still be called, and does nothing. */
void courier_close(struct courier *courier, void (*closed)(void *arg), void *arg);
/* After closed(). NULL allowed. */
void courier_free(struct courier *courier);

#endif
