unit_programs += \
	tests/unit/test_http_server

tests_unit_test_http_server_SOURCES = tests/unit/test_http_server.c
tests_unit_test_http_server_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_http_server_LDADD = $(UNIT_LDADD)
