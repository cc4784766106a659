/*
 * Who has logged in: sessions in memory, bounded in number and time, gone with the
 * process. Pure but for its own state and the system's random source.
 */
#ifndef VODKEEP_ADMIN_SESSION_H
#define VODKEEP_ADMIN_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#define SESSION_KEY     65 /* hex digits and NUL */
#define SESSIONS_MAX    64
#define SESSION_IDLE_MS (INT64_C(12) * 3600 * 1000)
#define SESSION_LIFE_MS (INT64_C(7) * 24 * 3600 * 1000)

struct session {
	char key[SESSION_KEY];   /* the cookie's value; "" a free place */
	char token[SESSION_KEY]; /* what state-changing requests must name */
	int64_t began_ms, used_ms;
};

struct sessions {
	struct session all[SESSIONS_MAX];
};

/* 64 hex digits that nobody can guess. */
void session_secret(char out[SESSION_KEY]);
/* A new session; the one that was used longest ago makes room. Borrowed until the next
 * call. @now_ms is monotonic. */
const struct session *session_begin(struct sessions *sessions, int64_t now_ms);
/* The session that a Cookie header names by @cookie; it counts as used. NULL: none, or
 * it has ended. @header may be NULL. */
struct session *session_find(struct sessions *sessions, const char *header,
	const char *cookie, int64_t now_ms);
void session_end(struct session *session);
void sessions_clear(struct sessions *sessions);

#endif
