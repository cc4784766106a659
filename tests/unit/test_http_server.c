/*
 * The HTTP server on a worker's thread, asked by blocking sockets from the test's.
 * Every fixture ends with worker_stop(), which asserts that the loop closed with
 * nothing left.
 */
#include <config.h>

#include "unit.h"

#include "base/mem.h"
#include "io/http_server.h"
#include "io/worker.h"
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define SMALL_MAX 100
#define BODY_MAX  (1 << 20)

struct fixture {
	struct worker *worker;
	struct http_server *server;
	uv_loop_t *loop;
	struct http_server_options options;
	_Atomic(struct http_in *) kept; /* by /never; the test's thread waits for it */
	int begun, asked, gone;
	atomic_int ended; /* streams */
	bool closed;
	char address[160];
};

struct later {
	uv_timer_t timer;
	struct http_in *in;
};

static void on_later_closed(uv_handle_t *handle)
{
	free(container_of(handle, struct later, timer));
}

static void on_later(uv_timer_t *timer)
{
	struct later *later = container_of(timer, struct later, timer);
	http_reply_text(later->in, 200, "later");
	uv_close((uv_handle_t *)timer, on_later_closed);
}

static int64_t begin(void *arg, struct http_in *in)
{
	struct fixture *f = arg;
	const char *path = http_in_path(in);
	f->begun++;
	http_in_set_user(in, f);
	if (strcmp(path, "/deny") == 0) {
		http_reply_text(in, 401, "no");
		return -1;
	}
	if (strcmp(path, "/small") == 0)
		return SMALL_MAX;
	return strcmp(path, "/none") == 0 ? 0 : BODY_MAX;
}

/* Say back what was understood of the request. */
static void describe(struct http_in *in)
{
	char text[512];
	size_t len;
	const char *body = http_in_body(in, &len);
	const char *q = http_in_query(in, "q"), *x = http_in_header(in, "X-Test");
	int n = snprintf(text, sizeof(text),
		"%s %s q=%s x=%s n=%d from=%s len=%zu %.20s", http_in_method(in),
		http_in_path(in), q ? q : "-", x ? x : "-",
		http_in_header_count(in, "x-test"), http_in_address(in), len, body);
	struct http_reply reply = { .status = 200,
		.content_type = "text/plain",
		.body = text,
		.len = (size_t)n,
		.headers = { { "X-One", "1" }, { "X-Two", "2" } } };
	http_reply(in, &reply);
}

/* An answer in pieces: byte i is i % 251, in blocks of an odd length, each written on a
 * later tick. */
#define PIECE 100003

struct pieces {
	uv_timer_t timer;
	struct fixture *f;
	struct http_in *in; /* NULL: over */
	long at, left;
	bool cut; /* end before all is there */
};

static void on_piece(uv_timer_t *timer)
{
	struct pieces *pieces = container_of(timer, struct pieces, timer);
	static unsigned char piece[PIECE];
	long n = pieces->left < PIECE ? pieces->left : PIECE;

	for (long i = 0; i < n; i++)
		piece[i] = (unsigned char)((pieces->at + i) % 251);
	assert(http_stream_pending(pieces->in) == 0);
	assert(http_stream_write(pieces->in, piece, (size_t)n));
	pieces->at += n;
	pieces->left -= n;
	if (pieces->left == 0 || pieces->cut)
		http_stream_end(pieces->in, pieces->cut);
}

static void on_wants(void *arg)
{
	struct pieces *pieces = arg;

	uv_timer_start(&pieces->timer, on_piece, 0, 0);
}

static void on_pieces_closed(uv_handle_t *handle)
{
	free(container_of(handle, struct pieces, timer));
}

static void on_pieces_ended(void *arg)
{
	struct pieces *pieces = arg;

	pieces->f->ended++;
	uv_close((uv_handle_t *)&pieces->timer, on_pieces_closed);
}

