/*
 * What goes first: near deadlines, priority, then small before large within patience.
 */
#include <config.h>

#include "core/urgency.h"

#include "base/mem.h"
#include "unit.h"

#define S   INT64_C(1000000000)
#define NOW (INT64_C(1700000000) * S)

static void facts_weigh(void **state)
{
	static const struct {
		const char *type;
		int64_t bytes, duration_ms;
		int width, height;
		int64_t least_s, most_s;
	} rows[] = {
		{ NULL, 0, -1, 0, 0, 0, 0 },
		{ NULL, 0, 0, 0, 0, 0, 0 },
		{ "video", 5000000, -1, 0, 0, 5, 5 },
		{ "video", 5000000, 3600000, 1920, 1080, 5, 5 },
		{ "video", 0, 10000, 1920, 1080, 5, 7 },
		{ "video", 0, 10000, 1080, 1920, 5, 7 }, /* upright */
		{ "video", 0, 10000, 1280, 720, 2, 3 },
		{ "video", 0, 10000, 0, 0, 5, 7 },
		{ "audio", 0, 3600000, 0, 0, 50, 60 },
		{ "video", INT64_MAX, -1, 0, 0, 6 * 3600, 6 * 3600 },
		{ "video", 0, INT64_MAX, 1920, 1080, 6 * 3600, 6 * 3600 },
		{ "video", 0, INT64_MAX, 1 << 30, 1 << 30, 6 * 3600, 6 * 3600 },
		{ "video", -5, 10000, -1, -1, 5, 7 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct facts facts;
		facts_init(&facts);
		facts.type = mem_strdup(rows[i].type);
		facts.bytes = rows[i].bytes;
		facts.duration_ms = rows[i].duration_ms;
		facts.width = rows[i].width;
		facts.height = rows[i].height;
		int64_t handicap_ns = urgency_handicap_ns(&facts);
		facts_release(&facts);
		if (handicap_ns < rows[i].least_s * S ||
			handicap_ns > rows[i].most_s * S)
			fail_msg("row %zu: %lld ns", i, (long long)handicap_ns);
	}
}

/* Each goes before all that follow it. */
static void the_order(void **state)
{
	int64_t near_ns = urgency_near_ns(NOW);
	const struct urgency order[] = {
		{ NOW - S, -9, NOW }, /* may be gone already, or just not yet */
		{ NOW + S, 0, NOW },
		{ NOW + S, 0, NOW + 1 },
		{ near_ns, -5, NOW + S },
		{ INT64_MAX, 9, NOW + S },
		{ near_ns + 1, 5, NOW },
		{ INT64_MAX, 5, NOW + 1 },
		{ near_ns + 1, 0, NOW + 1 },
		{ INT64_MAX, 0, NOW + 2 },
		{ INT64_MAX, -1, NOW },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		assert_int_equal(urgency_compare(&order[i], &order[i], NOW), 0);
		for (size_t j = i + 1; j < ARRAY_LEN(order); j++) {
			assert_true(urgency_compare(&order[i], &order[j], NOW) < 0);
			assert_true(urgency_compare(&order[j], &order[i], NOW) > 0);
		}
	}
}

static void an_assets_own(void **state)
{
	struct asset *asset = asset_new("w", "id");
	struct urgency urgency;
	(void)state;
	asset->priority = 3;
	asset->facts.bytes = 2000000;
	asset->facts.expires_ns = NOW + 5;
	urgency = urgency_of(asset, NOW);
	assert_int_equal(urgency.priority, 3);
	assert_int_equal(urgency.deadline_ns, NOW + 5);
	assert_int_equal(urgency.turn_ns, NOW + 2 * S);
	asset_free(asset);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_weigh),
		cmocka_unit_test(the_order),
		cmocka_unit_test(an_assets_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
