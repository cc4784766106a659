/*
 * The world round the admin API in a test: a store with one asset, a keeper and
 * requests that are values. Store callbacks wait until world_run(), as on a loop.
 */
#ifndef VODKEEP_TESTS_ADMIN_WORLD_H
#define VODKEEP_TESTS_ADMIN_WORLD_H

#include "admin/admin.h"

struct http_in {
	const char *method, *path;
	const char *query[8]; /* name, value, … */
	const char *host, *authorization;
	const char *headers[12]; /* of others: name, value, … */
	const char *body;
	void *user;
	/* The answer. */
	int replies, status;
	char text[65536];
	char header_names[512]; /* "Allow: POST\n…" */
	struct http_stream_handler stream;
	bool streaming, ended;
};

struct world {
	struct config config;
	struct workspace_config workspace;
	struct settings settings;
	bool has_asset, held, by_person, paused;
	struct err store_err; /* what every store call answers */
	enum asset_wish wish; /* what reached the store */
	int hold;             /* -1 untouched */
	int news;             /* how often the keeper was told */
	int64_t news_row;
	bool stops_work;
	struct warning warning; /* key NULL: none */
	char backup[64];        /* the file that was asked for */
	struct verify_report report;
	size_t verified_assets;
	size_t unknown_totals; /* files in flight of unknown size */
	uv_loop_t loop;
	char cookie[256], content_range[64]; /* of the last answer that had one */
};
extern struct world world;

void world_reset(void);
/* Run the callbacks that wait, and what the loop has to do. */
void world_run(void);
/* The client takes what @in's stream has, and more, until it waits or ends; then the
 * request is over. */
void world_drain(struct http_in *in);
/* Let @in come by @handler, with its body, and run everything. */
void world_ask(const struct http_server_handler *handler, struct http_in *in);

#endif
