/*
 * The file as such: what inih would cut off or join, includes, secrets from this
 * machine, and that dump, sample and manual say what the option table says.
 */
#include <config.h>

#include "base/buf.h"
#include "base/fs.h"
#include "cli/config_load.h"
#include "core/config_table.h"
#include "unit.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_world.h"

#define WORKSPACE                                                               \
	"[workspace p]\nplatform = fastpix\napi_id = id\napi_secret = s3cret\n" \
	"webhook_secret = dGVzdA==\n"

static const char *first_note(const struct world_file *files)
{
	static char text[1024];
	struct config *config = NULL;
	struct config_notes notes;

	world_config(files, &config, &notes);
	snprintf(text, sizeof(text), "%s", notes.count ? notes.notes[0].text : "");
	config_notes_release(&notes);
	config_free(config);
	return text;
}

static void must_begin(const char *text, const char *begin)
{
	if (strncmp(text, begin, strlen(begin)) != 0)
		fail_msg("\"%s\" does not begin \"%s\"", text, begin);
}

static const char *note_of(const char *text, size_t len)
{
	const struct world_file files[] = { { MAIN_INI, text, len }, { 0 } };
	return first_note(files);
}

static void refuses_what_would_be_cut(void **state)
{
	char filler[256];

	(void)state;
	memset(filler, 'x', sizeof(filler));
	for (size_t len = 190; len <= 205; len++) {
		/* "api_url = https://" is 18 bytes */
		char *text = mem_printf(
			WORKSPACE "api_url = https://%.*s", (int)len - 18, filler);
		const char *note = note_of(text, 0);
		if (len <= 198)
			assert_string_equal(note, "");
		else
			must_begin(note,
				MAIN_INI ":6: [workspace p]: the line is too long; "
					 "expected at most 198 bytes");
		free(text);
		text = mem_printf(WORKSPACE "#%.*s", (int)len - 1, filler);
		note = note_of(text, 0);
		assert_int_equal(*note == '\0', len <= 198);
		free(text);
	}
	for (int len = 36; len <= 60; len++) {
		char *text = mem_printf(WORKSPACE
			"[workspace %.*s]\nplatform = optiview\n"
			"api_secret = x\nwebhook_secret = dGVzdA==",
			len, filler);
		const char *note = note_of(text, 0);
		if (len <= 39)
			assert_string_equal(note, "");
		else
			must_begin(note, MAIN_INI ":6: the section's name is too long; "
						  "expected at most 49 bytes");
		free(text);
	}
}

static void refuses_what_is_not_text(void **state)
{
	static const char nul[] = WORKSPACE "proxy = a\0b\n";

	(void)state;
	must_begin(note_of(nul, sizeof(nul) - 1),
		MAIN_INI ":6: [workspace p]: the line holds a control character");
	must_begin(note_of(WORKSPACE "[rule r]\ntitle = \xE9t\xE9\n", 0),
		MAIN_INI ":7: [rule r]: the line is not UTF-8 text");
	must_begin(note_of(WORKSPACE "[rule r]\ntitle = a\x1B[1m\n", 0),
		MAIN_INI ":7: [rule r]: the line holds a control character");
}

static void survives_any_bytes(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 300; round++) {
		char text[2000];
		static const char alphabet[] = "[]=;#\n\n \tabr,{}|%/.\r\"";
		for (size_t i = 0; i < sizeof(text); i++) {
			seed = seed * 1103515245 + 12345;
			unsigned r = seed >> 16;
			text[i] = r % 8 ? alphabet[r % (sizeof(alphabet) - 1)]
					: (char)(r & 0xFF);
		}
		assert_true(*note_of(text, sizeof(text)) != '\0');
	}
}

