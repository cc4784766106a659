/*
 * The outbox: what comes in with an asset's state, or not at all; its queues and their
 * order; and what settling leaves.
 */
#include <config.h>

#include "store_fixture.h"

#include "base/mem.h"
#include "store/outbox.h"
#include <stdlib.h>
#include <string.h>

static void add(struct notices *notices, enum notice_kind kind, const char *rule,
	const char *event)
{
	struct notice *notice = notices_add(notices);
	notice->kind = kind;
	notice->rule = mem_strdup(rule);
	notice->event = mem_strdup(event);
	notice->key = mem_printf("msg_%zu", notices->n);
	notice->body = mem_strdup("{}");
	notice->created_ns = T0;
}

static enum err_class tell(struct fixture *f, int64_t row, struct notices *notices)
{
	struct answer answer = { 0 };
	struct asset *asset = loaded(f, row);
	store_save_telling(f->store, asset, 0, NULL, notices, on_stored, &answer);
	fixture_wait(f, &answer, 1);
	asset_free(asset);
	notices_release(notices);
	return answer.err.class;
}

struct heads {
	struct answer answer; /* first */
	struct notices list;
};

static void on_heads(void *arg, const struct err *err, const struct notices *list)
{
	struct heads *heads = arg;
	heads->answer.err = *err;
	heads->answer.calls++;
	for (size_t i = 0; list && i < list->n; i++)
		notice_copy(notices_add(&heads->list), &list->items[i]);
}

static struct notices heads_of(struct fixture *f, size_t each)
{
	struct heads heads = { 0 };
	store_outbox(f->store, each, on_heads, &heads);
	fixture_wait(f, &heads.answer, 1);
	assert_int_equal(heads.answer.err.class, ERR_NONE);
	return heads.list;
}

/* The heads as "rule:key …". */
static void expect(struct fixture *f, size_t each, const char *expected)
{
	char text[512] = "";
	struct notices list = heads_of(f, each);
	for (size_t i = 0; i < list.n; i++) {
		size_t len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "%s%s:%s", i ? " " : "",
			list.items[i].rule, list.items[i].key);
	}
	assert_string_equal(text, expected);
	notices_release(&list);
}

static void settle(struct fixture *f, const char *key, int64_t next_ns)
{
	struct notices list = heads_of(f, 100);
	struct story story = { 0 };
	struct answer answer = { 0 };
	story_add(&story, T0, "notify", "tried %s", key);
	for (size_t i = 0; i < list.n; i++)
		if (strcmp(list.items[i].key, key) == 0)
			store_outbox_settle(f->store, &list.items[i], next_ns, &story,
				on_stored, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.err.class, ERR_NONE);
	notices_release(&list);
}

static void with_the_state_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	struct notices notices = { 0 };
	int64_t row = put_event(f, "a", "k1", EVENT_READY, T0).asset_row;
	struct asset *asset = loaded(f, row);
	asset->row = 999; /* there is none */
	struct answer answer = { 0 };
	add(&notices, NOTICE_POST, "r", "archived");
	store_save_telling(f->store, asset, 0, NULL, &notices, on_stored, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.err.class, ERR_NOT_FOUND);
	assert_int_equal(ask(f, "SELECT count(*) FROM outbox"), 0);
	asset_free(asset);
	assert_int_equal(tell(f, row, &notices), ERR_NONE);
	struct notices heads = heads_of(f, 1);
	assert_int_equal(heads.n, 1);
	assert_string_equal(heads.items[0].workspace, "w");
	assert_string_equal(heads.items[0].id, "a");
	assert_string_equal(heads.items[0].event, "archived");
	assert_string_equal(heads.items[0].body, "{}");
	assert_null(heads.items[0].change);
	assert_int_equal(heads.items[0].asset, row);
	assert_int_equal(heads.items[0].created_ns, T0);
	notices_release(&heads);
}

