/*
 * Reading a configuration: every key with good and bad values, every finding at its
 * line, what inih would cut off, includes, secrets.
 */
#include <config.h>

#include "base/buf.h"
#include "base/clock.h"
#include "core/config_table.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>

#include "config_world.h"

#define WORKSPACE                                                               \
	"[workspace p]\nplatform = fastpix\napi_id = id\napi_secret = s3cret\n" \
	"webhook_secret = dGVzdA==\n"

static struct config *must_read(const char *text)
{
	struct config *config = NULL;
	struct config_notes notes;
	int rc = world_text(text, &config, &notes);

	for (size_t i = 0; rc && i < notes.count; i++)
		print_message("%s\n", notes.notes[i].text);
	assert_int_equal(rc, 0);
	assert_int_equal(notes.errors, 0);
	config_notes_release(&notes);
	return config;
}

/* The findings of @files must be these, in this order; each row is how one begins. */
static void must_find(const struct world_file *files, const char *const *rows, size_t n)
{
	struct config *config = NULL;
	struct config_notes notes;

	world_config(files, &config, &notes);
	for (size_t i = 0; i < notes.count || i < n; i++) {
		const char *text = i < notes.count ? notes.notes[i].text : "(nothing)";
		const char *row = i < n ? rows[i] : "(nothing)";
		if (strncmp(text, row, strlen(row)) != 0)
			fail_msg("finding %zu is\n  %s\nnot\n  %s", i, text, row);
	}
	config_notes_release(&notes);
	config_free(config);
}

#define MUST_FIND(text, ...)                                                         \
	do {                                                                         \
		const struct world_file files_[] = { { MAIN_INI, text, 0 }, { 0 } }; \
		const char *const rows_[] = { __VA_ARGS__ };                         \
		must_find(files_, rows_, ARRAY_LEN(rows_));                          \
	} while (0)

/* ---- values ------------------------------------------------------------------ */

static void fills_in_defaults(void **state)
{
	struct config *config =
		must_read(WORKSPACE "[workspace o]\nplatform = optiview\n"
				    "api_secret = x\nwebhook_secret = dGVzdA==\n"
				    "[rule r]\n");
	const struct workspace_config *p = config_workspace(config, "p");
	const struct workspace_config *o = config_workspace(config, "o");

	(void)state;
	assert_string_equal(config->agent.archive_dir, "/var/lib/vodkeep/archive");
	assert_int_equal(config->agent.log_level, LOG_LEVEL_INFO);
	assert_int_equal(config->agent.include.count, 0);
	assert_int_equal(config->receiver.listen.count, 1);
	assert_string_equal(config->receiver.listen.items[0], "127.0.0.1:8787");
	assert_string_equal(config->admin.listen, "127.0.0.1:8788");
	assert_null(config->admin.password);
	assert_int_equal(config->transfer.low_speed_bytes, 1024);
	assert_int_equal(config->transfer.low_speed_ms, 30000);
	assert_true(config->transfer.min_free.percent > 4.9);
	assert_string_equal(config->transfer.user_agent, "vodkeep/" PACKAGE_VERSION);
	assert_string_equal(p->api_url, "https://api.fastpix.com/v1");
	assert_string_equal(p->stream_url, "https://stream.fastpix.com");
	assert_int_equal(p->media_hosts.count, 2);
	assert_string_equal(o->api_url, "https://api.millicast.com");
	assert_int_equal(o->media_hosts.count, 0);
	assert_null(o->stream_url);
	assert_int_equal(p->max_delete_count, 20);
	assert_int_equal(p->reconcile_ms, 15 * 60 * 1000);
	assert_string_equal(p->file, MAIN_INI);
	assert_int_equal(p->line, 1);
	for (int i = 0; i < 2; i++) {
		const struct rule *rule = i ? &config->builtin : &config->rules[0];
		assert_string_equal(rule->name, i ? "" : "r");
		assert_int_equal(rule->fetch, 15);
		assert_int_equal(rule->n_video, 2);
		assert_int_equal(rule->video[0], VIDEO_MP4);
		assert_int_equal(rule->max_height, 1080);
		assert_int_equal(rule->min_duration_ms, -1);
		assert_int_equal(rule->max_duration_ms, -1);
		assert_int_equal(rule->keep_ms, 0);
		assert_int_equal(rule->on_expire, DELETE_KEEP);
		assert_null(rule->bandwidth);
		assert_int_equal(rule->types.count, 0);
	}
	config_free(config);
}

