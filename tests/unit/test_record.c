/*
 * Records begin empty, grow sources, end empty; roles and statuses have names.
 */
#include <config.h>

#include "core/record.h"

#include "base/mem.h"
#include "unit.h"
#include <string.h>

static void sources_start_as_available_files(void **state)
{
	struct record record;
	(void)state;
	record_init(&record);
	struct source *source = record_add_source(&record, ROLE_SUBTITLE, "subtitle.a");
	assert_int_equal(source->role, ROLE_SUBTITLE);
	assert_int_equal(source->form, FORM_FILE);
	assert_string_equal(source->key, "subtitle.a");
	assert_int_equal(source->bytes, -1);
	assert_true(source->available);
	assert_false(source->optional);
	assert_null(source->url);
	record_release(&record);
}

static void releases_all_it_holds(void **state)
{
	struct record record;
	(void)state;
	record_init(&record);
	for (int i = 0; i < 100; i++) {
		struct source *source = record_add_source(&record, ROLE_VIDEO, "video");
		source->url = mem_strdup("https://media.example.com/v.mp4?sig=1");
		source->language = mem_strdup("en");
		source->version = mem_strdup("1");
		source->why = mem_strdup("because");
	}
	assert_int_equal(record.n_sources, 100);
	record.status = RECORD_FAILED;
	record.reason = mem_strdup("bad input");
	record.workspace_id = mem_strdup("w");
	record.facts.title = mem_strdup("t");
	record.platform_data = cJSON_CreateObject();
	record_release(&record);
	assert_int_equal(record.n_sources, 0);
	assert_null(record.sources);
	assert_int_equal(record.status, RECORD_PENDING);
	assert_int_equal(record.facts.duration_ms, -1);
	record_release(&record);
}

static void roles_have_names(void **state)
{
	enum role role;
	(void)state;
	for (int i = 0; i < ROLES; i++) {
		assert_int_equal(role_parse(role_name((enum role)i), &role), 0);
		assert_int_equal(role, i);
	}
	assert_int_equal(role_parse("poster", &role), -1);
	assert_int_equal(role_parse("", &role), -1);
}

static void statuses_have_names(void **state)
{
	static const char *const names[] = { "pending", "ready", "failed", "deleted",
		"unknown" };
	(void)state;
	for (int status = RECORD_PENDING; status <= RECORD_UNKNOWN; status++)
		assert_string_equal(
			record_status_name((enum record_status)status), names[status]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_start_as_available_files),
		cmocka_unit_test(releases_all_it_holds),
		cmocka_unit_test(roles_have_names),
		cmocka_unit_test(statuses_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
