/*
 * The breaker: when it opens, what it lets through, how its delay grows, what closes
 * it; and that no order of events leaves it where nobody may ever ask again.
 */
#include <config.h>

#include "core/breaker.h"

#include "unit.h"

static const struct breaker_limits limits = { .min_ms = 1000, .max_ms = 60000 };

static bool fails(
	struct breaker *breaker, uint64_t subject, bool silent, int64_t now_ms)
{
	return breaker_failed(
		breaker, BREAKER_GO, subject, silent, &limits, now_ms, UINT64_MAX);
}

static void open_it(struct breaker *breaker, int64_t now_ms)
{
	for (int i = 1; i < BREAKER_FAILURES; i++)
		assert_false(fails(breaker, 1, true, now_ms));
	assert_true(fails(breaker, 1, true, now_ms));
	assert_int_equal(breaker->state, BREAKER_OPEN);
}

static void silence_opens_it(void **state)
{
	struct breaker breaker = { 0 };
	(void)state;
	assert_int_equal(breaker_begin(&breaker, 0), BREAKER_GO);
	open_it(&breaker, 100);
	assert_int_equal(breaker_begin(&breaker, 100), BREAKER_WAIT);
}

static void an_answer_between_starts_the_count_anew(void **state)
{
	struct breaker breaker = { 0 };
	(void)state;
	for (int i = 0; i < 10; i++) {
		for (int k = 1; k < BREAKER_FAILURES; k++)
			assert_false(fails(&breaker, 1, true, i));
		assert_false(breaker_answered(&breaker));
	}
	open_it(&breaker, 20);
}

/* One file that is always answered badly says nothing of its host. */
static void bad_answers_count_from_two_subjects_on(void **state)
{
	struct breaker breaker = { 0 };
	(void)state;
	for (int i = 0; i < 20; i++)
		assert_false(fails(&breaker, 1, false, i));
	assert_true(fails(&breaker, 2, false, 20));
	breaker = (struct breaker){ 0 };
	assert_false(fails(&breaker, 1, true, 0)); /* mixed: not all are silent */
	assert_false(fails(&breaker, 1, false, 0));
	assert_false(fails(&breaker, 1, true, 0));
	assert_true(fails(&breaker, 2, true, 0));
}

static void one_probe_at_a_time(void **state)
{
	struct breaker breaker = { 0 };
	int64_t again_ms;
	(void)state;
	open_it(&breaker, 0);
	again_ms = breaker.again_ms;
	assert_int_equal(breaker_begin(&breaker, again_ms - 1), BREAKER_WAIT);
	assert_int_equal(breaker_look(&breaker, again_ms), BREAKER_PROBE);
	assert_int_equal(breaker_begin(&breaker, again_ms), BREAKER_PROBE);
	assert_int_equal(breaker_begin(&breaker, again_ms), BREAKER_WAIT);
	assert_int_equal(breaker_look(&breaker, again_ms + 1000000), BREAKER_WAIT);
	/* What began before it opened and fails now changes nothing … */
	assert_false(fails(&breaker, 9, true, again_ms));
	assert_int_equal(breaker.state, BREAKER_PROBING);
	/* … but an answer is an answer. */
	assert_true(breaker_answered(&breaker));
	assert_int_equal(breaker_begin(&breaker, again_ms), BREAKER_GO);
}

static void the_delay_grows_to_its_bound(void **state)
{
	struct breaker breaker = { 0 };
	int64_t now_ms = 0, last_ms = 0;
	(void)state;
	open_it(&breaker, now_ms);
	for (int i = 0; i < 12; i++) {
		assert_true(breaker.delay_ms >= last_ms);
		assert_true(breaker.delay_ms <= limits.max_ms);
		last_ms = breaker.delay_ms;
		now_ms = breaker.again_ms;
		assert_int_equal(breaker_begin(&breaker, now_ms), BREAKER_PROBE);
		assert_true(breaker_failed(&breaker, BREAKER_PROBE, 1, false, &limits,
			now_ms, i % 2 ? 0 : UINT64_MAX));
		if (i % 2)
			last_ms = 0; /* the shortest that chance allows */
	}
	now_ms = breaker.again_ms;
	breaker_begin(&breaker, now_ms);
	breaker_failed(&breaker, BREAKER_PROBE, 1, true, &limits, now_ms, 0);
	assert_int_equal(breaker.delay_ms, limits.max_ms / 2);
	/* An answer, and it is short again. */
	assert_true(breaker_answered(&breaker));
	open_it(&breaker, now_ms);
	assert_true(breaker.delay_ms <= 2 * limits.min_ms);
}