struct value_row {
	const char *section, *key, *given;
	const char *dumped; /* NULL: as given */
};

static const struct value_row good_values[] = {
	{ "agent", "archive_dir", "/a b/c;d", NULL },
	{ "agent", "state", "/s.db", NULL },
	{ "agent", "log_level", "DEBUG", "debug" },
	{ "agent", "log_format", "json", NULL },
	{ "agent", "include", "none*.ini", NULL },
	{ "agent", "events_keep", "2w", "14d" },
	{ "receiver", "listen", "[::1]:0", NULL },
	{ "receiver", "listen", "unix:/run/x.sock", NULL },
	{ "receiver", "max_body", "2048K", "2M" },
	{ "receiver", "max_image", "1m", "1M" },
	{ "admin", "socket", "/s", NULL },
	{ "admin", "listen", "", NULL },
	{ "admin", "listen", "127.0.0.2:1", NULL },
	{ "admin", "password", "env:SECRET", "***" },
	{ "transfer", "threads", "1", NULL },
	{ "transfer", "concurrency", "256", NULL },
	{ "transfer", "per_host", "1", NULL },
	{ "transfer", "segments", "1", NULL },
	{ "transfer", "segment_min", "1G", NULL },
	{ "transfer", "bandwidth", "10M", NULL },
	{ "transfer", "bandwidth", "08:00,2M   18:00,20M 23:00,off",
		"08:00,2M 18:00,20M 23:00,off" },
	{ "transfer", "low_speed", "1024/60s", "1K/1m" },
	{ "transfer", "connect_timeout", "1500ms", NULL },
	{ "transfer", "retry_min", "10ms", NULL },
	{ "transfer", "retry_max", "1d", NULL },
	{ "transfer", "retry_for", "1h", NULL },
	{ "transfer", "min_free", "0.5%", NULL },
	{ "transfer", "min_free", "100%", NULL },
	{ "transfer", "min_free", "10G", NULL },
	{ "transfer", "user_agent", "a/VERSION (b)", "a/" PACKAGE_VERSION " (b)" },
	{ "workspace p", "workspace_id", "6dc2b4e0", NULL },
	{ "workspace p", "api_url", "https://h/v1//", "https://h/v1" },
	{ "workspace p", "stream_url", "https://h:8443/", "https://h:8443" },
	{ "workspace p", "image_url", "https://[::1]", NULL },
	{ "workspace p", "media_hosts", "*.Example.com,10.0.0.?",
		"*.example.com, 10.0.0.?" },
	{ "workspace p", "media_hosts", "", NULL },
	{ "workspace p", "allow_private", "true", "yes" },
	{ "workspace p", "ca_file", "/ca.pem", NULL },
	{ "workspace p", "proxy", "http://u:pw@proxy:3128", "http://u:***@proxy:3128" },
	{ "workspace p", "request_mp4", "no", NULL },
	{ "workspace p", "request_mp4_wait", "1h", NULL },
	{ "workspace p", "reconcile", "off", NULL },
	{ "workspace p", "reconcile", "5m", NULL },
	{ "workspace p", "backfill", "none", NULL },
	{ "workspace p", "backfill", "since:2026-01-01",
		"since:2026-01-01T00:00:00.000Z" },
	{ "workspace p", "scrub", "off", NULL },
	{ "workspace p", "scrub", "2.5%/day", NULL },
	{ "workspace p", "max_delete", "1%,0", "0, 1%" },
	{ "workspace p", "max_delete", "5", "5, 0%" },
	{ "workspace p", "trash_days", "0", NULL },
	{ "workspace p", "delete_remote", "yes", NULL },
	{ "rule r", "workspace", "p, q*", NULL },
	{ "rule r", "type", "clip,rec*", "clip, rec*" },
	{ "rule r", "title", "*…*, [ab]?", NULL },
	{ "rule r", "stream", "s", NULL },
	{ "rule r", "channel", "c", NULL },
	{ "rule r", "creator", "c", NULL },
	{ "rule r", "metadata.team", "sports, n*", NULL },
	{ "rule r", "min_duration", "5s", NULL },
	{ "rule r", "max_duration", "90m", NULL },
	{ "rule r", "action", "ignore", NULL },
	{ "rule r", "fetch", "audio, video, all_thumbnails",
		"video, audio, all_thumbnails" },
	{ "rule r", "video", "hls", NULL },
	{ "rule r", "video", "hls, mp4", NULL },
	{ "rule r", "hls_as", "package", NULL },
	{ "rule r", "max_resolution", "unlimited", NULL },
	{ "rule r", "max_resolution", "2160p", NULL },
	{ "rule r", "path", "x/{id}", NULL },
	{ "rule r", "on_update", "version", NULL },
	{ "rule r", "on_delete", "trash", NULL },
	{ "rule r", "on_expire", "remove", NULL },
	{ "rule r", "keep", "90d", NULL },
	{ "rule r", "priority", "-5", NULL },
	{ "rule r", "bandwidth", "1M", NULL },
	{ "workspace p", "bandwidth", "22:00,off 23:00,1M", NULL },
	{ "rule r", "after", "/usr/bin/true", NULL },
	{ "rule r", "after_timeout", "10m", NULL },
};

