/*
 * Header lines of an HTTP response, one at a time, into a struct http_head. Pure. What
 * is malformed counts as absent.
 */
#ifndef VODKEEP_IO_HTTP_HEAD_H
#define VODKEEP_IO_HTTP_HEAD_H

#include "io/http_client.h"
#include <stddef.h>

/* A status line ("HTTP/1.1 206 Partial Content") begins a head: all is reset. false
 * when @line is none. */
bool http_head_begin(struct http_head *head, const char *line, size_t len);
/* "Name: value" with or without line end. */
void http_head_field(struct http_head *head, const char *line, size_t len);
/* The value of @line, trimmed, if it is a field of that @name; caller frees. */
char *http_head_value(const char *line, size_t len, const char *name);

#endif