/* /pieces?q=BYTES; -open: without a length, -cut: cut off, -silent: a word, no more. */
static void answer_in_pieces(struct fixture *f, struct http_in *in)
{
	const char *path = http_in_path(in), *q = http_in_query(in, "q");
	struct pieces *pieces = mem_alloc(sizeof(*pieces));
	const struct http_reply reply = { .status = 206,
		.headers = { { "X-A", "b" } } };
	struct http_stream_handler handler = { on_wants, on_pieces_ended, pieces };

	pieces->f = f;
	pieces->in = in;
	pieces->left = q ? atol(q) : 1;
	pieces->cut = strcmp(path, "/pieces-cut") == 0;
	uv_timer_init(f->loop, &pieces->timer);
	if (strcmp(path, "/pieces-silent") == 0)
		handler.wants = NULL;
	http_reply_stream(
		in, &reply, strcmp(path, "/pieces") ? -1 : pieces->left, &handler);
	if (!handler.wants)
		http_stream_write(in, "hello", strlen("hello"));
}

static void request(void *arg, struct http_in *in)
{
	struct fixture *f = arg;
	const char *path = http_in_path(in);
	f->asked++;
	assert(http_in_user(in) == f); /* cmocka is for one thread */
	if (strcmp(path, "/later") == 0) {
		struct later *later = mem_alloc(sizeof(*later));
		later->in = in;
		uv_timer_init(f->loop, &later->timer);
		uv_timer_start(&later->timer, on_later, 20, 0);
	} else if (strcmp(path, "/never") == 0) {
		f->kept = in;
	} else if (strcmp(path, "/other") == 0) { /* answers another one, inside MHD */
		http_reply_text(f->kept, 200, "at last");
		f->kept = NULL;
		http_reply_text(in, 204, NULL);
	} else if (strncmp(path, "/pieces", strlen("/pieces")) == 0) {
		answer_in_pieces(f, in);
	} else {
		describe(in);
	}
}

static void gone(void *arg, struct http_in *in)
{
	struct fixture *f = arg;
	(void)in;
	f->gone++;
}

static int start(void *arg, uv_loop_t *loop, struct err *err)
{
	static const struct http_server_handler handler = { begin, request, gone,
		NULL };
	struct fixture *f = arg;
	struct http_server_handler mine = handler;
	mine.arg = f;
	f->loop = loop;
	int rc = http_server_open(&f->server, loop, &f->options, &mine, err);
	if (rc == 0)
		snprintf(f->address, sizeof(f->address), "%s",
			http_server_address(f->server));
	return rc;
}

static void on_closed(void *arg)
{
	struct fixture *f = arg;
	f->closed = true;
}

static void stop(void *arg)
{
	struct fixture *f = arg;
	http_server_close(f->server, on_closed, f);
}

static const struct worker_hooks hooks = { .begin = start, .stop = stop };

static void fixture_init(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->options.listen = "127.0.0.1:0";
	f->options.listen_fd = -1;
	f->options.unix_mode = 0640;
	f->options.limits = http_server_default_limits;
}

static void fixture_start(struct fixture *f)
{
	struct err err = { 0 };
	if (worker_start(&f->worker, "http-test", &hooks, f, &err))
		fail_msg("%s", err.text);
}

static void fixture_stop(struct fixture *f)
{
	worker_stop(f->worker);
	assert_true(f->closed);
}

