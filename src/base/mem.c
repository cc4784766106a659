/*
 * Allocation that aborts instead of failing. The journal in the store makes a restart
 * safe; a half-handled lack of memory would not be.
 */
#include <config.h>

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void out_of_memory(void)
{
	static const char text[] = "vodkeep: out of memory\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)ignored;
	abort();
}

static void *checked(void *p)
{
	if (!p)
		out_of_memory();
	return p;
}

void *mem_alloc(size_t size)
{
	return checked(calloc(1, size ? size : 1));
}

void *mem_array(size_t count, size_t size)
{
	if (count == 0 || size == 0)
		return mem_alloc(1);
	return checked(calloc(count, size));
}

void *mem_grow(void *p, size_t count, size_t size)
{
	if (count == 0 || size == 0) {
		count = 1;
		size = 1;
	}
	return checked(reallocarray(p, count, size));
}

char *mem_strdup(const char *s)
{
	return s ? checked(strdup(s)) : NULL;
}

char *mem_strndup(const char *s, size_t n)
{
	return s ? checked(strndup(s, n)) : NULL;
}

char *mem_printf(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		out_of_memory();
	return text;
}

void mem_replace(char **field, const char *s)
{
	char *copy = mem_strdup(s); /* first: @s may be (part of) the old value */
	free(*field);
	*field = copy;
}

void mem_free_secret(char *s)
{
	if (!s)
		return;
	explicit_bzero(s, strlen(s));
	free(s);
}
