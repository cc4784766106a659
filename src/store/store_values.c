/*
 * The values that go in and out of the store: deliveries, stories, lists.
 */
#include <config.h>

#include "store/backend.h"

#include "base/mem.h"
#include "base/utf8.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const outcome_names[] = {
	[DELIVERED_ACCEPTED] = "accepted",
	[DELIVERED_RECORDED] = "recorded",
	[DELIVERED_FOREIGN] = "foreign",
	[DELIVERED_REJECTED] = "rejected",
};
#define OUTCOMES (sizeof(outcome_names) / sizeof(outcome_names[0]))

const char *delivery_outcome_name(enum delivery_outcome outcome)
{
	return outcome_names[outcome];
}

int delivery_outcome_parse(const char *name, enum delivery_outcome *outcome)
{
	for (size_t i = 0; i < OUTCOMES; i++) {
		if (strcmp(name, outcome_names[i]) == 0) {
			*outcome = (enum delivery_outcome)i;
			return 0;
		}
	}
	return -1;
}

struct delivery *delivery_new(void)
{
	struct delivery *delivery = mem_alloc(sizeof(*delivery));

	event_init(&delivery->event);
	return delivery;
}

void delivery_free(struct delivery *delivery)
{
	if (!delivery)
		return;
	event_release(&delivery->event);
	free(delivery->workspace);
	free(delivery->body);
	free(delivery->note);
	free(delivery);
}

/* ---- stories ---- */

void story_take(struct story *story, int64_t at_ns, const char *kind, char *text)
{
	story->lines = mem_grow(story->lines, story->count + 1, sizeof(*story->lines));
	story->lines[story->count++] = (struct story_line){
		.at_ns = at_ns,
		.kind = mem_strdup(kind),
		.text = text,
	};
}

/* What is hashed goes through JSON unchanged, whatever a title holds or was cut to. */
static void make_valid(char *text)
{
	size_t left = strlen(text);

	while (left) {
		size_t len = utf8_sequence(text, left, NULL);
		if (!len)
			*text = '?';
		text += len ? len : 1;
		left -= len ? len : 1;
	}
}

void story_decide(struct story *story, int64_t at_ns, const char *kind,
	const char *decision, char *evidence, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	make_valid(text);
	story_take(story, at_ns, kind, mem_strdup(text));
	story->lines[story->count - 1].decision = mem_strdup(decision);
	story->lines[story->count - 1].evidence = evidence;
}

void story_add(
	struct story *story, int64_t at_ns, const char *kind, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	story_take(story, at_ns, kind, mem_strdup(text));
}

void story_line_release(struct story_line *line)
{
	free(line->kind);
	free(line->text);
	free(line->decision);
	free(line->evidence);
}

void story_release(struct story *story)
{
	for (size_t i = 0; i < story->count; i++)
		story_line_release(&story->lines[i]);
	free(story->lines);
	*story = (struct story){ 0 };
}

/* ---- lists ---- */

void due_list_release(struct due_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].workspace);
		free(list->items[i].id);
	}
	free(list->items);
	*list = (struct due_list){ 0 };
}

void ref_list_release(struct ref_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].workspace);
		free(list->items[i].id);
	}
	free(list->items);
	*list = (struct ref_list){ 0 };
}

void summary_list_release(struct summary_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].workspace);
		free(list->items[i].id);
		free(list->items[i].title);
		free(list->items[i].type);
		free(list->items[i].path);
		free(list->items[i].reason);
		free(list->items[i].rule);
		free(list->items[i].thumbnail);
	}
	free(list->items);
	*list = (struct summary_list){ 0 };
}

void workspace_list_release(struct workspace_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].name);
	free(list->items);
	*list = (struct workspace_list){ 0 };
}

void stats_list_release(struct stats_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].name);
	free(list->items);
	*list = (struct stats_list){ 0 };
}

void meta_list_release(struct meta_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].key);
		free(list->items[i].value);
	}
	free(list->items);
	*list = (struct meta_list){ 0 };
}

void stored_list_release(struct stored_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].workspace);
		free(list->items[i].type);
		free(list->items[i].key);
		free(list->items[i].note);
		free(list->items[i].asset_id);
		free(list->items[i].body);
	}
	free(list->items);
	*list = (struct stored_list){ 0 };
}

void ledger_list_release(struct ledger_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		ledger_entry_release(&list->items[i]);
	free(list->items);
	*list = (struct ledger_list){ 0 };
}

void name_list_release(struct name_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct name_list){ 0 };
}

/* ---- differences ---- */

void differences_add(struct differences *found, enum listing_kind kind, const char *id,
	const char *title)
{
	found->counts[kind]++;
	if (found->n >= DIFFERENCES_MAX)
		return;
	found->items = mem_grow(found->items, found->n + 1, sizeof(*found->items));
	found->items[found->n++] = (struct difference){
		.id = mem_strdup(id),
		.title = mem_strdup(title),
		.kind = kind,
	};
}

void differences_release(struct differences *found)
{
	for (size_t i = 0; i < found->n; i++) {
		free(found->items[i].id);
		free(found->items[i].title);
	}
	free(found->items);
	memset(found, 0, sizeof(*found));
}

void differences_move(struct differences *to, struct differences *from)
{
	size_t n = from->n;

	if (to->n + n > DIFFERENCES_MAX)
		n = DIFFERENCES_MAX - to->n;
	for (int kind = 0; kind < LISTING_KINDS; kind++)
		to->counts[kind] += from->counts[kind];
	if (n)
		to->items = mem_grow(to->items, to->n + n, sizeof(*to->items));
	for (size_t i = 0; i < n; i++) {
		to->items[to->n++] = from->items[i];
		memset(&from->items[i], 0, sizeof(from->items[i]));
	}
	differences_release(from);
}

int64_t differences_count(const struct differences *found)
{
	int64_t count = 0;

	for (int kind = 0; kind < LISTING_KINDS; kind++)
		count += found->counts[kind];
	return count;
}
