/*
 * The configuration: one option table (INTERFACE §3) that parses, checks, dumps, and
 * writes the sample file and the man page. Pure: reads text it is given; files, globs,
 * environment and secrets come through struct config_source.
 */
#ifndef VODKEEP_CORE_CONFIG_H
#define VODKEEP_CORE_CONFIG_H

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bandwidth; /* core/bandwidth.h */

struct text_list {
	char **items;
	size_t count;
};

/* "5%" or "10G". */
struct amount {
	double percent; /* 0 unless given as a share */
	int64_t bytes;
};

enum platform_kind { PLATFORM_FASTPIX, PLATFORM_OPTIVIEW };
enum rule_action { ACTION_ARCHIVE, ACTION_IGNORE };
enum on_update { UPDATE_REFRESH, UPDATE_VERSION, UPDATE_IGNORE };
enum on_delete { DELETE_REMOVE, DELETE_TRASH, DELETE_KEEP };
enum hls_as { HLS_AS_MP4, HLS_AS_PACKAGE };
enum video_form { VIDEO_MP4, VIDEO_HLS };
enum fetch_flag { /* bits */
	FETCH_VIDEO = 1,
	FETCH_THUMBNAIL = 2,
	FETCH_SUBTITLES = 4,
	FETCH_METADATA = 8,
	FETCH_AUDIO = 16,
	FETCH_ALL_THUMBNAILS = 32,
};
enum backfill { BACKFILL_ALL, BACKFILL_NONE, BACKFILL_SINCE };

struct workspace_config {
	char *name;
	int line;         /* of the section, for messages */
	const char *file; /* one of config.files */
	enum platform_kind platform;
	char *workspace_id; /* NULL: not checked */
	char *api_id;
	char *api_secret;
	/* Resolved; as written by the platform (base64). */
	struct text_list webhook_secrets;
	char *api_url, *stream_url, *image_url; /* no trailing slash */
	struct text_list media_hosts; /* globs on the host; empty: any public host */
	bool allow_private;
	char *ca_file, *proxy; /* NULL none */
	bool request_mp4;
	int64_t request_mp4_wait_ms;
	char *signing_key_id, *signing_key;
	int64_t reconcile_ms; /* 0 off */
	enum backfill backfill;
	int64_t backfill_since_ns;
	double scrub_percent_day; /* 0 off */
	int64_t max_delete_count;
	double max_delete_percent;
	int trash_days;
	bool delete_remote;
	struct bandwidth *bandwidth; /* NULL off */
};

struct metadata_match {
	char *key;
	struct text_list globs;
};

struct rule {
	char *name; /* "" for the built-in rule */
	/* Globs. */
	struct text_list workspaces, types, titles, streams, channels, creators;
	struct metadata_match *metadata;
	size_t n_metadata;
	int64_t min_duration_ms, max_duration_ms; /* -1 none */
	enum rule_action action;
	unsigned fetch;           /* fetch_flag bits */
	enum video_form video[2]; /* in order of preference */
	size_t n_video;
	enum hls_as hls_as;
	int max_height; /* 0 unlimited */
	char *path;
	enum on_update on_update;
	enum on_delete on_delete, on_expire;
	int64_t keep_ms; /* 0 forever */
	int priority;
	struct bandwidth *bandwidth;          /* NULL off */
	char *after, *notify, *notify_secret; /* NULL none */
	int64_t after_timeout_ms;
};

struct config {
	struct {
		char *archive_dir, *state;
		enum log_level log_level;
		enum log_format log_format;
		struct text_list include;
		int64_t events_keep_ms;
	} agent;
	struct {
		struct text_list listen;
		char *tls_cert, *tls_key; /* NULL none */
		int64_t max_body, max_image;
	} receiver;
	struct {
		char *socket, *listen, *password; /* listen NULL: off */
	} admin;
	struct {
		int threads, concurrency, per_host, segments;
		int64_t segment_min;
		struct bandwidth *bandwidth; /* NULL off */
		int64_t low_speed_bytes, low_speed_ms;
		int64_t connect_timeout_ms, retry_min_ms, retry_max_ms, retry_for_ms;
		struct amount min_free;
		char *user_agent;
	} transfer;
	struct workspace_config *workspaces;
	size_t n_workspaces;
	struct rule *rules; /* in file order */
	size_t n_rules;
	struct rule builtin;
	struct text_list files; /* as read: the main one, then the included */
};

/* The world outside the text. Every slot blocks; used at start, check and reload. */
struct config_source {
	/* Append the file's bytes to @out. */
	int (*read)(void *arg, const char *path, struct buf *out, struct err *err);
	/* Existing paths for a glob, sorted; relative ones are relative to the
	 * including file's directory (@base). Caller releases. */
	int (*glob)(void *arg, const char *base, const char *pattern,
		struct text_list *out, struct err *err);
	/* Resolve "env:NAME", "file:PATH", "credential:NAME", or a literal. Caller
	 * frees *out. */
	int (*secret)(void *arg, const char *text, char **out, struct err *err);
	void *arg;
};

/* One finding. Errors make the configuration invalid; warnings do not. */
struct config_note {
	bool warning;
	char *text; /* "FILE:LINE: [section] key: what is wrong; what is expected" */
	int file, line; /* what notes are sorted by: order of reading, line (0: none) */
};
struct config_notes {
	struct config_note *notes;
	size_t count;
	size_t errors;
};

/* Read @path and its includes and check everything. All findings go to @notes (also on
 * success: warnings). Returns 0 and *out, or -ERR_INPUT when there is any error. */
int config_read(const char *path, const struct config_source *source,
	struct config **out, struct config_notes *notes);
void config_free(struct config *config);
/* The admin socket's path alone, whatever is wrong elsewhere; NULL when @path cannot be
 * read. Caller frees. */
char *config_socket(const char *path, const struct config_source *source);
void config_notes_release(struct config_notes *notes);
const struct workspace_config *config_workspace(
	const struct config *config, const char *name);
/* The effective configuration as INI, defaults included, secrets as ***. */
void config_dump(const struct config *config, struct buf *out);
/* From the option table: etc/vodkeep.ini and the OPTIONS section of vodkeep.ini(5). */
void config_sample(struct buf *out);
void config_man(struct buf *out);

void text_list_add(struct text_list *list, const char *text);
void text_list_release(struct text_list *list);

#endif
