/*
 * Logging: one line for each thing that matters, as text, JSON or journald fields.
 *
 * The only global besides metrics. Any thread may log; a line is one write(2). Lines
 * are capped at 2 KiB, control characters are escaped. Standard error is the sink.
 * Library floors (base to archive) return errors; flow, admin, cli and main log them.
 */
#ifndef VODKEEP_BASE_LOG_H
#define VODKEEP_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format {
	LOG_FORMAT_AUTO,
	LOG_FORMAT_TEXT,
	LOG_FORMAT_JSON,
	LOG_FORMAT_JOURNAL
};

/* What a line is about; members may be NULL. */
struct log_about {
	const char *workspace;
	const char *asset;   /* asset id */
	const char *request; /* request id of a delivery or admin call */
};

/* AUTO: journal when JOURNAL_STREAM names stderr, else text. May be called again. */
void log_configure(enum log_level level, enum log_format format);
bool log_enabled(enum log_level level);

/* @about may be NULL. */
void log_write(enum log_level level, const struct log_about *about, const char *fmt,
	...) __attribute__((format(printf, 3, 4)));

#define log_error(about, ...) log_write(LOG_LEVEL_ERROR, about, __VA_ARGS__)
#define log_warn(about, ...)  log_write(LOG_LEVEL_WARN, about, __VA_ARGS__)
#define log_info(about, ...)  log_write(LOG_LEVEL_INFO, about, __VA_ARGS__)
#define log_debug(about, ...)                                           \
	do {                                                            \
		if (log_enabled(LOG_LEVEL_DEBUG))                       \
			log_write(LOG_LEVEL_DEBUG, about, __VA_ARGS__); \
	} while (0)

#endif
