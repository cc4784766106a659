/*
 * Growing byte buffers with a ceiling. After an overflow every append is refused until
 * buf_reset(), so what is there is always a prefix of what was meant, never a text with
 * a hole. Knows nothing of what the bytes mean.
 */
#include <config.h>

#include "base/buf.h"

#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 128

void buf_init(struct buf *buf, size_t max)
{
	memset(buf, 0, sizeof(*buf));
	buf->max = max;
}

void buf_release(struct buf *buf)
{
	free(buf->data);
	buf_init(buf, buf->max);
}

void buf_reset(struct buf *buf)
{
	buf->len = 0;
	buf->overflow = false;
	if (buf->data)
		buf->data[0] = '\0';
}

/* Make room for @extra bytes and the NUL, or mark the overflow. */
static int reserve(struct buf *buf, size_t extra)
{
	if (buf->overflow || extra > buf->max - buf->len) {
		buf->overflow = true;
		return -1;
	}
	size_t need = buf->len + extra + 1;
	if (need <= buf->size)
		return 0;
	size_t size = buf->size < FIRST_SIZE / 2 ? FIRST_SIZE : buf->size * 2;
	if (size > buf->max)
		size = buf->max + 1;
	if (size < need)
		size = need;
	buf->data = mem_grow(buf->data, size, 1);
	buf->size = size;
	return 0;
}

int buf_append(struct buf *buf, const void *data, size_t len)
{
	if (reserve(buf, len))
		return -1;
	if (len)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return 0;
}

int buf_str(struct buf *buf, const char *s)
{
	return buf_append(buf, s, strlen(s));
}

int buf_char(struct buf *buf, char c)
{
	return buf_append(buf, &c, 1);
}

int buf_printf(struct buf *buf, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || reserve(buf, (size_t)n)) {
		buf->overflow = true;
		return -1;
	}
	va_start(ap, fmt);
	vsnprintf(buf->data + buf->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf->len += (size_t)n;
	return 0;
}

const char *buf_text(const struct buf *buf)
{
	return buf->data ? buf->data : "";
}

char *buf_steal(struct buf *buf)
{
	char *data = buf->data ? buf->data : mem_strdup("");
	buf_init(buf, buf->max);
	return data;
}
