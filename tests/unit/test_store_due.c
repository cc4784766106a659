/*
 * Due work: its order, whether it is sorted or read from indexes, and what rests for a
 * host.
 */
#include <config.h>

#include "base/mem.h"
#include "core/urgency.h"
#include "store_fixture.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect_due(struct fixture *f, int64_t now_ns, size_t limit, const char *ids,
	int64_t next_ns)
{
	int64_t next = -1;
	char *text = due_ids(f, "w", now_ns, limit, &next);

	assert_string_equal(text, ids);
	assert_int_equal(next, next_ns);
	free(text);
}

static void save_due(struct fixture *f, const char *id, int64_t due_ns, int priority,
	int64_t expires_ns)
{
	char *name = mem_printf("w/%s", id);
	struct asset *asset = loaded(f, row_of(f, name));

	asset->priority = priority;
	asset->facts.expires_ns = expires_ns;
	save(f, asset, due_ns, NULL);
	asset_free(asset);
	free(name);
}

static void deadline_comes_before_priority_and_age(void **state)
{
	struct fixture *f = *state;
	static const char *const ids[] = { "old", "new", "high", "dies", "dies-soon",
		"later" };

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		put_event(f, ids[i], ids[i], EVENT_READY, T0);
	put(f, make_delivery("v", "other", "k", EVENT_READY, T0));
	save_due(f, "old", T0 + 1, 0, 0);
	save_due(f, "new", T0 + 2, 0, 0);
	save_due(f, "high", T0 + 3, 5, 0);
	save_due(f, "dies", T0 + 4, 0, T0 + 99 * S);
	save_due(f, "dies-soon", T0 + 5, -5, T0 + 50 * S);
	save_due(f, "later", T0 + 10 * S, 0, 0);
	expect_due(f, T0 + S, 10, "dies-soon dies high old new", T0 + 10 * S);
	expect_due(f, T0 + S, 2, "dies-soon dies", T0 + 10 * S);
	expect_due(f, T0 + 3, 10, "high old new", T0 + 4);
	expect_due(f, T0, 10, "", T0 + 1);
	expect_due(f, T0 + 20 * S, 10, "dies-soon dies high old new later", 0);
	assert_int_equal(stats_of(f, "w", 0).oldest_due_ns, T0 + 1);
	free(due_ids(f, "nobody", T0, 10, NULL));
}

/* A deadline counts once it is near; a far one is as good as none. */
static void far_deadlines_wait_for_priority(void **state)
{
	struct fixture *f = *state;
	int64_t near_ns = urgency_near_ns(T0 + S);
	static const char *const ids[] = { "dies-in-a-year", "dies-later", "dies-near",
		"high" };

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		put_event(f, ids[i], ids[i], EVENT_READY, T0);
	save_due(f, "dies-in-a-year", T0 + 1, 0, T0 + 365 * 86400 * S);
	save_due(f, "dies-later", T0 + 2, 0, near_ns + 1);
	save_due(f, "dies-near", T0 + 3, -9, near_ns);
	save_due(f, "high", T0 + 4, 9, 0);
	expect_due(f, T0 + S, 9, "dies-near high dies-in-a-year dies-later", 0);
	expect_due(f, T0 + S + 1, 9, "dies-near dies-later high dies-in-a-year", 0);
}

static void put_sized(struct fixture *f, const char *id, int64_t bytes, int64_t due_ns)
{
	struct delivery *delivery = make_delivery("w", id, id, EVENT_READY, T0);

	delivery->event.facts.bytes = bytes;
	delivery->received_ns = due_ns;
	put(f, delivery);
}

static void small_passes_large_as_far_as_patience_goes(void **state)
{
	struct fixture *f = *state;
	int64_t later = T0 + 3600 * S;

	put_sized(f, "gigabyte", 1000000000, T0);
	put_sized(f, "clip", 1000000, T0 + S);
	put_sized(f, "within", 1000000, T0 + 998 * S);
	put_sized(f, "beyond", 1000000, T0 + 1000 * S);
	put_sized(f, "unknown", 0, T0 + S);
	expect_due(f, later, 9, "unknown clip within gigabyte beyond", 0);
}

/* The rule's priority is known from the first delivery on, until a look knows better.
 */
static void priority_comes_with_the_delivery(void **state)
{
	struct fixture *f = *state;
	struct delivery *delivery =
		make_delivery("w", "vip", "k2", EVENT_READY, T0 + 1);

	put_event(f, "plain", "k1", EVENT_READY, T0);
	delivery->priority = 7;
	put(f, delivery);
	expect_due(f, T0 + S, 9, "vip plain", 0);
	struct asset *asset = loaded(f, row_of(f, "w/vip"));
	assert_int_equal(asset->priority, 7);
	asset->priority = 3;
	asset->looked_ns = T0 + 2;
	save(f, asset, T0 + 2, NULL);
	asset_free(asset);
	delivery = make_delivery("w", "vip", "k3", EVENT_CHANGED, T0 + 3);
	delivery->priority = 7;
	put(f, delivery);
	asset = loaded(f, row_of(f, "w/vip"));
	assert_int_equal(asset->priority, 3);
	asset_free(asset);
}

static void rest(struct fixture *f, const char *id, const char *host, int64_t looked_ns)
{
	char *name = mem_printf("w/%s", id);
	struct asset *asset = loaded(f, row_of(f, name));

	asset->waits_for = mem_strdup(host);
	asset->looked_ns = looked_ns;
	save(f, asset, T0 + 60 * S, NULL);
	asset_free(asset);
	free(name);
}

static size_t host_answers(struct fixture *f, const char *host, size_t limit)
{
	struct answer answer = { .calls = 0 };

	store_host_answers(f->store, host, limit, on_count, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.err.class, ERR_NONE);
	return answer.count;
}

