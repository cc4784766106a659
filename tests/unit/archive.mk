unit_programs += tests/unit/test_archive
tests_unit_test_archive_SOURCES = tests/unit/test_archive.c tests/unit/unit.h
tests_unit_test_archive_LDADD = $(UNIT_LDADD)
