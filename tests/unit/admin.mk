unit_programs += tests/unit/test_admin
tests_unit_test_admin_SOURCES = tests/unit/test_admin.c tests/unit/admin_world.c \
	tests/unit/admin_world.h
tests_unit_test_admin_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_admin_LDADD = $(UNIT_LDADD)

unit_programs += tests/unit/test_admin_guard
tests_unit_test_admin_guard_SOURCES = tests/unit/test_admin_guard.c
tests_unit_test_admin_guard_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_admin_guard_LDADD = $(UNIT_LDADD)

unit_programs += tests/unit/test_admin_access
tests_unit_test_admin_access_SOURCES = tests/unit/test_admin_access.c tests/unit/unit.h
tests_unit_test_admin_access_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_admin_access_LDADD = $(UNIT_LDADD)

unit_programs += tests/unit/test_cli_options
tests_unit_test_cli_options_SOURCES = tests/unit/test_cli_options.c
tests_unit_test_cli_options_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_cli_options_LDADD = $(UNIT_LDADD)

unit_programs += tests/unit/test_cli_text
tests_unit_test_cli_text_SOURCES = tests/unit/test_cli_text.c
tests_unit_test_cli_text_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_cli_text_LDADD = $(UNIT_LDADD)

unit_programs += tests/unit/test_status_text
tests_unit_test_status_text_SOURCES = tests/unit/test_status_text.c tests/unit/unit.h
tests_unit_test_status_text_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_status_text_LDADD = $(UNIT_LDADD)