static void takes_good_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good_values); i++) {
		const struct value_row *row = &good_values[i];
		const char *dumped = row->dumped ? row->dumped : row->given;
		bool own = strcmp(row->section, "workspace p") == 0;
		char *text = mem_printf(WORKSPACE "%s%s%s%s = %s\n", own ? "" : "[",
			own ? "" : row->section, own ? "" : "]\n", row->key,
			row->given);
		char *line = mem_printf(
			"\n%s =%s%s\n", row->key, *dumped ? " " : "", dumped);
		struct config *config = must_read(text);
		struct buf dump;

		buf_init(&dump, 1 << 20);
		config_dump(config, &dump);
		const char *section = strstr(buf_text(&dump), row->section);
		if (!section || !strstr(section, line))
			fail_msg("%s%s is not in\n%s", row->section, line,
				buf_text(&dump));
		buf_release(&dump);
		config_free(config);
		free(text);
		free(line);
	}
}

static const struct value_row bad_values[] = {
	{ "agent", "archive_dir", "", NULL },
	{ "agent", "state", "mysql://x", NULL },
	{ "agent", "log_level", "loud", NULL },
	{ "agent", "log_format", "", NULL },
	{ "agent", "include", "not-there.ini", NULL },
	{ "agent", "events_keep", "30", NULL },
	{ "agent", "events_keep", "1s", NULL },
	{ "receiver", "listen", "8787", NULL },
	{ "receiver", "listen", "localhost:8787", NULL },
	{ "receiver", "listen", "127.0.0.1:65536", NULL },
	{ "receiver", "listen", "127.0.0.256:1", NULL },
	{ "receiver", "listen", "127.0.0.1.:1", NULL },
	{ "receiver", "listen", "::1:8787", NULL },
	{ "receiver", "listen", "unix:x", NULL },
	{ "receiver", "tls_cert", "/c", NULL },
	{ "receiver", "tls_key", "/k", NULL },
	{ "receiver", "max_body", "0", NULL },
	{ "receiver", "max_body", "-1", NULL },
	{ "receiver", "max_body", "99999999999999999999", NULL },
	{ "receiver", "max_image", "1X", NULL },
	{ "admin", "listen", "0.0.0.0:80", NULL },
	{ "admin", "password", "env:NONE", NULL },
	{ "admin", "password", "env:EMPTY", NULL },
	{ "admin", "password", "env:LINES", NULL },
	{ "transfer", "threads", "0", NULL },
	{ "transfer", "threads", "-1", NULL },
	{ "transfer", "concurrency", "9999999999999999999999", NULL },
	{ "transfer", "per_host", "6x", NULL },
	{ "transfer", "segments", "", NULL },
	{ "transfer", "segment_min", "64 MB", NULL },
	{ "transfer", "bandwidth", "fast", NULL },
	{ "transfer", "bandwidth", "0", NULL },
	{ "transfer", "bandwidth", "24:00,1M", NULL },
	{ "transfer", "bandwidth", "8:00,1M", NULL },
	{ "transfer", "bandwidth", "08:00,1M 08:00,2M", NULL },
	{ "transfer", "bandwidth", "08:00,1M, 09:00,2M", NULL },
	{ "transfer", "low_speed", "1K", NULL },
	{ "transfer", "low_speed", "0/30s", NULL },
	{ "transfer", "connect_timeout", "1x", NULL },
	{ "transfer", "retry_min", "2w", NULL },
	{ "transfer", "retry_max", "9223372036854775807w", NULL },
	{ "transfer", "retry_for", "0s", NULL },
	{ "transfer", "min_free", "101%", NULL },
	{ "transfer", "min_free", "-5%", NULL },
	{ "transfer", "min_free", "5 %", NULL },
	{ "transfer", "min_free", ".5%", NULL },
	{ "transfer", "min_free", "5%%", NULL },
	{ "transfer", "user_agent", "vodkéép", NULL },
	{ "workspace p", "api_url", "api.example.com", NULL },
	{ "workspace p", "api_url", "http://api.example.com", NULL },
	{ "workspace p", "api_url", "https://u:p@h", NULL },
	{ "workspace p", "api_url", "https://h/?q", NULL },
	{ "workspace p", "api_url", "", NULL },
	{ "workspace p", "stream_url", "ftp://h", NULL },
	{ "workspace p", "image_url", "https://", NULL },
	{ "workspace p", "media_hosts", "https://h", NULL },
	{ "workspace p", "media_hosts", "a,,b", NULL },
	{ "workspace p", "media_hosts", "h:80", NULL },
	{ "workspace p", "media_hosts", "a..b", NULL },
	{ "workspace p", "allow_private", "maybe", NULL },
	{ "workspace p", "proxy", "proxy:3128", NULL },
	{ "workspace p", "request_mp4", "2", NULL },
	{ "workspace p", "request_mp4_wait", "soon", NULL },
	{ "workspace p", "signing_key_id", "k", NULL },
	{ "workspace p", "signing_key", "k", NULL },
	{ "workspace p", "reconcile", "never", NULL },
	{ "workspace p", "backfill", "since:2026-13-01", NULL },
	{ "workspace p", "backfill", "some", NULL },
	{ "workspace p", "scrub", "2%", NULL },
	{ "workspace p", "scrub", "101%/day", NULL },
	{ "workspace p", "scrub", "0%/day", NULL },
	{ "workspace p", "max_delete", "20, 1%, 3", NULL },
	{ "workspace p", "max_delete", "-1", NULL },
	{ "workspace p", "max_delete", "1%, 200%", NULL },
	{ "workspace p", "max_delete", "99999999999", NULL },
	{ "workspace p", "trash_days", "forever", NULL },
	{ "workspace p", "delete_remote", "yep", NULL },
	{ "rule r", "workspace", "nowhere", NULL },
	{ "rule r", "type", "clips", NULL },
	{ "rule r", "title", "a,", NULL },
	{ "rule r", "metadata.x", ",", NULL },
	{ "rule r", "min_duration", "5", NULL },
	{ "rule r", "max_duration", "-5s", NULL },
	{ "rule r", "action", "delete", NULL },
	{ "rule r", "fetch", "", NULL },
	{ "rule r", "fetch", "video, video", NULL },
	{ "rule r", "fetch", "vidio", NULL },
	{ "rule r", "video", "mp4, hls, mp4", NULL },
	{ "rule r", "video", "avi", NULL },
	{ "rule r", "hls_as", "ts", NULL },
	{ "rule r", "max_resolution", "1080", NULL },
	{ "rule r", "max_resolution", "0p", NULL },
	{ "rule r", "path", "/abs", NULL },
	{ "rule r", "path", "{nothing}", NULL },
	{ "rule r", "path", "", NULL },
	{ "rule r", "on_update", "copy", NULL },
	{ "rule r", "on_delete", "never", NULL },
	{ "rule r", "on_expire", "archive", NULL },
	{ "rule r", "keep", "0s", NULL },
	{ "rule r", "priority", "high", NULL },
	{ "rule r", "bandwidth", "", NULL },
	{ "rule r", "after", "relative", NULL },
	{ "rule r", "after_timeout", "1ms", NULL },
	{ "rule r", "notify", "https://h/x", NULL },
};

