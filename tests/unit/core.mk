unit_programs += tests/unit/test_ranges
tests_unit_test_ranges_SOURCES = tests/unit/test_ranges.c tests/unit/unit.h
tests_unit_test_ranges_LDADD = $(UNIT_LDADD)
unit_programs += \
	tests/unit/test_asset \
	tests/unit/test_bandwidth \
	tests/unit/test_breaker \
	tests/unit/test_urgency \
	tests/unit/test_order \
	tests/unit/test_plan \
	tests/unit/test_rate \
	tests/unit/test_listing \
	tests/unit/test_removal \
	tests/unit/test_replay \
	tests/unit/test_retry

tests_unit_test_replay_SOURCES = tests/unit/test_replay.c
tests_unit_test_replay_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_replay_LDADD = $(UNIT_LDADD)

tests_unit_test_asset_SOURCES = tests/unit/test_asset.c
tests_unit_test_asset_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_asset_LDADD = $(UNIT_LDADD)

tests_unit_test_bandwidth_SOURCES = tests/unit/test_bandwidth.c
tests_unit_test_bandwidth_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_bandwidth_LDADD = $(UNIT_LDADD)

tests_unit_test_breaker_SOURCES = tests/unit/test_breaker.c
tests_unit_test_breaker_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_breaker_LDADD = $(UNIT_LDADD)

tests_unit_test_urgency_SOURCES = tests/unit/test_urgency.c
tests_unit_test_urgency_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_urgency_LDADD = $(UNIT_LDADD)

tests_unit_test_order_SOURCES = tests/unit/test_order.c
tests_unit_test_order_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_order_LDADD = $(UNIT_LDADD)

tests_unit_test_plan_SOURCES = tests/unit/test_plan.c
tests_unit_test_plan_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_plan_LDADD = $(UNIT_LDADD)

tests_unit_test_listing_SOURCES = tests/unit/test_listing.c
tests_unit_test_listing_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_listing_LDADD = $(UNIT_LDADD)
tests_unit_test_removal_SOURCES = tests/unit/test_removal.c
tests_unit_test_removal_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_removal_LDADD = $(UNIT_LDADD)

tests_unit_test_retry_SOURCES = tests/unit/test_retry.c
tests_unit_test_retry_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_retry_LDADD = $(UNIT_LDADD)

tests_unit_test_rate_SOURCES = tests/unit/test_rate.c tests/unit/unit.h
tests_unit_test_rate_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_rate_LDADD = $(UNIT_LDADD)

unit_programs += tests/unit/test_version
tests_unit_test_version_SOURCES = tests/unit/test_version.c tests/unit/unit.h
tests_unit_test_version_LDADD = $(UNIT_LDADD)
