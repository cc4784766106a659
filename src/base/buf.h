/*
 * Byte buffers that know their maximum. Appending beyond it marks the buffer overflowed
 * and changes nothing, nor does any later append: callers check once at the end. data
 * is always NUL-terminated after the first append (the NUL is not counted).
 */
#ifndef VODKEEP_BASE_BUF_H
#define VODKEEP_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t len;
	size_t size;
	size_t max;
	bool overflow;
};

void buf_init(struct buf *buf, size_t max);
void buf_release(struct buf *buf); /* also on a zeroed or released buf */
void buf_reset(struct buf *buf);   /* empty, keeps memory */
/* 0, or -1 when it would exceed max (sticky in buf->overflow). */
int buf_append(struct buf *buf, const void *data, size_t len);
int buf_str(struct buf *buf, const char *s);
int buf_char(struct buf *buf, char c);
int buf_printf(struct buf *buf, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The text, never NULL ("" when nothing was appended). Borrowed. */
const char *buf_text(const struct buf *buf);
/* Hand the memory to the caller (free() it); the buf is empty afterwards. */
char *buf_steal(struct buf *buf);

#endif