static void refuses_bad_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_values); i++) {
		const struct value_row *row = &bad_values[i];
		bool own = strcmp(row->section, "workspace p") == 0;
		char *text = mem_printf(WORKSPACE "%s%s%s%s = %s\n", own ? "" : "[",
			own ? ";" : row->section, own ? "\n" : "]\n", row->key,
			row->given);
		char *begin =
			mem_printf(MAIN_INI ":7: [%s] %s: ", row->section, row->key);
		struct config *config = NULL;
		struct config_notes notes;
		size_t found = 0;

		assert_int_equal(world_text(text, &config, &notes), -(int)ERR_INPUT);
		assert_null(config);
		for (size_t k = 0; k < notes.count; k++)
			if (!notes.notes[k].warning &&
				strncmp(notes.notes[k].text, begin, strlen(begin)) ==
					0 &&
				strstr(notes.notes[k].text, "; expected "))
				found++;
		if (found != 1 || notes.errors != 1)
			fail_msg("%s%s: %zu findings, first %s", begin, row->given,
				notes.errors, notes.notes[0].text);
		config_notes_release(&notes);
		free(text);
		free(begin);
	}
}

/* A key that is in no row above would be tested by nobody. */
static void knows_a_value_of_every_key(void **state)
{
	static const char *const required[] = { "platform", "api_id", "api_secret",
		"webhook_secret", "tls_cert", "tls_key", "signing_key",
		"signing_key_id", "notify", "notify_secret" };

	(void)state;
	for (size_t i = 0; i < config_n_options; i++) {
		const char *key = config_options[i].key;
		bool found = false;
		for (size_t k = 0; k < ARRAY_LEN(good_values); k++)
			found = found ||
				strncmp(good_values[k].key, key, strlen(key)) == 0;
		for (size_t k = 0; k < ARRAY_LEN(required); k++)
			found = found || strcmp(required[k], key) == 0;
		if (!found)
			fail_msg("no row for %s", key);
		assert_non_null(config_options[i].help);
	}
}

