unit_programs += tests/unit/test_ramp
tests_unit_test_ramp_SOURCES = tests/unit/test_ramp.c tests/unit/unit.h
tests_unit_test_ramp_LDADD = $(UNIT_LDADD)
unit_programs += tests/unit/test_transfer_ranges
tests_unit_test_transfer_ranges_SOURCES = tests/unit/test_transfer_ranges.c tests/unit/unit.h \
	tests/unit/transfer_world.c tests/unit/transfer_world.h \
	tests/unit/tree.c tests/unit/tree.h \
	tests/unit/fault_server.c tests/unit/fault_server.h
tests_unit_test_transfer_ranges_LDADD = $(UNIT_LDADD)
unit_programs += tests/unit/test_transfer
tests_unit_test_transfer_SOURCES = tests/unit/test_transfer.c tests/unit/unit.h \
	tests/unit/transfer_world.c tests/unit/transfer_world.h \
	tests/unit/tree.c tests/unit/tree.h \
	tests/unit/fault_server.c tests/unit/fault_server.h
tests_unit_test_transfer_LDADD = $(UNIT_LDADD)
unit_programs += \
	tests/unit/test_file_slots \
	tests/unit/test_judge \
	tests/unit/test_limiter \
	tests/unit/test_notice \
	tests/unit/test_slots \
	tests/unit/test_throttle \
	tests/unit/test_warnings

tests_unit_test_file_slots_SOURCES = tests/unit/test_file_slots.c
tests_unit_test_file_slots_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_file_slots_LDADD = $(UNIT_LDADD)

tests_unit_test_judge_SOURCES = tests/unit/test_judge.c \
	tests/unit/io_tls.c tests/unit/io_tls.h
tests_unit_test_judge_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_judge_LDADD = $(UNIT_LDADD)

tests_unit_test_limiter_SOURCES = tests/unit/test_limiter.c
tests_unit_test_limiter_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_limiter_LDADD = $(UNIT_LDADD)

tests_unit_test_notice_SOURCES = tests/unit/test_notice.c
tests_unit_test_notice_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_notice_LDADD = $(UNIT_LDADD)

tests_unit_test_slots_SOURCES = tests/unit/test_slots.c
tests_unit_test_slots_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_slots_LDADD = $(UNIT_LDADD)

tests_unit_test_throttle_SOURCES = tests/unit/test_throttle.c
tests_unit_test_throttle_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_throttle_LDADD = $(UNIT_LDADD)

tests_unit_test_warnings_SOURCES = tests/unit/test_warnings.c
tests_unit_test_warnings_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_warnings_LDADD = $(UNIT_LDADD)
unit_programs +=
unit_programs += tests/unit/test_series
tests_unit_test_series_SOURCES = tests/unit/test_series.c tests/unit/unit.h \
	tests/unit/tree.c tests/unit/tree.h
tests_unit_test_series_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_series_LDADD = $(UNIT_LDADD)
