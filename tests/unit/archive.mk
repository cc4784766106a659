unit_programs += tests/unit/test_archive
tests_unit_test_archive_SOURCES = tests/unit/test_archive.c tests/unit/unit.h \
	tests/unit/archive_world.c tests/unit/archive_world.h \
	tests/unit/tree.c tests/unit/tree.h
tests_unit_test_archive_LDADD = $(UNIT_LDADD)

unit_programs += tests/unit/test_sidecar
tests_unit_test_sidecar_SOURCES = tests/unit/test_sidecar.c tests/unit/unit.h
tests_unit_test_sidecar_LDADD = $(UNIT_LDADD)

unit_programs += tests/unit/test_sidecar_read
tests_unit_test_sidecar_read_SOURCES = tests/unit/test_sidecar_read.c tests/unit/unit.h
tests_unit_test_sidecar_read_LDADD = $(UNIT_LDADD)

unit_programs += tests/unit/test_archive_verify
tests_unit_test_archive_verify_SOURCES = tests/unit/test_archive_verify.c tests/unit/unit.h \
	tests/unit/archive_world.c tests/unit/archive_world.h \
	tests/unit/tree.c tests/unit/tree.h
tests_unit_test_archive_verify_LDADD = $(UNIT_LDADD)