static int dial(const char *address)
{
	const struct timeval patience = { .tv_sec = 5 };
	int fd, rc;
	if (strncmp(address, "unix:", 5) == 0) {
		struct sockaddr_un name = { .sun_family = AF_UNIX };
		snprintf(name.sun_path, sizeof(name.sun_path), "%s", address + 5);
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		rc = connect(fd, (struct sockaddr *)&name, sizeof(name));
	} else {
		struct sockaddr_in name = { .sin_family = AF_INET,
			.sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1)),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		fd = socket(AF_INET, SOCK_STREAM, 0);
		rc = connect(fd, (struct sockaddr *)&name, sizeof(name));
	}
	if (rc) {
		close(fd);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* One answer: header, and the body that its Content-Length tells. -1 at the end. */
static int hear(int fd, char *out, size_t size)
{
	size_t len = 0, want = 0;
	out[0] = '\0';
	while (!want || len < want) {
		ssize_t n = recv(fd, out + len, want ? want - len : 1, 0);
		if (n <= 0)
			return -1;
		len += (size_t)n;
		out[len] = '\0';
		assert_true(len + 1 < size);
		if (!want && len >= 4 && strcmp(out + len - 4, "\r\n\r\n") == 0) {
			const char *field = strstr(out, "Content-Length: ");
			want = len + (field ? (size_t)atoi(field + 16) : 0);
		}
	}
	return atoi(out + 9);
}

/* Ask on a connection of its own. */
static int ask(const char *address, const char *text, char *out, size_t size)
{
	int fd = dial(address);
	assert_true(fd >= 0);
	say(fd, text);
	int status = hear(fd, out, size);
	close(fd);
	return status;
}

static bool at_end(int fd)
{
	char c;
	return recv(fd, &c, 1, 0) == 0;
}

#define GET(path)        "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"
#define POST(path, more) "POST " path " HTTP/1.1\r\nHost: h\r\n" more

static void test_plain(void **state)
{
	struct fixture f;
	char answer[4096];
	(void)state;
	fixture_init(&f);
	fixture_start(&f);
	int fd = dial(f.address);
	say(fd, "GET /a%2Fb?q=1+2%26&z HTTP/1.1\r\nHost: h\r\nX-Test: v\r\nx-TEST: w\r\n\r\n");
	assert_int_equal(hear(fd, answer, sizeof(answer)), 200);
	assert_non_null(
		strstr(answer, "GET /a/b q=1 2& x=v n=2 from=127.0.0.1 len=0 "));
	assert_non_null(strstr(answer, "X-One: 1\r\n"));
	assert_non_null(strstr(answer, "X-Two: 2\r\n"));
	assert_non_null(strstr(answer, "Content-Type: text/plain\r\n"));

	say(fd, POST("/b", "Content-Length: 5\r\n\r\nhello")); /* kept alive */
	assert_int_equal(hear(fd, answer, sizeof(answer)), 200);
	assert_non_null(
		strstr(answer, "POST /b q=- x=- n=0 from=127.0.0.1 len=5 hello"));

	say(fd, POST("/c",
			"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
	assert_int_equal(hear(fd, answer, sizeof(answer)), 200);
	assert_non_null(strstr(answer, "len=5 abcde"));

	say(fd, "HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n" GET("/after"));
	char head[400] = "";
	ssize_t n = recv(fd, head, 20, MSG_WAITALL);
	assert_true(n == 20 && strncmp(head, "HTTP/1.1 200", 12) == 0);
	while (!strstr(head, "\r\n\r\n"))
		assert_int_equal(recv(fd, head + strlen(head), 1, 0), 1);
	assert_non_null(strstr(head, "Content-Length: "));
	assert_int_equal(hear(fd, answer, sizeof(answer)), 200);
	assert_non_null(strstr(answer, "GET /after "));
	close(fd);
	fixture_stop(&f);
	assert_int_equal(f.begun, 5);
	assert_int_equal(f.asked, 5);
	assert_int_equal(f.gone, 0);
}

static void test_later(void **state)
{
	struct fixture f;
	char answer[4096];
	int fds[20];
	(void)state;
	fixture_init(&f);
	fixture_start(&f);
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 20; i++) {
			if (round == 0)
				fds[i] = dial(f.address);
			say(fds[i], GET("/later"));
		}
	for (int i = 0; i < 60; i++)
		assert_int_equal(hear(fds[i % 20], answer, sizeof(answer)), 200);
	for (int i = 0; i < 20; i++)
		close(fds[i]);

	int never = dial(f.address);
	say(never, GET("/never"));
	while (ask(f.address, GET("/x"), answer, sizeof(answer)) == 200 && !f.kept)
		; /* one loop serves both: the other was first */
	assert_int_equal(ask(f.address, GET("/other"), answer, sizeof(answer)), 204);
	assert_int_equal(hear(never, answer, sizeof(answer)), 200);
	assert_non_null(strstr(answer, "\r\n\r\nat last\n"));
	close(never);
	fixture_stop(&f);
	assert_int_equal(f.gone, 0);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *request;
		int status;
	} cases[] = {
		{ GET("/deny"), 401 },
		{ POST("/deny", "Content-Length: 3\r\n\r\nabc"), 401 },
		{ POST("/deny", "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"),
			401 },
		{ POST("/small", "Content-Length: 101\r\n\r\n"), 413 },
		{ POST("/small", "Content-Length: 101\r\nExpect: 100-continue\r\n\r\n"),
			413 },
		{ POST("/none", "Content-Length: 1\r\n\r\na"), 413 },
		{ POST("/none", "Content-Length: 0\r\n\r\n"), 200 },
		{ POST("/x", "Content-Length: 99999999999999999999999\r\n\r\n"), 413 },
		{ POST("/x", "Content-Length: -1\r\n\r\n"), 400 },
		{ POST("/x", "Content-Length: 1\r\nContent-Length: 1\r\n\r\na"), 400 },
		{ POST("/x", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
			400 },
		{ POST("/x", "Transfer-Encoding: gzip\r\n\r\n"), 400 },
		{ GET("/a%00b"), 400 }, { "NONSENSE\r\n\r\n", -1 }, /* just closed */
	};
	struct fixture f;
	char answer[4096];
	(void)state;
	fixture_init(&f);
	fixture_start(&f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int status = ask(f.address, cases[i].request, answer, sizeof(answer));
		if (status != cases[i].status)
			fail_msg("case %zu: %d instead of %d", i, status,
				cases[i].status);
	}
	fixture_stop(&f);
}

/* The answer must not be lost to a reset while the client is still sending. */
static void test_early_answer_arrives(void **state)
{
	struct fixture f;
	char answer[4096], block[65536];
	(void)state;
	memset(block, 'x', sizeof(block));
	fixture_init(&f);
	fixture_start(&f);
	for (int round = 0; round < 20; round++) {
		int fd = dial(f.address);
		say(fd, POST("/small", "Content-Length: 2097152\r\n\r\n"));
		for (int i = 0; i < 32; i++)
			assert_int_equal(send(fd, block, sizeof(block), MSG_NOSIGNAL),
				sizeof(block));
		assert_int_equal(hear(fd, answer, sizeof(answer)), 413);
		assert_true(at_end(fd));
		close(fd);
	}
	fixture_stop(&f);
	assert_int_equal(f.gone, 20);
}

static void test_continue(void **state)
{
	struct fixture f;
	char answer[4096];
	(void)state;
	fixture_init(&f);
	fixture_start(&f);
	int fd = dial(f.address);
	say(fd, POST("/small", "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"));
	assert_int_equal(hear(fd, answer, sizeof(answer)), 100);
	say(fd, "abc");
	assert_int_equal(hear(fd, answer, sizeof(answer)), 200);
	assert_non_null(strstr(answer, "len=3 abc"));
	close(fd);
	fixture_stop(&f);
}

static void send_chunks(int fd, int count)
{
	char block[4096 + 9];
	memcpy(block, "1000\r\n", 6);
	memset(block + 6, 'x', 4096);
	memcpy(block + 6 + 4096, "\r\n", 3);
	for (int i = 0; i < count; i++)
		if (send(fd, block, strlen(block), MSG_NOSIGNAL) < 0)
			return;
}

static void test_chunked_too_large(void **state)
{
	struct fixture f;
	char answer[4096];
	(void)state;
	fixture_init(&f);
	fixture_start(&f);
	int fd = dial(f.address);
	say(fd, POST("/small", "Transfer-Encoding: chunked\r\n\r\n"));
	send_chunks(fd, 64);
	say(fd, "0\r\n\r\n");
	assert_int_equal(hear(fd, answer, sizeof(answer)), 413);
	assert_non_null(strstr(answer, "Connection: close\r\n"));
	assert_true(at_end(fd));
	close(fd);

	fd = dial(f.address); /* one that never ends is cut */
	say(fd, POST("/small", "Transfer-Encoding: chunked\r\n\r\n"));
	send_chunks(fd, 4096);
	assert_int_equal(hear(fd, answer, sizeof(answer)), -1);
	close(fd);
	fixture_stop(&f);
	assert_int_equal(f.begun, 2);
	assert_int_equal(f.asked, 0);
	assert_int_equal(f.gone, 2);
}

static void test_absurd_header(void **state)
{
	struct fixture f;
	char answer[4096], *text = mem_alloc(100000);
	(void)state;
	fixture_init(&f);
	f.options.limits.header_bytes = 4096;
	fixture_start(&f);
	static const struct {
		int pad, status;
	} cases[] = { { 3000, 200 }, { 5000, 431 }, { 40000, 431 } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sprintf(text, "GET /x HTTP/1.1\r\nHost: h\r\nPad: %0*d\r\n\r\n",
			cases[i].pad, 0);
		assert_int_equal(
			ask(f.address, text, answer, sizeof(answer)), cases[i].status);
	}
	free(text);
	fixture_stop(&f);
	assert_int_equal(f.begun, 1);
}

static int64_t now_ms(void)
{
	return (int64_t)(uv_hrtime() / 1000000);
}

/* A byte now and then must not keep a connection. */
static void trickle(int fd, const char *text)
{
	const int64_t from = now_ms();
	for (size_t i = 0; now_ms() - from < 5000; i++) {
		if (i < strlen(text) && send(fd, text + i, 1, MSG_NOSIGNAL) < 0)
			break;
		struct timeval tick = { .tv_usec = 10 * 1000 };
		char c;
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick));
		ssize_t n = recv(fd, &c, 1, 0);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
	}
	assert_in_range(now_ms() - from, 50, 2000);
}