/* ---- the whole --------------------------------------------------------------- */

static void finds_all_errors_at_once(void **state)
{
	(void)state;
	MUST_FIND("loose = 1\n"
		  "[agent\n"
		  "not = judged\n"
		  "[agent]\n"
		  "archive_dir = /a\n"
		  "  archive_dir = /b\n"
		  "[recever]\n"
		  "a = b\n"
		  "[transfer] x\n"
		  "[transfer]\n"
		  "thread = 3\n"
		  "tls_key = x\n"
		  "zzzzzzzz = x\n"
		  "novalue\n"
		  "[workspace p]\n"
		  "platform = fastpix\n"
		  "api_id = …\n"
		  "api_secret = env:NONE\n"
		  "[workspace]\n"
		  "[workspace p p]\n"
		  "[workspace p]\n"
		  "[rule r]\n"
		  "workspace = nowhere\n"
		  "[nothing like it]\n",
		MAIN_INI ":1: loose stands before any section",
		MAIN_INI ":2: a section's name is not closed",
		MAIN_INI ":6: [agent] archive_dir: is set twice, first at " MAIN_INI
			 ":5;",
		MAIN_INI ":7: [recever]: no such section; did you mean [receiver]?",
		MAIN_INI ":9: text follows the section's name",
		MAIN_INI ":11: [transfer] thread: no such key; did you mean threads?",
		MAIN_INI
		":12: [transfer] tls_key: no such key here; expected it in [rec",
		MAIN_INI ":13: [transfer] zzzzzzzz: no such key; expected one of",
		MAIN_INI ":14: [transfer]: the line has no '='",
		MAIN_INI ":15: [workspace p] webhook_secret: is missing; expected",
		MAIN_INI ":17: [workspace p] api_id: is not filled in yet; expected",
		MAIN_INI ":18: [workspace p] api_secret: NONE is not set",
		MAIN_INI
		":19: [workspace]: no such section; did you mean [workspace NAME]",
		MAIN_INI ":20: [workspace p p]: \"p p\" is not a name",
		MAIN_INI ":21: [workspace p]: this section has begun at " MAIN_INI
			 ":15",
		MAIN_INI ":23: [rule r] workspace: there is no [workspace nowhere]",
		MAIN_INI ":24: [nothing like it]: no such section; expected agent");
}