static void reads_windows_and_indented_files(void **state)
{
	struct config *config = NULL;
	struct config_notes notes;

	(void)state;
	assert_int_equal(
		world_text(
			"\xEF\xBB\xBF[agent] ; here\r\n  log_level = debug ; more\r\n\r\n"
			"\tlog_format = json\r\n[ workspace   p ] # x\r\n platform=optiview\r\n"
			"  api_secret = a;b\r\nwebhook_secret : dGVzdA==",
			&config, &notes),
		0);
	assert_int_equal(config->agent.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(config->agent.log_format, LOG_FORMAT_JSON);
	assert_string_equal(config->workspaces[0].name, "p");
	assert_string_equal(config->workspaces[0].api_secret, "a;b");
	config_notes_release(&notes);
	config_free(config);
}

static void adds_what_may_repeat(void **state)
{
	struct config *config = NULL;
	struct config_notes notes;

	(void)state;
	assert_int_equal(world_text(WORKSPACE "[receiver]\nlisten = 127.0.0.1:1\n"
					      "listen = [::1]:1\nlisten = unix:/x\n",
				 &config, &notes),
		0);
	assert_int_equal(config->receiver.listen.count, 3);
	assert_string_equal(config->receiver.listen.items[2], "unix:/x");
	config_notes_release(&notes);
	config_free(config);
	must_begin(note_of(WORKSPACE "[receiver]\nlisten = [::1]:1\nlisten = [::1]:1\n",
			   0),
		MAIN_INI ":8: [receiver] listen: \"[::1]:1\" is given twice");
}

static void reads_included_files(void **state)
{
	static const struct world_file good[] = {
		{ MAIN_INI, "[agent]\ninclude = *.ini\ninclude = /x/none*\n[rule a]\n",
			0 },
		{ "etc/b.ini", WORKSPACE "[rule b]\n", 0 },
		{ "etc/c.ini", "[receiver]\nmax_body = 2M\n[rule c]\n", 0 },
		{ 0 },
	};
	static const struct world_file bad[] = {
		{ MAIN_INI, "[agent]\ninclude = b.ini\n" WORKSPACE "api_url = x\n", 0 },
		{ "etc/b.ini",
			"[agent]\ninclude = c.ini\n[rule r]\npriority = x\n" WORKSPACE,
			0 },
		{ "etc/c.ini", "never read", 0 },
		{ 0 },
	};
	static const char *const expected[] = {
		MAIN_INI ":8: [workspace p] api_url: \"x\" is not",
		"etc/b.ini:1: [agent]: this section has begun at " MAIN_INI ":1",
		"etc/b.ini:4: [rule r] priority: \"x\" is not",
		"etc/b.ini:5: [workspace p]: this section has begun at " MAIN_INI ":3",
	};
	struct config *config = NULL;
	struct config_notes notes;

	(void)state;
	assert_int_equal(world_config(good, &config, &notes), 0);
	assert_int_equal(notes.count, 0);
	assert_int_equal(config->n_rules, 3);
	assert_string_equal(config->rules[0].name, "a");
	assert_string_equal(config->rules[2].name, "c");
	assert_int_equal(config->receiver.max_body, 2 << 20);
	assert_string_equal(config->workspaces[0].file, "etc/b.ini");
	assert_int_equal(config->files.count, 3);
	config_free(config);
	assert_int_equal(world_config(bad, &config, &notes), -(int)ERR_INPUT);
	assert_int_equal(notes.count, ARRAY_LEN(expected));
	for (size_t i = 0; i < notes.count; i++)
		must_begin(notes.notes[i].text, expected[i]);
	config_notes_release(&notes);
}

/* ---- what is written --------------------------------------------------------- */

static char *replace_all(const char *text, const char *what, const char *with)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	for (const char *at; (at = strstr(text, what)); text = at + strlen(what)) {
		buf_append(&out, text, (size_t)(at - text));
		buf_str(&out, with);
	}
	buf_str(&out, text);
	return buf_steal(&out);
}

static char *dump_of(const char *text)
{
	struct config *config = NULL;
	struct config_notes notes;
	struct buf out;

	if (world_text(text, &config, &notes))
		fail_msg("%s", notes.notes[0].text);
	config_notes_release(&notes);
	buf_init(&out, 1 << 20);
	config_dump(config, &out);
	config_free(config);
	return buf_steal(&out);
}

