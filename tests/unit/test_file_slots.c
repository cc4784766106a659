/*
 * Places for files: never more than the limit, fair between workspaces, by urgency
 * within one, no host too many, and leaving from anywhere.
 */
#include <config.h>

#include "base/mem.h"
#include "flow/file_slots.h"
#include "unit.h"
#include <string.h>

struct download {
	struct slot_claim claim;
	struct file_slots *slots;
	int granted_as;  /* 1 for the first; 0 not yet */
	bool gives_back; /* at once, from within granted() */
};

static int grants;

static void on_granted(struct slot_claim *claim)
{
	struct download *file = container_of(claim, struct download, claim);

	assert_int_equal(claim->state, SLOT_HELD);
	file->granted_as = ++grants;
	if (file->gives_back)
		file_slots_leave(file->slots, claim);
}

static struct file_slots *make(int limit, int per_host, size_t workspaces)
{
	struct file_slots *slots = file_slots_new();

	grants = 0;
	file_slots_configure(slots, limit, per_host, workspaces);
	return slots;
}

static void fill_in(struct download *file, struct file_slots *slots,
	const char *workspace, const char *host, int64_t turn_ns)
{
	*file = (struct download){
		.slots = slots,
		.claim = { .workspace = workspace,
			.host = host,
			.main = true,
			.urgency = { .deadline_ns = INT64_MAX, .turn_ns = turn_ns },
			.granted = on_granted },
	};
}

static void take(struct download *file, struct file_slots *slots, const char *workspace,
	const char *host, int64_t turn_ns)
{
	fill_in(file, slots, workspace, host, turn_ns);
	file_slots_take(slots, &file->claim);
}

static void leave(struct download *file)
{
	file_slots_leave(file->slots, &file->claim);
}

static int held(const struct download *files, size_t n)
{
	int count = 0;

	for (size_t i = 0; i < n; i++)
		count += files[i].claim.state == SLOT_HELD;
	return count;
}

static void urgency_orders_one_workspace(void **state)
{
	struct file_slots *slots = make(1, 0, 1);
	static const int64_t turns[] = { 0, 50, 20, 40, 20 };
	static const int expected[] = { 1, 5, 2, 4, 3 };
	struct download files[5];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		take(&files[i], slots, "w", "h", turns[i]);
	assert_int_equal(grants, 1);
	for (int n = 1; n <= 5; n++)
		for (size_t i = 0; i < ARRAY_LEN(files); i++)
			if (files[i].claim.state == SLOT_HELD) {
				leave(&files[i]);
				break;
			}
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		assert_int_equal(files[i].granted_as, expected[i]);
	file_slots_free(slots);
}

/* A hundred of one workspace in line, then one of another: it is next. */
static void a_flood_does_not_hold_up_others(void **state)
{
	struct file_slots *slots = make(2, 0, 1);
	static struct download flood[100];
	struct download other[2];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(flood); i++)
		take(&flood[i], slots, "flood", "h", (int64_t)i);
	take(&other[0], slots, "other", "h", 1000);
	take(&other[1], slots, "other", "h", 1001);
	leave(&flood[0]);
	assert_int_equal(other[0].granted_as, 3);
	leave(&other[0]); /* one place each: now it is the flood's turn no more than …
			   */
	assert_int_equal(other[1].granted_as, 4);
	leave(&other[1]);
	assert_int_equal(flood[2].granted_as, 5);
	for (size_t i = 1; i < ARRAY_LEN(flood); i++)
		leave(&flood[i]);
	assert_int_equal(grants, 102);
	file_slots_free(slots);
}

static void with_one_place_workspaces_take_turns(void **state)
{
	struct file_slots *slots = make(1, 0, 3);
	static const char *const names[] = { "a", "b", "c" };
	struct download files[9];
	const char *order[9];
	(void)state;
	for (size_t i = 0; i < 9; i++) /* all of a, then all of b, then all of c */
		take(&files[i], slots, names[i / 3], "h", 0);
	for (size_t n = 0; n < 9; n++)
		for (size_t i = 0; i < 9; i++)
			if (files[i].claim.state == SLOT_HELD) {
				order[n] = files[i].claim.workspace;
				leave(&files[i]);
				break;
			}
	for (size_t n = 0; n < 9; n++)
		assert_string_equal(order[n], names[n % 3]);
	file_slots_free(slots);
}

