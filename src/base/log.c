/*
 * The log. A line is built whole in a fixed buffer and leaves in one write(2), or as
 * one datagram to the journal, so lines of several threads never mix. Values are
 * escaped on the way in: no line break, terminal sequence or direction override gets
 * through, and what comes out is valid UTF-8.
 *
 * Stands on libc alone. Settings are atomics: log_configure() may run while others log.
 * It must not allocate, and a sink that fails is not an error of the caller.
 */
#include <config.h>

#include "base/log.h"

#include "base/utf8.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048
#define TAIL_RESERVED  16  /* room for the ellipsis and what closes a line */
#define VALUE_MAX      200 /* of a workspace, asset or request, escaped */

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* clang-format off */
static const struct {
	const char *name;
	int priority; /* of syslog(3) */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", 3 },
	[LOG_LEVEL_WARN]  = { "warn",  4 },
	[LOG_LEVEL_INFO]  = { "info",  6 },
	[LOG_LEVEL_DEBUG] = { "debug", 7 },
};
/* clang-format on */

static atomic_int max_level = LOG_LEVEL_INFO;
static atomic_int sink_format = LOG_FORMAT_TEXT;
static atomic_int journal_fd = -1;

/* Whether standard error is the stream systemd gave us ("device:inode"). */
static bool stderr_is_journal(void)
{
	const char *stream =
		getenv("JOURNAL_STREAM"); /* NOLINT(concurrency-mt-unsafe) */
	uintmax_t device;
	uintmax_t inode;
	struct stat st;

	if (!stream || sscanf(stream, "%ju:%ju", &device, &inode) != 2)
		return false;
	return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device &&
	       st.st_ino == inode;
}

/* Connect to the journal once; without it lines go to standard error with a prefix. */
static void open_journal(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX,
		.sun_path = JOURNAL_SOCKET };

	if (atomic_load(&journal_fd) >= 0)
		return;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	int none = -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) ||
		!atomic_compare_exchange_strong(&journal_fd, &none, fd))
		close(fd);
}

void log_configure(enum log_level level, enum log_format format)
{
	if (format == LOG_FORMAT_AUTO)
		format = stderr_is_journal() ? LOG_FORMAT_JOURNAL : LOG_FORMAT_TEXT;
	if (format == LOG_FORMAT_JOURNAL)
		open_journal();
	atomic_store(&max_level, (int)level);
	atomic_store(&sink_format, (int)format);
}

bool log_enabled(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&max_level, memory_order_relaxed);
}

struct line {
	size_t len;
	bool cut; /* something did not fit */
	bool json;
	char data[LINE_MAX_BYTES];
};

static void put(struct line *line, const char *text)
{
	size_t len = strlen(text);
	if (len > sizeof(line->data) - line->len)
		len = sizeof(line->data) - line->len;
	memcpy(line->data + line->len, text, len);
	line->len += len;
}

