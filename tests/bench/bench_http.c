/*
 * What the HTTP client costs, with nothing behind it: gets one URL many times, throws
 * the bytes away, and prints what that took. Not a test.
 *
 *	bench_http URL COUNT AT-ONCE [CA-FILE]
 */
#include <config.h>

#include "base/mem.h"
#include "io/http_client.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

struct bench {
	uv_loop_t loop;
	struct http_client *client;
	struct http_request request;
	struct http_policy policy;
	long left, running, failed;
	int64_t bytes;
	int at_once;
};

static void start_some(struct bench *bench);

static bool on_data(void *arg, const void *data, size_t len)
{
	struct bench *bench = arg;

	(void)data;
	bench->bytes += (int64_t)len;
	return true;
}

static void on_closed(void *arg)
{
	(void)arg;
}

static void on_done(void *arg, const struct err *err, const struct http_head *head)
{
	struct bench *bench = arg;

	if (err->class != ERR_NONE || !head || head->status != 200) {
		bench->failed++;
		fprintf(stderr, "bench_http: %s\n", err->text);
	}
	bench->running--;
	start_some(bench);
	if (bench->running == 0)
		http_client_close(bench->client, on_closed, NULL);
}

static void start_some(struct bench *bench)
{
	const struct http_call_events events = {
		.data = on_data, .done = on_done, .arg = bench
	};

	while (bench->left > 0 && bench->running < bench->at_once) {
		bench->left--;
		bench->running++;
		http_call_start(
			bench->client, &bench->request, &bench->policy, &events);
	}
}

static double cpu_seconds(const struct timeval *at)
{
	return (double)at->tv_sec + (double)at->tv_usec / 1e6;
}

static void print(const struct bench *bench, long count, double seconds)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	printf("%ld requests, %ld failed, %.3f GB in %.3f s: CPU %.3f s user + %.3f s "
	       "system, at most %ld KiB\n",
		count, bench->failed, (double)bench->bytes / 1e9, seconds,
		cpu_seconds(&used.ru_utime), cpu_seconds(&used.ru_stime),
		used.ru_maxrss);
}

int main(int argc, char **argv)
{
	struct bench bench = { 0 };
	struct err err;
	uint64_t begin;

	if (argc < 4) {
		fprintf(stderr, "usage: bench_http URL COUNT AT-ONCE [CA-FILE]\n");
		return 2;
	}
	bench.left = atol(argv[2]);
	bench.at_once = atoi(argv[3]);
	const long count = bench.left;
	const struct http_client_options options = { .user_agent = "bench",
		.per_host = bench.at_once };
	bench.policy = (struct http_policy){ .allow_private = true,
		.connect_timeout_ms = 15000,
		.low_speed_bytes = 1,
		.low_speed_ms = 30000,
		.ca_file = argc > 4 ? argv[4] : NULL };
	http_request_init(&bench.request, "GET", mem_strdup(argv[1]));
	uv_loop_init(&bench.loop);
	if (http_client_open(&bench.client, &bench.loop, &options, &err)) {
		fprintf(stderr, "bench_http: %s\n", err.text);
		return 1;
	}
	begin = uv_hrtime();
	start_some(&bench);
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	print(&bench, count, (double)(uv_hrtime() - begin) / 1e9);
	http_request_release(&bench.request);
	return bench.failed ? 1 : uv_loop_close(&bench.loop) != 0;
}