/* One slow host has its share of places, and what other hosts have goes on. */
static void a_slow_host_does_not_take_all(void **state)
{
	struct file_slots *slots = make(4, 2, 1);
	struct download slow[6], fast[3];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(slow); i++)
		take(&slow[i], slots, "w", "slow", 0);
	assert_int_equal(held(slow, ARRAY_LEN(slow)), 2);
	assert_int_equal(file_slots_stuck(slots, "w"), 4);
	assert_int_equal(file_slots_stuck(slots, "v"), 0);
	for (size_t i = 0; i < ARRAY_LEN(fast); i++)
		take(&fast[i], slots, "w", "fast", 99);
	assert_int_equal(held(fast, ARRAY_LEN(fast)), 2);
	leave(&fast[0]);
	assert_int_equal(held(fast, ARRAY_LEN(fast)), 2);
	leave(&slow[0]);
	assert_int_equal(held(slow, ARRAY_LEN(slow)), 2);
	/* Unknown hosts are not counted together. */
	struct download unknown[2];
	file_slots_configure(slots, 10, 1, 1);
	take(&unknown[0], slots, "w", NULL, 0);
	take(&unknown[1], slots, "w", NULL, 0);
	assert_int_equal(held(unknown, 2), 2);
	for (size_t i = 0; i < ARRAY_LEN(slow); i++)
		leave(&slow[i]);
	for (size_t i = 0; i < ARRAY_LEN(fast); i++)
		leave(&fast[i]);
	leave(&unknown[0]);
	leave(&unknown[1]);
	file_slots_free(slots);
}

static void the_last_place_is_for_who_has_none(void **state)
{
	struct file_slots *slots = make(4, 0, 2);
	struct download long_ones[4], other;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(long_ones); i++)
		take(&long_ones[i], slots, "busy", "h", 0);
	assert_int_equal(held(long_ones, 4), 3);
	take(&other, slots, "other", "h", 99);
	assert_int_equal(other.claim.state, SLOT_HELD);
	leave(&other);
	assert_int_equal(held(long_ones, 4), 3);
	/* Alone, or with few places, all of them are used. */
	file_slots_configure(slots, 4, 0, 1);
	assert_int_equal(held(long_ones, 4), 4);
	for (size_t i = 0; i < ARRAY_LEN(long_ones); i++)
		leave(&long_ones[i]);
	file_slots_configure(slots, 3, 0, 2);
	for (size_t i = 0; i < 3; i++)
		take(&long_ones[i], slots, "busy", "h", 0);
	assert_int_equal(held(long_ones, 3), 3);
	for (size_t i = 0; i < 3; i++)
		leave(&long_ones[i]);
	file_slots_free(slots);
}

static void leaving_the_line_and_twice(void **state)
{
	(void)state;
	for (size_t leaves = 1; leaves < 4; leaves++) {
		struct file_slots *slots = make(1, 0, 1);
		struct download files[4];
		int next = 1;

		for (size_t i = 0; i < ARRAY_LEN(files); i++)
			take(&files[i], slots, "w", "h", (int64_t)i);
		leave(&files[leaves]);
		leave(&files[leaves]);
		for (size_t i = 0; i < ARRAY_LEN(files); i++) {
			assert_int_equal(files[i].granted_as, i == leaves ? 0 : next++);
			leave(&files[i]);
		}
		file_slots_free(slots);
	}
}

static void giving_back_while_being_granted(void **state)
{
	struct file_slots *slots = make(1, 0, 1);
	struct download files[4];
	(void)state;
	take(&files[0], slots, "w", "h", 0);
	for (size_t i = 1; i < ARRAY_LEN(files); i++) {
		fill_in(&files[i], slots, "w", "h", (int64_t)i);
		files[i].gives_back = i < 3;
		file_slots_take(slots, &files[i].claim);
	}
	leave(&files[0]);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		assert_int_equal(files[i].granted_as, i + 1);
	assert_int_equal(files[3].claim.state, SLOT_HELD);
	leave(&files[3]);
	file_slots_free(slots);
}

/* A reload may lower the limit below what is in use, or raise it. */
static void a_changed_limit(void **state)
{
	struct file_slots *slots = make(3, 0, 1);
	struct download files[6];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		take(&files[i], slots, "w", "h", (int64_t)i);
	file_slots_configure(slots, 1, 0, 1);
	leave(&files[0]);
	leave(&files[1]);
	assert_int_equal(grants, 3);
	leave(&files[2]);
	assert_int_equal(grants, 4);
	file_slots_configure(slots, 3, 0, 1);
	assert_int_equal(grants, 6);
	for (size_t i = 3; i < ARRAY_LEN(files); i++)
		leave(&files[i]);
	file_slots_free(slots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urgency_orders_one_workspace),
		cmocka_unit_test(a_flood_does_not_hold_up_others),
		cmocka_unit_test(with_one_place_workspaces_take_turns),
		cmocka_unit_test(a_slow_host_does_not_take_all),
		cmocka_unit_test(the_last_place_is_for_who_has_none),
		cmocka_unit_test(leaving_the_line_and_twice),
		cmocka_unit_test(giving_back_while_being_granted),
		cmocka_unit_test(a_changed_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
