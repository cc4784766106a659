/*
 * A check costs some 50 ms and 16 MiB for each of the two passwords, whatever was
 * given: that is what makes guessing slow. So it is never done on the loop, and a
 * program that asks for the metrics every few seconds is recognised by a keyed digest
 * of its credentials after the first time.
 */
#include <config.h>

#include "admin/auth.h"

#include "admin/throttle.h"
#include "base/digest.h"
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BASIC           "Basic "
#define CREDENTIALS_MAX 4096 /* decoded */
#define CHECKS_MAX      2    /* at once */
#define PROGRAMS_MAX    8
#define KEY_BYTES       32
#define SALT_BYTES      16
#define COOKIE          "Cookie"

struct auth {
	uv_loop_t *loop;
	struct sessions sessions;
	struct throttle throttle;
	unsigned char key[KEY_BYTES];   /* of the digests below */
	unsigned char mark[DIGEST_MAX]; /* of the password in force */
	unsigned char programs[PROGRAMS_MAX][DIGEST_MAX];
	int n_programs, next_program;
	char token[SESSION_KEY]; /* of requests without a session */
	unsigned checks;
};

struct check {
	uv_work_t work;
	uv_timer_t soon; /* for a verdict without work */
	struct auth *auth;
	char *address, *given, *password;
	int64_t now_ms, wait_ms;
	enum auth_verdict verdict;
	auth_cb cb;
	void *arg;
};

struct auth *auth_new(uv_loop_t *loop)
{
	struct auth *auth = mem_alloc(sizeof(*auth));

	auth->loop = loop;
	random_bytes(auth->key, sizeof(auth->key));
	session_secret(auth->token);
	return auth;
}

void auth_free(struct auth *auth)
{
	if (!auth)
		return;
	assert(auth->checks == 0);
	explicit_bzero(auth, sizeof(*auth));
	free(auth);
}

static void keyed(
	const struct auth *auth, const char *text, unsigned char out[DIGEST_MAX])
{
	hmac(DIGEST_SHA256, auth->key, sizeof(auth->key), text, strlen(text), out);
}

/* A new password ends what was got with the old one. */
static void follow_password(struct auth *auth, const char *password)
{
	unsigned char mark[DIGEST_MAX];

	keyed(auth, password, mark);
	if (memcmp(mark, auth->mark, sizeof(mark)) == 0)
		return;
	memcpy(auth->mark, mark, sizeof(mark));
	sessions_clear(&auth->sessions);
	auth->n_programs = 0;
}

static bool knows_program(const struct auth *auth, const char *header)
{
	unsigned char digest[DIGEST_MAX];
	bool known = false;

	keyed(auth, header, digest);
	for (int i = 0; i < auth->n_programs; i++)
		known |= equal_constant_time(
			digest, sizeof(digest), auth->programs[i], sizeof(digest));
	return known;
}

void auth_remember(struct auth *auth, const char *header)
{
	if (knows_program(auth, header))
		return;
	keyed(auth, header, auth->programs[auth->next_program]);
	auth->next_program = (auth->next_program + 1) % PROGRAMS_MAX;
	if (auth->n_programs < PROGRAMS_MAX)
		auth->n_programs++;
}

enum auth_who auth_who(struct auth *auth, struct http_in *in, const char *password,
	const char *cookie, int64_t now_ms)
{
	const char *header = http_in_header(in, "Authorization");

	if (!password)
		return WHO_ANYBODY;
	follow_password(auth, password);
	if (session_find(&auth->sessions, http_in_header(in, COOKIE), cookie, now_ms))
		return WHO_PERSON;
	if (!header || strncasecmp(header, BASIC, strlen(BASIC)) != 0)
		return WHO_STRANGER;
	return knows_program(auth, header) ? WHO_PROGRAM : WHO_UNSURE;
}

const char *auth_token(
	struct auth *auth, struct http_in *in, const char *cookie, int64_t now_ms)
{
	const struct session *session = session_find(
		&auth->sessions, http_in_header(in, COOKIE), cookie, now_ms);

	return session ? session->token : auth->token;
}

const char *auth_login(struct auth *auth, int64_t now_ms)
{
	return session_begin(&auth->sessions, now_ms)->key;
}

void auth_logout(
	struct auth *auth, struct http_in *in, const char *cookie, int64_t now_ms)
{
	struct session *session = session_find(
		&auth->sessions, http_in_header(in, COOKIE), cookie, now_ms);

	if (session)
		session_end(session);
}

char *auth_basic_password(const char *header)
{
	struct buf text;
	const char *colon = NULL;
	char *password = NULL;

	if (!header || strncasecmp(header, BASIC, strlen(BASIC)) != 0)
		return NULL;
	header += strlen(BASIC);
	buf_init(&text, CREDENTIALS_MAX);
	if (base64_decode(header, strlen(header), &text, NULL) == 0 && !text.overflow &&
		text.len > 0) {
		colon = memchr(text.data, ':', text.len);
		if (colon)
			password = mem_strdup(colon + 1);
		explicit_bzero(text.data, text.len);
	}
	buf_release(&text);
	return password;
}

/* ---- checking ---- */

static void check_end(struct check *check)
{
	check->cb(check->arg, check->verdict, check->wait_ms);
	free(check->address);
	mem_free_secret(check->given);
	mem_free_secret(check->password);
	free(check);
}

static void on_work(uv_work_t *work)
{
	struct check *check = container_of(work, struct check, work);
	unsigned char salt[SALT_BYTES], given[DIGEST_MAX], wanted[DIGEST_MAX];

	random_bytes(salt, sizeof(salt));
	slow_digest(check->given, salt, sizeof(salt), given);
	slow_digest(check->password, salt, sizeof(salt), wanted);
	if (equal_constant_time(given, sizeof(given), wanted, sizeof(wanted)))
		check->verdict = AUTH_RIGHT;
	explicit_bzero(wanted, sizeof(wanted));
}

static void on_worked(uv_work_t *work, int status)
{
	struct check *check = container_of(work, struct check, work);
	struct auth *auth = check->auth;

	(void)status;
	auth->checks--;
	if (check->verdict == AUTH_RIGHT)
		throttle_succeeded(&auth->throttle, check->address);
	else
		throttle_failed(&auth->throttle, check->address, check->now_ms);
	check_end(check);
}

static void on_timer_closed(uv_handle_t *handle)
{
	check_end(container_of(handle, struct check, soon));
}

static void on_soon(uv_timer_t *timer)
{
	uv_close((uv_handle_t *)timer, on_timer_closed);
}

void auth_check(struct auth *auth, const char *address, const char *given,
	const char *password, int64_t now_ms, auth_cb cb, void *arg)
{
	struct check *check = mem_alloc(sizeof(*check));

	check->auth = auth;
	check->address = mem_strdup(address);
	check->given = mem_strdup(given);
	check->password = mem_strdup(password);
	check->now_ms = now_ms;
	check->cb = cb;
	check->arg = arg;
	check->wait_ms = throttle_wait_ms(&auth->throttle, address, now_ms);
	check->verdict = check->wait_ms > 0 ? AUTH_WAIT : AUTH_WRONG;
	if (check->verdict == AUTH_WRONG && auth->checks >= CHECKS_MAX)
		check->verdict = AUTH_BUSY;
	if (check->verdict == AUTH_WRONG) {
		auth->checks++;
		uv_queue_work(auth->loop, &check->work, on_work, on_worked);
	} else {
		uv_timer_init(auth->loop, &check->soon);
		uv_timer_start(&check->soon, on_soon, 0, 0);
	}
}
