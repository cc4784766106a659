UNIT_PROGRAMS += \
	tests/unit/test_http_server

tests_unit_test_http_server_SOURCES = tests/unit/test_http_server.c
tests_unit_test_http_server_LDADD = $(UNIT_LDADD)
