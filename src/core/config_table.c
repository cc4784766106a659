/*
 * The option table: every key of the configuration, once. What a value means is written
 * here for people too; the sample file and vodkeep.ini(5) print it.
 *
 * The *_AT macros tie a kind of value to the C type of its member at compile time.
 */
#include "core/config_table.h"

#include <string.h>

#define MS     INT64_C(1)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define KIB    (INT64_C(1) << 10)
#define MIB    (INT64_C(1) << 20)
#define GIB    (INT64_C(1) << 30)
#define TIB    (INT64_C(1) << 40)

/* The offset of @member of struct @owner, which must have type @ctype. */
#define AT(owner, ctype, member)                                            \
	(offsetof(struct owner, member) +                                   \
		0 * sizeof(char[_Generic(                                   \
			    ((struct owner *)0)->member, ctype : 1, default \
			    : -1)]))

#define TEXT_AT(kind, owner, member) \
	.type = &type_##kind, .offset = AT(owner, char *, member)
#define RATE_AT(owner, member) \
	.type = &type_bandwidth, .offset = AT(owner, struct bandwidth *, member)
#define LIST_AT(kind, owner, member) \
	.type = &type_##kind, .offset = AT(owner, struct text_list, member)
#define INT_AT(owner, member)  .type = &type_int, .offset = AT(owner, int, member)
#define BOOL_AT(owner, member) .type = &type_bool, .offset = AT(owner, bool, member)
#define SIZE_AT(owner, member) .type = &type_size, .offset = AT(owner, int64_t, member)
#define DURATION_AT(owner, member) \
	.type = &type_duration, .offset = AT(owner, int64_t, member)
#define WORD_AT(owner, ctype, member) \
	.type = &type_word, .offset = AT(owner, ctype, member)

const struct section_info config_sections[SECTIONS] = {
	[SECTION_AGENT] = { "agent", false,
		"Where things are kept, and what is logged." },
	[SECTION_RECEIVER] = { "receiver", false,
		"Where the platforms deliver their webhooks. Put it behind a reverse proxy "
		"with a certificate, or give it one of its own." },
	[SECTION_ADMIN] = { "admin", false,
		"The socket that the commands talk to, the dashboard and the metrics." },
	[SECTION_TRANSFER] = { "transfer", false, "How downloads behave." },
	[SECTION_WORKSPACE] = { "workspace", true,
		"One section for each workspace (FastPix) or account (OptiView). NAME is "
		"letters, digits, - and _, at most 39; the platform delivers to "
		"/hooks/NAME." },
	[SECTION_RULE] = { "rule", true,
		"Rules are tried in the order of the file; the first that matches an asset "
		"decides what is kept of it and where. A rule matches when all its match "
		"keys do: workspace to max_duration. An asset that no rule matches is "
		"archived as by a rule with nothing but defaults." },
};

