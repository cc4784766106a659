/*
 * The log as it leaves on standard error, which is a pipe while a test runs. The
 * journal itself is not asked for: what is tested is the prefix that replaces it.
 */
#include <config.h>

#include "base/log.h"
#include "base/utf8.h"
#include "unit.h"
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int real_stderr;
static int log_pipe[2];

static int catch_stderr(void **state)
{
	(void)state;
	real_stderr = dup(STDERR_FILENO);
	if (pipe2(log_pipe, O_CLOEXEC | O_NONBLOCK))
		return -1;
	return dup2(log_pipe[1], STDERR_FILENO) < 0;
}

static int release_stderr(void **state)
{
	(void)state;
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(log_pipe[0]);
	close(log_pipe[1]);
	return 0;
}

/* What was logged since the last call. */
static const char *logged(void)
{
	static char text[8192];
	ssize_t n = read(log_pipe[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* Skips "2026-11-22T10:00:00.123Z" after checking its shape. */
static const char *after_time(const char *line)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddZ";
	for (const char *s = shape; *s; s++, line++) {
		if (*s == 'd')
			assert_true(*line >= '0' && *line <= '9');
		else
			assert_int_equal(*line, *s);
	}
	return line;
}

static void text_lines(void **state)
{
	const struct log_about both = { "shop", "a1", NULL };
	const struct log_about space = { "shop", NULL, NULL };
	const struct log_about asset = { NULL, "a1", NULL };
	const struct log_about request = { NULL, NULL, "r9" };
	const struct log_about all = { "shop", "a1", "r9" };
	(void)state;
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	log_info(&both, "archived %d files", 3);
	assert_string_equal(
		after_time(logged()), " info  [shop/a1] archived 3 files\n");
	log_warn(&space, "x");
	assert_string_equal(after_time(logged()), " warn  [shop] x\n");
	log_error(&asset, "x");
	assert_string_equal(after_time(logged()), " error [-/a1] x\n");
	log_error(&request, "x");
	assert_string_equal(after_time(logged()), " error [#r9] x\n");
	log_error(&all, "x");
	assert_string_equal(after_time(logged()), " error [shop/a1 #r9] x\n");
	log_error(NULL, "x");
	assert_string_equal(after_time(logged()), " error x\n");
}

static void levels_filter(void **state)
{
	(void)state;
	log_configure(LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
	assert_true(log_enabled(LOG_LEVEL_WARN));
	assert_false(log_enabled(LOG_LEVEL_INFO));
	log_info(NULL, "no");
	log_debug(NULL, "no");
	assert_string_equal(logged(), "");
	log_configure(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
	log_debug(NULL, "yes");
	assert_string_equal(after_time(logged()), " debug yes\n");
}

static void escapes(void **state)
{
	const struct log_about about = { "a\nb", NULL, NULL };
	(void)state;
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	log_info(&about, "1\n2\t3\r4\x1B[31m5\x7F"
			 "6\xC2\x85"
			 "7\xE2\x80\xAE"
			 "8\xFF"
			 "9 é \"\\");
	assert_string_equal(after_time(logged()),
		" info  [a\\nb] 1\\n2\\t3\\r4\\u001b[31m5\\u007f6\\u00857\\u202e8" UTF8_REPLACEMENT
		"9 é \"\\\n");
}

static void json_lines(void **state)
{
	const struct log_about about = { "sh\"op", "a1", "r\n9" };
	const char *text;
	(void)state;
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	log_info(&about, "say \"hi\" \\ \x01 \xFF é");
	text = logged();
	assert_int_equal(text[strlen(text) - 1], '\n');
	cJSON *line = cJSON_Parse(text);
	assert_non_null(line);
	static const char *const expect[][2] = { { "level", "info" },
		{ "workspace", "sh\"op" }, { "asset", "a1" }, { "request", "r\n9" },
		{ "message", "say \"hi\" \\ \x01 " UTF8_REPLACEMENT " é" } };
	for (size_t i = 0; i < ARRAY_LEN(expect); i++)
		assert_string_equal(
			cJSON_GetStringValue(cJSON_GetObjectItem(line, expect[i][0])),
			expect[i][1]);
	assert_string_equal(
		after_time(cJSON_GetStringValue(cJSON_GetObjectItem(line, "time"))),
		"");
	cJSON_Delete(line);
	log_info(NULL, "x");
	line = cJSON_Parse(logged());
	assert_non_null(line);
	assert_null(cJSON_GetObjectItem(line, "asset"));
	cJSON_Delete(line);
}

static void long_lines_are_cut(void **state)
{
	static const enum log_format formats[] = { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };
	char value[5000];
	(void)state;
	for (size_t i = 0; i + 2 < sizeof(value); i += 2)
		memcpy(value + i, "\xC3\xA9", 3);
	const struct log_about about = { value, value, value };
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		log_configure(LOG_LEVEL_INFO, formats[i]);
		log_info(&about, "%s", value);
		const char *line = logged();
		size_t len = strlen(line);
		assert_true(len <= 2048 && len > 1900);
		assert_int_equal(line[len - 1], '\n');
		assert_non_null(strstr(line, "…"));
		for (size_t at = 0, n; at < len; at += n) {
			n = utf8_sequence(line + at, len - at, NULL);
			assert_true(n > 0);
		}
		if (formats[i] == LOG_FORMAT_JSON) {
			cJSON *object = cJSON_Parse(line);
			assert_non_null(object);
			cJSON_Delete(object);
		}
	}
	memset(value, 1, sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	log_info(&about, "%s", value);
	cJSON *object = cJSON_Parse(logged());
	assert_non_null(object);
	cJSON_Delete(object);
}

static void auto_follows_journal_stream(void **state)
{
	struct stat st;
	char stream[64];
	(void)state;
	unsetenv("JOURNAL_STREAM");
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_AUTO);
	log_info(NULL, "x");
	assert_string_equal(after_time(logged()), " info  x\n");
	setenv("JOURNAL_STREAM", "1:2", 1);
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_AUTO);
	log_info(NULL, "x");
	assert_string_equal(after_time(logged()), " info  x\n");
	if (access("/run/systemd/journal/socket", F_OK) == 0)
		return; /* a real journal would get the line */
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
		(uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_AUTO);
	log_info(&(struct log_about){ "shop", "a1", NULL }, "x");
	assert_string_equal(logged(), "<6>[shop/a1] x\n");
	log_error(NULL, "a\nb");
	assert_string_equal(logged(), "<3>a\\nb\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			text_lines, catch_stderr, release_stderr),
		cmocka_unit_test_setup_teardown(
			levels_filter, catch_stderr, release_stderr),
		cmocka_unit_test_setup_teardown(escapes, catch_stderr, release_stderr),
		cmocka_unit_test_setup_teardown(
			json_lines, catch_stderr, release_stderr),
		cmocka_unit_test_setup_teardown(
			long_lines_are_cut, catch_stderr, release_stderr),
		cmocka_unit_test_setup_teardown(
			auto_follows_journal_stream, catch_stderr, release_stderr),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
