/*
 * The HTTP client against a server with faults, all on one loop. Every test ends with
 * uv_loop_close() == 0.
 */
#include <config.h>

#include "unit.h"

#include "base/mem.h"
#include "io/http_client.h"
#include "io/http_server.h"
#include "io_fault_server.h"
#include "io_tls.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BIG (4 * 1024 * 1024)

/* What a call said. */
struct heard {
	int heads, dones;
	bool paused, cancel_in_head, stop_in_head, stop_in_data, abort_in_data;
	bool start_in_data;
	size_t bytes;
	unsigned sum;
	struct err err;
	struct http_head head;
	bool has_head;
	struct http_call *call;
	struct fixture *fixture;
	char body[4096]; /* of a fetch */
	size_t body_len;
	int status;
	char content_type[128];
};

struct fixture {
	uv_loop_t loop;
	struct fault_server server, other;
	struct http_client *client;
	struct http_policy policy;
	bool closed;
	char big[BIG + 256];
	struct fault_answer answers[64];
};

static const struct fault_answer plain_answers[] = {
	{ "/ok",
		"HTTP/1.1 200 OK\r\nContent-Type: Application/JSON; charset=x\r\n"
		"Content-Length: 2\r\n\r\n{}",
		FAULT_KEEP, 0 },
	{ "/slow", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", FAULT_DELAY, 0 },
	{ "/503", "HTTP/1.1 503 No\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
		FAULT_KEEP, 0 },
	{ "/hints",
		"HTTP/1.1 103 Early Hints\r\nETag: \"no\"\r\n\r\n"
		"HTTP/1.1 206 Partial Content\r\nETag: \"yes\"\r\nAccept-Ranges: bytes\r\n"
		"Content-Range: bytes 5-9/100\r\nLast-Modified: then\r\n"
		"Content-Length: 5\r\n\r\n56789",
		FAULT_KEEP, 0 },
	{ "/chunked",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		"3\r\nabc\r\n0\r\nETag: trailer\r\n\r\n",
		FAULT_KEEP, 0 },
	{ "/cut", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", FAULT_CLOSE, 0 },
	{ "/reset", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", FAULT_RESET,
		0 },
	{ "/empty", "", FAULT_CLOSE, 0 },
	{ "/refuse", "", FAULT_RESET, 0 },
	{ "/noise", "hello\r\n\r\n", FAULT_CLOSE, 0 },
	{ "/silent", "", FAULT_STALL, 0 },
	{ "/stall", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", FAULT_STALL,
		0 },
	{ "/trickle", "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\nabc",
		FAULT_TRICKLE, 0 },
	{ "/there",
		"HTTP/1.1 302 Found\r\nLocation: ok?s=a%2Fb+c%20~d&e=%7e/../x#f\r\n"
		"Content-Length: 3\r\n\r\nabc",
		FAULT_KEEP, 0 },
	{ "/303", "HTTP/1.1 303 See\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n",
		FAULT_KEEP, 0 },
	{ "/307", "HTTP/1.1 307 See\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n",
		FAULT_KEEP, 0 },
	{ "/round", "HTTP/1.1 302 See\r\nLocation: /round\r\nContent-Length: 0\r\n\r\n",
		FAULT_KEEP, 0 },
	{ "/bad-place",
		"HTTP/1.1 302 See\r\nLocation: ftp://host/x\r\nContent-Length: 0\r\n\r\n",
		FAULT_KEEP, 0 },
	{ "/forbidden",
		"HTTP/1.1 302 See\r\nLocation: http://evil.example/x?sig=1\r\nContent-Length: 0\r\n\r\n",
		FAULT_KEEP, 0 },
	{ "/407", "HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n", FAULT_KEEP, 0 },
	{ "asks.example:443", "HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n",
		FAULT_CLOSE, 0 },
	{ "refused.example:443", "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
		FAULT_CLOSE, 0 },
	{ "/1.0", "HTTP/1.0 200 OK\r\nETag: \"old\"\r\n\r\nabc", FAULT_CLOSE, 0 },
	{ "/1.0-length", "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", FAULT_CLOSE,
		0 },
	{ "/1.0-cut", "HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nabc", FAULT_CLOSE,
		0 },
	{ "/reset-late", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", FAULT_RESET,
		0 },
	{ "/continue",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		FAULT_KEEP, 0 },
	{ NULL, NULL, FAULT_KEEP, 0 },
};

static void add_answer(
	struct fixture *f, const char *path, const char *text, size_t len)
{
	int i = 0;
	while (f->answers[i].path)
		i++;
	f->answers[i] = (struct fault_answer){ path, text, FAULT_KEEP, len };
}

static struct fixture *fixture_new(int per_host)
{
	struct fixture *f = mem_alloc(sizeof(*f));
	struct http_client_options options = { .user_agent = "test/1",
		.per_host = per_host };
	struct err err;
	memcpy(f->answers, plain_answers, sizeof(plain_answers));
	int head = snprintf(
		f->big, 256, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", BIG);
	memset(f->big + head, 1, BIG);
	add_answer(f, "/big", f->big, (size_t)head + BIG);
	uv_loop_init(&f->loop);
	fault_server_open(&f->server, &f->loop, f->answers);
	fault_server_open(&f->other, &f->loop, f->answers);
	assert_int_equal(http_client_open(&f->client, &f->loop, &options, &err), 0);
	f->policy = (struct http_policy){
		.allow_private = true, .connect_timeout_ms = 2000, .redirects = 3
	};
	return f;
}

static void on_client_closed(void *arg)
{
	struct fixture *f = arg;
	f->closed = true;
}

static void fixture_free(struct fixture *f)
{
	http_client_close(f->client, on_client_closed, f);
	while (!f->closed)
		uv_run(&f->loop, UV_RUN_ONCE);
	fault_server_close(&f->server);
	fault_server_close(&f->other);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	free(f);
}

static struct http_request request_for(
	struct fixture *f, const char *method, const char *path)
{
	struct http_request request;
	http_request_init(&request, method,
		mem_printf("http://127.0.0.1:%d%s", f->server.port, path));
	return request;
}

static bool on_head(void *arg, const struct http_head *head)
{
	struct heard *h = arg;
	h->heads++;
	assert_int_equal(h->bytes, 0);
	assert_true(head->status >= 200);
	if (h->cancel_in_head)
		http_call_cancel(h->call);
	return !h->stop_in_head;
}

static void nothing_done(void *arg, const struct err *err, const struct http_head *head)
{
	int *done = arg;
	(void)err;
	(void)head;
	++*done;
}

static int extra_done;

static bool on_data(void *arg, const void *data, size_t len)
{
	struct heard *h = arg;
	const unsigned char *bytes = data;
	assert_int_equal(h->heads, 1);
	assert_false(h->paused);
	h->bytes += len;
	for (size_t i = 0; i < len; i++)
		h->sum += bytes[i];
	if (h->start_in_data) {
		h->start_in_data = false;
		struct http_request request = request_for(h->fixture, "GET", "/ok");
		const struct http_call_events events = { .done = nothing_done,
			.arg = &extra_done };
		http_call_start(
			h->fixture->client, &request, &h->fixture->policy, &events);
		http_request_release(&request);
	}
	if (h->abort_in_data) {
		struct err err;
		err_set(&err, ERR_LOCAL, "disk full");
		http_call_abort(h->call, &err);
		return false;
	}
	return !h->stop_in_data;
}

static void on_done(void *arg, const struct err *err, const struct http_head *head)
{
	struct heard *h = arg;
	h->dones++;
	h->err = *err;
	h->has_head = head != NULL;
	if (head)
		h->head = *head;
	h->call = NULL;
}

static void call(struct fixture *f, struct heard *h, struct http_request *request)
{
	const struct http_call_events events = { on_head, on_data, on_done, h };
	h->fixture = f;
	h->call = http_call_start(f->client, request, &f->policy, &events);
	http_request_release(request);
	assert_int_equal(h->dones, 0);
}

static void wait_for(struct fixture *f, struct heard *h)
{
	while (!h->dones)
		uv_run(&f->loop, UV_RUN_ONCE);
	assert_int_equal(h->dones, 1);
}

static struct heard get(struct fixture *f, const char *path)
{
	struct heard h = { 0 };
	struct http_request request = request_for(f, "GET", path);
	call(f, &h, &request);
	wait_for(f, &h);
	return h;
}

static struct heard get_url(struct fixture *f, const char *url)
{
	struct heard h = { 0 };
	struct http_request request;
	http_request_init(&request, "GET", mem_strdup(url));
	call(f, &h, &request);
	wait_for(f, &h);
	return h;
}

static void on_fetched(
	void *arg, const struct err *err, const struct http_response *answer)
{
	struct heard *h = arg;
	h->dones++;
	h->err = *err;
	if (!answer)
		return;
	h->status = answer->status;
	h->body_len = answer->body_len;
	assert_int_equal(answer->body[answer->body_len], 0);
	snprintf(h->body, sizeof(h->body), "%s", answer->body);
	snprintf(h->content_type, sizeof(h->content_type), "%s", answer->content_type);
	h->head.retry_after_ms = answer->retry_after_ms;
}

static struct heard fetch(struct fixture *f, struct http_request *request, size_t max)
{
	struct heard h = { 0 };
	http_fetch(f->client, request, &f->policy, max, on_fetched, &h);
	http_request_release(request);
	wait_for(f, &h);
	return h;
}

static void assert_class(const struct heard *h, enum err_class class, const char *text)
{
	if (h->err.class != class || !strstr(h->err.text, text))
		fail_msg("%s: %s", err_class_name(h->err.class), h->err.text);
}

static void test_fetch(void **state)
{
	struct fixture *f = fixture_new(0);
	(void)state;
	struct http_request request = request_for(f, "GET", "/ok?a=%2F");
	request.basic = mem_strdup("user:pass:word");
	http_request_header(&request, "X-Key", "k");
	struct heard h = fetch(f, &request, 100);
	assert_int_equal(h.err.class, ERR_NONE);
	assert_int_equal(h.status, 200);
	assert_string_equal(h.body, "{}");
	assert_string_equal(h.content_type, "application/json");
	assert_non_null(strstr(f->server.last, "GET /ok?a=%2F HTTP/1.1\r\n"));
	assert_non_null(strstr(
		f->server.last, "Authorization: Basic dXNlcjpwYXNzOndvcmQ=\r\n"));
	assert_non_null(strstr(f->server.last, "X-Key: k\r\n"));
	assert_non_null(strstr(f->server.last, "User-Agent: test/1\r\n"));
	assert_non_null(strstr(f->server.last, "Accept-Encoding: gzip\r\n"));

	request = request_for(f, "POST", "/ok");
	request.bearer = mem_strdup("token");
	request.body = mem_strdup("{\"a\":1}");
	h = fetch(f, &request, 100);
	assert_int_equal(h.status, 200);
	assert_non_null(strstr(f->server.last, "POST /ok HTTP/1.1\r\n"));
	assert_non_null(strstr(f->server.last, "Authorization: Bearer token\r\n"));
	assert_non_null(strstr(f->server.last, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(f->server.last, "\r\n\r\n{\"a\":1}"));
	assert_null(strstr(f->server.last, "Expect"));

	static const char *const methods[] = { "PUT", "PATCH", "DELETE", "POST" };
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		request = request_for(f, methods[i], "/ok");
		h = fetch(f, &request, 100);
		assert_int_equal(h.status, 200);
		assert_memory_equal(f->server.last, methods[i], strlen(methods[i]));
	}
	request = request_for(f, "GET", "/503");
	h = fetch(f, &request, 100);
	assert_int_equal(h.err.class, ERR_NONE);
	assert_int_equal(h.status, 503);
	assert_int_equal(h.head.retry_after_ms, 7000);
	assert_int_equal(f->server.connections, 1); /* all on one */
	assert_int_equal(f->server.requests, 7);
	fixture_free(f);
}

/* "hello" and 100,000 zero bytes, packed by gzip. */
static const unsigned char packed_hello[] = {
	0x1f,
	0x8b,
	0x08,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x02,
	0x03,
	0xcb,
	0x48,
	0xcd,
	0xc9,
	0xc9,
	0x07,
	0x00,
	0x86,
	0xa6,
	0x10,
	0x36,
	0x05,
	0x00,
	0x00,
	0x00,
};
static const unsigned char packed_zeros[] = {
	0x1f,
	0x8b,
	0x08,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x02,
	0x03,
	0xed,
	0xc1,
	0x31,
	0x01,
	0x00,
	0x00,
	0x00,
	0xc2,
	0xa0,
	0xf5,
	0x4f,
	0x6d,
	0x0d,
	0x0f,
	0xa0,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x80,
	0x57,
	0x03,
	0x7d,
	0x95,
	0x11,
	0xd4,
	0xa0,
	0x86,
	0x01,
	0x00,
};

static void add_packed(struct fixture *f, const char *path, const unsigned char *packed,
	size_t len, char *room)
{
	int head = sprintf(room,
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
		"Content-Length: %zu\r\n\r\n",
		len);
	memcpy(room + head, packed, len);
	add_answer(f, path, room, (size_t)head + len);
}

static void test_gzip(void **state)
{
	struct fixture *f = fixture_new(0);
	char small[512], bomb[512];
	(void)state;
	add_packed(f, "/small", packed_hello, sizeof(packed_hello), small);
	add_packed(f, "/bomb", packed_zeros, sizeof(packed_zeros), bomb);
	struct http_request request = request_for(f, "GET", "/small");
	struct heard h = fetch(f, &request, 5);
	assert_string_equal(h.body, "hello");
	request = request_for(f, "GET", "/bomb");
	h = fetch(f, &request, 50000);
	assert_class(
		&h, ERR_PERMANENT, "127.0.0.1: the answer is larger than 50000 bytes");
	request = request_for(f, "GET", "/bomb");
	h = fetch(f, &request, 100000);
	assert_class(&h, ERR_NONE, "");
	request = request_for(f, "GET", "/big");
	h = fetch(f, &request, 1000);
	assert_class(&h, ERR_PERMANENT, "larger than 1000 bytes");
	fixture_free(f);
}

static void test_head(void **state)
{
	struct fixture *f = fixture_new(0);
	(void)state;
	struct heard h = get(f, "/hints");
	assert_int_equal(h.err.class, ERR_NONE);
	assert_int_equal(h.heads, 1);
	assert_int_equal(h.bytes, 5);
	assert_int_equal(h.head.status, 206);
	assert_string_equal(h.head.etag, "\"yes\"");
	assert_string_equal(h.head.last_modified, "then");
	assert_string_equal(h.head.host, "127.0.0.1");
	assert_true(h.head.accept_ranges);
	assert_int_equal(h.head.range_first, 5);
	assert_int_equal(h.head.range_last, 9);
	assert_int_equal(h.head.range_total, 100);
	h = get(f, "/chunked");
	assert_int_equal(h.bytes, 3);
	assert_int_equal(h.head.content_length, -1);
	assert_string_equal(h.head.etag, "");
	h = get(f, "/continue");
	assert_int_equal(h.heads, 1);
	assert_int_equal(h.bytes, 2);
	h = get(f, "/1.0");
	assert_class(&h, ERR_NONE, "");
	assert_int_equal(h.bytes, 3);
	assert_int_equal(h.head.content_length, -1);
	assert_string_equal(h.head.etag, "\"old\"");
	h = get(f, "/1.0-length");
	assert_class(&h, ERR_NONE, "");
	assert_int_equal(h.head.content_length, 3);
	for (int i = 0; i < 2; i++) { /* what came before the reset counts */
		h = get(f, "/reset-late");
		assert_class(&h, ERR_NONE, "");
		assert_int_equal(h.bytes, 3);
	}
	h = get(f, "/1.0-cut");
	/* Not "Broken pipe", as the connection said that was tried first. */
	assert_class(&h, ERR_TRANSIENT, "partial file");

	char *absurd = mem_alloc(200000);
	strcpy(absurd, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 3000; i++)
		strcat(absurd + i * 40,
			"X-Header-Of-Some-Length: 0123456789abcdef\r\n");
	strcat(absurd, "Content-Length: 0\r\n\r\n");
	add_answer(f, "/absurd", absurd, 0);
	h = get(f, "/absurd");
	assert_class(&h, ERR_TRANSIENT, "header of the answer is too large");
	assert_int_equal(h.heads, 0);
	assert_false(h.has_head);
	fixture_free(f);
	free(absurd);
}

static void test_redirects(void **state)
{
	struct fixture *f = fixture_new(0);
	char cross[256];
	(void)state;
	struct heard h = get(f, "/there?secret=1");
	assert_int_equal(h.head.status, 200);
	assert_int_equal(h.bytes, 2); /* not the redirect's body */
	assert_int_equal(h.heads, 1);
	assert_non_null(strstr(
		f->server.last, "GET /ok?s=a%2Fb+c%20~d&e=%7e/../x HTTP/1.1\r\n"));
	assert_int_equal(f->server.connections, 1);

	sprintf(cross,
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/ok\r\n"
		"Content-Length: 0\r\n\r\n",
		f->other.port);
	add_answer(f, "/cross", cross, 0);
	struct http_request request = request_for(f, "GET", "/cross");
	request.bearer = mem_strdup("token");
	http_request_header(&request, "X-Api-Key", "secret");
	http_request_header(&request, "Range", "bytes=1-");
	http_request_header(&request, "If-Range", "\"e\"");
	h = fetch(f, &request, 10);
	assert_int_equal(h.status, 200);
	assert_non_null(strstr(f->server.last, "Bearer token"));
	assert_int_equal(f->other.requests, 1);
	assert_null(strstr(f->other.last, "token"));
	assert_null(strstr(f->other.last, "secret"));
	assert_non_null(strstr(f->other.last, "Range: bytes=1-\r\n"));
	assert_non_null(strstr(f->other.last, "If-Range: \"e\"\r\n"));

	request = request_for(f, "POST", "/303");
	request.bearer = mem_strdup("token");
	request.body = mem_strdup("body");
	h = fetch(f, &request, 10);
	assert_memory_equal(f->server.last, "GET /ok ", 8);
	assert_non_null(strstr(f->server.last, "Bearer token")); /* the same place */
	assert_null(strstr(f->server.last, "body"));
	request = request_for(f, "POST", "/307");
	request.body = mem_strdup("body");
	h = fetch(f, &request, 10);
	assert_memory_equal(f->server.last, "POST /ok ", 9);
	assert_non_null(strstr(f->server.last, "\r\n\r\nbody"));

	h = get(f, "/round");
	assert_class(&h, ERR_PERMANENT, "more than 3 redirects");
	h = get(f, "/bad-place");
	assert_class(&h, ERR_PERMANENT, "host: refused to use ftp://");
	f->policy.redirects = 0;
	h = get(f, "/round");
	assert_int_equal(h.err.class, ERR_NONE);
	assert_int_equal(h.head.status, 302);
	fixture_free(f);
}

static bool only_loopback(void *arg, const char *host)
{
	char *last = arg;
	snprintf(last, 64, "%s", host);
	return strcmp(host, "127.0.0.1") == 0;
}

static void test_policy(void **state)
{
	static const struct {
		const char *url, *why;
	} refused[] = {
		{ "http://127.0.0.1/x", "127.0.0.1: refused to use http://" },
		{ "file:///etc/passwd", "" },
		{ "ftp://127.0.0.1/", "refused to use ftp://" },
		{ "https://user:pw@127.0.0.1/", "user name" },
		{ "nonsense?secret=1", "cannot ask nonsense: " },
		{ "https://a b/", "cannot ask" },
		{ "", "cannot ask" },
		{ "https://127.0.0.1:1/?secret=1",
			"127.0.0.1: refused to connect to 127.0.0.1" },
		{ "https://localhost:1/", "localhost: refused to connect to " },
		{ "https://[::1]:1/", "::1: refused to connect to ::1" },
		{ "https://[::ffff:127.0.0.1]:1/", "refused to connect" },
		{ "https://2130706433:1/", "refused to connect" },
		{ "https://0x7f.1:1/", "refused to connect" },
		{ "https://10.1.2.3:1/", "refused to connect" },
		{ "https://169.254.169.254/latest", "refused to connect" },
	};
	struct fixture *f = fixture_new(0);
	char asked[64] = "";
	(void)state;
	f->policy.allow_private = false;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct heard h = get_url(f, refused[i].url);
		assert_class(&h, ERR_PERMANENT, refused[i].why);
		assert_null(strstr(h.err.text, "secret"));
		assert_false(h.has_head);
	}
	f->policy.allow_private = true;
	f->policy.host_allowed = only_loopback;
	f->policy.arg = asked;
	struct heard h = get(f, "/ok");
	assert_int_equal(h.err.class, ERR_NONE);
	h = get_url(f, "https://LocalHost.:1/");
	assert_class(&h, ERR_PERMANENT, "localhost: this host is not allowed");
	h = get(f, "/forbidden");
	assert_class(&h, ERR_PERMANENT, "evil.example: this host is not allowed");
	assert_null(strstr(h.err.text, "sig"));
	assert_string_equal(asked, "evil.example");
	assert_int_equal(f->server.requests, 2);
	fixture_free(f);
}

static void test_faults(void **state)
{
	static const struct {
		const char *path, *why;
	} cases[] = {
		{ "/cut", "127.0.0.1: " },
		{ "/reset", "127.0.0.1: Recv failure: Connection reset by peer" },
		{ "/empty", "Empty reply" },
		{ "/refuse", "127.0.0.1: Recv failure: Connection reset by peer" },
		{ "/noise", "127.0.0.1: " },
		{ "/silent", "127.0.0.1: stalled: 0 bytes in 0.2 s" },
		{ "/stall", "127.0.0.1: stalled: " },
		{ "/trickle", "127.0.0.1: stalled: " },
	};
	struct fixture *f = fixture_new(0);
	(void)state;
	f->policy.low_speed_ms = 200;
	f->policy.low_speed_bytes = 1000;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct heard h = get(f, cases[i].path);
		assert_class(&h, ERR_TRANSIENT, cases[i].why);
		assert_int_equal(h.has_head, h.heads);
	}
	f->policy.low_speed_ms = 0;
	f->policy.total_ms = 200;
	struct heard h = get(f, "/trickle");
	assert_class(&h, ERR_TRANSIENT, "127.0.0.1: no complete answer in 0.2 s");
	f->policy.total_ms = 0;
	h = get_url(f, "http://127.0.0.1:1/x?secret=1"); /* nobody listens */
	assert_class(&h, ERR_TRANSIENT, "127.0.0.1: Failed to connect");
	h = get_url(f, "https://nowhere.invalid/x");
	assert_class(&h, ERR_TRANSIENT, "nowhere.invalid: Could not resolve host");
	fixture_free(f);
}

static void test_stops(void **state)
{
	struct fixture *f = fixture_new(0);
	(void)state;
	struct heard h = { .stop_in_head = true };
	struct http_request request = request_for(f, "GET", "/big");
	call(f, &h, &request);
	wait_for(f, &h);
	assert_int_equal(h.err.class, ERR_CANCELLED);
	assert_true(h.has_head);
	assert_int_equal(h.bytes, 0);

	h = (struct heard){ .stop_in_data = true };
	request = request_for(f, "GET", "/big");
	call(f, &h, &request);
	wait_for(f, &h);
	assert_int_equal(h.err.class, ERR_CANCELLED);
	assert_in_range(h.bytes, 1, 16384);

	h = (struct heard){ .abort_in_data = true };
	request = request_for(f, "GET", "/big");
	call(f, &h, &request);
	wait_for(f, &h);
	assert_class(&h, ERR_LOCAL, "disk full");

	h = (struct heard){ .cancel_in_head = true };
	request = request_for(f, "GET", "/big");
	call(f, &h, &request);
	wait_for(f, &h);
	assert_int_equal(h.err.class, ERR_CANCELLED);
	assert_int_equal(h.bytes, 0);

	extra_done = 0; /* a call started within libcurl's callback */
	h = (struct heard){ .start_in_data = true };
	request = request_for(f, "GET", "/big");
	call(f, &h, &request);
	wait_for(f, &h);
	assert_int_equal(h.err.class, ERR_NONE);
	assert_int_equal(h.bytes, BIG);
	assert_int_equal(h.sum, BIG);
	while (!extra_done)
		uv_run(&f->loop, UV_RUN_ONCE);

	request = request_for(f, "HEAD", "/ok");
	h = (struct heard){ 0 };
	call(f, &h, &request);
	wait_for(f, &h);
	assert_int_equal(h.err.class, ERR_NONE);
	assert_int_equal(h.head.content_length, 2);
	assert_int_equal(h.bytes, 0);
	fixture_free(f);
}

static void run_for(struct fixture *f, int64_t ms)
{
	const uint64_t until = uv_hrtime() + (uint64_t)ms * 1000000;
	while (uv_hrtime() < until) {
		uv_run(&f->loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
}

static void test_pause(void **state)
{
	struct fixture *f = fixture_new(0);
	struct heard h = { 0 };
	(void)state;
	f->policy.low_speed_ms = 500;
	f->policy.low_speed_bytes = 1;
	struct http_request request = request_for(f, "GET", "/big");
	call(f, &h, &request);
	http_call_pause(h.call); /* before it has begun */
	h.paused = true;
	run_for(f, 800);
	assert_int_equal(h.dones, 0);
	for (int i = 0; i < 20 && !h.dones; i++) {
		http_call_resume(h.call);
		http_call_pause(h.call);
		http_call_resume(h.call);
		h.paused = false;
		size_t before = h.bytes;
		while (h.bytes == before && !h.dones)
			uv_run(&f->loop, UV_RUN_ONCE);
		if (h.dones)
			break;
		http_call_pause(h.call);
		h.paused = true;
		run_for(f, i == 5 ? 800 : 10);
	}
	if (!h.dones)
		http_call_resume(h.call);
	h.paused = false;
	wait_for(f, &h);
	assert_class(&h, ERR_NONE, "");
	assert_int_equal(h.bytes, BIG);
	assert_int_equal(h.sum, BIG);
	fixture_free(f);
}

/* The head comes while the call is paused: it must not get lost. */
static void test_pause_before_the_head(void **state)
{
	struct fixture *f = fixture_new(0);
	struct heard h = { 0 };
	(void)state;
	struct http_request request = request_for(f, "GET", "/slow");
	call(f, &h, &request);
	while (f->server.requests == 0)
		uv_run(&f->loop, UV_RUN_ONCE);
	http_call_pause(h.call);
	h.paused = true;
	run_for(f, 200);
	assert_int_equal(h.dones, 0);
	http_call_resume(h.call);
	h.paused = false;
	wait_for(f, &h);
	assert_class(&h, ERR_NONE, "");
	assert_int_equal(h.heads, 1);
	assert_int_equal(h.bytes, 2);
	fixture_free(f);
}

static void test_cancel(void **state)
{
	static const char *const paths[] = { "/ok", "/silent", "/stall", "/big" };
	struct fixture *f = fixture_new(0);
	(void)state;
	for (int wait_ms = 0; wait_ms < 40; wait_ms += 10)
		for (size_t i = 0; i < 4; i++) {
			struct heard h = { 0 };
			struct http_request request = request_for(f, "GET", paths[i]);
			call(f, &h, &request);
			run_for(f, wait_ms);
			if (!h.dones) {
				http_call_cancel(h.call);
				http_call_cancel(h.call);
				assert_int_equal(h.dones, 0);
			}
			wait_for(f, &h);
			assert_true(h.err.class == ERR_CANCELLED || i == 0 || i == 3);
		}
	struct heard h = { 0 };
	struct http_request request; /* while its name is being looked up */
	http_request_init(&request, "GET", mem_strdup("https://nowhere.invalid/"));
	call(f, &h, &request);
	uv_run(&f->loop, UV_RUN_NOWAIT);
	http_call_cancel(h.call);
	wait_for(f, &h);
	assert_int_equal(h.err.class, ERR_CANCELLED);
	fixture_free(f);
}

static void test_close_busy(void **state)
{
	struct fixture *f = fixture_new(2);
	struct heard h[10] = { 0 };
	(void)state;
	for (int i = 0; i < 10; i++) {
		struct http_request request =
			request_for(f, "GET", i % 2 ? "/silent" : "/big");
		call(f, &h[i], &request);
		if (i == 6)
			run_for(f, 20);
	}
	http_client_close(f->client, on_client_closed, f);
	struct heard late = { 0 };
	struct http_request request = request_for(f, "GET", "/ok");
	call(f, &late, &request);
	assert_false(f->closed);
	while (!f->closed)
		uv_run(&f->loop, UV_RUN_ONCE);
	for (int i = 0; i < 10; i++)
		assert_int_equal(h[i].dones, 1);
	assert_int_equal(h[9].err.class, ERR_CANCELLED);
	assert_int_equal(late.err.class, ERR_CANCELLED);
	fault_server_close(&f->server);
	fault_server_close(&f->other);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	free(f);
}

static void test_per_host(void **state)
{
	struct fixture *f = fixture_new(3);
	struct heard h[12] = { 0 };
	(void)state;
	f->policy.low_speed_ms = 150; /* queueing is not stalling */
	f->policy.total_ms = 150;
	f->policy.connect_timeout_ms = 150;
	for (int i = 0; i < 12; i++) {
		struct http_request request = request_for(f, "GET", "/slow");
		call(f, &h[i], &request);
	}
	for (int i = 0; i < 12; i++) {
		wait_for(f, &h[i]);
		assert_class(&h[i], ERR_NONE, "");
	}
	assert_int_equal(f->server.connections, 3);
	assert_int_equal(f->server.most_busy, 3);
	fixture_free(f);
}

static void test_proxy(void **state)
{
	struct fixture *f = fixture_new(0);
	char proxy[64];
	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1); /* means nothing here */
	struct heard h = get(f, "/ok");
	assert_int_equal(h.err.class, ERR_NONE);
	unsetenv("http_proxy");
	sprintf(proxy, "http://u%%40:pw@127.0.0.1:%d", f->other.port);
	f->policy.proxy = proxy;
	setenv("no_proxy", "*", 1); /* neither does this */
	h = get_url(f, "http://some.example/ok");
	unsetenv("no_proxy");
	assert_class(&h, ERR_NONE, "");
	assert_memory_equal(f->other.last, "GET http://some.example/ok HTTP/1.1", 35);
	assert_non_null(strstr(
		f->other.last, "Proxy-Authorization: Basic dUA6cHc=\r\n")); /* u@:pw */
	assert_string_equal(h.head.host, "some.example");
	fixture_free(f);
}

static void test_proxy_trouble(void **state)
{
	static const struct {
		const char *proxy; /* "PORT" is the other server's */
		const char *url, *why;
	} cases[] = {
		{ "http://u:pw@127.0.0.1:PORT", "http://some.example/407",
			"some.example: the proxy 127.0.0.1:PORT answered 407: it does "
			"not accept" },
		{ "http://u:pw@127.0.0.1:PORT", "https://asks.example/407",
			"asks.example: the proxy 127.0.0.1:PORT answered 407: it does "
			"not accept" },
		{ "http://u:pw@127.0.0.1:PORT", "https://refused.example/x",
			"refused.example: the proxy 127.0.0.1:PORT answered 403 instead" },
		{ "http://u:pw@127.0.0.1:1", "https://127.0.0.1:PORT/ok",
			"127.0.0.1: the proxy 127.0.0.1:1 cannot be used: Failed to "
			"connect to 127.0.0.1 port 1" },
		{ "http://u:pw@nowhere.invalid:1", "https://127.0.0.1:PORT/ok",
			"127.0.0.1: the proxy nowhere.invalid:1 cannot be found" },
		{ "http://u:p@w@127.0.0.1:PORT", "https://refused.example/x",
			"refused.example: the proxy 127.0.0.1:PORT cannot be found" },
		{ "socks5://u:pw@127.0.0.1:PORT", "https://nowhere.invalid/ok",
			"nowhere.invalid: the proxy 127.0.0.1:PORT cannot be used: " },
	};
	struct fixture *f = fixture_new(0);
	(void)state;
	f->policy.connect_timeout_ms = 1000;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *from[3] = { cases[i].proxy, cases[i].url, cases[i].why };
		char text[3][200];
		for (int j = 0; j < 3; j++) {
			const char *port = strstr(from[j], "PORT");
			int before = port ? (int)(port - from[j]) : 0;
			if (port)
				sprintf(text[j], "%.*s%d%s", before, from[j],
					f->other.port, port + 4);
			else
				sprintf(text[j], "%s", from[j]);
		}
		f->policy.proxy = text[0];
		struct heard h = get_url(f, text[1]);
		assert_class(&h, ERR_TRANSIENT, text[2]);
		assert_null(strstr(h.err.text, "pw"));
		assert_null(strstr(h.err.text, "w@"));
	}
	fixture_free(f);
}

/* TLS, against our own server */

static int64_t tls_begin(void *arg, struct http_in *in)
{
	(void)arg;
	(void)in;
	return 1000;
}

static void tls_request(void *arg, struct http_in *in)
{
	(void)arg;
	http_reply_text(in, 200, "secret");
}

static void tls_gone(void *arg, struct http_in *in)
{
	(void)arg;
	(void)in;
}

static void on_server_closed(void *arg)
{
	bool *closed = arg;
	*closed = true;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_tls(void **state)
{
	struct fixture *f = fixture_new(0);
	struct test_tls tls, stranger;
	struct http_server *server;
	const struct http_server_handler handler = { tls_begin, tls_request, tls_gone,
		NULL };
	char dir[] = "/tmp/vodkeep-test-XXXXXX", ca[64], other_ca[64], url[64];
	struct err err;
	bool closed = false;
	(void)state;
	assert_non_null(mkdtemp(dir));
	sprintf(ca, "%s/ca", dir);
	sprintf(other_ca, "%s/other", dir);
	test_tls_make(&tls);
	test_tls_make(&stranger);
	struct http_server_options options = { .listen = "127.0.0.1:0",
		.listen_fd = -1,
		.tls_cert = tls.cert,
		.tls_key = tls.key,
		.limits = http_server_default_limits };
	assert_int_equal(
		http_server_open(&server, &f->loop, &options, &handler, &err), 0);
	sprintf(url, "https://%s/x", http_server_address(server));
	f->policy.connect_timeout_ms =
		30000; /* a handshake takes long under valgrind */

	struct heard h = get_url(f, url);
	assert_class(&h, ERR_PERMANENT, "127.0.0.1: SSL certificate problem");
	write_file(ca, tls.cert);
	write_file(other_ca, stranger.cert);
	f->policy.ca_file = other_ca;
	h = get_url(f, url);
	assert_class(&h, ERR_PERMANENT, "127.0.0.1: SSL certificate problem");
	f->policy.ca_file = ca;
	h = get_url(f, url);
	assert_class(&h, ERR_NONE, "");
	assert_int_equal(h.bytes, 7);

	f->policy.allow_private = false; /* the open connection does not help */
	h = get_url(f, url);
	assert_class(&h, ERR_PERMANENT, "127.0.0.1: refused to connect to 127.0.0.1");
	f->policy.allow_private = true;
	f->policy.ca_file = NULL;
	h = get_url(f, url);
	assert_class(&h, ERR_PERMANENT, "SSL certificate problem");

	f->policy.ca_file = "/nonexistent/ca.pem";
	h = get_url(f, url);
	assert_class(&h, ERR_TRANSIENT, "CA file /nonexistent/ca.pem: ");
	f->policy.ca_file = other_ca; /* read before, and changed since */
	write_file(other_ca, "nothing");
	h = get_url(f, url);
	assert_class(&h, ERR_TRANSIENT, "no PEM certificate");
	write_file(other_ca, tls.cert);
	h = get_url(f, url);
	assert_class(&h, ERR_NONE, "");
	write_file(other_ca, stranger.cert);
	h = get_url(f, url);
	assert_class(&h, ERR_PERMANENT, "SSL certificate problem");

	http_server_close(server, on_server_closed, &closed);
	fixture_free(f);
	assert_true(closed);
	unlink(ca);
	unlink(other_ca);
	rmdir(dir);
	test_tls_release(&tls);
	test_tls_release(&stranger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fetch),
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_redirects),
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_stops),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_pause_before_the_head),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_close_busy),
		cmocka_unit_test(test_per_host),
		cmocka_unit_test(test_proxy),
		cmocka_unit_test(test_proxy_trouble),
		cmocka_unit_test(test_tls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
