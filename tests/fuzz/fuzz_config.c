/*
 * Configurations. Findings and dumps show no resolved secret, what is accepted can be
 * used, and what is dumped reads as itself.
 */
#include <config.h>

#include "base/mem.h"
#include "core/config.h"
#include "core/template.h"
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>

#define MAIN      "etc/vodkeep.ini"
#define INCLUDED  "etc/conf.d/more.ini"
#define NOTES_MAX 500 /* after so many, findings are only counted */
#define DUMP_MAX  (64 << 20)
/* What every secret resolves to, in base64. An input that has come to hold it shows it
 * everywhere. */
#define RESOLVED "cXVpdGUtYS1zZWNyZXQtb2YtdGhlLWZ1enplcg=="

struct world {
	const char *text;
	size_t len;
	bool includes;
};

static int read_text(void *arg, const char *path, struct buf *out, struct err *err)
{
	const struct world *world = arg;

	if (strcmp(path, MAIN) != 0 && strcmp(path, INCLUDED) != 0)
		return err_set(err, ERR_INPUT, "cannot open %s", path);
	if (buf_append(out, world->text, world->len))
		return err_set(err, ERR_INPUT, "%s is too large", path);
	return 0;
}

/* The included file is the same once more: everything in it is given twice. */
static int list_files(void *arg, const char *base, const char *pattern,
	struct text_list *out, struct err *err)
{
	const struct world *world = arg;

	if (strchr(pattern, '!'))
		return err_set(err, ERR_INPUT, "cannot list %s", base);
	if (world->includes && strchr(pattern, '*'))
		text_list_add(out, INCLUDED);
	return 0;
}

static int resolve(void *arg, const char *text, char **out, struct err *err)
{
	(void)arg;
	if (strcmp(text, "env:NONE") == 0)
		return err_set(err, ERR_INPUT, "NONE is not set");
	*out = mem_strdup(RESOLVED);
	return 0;
}

static int read_config(
	struct world world, struct config **out, struct config_notes *notes)
{
	const struct config_source source = { read_text, list_files, resolve, &world };

	*notes = (struct config_notes){ 0 };
	return config_read(MAIN, &source, out, notes);
}

static void notes_hold(const struct config_notes *notes, int rc)
{
	size_t errors = 0;

	for (size_t i = 0; i < notes->count; i++) {
		const struct config_note *note = &notes->notes[i];
		HOLDS(note->text && *note->text);
		HOLDS(!strstr(note->text, RESOLVED));
		HOLDS(note->line >= 0 && note->file >= 0);
		errors += !note->warning;
	}
	HOLDS(notes->count >= NOTES_MAX || errors == notes->errors);
	HOLDS(rc == (notes->errors ? -(int)ERR_INPUT : 0));
}

static void config_holds(const struct config *config)
{
	HOLDS(config->agent.archive_dir && config->agent.state);
	HOLDS(config->transfer.concurrency > 0 && config->transfer.per_host > 0);
	HOLDS(config->receiver.max_body > 0);
	HOLDS(config->builtin.path && template_check(config->builtin.path, NULL) == 0);
	for (size_t i = 0; i < config->n_workspaces; i++) {
		const struct workspace_config *ws = &config->workspaces[i];
		HOLDS(config_workspace(config, ws->name) == ws);
		HOLDS(ws->api_url && *ws->api_url);
	}
	for (size_t i = 0; i < config->n_rules; i++) {
		const struct rule *rule = &config->rules[i];
		HOLDS(template_check(rule->path, NULL) == 0);
		HOLDS(rule->n_video <= 2);
	}
}

/* The effective configuration says the same when it is read again. */
static void dump_holds(const struct config *config)
{
	struct config_notes notes;
	struct config *again = NULL;
	struct buf first;
	struct buf second;

	buf_init(&first, DUMP_MAX);
	config_dump(config, &first);
	HOLDS(!first.overflow);
	HOLDS(!strstr(buf_text(&first), RESOLVED));
	const struct world world = { buf_text(&first), first.len, false };
	HOLDS(read_config(world, &again, &notes) == 0);
	buf_init(&second, DUMP_MAX);
	config_dump(again, &second);
	HOLDS(strcmp(buf_text(&first), buf_text(&second)) == 0);
	config_notes_release(&notes);
	config_free(again);
	buf_release(&first);
	buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_notes notes;
	struct config *config;

	const struct world world = { (const char *)data, size, true };
	if (size && memmem(data, size, RESOLVED, strlen(RESOLVED)))
		return -1;
	int rc = read_config(world, &config, &notes);
	notes_hold(&notes, rc);
	if (rc == 0) {
		config_holds(config);
		dump_holds(config);
		config_free(config);
	}
	config_notes_release(&notes);
	return 0;
}
