unit_programs +=
unit_programs += tests/unit/test_series
tests_unit_test_series_SOURCES = tests/unit/test_series.c tests/unit/unit.h
tests_unit_test_series_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_series_LDADD = $(UNIT_LDADD)
