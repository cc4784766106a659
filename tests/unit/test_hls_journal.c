/*
 * The journal: what is written is read again, to the last whole line; whatever stands
 * where a crash, a disk or an enemy has been is read up to there, and no further.
 */
#include <config.h>

#include "flow/hls_journal.h"
#include "unit.h"
#include <string.h>

static void write_some(struct buf *text)
{
	buf_init(text, JOURNAL_MAX);
	journal_put_head(text);
	journal_put_track(text, "v", 0x0123456789abcdef, 3);
	journal_put_piece(text, "v", 0, 188, 1);
	journal_put_track(text, "a1", UINT64_MAX, 1);
	journal_put_piece(text, "v", 1, INT64_C(5000000000), 2);
	journal_put_piece(text, "a1", 0, 7, 3);
}

static void what_is_written_is_read(void **state)
{
	struct journal journal;
	const struct journal_track *track;
	struct buf text;
	(void)state;
	write_some(&text);
	journal_parse(buf_text(&text), text.len, &journal);
	assert_int_equal(journal.good, text.len);
	assert_int_equal(journal.n_tracks, 2);
	track = journal_find(&journal, "v");
	assert_non_null(track);
	assert_true(track->mark == 0x0123456789abcdef);
	assert_int_equal(track->count, 3);
	assert_int_equal(track->n, 2);
	assert_true(track->pieces[1].bytes == INT64_C(5000000000));
	assert_int_equal(track->pieces[1].mark, 2);
	assert_true(journal_find(&journal, "a1")->mark == UINT64_MAX);
	assert_null(journal_find(&journal, "a2"));
	journal_release(&journal);
	journal_release(&journal);
	buf_release(&text);
}

static void a_track_begins_anew(void **state)
{
	struct journal journal;
	struct buf text;
	(void)state;
	write_some(&text);
	journal_put_track(&text, "v", 5, 9);
	for (size_t i = 0; i < 9; i++)
		journal_put_piece(&text, "v", i, (int64_t)i, i);
	journal_parse(buf_text(&text), text.len, &journal);
	assert_int_equal(journal.good, text.len);
	assert_int_equal(journal_find(&journal, "v")->n, 9);
	assert_int_equal(journal_find(&journal, "v")->pieces[8].bytes, 8);
	assert_int_equal(journal_find(&journal, "a1")->n, 1);
	journal_release(&journal);
	buf_release(&text);
}

static void it_may_be_cut_anywhere(void **state)
{
	struct buf text;
	(void)state;
	write_some(&text);
	for (size_t len = 0; len < text.len; len++) {
		struct journal journal;
		size_t whole = len;

		journal_parse(buf_text(&text), len, &journal);
		while (whole > 0 && buf_text(&text)[whole - 1] != '\n')
			whole--;
		assert_int_equal(journal.good, whole);
		journal_release(&journal);
	}
	buf_release(&text);
}

static void what_does_not_follow_ends_it(void **state)
{
	static const char *const lines[] = {
		"piece v 2 1 0\n", /* 1 is missing */
		"piece v 0 1 0\n",
		"piece x 0 1 0\n",
		"piece v 1 -1 0\n",
		"piece v 1 1\n",
		"piece v 1 1 0 more\n",
		"piece vvvvvvvvvvvv 1 1 0\n",
		"track v 0\n",
		"\n",
		"nonsense\n",
		"piece v 1 99999999999999999999999999999999999999999999999999999999999999"
		"999999999999999999999999999999999999999999999999999999999999999 0\n",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct journal journal;
		struct buf text;

		buf_init(&text, JOURNAL_MAX);
		journal_put_head(&text);
		journal_put_track(&text, "v", 1, 3);
		journal_put_piece(&text, "v", 0, 188, 1);
		size_t good = text.len;
		buf_str(&text, lines[i]);
		journal_put_piece(&text, "v", 1, 188, 1);
		journal_parse(buf_text(&text), text.len, &journal);
		assert_int_equal(journal.good, good);
		assert_int_equal(journal_find(&journal, "v")->n, 1);
		journal_release(&journal);
		buf_release(&text);
	}
}

static void another_file_is_none(void **state)
{
	static const char *const texts[] = { "", "vodkeep-hls 2\ntrack v 0 1\n",
		"track v 0 1\n" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct journal journal;

		journal_parse(texts[i], strlen(texts[i]), &journal);
		assert_int_equal(journal.good, 0);
		assert_int_equal(journal.n_tracks, 0);
		journal_release(&journal);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(a_track_begins_anew),
		cmocka_unit_test(it_may_be_cut_anywhere),
		cmocka_unit_test(what_does_not_follow_ends_it),
		cmocka_unit_test(another_file_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