static void queues_and_their_order(void **state)
{
	struct fixture *f = *state;
	struct notices notices = { 0 };
	int64_t row = put_event(f, "a", "k1", EVENT_READY, T0).asset_row;
	expect(f, 3, "");
	add(&notices, NOTICE_POST, "s", "archived");
	add(&notices, NOTICE_POST, "r", "archived");
	add(&notices, NOTICE_POST, "r", "removed");
	add(&notices, NOTICE_RUN, "r", "archived");
	add(&notices, NOTICE_RUN, "r", "archived");
	tell(f, row, &notices);
	expect(f, 1, "r:msg_4 r:msg_2 s:msg_1");
	settle(f, "msg_4", T0 + S); /* of programs the next comes first */
	settle(f, "msg_2", T0 + S); /* of POSTs the same */
	expect(f, 1, "r:msg_5 r:msg_2 s:msg_1");
	expect(f, 9, "r:msg_5 r:msg_4 r:msg_2 r:msg_3 s:msg_1");
	settle(f, "msg_2", 0);
	expect(f, 1, "r:msg_5 r:msg_3 s:msg_1");
	assert_int_equal(ask(f, "SELECT count(*) FROM story WHERE kind='notify'"), 3);
	fixture_close(f);
	fixture_open(f);
	expect(f, 1, "r:msg_5 r:msg_3 s:msg_1");
}

static void hurrying(void **state)
{
	struct fixture *f = *state;
	struct notices notices = { 0 };
	struct answer answer = { 0 };
	int64_t row = put_event(f, "a", "k1", EVENT_READY, T0).asset_row;
	add(&notices, NOTICE_POST, "r", "archived");
	tell(f, row, &notices);
	settle(f, "msg_1", T0 + S);
	assert_int_equal(ask(f, "SELECT next_ns FROM outbox"), T0 + S);
	assert_int_equal(ask(f, "SELECT attempts FROM outbox"), 1);
	store_outbox_hurry(f->store, on_stored, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(ask(f, "SELECT next_ns FROM outbox"), 0);
	assert_int_equal(ask(f, "SELECT attempts FROM outbox"), 1);
}

/* What was to be tried again by a clock that was ahead is tried at once. */
static void a_clock_that_was_ahead(void **state)
{
	struct fixture *f = *state;
	struct notices notices = { 0 };
	struct answer answer = { 0 };
	int64_t row = put_event(f, "a", "k1", EVENT_READY, T0).asset_row;
	add(&notices, NOTICE_POST, "r", "archived");
	fixture_at(f, T0 + 86400 * S);
	tell(f, row, &notices);
	settle(f, "msg_1", T0 + 86401 * S);
	fixture_at(f, T0 + S);
	store_clock_back(f->store, on_count, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(ask(f, "SELECT next_ns FROM outbox"), 0);
	assert_int_equal(ask(f, "SELECT created_ns FROM outbox"), T0);
}

static void on_queues(
	void *arg, const struct err *err, const struct outbox_queue *queues, size_t n)
{
	struct answer *answer = arg;
	answer->err = *err;
	answer->calls++;
	answer->count = n;
	if (!n)
		return;
	assert_int_equal(queues[0].kind, NOTICE_POST);
	assert_string_equal(queues[0].rule, "r");
	answer->a = queues[0].waiting;
	answer->b = queues[0].oldest_ns;
}

static void how_long_they_are(void **state)
{
	struct fixture *f = *state;
	struct notices notices = { 0 };
	struct answer answer = { 0 };
	int64_t row = put_event(f, "a", "k1", EVENT_READY, T0).asset_row;
	store_outbox_queues(f->store, on_queues, &answer);
	fixture_wait(f, &answer, 1);
	assert_int_equal(answer.count, 0);
	add(&notices, NOTICE_POST, "r", "archived");
	add(&notices, NOTICE_POST, "r", "archived");
	notices.items[1].created_ns = T0 - S;
	tell(f, row, &notices);
	store_outbox_queues(f->store, on_queues, &answer);
	fixture_wait(f, &answer, 2);
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.a, 2);
	assert_int_equal(answer.b, T0 - S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			with_the_state_or_not_at_all, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			queues_and_their_order, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			hurrying, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			a_clock_that_was_ahead, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			how_long_they_are, fixture_setup, fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
