/*
 * Errors as values. Formatting goes through a local copy, so that an argument may be
 * the text of the error that is being filled. Never logs, never allocates.
 */
#include <config.h>

#include "base/err.h"

#include "base/utf8.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const class_names[ERR_CLASSES] = {
	[ERR_NONE] = "none",
	[ERR_TRANSIENT] = "transient",
	[ERR_STALE] = "stale",
	[ERR_NOT_YET] = "not-yet",
	[ERR_PERMANENT] = "permanent",
	[ERR_LOCAL] = "local",
	[ERR_NO_ROOM] = "no-room",
	[ERR_CANCELLED] = "cancelled",
	[ERR_AUTH] = "auth",
	[ERR_INPUT] = "input",
	[ERR_NOT_FOUND] = "not-found",
	[ERR_EXISTS] = "exists",
};

const char *err_class_name(enum err_class class)
{
	if ((unsigned)class >= ERR_CLASSES)
		return "unknown";
	return class_names[class];
}

/* vsnprintf() that reports how much of @text is used and never cuts a character. */
static size_t __attribute__((format(printf, 3, 0)))
format_text(char *text, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(text, size, fmt, ap);
	if (n < 0) {
		text[0] = '\0';
		return 0;
	}
	if ((size_t)n < size)
		return (size_t)n;
	size_t len = utf8_trim(text, size - 1);
	text[len] = '\0';
	return len;
}

/* Put ": " and as much of @tail as fits after the @len bytes of @text. */
static void join(char *text, size_t size, size_t len, const char *tail)
{
	size_t tail_len = strlen(tail);
	if (len + 2 >= size)
		return;
	memcpy(text + len, ": ", 2);
	len += 2;
	if (tail_len > size - 1 - len)
		tail_len = utf8_trim(tail, size - 1 - len);
	memcpy(text + len, tail, tail_len);
	text[len + tail_len] = '\0';
}

static void fill(struct err *err, enum err_class class, const char *text)
{
	err->class = class;
	err->retry_after_ms = 0;
	err->no_answer = false;
	memcpy(err->text, text, strlen(text) + 1);
}

int err_set(struct err *err, enum err_class class, const char *fmt, ...)
{
	assert(class > ERR_NONE && class < ERR_CLASSES);
	if (err) {
		char text[sizeof(err->text)];
		va_list ap;
		va_start(ap, fmt);
		format_text(text, sizeof(text), fmt, ap);
		va_end(ap);
		fill(err, class, text);
	}
	return -(int)class;
}

int err_sys(struct err *err, enum err_class class, int errnum, const char *fmt, ...)
{
	assert(class > ERR_NONE && class < ERR_CLASSES);
	if (err) {
		char text[sizeof(err->text)];
		char reason[128];
		va_list ap;
		va_start(ap, fmt);
		size_t len = format_text(text, sizeof(text), fmt, ap);
		va_end(ap);
		join(text, sizeof(text), len,
			strerror_r(errnum, reason, sizeof(reason)));
		fill(err, class, text);
	}
	return -(int)class;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	if (!err)
		return -(int)ERR_TRANSIENT;
	assert(err->class != ERR_NONE);
	char text[sizeof(err->text)];
	va_list ap;
	va_start(ap, fmt);
	size_t len = format_text(text, sizeof(text), fmt, ap);
	va_end(ap);
	join(text, sizeof(text), len, err->text);
	memcpy(err->text, text, strlen(text) + 1);
	return -(int)err->class;
}

enum err_class err_class_of_errno(int errnum)
{
	switch (errnum) {
	case ENOENT:
		return ERR_NOT_FOUND;
	case EEXIST:
	case ENOTEMPTY:
		return ERR_EXISTS;
	case EINTR:
	case EAGAIN:
	case EBUSY:
	case ETIMEDOUT:
		return ERR_TRANSIENT;
	case ECANCELED:
		return ERR_CANCELLED;
	case EINVAL:
	case ELOOP:
	case ENOTDIR:
	case EISDIR:
	case ENAMETOOLONG:
	case EILSEQ:
	case EFBIG:
	case EXDEV:
		return ERR_PERMANENT;
	default:
		/* ENOSPC, EDQUOT, EROFS, EIO, EACCES, ENOTCONN, ESTALE, EMFILE …: what
		 * is wrong here would be wrong for the next file too. */
		return ERR_LOCAL;
	}
}

void err_clear(struct err *err)
{
	if (!err)
		return;
	err->class = ERR_NONE;
	err->retry_after_ms = 0;
	err->no_answer = false;
	err->text[0] = '\0';
}
