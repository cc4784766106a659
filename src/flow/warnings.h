/*
 * What is wrong right now, as people should read it: each warning has a key, a sentence
 * and a beginning, and ends when its cause does. Shown by status and /readyz, counted
 * in the metrics, logged when it begins and ends. Control loop only.
 */
#ifndef VODKEEP_FLOW_WARNINGS_H
#define VODKEEP_FLOW_WARNINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct warning {
	char *key;       /* "disk", "mount", "store", "api/production", … */
	char *workspace; /* NULL: concerns all */
	char *text;
	int64_t since_ns;
	bool not_ready; /* while it lasts /readyz answers 503 */
};
struct warnings;

struct warnings *warnings_new(void);
void warnings_free(struct warnings *warnings);
/* Begin, or change the sentence of, a warning. */
void warnings_set(struct warnings *warnings, const char *key, const char *workspace,
	bool not_ready, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void warnings_clear(struct warnings *warnings, const char *key);
const struct warning *warnings_all(const struct warnings *warnings, size_t *n);

#endif
