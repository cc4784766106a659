/*
 * Errors: a class that decides what happens next, and one sentence for a person.
 *
 * A function that can fail takes `struct err *err` last, returns 0 or -(int)class, and
 * leaves its outputs untouched on failure. Each level adds what it was doing. Stands on
 * libc alone: fixed text, no allocation. Whoever fills an err does not log it.
 */
#ifndef VODKEEP_BASE_ERR_H
#define VODKEEP_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum err_class {
	ERR_NONE = 0,
	ERR_TRANSIENT, /* may work later: retried with backoff */
	ERR_STALE,   /* a link is expired or refused: resolve again, costs no attempt */
	ERR_NOT_YET, /* the platform is not ready: asked again on its own schedule */
	ERR_PERMANENT, /* will not get better by itself */
	ERR_LOCAL,     /* the disk here is full, read-only or gone: everything pauses */
	ERR_NO_ROOM,   /* too large for the room there is: this waits, what fits goes on
			*/
	ERR_CANCELLED, /* stopped on purpose */
	ERR_AUTH,      /* the platform refuses the API credentials: a person must act */
	ERR_INPUT,     /* what was given is not acceptable */
	ERR_NOT_FOUND, /* no such thing */
	ERR_EXISTS,    /* the name is taken */
	ERR_CLASSES
};

struct err {
	enum err_class class;
	int64_t retry_after_ms; /* what the other side asked for; 0: nothing */
	bool no_answer; /* the other side, or the way to it, is down: it said nothing */
	char text[640];
};

/* "transient", "permanent", … as stored and shown. */
const char *err_class_name(enum err_class class);

/* Fill @err (may be NULL) and return -(int)class. */
int err_set(struct err *err, enum err_class class, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* As err_set(), followed by ": " and the text of the errno value @errnum. */
int err_sys(struct err *err, enum err_class class, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The class a file-system errno belongs to: ENOSPC, EROFS, EIO, EDQUOT … are local. */
enum err_class err_class_of_errno(int errnum);
/* Put "<fmt>: " before the text. Returns -(int)err->class; with NULL, where the class
 * is lost, -ERR_TRANSIENT: pass an err wherever the class matters. */
int err_wrap(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void err_clear(struct err *err);

#endif
