/*
 * Who may come in by the TCP listener once admin.password is set: people with a
 * session, which they get for the password, and programs that send it by HTTP Basic.
 * Comparing is slow on purpose (scrypt) and done on the libuv pool, a few at a time;
 * who fails has to wait longer and longer. Control loop only.
 */
#ifndef VODKEEP_ADMIN_AUTH_H
#define VODKEEP_ADMIN_AUTH_H

#include "admin/session.h"
#include "io/http_server.h"

struct auth;

#define BASIC_CHALLENGE "Basic realm=\"vodkeep\", charset=\"UTF-8\""

/* @loop borrowed. */
struct auth *auth_new(uv_loop_t *loop);
/* No check may be under way. NULL allowed. */
void auth_free(struct auth *auth);

enum auth_who {
	WHO_STRANGER,
	WHO_UNSURE,  /* Basic credentials that have to be checked: auth_check() */
	WHO_PROGRAM, /* Basic credentials that have been checked */
	WHO_PERSON,  /* with a session */
	WHO_ANYBODY, /* no password is set */
};
/* Who sends @in. @password is the one in force, NULL none; when it has changed, nobody
 * is logged in any more. */
enum auth_who auth_who(struct auth *auth, struct http_in *in, const char *password,
	const char *cookie, int64_t now_ms);
/* What a request that changes something must name. Borrowed until the next call. */
const char *auth_token(
	struct auth *auth, struct http_in *in, const char *cookie, int64_t now_ms);

enum auth_verdict {
	AUTH_RIGHT,
	AUTH_WRONG,
	AUTH_WAIT, /* not looked at: too many wrong ones from this address */
	AUTH_BUSY, /* not looked at: too many at once */
};
typedef void (*auth_cb)(void *arg, enum auth_verdict verdict, int64_t wait_ms);
/* Compare what @address has given with @password; both are copied. The callback comes
 * later, never within the call. */
void auth_check(struct auth *auth, const char *address, const char *given,
	const char *password, int64_t now_ms, auth_cb cb, void *arg);
/* The password of an Authorization header by HTTP Basic, any user; caller frees with
 * mem_free_secret(). NULL: it is none. @header may be NULL. */
char *auth_basic_password(const char *header);
/* Let in without another check who sends this Authorization header. */
void auth_remember(struct auth *auth, const char *header);

/* A session for who has given the password; borrowed until the next call. */
const char *auth_login(struct auth *auth, int64_t now_ms);
void auth_logout(
	struct auth *auth, struct http_in *in, const char *cookie, int64_t now_ms);

#endif
