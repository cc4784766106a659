/*
 * The list of current warnings; small, so a linear search is enough.
 */
#include <config.h>

#include "flow/warnings.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct warnings {
	struct warning *list;
	size_t count;
};

struct warnings *warnings_new(void)
{
	return mem_alloc(sizeof(struct warnings));
}

static void warning_release(struct warning *warning)
{
	free(warning->key);
	free(warning->workspace);
	free(warning->text);
}

void warnings_free(struct warnings *warnings)
{
	if (!warnings)
		return;
	for (size_t i = 0; i < warnings->count; i++)
		warning_release(&warnings->list[i]);
	free(warnings->list);
	free(warnings);
}

static struct warning *find(struct warnings *warnings, const char *key)
{
	for (size_t i = 0; i < warnings->count; i++)
		if (strcmp(warnings->list[i].key, key) == 0)
			return &warnings->list[i];
	return NULL;
}

void warnings_set(struct warnings *warnings, const char *key, const char *workspace,
	bool not_ready, const char *fmt, ...)
{
	struct warning *warning = find(warnings, key);
	struct log_about about = { .workspace = workspace };
	char text[768];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!warning) {
		warnings->list = mem_grow(
			warnings->list, warnings->count + 1, sizeof(*warnings->list));
		warning = &warnings->list[warnings->count++];
		memset(warning, 0, sizeof(*warning));
		warning->key = mem_strdup(key);
		warning->workspace = mem_strdup(workspace);
		warning->since_ns = clock_system.wall_ns();
		log_warn(&about, "%s", text);
	}
	warning->not_ready = not_ready;
	mem_replace(&warning->text, text);
	metric_set(METRIC_WARNINGS, NULL, (double)warnings->count);
}

void warnings_clear(struct warnings *warnings, const char *key)
{
	struct warning *warning = find(warnings, key);
	struct log_about about;

	if (!warning)
		return;
	about = (struct log_about){ .workspace = warning->workspace };
	log_info(&about, "over: %s", warning->text);
	warning_release(warning);
	*warning = warnings->list[--warnings->count];
	metric_set(METRIC_WARNINGS, NULL, (double)warnings->count);
}

const struct warning *warnings_all(const struct warnings *warnings, size_t *n)
{
	*n = warnings->count;
	return warnings->list;
}
