/*
 * ls, show, explain: reading what the agent knows of assets.
 */
#include <config.h>

#include "cli/cli.h"

#include "base/clock.h"
#include "base/http.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/client.h"
#include "cli/options.h"
#include "cli/text.h"
#include "core/asset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES 4096
#define LIMIT_MAX  1000
#define ID_SHORT   8

/* ---- ls ---- */

struct ls_options {
	const char *workspace, *state, *since, *limit;
};

/* "waiting, archived, …" for a message. */
static void state_names(struct buf *out)
{
	for (int s = 0; s < ASSET_STATE_COUNT; s++)
		buf_printf(out, "%s%s", s ? ", " : "",
			asset_state_name((enum asset_state)s));
}

static int check_ls(const struct cli *cli, const struct ls_options *options)
{
	enum asset_state state;
	struct err err = { 0 };
	struct buf names;
	int64_t ns;

	if (options->state && asset_state_parse(options->state, &state) < 0) {
		buf_init(&names, PATH_BYTES);
		state_names(&names);
		cli_usage(cli, "there is no state %s; there are %s", options->state,
			buf_text(&names));
		buf_release(&names);
		return CLI_USAGE;
	}
	if (options->since &&
		time_parse_since(options->since, clock_system.wall_ns(), &ns, &err) < 0)
		return cli_usage(cli, "--since: %s", err.text);
	if (options->limit) {
		char *end;
		long limit = strtol(options->limit, &end, 10);
		if (*end || limit < 1 || limit > LIMIT_MAX)
			return cli_usage(cli, "--limit is from 1 to %d", LIMIT_MAX);
	}
	return CLI_OK;
}

static void add_parameter(struct buf *path, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(path, "%c%s=", strchr(buf_text(path), '?') ? '&' : '?', name);
	http_escape(value, path);
}

/* Whether two of the list would be called the same by @len bytes of their ids. */
static bool is_ambiguous(const cJSON *assets, size_t len)
{
	const cJSON *one, *other;

	cJSON_ArrayForEach (one, assets)
		for (other = one->next; other; other = other->next)
			if (strncmp(json_text(one, "id"), json_text(other, "id"),
				    len) == 0)
				return true;
	return false;
}

/* How much of the ids is shown: all, unless a terminal has better use for the room. Any
 * command takes the beginning of an id. */
static size_t shown_bytes(const cJSON *assets)
{
	size_t longest = 0, len = ID_SHORT;
	const cJSON *json;

	cJSON_ArrayForEach (json, assets) {
		size_t its = strlen(json_text(json, "workspace")) + 1 +
			     strlen(json_text(json, "id"));
		longest = its > longest ? its : longest;
	}
	if (!cli_terminal() || longest <= cli_width() / 2)
		return longest;
	while (len < longest && is_ambiguous(assets, len))
		len++;
	return len;
}

static void print_list(const cJSON *assets)
{
	int shown = (int)shown_bytes(assets);
	const cJSON *json;
	struct table table;
	struct buf text;
	char size[32];

	table_init(&table, 4, 4);
	table_cell(&table, "ASSET");
	table_cell(&table, "STATE");
	table_cell(&table, "SIZE");
	table_cell(&table, "TITLE");
	cJSON_ArrayForEach (json, assets) {
		char *name = mem_printf("%s/%.*s", json_text(json, "workspace"), shown,
			json_text(json, "id"));
		char *state = mem_printf("%s%s", json_text(json, "state"),
			json_bool(json, "held", false) ? "*" : "");

		table_cell(&table, name);
		table_cell(&table, state);
		text_size(json_int(json, "bytes", -1), size);
		table_cell(&table, size);
		table_cell(&table, json_text(json, "title"));
		free(name);
		free(state);
	}
	buf_init(&text, CLI_TEXT_MAX);
	/* Into a pipe nothing is cut. */
	table_print(&table, 0, cli_terminal() ? cli_width() : SIZE_MAX, &text);
	cli_print(&text);
	buf_release(&text);
	table_release(&table);
}

