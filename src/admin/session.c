/*
 * Keys are compared in constant time, all of them: how long it takes tells nothing.
 */
#include <config.h>

#include "admin/session.h"

#include "base/digest.h"

#include <string.h>

#define SECRET_BYTES 32

void session_secret(char out[SESSION_KEY])
{
	unsigned char bytes[SECRET_BYTES];

	random_bytes(bytes, sizeof(bytes));
	hex_encode(bytes, sizeof(bytes), out);
}

void session_end(struct session *session)
{
	explicit_bzero(session, sizeof(*session));
}

void sessions_clear(struct sessions *sessions)
{
	explicit_bzero(sessions, sizeof(*sessions));
}

const struct session *session_begin(struct sessions *sessions, int64_t now_ms)
{
	struct session *place = &sessions->all[0];

	for (int i = 0; i < SESSIONS_MAX && *place->key; i++)
		if (!*sessions->all[i].key || sessions->all[i].used_ms < place->used_ms)
			place = &sessions->all[i];
	session_secret(place->key);
	session_secret(place->token);
	place->began_ms = place->used_ms = now_ms;
	return place;
}

/* The value of @name in a Cookie header, if it is as long as a key. */
static const char *cookie_value(const char *header, const char *name)
{
	size_t len = strlen(name);

	while (header && *header) {
		header += strspn(header, "; ");
		if (strncmp(header, name, len) == 0 && header[len] == '=') {
			header += len + 1;
			return strcspn(header, "; ") == SESSION_KEY - 1 ? header : NULL;
		}
		header += strcspn(header, ";");
	}
	return NULL;
}

struct session *session_find(struct sessions *sessions, const char *header,
	const char *cookie, int64_t now_ms)
{
	const char *value = cookie_value(header, cookie);
	struct session *found = NULL;

	for (int i = 0; value && i < SESSIONS_MAX; i++) {
		struct session *session = &sessions->all[i];
		if (*session->key &&
			(now_ms - session->used_ms > SESSION_IDLE_MS ||
				now_ms - session->began_ms > SESSION_LIFE_MS))
			session_end(session);
		if (equal_constant_time(
			    value, SESSION_KEY - 1, session->key, SESSION_KEY - 1) &&
			*session->key)
			found = session;
	}
	if (found)
		found->used_ms = now_ms;
	return found;
}
