/*
 * Events begin empty, end empty, and their kinds have names.
 */
#include <config.h>

#include "core/event.h"

#include "base/mem.h"
#include "unit.h"
#include <string.h>

static void begins_and_ends_empty(void **state)
{
	struct event event;
	(void)state;
	event_init(&event);
	assert_int_equal(event.kind, EVENT_RECORDED);
	assert_null(event.asset_id);
	assert_int_equal(event.facts.duration_ms, -1);
	event.kind = EVENT_DELETED;
	event.type = mem_strdup("media.deleted");
	event.key = mem_strdup("k");
	event.asset_id = mem_strdup("a");
	event.reason = mem_strdup("r");
	event.facts.title = mem_strdup("t");
	event_release(&event);
	assert_null(event.type);
	assert_int_equal(event.kind, EVENT_RECORDED);
	assert_int_equal(event.facts.duration_ms, -1);
	event_release(&event); /* also when released already */
}

static void kinds_have_names(void **state)
{
	static const char *const names[] = { "recorded", "announced", "ready",
		"changed", "failed", "deleted" };
	(void)state;
	for (int kind = EVENT_RECORDED; kind <= EVENT_DELETED; kind++)
		assert_string_equal(
			event_kind_name((enum event_kind)kind), names[kind]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins_and_ends_empty),
		cmocka_unit_test(kinds_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
