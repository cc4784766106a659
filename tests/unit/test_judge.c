/*
 * Warnings that come of figures: where they begin, what they say, and that they end.
 */
#include <config.h>

#include "unit.h"

#include "base/certificate.h"
#include "base/clock.h"
#include "flow/judge.h"
#include "io_tls.h"
#include <stdio.h>
#include <string.h>

#define NOW  INT64_C(1800000000000000000)
#define HOUR (INT64_C(3600) * NS_PER_S)

static struct warnings *warnings;

/* The sentence of @key, or "". */
static const char *text_of(const char *key)
{
	size_t n;
	const struct warning *all = warnings_all(warnings, &n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].key, key) == 0)
			return all[i].text;
	return "";
}

static void has(const char *key, const char *part)
{
	if (!strstr(text_of(key), part))
		fail_msg("no '%s' in %s: %s", part, key, text_of(key));
}

static void the_clock(void **state)
{
	(void)state;
	judge_clock(warnings, NOW, NOW + 300 * NS_PER_S);
	assert_string_equal(text_of("clock"), "");
	judge_clock(warnings, NOW, NOW + 301 * NS_PER_S);
	has("clock", "301s behind the platform's");
	judge_clock(warnings, NOW, 0); /* says nothing */
	has("clock", "behind");
	judge_clock(warnings, NOW, NOW - 2 * HOUR);
	has("clock", "2h ahead of the platform's");
	judge_clock(warnings, NOW, NOW);
	assert_string_equal(text_of("clock"), "");
}

static void the_certificate(void **state)
{
	(void)state;
	judge_certificate(warnings, NULL, 0, NOW);
	judge_certificate(warnings, "/c.pem", NOW + 15 * 24 * HOUR, NOW);
	assert_string_equal(text_of("certificate"), "");
	judge_certificate(warnings, "/c.pem", NOW + 13 * 24 * HOUR, NOW);
	has("certificate", "/c.pem ends on 2027-01-28");
	judge_certificate(warnings, "/c.pem", NOW - 1, NOW);
	has("certificate", "/c.pem ended on 2027-01-15");
	judge_certificate(warnings, "/c.pem", NOW + 90 * 24 * HOUR, NOW);
	assert_string_equal(text_of("certificate"), "");
}

static void when_a_certificate_ends(void **state)
{
	struct test_tls tls;
	struct err err = { 0 };
	int64_t end_ns = 0;
	(void)state;
	test_tls_make(&tls);
	assert_int_equal(certificate_end(tls.cert, &end_ns, &err), 0);
	assert_true(end_ns > clock_system.wall_ns());
	assert_true(end_ns % NS_PER_S == 0);
	assert_int_equal(certificate_end(tls.key, &end_ns, &err), -ERR_INPUT);
	assert_int_equal(certificate_end("", &end_ns, &err), -ERR_INPUT);
	assert_string_equal(err.text, "there is no certificate in it");
	test_tls_release(&tls);
}

static bool rests(void *arg, const char *workspace)
{
	return strcmp(arg, workspace) == 0;
}

static void judge(int64_t due_a, int64_t due_b, const char *resting)
{
	char name[8];
	const struct workspace_stats stats[] = {
		{ .name = (char[]){ "a" }, .oldest_due_ns = due_a },
		{ .name = (char[]){ "b" }, .oldest_due_ns = due_b },
	};
	snprintf(name, sizeof(name), "%s", resting);
	judge_overdue(warnings, stats, ARRAY_LEN(stats), NOW, rests, name);
}

static void what_is_overdue(void **state)
{
	(void)state;
	judge(0, NOW + HOUR, "");
	assert_string_equal(text_of("due/a"), "");
	assert_string_equal(text_of("due/b"), "");
	judge(NOW - HOUR + 1, NOW - HOUR, "");
	assert_string_equal(text_of("due/a"), "");
	has("due/b", "workspace b does not keep up");
	judge(NOW - HOUR, NOW - HOUR, "b");
	has("due/a", "workspace a does not keep up");
	assert_string_equal(text_of("due/b"), "");
	judge(NOW - 1, 0, "");
	assert_string_equal(text_of("due/a"), "");
}

static int set_up(void **state)
{
	(void)state;
	warnings = warnings_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	warnings_free(warnings);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clock),
		cmocka_unit_test(the_certificate),
		cmocka_unit_test(when_a_certificate_ends),
		cmocka_unit_test(what_is_overdue),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