static void dumps_what_it_can_read(void **state)
{
	char *dump = dump_of("[admin]\npassword = pass-word\n" WORKSPACE
			     "proxy = http://u:pass-word@h:1\n"
			     "[rule r]\nmetadata.a = b, c\nmetadata.d =\n"
			     "notify = https://h/x?token=pass-word\n"
			     "notify_secret = pass-word\n");

	(void)state;
	assert_null(strstr(dump, "pass-word"));
	assert_null(strstr(dump, "s3cret"));
	assert_null(strstr(dump, "dGVzdA"));
	assert_non_null(strstr(dump, "\npassword = ***\n"));
	assert_non_null(strstr(dump, "\nwebhook_secret = ***\n"));
	assert_non_null(strstr(dump, "\nproxy = http://u:***@h:1\n"));
	assert_non_null(strstr(dump, "\nnotify = https://h/x?***\n"));
	assert_non_null(strstr(dump, "\nmetadata.a = b, c\n"));
	char *filled = replace_all(dump, " = ***", " = dGVzdA==");
	char *again = dump_of(filled);
	assert_string_equal(dump, again);
	free(dump);
	free(filled);
	free(again);
}

static void reveals_no_secret_in_findings(void **state)
{
	static const char *const rows[] = {
		"[admin]\npassword = hush\tnow\n" WORKSPACE,
		WORKSPACE "[rule r]\nnotify = https://u:hush@h\n",
		WORKSPACE "proxy = hush:now\n",
		WORKSPACE "api_url = https://u:hush@h/\n",
		WORKSPACE "api_secrets = hush\n",
		WORKSPACE "api_secret = hush\n",
		WORKSPACE "hush\n",
		"[agent]\nstate = mysql://u:hush@h/x\n" WORKSPACE,
		"[workspace x]\nplatform=optiview\napi_secret = x\nwebhook_secret = hush!\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *note = note_of(rows[i], 0);
		if (!*note || strstr(note, "hush"))
			fail_msg("row %zu: %s", i, note);
	}
}

static void sample_is_the_committed_one(void **state)
{
	const char *top = getenv("top_srcdir");
	char *path = mem_printf("%s/etc/vodkeep.ini", top ? top : ".");
	struct buf file, sample;

	(void)state;
	buf_init(&file, 1 << 20);
	buf_init(&sample, 1 << 20);
	assert_int_equal(fs_read(path, 1 << 20, &file, NULL), 0);
	config_sample(&sample);
	if (strcmp(buf_text(&file), buf_text(&sample)) != 0)
		fail_msg("etc/vodkeep.ini is old; \"make sample\" writes it");
	buf_release(&file);
	buf_release(&sample);
	free(path);
}

/* With the secrets filled in it is valid; with every default set it still is. */
static void sample_is_valid(void **state)
{
	struct buf sample;

	(void)state;
	buf_init(&sample, 1 << 20);
	config_sample(&sample);
	char *step1 =
		replace_all(buf_text(&sample), "_secret =\n", "_secret = dGVzdA==\n");
	char *step2 = replace_all(step1, "api_id =\n", "api_id = x\n");
	char *filled = replace_all(step2, "file:", "");
	free(dump_of(filled));
	char *open = replace_all(filled, "\n#", "\n");
	char *lines = replace_all(open, "\n ", "\n# ");
	char *whole = replace_all(lines, "\n\n#\n", "\n");
	must_begin(note_of(buf_text(&sample), 0), MAIN_INI ":");
	for (const char *line = whole; line; line = strchr(line + 1, '\n'))
		assert_true(strcspn(line + 1, "\n") <= 80);
	free(dump_of(whole));
	free(step1);
	free(step2);
	free(filled);
	free(open);
	free(lines);
	free(whole);
	buf_release(&sample);
}

