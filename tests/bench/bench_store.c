/*
 * How many deliveries the store takes, and how long each waits for its answer. Every
 *one is of a new asset with a random id, and has a body of 1 KiB.
 *
 *	bench_store DIR window W N      W at once, the next W when all are answered
 *	bench_store DIR paced RATE N    so many a second, whatever the answers do
 */
#include <config.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "store/store.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct bench {
	uv_loop_t loop;
	uv_timer_t timer;
	struct store *store;
	size_t total, sent, answered, failed;
	size_t window, rate; /* one of them is 0 */
	uint64_t start_ns, end_ns;
	struct shot {
		struct bench *bench;
		uint64_t sent_ns;
		double ms;
	} * shots;
};

static char *random_name(void)
{
	return mem_printf("%016" PRIx64 "-%016" PRIx64, random_u64(), random_u64());
}

static struct delivery *new_delivery(void)
{
	struct delivery *delivery = delivery_new();

	delivery->workspace = mem_strdup("production");
	delivery->received_ns = clock_system.wall_ns();
	delivery->event.kind = EVENT_READY;
	delivery->event.type = mem_strdup("video.media.ready");
	delivery->event.key = random_name();
	delivery->event.asset_id = random_name();
	delivery->event.at_ns = delivery->received_ns;
	delivery->event.facts.title = mem_strdup("Goal of the month, second half");
	delivery->body_len = 1024;
	delivery->body = mem_alloc(delivery->body_len + 1);
	memset(delivery->body, 'x', delivery->body_len);
	return delivery;
}

static void send_some(struct bench *bench, size_t upto);

static void on_answer(
	void *arg, const struct err *err, const struct delivery_result *result)
{
	struct shot *shot = arg;
	struct bench *bench = shot->bench;

	(void)result;
	shot->ms = (double)(uv_hrtime() - shot->sent_ns) / 1e6;
	if (err->class != ERR_NONE && bench->failed++ == 0)
		fprintf(stderr, "%s\n", err->text);
	bench->answered++;
	if (bench->answered == bench->total) {
		bench->end_ns = uv_hrtime();
		uv_timer_stop(&bench->timer);
	} else if (bench->window && bench->answered == bench->sent) {
		send_some(bench, bench->sent + bench->window);
	}
}

static void send_some(struct bench *bench, size_t upto)
{
	for (; bench->sent < upto && bench->sent < bench->total; bench->sent++) {
		struct shot *shot = &bench->shots[bench->sent];
		shot->bench = bench;
		shot->sent_ns = uv_hrtime();
		store_put_delivery(bench->store, new_delivery(), on_answer, shot);
	}
}

static void on_tick(uv_timer_t *timer)
{
	struct bench *bench = container_of(timer, struct bench, timer);
	double seconds = (double)(uv_hrtime() - bench->start_ns) / 1e9;

	send_some(bench, (size_t)(seconds * (double)bench->rate));
}

static void on_closed(void *arg)
{
	struct bench *bench = arg;

	uv_close((uv_handle_t *)&bench->timer, NULL);
}

static int by_time(const void *a, const void *b)
{
	const struct shot *left = a, *right = b;

	return (left->ms > right->ms) - (left->ms < right->ms);
}

static void report(struct bench *bench)
{
	double seconds = (double)(bench->end_ns - bench->start_ns) / 1e9;
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	qsort(bench->shots, bench->total, sizeof(*bench->shots), by_time);
	printf("%.0f deliveries/s, %zu failed, %.0f commits of %.2f ms\n",
		(double)bench->total / seconds, bench->failed,
		metric_get(METRIC_COMMITS, NULL),
		metric_get(METRIC_COMMIT_SECONDS, NULL) * 1e3 /
			metric_get(METRIC_COMMITS, NULL));
	printf("answered after ms: p50 %.2f, p99 %.2f, p99.9 %.2f, max %.2f; "
	       "largest RSS %ld KiB\n",
		bench->shots[bench->total / 2].ms,
		bench->shots[bench->total * 99 / 100].ms,
		bench->shots[bench->total * 999 / 1000].ms,
		bench->shots[bench->total - 1].ms, usage.ru_maxrss);
}

static int run(struct bench *bench, const char *dir)
{
	struct err err = { .class = ERR_NONE };
	char *path = mem_printf("%s/bench-%d.db", dir, (int)uv_os_getpid());
	int rc = store_open(&bench->store, &bench->loop, path, &err);

	free(path);
	if (rc) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	bench->start_ns = uv_hrtime();
	if (bench->rate)
		uv_timer_start(&bench->timer, on_tick, 0, 1);
	else
		send_some(bench, bench->window);
	while (bench->answered < bench->total)
		uv_run(&bench->loop, UV_RUN_ONCE);
	store_close(bench->store, on_closed, bench);
	uv_run(&bench->loop, UV_RUN_DEFAULT);
	report(bench);
	return bench->failed != 0 || uv_loop_close(&bench->loop) != 0;
}

int main(int argc, char **argv)
{
	struct bench bench = { .total = 0 };

	if (argc != 5 || strtoul(argv[3], NULL, 10) == 0 ||
		strtoul(argv[4], NULL, 10) == 0) {
		fprintf(stderr, "usage: bench_store DIR window|paced NUMBER TOTAL\n");
		return 2;
	}
	bool paced = strcmp(argv[2], "paced") == 0;
	*(paced ? &bench.rate : &bench.window) = strtoul(argv[3], NULL, 10);
	bench.total = strtoul(argv[4], NULL, 10);
	bench.shots = mem_array(bench.total, sizeof(*bench.shots));
	uv_loop_init(&bench.loop);
	uv_timer_init(&bench.loop, &bench.timer);
	int status = run(&bench, argv[1]);
	free(bench.shots);
	return status;
}
