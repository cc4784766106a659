/*
 * What tests of transfers share: an owner, an archive, a server that sins as told, and
 * the loop they all run on. A test's state is the world; set_up() and tear_down() make
 * it and see that every loop closes with 0.
 */
#ifndef VODKEEP_TESTS_TRANSFER_WORLD_H
#define VODKEEP_TESTS_TRANSFER_WORLD_H

#include "fault_server.h"
#include "flow/transfer_priv.h"
#include "unit.h"

#define MIB         ((size_t)1 << 20)
#define PATIENCE_MS 60000 /* for a loaded machine */
#define MTIME_NS    INT64_C(1700000000500000000)

struct world {
	uv_loop_t loop;
	uv_timer_t alarm;
	bool timed_out;
	char dir[64];
	struct archive *archive;
	struct transfers_options options;
	struct transfers *transfers;
	struct fault_server server;
	bool closed;
	unsigned char *video;
	size_t video_len;

	/* The owner. */
	struct transfer_spec spec;
	struct transfer *transfer;
	struct part part; /* as stored */
	int parts, notes, wholes, seals, dones;
	bool hold_seal; /* do not place */
	char note[256];
	struct err err;
	bool success;
	char path[256], sha256[65], content_type[64], host[64];
	int64_t bytes, received, resumed_from, duration_ms;
	bool found_placed, unsynced;
};

void start(struct world *w);
void run_until(struct world *w, const int *count);
void run_ms(struct world *w, int64_t ms);
void run_until_held(struct world *w, int64_t held);
void finish(struct world *w);
void fetch(struct world *w);
void expect_failure(struct world *w, enum err_class class, const char *text);
unsigned char *make_video(size_t len, unsigned seed);
void serve_video(struct world *w, size_t len, unsigned seed);
void serve_text(struct world *w, const char *text);
int set_up(void **state);
int tear_down(void **state);
void expect_file(struct world *w, const char *rel, const void *data, size_t len);
int staged(const struct world *w);
void expect_video(struct world *w);
void fetch_half(struct world *w);

#endif