static void wants_a_workspace_and_a_file(void **state)
{
	static const struct world_file nothing[] = { { 0 } };
	static const char *const missing[] = { MAIN_INI
		": cannot be read: cannot open " };

	(void)state;
	MUST_FIND("", MAIN_INI ": no workspace is configured");
	must_find(nothing, missing, 1);
	MUST_FIND("[workspace x]\n",
		MAIN_INI
		":1: [workspace x] platform: is missing; expected fastpix or opt",
		MAIN_INI ":1: [workspace x] api_secret: is missing",
		MAIN_INI ":1: [workspace x] webhook_secret: is missing");
	MUST_FIND(
		"[workspace x]\nplatform = optiview\napi_secret =\nwebhook_secret=a\n",
		MAIN_INI ":3: [workspace x] api_secret: is empty",
		MAIN_INI ":4: [workspace x] webhook_secret: secret 1 is not base64");
}

static void warns_of_sloppy_secrets(void **state)
{
	(void)state;
	MUST_FIND("[workspace x]\nplatform=optiview\napi_secret=s\n"
		  "webhook_secret = dGVzdA==, dGVzdB==\n",
		MAIN_INI ":4: [workspace x] webhook_secret: secret 2 is sloppy base64");
}

static void warns_of_what_is_not_there_yet(void **state)
{
	(void)state;
	MUST_FIND(WORKSPACE "request_mp4_wait = 1m\n" /* line 6 */
			    "signing_key_id = k\n"
			    "signing_key = env:RSA_KEY\n"
			    "reconcile = 15m\n"
			    "backfill = all\n"
			    "scrub = 2%/day\n"
			    "delete_remote = yes\n"
			    "[agent]\nstate = postgresql://u:p@h/d\n"
			    "[transfer]\nthreads = 2\nsegments = 8\nbandwidth = 1M\n"
			    "[rule r]\nhls_as = package\non_update = version\n"
			    "keep = 90d\nbandwidth = 1M\n",
		MAIN_INI ":12: [workspace p] delete_remote: not available yet; ",
		MAIN_INI ":14: [agent] state: not available yet; ",
		MAIN_INI ":20: [rule r] hls_as: not available yet; ",
		MAIN_INI ":21: [rule r] on_update: not available yet; ",
		MAIN_INI ":22: [rule r] keep: not available yet; ");
	struct config_notes notes;
	struct config *config = NULL;
	world_text(WORKSPACE "request_mp4 = yes\nreconcile = off\nbackfill = none\n"
			     "scrub = off\nsigning_key =\n[transfer]\nthreads = 1\n"
			     "segments = 4\nbandwidth = off\n[rule r]\nhls_as = mp4\n"
			     "on_update = ignore\nkeep = forever\nafter =\n",
		&config, &notes);
	assert_int_equal(notes.count, 0);
	config_notes_release(&notes);
	config_free(config);
}

