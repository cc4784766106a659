/*
 * Globs and the choice of a rule.
 */
#include <config.h>

#include "core/rule.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

#include "config_world.h"

static void matches_globs(void **state)
{
	static const struct {
		const char *glob, *text;
		bool match;
	} rows[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "*", "", true },
		{ "?*", "", false },
		{ "*", "anything", true },
		{ "abc", "ABC", true },
		{ "abc", "abcd", false },
		{ "a*c", "abbbc", true },
		{ "a*c", "abbbd", false },
		{ "a*b*c", "a-b-b-c", true },
		{ "*.fastpix.com", "x.fastpix.com", true },
		{ "*.fastpix.com", "fastpix.com", false },
		{ "*.fastpix.com", "x.fastpix.com.evil", false },
		{ "?", "é", true },
		{ "??", "é", false },
		{ "?", "\xF0\x9F\x8E\xA5", true },
		{ "É*", "école", true },
		{ "ŽÁ*", "žába", true },
		{ "ПРИВЕТ", "привет", true },
		{ "ΑΒΓ", "αβγ", true },
		{ "[abc]x", "bx", true },
		{ "[a-c]x", "dx", false },
		{ "[A-C]", "b", true },
		{ "[!a-c]x", "dx", true },
		{ "[^a-c]x", "ax", false },
		{ "[]]", "]", true },
		{ "[!]]", "]", false },
		{ "[a-]", "-", true },
		{ "[à-ý]", "É", true },
		{ "[abc", "[abc", true },
		{ "[", "[", true },
		{ "\\*", "*", true },
		{ "\\*", "x", false },
		{ "a\\", "a\\", true },
		{ "[\\]]", "]", true },
		{ "?", "\xFF", true },
		{ "\xFF", "\xFF", true },
		{ "\xFF", "\xFE", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (glob_match(rows[i].glob, rows[i].text) != rows[i].match)
			fail_msg("%s on %s", rows[i].glob, rows[i].text);
}

/* Many stars on a text that does not match: must not take exponential time. */
static void stays_quick(void **state)
{
	char glob[101], text[4001];

	(void)state;
	for (size_t i = 0; i < 100; i += 2)
		memcpy(glob + i, "*a", 2);
	strcpy(glob + 99, "b");
	memset(text, 'a', 4000);
	text[4000] = '\0';
	assert_false(glob_match(glob, text));
}

static const char *chosen(
	const struct config *config, const char *workspace, const struct facts *facts)
{
	return rule_choose(config, workspace, facts)->name;
}

static void chooses_the_first_that_matches(void **state)
{
	struct config *config = NULL;
	struct config_notes notes;
	struct facts facts;
	char title[] = "Tor gegen Nürnberg";
	char type[] = "clip";

	(void)state;
	assert_int_equal(
		world_text(
			"[workspace p]\nplatform=optiview\napi_secret=x\n"
			"webhook_secret=dGVzdA==\n"
			"[rule other]\nworkspace = q*\n"
			"[rule long]\nmin_duration = 1h\n"
			"[rule short]\nmax_duration = 10s\n"
			"[rule sports]\nmetadata.team = sports, news\nmetadata.n = 4?\n"
			"[rule tagged]\nmetadata.tags = b*\n"
			"[rule titled]\ntitle = x, *NÜRNBERG\ntype = clip\n"
			"[rule live]\ntype = live\nstream = ?*\n",
			&config, &notes),
		0);
	facts_init(&facts);
	assert_string_equal(chosen(config, "p", &facts), "");
	assert_string_equal(chosen(config, "quite", &facts), "other");
	facts.title = title;
	assert_string_equal(chosen(config, "p", &facts), "");
	facts.type = type;
	assert_string_equal(chosen(config, "p", &facts), "titled");
	facts.metadata = cJSON_Parse("{\"tags\":[\"a\",{},\"blue\"]}");
	assert_string_equal(chosen(config, "p", &facts), "tagged");
	cJSON_AddStringToObject(facts.metadata, "team", "News");
	assert_string_equal(chosen(config, "p", &facts), "tagged");
	cJSON_AddNumberToObject(facts.metadata, "n", 42);
	assert_string_equal(chosen(config, "p", &facts), "sports");
	facts.duration_ms = 10000;
	assert_string_equal(chosen(config, "p", &facts), "short");
	facts.duration_ms = 10001;
	assert_string_equal(chosen(config, "p", &facts), "sports");
	facts.duration_ms = 3600 * 1000;
	assert_string_equal(chosen(config, "p", &facts), "long");
	cJSON_Delete(facts.metadata);
	config_notes_release(&notes);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_globs),
		cmocka_unit_test(stays_quick),
		cmocka_unit_test(chooses_the_first_that_matches),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