static int list(const struct cli *cli, struct client *client, const char *path)
{
	struct err err = { 0 };
	cJSON *answer;
	int rc = client_get(client, path, &answer, &err);

	/* What the agent does not know here is a workspace. */
	if (rc != CLI_OK)
		return cli_fail(
			cli, rc == CLI_NO_ASSET ? CLI_USAGE : rc, "%s", err.text);
	if (cli->json) {
		cli_print_json(answer);
	} else if (cJSON_GetArraySize(json_at(answer, "assets")) > 0) {
		print_list(json_at(answer, "assets"));
		if (json_at(answer, "next") && !cJSON_IsNull(json_at(answer, "next")) &&
			cli->verbosity >= 0)
			fputs("There may be more: --limit N.\n", stderr);
	} else if (cli->verbosity >= 0) {
		fputs("No assets.\n", stderr);
	}
	cJSON_Delete(answer);
	return CLI_OK;
}

int cmd_ls(struct cli *cli, int argc, char **argv)
{
	struct ls_options options = { 0 };
	const struct option_spec specs[] = {
		{ "--workspace", &options.workspace, NULL },
		{ "--state", &options.state, NULL },
		{ "--since", &options.since, NULL },
		{ "--limit", &options.limit, NULL },
	};
	struct client *client = NULL;
	struct err err = { 0 };
	struct buf path;
	int rc;

	if (options_take(&argc, argv, specs, 4, false, &err) < 0)
		return cli_usage(cli, "%s", err.text);
	if (argc > 1)
		return cli_usage(cli, "%s is one word too many", argv[1]);
	rc = check_ls(cli, &options);
	if (rc != CLI_OK)
		return rc;
	buf_init(&path, PATH_BYTES);
	buf_str(&path, "/api/v1/assets");
	add_parameter(&path, "workspace", options.workspace);
	add_parameter(&path, "state", options.state);
	add_parameter(&path, "since", options.since);
	add_parameter(&path, "limit", options.limit);
	rc = client_open(&client, cli);
	if (rc == CLI_OK)
		rc = list(cli, client, buf_text(&path));
	client_close(client);
	buf_release(&path);
	return rc;
}

/* ---- show and explain ---- */

static void line(struct buf *out, const char *label, const char *value)
{
	if (!value)
		return;
	buf_printf(out, "%-12s ", label);
	text_clean(out, value);
	buf_char(out, '\n');
}

static void time_line(
	struct buf *out, const char *label, const cJSON *json, const char *path)
{
	char text[40];

	if (!json_text(json, path))
		return;
	text_time(json_text(json, path), text);
	line(out, label, text);
}

/* The list @name of the asset; nothing where it is empty. */
static void print_files(
	const cJSON *json, const char *name, const char *title, struct buf *out)
{
	const cJSON *file;
	const char *told = ""; /* the files of a package were made of the same */
	char size[32], at[40];

	if (cJSON_GetArraySize(json_at(json, name)) > 0)
		buf_printf(out, "\n%s\n", title);
	cJSON_ArrayForEach (file, json_at(json, name)) {
		text_size(json_int(file, "bytes", -1), size);
		buf_str(out, "  ");
		text_quoted(out, json_text(file, "path"));
		buf_printf(out, "\n    %s, %s", json_text(file, "role"), size);
		text_if(out, ", ", json_text(file, "language"));
		text_if(out, ", from ", json_text(file, "source_host"));
		if (json_text(file, "replaced")) {
			text_time(json_text(file, "replaced"), at);
			buf_printf(out, ", replaced %s", at);
		}
		if (json_text(file, "made") && strcmp(json_text(file, "made"), told)) {
			told = json_text(file, "made");
			buf_str(out, "\n    made of ");
			text_clean(out, told);
		}
		buf_str(out, "\n    sha256 ");
		text_clean(out, json_text(file, "sha256"));
		buf_char(out, '\n');
	}
}

