/*
 * Small allocations: running out of memory is decided once, by abort. What comes from
 * outside has a cap (buf.h) and never reaches these with a size of its own choosing.
 */
#ifndef VODKEEP_BASE_MEM_H
#define VODKEEP_BASE_MEM_H

#include <stddef.h>

#define container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

void *mem_alloc(size_t size);                       /* zeroed, never NULL */
void *mem_array(size_t count, size_t size);         /* zeroed, overflow checked */
void *mem_grow(void *p, size_t count, size_t size); /* realloc; new part not zeroed */
char *mem_strdup(const char *s);                    /* NULL gives NULL */
char *mem_strndup(const char *s, size_t n);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Free *field and set it to a copy of @s (NULL allowed). */
void mem_replace(char **field, const char *s);
/* Overwrite secrets before free; NULL allowed. */
void mem_free_secret(char *s);

#endif
