/*
 * Notices: what is to be told to others about an asset, in the order in which it came
 * about. One is made in the transaction that made it true, and lives until it has been
 * told or given up. Also the signature of Standard Webhooks. Pure.
 */
#ifndef VODKEEP_CORE_NOTICE_H
#define VODKEEP_CORE_NOTICE_H

#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum notice_kind {
	NOTICE_POST, /* `notify`: a signed POST */
	NOTICE_RUN,  /* `after`: a program */
	NOTICE_KINDS
};
/* "notify", "after": as stored and shown. */
const char *notice_kind_name(enum notice_kind kind);
int notice_kind_parse(const char *name, enum notice_kind *kind); /* 0 or -1 */

struct notice {
	int64_t row; /* the store's key; grows */
	enum notice_kind kind;
	char *rule; /* whose `notify` or `after` it is */
	int64_t asset;
	char *workspace, *id; /* of the asset; filled by the store */
	char *event;          /* "archived", "removed", "failed" */
	char *change;         /* of archived: "new", "updated"; else NULL */
	char *key;            /* names it to the receiver, the same at every attempt */
	char *body;           /* of a POST; NULL for a program */
	int64_t created_ns, next_ns; /* next_ns: not before; 0 at once */
	int attempts;                /* that have failed */
};
struct notices {
	struct notice *items;
	size_t n;
};

/* A zeroed one more; valid until the next. */
struct notice *notices_add(struct notices *notices);
void notices_release(struct notices *notices);
void notice_release(struct notice *notice);
void notice_copy(struct notice *to, const struct notice *from);

/* The key of `notify_secret`: behind "whsec_" base64, else the text's own bytes.
 * ERR_INPUT when that is not base64 or empty. */
int notice_secret(const char *text, struct buf *out, struct err *err);
/* The header webhook-signature: "v1," and the HMAC-SHA256 of id, time and body. */
void notice_sign(const struct buf *secret, const char *key, int64_t at_s,
	const char *body, struct buf *out);

#endif