static void print_missing(const cJSON *json, struct buf *out)
{
	const cJSON *list = json_at(json, "missing"), *entry;

	if (cJSON_GetArraySize(list) > 0)
		buf_str(out, "\nMissing\n");
	cJSON_ArrayForEach (entry, list) {
		buf_str(out, "  ");
		text_clean(out, json_text(entry, "role"));
		text_if(out, " ", json_text(entry, "language"));
		buf_str(out, ": ");
		text_clean(out, json_text(entry, "why"));
		buf_char(out, '\n');
	}
}

static void print_parts(const cJSON *json, struct buf *out)
{
	const cJSON *part;
	char held[32], total[32];

	cJSON_ArrayForEach (part, json_at(json, "parts")) {
		text_size(json_int(part, "held", 0), held);
		text_size(json_int(part, "total", -1), total);
		buf_str(out, "  ");
		text_clean(out, json_text(part, "key"));
		buf_printf(out, ": %s of %s so far\n", held, total);
	}
}

static void print_metadata(const cJSON *json, struct buf *out)
{
	const cJSON *item;

	cJSON_ArrayForEach (item, json_at(json, "metadata")) {
		char *value = cJSON_IsString(item) ? mem_strdup(item->valuestring)
						   : json_print(item, false);

		buf_printf(out, "%-12s ", "metadata");
		text_clean(out, item->string);
		buf_str(out, " = ");
		text_clean(out, value);
		buf_char(out, '\n');
		free(value);
	}
}

static void print_facts(const cJSON *json, struct buf *out)
{
	static const char *const names[] = { "title", "type", "resolution", "stream",
		"channel", "creator" };
	double duration = json_number(json, "duration", -1);
	char span[32];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		line(out, names[i], json_text(json, names[i]));
	if (duration >= 0) {
		text_span((int64_t)duration, span);
		line(out, "duration", span);
	}
	print_metadata(json, out);
}

static void print_asset(const cJSON *json, struct buf *out)
{
	const char *rule = json_text(json, "rule");
	char size[32];

	text_clean(out, json_text(json, "workspace"));
	buf_char(out, '/');
	text_clean(out, json_text(json, "id"));
	buf_char(out, '\n');
	line(out, "state", json_text(json, "state"));
	line(out, "reason", json_text(json, "reason"));
	if (json_bool(json, "held", false))
		line(out, "held", "yes: never removed");
	if (json_bool(json, "contradicted", false))
		line(out, "contradicted",
			"a deletion was announced that the platform denies");
	print_facts(json, out);
	line(out, "platform", json_text(json, "platform_status"));
	line(out, "rule", rule ? rule : "(built in)");
	text_size(json_int(json, "bytes", -1), size);
	line(out, "size", size);
	time_line(out, "created", json, "created");
	time_line(out, "expires", json, "expires");
	time_line(out, "first seen", json, "first_seen");
	time_line(out, "ready", json, "times.ready");
	time_line(out, "changed", json, "times.changed");
	time_line(out, "failed", json, "times.failed");
	time_line(out, "deleted", json, "times.deleted");
	time_line(out, "archived", json, "archived");
	time_line(out, "next look", json, "due");
	print_files(json, "files", "Files", out);
	print_parts(json, out);
	print_files(json, "versions", "Old versions", out);
	print_missing(json, out);
}

static void print_story(const cJSON *json, struct buf *out)
{
	const cJSON *entry;
	char at[40];

	text_clean(out, json_text(json, "asset"));
	text_if(out, "  ", json_text(json, "title"));
	buf_char(out, '\n');
	cJSON_ArrayForEach (entry, json_at(json, "story")) {
		text_time(json_text(entry, "at"), at);
		buf_printf(out, "%s  ", at);
		buf_printf(out, "%-9s  ",
			json_text(entry, "kind") ? json_text(entry, "kind") : "-");
		text_clean(out, json_text(entry, "text"));
		buf_char(out, '\n');
	}
	print_missing(json, out);
	buf_str(out, "\nNow ");
	text_clean(out, json_text(json, "state"));
	text_if(out, ": ", json_text(json, "reason"));
	buf_str(out, "\nNext ");
	text_clean(out, json_text(json, "next"));
	buf_char(out, '\n');
}