static bool is_unprintable(uint32_t code)
{
	return code < 0x20 || (code >= 0x7F && code <= 0x9F) ||
	       (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

/* How the character at @text is shown; returns how many bytes of @text that covers. */
static size_t escape(const char *text, size_t len, bool json, char shown[8])
{
	uint32_t code = 0;
	size_t n = utf8_sequence(text, len, &code);

	if (n == 0) {
		memcpy(shown, UTF8_REPLACEMENT, sizeof(UTF8_REPLACEMENT));
		return 1;
	}
	if (code == '\n' || code == '\t' || code == '\r') {
		snprintf(shown, 8, "\\%c",
			code == '\n'   ? 'n'
			: code == '\t' ? 't'
				       : 'r');
	} else if (json && (code == '"' || code == '\\')) {
		snprintf(shown, 8, "\\%c", (char)code);
	} else if (is_unprintable(code)) {
		snprintf(shown, 8, "\\u%04x", (unsigned)code & 0xFFFF);
	} else {
		memcpy(shown, text, n);
		shown[n] = '\0';
	}
	return n;
}

/* Append @text escaped, at most @max bytes of it and never into the reserved tail. */
static void put_escaped(struct line *line, const char *text, size_t max)
{
	size_t left = strlen(text);
	size_t limit = sizeof(line->data) - TAIL_RESERVED;
	char shown[8];

	if (limit > line->len + max)
		limit = line->len + max;
	while (left > 0) {
		size_t n = escape(text, left, line->json, shown);
		if (line->len + strlen(shown) > limit) {
			line->cut = true;
			return;
		}
		put(line, shown);
		text += n;
		left -= n;
	}
}

static void put_time(struct line *line)
{
	struct timespec now;
	struct tm tm;
	char text[64];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	size_t n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, sizeof(text) - n, ".%03dZ", (int)(now.tv_nsec / 1000000));
	put(line, text);
}

/* "[workspace/asset #request] ", as far as they are known. */
static void put_about(struct line *line, const struct log_about *about)
{
	const char *before = "[";
	if (about->workspace || about->asset) {
		put(line, "[");
		put_escaped(line, about->workspace ? about->workspace : "-", VALUE_MAX);
		if (about->asset) {
			put(line, "/");
			put_escaped(line, about->asset, VALUE_MAX);
		}
		before = " ";
	}
	if (about->request) {
		put(line, before);
		put(line, "#");
		put_escaped(line, about->request, VALUE_MAX);
		before = " ";
	}
	if (*before == ' ')
		put(line, "] ");
}

static void put_message(struct line *line, const char *message)
{
	put_escaped(line, message, LINE_MAX_BYTES);
	if (line->cut)
		put(line, "…");
}

static void send_to_stderr(const struct line *line)
{
	ssize_t n;
	do
		n = write(STDERR_FILENO, line->data, line->len);
	while (n < 0 && errno == EINTR);
}

static void write_text(
	enum log_level level, const struct log_about *about, const char *message)
{
	struct line line = { .len = 0 };
	char label[16];

	put_time(&line);
	snprintf(label, sizeof(label), " %-5s ", levels[level].name);
	put(&line, label);
	put_about(&line, about);
	put_message(&line, message);
	put(&line, "\n");
	send_to_stderr(&line);
}

static void put_json_field(struct line *line, const char *name, const char *value)
{
	if (!value)
		return;
	put(line, "\",\"");
	put(line, name);
	put(line, "\":\"");
	put_escaped(line, value, VALUE_MAX);
}

static void write_json(
	enum log_level level, const struct log_about *about, const char *message)
{
	struct line line = { .json = true };

	put(&line, "{\"time\":\"");
	put_time(&line);
	put_json_field(&line, "level", levels[level].name);
	put_json_field(&line, "workspace", about->workspace);
	put_json_field(&line, "asset", about->asset);
	put_json_field(&line, "request", about->request);
	line.cut = false;
	put(&line, "\",\"message\":\"");
	put_message(&line, message);
	put(&line, "\"}\n");
	send_to_stderr(&line);
}

static void put_journal_field(struct line *line, const char *name, const char *value)
{
	if (!value)
		return;
	put(line, name);
	put_escaped(line, value, VALUE_MAX);
	put(line, "\n");
}

static bool send_to_journal(
	enum log_level level, const struct log_about *about, const char *message)
{
	struct line line = { .len = 0 };
	char priority[16];
	int fd = atomic_load(&journal_fd);

	if (fd < 0)
		return false;
	snprintf(priority, sizeof(priority), "PRIORITY=%d\n", levels[level].priority);
	put(&line, priority);
	put(&line, "SYSLOG_IDENTIFIER=vodkeep\n");
	put_journal_field(&line, "VODKEEP_WORKSPACE=", about->workspace);
	put_journal_field(&line, "VODKEEP_ASSET=", about->asset);
	put_journal_field(&line, "VODKEEP_REQUEST=", about->request);
	line.cut = false;
	put(&line, "MESSAGE=");
	put_about(&line, about);
	put_message(&line, message);
	put(&line, "\n");
	return send(fd, line.data, line.len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

static void write_journal(
	enum log_level level, const struct log_about *about, const char *message)
{
	struct line line = { .len = 0 };
	char prefix[8];

	if (send_to_journal(level, about, message))
		return;
	snprintf(prefix, sizeof(prefix), "<%d>", levels[level].priority);
	put(&line, prefix);
	put_about(&line, about);
	put_message(&line, message);
	put(&line, "\n");
	send_to_stderr(&line);
}

void log_write(
	enum log_level level, const struct log_about *about, const char *fmt, ...)
{
	static const struct log_about nothing;
	char message[LINE_MAX_BYTES];
	int saved_errno = errno;
	va_list ap;

	if (!log_enabled(level))
		return;
	if (!about)
		about = &nothing;
	va_start(ap, fmt);
	int n = vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	if (n < 0)
		message[0] = '\0';
	else if ((size_t)n >= sizeof(message))
		message[utf8_trim(message, sizeof(message) - 1)] = '\0';
	switch (atomic_load(&sink_format)) {
	case LOG_FORMAT_JSON:
		write_json(level, about, message);
		break;
	case LOG_FORMAT_JOURNAL:
		write_journal(level, about, message);
		break;
	default:
		write_text(level, about, message);
		break;
	}
	errno = saved_errno;
}
