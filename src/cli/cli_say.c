/*
 * What every command uses to say something: results on standard output, messages on
 * standard error, and the configuration with what is wrong in it. Below the commands,
 * which lie below the command line itself.
 */
#include <config.h>

#include "cli/cli.h"

#include "base/json.h"
#include "base/mem.h"
#include "cli/config_load.h"
#include "cli/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MESSAGE_MAX    16384
#define WIDTH_DEFAULT  80
#define WIDTH_MIN      40
#define HEIGHT_DEFAULT 24

void cli_print_usage(FILE *to, const struct cli_command *command)
{
	fprintf(to, "usage: vodkeep %s%s%s\n", command->name, *command->args ? " " : "",
		command->args);
}

static void say_v(const char *fmt, va_list args, char out[MESSAGE_MAX])
	__attribute__((format(printf, 1, 0)));
static void say_v(const char *fmt, va_list args, char out[MESSAGE_MAX])
{
	char raw[MESSAGE_MAX];
	struct buf line;

	vsnprintf(raw, sizeof(raw), fmt, args);
	buf_init(&line, MESSAGE_MAX);
	for (const char *at = raw; *at;
		at++) { /* lines are ours, the rest is cleaned */
		size_t len = strcspn(at, "\n");
		char *part = mem_strndup(at, len);
		if (len > 0)
			text_clean(&line, part);
		free(part);
		at += len;
		if (!*at)
			break;
		buf_char(&line, '\n');
	}
	snprintf(out, MESSAGE_MAX, "%s", buf_text(&line));
	buf_release(&line);
	fprintf(stderr, "vodkeep: %s\n", out);
}

static void fail_json(const struct cli *cli, const char *sentence)
{
	cJSON *json;

	if (!cli->json)
		return;
	json = cJSON_CreateObject();
	json_add_text(json, "error", sentence);
	cli_print_json(json);
	cJSON_Delete(json);
}

int cli_fail(const struct cli *cli, int status, const char *fmt, ...)
{
	char text[MESSAGE_MAX];
	va_list args;

	va_start(args, fmt);
	say_v(fmt, args, text);
	va_end(args);
	fail_json(cli, text);
	return status;
}

int cli_usage(const struct cli *cli, const char *fmt, ...)
{
	char text[MESSAGE_MAX];
	va_list args;

	va_start(args, fmt);
	say_v(fmt, args, text);
	va_end(args);
	if (cli->command)
		cli_print_usage(stderr, cli->command);
	fail_json(cli, text);
	return CLI_USAGE;
}

void cli_print_json(const cJSON *json)
{
	char *text = json_print(json, true);

	puts(text);
	free(text);
}

void cli_print(const struct buf *text)
{
	fwrite(buf_text(text), 1, text->len, stdout);
}

size_t cli_width(void)
{
	struct winsize size = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return WIDTH_DEFAULT;
	return size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col;
}

size_t cli_height(void)
{
	struct winsize size = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
		return HEIGHT_DEFAULT;
	return size.ws_row;
}

bool cli_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

bool cli_color(void)
{
	const char *unwanted = getenv("NO_COLOR");

	return cli_terminal() && (!unwanted || !*unwanted);
}

int cli_config(const struct cli *cli, struct config **out)
{
	struct config_notes notes = { 0 };
	int rc = config_load(cli->config_path, out, &notes);

	if (rc < 0) {
		for (size_t i = 0; i < notes.count; i++)
			if (!notes.notes[i].warning)
				fprintf(stderr, "%s\n", notes.notes[i].text);
		cli_fail(cli, CLI_CONFIG,
			"the configuration is not valid: `vodkeep check'");
	}
	config_notes_release(&notes);
	return rc < 0 ? CLI_CONFIG : CLI_OK;
}