static const struct word log_level_words[] = {
	{ "error", LOG_LEVEL_ERROR },
	{ "warn", LOG_LEVEL_WARN },
	{ "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },
	{ NULL, 0 },
};
static const struct word log_format_words[] = {
	{ "text", LOG_FORMAT_TEXT },
	{ "json", LOG_FORMAT_JSON },
	{ "journal", LOG_FORMAT_JOURNAL },
	{ "auto", LOG_FORMAT_AUTO },
	{ NULL, 0 },
};
static const struct word platform_words[] = {
	{ "fastpix", PLATFORM_FASTPIX },
	{ "optiview", PLATFORM_OPTIVIEW },
	{ NULL, 0 },
};
static const struct word media_words[] = {
	{ "clip", 0 },
	{ "recording", 0 },
	{ "video", 0 },
	{ "audio", 0 },
	{ "live", 0 },
	{ NULL, 0 },
};
static const struct word action_words[] = {
	{ "archive", ACTION_ARCHIVE },
	{ "ignore", ACTION_IGNORE },
	{ NULL, 0 },
};
static const struct word fetch_words[] = {
	{ "video", FETCH_VIDEO },
	{ "thumbnail", FETCH_THUMBNAIL },
	{ "subtitles", FETCH_SUBTITLES },
	{ "metadata", FETCH_METADATA },
	{ "audio", FETCH_AUDIO },
	{ "all_thumbnails", FETCH_ALL_THUMBNAILS },
	{ NULL, 0 },
};
static const struct word video_words[] = {
	{ "mp4", VIDEO_MP4 },
	{ "hls", VIDEO_HLS },
	{ NULL, 0 },
};
static const struct word hls_words[] = {
	{ "mp4", HLS_AS_MP4 },
	{ "package", HLS_AS_PACKAGE },
	{ NULL, 0 },
};
static const struct word update_words[] = {
	{ "refresh", UPDATE_REFRESH },
	{ "version", UPDATE_VERSION },
	{ "ignore", UPDATE_IGNORE },
	{ NULL, 0 },
};
static const struct word delete_words[] = {
	{ "remove", DELETE_REMOVE },
	{ "trash", DELETE_TRASH },
	{ "keep", DELETE_KEEP },
	{ NULL, 0 },
};
static const struct word full_words[] = {
	{ "pause", FULL_PAUSE },
	{ "remove-oldest", FULL_REMOVE_OLDEST },
	{ NULL, 0 },
};
static const struct word off_words[] = { { "off", 0 }, { NULL, 0 } };
static const struct word forever_words[] = { { "forever", 0 }, { NULL, 0 } };

/* clang-format off */
const struct config_option config_options[] = {
	/* ---- agent ------------------------------------------------------------------- */
	{ SECTION_AGENT, "archive_dir", TEXT_AT(text, config, agent.archive_dir),
	  .dflt = "/var/lib/vodkeep/archive", .expects = "a directory",
	  .help = "The archive. Everything below it belongs to vodkeep." },
	{ SECTION_AGENT, "state", TEXT_AT(state, config, agent.state),
	  .dflt = "/var/lib/vodkeep/state.db",
	  .later_for = "postgresql://*", .later = "use the path of a SQLite file",
	  .help = "What vodkeep remembers: a SQLite file on a local filesystem, or "
		  "postgresql://… where several agents share one archive." },
	{ SECTION_AGENT, "log_level", WORD_AT(config, enum log_level, agent.log_level),
	  .dflt = "info", .words = log_level_words,
	  .help = "The least important kind of line that is still logged: error, warn, "
		  "info or debug." },
	{ SECTION_AGENT, "log_format", WORD_AT(config, enum log_format, agent.log_format),
	  .dflt = "auto", .words = log_format_words,
	  .help = "text, json (one object a line) or journal (systemd's fields). auto: "
		  "journal under systemd, else text." },
	{ SECTION_AGENT, "include", LIST_AT(text_list, config, agent.include),
	  .dflt = "", .flags = OPTION_REPEAT, .sample = "/etc/vodkeep/conf.d/*.ini",
	  .help = "More files, read after this one in the order of their names; globs are "
		  "allowed. A relative path begins at this file's directory. May be given "
		  "again. Included files include no others." },
	{ SECTION_AGENT, "events_keep", DURATION_AT(config, agent.events_keep_ms),
	  .dflt = "30d", .min = HOUR, .max = 3650 * DAY,
	  .help = "How long deliveries are kept as they came, for explain and replay." },
	{ SECTION_AGENT, "trash_max", SIZE_AT(config, agent.trash_max),
	  .dflt = "off", .min = 1 * MIB, .max = INT64_MAX, .words = off_words,
	  .help = "How large the trash may be: beyond it what was trashed first goes for "
		  "good before trash_days are over. off: any size." },

	/* ---- receiver ---------------------------------------------------------------- */
	{ SECTION_RECEIVER, "listen", LIST_AT(listen_list, config, receiver.listen),
	  .dflt = "127.0.0.1:8787", .flags = OPTION_REPEAT,
	  .help = "Where to take deliveries: ADDRESS:PORT, [ADDRESS]:PORT for IPv6, or "
		  "unix:/PATH. May be given again. Sockets that systemd passes take the "
		  "place of all of them." },
	{ SECTION_RECEIVER, "tls_cert", TEXT_AT(text, config, receiver.tls_cert),
	  .dflt = "", .expects = "the path of a PEM file",
	  .help = "Certificate chain, PEM. With tls_key: deliveries by https." },
	{ SECTION_RECEIVER, "tls_key", TEXT_AT(text, config, receiver.tls_key),
	  .dflt = "", .expects = "the path of a PEM file",
	  .help = "Private key of the certificate, PEM." },
	{ SECTION_RECEIVER, "max_body", SIZE_AT(config, receiver.max_body),
	  .dflt = "1M", .min = 256, .max = 64 * MIB,
	  .help = "The largest delivery that is read." },
	{ SECTION_RECEIVER, "max_image", SIZE_AT(config, receiver.max_image),
	  .dflt = "16M", .min = 1 * KIB, .max = 256 * MIB,
	  .help = "The largest thumbnail that OptiView may deliver." },

	/* ---- admin ------------------------------------------------------------------- */
	{ SECTION_ADMIN, "socket", TEXT_AT(text, config, admin.socket),
	  .dflt = "/run/vodkeep/admin.sock", .expects = "the path of a socket",
	  .help = "The socket of vodkeep's own commands, mode 0660: who may open it may "
		  "do everything." },
	{ SECTION_ADMIN, "listen", TEXT_AT(listen, config, admin.listen),
	  .dflt = "127.0.0.1:8788", .flags = OPTION_EMPTY,
	  .help = "Dashboard, metrics and health by HTTP. Empty: off. An address that is "
		  "not loopback needs a password." },
	{ SECTION_ADMIN, "password", TEXT_AT(secret, config, admin.password),
	  .dflt = "",
	  .help = "Password of the dashboard. Programs send it by HTTP Basic, with any "
		  "user name." },

	/* ---- transfer ---------------------------------------------------------------- */
	{ SECTION_TRANSFER, "threads", INT_AT(config, transfer.threads),
	  .dflt = "1", .min = 1, .max = 64,
	  .help = "Threads that download." },
	{ SECTION_TRANSFER, "concurrency", INT_AT(config, transfer.concurrency),
	  .dflt = "8", .min = 1, .max = 256,
	  .help = "Files downloaded at once; shared fairly by the workspaces." },
	{ SECTION_TRANSFER, "per_host", INT_AT(config, transfer.per_host),
	  .dflt = "6", .min = 1, .max = 64,
	  .help = "Connections to one host at once, and files downloaded from it." },
	{ SECTION_TRANSFER, "segments", INT_AT(config, transfer.segments),
	  .dflt = "4", .min = 1, .max = 32,
	  .help = "Ranges of one large file downloaded at once. 1: never more." },
	{ SECTION_TRANSFER, "segment_min", SIZE_AT(config, transfer.segment_min),
	  .dflt = "64M", .min = 1 * MIB, .max = 1 * TIB,
	  .help = "A file is large when a range of it would be at least this long." },
	{ SECTION_TRANSFER, "bandwidth", RATE_AT(config, transfer.bandwidth),
	  .dflt = "off",
	  .help = "Bytes a second for all downloads together: off, 10M, or a timetable of "
		  "local times such as 08:00,2M 18:00,20M 23:00,off. A new value is in "
		  "force at once when the configuration is reloaded." },
	{ SECTION_TRANSFER, "low_speed", .type = &type_low_speed, .dflt = "1K/30s",
	  .help = "A download slower than this for so long is cut off and tried again." },
	{ SECTION_TRANSFER, "connect_timeout",
	  DURATION_AT(config, transfer.connect_timeout_ms),
	  .dflt = "15s", .min = 100 * MS, .max = 10 * MINUTE,
	  .help = "How long making a connection may take." },
	{ SECTION_TRANSFER, "retry_min", DURATION_AT(config, transfer.retry_min_ms),
	  .dflt = "1s", .min = 1 * MS, .max = 1 * HOUR,
	  .help = "The first pause before trying again. Each further one may be twice as "
		  "long; the pause really taken is a random part of it." },
	{ SECTION_TRANSFER, "retry_max", DURATION_AT(config, transfer.retry_max_ms),
	  .dflt = "1h", .min = 1 * MS, .max = 7 * DAY,
	  .help = "The longest such pause." },
	{ SECTION_TRANSFER, "retry_for", DURATION_AT(config, transfer.retry_for_ms),
	  .dflt = "7d", .min = 1 * MS, .max = 365 * DAY,
	  .help = "After trying for so long an asset has failed." },
	{ SECTION_TRANSFER, "min_free", .type = &type_amount,
	  .offset = AT(config, struct amount, transfer.min_free), .dflt = "5%",
	  .help = "Space that stays free on the archive's filesystem, as a share of it or "
		  "as a size. With less, downloads pause." },
	{ SECTION_TRANSFER, "user_agent",
	  TEXT_AT(user_agent, config, transfer.user_agent),
	  .dflt = "vodkeep/VERSION",
	  .help = "What vodkeep calls itself; VERSION stands for its version." },

	/* ---- workspace --------------------------------------------------------------- */
	{ SECTION_WORKSPACE, "platform",
	  WORD_AT(workspace_config, enum platform_kind, platform),
	  .words = platform_words, .flags = OPTION_REQUIRED, .sample = "fastpix",
	  .help = "fastpix or optiview." },
	{ SECTION_WORKSPACE, "workspace_id", TEXT_AT(text, workspace_config, workspace_id),
	  .dflt = "", .flags = OPTION_FASTPIX,
	  .help = "FastPix: the workspace's own id. Events of other workspaces are then "
		  "recorded, and not acted on." },
	{ SECTION_WORKSPACE, "api_id", TEXT_AT(secret, workspace_config, api_id),
	  .flags = OPTION_REQUIRED_FASTPIX | OPTION_FASTPIX, .sample = "",
	  .expects = "the id of the FastPix access token",
	  .help = "FastPix: the id of the access token." },
	{ SECTION_WORKSPACE, "api_secret", TEXT_AT(secret, workspace_config, api_secret),
	  .flags = OPTION_REQUIRED, .sample = "file:/etc/vodkeep/NAME.secret",
	  .expects = "the platform's API secret, or env:NAME, file:PATH, credential:NAME",
	  .help = "The secret key of the FastPix access token, or OptiView's API secret." },
	{ SECTION_WORKSPACE, "webhook_secret",
	  LIST_AT(secret_list, workspace_config, webhook_secrets),
	  .flags = OPTION_REQUIRED, .sample = "",
	  .expects = "the signing secret that the platform shows for the webhook, or "
		     "env:NAME, file:PATH, credential:NAME",
	  .help = "The signing secret that the platform shows for the webhook. While one "
		  "replaces another give both, with a comma between: each is accepted." },
	{ SECTION_WORKSPACE, "api_url", TEXT_AT(url, workspace_config, api_url),
	  .dflt = "https://api.millicast.com", .dflt_fastpix = "https://api.fastpix.com/v1",
	  .help = "Where the platform's API is." },
	{ SECTION_WORKSPACE, "stream_url", TEXT_AT(url, workspace_config, stream_url),
	  .dflt = "", .dflt_fastpix = "https://stream.fastpix.com", .flags = OPTION_FASTPIX,
	  .help = "FastPix: where videos are." },
	{ SECTION_WORKSPACE, "image_url", TEXT_AT(url, workspace_config, image_url),
	  .dflt = "", .dflt_fastpix = "https://images.fastpix.com", .flags = OPTION_FASTPIX,
	  .help = "FastPix: where thumbnails are." },
	{ SECTION_WORKSPACE, "media_hosts", LIST_AT(hosts, workspace_config, media_hosts),
	  .dflt = "", .dflt_fastpix = "*.fastpix.com, *.fastpix.io",
	  .help = "Hosts that media may come from, names or globs. Empty, OptiView's "
		  "default: any public host." },
	{ SECTION_WORKSPACE, "allow_private", BOOL_AT(workspace_config, allow_private),
	  .dflt = "no",
	  .help = "yes: also private and loopback addresses, and http://. For tests and "
		  "platforms on premises." },
	{ SECTION_WORKSPACE, "ca_file", TEXT_AT(text, workspace_config, ca_file),
	  .dflt = "", .expects = "the path of a PEM file",
	  .help = "PEM file of certificate authorities to trust besides the system's. Read "
		  "again when it has changed." },
	{ SECTION_WORKSPACE, "proxy", TEXT_AT(proxy, workspace_config, proxy),
	  .dflt = "",
	  .help = "Proxy for this workspace: http://, https:// or socks5h://HOST:PORT. It "
		  "looks up the names; nothing goes around it, whatever the environment "
		  "says." },
	{ SECTION_WORKSPACE, "request_mp4", BOOL_AT(workspace_config, request_mp4),
	  .dflt = "no", .flags = OPTION_FASTPIX,
	  .help = "FastPix: ask the platform, once, to make the MP4 rendition where an "
		  "asset has none. It needs an access token that may write; the platform "
		  "may charge for it." },
	{ SECTION_WORKSPACE, "request_mp4_wait",
	  DURATION_AT(workspace_config, request_mp4_wait_ms),
	  .dflt = "30m", .min = 1 * SECOND, .max = 7 * DAY, .flags = OPTION_FASTPIX,
	  .help = "How long to wait for that MP4, and for one that is being made anyway. After "
		  "that HLS is archived; an MP4 that comes later still replaces it." },
	{ SECTION_WORKSPACE, "signing_key_id",
	  TEXT_AT(text, workspace_config, signing_key_id),
	  .dflt = "",
	  .help = "Private media: the id of the key that signs playback tokens. FastPix: of "
		  "the signing key; OptiView: of the media distribution's key." },
	{ SECTION_WORKSPACE, "signing_key", TEXT_AT(secret, workspace_config, signing_key),
	  .dflt = "",
	  .help = "Private media: the key itself. FastPix: the RSA private key, PEM or "
		  "base64 of it in one line. OptiView: the text of the media "
		  "distribution's key, 32 to 4096 characters." },
	{ SECTION_WORKSPACE, "reconcile", DURATION_AT(workspace_config, reconcile_ms),
	  .dflt = "15m", .min = 1 * SECOND, .max = 30 * DAY, .words = off_words,
	  .help = "How often the platform's list is compared with the archive, which finds "
		  "what no delivery told; also at start. off: only by command." },
	{ SECTION_WORKSPACE, "backfill", .type = &type_backfill, .dflt = "all",
	  .help = "Whether media that was there before vodkeep is archived: all, none, or "
		  "what was made since:DATE." },
	{ SECTION_WORKSPACE, "scrub", .type = &type_scrub,
	  .offset = AT(workspace_config, double, scrub_percent_day), .dflt = "2%/day",
	  .help = "How much of the archive is read again each day to find damage; off." },
	{ SECTION_WORKSPACE, "max_delete", .type = &type_max_delete, .dflt = "20, 1%",
	  .help = "Deletions in an hour that happen by themselves: a count and a share of "
		  "the workspace's archive, the larger counts. More wait for a person." },
	{ SECTION_WORKSPACE, "trash_days", INT_AT(workspace_config, trash_days),
	  .dflt = "7", .min = 0, .max = 3650,
	  .help = "Days that trashed files are kept. The trash is one for all workspaces: "
		  "the longest counts; and a platform's clock has to agree with this "
		  "machine's." },
	{ SECTION_WORKSPACE, "delete_remote", BOOL_AT(workspace_config, delete_remote),
	  .dflt = "no",
	  .help = "yes: remove media from the platform once it is archived and its files "
		  "have been read again. From then on the copy here is the only one." },
	{ SECTION_WORKSPACE, "bandwidth", RATE_AT(workspace_config, bandwidth),
	  .dflt = "off",
	  .help = "As in [transfer], for this workspace's downloads; the limit there "
		  "holds too." },

	/* ---- rule: what it matches --------------------------------------------------- */
	{ SECTION_RULE, "workspace", LIST_AT(globs, rule, workspaces), .dflt = "*",
	  .help = "Workspaces, names or globs with commas between." },
	{ SECTION_RULE, "type", LIST_AT(media_types, rule, types), .dflt = "",
	  .words = media_words,
	  .help = "Types of media: clip, recording, video, audio, live. Empty: any." },
	{ SECTION_RULE, "title", LIST_AT(globs, rule, titles), .dflt = "",
	  .flags = OPTION_FREE_TEXT,
	  .help = "Globs on the title: *, ?, [set]; upper and lower case are the same. "
		  "Empty: any." },
	{ SECTION_RULE, "stream", LIST_AT(globs, rule, streams), .dflt = "",
	  .flags = OPTION_FREE_TEXT, .help = "Globs on the stream's name or id." },
	{ SECTION_RULE, "channel", LIST_AT(globs, rule, channels), .dflt = "",
	  .flags = OPTION_FREE_TEXT, .help = "Globs on the channel's id." },
	{ SECTION_RULE, "creator", LIST_AT(globs, rule, creators), .dflt = "",
	  .flags = OPTION_FREE_TEXT, .help = "Globs on the creator's id." },
	{ SECTION_RULE, "metadata", .type = &type_metadata,
	  .flags = OPTION_PREFIX | OPTION_FREE_TEXT,
	  .help = "metadata.KEY: globs on a value of your own metadata, such as "
		  "metadata.team = sports." },
	{ SECTION_RULE, "min_duration", DURATION_AT(rule, min_duration_ms), .dflt = "",
	  .min = 0, .max = 365 * DAY,
	  .help = "The shortest media the rule matches. Empty: any, also unknown." },
	{ SECTION_RULE, "max_duration", DURATION_AT(rule, max_duration_ms), .dflt = "",
	  .min = 0, .max = 365 * DAY, .help = "The longest media the rule matches." },

	/* ---- rule: what it does ------------------------------------------------------ */
	{ SECTION_RULE, "action", WORD_AT(rule, enum rule_action, action),
	  .dflt = "archive", .words = action_words, .help = "archive or ignore." },
	{ SECTION_RULE, "fetch", .type = &type_flags, .offset = AT(rule, unsigned, fetch),
	  .dflt = "video, thumbnail, subtitles, metadata", .words = fetch_words,
	  .help = "What is kept: video, thumbnail, subtitles, metadata (the sidecar), "
		  "audio, all_thumbnails (also those of streams that OptiView delivers)." },
	{ SECTION_RULE, "video", .type = &type_video, .dflt = "mp4, hls",
	  .words = video_words,
	  .help = "Forms of the video in order of preference; the first to be had. An MP4 "
		  "that comes later replaces HLS where it is preferred." },
	{ SECTION_RULE, "hls_as", WORD_AT(rule, enum hls_as, hls_as),
	  .dflt = "mp4", .words = hls_words,
	  .help = "What HLS becomes: mp4 (by ffmpeg, without encoding again; a package "
		  "where that fails) or package (a folder with index.m3u8)." },
	{ SECTION_RULE, "max_resolution", .type = &type_resolution,
	  .offset = AT(rule, int, max_height), .dflt = "1080p",
	  .help = "The best rendition to take, such as 720p, 1080p, 2160p; or unlimited. "
		  "Where a larger one is all there is, it is taken." },
	{ SECTION_RULE, "path", TEXT_AT(template, rule, path),
	  .dflt = "{workspace}/{created:%Y}/{created:%m}/{title|stream|id}-{id}",
	  .help = "Where it goes in the archive, without the suffix." },
	{ SECTION_RULE, "on_update", WORD_AT(rule, enum on_update, on_update),
	  .dflt = "refresh", .words = update_words,
	  .help = "When the media changes: refresh (follow), version (keep the old video "
		  "as well, as NAME.v1.mp4 and so on) or ignore." },
	{ SECTION_RULE, "on_delete", WORD_AT(rule, enum on_delete, on_delete),
	  .dflt = "remove", .words = delete_words,
	  .help = "When the media is deleted at the platform: remove, trash or keep." },
	{ SECTION_RULE, "on_expire", WORD_AT(rule, enum on_delete, on_expire),
	  .dflt = "keep", .words = delete_words,
	  .help = "The same, when the platform's own expiry deleted it." },
	{ SECTION_RULE, "keep", DURATION_AT(rule, keep_ms), .dflt = "forever",
	  .min = 1 * MINUTE, .max = 36500 * DAY, .words = forever_words,
	  .help = "How long the local copy is kept: forever, or a duration such as 90d, "
		  "counted from when it was archived. Then it is removed, or trashed where "
		  "on_delete says trash, and stays away until fetch." },
	{ SECTION_RULE, "when_full", WORD_AT(rule, enum when_full, when_full),
	  .dflt = "pause", .words = full_words,
	  .help = "What happens while less than min_free is free: downloads pause, or "
		  "remove-oldest: also the oldest copies of this rule go, one after the "
		  "other, until there is room. Nothing held or archived within the last "
		  "day is touched." },
	{ SECTION_RULE, "priority", INT_AT(rule, priority),
	  .dflt = "0", .min = -1000, .max = 1000,
	  .help = "Higher goes first where no near deadline decides (within three days)." },
	{ SECTION_RULE, "bandwidth", RATE_AT(rule, bandwidth), .dflt = "off",
	  .help = "As in [transfer], for what this rule archives; the limits there and of "
		  "the workspace hold too." },
	{ SECTION_RULE, "after", TEXT_AT(text, rule, after),
	  .dflt = "", .expects = "the absolute path of a program",
	  .help = "A program to run when an asset is archived, with VODKEEP_* in its "
		  "environment and the sidecar on standard input." },
	{ SECTION_RULE, "after_timeout", DURATION_AT(rule, after_timeout_ms),
	  .dflt = "1h", .min = 100, .max = 7 * DAY,
	  .help = "How long that program may run; then it is ended." },
	{ SECTION_RULE, "notify", TEXT_AT(endpoint, rule, notify), .dflt = "",
	  .help = "URL that is told of what was archived, removed or has failed, by a "
		  "signed POST (Standard Webhooks)." },
	{ SECTION_RULE, "notify_secret", TEXT_AT(secret, rule, notify_secret), .dflt = "",
	  .help = "The secret these are signed with." },
};
/* clang-format on */

const size_t config_n_options = sizeof(config_options) / sizeof(config_options[0]);

const struct config_option *option_find(enum section_kind section, const char *key)
{
	for (size_t i = 0; i < config_n_options; i++) {
		const struct config_option *option = &config_options[i];
		size_t n = strlen(option->key);

		if (option->section != section || strncmp(option->key, key, n) != 0)
			continue;
		if (option->flags & OPTION_PREFIX ? key[n] == '.' && key[n + 1]
						  : !key[n])
			return option;
	}
	return NULL;
}

const char *option_default(
	const struct config_option *option, enum platform_kind platform)
{
	return platform == PLATFORM_FASTPIX && option->dflt_fastpix
		       ? option->dflt_fastpix
		       : option->dflt;
}