static void test_slow_clients(void **state)
{
	static const char slow[] =
		"GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	struct fixture f;
	char answer[4096];
	(void)state;
	fixture_init(&f);
	f.options.limits.header_ms = 100;
	f.options.limits.body_ms = 100;
	f.options.limits.idle_ms = 200;
	fixture_start(&f);
	int fd = dial(f.address);
	trickle(fd, slow);
	close(fd);

	fd = dial(f.address);
	say(fd, "GET /x HTTP/1.1\r\n");
	trickle(fd, "Header: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	close(fd);

	fd = dial(f.address);
	say(fd, POST("/x", "Content-Length: 1000\r\n\r\n"));
	trickle(fd, slow);
	close(fd);

	fd = dial(f.address); /* keep-alive, then a slow second request */
	say(fd, GET("/x"));
	assert_int_equal(hear(fd, answer, sizeof(answer)), 200);
	trickle(fd, slow);
	close(fd);

	fd = dial(f.address); /* our own delay is never held against the client */
	say(fd, GET("/never"));
	usleep(400 * 1000);
	assert_int_equal(ask(f.address, GET("/other"), answer, sizeof(answer)), 204);
	assert_int_equal(hear(fd, answer, sizeof(answer)), 200);
	close(fd);
	fixture_stop(&f);
	assert_int_equal(f.gone, 1);
}

static void test_limits(void **state)
{
	struct fixture f;
	char answer[4096];
	(void)state;
	fixture_init(&f);
	f.options.limits.per_address = 2;
	fixture_start(&f);
	int one = dial(f.address), two = dial(f.address);
	say(one, GET("/x"));
	say(two, GET("/x"));
	assert_int_equal(hear(one, answer, sizeof(answer)), 200);
	assert_int_equal(hear(two, answer, sizeof(answer)), 200);
	int three = dial(f.address);
	send(three, GET("/x"), strlen(GET("/x")), MSG_NOSIGNAL);
	assert_int_equal(hear(three, answer, sizeof(answer)), -1);
	close(one);
	close(two);
	close(three);
	fixture_stop(&f);
}

/* Closing with requests that nobody has answered. */
/* All that comes until the end; how much is in *len. To be freed. */
static unsigned char *hear_all(int fd, size_t *len)
{
	unsigned char *all = mem_alloc(1 << 16);
	ssize_t n;

	*len = 0;
	while ((n = recv(fd, all + *len, 1 << 15, 0)) > 0) {
		*len += (size_t)n;
		all = mem_grow(all, *len + (1 << 16), 1);
	}
	all[*len] = '\0';
	return all;
}

static void wait_ended(struct fixture *f, int count)
{
	for (int i = 0; i < 5000 && f->ended < count; i++)
		uv_sleep(1);
	assert_int_equal(f->ended, count);
}

/* How many of the bytes behind the header are as they should be. */
static long sound(const unsigned char *all, size_t len)
{
	const char *end = strstr((const char *)all, "\r\n\r\n");
	const unsigned char *body = (const unsigned char *)end + 4;
	long n = 0;

	while (body + n < all + len && body[n] == n % 251)
		n++;
	return n;
}

static void test_pieces(void **state)
{
	struct fixture f;
	char answer[4096];
	size_t len;
	(void)state;
	fixture_init(&f);
	fixture_start(&f);
	int fd = dial(f.address);
	say(fd, "HEAD /pieces?q=5000000 HTTP/1.1\r\nHost: h\r\n\r\n");
	char head[400] = "";
	while (!strstr(head, "\r\n\r\n"))
		assert_int_equal(recv(fd, head + strlen(head), 1, 0), 1);
	assert_non_null(strstr(head, "206"));
	assert_non_null(strstr(head, "X-A: b\r\n"));
	assert_non_null(strstr(head, "Content-Length: 5000000\r\n"));
	/* The connection is kept; the next one is whole. */
	say(fd, GET("/pieces?q=0"));
	assert_int_equal(hear(fd, answer, sizeof(answer)), 206);
	say(fd, "GET /pieces?q=5000000 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
	unsigned char *all = hear_all(fd, &len);
	assert_int_equal(sound(all, len), 5000000);
	free(all);
	close(fd);
	/* Without a length, to a client that knows no chunks: to the end. */
	fd = dial(f.address);
	say(fd, "GET /pieces-open?q=300000 HTTP/1.0\r\nHost: h\r\n\r\n");
	all = hear_all(fd, &len);
	assert_int_equal(sound(all, len), 300000);
	free(all);
	close(fd);
	/* What breaks off is not taken for whole: no last chunk. */
	fd = dial(f.address);
	say(fd, GET("/pieces-cut?q=300000"));
	all = hear_all(fd, &len);
	assert_true(len < 5 || memcmp(all + len - 5, "0\r\n\r\n", 5) != 0);
	free(all);
	close(fd);
	wait_ended(&f, 5);
	fixture_stop(&f);
	assert_int_equal(f.gone, 0);
}

/* Who goes away, or takes nothing, ends it; so does the server's end. */
static void test_pieces_ended(void **state)
{
	struct fixture f;
	char some[100];
	(void)state;
	fixture_init(&f);
	f.options.limits.stream_ms = 100;
	fixture_start(&f);
	int gone = dial(f.address), idle = dial(f.address);
	say(gone, GET("/pieces?q=50000000"));
	assert_true(recv(gone, some, sizeof(some), 0) > 0);
	close(gone);
	wait_ended(&f, 1);
	say(idle, GET("/pieces?q=50000000"));
	assert_true(recv(idle, some, sizeof(some), 0) > 0);
	wait_ended(&f, 2);
	close(idle);
	/* Silence is the writer's, and may last. */
	int silent = dial(f.address);
	say(silent, GET("/pieces-silent"));
	while (recv(silent, some, 1, 0) == 1 && some[0] != 'h')
		;
	for (int i = 0; i < 3; i++) {
		int other = dial(f.address);
		say(other, GET("/pieces?q=50000000"));
		wait_ended(&f, 3 + i); /* each takes as long as the limit */
		close(other);
	}
	fixture_stop(&f);
	assert_int_equal(f.ended, 6);
	close(silent);
}

static void test_close_unanswered(void **state)
{
	struct fixture f;
	char answer[4096];
	int fds[3];
	(void)state;
	fixture_init(&f);
	fixture_start(&f);
	for (int i = 0; i < 3; i++) {
		fds[i] = dial(f.address);
		say(fds[i], GET("/never"));
	}
	ask(f.address, GET("/x"), answer, sizeof(answer));
	fixture_stop(&f);
	assert_int_equal(f.asked, 4);
	assert_int_equal(f.gone, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(hear(fds[i], answer, sizeof(answer)), -1);
		close(fds[i]);
	}
}

struct quiesce {
	struct message message;
	struct http_server *server;
	uv_sem_t done;
};

static void run_quiesce(struct message *message)
{
	struct quiesce *quiesce = container_of(message, struct quiesce, message);
	http_server_quiesce(quiesce->server);
	http_server_quiesce(quiesce->server);
	uv_sem_post(&quiesce->done);
}

static void test_quiesce(void **state)
{
	struct fixture f;
	char answer[4096];
	(void)state;
	fixture_init(&f);
	fixture_start(&f);
	int fd = dial(f.address);
	say(fd, GET("/x"));
	assert_int_equal(hear(fd, answer, sizeof(answer)), 200);
	struct quiesce quiesce = { .message.run = run_quiesce, .server = f.server };
	uv_sem_init(&quiesce.done, 0);
	mailbox_post(worker_mailbox(f.worker), &quiesce.message);
	uv_sem_wait(&quiesce.done);
	uv_sem_destroy(&quiesce.done);
	assert_int_equal(dial(f.address), -1);
	say(fd, GET("/x"));
	assert_int_equal(hear(fd, answer, sizeof(answer)), 200);
	close(fd);
	fixture_stop(&f);
}

static void test_unix(void **state)
{
	struct fixture f, g;
	char answer[4096], dir[] = "/tmp/vodkeep-test-XXXXXX", path[64], listen[80];
	struct stat st;
	struct err err = { 0 };
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	snprintf(listen, sizeof(listen), "unix:%s", path);

	FILE *file = fopen(path, "w"); /* never a file that is not a socket */
	fclose(file);
	fixture_init(&f);
	f.options.listen = listen;
	assert_int_equal(worker_start(&f.worker, "t", &hooks, &f, &err), -ERR_EXISTS);
	assert_int_equal(stat(path, &st), 0);
	unlink(path);

	struct sockaddr_un name = { .sun_family =
					    AF_UNIX }; /* a stale one is replaced */
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	close(fd);
	fixture_start(&f);
	assert_string_equal(f.address, listen);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(ask(listen, GET("/x"), answer, sizeof(answer)), 200);
	assert_non_null(strstr(answer, "from=unix"));

	fixture_init(&g); /* one that is served is not */
	g.options.listen = listen;
	assert_int_equal(worker_start(&g.worker, "t", &hooks, &g, &err), -ERR_EXISTS);
	fixture_stop(&f);
	assert_int_equal(stat(path, &st), -1);
	rmdir(dir);
}

static void test_inherited(void **state)
{
	struct fixture f;
	char answer[4096];
	struct err err = { 0 };
	(void)state;
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	fixture_init(&f);
	f.options.listen_fd = fd;
	assert_int_equal(worker_start(&f.worker, "t", &hooks, &f, &err), -ERR_INPUT);
	close(fd);

	struct sockaddr_in name = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(fd, 10), 0);
	f.options.listen_fd = fd;
	fixture_start(&f);
	assert_int_equal(ask(f.address, GET("/x"), answer, sizeof(answer)), 200);
	fixture_stop(&f);
}

static void test_bad_listen(void **state)
{
	static const char *const cases[] = { "", "8787", ":80", "localhost:80",
		"127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:x", "::1:80", "[::1]",
		"unix:relative", "[::1:80" };
	struct fixture f;
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { 0 };
		fixture_init(&f);
		f.options.listen = cases[i];
		assert_int_equal(
			worker_start(&f.worker, "t", &hooks, &f, &err), -ERR_INPUT);
		assert_non_null(strstr(err.text, "cannot listen on"));
	}
	fixture_init(&f);
	fixture_start(&f);
	struct fixture g;
	struct err err = { 0 };
	fixture_init(&g);
	g.options.listen = f.address;
	assert_int_equal(worker_start(&g.worker, "t", &hooks, &g, &err), -ERR_LOCAL);
	assert_non_null(strstr(err.text, "in use"));
	fixture_stop(&f);
}

static void test_bad_certificate(void **state)
{
	struct fixture f;
	struct err err = { 0 };
	(void)state;
	fixture_init(&f);
	f.options.tls_cert = "-----BEGIN CERTIFICATE-----\nno\n";
	f.options.tls_key = "no";
	assert_int_equal(worker_start(&f.worker, "t", &hooks, &f, &err), -ERR_INPUT);
	assert_non_null(strstr(err.text, "cannot serve on 127.0.0.1:"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_early_answer_arrives),
		cmocka_unit_test(test_continue),
		cmocka_unit_test(test_chunked_too_large),
		cmocka_unit_test(test_absurd_header),
		cmocka_unit_test(test_slow_clients),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_pieces_ended),
		cmocka_unit_test(test_close_unanswered),
		cmocka_unit_test(test_quiesce),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_inherited),
		cmocka_unit_test(test_bad_listen),
		cmocka_unit_test(test_bad_certificate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
