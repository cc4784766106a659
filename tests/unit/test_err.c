/*
 * Errors: classes, wrapping, and text that never overruns or cuts a character.
 */
#include <config.h>

#include "base/err.h"
#include "base/utf8.h"
#include "unit.h"
#include <errno.h>
#include <string.h>

static void fills(void **state)
{
	struct err err = { .retry_after_ms = 7 };
	(void)state;
	assert_int_equal(err_set(&err, ERR_STALE, "link %d", 3), -(int)ERR_STALE);
	assert_int_equal(err.class, ERR_STALE);
	assert_int_equal(err.retry_after_ms, 0);
	assert_string_equal(err.text, "link 3");
	assert_int_equal(err_set(NULL, ERR_AUTH, "x"), -(int)ERR_AUTH);

	assert_int_equal(
		err_sys(&err, ERR_LOCAL, ENOSPC, "write %s", "a"), -(int)ERR_LOCAL);
	assert_string_equal(err.text, "write a: No space left on device");
	assert_int_equal(err_sys(NULL, ERR_LOCAL, ENOSPC, "x"), -(int)ERR_LOCAL);

	err_clear(&err);
	err_clear(NULL);
	assert_int_equal(err.class, ERR_NONE);
	assert_string_equal(err.text, "");
}

static void wraps(void **state)
{
	struct err err;
	(void)state;
	err_set(&err, ERR_NOT_YET, "the video is processing");
	err.retry_after_ms = 5000;
	assert_int_equal(err_wrap(&err, "asset %s", "a1"), -(int)ERR_NOT_YET);
	assert_string_equal(err.text, "asset a1: the video is processing");
	assert_int_equal(err.retry_after_ms, 5000);
	assert_int_equal(err_wrap(NULL, "x"), -(int)ERR_TRANSIENT);

	err_set(&err, ERR_INPUT, "again (%s)", err.text);
	assert_string_equal(err.text, "again (asset a1: the video is processing)");
}

static void assert_whole_characters(const char *text)
{
	size_t len = strlen(text);
	assert_true(len < sizeof(((struct err *)NULL)->text));
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_sequence(text + i, len - i, NULL);
		assert_true(n > 0);
	}
}

static void long_text_is_cut_between_characters(void **state)
{
	struct err err;
	char text[1000];
	(void)state;
	for (size_t shift = 0; shift < 4; shift++) {
		memset(text, 'x', shift);
		for (size_t i = shift; i + 4 < sizeof(text); i += 4)
			memcpy(text + i, "\xF0\x9F\x98\x80", 5);
		err_set(&err, ERR_INPUT, "%s", text);
		assert_whole_characters(err.text);
		assert_true(strlen(err.text) >= sizeof(err.text) - 4);
		err_wrap(&err, "outer");
		assert_whole_characters(err.text);
		assert_memory_equal(err.text, "outer: ", 7);
		err_wrap(&err, "%s", text);
		assert_whole_characters(err.text);
		err_sys(&err, ERR_LOCAL, EIO, "%s", text);
		assert_whole_characters(err.text);
	}
}

static void names_and_errnos(void **state)
{
	static const struct {
		int errnum;
		enum err_class class;
	} rows[] = {
		{ ENOSPC, ERR_LOCAL },
		{ EDQUOT, ERR_LOCAL },
		{ EROFS, ERR_LOCAL },
		{ EIO, ERR_LOCAL },
		{ EACCES, ERR_LOCAL },
		{ EMFILE, ERR_LOCAL },
		{ ENOENT, ERR_NOT_FOUND },
		{ EEXIST, ERR_EXISTS },
		{ EAGAIN, ERR_TRANSIENT },
		{ ENAMETOOLONG, ERR_PERMANENT },
		{ ELOOP, ERR_PERMANENT },
		{ ECANCELED, ERR_CANCELLED },
		{ 99999, ERR_LOCAL },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(err_class_of_errno(rows[i].errnum), rows[i].class);
	for (int class = 0; class < ERR_CLASSES; class ++) {
		const char *name = err_class_name((enum err_class) class);
		assert_non_null(name);
		for (int other = 0; other < class; other++)
			assert_string_not_equal(
				name, err_class_name((enum err_class)other));
	}
	assert_string_equal(err_class_name(ERR_CLASSES), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills),
		cmocka_unit_test(wraps),
		cmocka_unit_test(long_text_is_cut_between_characters),
		cmocka_unit_test(names_and_errnos),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
