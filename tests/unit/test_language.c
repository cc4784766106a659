/* Language tags, row by row. */
#include <config.h>

#include "media/language.h"
#include "unit.h"
#include <string.h>

static void tags_become_codes(void **state)
{
	static const char *const rows[][2] = { { "en", "eng" }, { "EN-us", "eng" },
		{ "pt_BR", "por" }, { "de", "deu" }, { "deu", "deu" }, { "ab", "abk" },
		{ "zu", "zul" }, { "xx", "und" }, { "e", "und" }, { "english", "und" },
		{ "", "und" }, { "-", "und" } };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(language_code(rows[i][0]), rows[i][1]);
	assert_string_equal(language_code(NULL), "und");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(tags_become_codes) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