static void warns_of_what_looks_odd(void **state)
{
	(void)state;
	MUST_FIND("[workspace x]\nplatform=optiview\napi_secret=\"s\"\n"
		  "webhook_secret = dGVzdA==\nworkspace_id = 5\nca_file = /a #b\n",
		MAIN_INI ":3: [workspace x] api_secret: the quotation marks are part",
		MAIN_INI ":5: [workspace x] workspace_id: has no effect",
		MAIN_INI ":6: [workspace x] ca_file: \" #\" does not begin a comment");
}

#define OPTIVIEW                                               \
	"[workspace x]\nplatform = optiview\napi_secret = s\n" \
	"webhook_secret = dGVzdA==\n" /* line 5 follows */

static void judges_signing_keys(void **state)
{
	(void)state;
	MUST_FIND(WORKSPACE "signing_key_id = k\nsigning_key = pass-word\n", MAIN_INI
		":7: [workspace p] signing_key: it is neither a PEM private key "
		"nor base64 of one; expected the RSA private key that FastPix");
	MUST_FIND(WORKSPACE "signing_key_id = k\n",
		MAIN_INI ":6: [workspace p] signing_key_id: is set alone");
	MUST_FIND(WORKSPACE "signing_key = env:RSA_KEY\n",
		MAIN_INI ":6: [workspace p] signing_key: is set alone");
	MUST_FIND(OPTIVIEW "signing_key_id = k\n",
		MAIN_INI ":5: [workspace x] signing_key_id: is set alone");
	MUST_FIND(OPTIVIEW "signing_key_id = k\nsigning_key = too-short\n", MAIN_INI
		":6: [workspace x] signing_key: has 9 characters; expected the "
		"key of the media distribution, 32 to 4096");
	config_free(
		must_read(WORKSPACE "signing_key_id = k\nsigning_key = env:RSA_KEY\n"));
	config_free(must_read(OPTIVIEW
		"signing_key_id = k\nsigning_key = 0123456789abcdef0123456789abcdef\n"));
}

static void sees_contradictions(void **state)
{
	(void)state;
	MUST_FIND(WORKSPACE "[transfer]\nretry_min = 1h\nretry_max = 1s\n"
			    "[rule r]\nmin_duration = 5s\nmax_duration = 1s\n"
			    "[rule q]\nmin_duration = 5s\nmax_duration = soon\n",
		MAIN_INI ":8: [transfer] retry_max: retry_min is longer",
		MAIN_INI ":11: [rule r] max_duration: min_duration is longer",
		MAIN_INI ":14: [rule q] max_duration: \"soon\" is not a duration");
	config_free(must_read("[admin]\nlisten = 0.0.0.0:1\npassword = x\n" WORKSPACE
			      "allow_private = yes\napi_url = http://127.0.0.1:1/\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_in_defaults),
		cmocka_unit_test(takes_good_values),
		cmocka_unit_test(refuses_bad_values),
		cmocka_unit_test(knows_a_value_of_every_key),
		cmocka_unit_test(finds_all_errors_at_once),
		cmocka_unit_test(wants_a_workspace_and_a_file),
		cmocka_unit_test(warns_of_sloppy_secrets),
		cmocka_unit_test(warns_of_what_is_not_there_yet),
		cmocka_unit_test(warns_of_what_looks_odd),
		cmocka_unit_test(judges_signing_keys),
		cmocka_unit_test(sees_contradictions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