static void a_probe_without_a_verdict_frees_the_way(void **state)
{
	struct breaker breaker = { 0 };
	int64_t again_ms;
	(void)state;
	open_it(&breaker, 0);
	again_ms = breaker.again_ms;
	breaker_begin(&breaker, again_ms);
	breaker_dropped(&breaker, BREAKER_GO); /* another's end */
	assert_int_equal(breaker_look(&breaker, again_ms), BREAKER_WAIT);
	breaker_dropped(&breaker, BREAKER_PROBE);
	assert_int_equal(breaker_begin(&breaker, again_ms), BREAKER_PROBE);
	breaker_postponed(&breaker, BREAKER_PROBE, 7000, again_ms);
	assert_int_equal(breaker_look(&breaker, again_ms + 6999), BREAKER_WAIT);
	assert_int_equal(breaker_look(&breaker, again_ms + 7000), BREAKER_PROBE);
}

static void hurry(void **state)
{
	struct breaker breaker = { 0 };
	(void)state;
	breaker_hurry(&breaker, 5);
	assert_int_equal(breaker_begin(&breaker, 5), BREAKER_GO);
	open_it(&breaker, 5);
	breaker_hurry(&breaker, 6);
	assert_int_equal(breaker_begin(&breaker, 6), BREAKER_PROBE);
	breaker_hurry(&breaker, 7);
	assert_int_equal(breaker_begin(&breaker, 7), BREAKER_WAIT);
}

static void no_limits_are_no_trap(void **state)
{
	static const struct breaker_limits none = { 0 };
	struct breaker breaker = { 0 };
	(void)state;
	for (int i = 0; i < BREAKER_FAILURES; i++)
		breaker_failed(&breaker, BREAKER_GO, 1, true, &none, 0, UINT64_MAX);
	assert_int_equal(breaker_begin(&breaker, 1), BREAKER_PROBE);
}

/* Every sequence of so many events: whatever has happened, once the probe that may be
 * on its way has ended and the delay is over, somebody may ask. */
static void every_way_leads_on(void **state)
{
	(void)state;
	for (unsigned long world = 0; world < 262144; world++) { /* 8^6 */
		struct breaker breaker = { 0 };
		enum breaker_pass probe = BREAKER_GO;
		unsigned long moves = world;
		int64_t now_ms = 1;

		for (int i = 0; i < 6; i++, moves /= 8) {
			enum breaker_pass pass = breaker_begin(&breaker, now_ms);
			if (pass == BREAKER_PROBE) {
				assert_int_equal(probe, BREAKER_GO);
				probe = pass;
			}
			switch (moves % 8) {
			case 0:
			case 1:
				breaker_failed(&breaker, BREAKER_GO, moves % 8,
					moves & 8, &limits, now_ms, world);
				break;
			case 2:
				breaker_failed(&breaker, probe, 1, true, &limits,
					now_ms, world);
				probe = BREAKER_GO;
				break;
			case 3:
				breaker_answered(&breaker);
				probe = BREAKER_GO;
				break;
			case 4:
				breaker_dropped(&breaker, probe);
				probe = BREAKER_GO;
				break;
			case 5:
				breaker_postponed(&breaker, probe, 500, now_ms);
				probe = BREAKER_GO;
				break;
			case 6:
				now_ms += 100000;
				break;
			default:
				breaker_hurry(&breaker, now_ms);
				break;
			}
		}
		breaker_dropped(&breaker, probe);
		assert_int_not_equal(
			breaker_look(&breaker, now_ms + 100000), BREAKER_WAIT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_opens_it),
		cmocka_unit_test(an_answer_between_starts_the_count_anew),
		cmocka_unit_test(bad_answers_count_from_two_subjects_on),
		cmocka_unit_test(one_probe_at_a_time),
		cmocka_unit_test(the_delay_grows_to_its_bound),
		cmocka_unit_test(a_probe_without_a_verdict_frees_the_way),
		cmocka_unit_test(hurry),
		cmocka_unit_test(no_limits_are_no_trap),
		cmocka_unit_test(every_way_leads_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