static void what_rests_for_a_host_is_not_due(void **state)
{
	struct fixture *f = *state;
	static const char *const ids[] = { "a", "b", "c", "d" };

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		put_event(f, ids[i], ids[i], EVENT_READY, T0);
	rest(f, "a", "one.example", T0 + 3);
	rest(f, "b", "one.example", T0 + 2);
	rest(f, "c", "one.example", T0 + 1);
	rest(f, "d", "two.example", T0 + 1);
	expect_due(f, T0 + 100 * S, 9, "", 0);
	assert_int_equal(stats_of(f, "w", 0).oldest_due_ns, 0);
	/* One to probe, and another one each time. */
	fixture_at(f, T0 + 5 * S);
	assert_int_equal(host_answers(f, "one.example", 1), 1);
	expect_due(f, T0 + 5 * S, 9, "c", 0);
	/* News goes before the rest. */
	put_event(f, "b", "k", EVENT_DELETED, T0 + S);
	struct asset *asset = loaded(f, row_of(f, "w/b"));
	assert_null(asset->waits_for);
	asset_free(asset);
	expect_due(f, T0 + 5 * S, 9, "b c", 0);
	assert_int_equal(host_answers(f, "one.example", 0), 1);
	expect_due(f, T0 + 5 * S, 9, "a b c", 0);
	assert_int_equal(host_answers(f, "nobody.example", 0), 0);
	assert_int_equal(host_answers(f, NULL, 0), 1);
	expect_due(f, T0 + 5 * S, 9, "a b c d", 0);
}

static void news_during_a_look_does_not_rest(void **state)
{
	struct fixture *f = *state;

	put_event(f, "a", "k1", EVENT_READY, T0);
	struct asset *asset = loaded(f, row_of(f, "w/a"));
	put_event(f, "a", "k2", EVENT_CHANGED, T0 + 1);
	asset->waits_for = mem_strdup("one.example");
	save(f, asset, T0 + 60 * S, NULL);
	asset_free(asset);
	expect_due(f, T0 + S, 9, "a", 0);
}

static void many_that_rest_go_on_in_steps(void **state)
{
	struct fixture *f = *state;
	struct answer answer = { .calls = 0 };
	char id[24];

	for (int i = 0; i < 4500; i++) {
		snprintf(id, sizeof(id), "a%04d", i);
		store_put_delivery(f->store,
			make_delivery("w", id, id, EVENT_READY, T0), on_put, &answer);
	}
	fixture_wait(f, &answer, 4500);
	free(ask_text(f, "UPDATE assets SET waits_for='one.example'"));
	assert_int_equal(host_answers(f, "one.example", 0), 4500);
	assert_int_equal(
		ask(f, "SELECT count(*) FROM assets WHERE waits_for IS NULL"), 4500);
}

/* The order among many comes from indexes, not from sorting: it must be the same. */
static void order_is_the_same_whichever_way_it_is_read(void **state)
{
	struct fixture *f = *state;
	struct answer answer = { .calls = 0 };
	char id[24];
	char *few;

	for (int i = 0; i < 900; i++) {
		snprintf(id, sizeof(id), "a%04d", i);
		struct delivery *delivery = make_delivery("w", id, id, EVENT_READY, T0);
		delivery->received_ns = T0 + i % 7 * S;
		delivery->priority = i % 5 - 2;
		delivery->event.facts.bytes = i % 11 * INT64_C(4000000);
		if (i % 3 == 0)
			delivery->event.facts.expires_ns = T0 + i % 13 * 86400 * S;
		store_put_delivery(f->store, delivery, on_put, &answer);
	}
	fixture_wait(f, &answer, 900);
	few = due_ids(f, "w", T0 + 10 * S, 900, NULL);
	for (int i = 0; i < 200; i++) { /* after all others, and enough to be many */
		snprintf(id, sizeof(id), "z%04d", i);
		struct delivery *delivery = make_delivery("w", id, id, EVENT_READY, T0);
		delivery->received_ns = T0 + 9 * S;
		delivery->priority = -9;
		store_put_delivery(f->store, delivery, on_put, &answer);
	}
	fixture_wait(f, &answer, 1100);
	char *many = due_ids(f, "w", T0 + 10 * S, 900, NULL);
	assert_string_equal(few, many);
	free(few);
	free(many);
}

static void order_is_the_same_among_many(void **state)
{
	struct fixture *f = *state;
	struct answer answer = { .calls = 0 };
	char id[24];

	for (int i = 0; i < 1500; i++) {
		snprintf(id, sizeof(id), "a%04d", i);
		struct delivery *delivery = make_delivery("w", id, id, EVENT_READY, T0);
		delivery->event.facts.expires_ns = T0 + (2000 - i) * S;
		store_put_delivery(f->store, delivery, on_put, &answer);
	}
	fixture_wait(f, &answer, 1500);
	save_due(f, "a1499", T0 + S, 0, T0 + 1);
	expect_due(f, T0, 3, "a1498 a1497 a1496", T0 + S);
	expect_due(f, T0 + S, 3, "a1499 a1498 a1497", 0);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(deadline_comes_before_priority_and_age),
		TEST(far_deadlines_wait_for_priority),
		TEST(small_passes_large_as_far_as_patience_goes),
		TEST(priority_comes_with_the_delivery),
		TEST(what_rests_for_a_host_is_not_due),
		TEST(news_during_a_look_does_not_rest),
		TEST(many_that_rest_go_on_in_steps),
		TEST(order_is_the_same_whichever_way_it_is_read),
		TEST(order_is_the_same_among_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
