/*
 * What runs note, copied and counted.
 */
#include <config.h>

#include "flow/chore.h"

#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>

void chore_note_named(struct chore_run *run, int kind, const char *workspace,
	const char *id, const char *path, const char *text)
{
	struct chore_report *report = run->report;

	report->counts[kind]++;
	if (report->n_items >= CHORE_ITEMS_MAX)
		return;
	report->items =
		mem_grow(report->items, report->n_items + 1, sizeof(*report->items));
	report->items[report->n_items++] = (struct chore_item){
		.kind = kind,
		.workspace = mem_strdup(workspace),
		.id = mem_strdup(id),
		.path = mem_strdup(path),
		.text = mem_strdup(text),
	};
}

void chore_note(struct chore_run *run, int kind, const struct asset *asset,
	const char *path, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	chore_note_named(run, kind, asset ? asset->workspace : NULL,
		asset ? asset->id : NULL, path, text);
}
