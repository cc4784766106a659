/*
 * Places for files: no more than the limit, first come first served, and leaving the
 * line from anywhere.
 */
#include <config.h>

#include "base/mem.h"
#include "flow/slots.h"
#include "unit.h"

struct waiter {
	struct slot_wait wait;
	struct slots *slots;
	int granted_as;  /* 1 for the first; 0 not yet */
	bool gives_back; /* at once, from within granted() */
};

static int grants;

static void on_granted(struct slot_wait *wait)
{
	struct waiter *waiter = container_of(wait, struct waiter, wait);

	assert_false(wait->queued);
	waiter->granted_as = ++grants;
	if (waiter->gives_back)
		slots_release(waiter->slots);
}

static void line_up(struct slots *slots, struct waiter *waiters, int n)
{
	grants = 0;
	for (int i = 0; i < n; i++) {
		waiters[i] =
			(struct waiter){ .wait.granted = on_granted, .slots = slots };
		assert_false(slots_take(slots, &waiters[i].wait));
		assert_true(waiters[i].wait.queued);
	}
	assert_int_equal(slots->waiting, n);
}

static void fill(struct slots *slots, int limit)
{
	struct slot_wait wait = { 0 };

	slots_init(slots, limit);
	for (int i = 0; i < limit; i++)
		assert_true(slots_take(slots, &wait));
	assert_int_equal(slots->used, limit);
}

static void the_line_is_fair(void **state)
{
	struct slots slots;
	struct waiter waiters[4];
	(void)state;
	fill(&slots, 2);
	line_up(&slots, waiters, 4);
	for (int i = 0; i < 4; i++) {
		slots_release(&slots);
		assert_int_equal(waiters[i].granted_as, i + 1);
		assert_int_equal(slots.used, 2);
	}
	slots_release(&slots);
	slots_release(&slots);
	assert_int_equal(slots.used, 0);
	assert_int_equal(slots.waiting, 0);
	assert_int_equal(grants, 4);
}

/* Whoever leaves, the others keep their order, and the line can grow again. */
static void leaving_from_anywhere(void **state)
{
	(void)state;
	for (int leaves = 0; leaves < 3; leaves++) {
		struct slots slots;
		struct waiter waiters[3], late;
		int next = 1;

		fill(&slots, 1);
		line_up(&slots, waiters, 3);
		slots_leave(&slots, &waiters[leaves].wait);
		slots_leave(&slots, &waiters[leaves].wait); /* not in line: nothing */
		assert_int_equal(slots.waiting, 2);
		late = (struct waiter){ .wait.granted = on_granted };
		assert_false(slots_take(&slots, &late.wait));
		for (int i = 0; i < 3; i++)
			slots_release(&slots);
		for (int i = 0; i < 3; i++)
			assert_int_equal(
				waiters[i].granted_as, i == leaves ? 0 : next++);
		assert_int_equal(late.granted_as, 3);
		assert_int_equal(slots.used, 1);
	}
}

static void an_emptied_line_works_again(void **state)
{
	struct slots slots;
	struct waiter waiter[1];
	(void)state;
	fill(&slots, 1);
	line_up(&slots, waiter, 1);
	slots_leave(&slots, &waiter[0].wait);
	line_up(&slots, waiter, 1);
	slots_release(&slots);
	assert_int_equal(waiter[0].granted_as, 1);
}

static void giving_back_while_being_granted(void **state)
{
	struct slots slots;
	struct waiter waiters[3];
	(void)state;
	fill(&slots, 1);
	line_up(&slots, waiters, 3);
	waiters[0].gives_back = waiters[1].gives_back = true;
	slots_release(&slots);
	for (int i = 0; i < 3; i++)
		assert_int_equal(waiters[i].granted_as, i + 1);
	assert_int_equal(slots.used, 1);
	assert_int_equal(slots.waiting, 0);
}

/* A reload may lower the limit below what is in use. */
static void a_lowered_limit_is_reached_by_waiting(void **state)
{
	struct slots slots;
	struct waiter waiter[1];
	(void)state;
	fill(&slots, 3);
	line_up(&slots, waiter, 1);
	slots.limit = 1;
	slots_release(&slots);
	slots_release(&slots);
	assert_int_equal(grants, 0);
	slots_release(&slots);
	assert_int_equal(grants, 1);
	assert_int_equal(slots.used, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_is_fair),
		cmocka_unit_test(leaving_from_anywhere),
		cmocka_unit_test(an_emptied_line_works_again),
		cmocka_unit_test(giving_back_while_being_granted),
		cmocka_unit_test(a_lowered_limit_is_reached_by_waiting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