static void print_rejected(const cJSON *json, struct buf *out)
{
	const cJSON *list = json_at(json, "rejected"), *entry;
	char at[40];

	text_clean(out, json_text(json, "workspace"));
	buf_printf(out, ": %d deliver%s rejected\n", cJSON_GetArraySize(list),
		cJSON_GetArraySize(list) == 1 ? "y" : "ies");
	cJSON_ArrayForEach (entry, list) {
		long long times = json_int(entry, "times", 1);

		text_time(json_text(entry, "at"), at);
		buf_printf(out, "%s  ", at);
		text_clean(out, json_text(entry, "text"));
		if (times > 1)
			buf_printf(out, "; delivered %lld times", times);
		buf_char(out, '\n');
	}
}

static bool is_workspace_name(const char *text)
{
	static const char chars[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789_-";

	return *text && text[strspn(text, chars)] == '\0';
}

static int ask_asset(struct client *client, const struct asset_name *name,
	const char *rest, cJSON **out, struct err *err)
{
	char *path = asset_name_path(name, rest);
	int rc = client_get(client, path, out, err);

	free(path);
	return rc;
}

/* What @name delivered in vain, where it is a workspace; *err stays where it is not. */
static int ask_rejected(
	struct client *client, const char *name, cJSON **out, struct err *err)
{
	struct err other = { 0 };
	char *path;
	int rc;

	if (!is_workspace_name(name))
		return CLI_NO_ASSET;
	path = mem_printf("/api/v1/workspaces/%s/rejected", name);
	rc = client_get(client, path, out, &other);
	free(path);
	if (rc != CLI_OK && rc != CLI_NO_ASSET)
		*err = other;
	return rc;
}

static int show_answer(const struct cli *cli, int rc, const cJSON *answer,
	const struct err *err, void (*print)(const cJSON *json, struct buf *out))
{
	struct buf text;

	if (rc != CLI_OK) {
		cli_fail(cli, rc, "%s", err->text);
	} else if (cli->json) {
		cli_print_json(answer);
	} else {
		buf_init(&text, CLI_TEXT_MAX);
		print(answer, &text);
		cli_print(&text);
		buf_release(&text);
	}
	return rc;
}

/* The client, when exactly one word is left after the options. */
static int open_for_one(struct cli *cli, int argc, char **argv, struct client **client)
{
	struct err err = { 0 };

	if (options_take(&argc, argv, NULL, 0, false, &err) < 0)
		return cli_usage(cli, "%s", err.text);
	if (argc != 2)
		return cli_usage(cli, "one asset is needed");
	return client_open(client, cli);
}

/* Print what the agent says of the asset that is named; @rejected: or, where it names a
 * workspace, of what that has rejected. */
static int tell_of_one(struct cli *cli, int argc, char **argv, const char *part,
	void (*print)(const cJSON *json, struct buf *out), bool rejected)
{
	struct client *client = NULL;
	struct asset_name name = { 0 };
	struct err err = { 0 };
	cJSON *answer = NULL;
	int rc = open_for_one(cli, argc, argv, &client);

	if (rc != CLI_OK)
		return rc;
	rc = client_find(client, argv[1], &name, &err);
	if (rc == CLI_OK) {
		rc = ask_asset(client, &name, part, &answer, &err);
	} else if (rc == CLI_NO_ASSET && rejected) {
		rc = ask_rejected(client, argv[1], &answer, &err);
		print = print_rejected;
	}
	rc = show_answer(cli, rc, answer, &err, print);
	cJSON_Delete(answer);
	asset_name_release(&name);
	client_close(client);
	return rc;
}

int cmd_show(struct cli *cli, int argc, char **argv)
{
	return tell_of_one(cli, argc, argv, "", print_asset, false);
}

int cmd_explain(struct cli *cli, int argc, char **argv)
{
	return tell_of_one(cli, argc, argv, "/story", print_story, true);
}
