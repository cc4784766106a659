/*
 * The tasks of a look as values: one for each file that is to be fetched, with the name
 * it will have. Carrying them out is look_fetch.c.
 */
#include <config.h>

#include "flow/look_steps.h"

#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

static void task_free(struct task *task)
{
	free(task->key);
	free(task->language);
	free(task->version);
	free(task->replaces);
	free(task->stem);
	free(task->way);
	free(task->slot_way);
	free(task->why);
	free(task);
}

void look_tasks_free(struct look *look)
{
	for (size_t i = 0; i < look->n_tasks; i++)
		task_free(look->tasks[i]);
	free(look->tasks);
	look->tasks = NULL;
	look->n_tasks = 0;
}

static bool stem_taken(const struct look *look, const char *stem, enum role role)
{
	for (size_t i = 0; i < look->n_tasks; i++)
		if (look->tasks[i]->role == role &&
			strcmp(look->tasks[i]->stem, stem) == 0)
			return true;
	return false;
}

void look_task_add(struct look *look, const struct source *source, bool main)
{
	const struct file *present = asset_file(look->asset, source->key);
	struct task *task = mem_alloc(sizeof(*task));
	char suffix[64];

	plan_suffix(look->asset, source->role, source->key, source->language, suffix);
	task->look = look;
	task->key = mem_strdup(source->key);
	task->role = source->role;
	task->form = source->form;
	task->language = mem_strdup(source->language);
	task->version = mem_strdup(source->version);
	task->replaces = mem_strdup(present ? present->path : NULL);
	task->expected_bytes = source->bytes;
	task->main = main;
	task->optional = source->optional;
	task->stem = mem_printf("%s%s", look->asset->base_path, suffix);
	for (int n = 2; stem_taken(look, task->stem, task->role); n++) {
		free(task->stem);
		task->stem = mem_printf("%s%s.%d", look->asset->base_path, suffix, n);
	}
	look->tasks = mem_grow(look->tasks, look->n_tasks + 1, sizeof(struct task *));
	look->tasks[look->n_tasks++] = task;
}