static void sample_and_manual_name_every_key(void **state)
{
	struct buf sample, man;

	(void)state;
	buf_init(&sample, 1 << 20);
	buf_init(&man, 1 << 20);
	config_sample(&sample);
	config_man(&man);
	assert_false(sample.overflow || man.overflow);
	for (size_t i = 0; i < config_n_options; i++) {
		bool prefix = config_options[i].flags & OPTION_PREFIX;
		char *in_sample = mem_printf(
			"%s%s =", config_options[i].key, prefix ? ".KEY" : "");
		char *in_man = mem_printf(
			"\n\\fB%s%s\\fP", config_options[i].key, prefix ? ".KEY" : "");
		assert_non_null(strstr(buf_text(&sample), in_sample));
		assert_non_null(strstr(buf_text(&man), in_man));
		free(in_sample);
		free(in_man);
	}
	buf_release(&sample);
	buf_release(&man);
}

/* ---- this machine ------------------------------------------------------------ */

static void write_file(const char *dir, const char *name, const char *text)
{
	char *path = mem_printf("%s/%s", dir, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	free(path);
}

static char *secret_of(const char *kind, const char *dir, const char *name)
{
	struct err err = { 0 };
	char *text = mem_printf("%s%s%s%s", kind, dir, *dir ? "/" : "", name);
	char *out = NULL;

	if (config_source_system.secret(NULL, text, &out, &err))
		out = mem_printf("! %s", err.text);
	free(text);
	return out;
}

static void must_be_secret(
	const char *kind, const char *dir, const char *name, const char *expected)
{
	char *out = secret_of(kind, dir, name);
	assert_string_equal(out, expected);
	free(out);
}

static void must_be_no_secret(const char *kind, const char *name)
{
	char *out = secret_of(kind, "", name);
	assert_int_equal(out[0], '!');
	free(out);
}

static void reads_this_machine(void **state)
{
	char dir[] = "/tmp/vodkeep-config-[x]-XXXXXX";
	static const char *const names[] = { "one", "two", "crlf", "main.ini",
		"d.ini" };

	(void)state;
	assert_non_null(mkdtemp(dir));
	write_file(dir, "one", "secret\n");
	write_file(dir, "two", "secret\n\n");
	write_file(dir, "crlf", "secret\r\n");
	must_be_secret("file:", dir, "one", "secret");
	must_be_secret("file:", dir, "two", "secret\n");
	must_be_secret("file:", dir, "crlf", "secret");
	must_be_secret("", "", "literal", "literal");
	must_be_no_secret("file:", "/nowhere/at/all");
	setenv("VODKEEP_TEST", "from env", 1);
	must_be_secret("env:", "", "VODKEEP_TEST", "from env");
	unsetenv("VODKEEP_TEST");
	must_be_no_secret("env:", "VODKEEP_TEST");
	unsetenv("CREDENTIALS_DIRECTORY");
	must_be_no_secret("credential:", "one");
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	must_be_secret("credential:", "", "one", "secret");
	must_be_no_secret("credential:", "../one");
	must_be_no_secret("credential:", "..");
	must_be_no_secret("credential:", "");

	write_file(
		dir, "main.ini", "[agent]\ninclude = d*.ini\ninclude = gone/*.ini\n");
	write_file(dir, "d.ini", WORKSPACE);
	char *path = mem_printf("%s/main.ini", dir);
	struct config *config = NULL;
	struct config_notes notes = { 0 };
	assert_int_equal(config_load(path, &config, &notes), 0);
	assert_int_equal(config->n_workspaces, 1);
	config_free(config);
	config_notes_release(&notes);
	free(path);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		path = mem_printf("%s/%s", dir, names[i]);
		assert_int_equal(unlink(path), 0);
		free(path);
	}
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_would_be_cut),
		cmocka_unit_test(refuses_what_is_not_text),
		cmocka_unit_test(survives_any_bytes),
		cmocka_unit_test(reads_windows_and_indented_files),
		cmocka_unit_test(adds_what_may_repeat),
		cmocka_unit_test(reads_included_files),
		cmocka_unit_test(dumps_what_it_can_read),
		cmocka_unit_test(reveals_no_secret_in_findings),
		cmocka_unit_test(sample_is_the_committed_one),
		cmocka_unit_test(sample_is_valid),
		cmocka_unit_test(sample_and_manual_name_every_key),
		cmocka_unit_test(reads_this_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
